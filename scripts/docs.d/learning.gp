# SPDX-License-Identifier: GPL-2.0
#
# The learning curve for the documentation; tools/assess.d/learning.gp draws it.

set terminal svg enhanced size 800,520 font 'DejaVu Sans,13' background '#ffffff'
