#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# shellcheck disable=SC2034 # WHY is result's
#
# soak-tests.sh - sourced by the guest's tests: many readers, for long, while the knobs are turned.

# turn: one knob to somewhere where it may be.
turn() {
	dice 3
	case $DICE in
	0)	dice $((FULL - 511))
		_knob=fill_threshold _to=$((512 + DICE)) ;;
	1)	dice $((LAST + 2))
		_knob=cpu _to=$((DICE - 1)) ;;
	2)	dice 2
		_knob=contribute _to=$DICE ;;
	esac
	(echo "$_to" >"$P/$_knob") 2>/tmp/err || BAD="$BAD $_knob=$_to: $(cat /tmp/err);"
	TURNS=$((TURNS + 1))
}

all_readers_ended() {
	for _p in $SOAKED; do
		ended "$_p" || return 1
	done
}

# test_soak MODE SECONDS: 16 readers read for so long.
test_soak() {
	_text="mode=$1, 16 readers, $2 s"
	must_load mode="$1" || return
	FULL=$(($(get "$P/buffer_size") * 8192))
	SOAKED='' _n=0 TURNS=0 BAD=''
	rm -f /tmp/soak.*
	for _size in 1 1 5 16 16 31 64 64 100 512 512 4096 16384 64:-n 31:-n 4096:-n; do
		_n=$((_n + 1))
		_keep=''
		[ "$1" = stream ] || _keep="-s /tmp/soak.samples.$_n"
		# shellcheck disable=SC2046,SC2086 # words
		hwread $(echo $_size | sed -n 's/.*://p') -t "$2" $_keep ${_size%:*} 0 >/tmp/soak.out.$_n &
		SOAKED="$SOAKED $!"
	done
	clock
	_end=$((NOW + $2 * 100))
	while [ "$NOW" -lt $_end ] && [ -z "$BAD" ]; do
		turn
		# How often they are turned, and nothing to wait for.
		dice 50
		usleep $((DICE * 10000))
		clock
		progress "$_text: $TURNS turns, $(get "$S/bytes_out") bytes, $(cat /tmp/soak.out.* | wc -l) have ended"
	done
	WHY=$BAD
	[ -z "$BAD" ] && [ $TURNS -gt 0 ]
	result $? "$_text: $TURNS times one of the knobs is turned"
	wait_for 60 all_readers_ended
	_rc=$?
	# shellcheck disable=SC2086 # numbers
	[ $_rc = 0 ] || kill -9 $SOAKED
	# shellcheck disable=SC2086
	wait $SOAKED
	_ok=$(cat /tmp/soak.out.* | grep -cE 'bytes=[1-9][0-9]* .*error=none$')
	_bytes=$(cat /tmp/soak.out.* | sed 's/.*bytes=\([0-9]*\) .*/\1/' | awk '{ n += $1 } END { print n }')
	_long=$(cat /tmp/soak.out.* | sed 's/.*longest=\([0-9]*\) .*/\1/' | sort -n | tail -n 1)
	WHY=$(cat /tmp/soak.out.*)
	[ $_rc = 0 ] && [ "$_ok" = 16 ]
	result $? "$_text: $_ok got bytes to the end and no error: $_bytes bytes, the longest wait $_long ms"
	if [ "$1" != stream ]; then
		hwread twice /tmp/soak.samples.* >/tmp/out
		_rc=$?
		WHY=$(cat /tmp/out)
		[ "$(wc -c </tmp/soak.samples.1)" -gt 0 ] && [ $_rc = 0 ]
		result $? "$_text: nobody got what somebody had got before ($(cat /tmp/out))"
	fi
	rm -f /tmp/soak.*
	echo -1 >"$P/cpu"
	wait_for 20 settled "$LAST"
	_rc=$?
	flows || _rc=1
	seen
	result $_rc "$_text: and then all is as it was"
	unload
	result $? "$_text: the module unloads"
}

test_soaks() {
	test_soak conditioned "$(amount 10 1800)"
	test_soak stream "$(amount 6 600)"
}
