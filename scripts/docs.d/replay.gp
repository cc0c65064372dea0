# SPDX-License-Identifier: GPL-2.0
#
# The samples of the walk and the differences between replays of the same steps (two matrices, from
# matrix.py), and how often each difference comes (residual.dat and delta.dat, from tools/assess).

load 'scale.gp'
set terminal svg enhanced size 840,980 font 'DejaVu Sans,13' background '#ffffff'
# Before the ranges are set: stats would use them.
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
set title sprintf("The same %d steps from the same state, %d of %d runs, less the median of each step:\nthe program does not cause the rest", steps, rows, set_rows)
plot 'left.dat' matrix using (($1 + 0.5) / width):(($2 + 0.5) / height):3 with image

set tmargin at screen 0.295
set bmargin at screen 0.08
set title sprintf("How often each of them comes: %d raw samples, %d sets of replays\n%s, a counter that moves in steps of %d", raw_samples, replays, cpu, gcd) noenhanced offset 0,2.6
set xlabel 'less the median, ticks'
set ylabel 'share'
set grid y
set key at screen 0.485, screen 0.35 center top
set style fill solid noborder
set boxwidth gcd
# residual.dat has values of 8 bits.
far = 127 * module_gcd
set xrange [D_min - raw_median < -far ? -far : D_min - raw_median - 2 * gcd:D_max - raw_median > far ? far : D_max - raw_median + 2 * gcd]
set logscale y
set yrange [1e-6:1]
set format y '10^{%T}'
plot 'delta.dat' using ($1 - raw_median):($2 / raw_samples) with boxes lc rgb light \
	title sprintf('raw samples: the least of three estimates is %.2f bit each', raw_least), \
     'residual.dat' using ($1 * module_gcd):2 with histeps lw 2 lc rgb dark \
	title sprintf('replays: of these a predictor leaves %.2f bit, the residual', replay_residual_median)
unset multiplot
