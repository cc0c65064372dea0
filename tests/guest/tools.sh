# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # the suites use some of the variables
#
# tools.sh - sourced by tests.sh: paths, loading and unloading, the module's files, the kernel
# log. cpu-tools.sh, reader-tools.sh and fault-tools.sh have more.
#
# A test polls a condition with a deadline (wait_for). Sleeps are only for measuring windows and
# for random pauses, and say so.

# shellcheck source=kmod.sh
. /guest/kmod.sh
# shellcheck source=tap.sh
. /guest/tap.sh
# shellcheck source=amount.sh
. /guest/amount.sh

S=/sys/devices/havege_rng
M=/sys/module/havege_rng
P=$M/parameters
H=/sys/class/misc/hw_random
D=/sys/kernel/debug
KLOG=/tmp/klog

# note_progress TEXT: prints a note, at most every 30 s.
note_progress() {
	clock
	[ "$NOW" -ge "${NEXT_NOTE:-0}" ] || return 0
	NEXT_NOTE=$((NOW + 3000))
	note "$*"
}

# dice N: sets DICE to a number from 0 to N - 1. Each run draws the same ones.
SEED=1
dice() {
	SEED=$(((SEED * 1103515245 + 12345) & 2147483647))
	DICE=$((SEED / 65536 % $1))
}

# timed COMMAND...: returns its code. T is its time in hundredths of a second, SLOWEST the
# longest so far.
SLOWEST=0
timed() {
	clock
	T=$NOW
	"$@"
	_rc=$?
	clock
	T=$((NOW - T))
	[ "$T" -le "$SLOWEST" ] || SLOWEST=$T
	return $_rc
}

# --- the module's files ----------------------------------------------------------------------

get() {
	cat "$1" 2>&1
}

# rng_quality: the quality of the current source. Older kernels have it in the core's parameter.
rng_quality() {
	if [ -e $H/rng_quality ]; then
		get $H/rng_quality
	else
		get /sys/module/rng_core/parameters/current_quality
	fi
}

# level -OP NUMBER: compares fill_level as test does.
level() {
	test "$(get $S/fill_level)" "$@"
}

status_is() {
	[ "$(get "$S/status")" = "$1" ]
}

# becomes_ok: status is ok, or recovering for a moment: a set is refused now and then where an
# emulated machine has little noise. That is how the module works, and no failure.
becomes_ok() {
	wait_for 20 status_is ok
}

# more_than BYTES: bytes_out is above BYTES.
more_than() {
	[ "$(get $S/bytes_out)" -gt "$1" ]
}

# fill_up: fills the buffer, waits until the collector sleeps, and restores the threshold. FULL is
# the buffer's size in bits. While no reader waits, a refill has a low priority: beside busy tasks it
# takes long.
fill_up() {
	FULL=$(($(get $P/buffer_size) * 8192))
	_t=$(get $P/fill_threshold)
	echo "$FULL" >$P/fill_threshold
	# The kernel may take 64 bytes meanwhile.
	wait_for 120 level -ge $((FULL - 2048))
	_rc=$?
	echo "$_t" >$P/fill_threshold
	thread && wait_for 10 in_state "$PID" S && [ $_rc = 0 ]
}

# write_fails PARAMETER VALUE ERROR: tests that writing VALUE fails with ERROR and that the
# parameter keeps its value.
write_fails() {
	_old=$(get "$P/$1")
	(echo "$2" >"$P/$1") 2>/tmp/err
	_rc=$?
	WHY="code $_rc ($(cat /tmp/err)), value $_old before, $(get "$P/$1") now"
	[ $_rc != 0 ] && grep -qE "$3" /tmp/err && [ "$(get "$P/$1")" = "$_old" ]
	result $? "writing '$2' to $1 fails, $_old stays ($(sed 's/.*: //' /tmp/err))"
}

# --- loading and unloading -------------------------------------------------------------------

try_load() {
	modprobe havege_rng "$@" 2>/tmp/err
}

# little_noise: the new log says that the replay found too little noise. QEMU shows so little for a
# moment on some busy hosts; what needs a module just to test it tries again, as the log advises.
little_noise() {
	klog
	_refusal=$(echo "$NEW" | grep -m 1 'havege_rng: not started.*replay found') || return 1
	note "once more: ${_refusal#*] }"
}

# again COMMAND...: runs it, and again after a refusal for too little noise; five times at most.
again() {
	for _again in 1 2 3 4 5; do
		"$@" && return
		little_noise || break
	done
	return 1
}

# must_load PARAMETER=VALUE...: loads the module for the next tests. Prints a test only if the
# load fails.
must_load() {
	again try_load "$@" && return 0
	WHY="$(cat /tmp/err); $NEW"
	result 1 "loading with '$*'"
	return 1
}

# is_gone: nothing of the module is left; if not, WHY says what.
is_gone() {
	WHY=
	[ ! -e $S ] || WHY="$S is there"
	grep -q '^havege_rng ' /proc/modules && WHY="$WHY; /proc/modules has it"
	grep -qw havege $H/rng_available 2>/dev/null && WHY="$WHY; rng_available has it"
	# kthread_stop() returns before /proc forgets the thread. Not wait_for: callers use its TOOK
	# later. Do not wait where the module is still there.
	_looks=0
	while [ -z "$WHY" ] && thread && [ $_looks -lt 250 ]; do
		_looks=$((_looks + 1))
		sleep 0.02
	done
	thread && WHY="$WHY; thread $THREAD is there"
	[ ! -e $D/havege_rng ] || WHY="$WHY; $D/havege_rng is there"
	[ -z "$WHY" ]
}

unload() {
	WHY=
	rmmod havege_rng 2>/tmp/err && is_gone && return
	WHY="$WHY $(cat /tmp/err)"
	return 1
}

test_unload() {
	unload
	result $? "${1:+$1: }the module unloads"
}

# unload_limit: sets LIMIT, the longest time of an unload in hundredths of a second. A core
# without rng_quality does not wake its thread to end it, and that sleeps 10 s at a time. Newer
# cores need 2 s; the emulator gets 4 s.
unload_limit() {
	LIMIT=$((400 * SLOW))
	[ -e $H/rng_quality ] || LIMIT=$((1200 * SLOW))
}

# --- memory ----------------------------------------------------------------------------------

# available: sets AVAILABLE, the available memory in kB. MemAvailable leaves out the pages that each
# CPU keeps for its next allocations: up to 22 MB on 7.3, and a few MB more or less after each load.
# Pages that move while this reads may be left out, but do not count twice.
available() {
	echo 3 >/proc/sys/vm/drop_caches
	[ ! -e /proc/sys/vm/stat_refresh ] || echo 1 >/proc/sys/vm/stat_refresh
	AVAILABLE=$(awk -v page="$(stat -f -c %s /proc)" '$1 == "count:" { kept += $2 * page / 1024 }
		/^MemAvailable:/ { print $2 + kept }' /proc/zoneinfo /proc/meminfo)
}

# mem_is_now: sets MEM, the available memory in kB.
mem_is_now() {
	available
	MEM=$AVAILABLE
}

# mem_is_back KB: sets LESS, the kB lost since mem_is_now; succeeds if they are fewer than KB.
mem_is_back() {
	available
	LESS=$((${MEM:?} - ${AVAILABLE:?}))
	[ $LESS -lt "$1" ]
}

# test_memory SECONDS KB: waits for the memory that the module had. 100 loads that lose one table each
# cost 6 MB, one source 10 MB, one buffer of the parameter tests 800 kB. Loads alone had a noise of
# 150 kB, with KASAN of 580 kB; where processes come and go it was 400 kB, with KASAN not measured.
test_memory() {
	wait_for "$1" mem_is_back "$2"
	_rc=$?
	WHY="$LESS kB less"
	result $_rc "the memory is free again ($LESS kB less)"
}

# --- the kernel log --------------------------------------------------------------------------

# klog: moves the kernel log to KLOG; NEW is what was new.
klog() {
	dmesg -c >/tmp/new
	cat /tmp/new >>$KLOG
	NEW=$(cat /tmp/new)
}

# Lines with which a kernel reports an error. The second to the fifth line are for the kernels of
# tests/debug.
REPORTS='WARNING:|BUG:|Oops|Call Trace|Kernel panic|general protection|INFO: (possible|task|rcu|trying)'
REPORTS="$REPORTS|rcu.*detected.*stall|KASAN:|UBSAN:|KCSAN:|ODEBUG:|kmemleak: [0-9]+ new|unreferenced object"
REPORTS="$REPORTS|suspicious RCU|possible .*(deadlock|recursive|circular)|inconsistent lock state"
REPORTS="$REPORTS|sleeping function|scheduling while atomic|DEBUG_LOCKS_WARN|bad unlock balance"
REPORTS="$REPORTS|list_(add|del) corruption|soft lockup|blocked for more than"

test_log() {
	klog
	grep -nE "$REPORTS" $KLOG >/tmp/bad
	WHY=$(cat /tmp/bad)
	[ ! -s /tmp/bad ]
	result $? "no WARNING, BUG, Oops, call trace, lockdep or kmemleak in $(wc -l <$KLOG) lines of log"
}
