# SPDX-License-Identifier: GPL-2.0
#
# What differs when the same steps are taken again, beside what the walk shows (two matrices, by
# matrix.py), and how often each difference comes (residual.dat and delta.dat, by scripts/assess).

load 'scale.gp'
set terminal svg enhanced size 840,980 font 'DejaVu Sans,13' background '#ffffff'
# Before there are ranges, which it would take for its own.
stats 'delta.dat' using 1 name 'D' nooutput

set multiplot
set lmargin at screen 0.11
set rmargin at screen 0.86
set tics nomirror out
unset key

set palette defined (-1 light, 0 '#ffffff', 1 dark)
set cbrange [-scale:scale]
set cblabel 'ticks'
set xrange [0:steps]

set tmargin at screen 0.94
set bmargin at screen 0.77
set yrange [0:rows]
set ylabel 'row'
set title sprintf("The walk as it runs: %d raw samples in a row, %d a line,\nless their median", rows * steps, steps)
plot 'walked.dat' matrix using (($1 + 0.5) / width):(($2 + 0.5) / height):3 with image

set tmargin at screen 0.665
set bmargin at screen 0.495
set ylabel 'run'
set xlabel 'step'
set title sprintf("The same %d steps, run %d times from the same state, less the median of each step:\nthe residual, which is not the program's doing", steps, rows)
plot 'left.dat' matrix using (($1 + 0.5) / width):(($2 + 0.5) / height):3 with image

set tmargin at screen 0.295
set bmargin at screen 0.08
set title sprintf("How often each of them comes: %d raw samples, %d replays\n%s, a counter that moves in steps of %d", raw_samples, replays, cpu, gcd) noenhanced offset 0,2.6
set xlabel 'less the median, ticks'
set ylabel 'share'
set grid y
set key at screen 0.485, screen 0.35 center top
set style fill solid noborder
set boxwidth 0.4 * gcd
set xrange [D_min - raw_median - 2 * gcd:D_max - raw_median + 2 * gcd]
set logscale y
set yrange [1e-6:1]
set format y '10^{%T}'
plot 'delta.dat' using ($1 - raw_median - 0.2 * gcd):($2 / raw_samples) with boxes lc rgb light \
	title sprintf('raw samples: %.2f bit each, the least of three estimates', raw_least), \
     'residual.dat' using ($1 * module_gcd + 0.2 * gcd):2 with boxes lc rgb dark \
	title sprintf('replay residual: %.2f bit, the least of five', replay_residual_median)
unset multiplot
