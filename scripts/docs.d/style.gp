# SPDX-License-Identifier: GPL-2.0
#
# Settings of all plots. Before it, scripts/docs sets the names of figures.txt (tools/assess), cpu,
# steps and the output.

set encoding utf8
dark = '#c05010'
light = '#7090c8'
