# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # the other parts use them
#
# capture.sh - sourced by tools/assess: the order of the capture, for the module and havege-host
#
# start_source sets CPU, SPAN (k: half-steps of a sample of the estimate), SET_ROWS and
# SET_SAMPLES. capture_all writes raw.u64, restart.u64, replay.u64, and with --from host
# coarser.txt (if there is a havege-host-scaled); it sets LOAD, WHEN, OVERRUNS, COARSER and
# CAPTURED. find_credit sets CREDIT, and CREDIT_STEP: the same for one half-step.

# sized FILE BYTES
sized() {
	_bytes=$(wc -c <"$1")
	[ "$_bytes" -eq "$2" ] ||
		{ echo "${1##*/}: $2 bytes were expected, $_bytes came"; return 1; }
}

# capture WHAT BYTES
capture() {
	"${FROM}_$1" && sized "$OUT/$1.u64" "$2"
}

# common_span: start-ups can differ in k: take the most frequent one.
common_span() {
	column k "$OUT/starts.txt" | sort -n | uniq -c | sort -rn -k 1,1 -s |
		awk 'NR == 1 { print $2 }'
}

start_source() {
	OVERRUNS=0
	if [ "$FROM" = module ]; then
		CPU=$(state cpu)
		OVERRUNS=$(cat "$RAW/raw_overruns")
		SPAN=$(state sample_steps)
	else
		"$HOST" info >"$TMP/info" || die "$HOST does not work"
		CPU=$(sed -n 's/^cpu //p' "$TMP/info")
		step "Starting the source $REPLAYS times" host_starts
		SPAN=$(common_span)
	fi
	case $SPAN in
	1 | 2 | 4 | 8 | 16 | 32 | 64 | 128 | 256) ;;
	0)	# The counter is unfit and there is no k: take samples of one half-step.
		SPAN=1 ;;
	*)	die "k is '$SPAN', not a number of half-steps" ;;
	esac
	if [ "$SPAN" = 1 ]; then
		SET_ROWS=256 SET_SAMPLES=512
	else
		SET_ROWS=1024 SET_SAMPLES=256
	fi
}

capture_all() {
	LOAD=$(cut -d' ' -f1-3 /proc/loadavg)
	WHEN=$(date -u '+%Y-%m-%d %H:%M:%S UTC')
	step "Capturing $SAMPLES raw samples" capture raw $((SAMPLES * 8))
	[ "$FROM" = host ] || OVERRUNS=$(($(cat "$RAW/raw_overruns") - OVERRUNS))
	step "Capturing $ROWS restarts" capture restart $((ROWS * 1000 * 8))
	step "Capturing $REPLAYS sets of replays" capture replay \
		$((REPLAYS * SET_ROWS * SET_SAMPLES * 8))
	COARSER=
	if [ "$FROM" = host ]; then
		step "Capturing sets of other shapes" host_choices
		if [ -x "$HOST-scaled" ]; then
			step "Starting the source on coarser counters" host_coarser
			COARSER=yes
		fi
	fi
	CAPTURED=yes
}

# The highest credit of all start-ups gives the smallest margin. A raw sample spans one half-step.
find_credit() {
	if [ "$FROM" = module ]; then
		CREDIT=$(state sample_entropy)
	else
		CREDIT=$(column credit "$OUT/starts.txt" max)
	fi
	case $CREDIT in
	[0-9]*.[0-9]*) ;;
	*)	die "the credit is '$CREDIT', not a number of bits" ;;
	esac
	CREDIT_STEP=$CREDIT
	[ "$SPAN" = 1 ] ||
		CREDIT_STEP=$(awk -v a="$CREDIT" -v k="$SPAN" 'BEGIN { printf "%.6f", a / k }')
}
