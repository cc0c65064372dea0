# SPDX-License-Identifier: GPL-2.0
#
# The raw samples (delta.dat, autocorrelation.dat) and what is left of the replays (residual.dat).

set terminal pngcairo size 960,600
set grid
set key off
set style fill solid
set output 'delta.png'
set title 'Raw samples: how often each delta came (all but the largest in a thousand)'
set xlabel 'delta, ticks'
set ylabel 'samples'
set logscale y
set yrange [0.5:*]
plot 'delta.dat' with impulses lw 3
set output 'residual.png'
set title 'Replay residual: the difference between runs of the same steps'
set xlabel 'delta less the median of its column, GCDs'
set ylabel 'share of the samples'
set yrange [1e-7:1]
set format y '%.0e'
plot 'residual.dat' with impulses lw 3
unset logscale y
set format y
set output 'autocorrelation.png'
set title 'Raw samples: autocorrelation'
set xlabel 'lag, samples'
set ylabel 'r'
set yrange [*:*]
plot 'autocorrelation.dat' with impulses lw 2
