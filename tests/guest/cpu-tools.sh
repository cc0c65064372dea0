# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # the suites use some of the variables
#
# cpu-tools.sh - sourced by tests.sh: CPUs that go offline and online, the collector's threads
# and where they run.

CPUS=/sys/devices/system/cpu
CPU1=$CPUS/cpu1/online
LAST=$(sed 's/.*[-,]//' $CPUS/present)

# plug CPU 0|1: takes it offline or online.
plug() {
	(echo "$2" >"$CPUS/cpu$1/online") 2>/tmp/err
}

# flip_begin CPU: takes it offline and online without a pause until flip_end. /tmp/flips gets a
# line each time.
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

# flipped COUNT: the CPU was offline at least COUNT times; FLIPS has the number.
flipped() {
	FLIPS=$(wc -l </tmp/flips)
	[ "$FLIPS" -ge "$1" ]
}

flip_end() {
	rm -f /tmp/flipping
	wait "$FLIPPER"
	flipped 0
}

# --- processes and threads -------------------------------------------------------------------

# in_state PID STATE
in_state() {
	[ "$(awk '{ print $3 }' "/proc/$1/stat" 2>/dev/null)" = "$2" ]
}

ended() {
	[ ! -e "/proc/$1" ] || in_state "$1" Z
}

# collectors: prints "PID NAME" of each collector thread.
collectors() {
	for p in /proc/[0-9]*; do
		{ read -r _comm <"$p/comm"; } 2>/dev/null || continue
		case $_comm in
		havege/*)	echo "${p#/proc/} $_comm" ;;
		esac
	done
}

# thread: sets PID and THREAD, its name, to the first collector thread.
thread() {
	THREAD=$(collectors | head -n 1)
	PID=${THREAD% *}
	THREAD=${THREAD#* }
	[ -n "$PID" ]
}

# new_thread: there is another thread than OLD.
new_thread() {
	thread && [ "$PID" != "$OLD" ]
}

# switches: sets SWITCHES, the context switches of PID.
switches() {
	SWITCHES=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$PID/status")
}

# ran_on [PID]: prints the CPU that the thread ran on last.
ran_on() {
	awk '{ print $39 }' "/proc/${1:-$PID}/stat"
}

# allowed [PID]: prints the CPUs that it may run on.
allowed() {
	awk '/Cpus_allowed_list/ { print $2 }' "/proc/${1:-$PID}/status"
}

# runs_on CPU [PID]: the thread is bound to that CPU and has run there.
runs_on() {
	[ "$(allowed "${2-}")" = "$1" ] && [ "$(ran_on "${2-}")" = "$1" ]
}

# --- where the collector is ------------------------------------------------------------------

# on_cpu CPU: the thread is bound to CPU and has run there; its name and the state file agree.
on_cpu() {
	thread && [ "$THREAD" = "havege/$1" ] && [ "$(get "$S/cpu")" = "$1" ] && runs_on "$1"
}

# move_to CPU: writes it to cpu. A CPU that shows too little noise for a moment refuses; its old CPU
# keeps the collector.
move_to() {
	again write_cpu "$1"
}

write_cpu() {
	(echo "$1" >"$P/cpu") 2>/tmp/err
}

# settled CPU: status is ok, and the collector is on CPU.
settled() {
	status_is ok && on_cpu "$1"
}

# settled_off CPU: status is ok, and the collector is on another CPU.
settled_off() {
	_c=$(get "$S/cpu")
	[ "$_c" != "$1" ] && settled "$_c"
}

# where: sets WHY to where the thread is.
where() {
	thread
	WHY="thread $THREAD, state file $(get "$S/cpu"), allowed $(allowed), ran on $(ran_on)"
}

# seen: sets WHY to that and the status, the online CPUs, the last reader's line and the new log.
seen() {
	where
	klog
	WHY="$WHY, status $(get "$S/status"), cpu=$(get "$P/cpu"), online $(cat "$CPUS/online"): \
$(cat /tmp/out)
$NEW"
}

# test_seen RC TEXT: prints a test with what seen has to say.
test_seen() {
	seen
	result "$1" "$2"
}
