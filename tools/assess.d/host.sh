# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# host.sh - sourced by tools/assess: captures with havege-host
#
# $CPU, $SPAN and $SET_ROWS are set by start_source, before any of these runs.

STARTS=5		# start-ups on each of the coarser counters
TRIES=3			# start-ups to measure the rate
PATIENCE=20		# seconds for each of them
CHOICES=3		# sets of replays of each other shape

# on_cpu ARGUMENT...: all samples are of one CPU, as in the module.
on_cpu() {
	"$HOST" -c "$CPU" "$@"
}

host_raw() {
	on_cpu raw "$SAMPLES" >"$OUT/raw.u64"
}

host_restart() {
	on_cpu restart "$ROWS" >"$OUT/restart.u64"
}

# take_sets GAP COUNT FILE: with GAP live fills between two rows, on average.
take_sets() {
	_i=0
	while [ "$_i" -lt "$2" ]; do
		on_cpu -k "$SPAN" -g "$1" replay "$SET_ROWS" || return
		_i=$((_i + 1))
	done >"$3"
}

host_replay() {
	take_sets 4 "$REPLAYS" "$OUT/replay.u64"
}

# host_starts: havege-host exits with 1 if the source is refused; that is a result to report.
host_starts() {
	on_cpu estimate "$REPLAYS" >"$OUT/starts.txt" || [ $? = 1 ]
}

# host_choices: sets with other gaps between their rows.
host_choices() {
	mkdir "$TMP/gaps" || return
	for _gap in 0 4 16 64; do
		take_sets "$_gap" "$CHOICES" "$TMP/gaps/gap-$_gap.u64" || return
	done
}

# column NAME FILE [LINE]: a column of a table of \`havege-host estimate': the values of all
# start-ups, or that of LINE (min, median, max).
column() {
	awk -v name="$1" -v first="${3:-}" '
		$1 == "run" { for (i = 2; i <= NF; i++) if ($i == name) column = i }
		(first == "" && $1 ~ /^[0-9]+$/) || $1 == first { print $column }' "$2"
}

# measure_rate PROGRAM [ARGUMENT...]: bytes a second of whole sets; 0: the time was over, empty: all
# start-ups were refused. By `bench': on a coarse counter a set takes longer than `speed 1' runs.
measure_rate() {
	_i=0
	while [ "$_i" -lt "$TRIES" ]; do
		_code=0
		timeout "$PATIENCE" "$@" bench 1 >"$TMP/bench" || _code=$?
		case $_code in
		0)	_rate=$(sed -n 's/^bench conditioned_bytes //p' "$TMP/bench") ;;
		124)	_rate=0 ;;
		*)	_rate= ;;
		esac
		if [ -n "$_rate" ]; then
			echo "$_rate"
			return
		fi
		_i=$((_i + 1))
	done
}

# counter_line TABLE PROGRAM [ARGUMENT...]: a line of coarser.txt: k; least, median and largest
# residual; start-ups served, of all; their ms; KB/s. TABLE is of `estimate'.
counter_line() {
	_table=$1
	shift
	_rate=$(measure_rate "$@")
	echo "$(column k "$_table" | sort -nu | tr '\n' ' ' | sed 's/ $//; s/ /,/g')" \
		"$(column residual "$_table" min) $(column residual "$_table" median)" \
		"$(column residual "$_table" max)" \
		"$(column credit "$_table" | awk '$1 > 0 { n++ } END { print n + 0 "/" NR }')" \
		"$(column startup_ms "$_table" median)" \
		"$(awk -v b="$_rate" 'BEGIN { if (b == "") print "-"; else printf "%.1f\n", b / 1000 }')"
}

# host_coarser: the source on this machine's counter, divided to be as coarse as on other CPUs.
host_coarser() {
	_here=$(python3 "$PARTS/frequency.py" "$HOST" "$CPU") || return
	echo "$_here 1 $(counter_line "$OUT/starts.txt" "$HOST" -c "$CPU")" >"$OUT/coarser.txt"
	for _mhz in 88 24 10 4 1; do
		_by=$(awk -v a="$_here" -v b="$_mhz" 'BEGIN { printf "%.0f", a / b }')
		[ "$_by" -gt 1 ] || continue
		"$HOST-scaled" -c "$CPU" -s "$_by" estimate "$STARTS" >"$TMP/starts" ||
			[ $? = 1 ] || return
		echo "$_mhz $_by $(counter_line "$TMP/starts" "$HOST-scaled" -c "$CPU" -s "$_by")" \
			>>"$OUT/coarser.txt"
		echo "$_mhz MHz" >&2
	done
}
