# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# stuck-tests.sh - sourced by tests.sh: the mode stuck. A real-time task keeps the last CPU, so
# that no thread of normal priority runs there. Every wait has an end, and the log, status and
# reason name the CPU.

# keep_cpu: the task, on the last CPU, until unhog.
keep_cpu() {
	hog "$LAST" 300
	result $? "a real-time task keeps CPU $LAST"
}

# in_time RC TEXT: tests that RC is 0, and that the last "timed" ended by itself. It takes 3 s and
# the time of a start-up; a busy host that emulates the task beside it may need ten times that. NEW
# is the log of that time.
in_time() {
	klog
	_limit=$((6000 * SLOW))
	WHY="code $1, $T/100 s: $(cat /tmp/err); status $(get "$S/status") on CPU $(get "$S/cpu"); $NEW"
	[ "$1" = 0 ] && [ "$T" -le $_limit ]
	result $? "$2 ($T/100 s, limit $_limit)"
}

# names_cpu: the log in NEW names the CPU that does not run the thread, once.
names_cpu() {
	WHY=$NEW
	[ "$(echo "$NEW" | grep -c "CPU $LAST has not run havege/$LAST for")" = 1 ]
	result $? "the log says once that CPU $LAST has not run the thread"
}

timed_unload() {
	timed rmmod havege_rng 2>/tmp/err
	_rc=$?
	is_gone || _rc=1
	in_time $_rc "$1: rmmod ends and leaves nothing"
}

not() {
	! "$@"
}

busy_write() {
	not sh -c "echo $2 >$P/$1" 2>/tmp/err && grep -q 'resource busy' /tmp/err
}

is_starving() {
	status_is recovering && grep -q "CPU $LAST has not run havege/$LAST" "$S/reason"
}

# No CPU is requested.
stuck_default() {
	klog
	timed try_load
	in_time $? "without cpu=, insmod takes another CPU"
	names_cpu
	settled_off "$LAST"
	test_seen $? "the collector is on CPU $(get "$S/cpu")"
	test_flows "bytes come"
	timed busy_write cpu "$LAST"
	in_time $? "writing cpu=$LAST fails with EBUSY"
	names_cpu
	is "$(get "$P/cpu")" -1 "cpu= keeps its value"
	wait_for 60 settled_off "$LAST"
	test_seen $? "the collector is on CPU $(get "$S/cpu") again"
	test_flows "bytes come"
	timed_unload "without cpu="
}

# The CPU is requested.
stuck_requested() {
	klog
	timed not try_load cpu="$LAST"
	_rc=$?
	grep -q 'resource busy' /tmp/err || _rc=1
	in_time $_rc "cpu=$LAST: insmod fails with EBUSY"
	names_cpu
	is_gone
	result $? "and leaves nothing"
	timed try_load cpus="0-$LAST"
	in_time $? "cpus=0-$LAST: insmod collects on the others"
	names_cpu
	[ "$(get "$S/cpu")" != "$LAST" ] && becomes_ok
	test_seen $? "the collector is on CPU $(get "$S/cpu")"
	test_flows "bytes come"
	stuck_retry
	stuck_suspend
	timed_unload "cpus=0-$LAST"
}

all_cpus() {
	[ "$(get "$S/cpu")" = "0-$LAST" ]
}

# During a retry all CPUs have a worker. A retry that is given up leaves the ready bytes.
stuck_retry() {
	wait_for 60 all_cpus && fill_up && wait_for 30 not all_cpus && wait_for 60 all_cpus &&
		wait_for 30 not all_cpus
	_rc=$?
	_left=$(get "$S/fill_level")
	WHY="code $_rc, CPU $(get "$S/cpu"), $_left bits of $FULL"
	[ $_rc = 0 ] && [ "$_left" -ge $((FULL - 8192)) ]
	result $? "a retry leaves the ready bytes as they are ($_left bits of $FULL)"
}

# A retry waits for the CPU when the machine goes to sleep.
stuck_suspend() {
	if ! can pm_test freezer || ! can state mem; then
		result 0 "a suspend is not held up # SKIP this kernel has no pm_test"
		return
	fi
	(echo 1 >/sys/module/suspend/parameters/pm_test_delay) 2>/dev/null
	echo freezer >"$W/pm_test"
	for _n in 1 2 3; do
		klog
		timed sh -c "echo mem >$W/state" 2>/tmp/err
		in_time $? "suspend $_n (pm_test=freezer) is not held up"
	done
	echo none >"$W/pm_test"
}

raw_is_busy() {
	hwread -f "$R/raw" 64 1 >/tmp/out 2>/tmp/err
	grep -q 'error=EBUSY' /tmp/out
}

# A read of raw samples needs that CPU.
stuck_raw() {
	klog
	timed raw_is_busy
	in_time $? "cpu=$LAST: a read of raw fails with EBUSY"
	hwread -f "$R/raw" 64 1 >/tmp/out 2>&1 &
	PARENT=$!
	wait_for 30 has_raw_thread
	test_seen $? "such a read waits"
	end_readers -KILL
	# It waited for ever here.
	wait "$PARENT" 2>/tmp/err
	wait_for 30 not has_raw_thread
	test_seen $? "and ends, with its thread, when its task is killed"
}

has_raw_thread() {
	grep -qs "^havege-raw/$LAST" /proc/[0-9]*/comm
}

# The task comes while the collector serves: no CPU is requested, then this one.
stuck_serving() {
	must_load || return
	fill_up
	keep_cpu
	klog
	hwread 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 90 settled_off "$LAST"
	_rc=$?
	_took=$TOOK
	klog
	names_cpu
	test_seen $_rc "without cpu=, the collector leaves the CPU while a reader waits ($_took/100 s)"
	stop_reader
	test_flows "bytes come"
	timed_unload "after that"
	unhog

	must_load cpu="$LAST" || return
	fill_up
	thread
	OLD=$PID
	keep_cpu
	klog
	hwread 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 90 is_starving
	_rc=$?
	WHY="status $(get "$S/status"), reason $(get "$S/reason")"
	result $_rc "cpu=$LAST: status is recovering, and reason names the CPU ($TOOK/100 s)"
	klog
	names_cpu
	stop_reader
	stuck_raw
	unhog
	becomes_ok
	_rc=$?
	klog
	WHY="status $(get "$S/status"); $NEW"
	[ $_rc = 0 ] && echo "$NEW" | grep -q "CPU $LAST runs havege/$LAST again"
	result $? "when the task has ended, status is ok and the log says why"
	not new_thread
	test_seen $? "the thread is the same one"
	test_flows "bytes come"

	echo "0-$LAST" >"$P/cpus"
	wait_for 60 all_cpus
	keep_cpu
	klog
	start_reader 64 30
	becomes_ok
	_rc=$?
	WHY="status $(get "$S/status")"
	result $_rc "cpus=0-$LAST: the others serve"
	hwread 64 64 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'error=none' /tmp/out
	result $? "and no read times out"
	stop_reader
	timed_unload "cpus=0-$LAST"
	unhog
}

test_stuck() {
	# RCU would report that it waits for this CPU, and would keep any module's rmmod waiting.
	_stalls=/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
	echo 1 >$_stalls
	echo 1 >/sys/kernel/rcu_expedited
	timed try_load
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "the module loads ($T/100 s)"
	test_unload
	keep_cpu
	stuck_default
	stuck_requested
	unhog
	stuck_serving
	echo 0 >/sys/kernel/rcu_expedited
	echo 0 >$_stalls
}
