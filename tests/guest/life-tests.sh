# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# life-tests.sh - sourced by tests.sh: the mode life, loads and unloads at the worst moments.

# core_thread: sets CORE, the PID of the hw_random core's own thread.
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

# core_waits: it waits in the module's read. A wait takes half a second, and looking at all
# processes of a slow machine longer.
core_waits() {
	{ read -r _comm <"/proc/$CORE/comm" && [ "$_comm" = hwrng ]; } 2>/dev/null || core_thread ||
		return
	grep -q havege_collector_read "/proc/$CORE/stack" 2>/dev/null
}

core_gone() {
	! core_thread
}

# unloading: rmmod can no longer fail.
unloading() {
	grep -q '^havege_rng .* Unloading ' /proc/modules
}

# rounds TEXT COUNT COMMAND...: runs COMMAND COUNT times, with the module unloaded before and after.
# COMMAND sets BAD if something is wrong. Timed unloads have a limit; slow loads and reads raise it, as
# they show how slow the machine is now (paced).
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
		note_progress "$_what: $ROUND of $_count, unloads took $SLOWEST/100 s at most"
	done
	WHY="round $ROUND: $BAD $NEW"
	[ -z "$BAD" ] && [ "$SLOWEST" -le "$STRETCHED" ]
	result $? "$_what, $ROUND times; unloads took $SLOWEST/100 s at most (limit $STRETCHED)"
}

must_unload() {
	timed rmmod havege_rng 2>/tmp/err || BAD="$BAD rmmod: $(cat /tmp/err);"
}

# paced COMMAND...: an unload may take eight times as long as COMMAND.
paced() {
	clock
	_begun=$NOW
	"$@"
	_rc=$?
	clock
	[ $(((NOW - _begun) * 8)) -le "$STRETCHED" ] || STRETCHED=$(((NOW - _begun) * 8))
	return $_rc
}

must_start() {
	paced try_load "$@" || BAD="$BAD load: $(cat /tmp/err);"
}

# some_time N: a random pause of at most N hundredths of a second, not a wait.
some_time() {
	dice "$1"
	usleep $((DICE * 10000))
}

once_plain() {
	must_start
	[ -n "$BAD" ] || { becomes_ok && flows; } ||
		BAD="status $(get "$S/status"), $(cat /tmp/out)"
	must_unload
}

# rmmod while modprobe runs: it fails at first, and succeeds later. EARLY counts the failures.
once_starting() {
	try_load &
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

# modprobe is killed during the start-up.
once_killed() {
	try_load &
	_loader=$!
	some_time 100
	for _p in $(readers_of $_loader) $_loader; do
		kill -9 "$_p" 2>/dev/null
	done
	wait $_loader && LOADED=$((LOADED + 1))
	# The module's init function runs until it sees the signal.
	wait_for 20 not_changing || BAD="$BAD the load does not end;"
	if [ -e "$S" ]; then
		flows || BAD="$BAD loaded, but $(cat /tmp/out);"
		must_unload
	fi
}

not_changing() {
	! grep -qE '^havege_rng .* (Loading|Unloading) ' /proc/modules
}

# rmmod while the collector moves.
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

# read_files: reads all of the module's files.
read_files() {
	cat "$S"/* "$S"/*/* "$P"/* >/dev/null 2>&1
}

# rmmod while state files are read and parameters written. The kernel removes one file after the
# other, and waits for the readers of each: an unload takes a multiple of the time that one pass over
# the files takes beside them.
once_watched() {
	must_start
	: >/tmp/watching
	_watchers=
	for _n in 1 2 3; do
		while [ -e /tmp/watching ]; do
			read_files
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
	paced read_files
	some_time 30
	must_unload
	rm /tmp/watching
	# shellcheck disable=SC2086 # numbers
	wait $_watchers
}

# rmmod while readers are killed.
once_killing() {
	must_start mode=stream
	hwread -p 4 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 10 more_than 4096 || BAD="$BAD no reader reads;"
	end_readers -9 &
	_killer=$!
	must_unload
	wait $_killer $PARENT
}

# Two modprobe at once: one loads the module, the other finds it loaded.
once_twice() {
	klog
	for _n in 1 2; do
		modprobe havege_rng 2>/tmp/err.$_n &
		[ $_n = 2 ] || _first=$!
	done
	_second=$!
	wait "$_first" || BAD="$BAD the first: $(cat /tmp/err.1);"
	wait $_second || BAD="$BAD the second: $(cat /tmp/err.2);"
	klog
	[ "$(echo "$NEW" | grep -c 'collecting on CPU')" = 1 ] || BAD="$BAD not one start: $NEW;"
	[ "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^havege/')" = 1 ] ||
		BAD="$BAD not one thread;"
	flows || BAD="$BAD $(cat /tmp/out);"
	must_unload
}

# Two insmod at once: on newer kernels both return the result of one load, on others one fails with
# "File exists".
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

# has_failed: a health test or a set has failed.
has_failed() {
	more_failures repetition 0 || more_failures replay 0
}

# rmmod while the source recovers from a failure. CAUGHT counts the rounds with status recovering.
once_recovering() {
	must_start mode=stream
	probe
	start_reader 1 10
	cutoffs
	echo 1 >"$F/replay"
	echo "$SOME" >"$F/samples"
	wait_for 20 has_failed ||
		BAD="$BAD after $TOOK/100 s: $(times_failed repetition) failures, status \
$(get "$S/status");"
	status_is recovering && CAUGHT=$((CAUGHT + 1))
	must_unload
	echo 0 >"$F/replay"
	echo 0 >"$F/samples"
	wait_for 20 ended "$PARENT" || end_readers -9
	wait "$PARENT"
	grep -qE 'error=(ENODEV|ETIMEDOUT|EIO)' /tmp/readers || BAD="$BAD $(cat /tmp/readers);"
}

# core_starves: the collector cannot run, and the core's own thread waits for a first byte. The core
# reads once a minute.
core_starves() {
	_core_cpu=$(get "$S/cpu")
	# The collector stays on a CPU that was requested.
	echo "$_core_cpu" >"$P/cpu"
	hog "$_core_cpu" 120
	# The core's thread must not need the hog's CPU.
	core_thread && taskset -p $((1 << (LAST - _core_cpu))) "$CORE" >/dev/null
	taskset $((1 << (LAST - _core_cpu))) hwread -n 64 2000 >/tmp/out
	wait_for 90 core_waits
}

# rmmod while the core's own thread waits for a first byte in the module's read.
test_core_waits() {
	must_load buffer_size=4 || return
	# RCU would report that it waits for this CPU.
	_stalls=/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
	echo 1 >$_stalls
	core_starves
	_rc=$?
	# The thread's timer can be on the hog's CPU, whose ksoftirqd never runs: once more.
	if [ $_rc != 0 ]; then
		unhog
		unload && must_load buffer_size=4 && core_starves
		_rc=$?
	fi
	WHY="its thread $CORE: $(xargs <"/proc/$CORE/stack"), $(cat /tmp/out), fill_level \
$(get "$S/fill_level")"
	result $_rc \
		"the collector cannot run, nothing is ready: the core's thread waits ($TOOK/100 s)"
	rmmod_begin taskset $((1 << (LAST - _core_cpu)))
	wait_for 10 unloading
	_rc=$?
	# rmmod needs that CPU, too.
	unhog
	wait_for 30 ended "$RMMOD"
	wait "$RMMOD"
	rmmod_succeeded && [ $_rc = 0 ] && [ "$TOOK" -le "$LIMIT" ]
	result $? "rmmod succeeds in $TOOK/100 s (limit $LIMIT) and leaves nothing"
	core_gone
	result $? "the core's thread has ended"
	echo 0 >$_stalls
}

test_blocked() {
	must_load || return
	block_readers 16 64 ${PATIENT:+-w}
	result $? "the collector cannot run: 16 readers wait in read()"
	rmmod_begin
	wait_for 30 all_ended
	_rc=$?
	_took=$TOOK
	[ $_rc = 0 ] && [ "$_took" -le "$LIMIT" ]
	result $? "rmmod ends 16 waiting readers ($_took/100 s, limit $LIMIT)"
	unhog
	wait_for 12 ended "$RMMOD"
	wait "$RMMOD"
	rmmod_succeeded
	result $? "rmmod succeeds and leaves nothing"
	[ $_rc = 0 ] || end_readers -9
	wait "$PARENT"
	is "$(grep -c 'error=ENODEV' /tmp/readers)" 16 "all 16 readers end with ENODEV"
}

test_life() {
	must_load || return
	unload_limit
	unload
	# First: in the first minutes after the boot the core's thread reads more often.
	test_core_waits
	test_blocked
	mem_is_now
	rounds "a load, reads, rmmod" "$(by_amount 10 1000)" once_plain
	EARLY=0
	rounds "rmmod while modprobe runs" "$(by_amount 5 50)" once_starting
	note "rmmod failed at first: $EARLY times"
	LOADED=0
	rounds "modprobe is killed while it runs" "$(by_amount 8 80)" once_killed
	note "it loaded all the same: $LOADED times"
	rounds "rmmod while the collector moves" "$(by_amount 8 80)" once_moving
	rounds "rmmod while files are read and written" "$(by_amount 5 50)" once_watched
	rounds "rmmod while readers are killed" "$(by_amount 5 50)" once_killing
	rounds "two modprobe at once" "$(by_amount 5 50)" once_twice
	rounds "two insmod at once" "$(by_amount 5 50)" once_inserted
	if test_fault_loads; then
		CAUGHT=0
		rounds "rmmod after a failure" "$(by_amount 5 50)" once_recovering
		[ "$CAUGHT" -gt 0 ]
		result $? "status was recovering in $CAUGHT of these"
		rmmod havege_fault
	fi
	test_memory 30 5000
}
