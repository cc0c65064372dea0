#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # some variables are for those who source this
#
# tools.sh - sourced by the guest's tests: what they are made of.
#
# Nothing here sleeps for something to have happened: conditions are polled, with deadlines. The
# only plain sleeps are measuring windows, and say so.

# shellcheck source=kmod.sh
. /guest/kmod.sh
# shellcheck source=tap.sh
. /guest/tap.sh

S=/sys/devices/havege_rng
M=/sys/module/havege_rng
P=$M/parameters
H=/sys/class/misc/hw_random
D=/sys/kernel/debug
CPUS=/sys/devices/system/cpu
CPU1=$CPUS/cpu1/online
LAST=$(sed 's/.*[-,]//' $CPUS/present)
KLOG=/tmp/klog
# The kernel's command line says how many times as long everything takes.
SLOW=$(sed -n 's/.* slow=\([0-9]*\).*/\1/p' /proc/cmdline)
SLOW=${SLOW:-1}

note() {
	echo "$*" | sed 's/^/# /' >&3
}

# amount SHORT LONG: how often, or how long: for every day, or for the record (AMOUNT=long).
amount() {
	if [ "$AMOUNT" = long ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# One line every half minute from what takes long.
progress() {
	clock
	[ "$NOW" -ge "${SAY_AT:-0}" ] || return 0
	SAY_AT=$((NOW + 3000))
	note "$*"
}

# dice N: a number from 0 to N - 1 in DICE, the same ones in each run.
SEED=1
dice() {
	SEED=$(((SEED * 1103515245 + 12345) & 2147483647))
	DICE=$((SEED / 65536 % $1))
}

# is SEEN WANTED TEXT
is() {
	[ "$1" = "$2" ]
	set -- $? "$@"
	WHY="seen: $2; wanted: $3"
	result "$1" "$4"
}

# NOW, in hundredths of a second.
clock() {
	read -r NOW _ </proc/uptime
	NOW=${NOW%.*}${NOW#*.}
}

# wait_for SECONDS COMMAND...: until it is true; false when it is not by then. TOOK has the
# hundredths of a second it took.
wait_for() {
	clock
	_start=$NOW
	_end=$((NOW + $1 * 100 * SLOW))
	shift
	while ! "$@"; do
		clock
		TOOK=$((NOW - _start))
		[ "$NOW" -lt "$_end" ] || return 1
		sleep 0.02
	done
	clock
	TOOK=$((NOW - _start))
}

get() {
	cat "$1" 2>&1
}

# The quality of the current source; before there was a file for it, the core's parameter.
rng_quality() {
	if [ -e $H/rng_quality ]; then
		get $H/rng_quality
	else
		get /sys/module/rng_core/parameters/current_quality
	fi
}

# level -OP NUMBER: what test says of the fill level.
level() {
	test "$(get $S/fill_level)" "$@"
}

# The kernel log is emptied into KLOG: `klog` gives what is new in NEW.
klog() {
	dmesg -c >/tmp/new
	cat /tmp/new >>$KLOG
	NEW=$(cat /tmp/new)
}

# plug CPU 0|1: takes it offline, brings it back.
plug() {
	(echo "$2" >"$CPUS/cpu$1/online") 2>/tmp/err
}

# CPU $1 goes and comes without a pause, until flip_end; a line in /tmp/flips each time.
flip_begin() {
	: >/tmp/flips
	: >/tmp/flipping
	(
		while [ -e /tmp/flipping ]; do
			plug "$1" 0 && plug "$1" 1 && echo >>/tmp/flips
		done
		plug "$1" 1
	) &
	FLIPPER=$!
}

# It has done so $1 times.
flipped() {
	FLIPS=$(wc -l </tmp/flips)
	[ "$FLIPS" -ge "$1" ]
}

flip_end() {
	rm -f /tmp/flipping
	wait "$FLIPPER"
	flipped 0
}

# Collectors' threads: a line each, PID and name.
collectors() {
	for p in /proc/[0-9]*; do
		{ read -r _comm <"$p/comm"; } 2>/dev/null || continue
		case $_comm in
		havege/*)	echo "${p#/proc/} $_comm" ;;
		esac
	done
}

# The collector's thread in PID, its name in THREAD; of several the first.
thread() {
	THREAD=$(collectors | head -n 1)
	PID=${THREAD% *}
	THREAD=${THREAD#* }
	[ -n "$PID" ]
}

# Times the thread was switched to or away from, in SWITCHES.
switches() {
	SWITCHES=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$PID/status")
}

# The CPU the thread, or that with PID $1, ran on last, and those that it may run on.
ran_on() {
	awk '{ print $39 }' "/proc/${1:-$PID}/stat"
}

allowed() {
	awk '/Cpus_allowed_list/ { print $2 }' "/proc/${1:-$PID}/status"
}

# runs_on CPU [PID]: it is bound to that CPU, and has run there.
runs_on() {
	[ "$(allowed "${2-}")" = "$1" ] && [ "$(ran_on "${2-}")" = "$1" ]
}

state() {
	[ "$(awk '{ print $3 }' "/proc/$1/stat" 2>/dev/null)" = "$2" ]
}

ended() {
	[ ! -e "/proc/$1" ] || state "$1" Z
}

# Nothing of the module is left.
is_gone() {
	WHY=
	[ ! -e $S ] || WHY="$S is there"
	grep -q '^havege_rng ' /proc/modules && WHY="$WHY; /proc/modules has it"
	grep -qw havege $H/rng_available 2>/dev/null && WHY="$WHY; rng_available has it"
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

load() {
	modprobe havege_rng "$@" 2>/tmp/err
}

# timed COMMAND...: its code; in T the hundredths of a second that it took, in SLOWEST the most yet.
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

# What an unload may take, hundredths of a second, in LIMIT. Where the hw_random core has no file
# for the quality it does not wake its thread to end it, which sleeps 10 s at a time. Elsewhere
# 2 s would do: twice that, for those who are emulated.
unload_limit() {
	LIMIT=$((400 * SLOW))
	[ -e $H/rng_quality ] || LIMIT=$((1200 * SLOW))
}

# must_load PARAMETER=VALUE...: loads, for checks that follow; a test only where it fails.
must_load() {
	load "$@" && return 0
	klog
	WHY="$(cat /tmp/err); $NEW"
	result 1 "loading with '$*'"
	return 1
}

# The buffer filled to its end and the collector asleep, the threshold back at what it was.
fill_up() {
	FULL=$(($(get $P/buffer_size) * 8192))
	_t=$(get $P/fill_threshold)
	echo "$FULL" >$P/fill_threshold
	# The kernel may be taking 64 bytes just now.
	wait_for 30 level -ge $((FULL - 2048))
	_rc=$?
	echo "$_t" >$P/fill_threshold
	thread && wait_for 10 state "$PID" S && [ $_rc = 0 ]
}

# A real-time hog on CPU $1 keeps the collector there from running, for at most $2 s.
hog() {
	hwread hog "$1" $(($2 * SLOW)) &
	HOG=$!
	wait_for 5 is_fifo "$HOG"
}

is_fifo() {
	[ "$(awk '{ print $41 }' "/proc/$1/stat" 2>/dev/null)" = 1 ]
}

unhog() {
	kill -9 "$HOG" 2>/dev/null
	wait "$HOG" 2>/dev/null
}

# The processes of the readers started last: the children of $1.
readers_of() {
	for p in /proc/[0-9]*; do
		# Without a process for each: those that wait do so for 5 s only. After the name
		# come the state and the parent.
		{ read -r _stat <"$p/stat"; } 2>/dev/null || continue
		_stat=${_stat##*) ? }
		[ "${_stat%% *}" = "$1" ] && echo "${p#/proc/}"
	done
}

# The number of read() among the system calls.
case $(uname -m) in
x86_64)	READ=0 ;;
*)	READ=63 ;;
esac

# All of READERS wait in read(): asleep, in that system call.
all_blocked() {
	for _p in $READERS; do
		state "$_p" S || return 1
		case $(get "/proc/$_p/syscall") in
		"$READ "*) ;;
		*) return 1 ;;
		esac
	done
	[ -n "$READERS" ]
}

all_ended() {
	for _p in $READERS; do
		ended "$_p" || return 1
	done
}

# end_readers SIGNAL: of PARENT.
end_readers() {
	# shellcheck disable=SC2046 # numbers
	kill "$1" $(readers_of "$PARENT")
}

# block_readers COUNT [SIZE]: readers that wait: the collector starved on its CPU, the buffer empty.
# READERS, PARENT. With a SIZE of 1 they wait for the first byte of a read: one that has got some
# is not told how the rest ended.
block_readers() {
	_cpu=$(get $S/cpu)
	hog "$_cpu" 30 || return 1
	taskset $((_cpu ? 1 : 2)) hwread -p "$1" "${2:-64}" 0 >/tmp/readers &
	PARENT=$!
	wait_for 10 level -lt 512 || return 1
	READERS=$(readers_of "$PARENT")
	wait_for 5 all_blocked
}

# Bytes come: more than the hw_random core can have left over.
flows() {
	hwread 64 16 >/tmp/out
	grep -q 'bytes=1024 .*error=none' /tmp/out
}

status_is() {
	[ "$(get "$S/status")" = "$1" ]
}

# More bytes have come than $1.
more_than() {
	[ "$(get $S/bytes_out)" -gt "$1" ]
}

# read_test SIZE COUNT [OPTION]
read_test() {
	hwread ${3:+"$3"} "$1" "$2" >/tmp/out
	_rc=$?
	WHY=$(cat /tmp/out)
	_bytes=$(sed -n 's/.*bytes=\([0-9]*\) .*/\1/p' /tmp/out)
	[ $_rc = 0 ] && { [ "$_bytes" = $(($1 * $2)) ] || { [ -n "$3" ] && [ "$_bytes" -gt 0 ]; }; } &&
		! grep -q 'distinct=[0-9]\{1,2\} ' /tmp/out
	result $? "reading $2 times $1 bytes ${3:+with O_NONBLOCK }($WHY)"
}

# refused PARAMETER VALUE ERROR: writing it fails with that error; the old value stays.
refused() {
	_old=$(get "$P/$1")
	(echo "$2" >"$P/$1") 2>/tmp/err
	_rc=$?
	WHY="code $_rc ($(cat /tmp/err)), value $_old before, $(get "$P/$1") now"
	[ $_rc != 0 ] && grep -qE "$3" /tmp/err && [ "$(get "$P/$1")" = "$_old" ]
	result $? "writing '$2' to $1 fails, $_old stays ($(sed 's/.*: //' /tmp/err))"
}

# What a kernel says that has found something; with what finds it switched on (scripts/debug) there
# is more to be said.
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
	result $? "no WARNING, BUG, Oops, call trace, lockdep or kmemleak line in $(wc -l <$KLOG) lines of log"
}
