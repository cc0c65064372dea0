#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tests.sh MODE - the guest tests. MODE test: all that one machine with no other source can show;
# test-virtio: what is different with a rival source. Runs as root in the guest, on busybox;
# TAP on descriptor 3, the plan at its end, then "# end of the guest tests".
#
# Nothing here sleeps for something to have happened: conditions are polled, with deadlines. The
# only plain sleeps are measuring windows, and say so.

# shellcheck source=kmod.sh
. /guest/kmod.sh
# shellcheck source=tap.sh
. /guest/tap.sh

S=/sys/devices/havege_rng
P=/sys/module/havege_rng/parameters
H=/sys/class/misc/hw_random
CPU1=/sys/devices/system/cpu/cpu1/online
KLOG=/tmp/klog

# --- tools -----------------------------------------------------------------------------------

note() {
	echo "# $*" >&3
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
	_end=$((NOW + $1 * 100))
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

# The collector's thread in PID, its name in THREAD.
thread() {
	for p in /proc/[0-9]*; do
		{ read -r THREAD <"$p/comm"; } 2>/dev/null || continue
		case $THREAD in
		havege/*)
			PID=${p#/proc/}
			return 0 ;;
		esac
	done
	THREAD=
	PID=
	return 1
}

# Times the thread was switched to or away from, in SWITCHES.
switches() {
	SWITCHES=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$PID/status")
}

# The CPU the thread ran on last.
ran_on() {
	awk '{ print $39 }' "/proc/$PID/stat"
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
	[ -z "$WHY" ]
}

unload() {
	rmmod havege_rng 2>/tmp/err && is_gone
}

load() {
	modprobe havege_rng "$@" 2>/tmp/err
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
	hwread hog "$1" "$2" &
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
		[ "$(awk '{ print $4 }' "$p/stat" 2>/dev/null)" = "$1" ] && echo "${p#/proc/}"
	done
}

# All of READERS wait in read(): asleep, in that system call.
all_blocked() {
	for _p in $READERS; do
		state "$_p" S || return 1
		case $(get "/proc/$_p/syscall") in
		"0 "*) ;;
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
	kill "$1" $(readers_of $PARENT)
}

# $1 readers that wait: the collector starved on its CPU, the buffer empty. READERS, PARENT.
block_readers() {
	_cpu=$(get $S/cpu)
	hog "$_cpu" 30 || return 1
	taskset $((1 << (1 - _cpu))) hwread -p "$1" 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 10 level -lt 512 || return 1
	READERS=$(readers_of $PARENT)
	wait_for 5 all_blocked
}

# --- the tests -------------------------------------------------------------------------------

test_load() {
	modprobe havege_rng 2>/tmp/err
	_rc=$?
	klog
	WHY="$(cat /tmp/err); $NEW"
	result $_rc "the module loads"
	[ $_rc = 0 ] || return 1
	WHY=$NEW
	echo "$NEW" | grep -q 'havege_rng: .*CPU [01]' &&
		! echo "$NEW" | grep -v 'module verification failed' | grep -qiE 'error|fail|warn'
	result $? "its log lines name the CPU and no error"
	note "$(echo "$NEW" | grep 'havege_rng: .*CPU')"
	is "$(tr ' ' '\n' <$H/rng_available | grep -x havege)" havege "rng_available has havege"
	is "$(get $H/rng_current)" havege "rng_current is havege"
	is "$(rng_quality)" 2 "rng_quality is 2"
	# The kernel seeds itself first and reads from us all the while.
	wait_for 60 sh -c 'dmesg | grep -q "crng init done" || grep -q "crng init done" /tmp/klog'
	result $? "the kernel's own generator gets seeded"
	return 0
}

test_state() {
	is "$(get $S/status)" ok "status is ok"
	is "$(get $S/cpu)" 1 "cpu is the last one"
	level -le $(($(get $P/buffer_size) * 8192))
	result $? "fill_level is at most the buffer"
	_b=$(get $S/bytes_out)
	hwread 64 16 >/dev/null
	[ $(($(get $S/bytes_out) - _b)) -ge 1024 ]
	result $? "bytes_out counts"
	_d=$(get $S/geometry/dcache_kb)
	_i=$(get $S/geometry/icache_kb)
	WHY="dcache_kb $_d icache_kb $_i table_kb $(get $S/geometry/table_kb) loop_kb $(get $S/geometry/loop_kb)"
	[ "$_d" -ge 8 ] && [ "$_d" -le 512 ] && [ "$_i" -ge 8 ] && [ "$_i" -le 64 ] &&
	[ "$(get $S/geometry/table_kb)" -ge $((2 * _d)) ] &&
	[ "$(get $S/geometry/loop_kb)" -ge 1 ] && [ "$(get $S/geometry/loop_kb)" -le "$_i" ]
	result $? "geometry: the table is twice L1d, the loop fits L1i ($WHY, $(get $S/geometry/source))"
	WHY=$(cd $S && stat -c '%a %n' status fill_level cpu bytes_out geometry/*)
	[ "$(echo "$WHY" | grep -c '^444 ')" = "$(echo "$WHY" | wc -l)" ]
	result $? "state files are read-only for everybody"
	WHY=$(cd $P && stat -c '%a %u %n' ./*)
	[ "$(echo "$WHY" | grep -vcE '^(444|644) 0 ')" = 0 ] &&
	[ "$(echo "$WHY" | grep '^644' | sed 's/.*\///' | sort | xargs)" = "cpu fill_threshold" ]
	result $? "cpu and fill_threshold are root's to write, the other parameters nobody's"
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

test_read() {
	read_test 1 1048576
	read_test 31 33826
	read_test 64 16384
	read_test 4096 256
	read_test 4096 256 -n
	read_test 64 16384 -n
	hwread -o /tmp/a 4096 1 >/dev/null
	hwread -o /tmp/b 4096 1 >/dev/null
	[ "$(wc -c </tmp/a)" = 4096 ] && [ "$(wc -c </tmp/b)" = 4096 ] && ! cmp -s /tmp/a /tmp/b
	result $? "two blocks of 4096 bytes differ"
	hwread -p 8 64 2048 >/tmp/out
	WHY="code $?: $(cat /tmp/out)"
	[ "$(grep -c 'bytes=131072 .*error=none' /tmp/out)" = 8 ]
	result $? "8 readers at once, 128 KiB each"
}

test_sleep() {
	thread
	result $? "there is a thread $THREAD"
	fill_up
	WHY="fill_level $(get $S/fill_level) of $FULL, thread $(awk '{ print $3 }' "/proc/$PID/stat")"
	result $? "the collector fills the buffer and sleeps"
	switches
	_before=$SWITCHES
	sleep 10 # a measuring window
	switches
	is "$((SWITCHES - _before))" 0 "with the buffer full, no context switch in 10 s"
	note "fill_level after that: $(get $S/fill_level) of $FULL"
	_before=$SWITCHES
	# Just above the threshold: still asleep. Then below it.
	hwread 64 $(($(get $P/fill_threshold) / 512 + 1)) >/dev/null
	wait_for 30 level -ge $((FULL - 2048))
	WHY="fill_level $(get $S/fill_level) of $FULL"
	result $? "reading below the threshold gets the buffer filled again ($TOOK/100 s)"
	switches
	WHY="from $_before to $SWITCHES"
	[ "$SWITCHES" -gt "$_before" ]
	result $? "and the thread was switched to ($((SWITCHES - _before)) switches)"
}

# on_cpu N: the thread is bound to CPU N, has run there, and says so.
on_cpu() {
	thread && [ "$THREAD" = "havege/$1" ] && [ "$(get $S/cpu)" = "$1" ] &&
	[ "$(awk '/Cpus_allowed_list/ { print $2 }' "/proc/$PID/status")" = "$1" ] &&
	[ "$(ran_on)" = "$1" ]
}

where() {
	thread
	WHY="thread $THREAD, state file $(get $S/cpu), allowed $(awk '/Cpus_allowed_list/ { print $2 }' "/proc/$PID/status"), ran on $(ran_on)"
}

test_cpu() {
	for _cpu in 0 1; do
		unload
		must_load cpu=$_cpu || continue
		hwread 64 512 >/dev/null
		wait_for 10 on_cpu $_cpu
		_rc=$?
		where
		result $_rc "cpu=$_cpu at load time: the thread is bound to CPU $_cpu and runs there"
	done
	for _cpu in 0 1 -1; do
		_want=${_cpu#-}
		WHY=
		(echo $_cpu >$P/cpu) && hwread 64 512 >/dev/null &&
			wait_for 10 on_cpu "$_want" && [ "$(get $P/cpu)" = "$_cpu" ]
		_rc=$?
		where
		result $_rc "cpu=$_cpu at run time: the thread moves to CPU $_want"
	done
	echo 0 >$P/cpu
	refused cpu 999 "Numerical result|No such device"
	refused cpu -2 "Numerical result"
	refused cpu abc "Invalid argument"
	refused cpu "" "Invalid argument"
	# Present but offline.
	echo 0 >$CPU1
	refused cpu 1 "No such device"
	echo 1 >$CPU1
	# The collector's own CPU goes offline under it: while it sleeps, and while it collects.
	echo 1 >$P/cpu
	echo 0 >$CPU1
	hwread 64 512 >/tmp/out
	_rc=$?
	wait_for 10 on_cpu 0 || _rc=1
	where
	klog
	WHY="$WHY; status $(get $S/status); $(cat /tmp/out); $NEW"
	[ $_rc = 0 ] && [ "$(get $S/status)" = ok ]
	result $? "when its CPU goes offline the collector goes on elsewhere"
	echo 1 >$CPU1
	_t=$(get $P/fill_threshold)
	get $P/buffer_size | awk '{ print $1 * 8192 }' >$P/fill_threshold
	hwread 64 0 >/tmp/out &
	PARENT=$!
	_bad=
	for _round in 1 2 3 4 5 6 7 8 9 10; do
		echo 1 >$P/cpu
		_b=$(get $S/bytes_out)
		echo 0 >$CPU1
		wait_for 10 on_cpu 0 || _bad="round $_round: not on CPU 0"
		wait_for 10 more_than "$_b" || _bad="$_bad round $_round: no bytes"
		[ "$(get $S/status)" = ok ] || _bad="$_bad round $_round: not ok"
		[ -z "$_bad" ] || break
		echo 1 >$CPU1
	done
	where
	klog
	WHY="$_bad: $WHY; status $(get $S/status); $NEW"
	[ -z "$_bad" ]
	result $? "and while it collects, 10 times"
	echo 1 >$CPU1
	WHY=$(cat /tmp/out)
	[ -z "$WHY" ] # one that has ended has said why
	result $? "and the reader reads on"
	end_readers -TERM
	wait $PARENT
	echo "$_t" >$P/fill_threshold
	echo -1 >$P/cpu
}

# More bytes have come than $1.
more_than() {
	[ "$(get $S/bytes_out)" -gt "$1" ]
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

test_threshold() {
	FULL=$(($(get $P/buffer_size) * 8192))
	is "$(get $P/fill_threshold)" $((FULL / 2)) "fill_threshold is half the buffer"
	for _v in 512 513 $((FULL - 1)) $FULL $((FULL / 2)); do
		echo "$_v" >$P/fill_threshold
		is "$(get $P/fill_threshold)" "$_v" "writing $_v to fill_threshold"
	done
	for _v in 0 1 511 $((FULL + 1)) 4294967295 4294967296 99999999999999999999; do
		refused fill_threshold $_v "Numerical result"
	done
	refused fill_threshold -1 "Numerical result|Invalid argument"
	for _v in abc "" 12x "1 2"; do
		refused fill_threshold "$_v" "Invalid argument"
	done
	for _v in buffer_size quality mode dcache_kb icache_kb; do
		! (echo 1 >$P/$_v) 2>/tmp/err
		result $? "$_v cannot be written at run time"
	done
}

# bad PARAMETER=VALUE... ERROR: the load fails with that error, one line in the log names the
# parameter, nothing is left. The last word is the error, the first what is wrong.
bad() {
	_p=${1%%=*}
	_args=$1
	[ $# -lt 3 ] || _args="$1 $2"
	for _err; do :; done
	klog
	# shellcheck disable=SC2086 # words
	if load $_args; then
		WHY="it loaded"
		result 1 "$_args fails the load"
		unload
		return
	fi
	klog
	_text=$(sed 's/.*: //' /tmp/err)
	WHY=
	echo "$_text" | grep -qE "$_err" || WHY="error: $_text, wanted $_err"
	[ "$(echo "$NEW" | grep -c .)" = 1 ] || WHY="$WHY; not one line: $NEW"
	echo "$NEW" | grep -qw "$_p" || WHY="$WHY; the log does not name $_p: $NEW"
	_why=$WHY
	is_gone || _why="$_why; left behind: $WHY"
	WHY=$_why
	[ -z "$WHY" ]
	result $? "$_args fails the load: $(echo "${NEW#*] }" | head -n 1)"
}

test_bad_load() {
	unload
	result $? "the module unloads and leaves nothing"
	bad buffer_size=3 "Numerical"
	bad buffer_size=5 "Numerical|Invalid"
	bad buffer_size=16384 "Numerical"
	bad buffer_size=0 "Numerical"
	bad buffer_size=-4 "Numerical|Invalid"
	bad buffer_size=abc "Invalid"
	bad fill_threshold=1 "Numerical"
	bad fill_threshold=511 "Numerical"
	bad fill_threshold=131073 "Numerical"
	bad fill_threshold=32769 buffer_size=4 "Numerical"
	bad fill_threshold=abc "Invalid"
	bad cpu=-2 "Numerical"
	bad cpu=999 "Numerical|No such device"
	bad cpu=abc "Invalid"
	bad cpu "Invalid"
	bad quality=0 "Numerical"
	bad quality=1025 "Numerical"
	bad quality=abc "Invalid"
	bad mode=nonsense "Invalid"
	bad dcache_kb=7 "Numerical"
	bad dcache_kb=513 "Numerical"
	bad dcache_kb=abc "Invalid"
	bad icache_kb=7 "Numerical"
	bad icache_kb=65 "Numerical"
	bad icache_kb=abc "Invalid"
}

# good PARAMETER=VALUE... : loads, collects, reads back the same, unloads.
good() {
	klog
	must_load "$@" || return
	WHY=
	for _w; do
		[ "$(get "$P/${_w%%=*}")" = "${_w#*=}" ] ||
			WHY="$WHY ${_w%%=*} is $(get "$P/${_w%%=*}");"
		case $_w in
		dcache_kb=*|icache_kb=*)
			[ "$(get "$S/geometry/${_w%%=*}")" = "${_w#*=}" ] ||
				WHY="$WHY geometry/${_w%%=*} is $(get "$S/geometry/${_w%%=*}");" ;;
		esac
	done
	[ "$(get $S/status)" = ok ] || WHY="$WHY status $(get $S/status);"
	hwread 64 4 >/tmp/out || WHY="$WHY $(cat /tmp/out);"
	_text="table $(get $S/geometry/table_kb) KiB, loop $(get $S/geometry/loop_kb) KiB"
	_why=$WHY
	unload || _why="$_why unload: $WHY $(cat /tmp/err)"
	WHY=$_why
	[ -z "$WHY" ]
	result $? "$* loads, delivers and unloads ($_text)"
}

test_good_load() {
	for _a in buffer_size=4 buffer_size=8192 dcache_kb=8 dcache_kb=48 dcache_kb=512 icache_kb=8 \
		icache_kb=64 quality=1 quality=2 mode=stream fill_threshold=512 \
		fill_threshold=131072 cpu=0 cpu=-1; do
		good $_a
	done
	good fill_threshold=32768 buffer_size=4
	good buffer_size=4 fill_threshold=32768
	good buffer_size=8192 fill_threshold=67108864
	klog
	if must_load quality=1024; then
		klog
		WHY="rng_quality $(rng_quality), log: $NEW"
		[ "$(rng_quality)" = 2 ] &&
			[ "$(echo "$NEW" | grep -c 'quality=1024')" = 1 ]
		result $? "quality=1024 is lowered to 2 with one notice"
		unload
	fi
	if must_load quality=1; then
		is "$(rng_quality)" 1 "quality=1 is what rng_quality says"
		unload
	fi
}

test_readers() {
	# Readers that run: rmmod may not wait for them.
	must_load || return
	hwread -p 8 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 5 sh -c "[ \$(cat $S/bytes_out) -gt 65536 ]"
	clock
	_t=$NOW
	unload
	_rc=$?
	clock
	_t=$((NOW - _t))
	[ $_rc = 0 ] && [ $_t -le 200 ]
	result $? "rmmod with 8 readers that run takes at most 2 s ($_t/100 s)"
	wait_for 5 ended $PARENT || end_readers -9
	wait $PARENT
	is "$(grep -c 'error=ENODEV' /tmp/readers)" 8 "and all 8 end with ENODEV"

	must_load || return
	block_readers 8
	WHY="fill_level $(get $S/fill_level), readers:
$(for p in $READERS; do awk '{ print $1, $3 }' "/proc/$p/stat"; cat "/proc/$p/syscall"; done)"
	result $? "with the collector starved 8 readers wait in read()"
	clock
	_t=$NOW
	(rmmod havege_rng 2>/tmp/err; echo $? >/tmp/rmmod) &
	RMMOD=$!
	wait_for 12 all_ended
	_rc=$?
	_took=$TOOK
	# Before the hog goes: rmmod itself has to wait for the thread that cannot run.
	[ $_rc = 0 ] && [ "$_took" -le 200 ]
	result $? "rmmod lets 8 blocked readers go within 2 s ($_took/100 s)"
	unhog
	wait_for 12 ended $RMMOD
	result $? "rmmod ends ($TOOK/100 s after the hog)"
	wait $RMMOD
	WHY="code $(cat /tmp/rmmod): $(cat /tmp/err)"
	[ "$(cat /tmp/rmmod)" = 0 ] && is_gone
	result $? "rmmod succeeded and left nothing"
	[ $_rc = 0 ] || end_readers -9
	wait $PARENT
	is "$(grep -c 'error=ENODEV' /tmp/readers)" 8 "and all 8 end with ENODEV"
	note "$(sort /tmp/readers | head -n 1)"

	must_load || return
	block_readers 1
	result $? "with the collector starved one reader waits in read()"
	end_readers -TERM
	wait_for 10 all_ended
	_rc=$?
	[ $_rc = 0 ] && [ $TOOK -le 100 ]
	result $? "a signal ends it at once ($TOOK/100 s)"
	[ $_rc = 0 ] || end_readers -9
	wait $PARENT
	# The wait is bounded: 5 s, then ETIMEDOUT.
	hwread 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	_ms=$(sed -n 's/.*ms=\([0-9]*\) .*/\1/p' /tmp/out)
	grep -q 'error=ETIMEDOUT' /tmp/out && [ "$_ms" -ge 4000 ] && [ "$_ms" -le 8000 ]
	result $? "a reader that gets nothing ends with ETIMEDOUT after 5 s ($_ms ms)"
	hwread -n 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'eagain=1 .* ms=[0-9]\{1,3\} error=none' /tmp/out
	result $? "a reader with O_NONBLOCK gets EAGAIN at once"
	unhog
	hwread 64 16 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=1024 .*error=none' /tmp/out
	result $? "with the CPU free again bytes come again"
}

# Memory that has gone since MEM was read, in kB, in LESS; whether it is little.
mem_is_back() {
	echo 3 >/proc/sys/vm/drop_caches
	LESS=$((MEM - $(awk '/MemAvailable/ { print $2 }' /proc/meminfo)))
	[ $LESS -lt 3000 ]
}

test_many_loads() {
	unload
	echo 3 >/proc/sys/vm/drop_caches
	MEM=$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)
	_n=0
	while [ $_n -lt 50 ]; do
		load || { WHY="load $_n: $(cat /tmp/err)"; break; }
		unload || { WHY="unload $_n: $WHY $(cat /tmp/err)"; break; }
		_n=$((_n + 1))
	done
	[ $_n = 50 ]
	result $? "50 times loaded and unloaded"
	# One table a load lost would be 6 MB, one buffer 800 kB; the noise is about 1 MB, and
	# newer kernels give the memory of a module back some time after it has gone.
	wait_for 10 mem_is_back
	_rc=$?
	WHY="$LESS kB less"
	result $_rc "and memory is back ($LESS kB less)"
}

# Every allocation of a load is made to fail, one a load.
test_faults() {
	if ! grep -qw should_failslab /proc/kallsyms; then
		result 0 "each allocation of a load fails once # SKIP this kernel has no should_failslab"
		return
	fi
	F=/sys/module/havege_fault/parameters
	insmod /guest/havege_fault.ko 2>/tmp/err
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "the fault module loads"
	must_load || return
	find $S $P -type f | sort >/tmp/files
	unload
	_seen=$(get $F/seen)
	klog
	_n=1 _failed=0 _hit=0 _bad=
	while [ $_n -le "$_seen" ]; do
		echo $_n >$F/nth
		if load; then
			find $S $P -type f | sort | cmp -s - /tmp/files ||
				_bad="$_bad $_n: it loaded without some of its files;"
			[ "$(get $S/status)" = ok ] && hwread 64 16 >/tmp/out ||
				_bad="$_bad $_n: status $(get $S/status), $(cat /tmp/out);"
			unload || _bad="$_bad $_n: after success: $WHY $(cat /tmp/err);"
		else
			_failed=$((_failed + 1))
			# EAGAIN is what the kernel's own thread creation makes of some of them.
			grep -qE 'Cannot allocate memory|Resource temporarily' /tmp/err ||
				_bad="$_bad $_n: $(sed 's/.*: //' /tmp/err);"
			# What is left behind would spoil the loads that follow.
			is_gone || { _bad="$_bad $_n: left behind: $WHY;"; break; }
		fi
		_hit=$((_hit + $(get $F/hit)))
		_n=$((_n + 1))
	done
	echo 0 >$F/nth
	# An allocation that fails may be complained about, with a call trace: that is the
	# kernel's way. A warning or an oops is not.
	dmesg -c >/tmp/faultlog
	WHY=$(grep -E 'WARNING:|BUG:|Oops|INFO: ' /tmp/faultlog)
	_missed=$(get $F/missed)
	WHY="$_bad $WHY; missed $_missed, hit $_hit"
	[ "$_seen" -gt 20 ] && [ -z "$_bad" ] && [ "$_missed" = 0 ] && [ $_hit -gt $((_seen / 2)) ] &&
		[ "$_failed" -gt 0 ] && ! grep -qE 'WARNING:|BUG:|Oops|INFO: ' /tmp/faultlog
	result $? "each of $_seen allocations of a load failed once: $_failed loads failed cleanly, $((_seen - _failed)) did not need it ($_hit hit)"
	note "log lines of those loads, how often:"
	sed 's/^\[[^]]*\] //' /tmp/faultlog | grep havege | sort | uniq -c | sort -rn | head -n 20 |
		sed 's/^/# /' >&3
	rmmod havege_fault
	load && [ "$(get $S/status)" = ok ] && hwread 64 16 >/dev/null && unload
	result $? "after that a plain load works"
}

test_virtio() {
	modprobe virtio_pci
	modprobe virtio_rng
	wait_for 10 grep -q virtio_rng $H/rng_available
	result $? "virtio-rng is there"
	is "$(get $H/rng_current)" virtio_rng.0 "and current"
	must_load || return
	is "$(get $H/rng_current)" virtio_rng.0 "with havege loaded virtio_rng.0 stays current"
	grep -qw havege $H/rng_available
	result $? "rng_available has havege"
	_b=$(get $S/bytes_out)
	hwread 64 16 >/dev/null
	is "$(get $S/bytes_out)" "$_b" "readers are served by virtio-rng"
	echo havege >$H/rng_current
	is "$(get $H/rng_current)" havege "echo havege > rng_current switches"
	_b=$(get $S/bytes_out)
	read_test 64 16384
	[ $(($(get $S/bytes_out) - _b)) -ge 1048576 ]
	result $? "and havege served them"
	unload
	result $? "the module unloads while current"
	is "$(get $H/rng_current)" virtio_rng.0 "and virtio_rng.0 is current again"
	hwread 64 16 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=1024 .*error=none' /tmp/out
	result $? "and readers are served"
	must_load && echo havege >$H/rng_current && echo virtio_rng.0 >$H/rng_current
	unload
	result $? "the module unloads while not current"
}

test_log() {
	klog
	grep -nE 'WARNING:|BUG:|Oops|Call Trace|INFO: possible|INFO: task|rcu.*stall|kmemleak|unreferenced object' \
		$KLOG >/tmp/bad
	WHY=$(cat /tmp/bad)
	[ ! -s /tmp/bad ]
	result $? "no WARNING, BUG, Oops, call trace, lockdep or kmemleak line in $(wc -l <$KLOG) lines of log"
}

all_tests() {
	test_state
	test_read
	test_sleep
	test_threshold
	test_cpu
	test_bad_load
	test_good_load
	test_readers
	test_many_loads
	test_faults
}

klog
# The hog must be able to keep its CPU. Newer kernels have two rules against that.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
mount -t debugfs debugfs /sys/kernel/debug
for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
	[ ! -e "$server" ] || echo 0 >"$server"
done
case $1 in
test)
	test_load && all_tests
	;;
test-virtio)
	test_virtio
	;;
esac
test_log
echo "1..$COUNT" >&3
note "end of the guest tests"
