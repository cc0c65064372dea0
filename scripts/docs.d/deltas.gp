# SPDX-License-Identifier: GPL-2.0
#
# How often each delta came (delta.dat, from tools/assess).

set terminal svg enhanced size 800,460 font 'DejaVu Sans,13' background '#ffffff'
set title sprintf("Raw samples: how often each delta came, %d in a row\n%s, a counter that moves in steps of %d", raw_samples, cpu, gcd) noenhanced
set xlabel sprintf('delta: cycle counter between two readings, ticks (without the largest in a thousand, up to %d)', raw_max)
set ylabel 'samples'
set logscale y
set yrange [0.5:*]
set format y '10^{%T}'
set xrange [0:*]
set grid y
set tics nomirror out
set key off
set style fill solid noborder
set boxwidth 0.8 * gcd
plot 'delta.dat' with boxes lc rgb light
