# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# busy-tests.sh - sourced by tests.sh: the mode busy. One CPU, and a task that needs all of it.
# The collector takes almost nothing from that task, unless a task waits for bytes.

# The highest share of the CPU that the collector may take from such a task, per cent: 3.4 by the
# scheduler's weights, 50 with the priority of an ordinary task. A busy host stops the emulator now and
# then, and that time counts for the thread that was running.
SHARE=15

busy() {
	while :; do :; done &
	BUSY=$!
}

idle() {
	kill -9 "$BUSY" 2>/dev/null
	wait "$BUSY" 2>/dev/null
}

# thread_time: sets USED, the CPU time of the collector's thread in hundredths of a second, and NICE.
thread_time() {
	thread || return 1
	USED=$(awk '{ printf "%d", $1 / 10000000 }' "/proc/$PID/schedstat") &&
		NICE=$(awk '{ print $19 }' "/proc/$PID/stat")
}

is_ready() {
	dmesg | grep -q 'crng init done' || grep -q 'crng init done' "$KLOG"
}

# watch_load: loads the module; sets LOADED, its code, TOOK_LOAD, its time, and SEEN, the priorities
# that the thread had until the module was there.
watch_load() {
	rm -f /tmp/load
	(again timed try_load; echo "$? $T" >/tmp/load.new; mv /tmp/load.new /tmp/load) &
	SEEN=
	while [ ! -e /tmp/load ] && [ ! -e "$S/status" ]; do
		thread_time && case " $SEEN " in
		*" $NICE "*) ;;
		*) SEEN="$SEEN $NICE" ;;
		esac
	done
	# From here on the core's thread may wait for the first bytes: the last look counts.
	clock
	_seen_at=$NOW
	wait_for 60 test -e /tmp/load
	NOW=$_seen_at
	read -r LOADED TOOK_LOAD </tmp/load
}

# share_begin [USED]: from now on the thread's time counts; a thread that is new has used none.
share_begin() {
	clock
	SINCE=$NOW
	thread_time
	SINCE_USED=${1:-$USED}
}

# share_end: and until now.
share_end() {
	clock
	thread_time
}

# has_share WHAT: tests the thread's share of the time between share_begin and share_end.
has_share() {
	_time=$((NOW - SINCE))
	_took=$((USED - SINCE_USED))
	WHY="$_took of $_time hundredths of a second"
	[ "$_time" -gt 0 ] && [ $((_took * 100)) -lt $((_time * SHARE)) ]
	result $? "$1 takes less than $SHARE % of the CPU ($WHY)"
}

# The module does not know whether tasks wait for the kernel's generator: until it is ready, they may.
busy_not_ready() {
	! is_ready
	result $? "the kernel's generator is not ready yet"
	busy
	watch_load
	WHY="code $LOADED, nice:$SEEN"
	[ "$LOADED" = 0 ] && [ "$SEEN" = " 0" ]
	result $? "the start-up has an ordinary task's priority then ($TOOK_LOAD/100 s)"
	timed head -c 16 /dev/random >/tmp/random
	WHY="$(wc -c </tmp/random) bytes"
	[ "$(wc -c </tmp/random)" = 16 ] && is_ready
	result $? "a reader of /dev/random gets its bytes beside a busy task ($T/100 s)"
	idle
	test_unload
}

busy_ready() {
	again timed try_load
	_rc=$?
	_alone=$T
	result $_rc "with a ready generator, the module loads ($_alone/100 s alone)"
	test_unload
	busy
	share_begin 0
	watch_load
	WHY="code $LOADED, nice:$SEEN"
	[ "$LOADED" = 0 ] && [ "$SEEN" != "${SEEN#* 15}" ]
	result $? "beside a busy task, it loads at a low priority ($TOOK_LOAD/100 s)"
	# After 30 s the priority is that of an ordinary task.
	if [ "$TOOK_LOAD" -lt 3000 ]; then
		has_share "the start-up"
	else
		result 0 "the start-up takes a small share # SKIP this host needs more than 30 s for it"
	fi
	idle
	fill_up
}

# Take bytes, and let it refill beside the task.
busy_refill() {
	thread_time
	WHY="nice $NICE"
	[ "$NICE" = 0 ]
	result $? "a collector that sleeps has an ordinary task's priority"
	busy
	hwread 64 64 >/tmp/out
	_level=$(get "$S/fill_level")
	echo "$FULL" >"$P/fill_threshold"
	wait_for 30 at_nice 15
	WHY="nice $NICE"
	result $? "a refill has a low priority"
	share_begin
	wait_for 120 level -ge $((_level + 2048))
	_rc=$?
	WHY="fill_level $(get "$S/fill_level"), $_level before"
	result $_rc "it goes on beside a busy task"
	share_end
	has_share "the refill"
}

at_nice() {
	thread_time && [ "$NICE" = "$1" ]
}

# A reader that waits gets the collector's CPU time.
busy_reader() {
	hwread 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 30 at_nice 0
	result $? "while a reader waits, the collector has an ordinary task's priority"
	_b=$(get "$S/bytes_out")
	wait_for 60 more_than $((_b + 8192))
	_rc=$?
	WHY="bytes_out $(get "$S/bytes_out"), $_b before"
	result $_rc "the reader gets bytes beside a busy task ($TOOK/100 s for 8 KiB)"
	stop_reader
	idle
}

test_busy() {
	busy_not_ready
	busy_ready
	busy_refill
	busy_reader
	test_unload
}
