#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# life-tests.sh - sourced by the guest's tests: loads and unloads, at the worst moments.

# The hw_random core's own thread in CORE.
core_thread() {
	for p in /proc/[0-9]*; do
		{ read -r _comm <"$p/comm"; } 2>/dev/null || continue
		[ "$_comm" = hwrng ] || continue
		CORE=${p#/proc/}
		return 0
	done
	CORE=
	return 1
}

# It waits in our read().
core_waits() {
	core_thread && grep -q havege_collector_read "/proc/$CORE/stack" 2>/dev/null
}

core_gone() {
	! core_thread
}

# rmmod is past the point where it could be refused.
unloading() {
	grep -q '^havege_rng .* Unloading ' /proc/modules
}

# rounds TEXT COUNT COMMAND...: that many times COMMAND, which says in BAD what went wrong, each
# time from a state without the module to one without it. The unloads it times have a limit; where
# a load, which is nothing but work, shows how slow the machine is just now, that is stretched.
rounds() {
	_what=$1 _count=$2
	shift 2
	ROUND=0 BAD='' SLOWEST=0 STRETCHED=$LIMIT
	while [ -z "$BAD" ] && [ $ROUND -lt "$_count" ]; do
		klog
		"$@"
		is_gone || BAD="$BAD left behind: $WHY;"
		klog
		ROUND=$((ROUND + 1))
		progress "$_what: $ROUND of $_count, unloads took $SLOWEST/100 s at most"
	done
	WHY="round $ROUND: $BAD $NEW"
	[ -z "$BAD" ] && [ "$SLOWEST" -le "$STRETCHED" ]
	result $? "$_what, $ROUND times; unloads took $SLOWEST/100 s at most (limit $STRETCHED)"
}

must_unload() {
	timed rmmod havege_rng 2>/tmp/err || BAD="$BAD rmmod: $(cat /tmp/err);"
}

must_start() {
	clock
	_begun=$NOW
	load "$@" || BAD="$BAD load: $(cat /tmp/err);"
	clock
	[ $(((NOW - _begun) * 8)) -le "$STRETCHED" ] || STRETCHED=$(((NOW - _begun) * 8))
}

# At no time in particular, for at most $1 hundredths of a second: not to wait for something.
some_time() {
	dice "$1"
	usleep $((DICE * 10000))
}

once_plain() {
	must_start
	[ -n "$BAD" ] || { status_is ok && flows; } || BAD="status $(get "$S/status"), $(cat /tmp/out)"
	must_unload
}

# rmmod while modprobe runs: too early it is refused, later it succeeds.
once_starting() {
	load &
	_loader=$!
	_busy=0
	until timed rmmod havege_rng 2>/tmp/err.rmmod; do
		if grep -qE 'in use|Resource temporarily|not currently loaded' /tmp/err.rmmod; then
			_busy=$((_busy + 1))
		else
			BAD="$BAD $(cat /tmp/err.rmmod);"
		fi
		ended $_loader && [ ! -e "$S" ] && break
	done
	wait $_loader || BAD="$BAD load: code $?, $(cat /tmp/err);"
	EARLY=$((EARLY + _busy))
}

# modprobe is killed somewhere in the start-up.
once_killed() {
	load &
	_loader=$!
	some_time 100
	for _p in $(readers_of $_loader) $_loader; do
		kill -9 "$_p" 2>/dev/null
	done
	wait $_loader && LOADED=$((LOADED + 1))
	# Its module init goes on until it has seen the signal.
	wait_for 20 not_coming || BAD="$BAD it neither loads nor ends;"
	if [ -e "$S" ]; then
		flows || BAD="$BAD loaded, but $(cat /tmp/out);"
		must_unload
	fi
}

not_coming() {
	! grep -qE '^havege_rng .* (Loading|Unloading) ' /proc/modules
}

# While a move runs, in the background.
once_moving() {
	must_start
	(echo 0 >"$P/cpu") 2>/tmp/err.write &
	_writer=$!
	some_time 30
	must_unload
	wait $_writer || {
		grep -qE 'No such device|nonexistent|Interrupted|Permission' /tmp/err.write ||
			BAD="$BAD write: $(cat /tmp/err.write);"
	}
}

# With readers of its state files, and writers of its parameters.
once_watched() {
	must_start
	: >/tmp/watching
	_watchers=
	for _n in 1 2 3; do
		while [ -e /tmp/watching ]; do
			cat "$S"/* "$S"/*/* "$P"/* >/dev/null 2>&1
		done &
		_watchers="$_watchers $!"
	done
	while [ -e /tmp/watching ]; do
		for _n in 512 131072; do
			echo $_n 2>/dev/null >"$P/fill_threshold"
			echo 1 2>/dev/null >"$P/contribute"
		done
	done 2>/dev/null &
	_watchers="$_watchers $!"
	some_time 30
	must_unload
	rm /tmp/watching
	# shellcheck disable=SC2086 # numbers
	wait $_watchers
}

# While its readers are killed.
once_killing() {
	must_start mode=stream
	hwread -p 4 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 10 more_than 4096 || BAD="$BAD nobody reads;"
	end_readers -9 &
	_killer=$!
	must_unload
	wait $_killer $PARENT
}

# Two at once: the one loads it, and the other finds it loaded.
once_twice() {
	klog
	for _n in 1 2; do
		modprobe havege_rng 2>/tmp/err.$_n &
		[ $_n = 2 ] || _first=$!
	done
	_second=$!
	wait "$_first" || BAD="$BAD the one: $(cat /tmp/err.1);"
	wait $_second || BAD="$BAD the other: $(cat /tmp/err.2);"
	klog
	[ "$(echo "$NEW" | grep -c 'collecting on CPU')" = 1 ] || BAD="$BAD not one start: $NEW;"
	[ "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^havege/')" = 1 ] || BAD="$BAD not one thread;"
	flows || BAD="$BAD $(cat /tmp/out);"
	must_unload
}

# And the same with insmod: newer kernels give both what one load has come to, others tell one of
# them that it is there.
once_inserted() {
	klog
	_ko=$(modinfo -n havege_rng)
	for _n in 1 2; do
		insmod "$_ko" 2>/tmp/err.$_n &
		[ $_n = 2 ] || _first=$!
	done
	_second=$! _ok=0
	wait "$_first" && _ok=1
	wait $_second && _ok=$((_ok + 1))
	[ $_ok = 2 ] || { [ $_ok = 1 ] && cat /tmp/err.1 /tmp/err.2 | grep -q 'File exists'; } ||
		BAD="$BAD $_ok succeeded: $(cat /tmp/err.1 /tmp/err.2);"
	klog
	[ "$(echo "$NEW" | grep -c 'collecting on CPU')" = 1 ] || BAD="$BAD not one start: $NEW;"
	flows || BAD="$BAD $(cat /tmp/out);"
	must_unload
}

# After a failure, while it begins anew; CAUGHT counts when it was seen to.
once_recovering() {
	must_start mode=stream
	probe
	start_reader
	cutoffs
	echo 1 >"$F/replay"
	echo "$SOME" >"$F/samples"
	wait_for 20 more_failures repetition 0 ||
		BAD="$BAD after $TOOK/100 s: $(failures repetition) failures, status $(get "$S/status");"
	status_is recovering && CAUGHT=$((CAUGHT + 1))
	must_unload
	echo 0 >"$F/replay"
	echo 0 >"$F/samples"
	wait_for 20 ended "$PARENT" || end_readers -9
	wait "$PARENT"
	grep -qE 'error=(ENODEV|ETIMEDOUT|EIO)' /tmp/readers || BAD="$BAD $(cat /tmp/readers);"
}

# The kernel's own thread waits for the first byte in our read().
test_core_waits() {
	must_load buffer_size=4 || return
	_home=$(get "$S/cpu")
	# Longer than RCU likes to wait for a CPU.
	_stalls=/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
	echo 1 >$_stalls
	hog "$_home" 120
	# It must not wait for the hog itself.
	core_thread && taskset -p $((1 << (LAST - _home))) "$CORE" >/dev/null
	taskset $((1 << (LAST - _home))) hwread -n 64 2000 >/tmp/out
	# Up to a minute passes between two reads.
	wait_for 90 core_waits
	_rc=$?
	WHY="its thread $CORE: $(xargs <"/proc/$CORE/stack"), $(cat /tmp/out), fill_level $(get "$S/fill_level")"
	result $_rc "with the collector starved and nothing ready the kernel's own thread waits ($TOOK/100 s)"
	(taskset $((1 << (LAST - _home))) /bin/rmmod havege_rng 2>/tmp/err; echo $? >/tmp/rmmod) &
	RMMOD=$!
	wait_for 10 unloading
	_rc=$?
	# It is not only the collector that has work to do on that CPU before the module can go.
	unhog
	wait_for 30 ended $RMMOD
	wait $RMMOD
	WHY="code $(cat /tmp/rmmod): $(cat /tmp/err)"
	[ $_rc = 0 ] && [ "$(cat /tmp/rmmod)" = 0 ] && is_gone && [ "$TOOK" -le "$LIMIT" ]
	result $? "rmmod succeeds in $TOOK/100 s (limit $LIMIT) and leaves nothing"
	core_gone
	result $? "nor that thread"
	echo 0 >$_stalls
}

test_blocked() {
	must_load || return
	block_readers 16
	result $? "with the collector starved 16 readers wait in read()"
	(rmmod havege_rng 2>/tmp/err; echo $? >/tmp/rmmod) &
	RMMOD=$!
	wait_for 30 all_ended
	_rc=$?
	_took=$TOOK
	[ $_rc = 0 ] && [ "$_took" -le "$LIMIT" ]
	result $? "rmmod lets 16 blocked readers go ($_took/100 s, limit $LIMIT)"
	unhog
	wait_for 12 ended $RMMOD
	wait $RMMOD
	WHY="code $(cat /tmp/rmmod): $(cat /tmp/err)"
	[ "$(cat /tmp/rmmod)" = 0 ] && is_gone
	result $? "and rmmod succeeds and leaves nothing"
	[ $_rc = 0 ] || end_readers -9
	wait "$PARENT"
	is "$(grep -c 'error=ENODEV' /tmp/readers)" 16 "and all 16 end with ENODEV"
}

test_life() {
	must_load || return
	unload_limit
	unload
	# First: in the machine's first minutes its thread reads more often.
	test_core_waits
	test_blocked
	mem_is_now
	rounds "loaded, read and unloaded" "$(amount 10 1000)" once_plain
	EARLY=0
	rounds "rmmod while modprobe runs" "$(amount 5 50)" once_starting
	note "so often rmmod was refused: $EARLY"
	LOADED=0
	rounds "modprobe killed while it runs" "$(amount 8 80)" once_killed
	note "so often it loaded all the same: $LOADED"
	rounds "rmmod while it moves" "$(amount 8 80)" once_moving
	rounds "rmmod while its files are read and written" "$(amount 5 50)" once_watched
	rounds "rmmod while its readers are killed" "$(amount 5 50)" once_killing
	rounds "two modprobe at once" "$(amount 5 50)" once_twice
	rounds "two insmod at once" "$(amount 5 50)" once_inserted
	insmod /guest/havege_fault.ko 2>/tmp/err
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "the fault module loads"
	if [ $_rc = 0 ]; then
		CAUGHT=0
		rounds "rmmod after a failure" "$(amount 5 50)" once_recovering
		[ "$CAUGHT" -gt 0 ]
		result $? "of these it was recovering at $CAUGHT"
		rmmod havege_fault
	fi
	wait_for 30 mem_is_back
	_rc=$?
	WHY="$LESS kB less"
	result $_rc "and memory is back ($LESS kB less)"
}
