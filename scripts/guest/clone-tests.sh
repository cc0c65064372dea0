#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # WHY and COUNT are tap.sh's
#
# clone-tests.sh - sourced by the guest's tests: a machine of which the host makes copies while it
# runs (scripts/vm.d/clones.sh, which compares what they have read). Each copy ends by itself; the
# original goes on to the next snapshot.

KIB4=4096

# copied TEXT NAME BYTES [OPTION...]: hwclone until this is a copy or the original that goes on.
# In a copy, CLONE is 1 and tests are counted from the start.
copied() {
	_text=$1 _name=$2 _bytes=$3
	shift 3
	thread
	OLD=$PID
	hwclone "$@" "$_name" "$_bytes" >&3 2>/tmp/err
	CLONE=$?
	[ "$CLONE" = 1 ] && COUNT=0
	_rc=$((CLONE > 1))
	WHY="code $CLONE: $(cat /tmp/err)"
	result $_rc "$_text: it is over"
}

new_thread() {
	thread && [ "$PID" != "$OLD" ]
}

# What holds in each machine afterwards. A copy begins anew where it can know that it is one.
afterwards() {
	wait_for 60 status_is ok
	_rc=$?
	WHY="status $(get "$S/status")"
	result $_rc "$1: status is ok"
	if [ "$CLONE" = 1 ] && [ "$GENERATION" = 1 ]; then
		WHY="thread $OLD before, $PID now"
		new_thread
		result $? "$1: a copy goes through the whole start-up, in a new thread"
	else
		thread
		is "$PID" "$OLD" "$1: the thread is the one from before"
	fi
	hwread 64 8 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=512 .*error=none' /tmp/out
	result $? "$1: bytes flow"
	# Not again in each of a hundred: the original does so in between, and reads on.
	[ "$CLONE" = 0 ] || finish
}

# The end of a copy: as tests.sh ends.
finish() {
	unload
	result $? "it unloads"
	test_log
	echo "1..$COUNT" >&3
	note "end of the guest tests"
	exit
}

# full MODE BYTES ODD NAME: with the buffer full.
full() {
	must_load mode="$1" buffer_size=4 || return
	fill_up
	_rc=$?
	WHY="fill_level $(get "$S/fill_level") of $FULL"
	result $_rc "$4: the buffer is full"
	copied "$4" "$4" "$2" -o "$3"
	afterwards "$4"
	unload
	result $? "$4: it unloads"
}

# A start-up that cannot go on: the hog is there first, and lets it go a part of the way. MOVE writes
# to cpu.
hog_start_up() {
	for _try in 1 2 3 4 5 6 7 8 9 10; do
		hog 0 120 || return
		(echo 0 >"$P/cpu") &
		MOVE=$!
		wait_for 10 status_is starting && wait_for 10 thread
		kill -STOP "$HOG"
		kill -CONT "$HOG"
		wait_for 5 state "$HOG" R && status_is starting && return
		unhog
		wait "$MOVE"
		echo -1 >"$P/cpu"
	done
	return 1
}

# The host puts one copy after the other in the place of this machine, with another generation id.
test_clones() {
	GENERATION=1
	full conditioned $KIB4 5 conditioned
	full stream $KIB4 5 stream

	must_load buffer_size=4 || return
	hwread 64 64 >/dev/null
	copied waiting waiting $KIB4 -r
	afterwards waiting

	# With a hog on its CPU the start-up lasts until this is another machine.
	klog
	hog_start_up
	result $? "start-up: it is in its start-up"
	copied start-up start-up $KIB4 -k "$HOG"
	unhog
	wait_for 60 ended "$MOVE"
	result $? "start-up: whoever wrote to cpu gets away"
	afterwards start-up
	unload
	result $? "start-up: it unloads"
}

# The same without a generation id: nobody tells the module, and what was ready is shared.
test_copies() {
	GENERATION=0
	full conditioned $((2 * KIB4)) 5 conditioned
	full stream $((2 * KIB4)) 5 stream
}
