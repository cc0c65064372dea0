# SPDX-License-Identifier: GPL-2.0
#
# What the plots share. In front of it scripts/docs sets what scripts/assess has found (the names
# in figures.txt), cpu, steps and the output.

set encoding utf8
dark = '#c05010'
light = '#7090c8'
