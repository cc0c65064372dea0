# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# reader-tests.sh - sourced by tests.sh: readers that wait when the module is removed, a signal
# comes or no bytes come. For the mode plain.

# A CPU that a real-time task keeps: a write to cpu does not wait for it.
test_kept_cpu() {
	_cpu=$(get "$S/cpu")
	_else=$((_cpu ? 0 : LAST))
	# RCU would report that it waits for this CPU.
	_stalls=/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
	echo 1 >$_stalls
	hog "$_cpu" 60
	(echo "$_else" >"$P/cpu") &
	MOVE=$!
	wait_for 10 ended "$MOVE"
	_rc=$?
	_took=$TOOK
	WHY="on CPU $(get "$S/cpu"), status $(get "$S/status")"
	[ $_rc = 0 ] && [ "$(get "$S/cpu")" = $_else ]
	result $? "cpu=$_else: the collector leaves a CPU that a real-time task keeps ($_took/100 s)"
	start_reader 64 20
	result $? "bytes come from CPU $_else meanwhile ($TOOK/100 s)"
	stop_reader
	unhog
	wait "$MOVE"
	echo 0 >$_stalls
	echo -1 >"$P/cpu"
}

test_readers() {
	must_load mode=stream || return
	hwread -p 8 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 5 sh -c "[ \$(cat $S/bytes_out) -gt 65536 ]"
	clock
	_t=$NOW
	unload
	_rc=$?
	clock
	_t=$((NOW - _t))
	[ $_rc = 0 ] && [ $_t -le $((200 * SLOW)) ]
	result $? "rmmod beside 8 busy readers takes at most $((2 * SLOW)) s ($_t/100 s)"
	wait_for 5 ended $PARENT || end_readers -9
	wait $PARENT
	is "$(grep -c 'error=ENODEV' /tmp/readers)" 8 "all 8 readers end with ENODEV"

	must_load || return
	block_readers 8 64
	result $? "the collector cannot run: 8 readers wait in read()"
	clock
	_t=$NOW
	rmmod_begin
	wait_for 12 all_ended
	_rc=$?
	_took=$TOOK
	[ $_rc = 0 ] && [ "$_took" -le $((200 * SLOW)) ]
	result $? "rmmod ends 8 waiting readers within $((2 * SLOW)) s ($_took/100 s)"
	# rmmod itself waits for RCU, which waits for the hog's CPU.
	unhog
	wait_for 12 ended "$RMMOD"
	result $? "rmmod ends ($TOOK/100 s after the hog)"
	wait "$RMMOD"
	rmmod_succeeded
	result $? "rmmod succeeds and leaves nothing"
	[ $_rc = 0 ] || end_readers -9
	wait $PARENT
	# On a slow emulator the wait of 5 s can be over first.
	_late=$(grep -c 'ms=[5-9][0-9]\{3\} error=ETIMEDOUT' /tmp/readers)
	WHY=$(cat /tmp/readers)
	[ $(($(grep -c 'error=ENODEV' /tmp/readers) + _late)) = 8 ]
	result $? "all 8 readers end with ENODEV, but for $_late that waited 5 s"
	note "$(sort /tmp/readers | head -n 1)"

	must_load || return
	block_readers 1 64
	result $? "the collector cannot run: one reader waits in read()"
	# The core's mutex changes hands every half second.
	hwread -n 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	_ms=$(sed -n 's/.*ms=\([0-9]*\) .*/\1/p' /tmp/out)
	grep -q 'eagain=1 .*error=none' /tmp/out && [ "$_ms" -le $((2500 * SLOW)) ]
	result $? "meanwhile a reader with O_NONBLOCK gets EAGAIN ($_ms ms)"
	end_readers -TERM
	wait_for 10 all_ended
	_rc=$?
	[ $_rc = 0 ] && [ "$TOOK" -le $((100 * SLOW)) ]
	result $? "a signal ends it at once ($TOOK/100 s)"
	[ $_rc = 0 ] || end_readers -9
	wait $PARENT
	sleep 3 # then the time of the reader before no longer counts
	hwread 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	_ms=$(sed -n 's/.*ms=\([0-9]*\) .*/\1/p' /tmp/out)
	grep -q 'error=ETIMEDOUT' /tmp/out && [ "$_ms" -ge $((4000 / SLOW)) ] &&
		[ "$_ms" -le $((8000 * SLOW)) ]
	result $? "a reader that gets nothing ends with ETIMEDOUT after 5 s ($_ms ms)"
	hwread -n 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'eagain=1 .* ms=[0-9]\{1,3\} error=none' /tmp/out
	result $? "a reader with O_NONBLOCK gets EAGAIN at once"
	unhog
	test_flows "the collector can run again: bytes come again"
	test_kept_cpu
}
