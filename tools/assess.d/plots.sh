# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# plots.sh - sourced by tools/assess: learning.png, delta.png, residual.png, autocorrelation.png

this_cpu() {
	_model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
	echo "${_model:-$(uname -m)}"
}

draw_plots() {
	cd "$OUT" || return
	{
		sed 's/ / = /' figures.txt
		echo "set terminal pngcairo size 960,600"
		echo "set output 'learning.png'"
		echo "cpu = '$(this_cpu | tr -d "'")'"
		cat "$PARTS/learning.gp"
	} | gnuplot &&
	gnuplot "$PARTS/samples.gp"
}
