# SPDX-License-Identifier: GPL-2.0
#
# The learning curves of this machine and of one without noise (learning.dat). The caller sets
# terminal, output, cpu, and the names in figures.txt.

ours = '#7090c8'
quiet = '#c05010'
few = 64
end = 2.0**40
bottom = 1e-6
right = 2.0**45

set encoding utf8
set title sprintf("A predictor that sees more and more rows: sets of %d, k = %d\nDashed: continued as a power of the rows, to 2^{40}", set_rows, span)
set xlabel 'rows seen'
set ylabel 'min-entropy, bit a sample'
set logscale x 2
set logscale y 10
set xrange [11:right]
set yrange [bottom:20]
set format y '10^{%T}'
set xtics ('16' 16, '64' 64, '256' 256, '1024' 1024, '2^{16}' 2**16, '2^{20}' 2**20, '2^{24}' 2**24, \
	'2^{28}' 2**28, '2^{32}' 2.0**32, '2^{36}' 2.0**36, '2^{40}' 2.0**40)
set tics nomirror out
set grid y
set key at graph 0.03, graph 0.4 left top Left reverse samplen 3

continued(x, all, slope) = x < few || x > end ? NaN : all > 0 ? all * (x / set_rows)**-slope : NaN
# The end of the curve: place of its label.
at(all, slope) = all > 0 && continued(end, all, slope) > bottom ? continued(end, all, slope) : bottom
set arrow 1 from first 11, first limit to first right, first limit nohead lw 2 lc rgb '#404040'
set label 1 sprintf('needed: %.3g', limit) at first 2.0**24, first limit center offset 0,-0.7
set label 2 sprintf('%.2f', ours_end) at first end, first at(ours_all, ours_slope) \
	left offset 1,0 tc rgb ours point pt 6 lc rgb ours
set label 3 sprintf('%.5f', continued(end, quiet_all, quiet_slope)) at first end, \
	first at(quiet_all, quiet_slope) left offset 1,0 tc rgb quiet point pt 4 lc rgb quiet
set samples 400
plot 'learning.dat' index 0 with points pt 6 ps 0.7 lc rgb '#a0b8e0' \
	title sprintf('%s: %d sets', cpu, replays) noenhanced, \
     '' index 1 with linespoints pt 7 ps 0.9 lw 2 lc rgb ours \
	title 'the one of them whose residual is the median', \
     continued(x, ours_all, ours_slope) with lines dt 2 lw 2 lc rgb ours notitle, \
     '' index 2 with linespoints pt 5 ps 0.9 lw 2 lc rgb quiet \
	title 'a simulated machine without noise', \
     continued(x, quiet_all, quiet_slope) with lines dt 2 lw 2 lc rgb quiet notitle
