#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tests.sh MODE - the guest tests. What MODE stands for is at the end. Runs as root in the guest,
# on busybox; TAP on descriptor 3, the plan at its end, then "# end of the guest tests".

# shellcheck source=tools.sh
. /guest/tools.sh
# shellcheck source=source-tests.sh
. /guest/source-tests.sh
# shellcheck source=status-tests.sh
. /guest/status-tests.sh
# shellcheck source=debugfs-tests.sh
. /guest/debugfs-tests.sh
# shellcheck source=debug-tests.sh
. /guest/debug-tests.sh
# shellcheck source=hotplug-tests.sh
. /guest/hotplug-tests.sh
# shellcheck source=life-tests.sh
. /guest/life-tests.sh
# shellcheck source=fault-tests.sh
. /guest/fault-tests.sh
# shellcheck source=hostile-tests.sh
. /guest/hostile-tests.sh
# shellcheck source=soak-tests.sh
. /guest/soak-tests.sh
# shellcheck source=suspend-tests.sh
. /guest/suspend-tests.sh
# shellcheck source=clone-tests.sh
. /guest/clone-tests.sh
# shellcheck source=bench-tests.sh
. /guest/bench-tests.sh
# shellcheck source=haveged-tests.sh
. /guest/haveged-tests.sh
# shellcheck source=people-tests.sh
. /guest/people-tests.sh

# --- the tests -------------------------------------------------------------------------------

test_load() {
	modprobe havege_rng 2>/tmp/err
	_rc=$?
	klog
	WHY="$(cat /tmp/err); $NEW"
	result $_rc "the module loads"
	[ $_rc = 0 ] || return 1
	WHY=$NEW
	echo "$NEW" | grep -q 'havege_rng: .*CPU [0-9]' &&
		! echo "$NEW" | grep -v 'module verification failed' | grep -qiE 'error|fail|warn'
	result $? "its log lines name the CPU and no error"
	WHY=$NEW
	echo "$NEW" | grep -qE 'collecting on CPU .*, buffer 16 KiB, quality 512 of 1024' &&
	echo "$NEW" | grep -qE 'replay residual [0-9.]+ bit a tick, credited [0-9.]+: [0-9]+ ticks a block'
	result $? "and what it claims and why"
	note "$(echo "$NEW" | grep 'havege_rng: ' | grep -v taint)"
	is "$(tr ' ' '\n' <$H/rng_available | grep -x havege)" havege "rng_available has havege"
	is "$(get $H/rng_current)" havege "rng_current is havege"
	is "$(rng_quality)" 512 "rng_quality is 512"
	# The kernel seeds itself first and reads from us all the while.
	wait_for 60 sh -c 'dmesg | grep -q "crng init done" || grep -q "crng init done" /tmp/klog'
	result $? "the kernel's own generator gets seeded"
	return 0
}

test_state() {
	is "$(get $S/status)" ok "status is ok"
	is "$(get $S/cpu)" "$LAST" "cpu is the last one"
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
	WHY=$(cd $S && find . -type f ! -name uevent ! -path './power/*' | sort | cut -c 3- | xargs)
	is "$WHY" "bytes_out contributed cpu fill_level geometry/dcache_kb geometry/icache_kb \
geometry/loop_kb geometry/source geometry/table_kb health_failures/counter health_failures/period \
health_failures/proportion health_failures/repetition health_failures/replay health_failures/stuck \
replay_residual status test_entropy tick_entropy ticks_per_block" "the state files are those"
	WHY=$(cd $S && find . -type f ! -name uevent ! -path './power/*' -exec stat -c '%a %u %n' {} +)
	[ "$(echo "$WHY" | grep -c '^444 0 ')" = "$(echo "$WHY" | wc -l)" ]
	result $? "and read-only for everybody"
	WHY=$(cd $P && stat -c '%a %u %n' ./*)
	[ "$(echo "$WHY" | grep -vcE '^(444|644) 0 ')" = 0 ] &&
	[ "$(echo "$WHY" | sed -n 's/^644.*\///p' | sort | xargs)" = "contribute cpu cpus fill_threshold" ]
	result $? "contribute, cpu, cpus and fill_threshold are root's to write, the other parameters nobody's"
}

# says EXPRESSION FILE...: whether awk finds it true of the numbers in these state files, $1 and
# on.
says() {
	_expr=$1
	shift
	WHY=$(cd $S && cat "$@" | xargs)
	echo "$WHY" | awk "{ exit !($_expr) }"
}

# shellcheck disable=SC2016 # the dollars are awk's
test_credit() {
	is "$(get $P/mode)" conditioned "mode is conditioned"
	is "$(get $P/quality)" 512 "quality is 512"
	says '$1 > 0' replay_residual
	result $? "replay_residual is more than nothing ($(get $S/replay_residual))"
	# The files have four decimals, rounded down.
	says '$1 > 0 && $1 <= 0.0625 && $1 <= ($2 + 0.0001) / 8' tick_entropy replay_residual
	result $? "tick_entropy is at most 1/16 and an eighth of that ($(get $S/tick_entropy))"
	says '$1 >= 5120 && $1 >= 320 / ($2 + 0.0001) && $1 < 320 / $2 + 1' ticks_per_block tick_entropy
	result $? "ticks_per_block is 320 bits' worth of them ($(get $S/ticks_per_block))"
	says '($1 == 1 || $1 == 0.5 || $1 == 0.25 || $1 == 0.125) && ($1 <= $2 / 2 || $1 == 0.125)' \
		test_entropy replay_residual
	result $? "test_entropy is a power of two, at most half the residual ($(get $S/test_entropy))"
	WHY=$(cd $S/health_failures && grep . ./*)
	! echo "$WHY" | grep -qv ':0$'
	result $? "no test has failed"
}

# test_read KIB: so much in each way, in the mode that it is loaded in.
test_read() {
	read_test 1 $(($1 * 1024))
	read_test 31 $(($1 * 34))
	read_test 64 $(($1 * 16))
	read_test 4096 "$1"
	# Those who do not wait get what is there: let that be something.
	wait_for 30 level -ge 16384
	read_test 4096 "$1" -n
	wait_for 30 level -ge 16384
	read_test 64 $(($1 * 16)) -n
	hwread -o /tmp/a 4096 1 >/dev/null
	hwread -o /tmp/b 4096 1 >/dev/null
	[ "$(wc -c </tmp/a)" = 4096 ] && [ "$(wc -c </tmp/b)" = 4096 ] && ! cmp -s /tmp/a /tmp/b
	result $? "two blocks of 4096 bytes differ"
	hwread -p 8 64 $(($1 * 8)) >/tmp/out
	WHY="code $?: $(cat /tmp/out)"
	[ "$(grep -c "bytes=$(($1 * 512)) .*error=none" /tmp/out)" = 8 ]
	result $? "8 readers at once, $(($1 * 512)) bytes each"
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
	# A switch is counted when it goes to sleep, which can be a little later.
	wait_for 10 state "$PID" S
	switches
	WHY="from $_before to $SWITCHES"
	[ "$SWITCHES" -gt "$_before" ]
	result $? "and the thread was switched to ($((SWITCHES - _before)) switches)"
}

# on_cpu N: the thread is bound to CPU N, has run there, and says so.
on_cpu() {
	thread && [ "$THREAD" = "havege/$1" ] && [ "$(get $S/cpu)" = "$1" ] && runs_on "$1"
}

where() {
	thread
	WHY="thread $THREAD, state file $(get $S/cpu), allowed $(allowed), ran on $(ran_on)"
}

test_cpu() {
	for _cpu in 0 "$LAST"; do
		unload
		must_load cpu="$_cpu" || continue
		hwread 64 16 >/dev/null
		wait_for 10 on_cpu "$_cpu"
		_rc=$?
		where
		result $_rc "cpu=$_cpu at load time: the thread is bound to CPU $_cpu and runs there"
	done
	for _cpu in 0 "$LAST" -1; do
		_want=$_cpu
		[ "$_cpu" != -1 ] || _want=$LAST
		WHY=
		(echo "$_cpu" >$P/cpu) && hwread 64 16 >/dev/null &&
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
	# The collector's own CPU goes offline under it: while it sleeps, and while it collects. Then
	# it goes to the last one that there is.
	_else=$((LAST > 1 ? LAST : 0))
	echo 1 >$P/cpu
	echo 0 >$CPU1
	hwread 64 16 >/tmp/out
	_rc=$?
	wait_for 10 on_cpu $_else || _rc=1
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
		echo 0 >$CPU1
		wait_for 10 on_cpu $_else || _bad="round $_round: not on CPU $_else"
		# Its buffer has been emptied: what comes now comes after its start-up.
		_b=$(get $S/bytes_out)
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

test_contribute() {
	for _v in 0 1; do
		echo $_v >$P/contribute
		is "$(get $P/contribute)" $_v "writing $_v to contribute"
	done
	for _v in 2 -1; do
		refused contribute $_v "Numerical result"
	done
	for _v in abc "" 1x; do
		refused contribute "$_v" "Invalid argument"
	done
	# The kernel has been reading from us: no need.
	is "$(get $S/contributed)" 0 "nothing is contributed while havege is current"
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
	bad mode= "Invalid"
	bad contribute=2 "Numerical"
	bad contribute=-1 "Numerical"
	bad contribute=abc "Invalid"
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
		icache_kb=64 quality=1 quality=512 quality=1024 mode=conditioned mode=stream \
		contribute=0 contribute=1 fill_threshold=512 fill_threshold=131072 cpu=0 cpu=-1; do
		good $_a
	done
	good mode=stream quality=1 buffer_size=8192
	good fill_threshold=32768 buffer_size=4
	good buffer_size=4 fill_threshold=32768
	good buffer_size=8192 fill_threshold=67108864
	claims 1 0 quality=1
	claims 1024 0 quality=1024
	claims 1 0 mode=stream quality=1
	claims 1 0 mode=stream
	claims 1 1 mode=stream quality=2
	claims 1 1 mode=stream quality=1024
	claims 1 1 quality=1024 mode=stream
}

# claims QUALITY NOTICES PARAMETER=VALUE...: that is what it claims, with that many notices.
claims() {
	_quality=$1 _notices=$2
	shift 2
	klog
	must_load "$@" || return
	klog
	_lowered=$(echo "$NEW" | grep -c "quality=[0-9]* lowered to $_quality")
	WHY="rng_quality $(rng_quality), parameter $(get $P/quality), log: $NEW"
	[ "$(rng_quality)" = "$_quality" ] && [ "$(get $P/quality)" = "$_quality" ] &&
		[ "$_lowered" = "$_notices" ]
	result $? "$*: $_quality of 1024 are claimed, $_notices notices"
	unload
}

test_readers() {
	# Readers that run: rmmod may not wait for them.
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
	result $? "rmmod with 8 readers that run takes at most $((2 * SLOW)) s ($_t/100 s)"
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
	[ $_rc = 0 ] && [ "$_took" -le $((200 * SLOW)) ]
	result $? "rmmod lets 8 blocked readers go within $((2 * SLOW)) s ($_took/100 s)"
	unhog
	wait_for 12 ended $RMMOD
	result $? "rmmod ends ($TOOK/100 s after the hog)"
	wait $RMMOD
	WHY="code $(cat /tmp/rmmod): $(cat /tmp/err)"
	[ "$(cat /tmp/rmmod)" = 0 ] && is_gone
	result $? "rmmod succeeded and left nothing"
	[ $_rc = 0 ] || end_readers -9
	wait $PARENT
	# Where everything is slow the 5 s of a wait can be over before.
	_late=$(grep -c 'error=ETIMEDOUT' /tmp/readers)
	[ "$SLOW" -gt 1 ] || _late=0
	WHY=$(cat /tmp/readers)
	[ $(($(grep -c 'error=ENODEV' /tmp/readers) + _late)) = 8 ]
	result $? "and all 8 end with ENODEV, but for $_late that were late"
	note "$(sort /tmp/readers | head -n 1)"

	must_load || return
	block_readers 1
	result $? "with the collector starved one reader waits in read()"
	end_readers -TERM
	wait_for 10 all_ended
	_rc=$?
	[ $_rc = 0 ] && [ $TOOK -le $((100 * SLOW)) ]
	result $? "a signal ends it at once ($TOOK/100 s)"
	[ $_rc = 0 ] || end_readers -9
	wait $PARENT
	# The wait is bounded: 5 s, then ETIMEDOUT.
	hwread 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	_ms=$(sed -n 's/.*ms=\([0-9]*\) .*/\1/p' /tmp/out)
	grep -q 'error=ETIMEDOUT' /tmp/out && [ "$_ms" -ge $((4000 / SLOW)) ] && [ "$_ms" -le $((8000 * SLOW)) ]
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

# The memory that there is, in kB, in MEM.
mem_is_now() {
	echo 3 >/proc/sys/vm/drop_caches
	MEM=$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)
}

# Memory that has gone since MEM was read, in kB, in LESS; whether it is little.
mem_is_back() {
	echo 3 >/proc/sys/vm/drop_caches
	LESS=$((MEM - $(awk '/MemAvailable/ { print $2 }' /proc/meminfo)))
	[ $LESS -lt 5000 ]
}

test_many_loads() {
	unload
	mem_is_now
	_n=0
	while [ $_n -lt 50 ]; do
		load || { WHY="load $_n: $(cat /tmp/err)"; break; }
		unload || { WHY="unload $_n: $WHY $(cat /tmp/err)"; break; }
		_n=$((_n + 1))
	done
	[ $_n = 50 ]
	result $? "50 times loaded and unloaded"
	# One table a load lost would be 6 MB, one source 10 MB, one buffer 800 kB. The noise is
	# about 1 MB, and newer kernels give the memory of a module back some time after it has
	# gone: up to 4 MB were still away.
	wait_for 30 mem_is_back
	_rc=$?
	WHY="$LESS kB less"
	result $_rc "and memory is back ($LESS kB less)"
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
	read_test 64 64
	[ $(($(get $S/bytes_out) - _b)) -ge 4096 ]
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

# More bytes have been contributed than $1.
contributed() {
	[ "$(get $S/contributed)" -gt "$1" ]
}

# contribute: makes the check now, which is done when the write returns. IN has the bytes.
contribute() {
	_c=$(get $S/contributed)
	echo 1 >$P/contribute
	IN=$(($(get $S/contributed) - _c))
}

test_contribution() {
	modprobe virtio_rng
	wait_for 10 grep -q virtio_rng $H/rng_current
	must_load || return
	is "$(get $P/contribute)" 1 "contribute is on"
	wait_for 30 contributed 0
	result $? "with another source current the first bytes come by themselves ($TOOK/100 s)"
	is "$(get $S/contributed)" 64 "they are 64"
	_b=$(get $S/bytes_out)
	contribute
	is $IN 64 "echo 1 > contribute contributes 64 at once"
	is "$(get $S/bytes_out)" "$_b" "which are not among bytes_out"
	echo 0 >$P/contribute
	is "$(get $S/contributed)" 128 "echo 0 > contribute contributes nothing"
	contribute
	is $IN 64 "and echo 1 begins again"
	# Older kernels read once in the writer's name. The kernel's own thread, which counts, sleeps
	# between two reads, a minute at most.
	echo havege >$H/rng_current
	_b=$(get $S/bytes_out)
	wait_for 90 more_than "$_b"
	result $? "with havege current the kernel reads from it ($TOOK/100 s)"
	contribute
	is $IN 0 "and nothing more is contributed"
	is "$(get $S/status)" ok "status is ok"
	unload
	must_load contribute=0 || return
	wait_for 10 level -ge 512
	is "$(get $S/contributed)" 0 "contribute=0 contributes nothing"
	contribute
	is $IN 64 "until it is switched on"
	unload
	must_load mode=stream || return
	hwread 64 16 >/dev/null
	contribute
	is "$(get $S/contributed)" 0 "walk words are never contributed"
	unload
	result $? "the module unloads"
}

# The command line has what is to be found on this CPU.
test_caches() {
	must_load || return
	_want=$(sed -n 's/.* caches=\([^ ]*\).*/\1/p' /proc/cmdline)
	_g=$S/geometry
	is "$(get $_g/source),$(get $_g/dcache_kb),$(get $_g/icache_kb)" "${_want:-nothing}" \
		"who tells of the caches, and what: $_want"
	read_test 64 16
	unload
	result $? "the module unloads"
}

# All that one machine with no other source can show.
test_plain() {
	test_load || return
	test_state
	test_credit
	test_contribute
	test_read 1
	unload
	# A buffer that blocks fill in a few seconds, emulated.
	must_load buffer_size=4 && test_sleep
	unload
	must_load mode=stream || return
	test_read 1024
	test_sleep
	unload
	must_load || return
	test_threshold
	test_cpu
	test_bad_load
	test_good_load
	test_readers
	test_many_loads
}

klog
# The hog must be able to keep its CPU. Newer kernels have two rules against that.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
mount -t debugfs debugfs "$D"
begin_checks
case $1 in
test-hotplug|test-isolated|test-faults|test-hostile|test-soak)
	# No hog there, but CPUs that go: kernels with that rule can warn when it is turned off.
	;;
*)
	for server in "$D"/sched/fair_server/cpu*/runtime; do
		[ ! -e "$server" ] || echo 0 >"$server"
	done ;;
esac
case $1 in
test-plain)
	test_plain ;;
test-virtio)
	test_virtio
	test_contribution ;;
test-status)
	test_status ;;
test-debugfs)
	test_debugfs
	test_lockdown ;;
test-failure)
	test_failures ;;
test-first)
	test_first ;;
test-counting)
	test_counting ;;
test-no-tsc)
	test_no_tsc ;;
test-hotplug)
	test_partition
	test_hotplug ;;
test-isolated)
	test_isolated ;;
test-caches)
	test_caches ;;
test-wrong)
	test_wrong
	CHECKS= ;;
test-builtin)
	test_builtin ;;
test-life)
	test_life ;;
test-faults)
	test_broken ;;
test-hostile)
	test_hostile ;;
test-soak)
	test_soaks ;;
test-suspend)
	test_suspend ;;
test-hibernate)
	test_hibernate ;;
test-resume)
	test_resume ;;
test-clones)
	test_clones ;;
test-copies)
	test_copies ;;
test-bench)
	test_bench ;;
test-haveged)
	test_haveged ;;
test-haveged-counting)
	test_haveged_counting ;;
test-container)
	test_container ;;
test-host)
	test_host ;;
test-guest-*)
	test_guest "${1#test-guest-}" ;;
esac
test_checks
test_log
echo "1..$COUNT" >&3
note "end of the guest tests"
