# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY and COUNT are tap.sh's
#
# clone-tests.sh - sourced by tests.sh: the modes clones and copies. The host copies the machine
# while it runs and compares the bytes that the copies read (tests/vm.d/clones.sh). A copy ends by
# itself; the original goes on to the next snapshot.

KIB4=4096

# copied TEXT NAME BYTES [OPTION...]: runs hwclone, which ends in a copy and in the original. In a
# copy CLONE is 1, and the count of tests starts at 0.
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
	result $_rc "$_text: the snapshot is made"
}

# afterwards TEXT: tests that hold in each machine. A copy restarts if a generation ID tells that it
# is one.
afterwards() {
	wait_for 60 status_is ok
	_rc=$?
	WHY="status $(get "$S/status")"
	result $_rc "$1: status is ok"
	if [ "$CLONE" = 1 ] && [ "$GENERATION" = 1 ]; then
		WHY="thread $OLD before, $PID now"
		new_thread
		result $? "$1: a copy starts up again, in a new thread"
	else
		thread
		is "$PID" "$OLD" "$1: the thread is the same as before"
	fi
	hwread 64 8 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=512 .*error=none' /tmp/out
	# tests/vm.d/clones.sh waits for this line.
	result $? "$1: bytes come"
	# The original goes on.
	[ "$CLONE" = 0 ] || end_copy
}

# end_copy: ends as tests.sh does.
end_copy() {
	test_unload
	test_log
	end_of_tests
	exit
}

# full MODE BYTES ODD NAME: a snapshot with a full buffer.
full() {
	must_load mode="$1" buffer_size=4 || return
	fill_up
	_rc=$?
	WHY="fill_level $(get "$S/fill_level") of $FULL"
	result $_rc "$4: the buffer is full"
	copied "$4" "$4" "$2" -o "$3"
	afterwards "$4"
	test_unload "$4"
}

# hog_start_up: starts a move, whose start-up the hog on that CPU makes very slow. MOVE is the
# process that writes to cpu. Without any time on that CPU the module would give up.
hog_start_up() {
	spare_time 20000
	for _try in 1 2 3 4 5 6 7 8 9 10; do
		hog 0 120 || return
		(echo 0 >"$P/cpu") &
		MOVE=$!
		wait_for 10 status_is starting && wait_for 10 thread
		kill -STOP "$HOG"
		kill -CONT "$HOG"
		wait_for 5 in_state "$HOG" R && status_is starting && return
		unhog
		wait "$MOVE"
		echo -1 >"$P/cpu"
	done
	return 1
}

# A snapshot while a reader reads.
reading() {
	must_load buffer_size=4 || return
	hwread 64 64 >/dev/null
	copied waiting waiting $KIB4 -r
	afterwards waiting
	test_unload waiting
}

# The host starts one copy after the other, each with another generation ID.
test_clones() {
	GENERATION=1
	full conditioned $KIB4 5 conditioned
	full stream $KIB4 5 stream

	reading

	must_load buffer_size=4 || return
	# The hog keeps the start-up from ending before the snapshot.
	klog
	hog_start_up
	result $? "start-up: the collector is starting"
	copied start-up start-up $KIB4 -k "$HOG"
	unhog
	spare_time 0
	wait_for 60 ended "$MOVE"
	result $? "start-up: the write to cpu ends"
	afterwards start-up
	test_unload "start-up"
}

# The same without a generation ID: the module cannot know, and opens each block for its reader.
test_copies() {
	GENERATION=0
	full conditioned $((2 * KIB4)) 5 conditioned
	full stream $((2 * KIB4)) 5 stream
	reading
}
