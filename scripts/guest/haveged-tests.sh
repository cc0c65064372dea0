#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # WHY is for result, in tap.sh
#
# haveged-tests.sh - sourced by the guest's tests: Debian's haveged, run as a program, and the module
# beside it: what the README says of each option, of both running, and of the change.

POOL=/proc/sys/kernel/random
DAEMON=

# daemon [OPTION]...: haveged as a daemon in the foreground; DAEMON. It feeds the kernel when it has
# passed its own tests, which takes a while where everything is emulated.
daemon() {
	: >/tmp/daemon
	haveged -F -v 1 "$@" >/tmp/daemon 2>&1 &
	DAEMON=$!
	wait_for 120 feeding
}

# It waits for the kernel to want something, in select() or poll(), or has ended.
feeding() {
	ended "$DAEMON" && return 0
	state "$DAEMON" S && grep -qE 'do_select|do_sys_poll|core_sys_select|do_pselect' "/proc/$DAEMON/stack"
}

# Of the daemon, hundredths of a second.
cpu_time() {
	awk '{ print $14 + $15 }' "/proc/$DAEMON/stat"
}

daemon_end() {
	kill "$DAEMON" 2>/dev/null
	wait "$DAEMON"
	DAEMON=
}

# one_shot SECONDS [OPTION]...: haveged to its end; its code in RC.
one_shot() {
	_s=$(($1 * SLOW))
	shift
	timeout "$_s" haveged "$@" >/tmp/out 2>/tmp/err </dev/null
	RC=$?
	WHY="code $RC: $(head -c 300 /tmp/err; head -c 300 /tmp/out | tr -dc '[:print:]\n')"
}

# option -X: the README's table has a row for it.
option_rows() {
	haveged --help >/tmp/help 2>&1
	_options=$(sed -n 's/^ *--[^ ]* *, *\(-[A-Za-z]\) .*/\1/p' /tmp/help)
	_missing=
	for _o in $_options; do
		grep -q "^    ${_o}[ ,]" /guest/README || _missing="$_missing $_o"
	done
	WHY="options: $(echo "$_options" | xargs); without a row:$_missing"
	[ "$(echo "$_options" | wc -l)" -ge 14 ] && [ -z "$_missing" ]
	result $? "each of haveged's $(echo "$_options" | wc -l) options has a row"
	haveged --version >/tmp/out 2>&1
	note "$(grep -m 1 '[0-9]\.[0-9]' /tmp/out)"
}

# The pool, whoever fills it. KNOWS: whether this kernel is one of those with 256 bits.
test_pool() {
	note "poolsize $(get "$POOL/poolsize"), entropy_avail $(get "$POOL/entropy_avail")," \
		"write_wakeup_threshold $(get "$POOL/write_wakeup_threshold")"
	is "$(get "$POOL/poolsize")" 256 "the pool has 256 bits"
	# The first one who waits has the kernel time itself.
	head -c 32 /dev/random >/tmp/out
	wait_for 60 sh -c 'dmesg | grep -q "crng init done"'
	result $? "the kernel seeds itself"
	is "$(get "$POOL/entropy_avail")" 256 "and entropy_avail says 256"
	clock
	_t=$NOW
	head -c 262144 /dev/random >/tmp/out
	clock
	_t=$((NOW - _t))
	[ "$(wc -c </tmp/out)" = 262144 ]
	result $? "without haveged or module 256 KiB of /dev/random come at once ($_t/100 s)"
	is "$(get "$POOL/entropy_avail")" 256 "and entropy_avail is still 256"
}

# Each option, and what is in its place.
test_options() {
	_old=$(get "$POOL/write_wakeup_threshold")
	daemon -w 1024
	result $? "-w 1024: haveged runs ($TOOK/100 s)"
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "and goes on running ($(head -n 1 /tmp/daemon))"
	is "$(get "$POOL/write_wakeup_threshold")" "$_old" "and the kernel's threshold is what it was"
	is "$(get "$POOL/entropy_avail")" 256 "and so is entropy_avail"
	is "$(cat "/proc/$DAEMON/comm")" haveged "haveged is a process"
	taskset -p 1 "$DAEMON" >/dev/null
	result $? "taskset moves it"
	# It has done what there was to be done; what is read does not wake it.
	_time=$(cpu_time)
	head -c 1048576 /dev/random >/tmp/out
	sleep 2
	is "$(cpu_time)" "$_time" "after 1 MiB of /dev/random it has not used any CPU time"
	daemon_end

	one_shot 300 -n 2048 -f /tmp/sample
	[ "$(wc -c </tmp/sample)" = 2048 ]
	result $? "-n 2048 -f FILE: haveged writes 2048 bytes"
	one_shot 300 -r 1
	[ "$RC" = 0 ] && cat /tmp/out /tmp/err | grep -qi 'cache\|inst'
	result $? "-r 1: haveged shows its configuration"
	one_shot 300 -b 64 -d 32 -i 16 -o ta8b -n 16 -f /tmp/sample
	[ "$RC" = 0 ] && [ "$(wc -c </tmp/sample)" = 16 ]
	result $? "-b 64 -d 32 -i 16 -o ta8b: they are taken"

	must_load buffer_size=64 dcache_kb=64 icache_kb=16 fill_threshold=20000 cpu=0 || return
	is "$(get "$P/fill_threshold")" 20000 "-w: fill_threshold is the module's own"
	is "$(get "$P/buffer_size")" 64 "-b: buffer_size"
	is "$(get "$S/geometry/dcache_kb") $(get "$S/geometry/icache_kb") $(get "$S/geometry/source")" \
		"64 16 parameter" "-d, -i: dcache_kb, icache_kb"
	is "$(get "$S/cpu")" 0 "taskset: cpu"
	echo 1 >"$P/cpu"
	is "$(get "$S/cpu")" 1 "and while it runs"
	thread
	taskset -p 1 "$PID" >/tmp/out 2>&1
	_rc=$?
	WHY=$(cat /tmp/out)
	[ $_rc != 0 ]
	result $? "taskset does not move the module's thread"
	[ ! -e "/proc/$PID/exe" ] && [ "$(get "$S/status")" = ok ]
	result $? "-F, -p, -c: there is no process, but a thread of the kernel's ($THREAD)"
	readme "head -c 2048 /dev/hwrng > sample"
	is "$(wc -c <sample)" 2048 "-n, -f: so many bytes of /dev/hwrng"
	rm -f sample
	readme "grep -r . /sys/devices/havege_rng/geometry"
	WHY=$(cat /tmp/out)
	grep -q 'dcache_kb:64' /tmp/out && grep -q 'loop_kb:[0-9]' /tmp/out
	result $? "-r 1: the state files"
	readme "grep -r . /sys/devices/havege_rng/health_failures"
	[ "$(wc -l </tmp/out)" = 6 ]
	result $? "-o: tests that have said no are counted"
	ls "$P" >/tmp/out
	! grep -qi 'test' /tmp/out
	result $? "and there is no knob to turn them off"
	dmesg | grep -q 'havege_rng: collecting on CPU 0'
	result $? "-v: what it does is in the log"
	readme "modinfo -p havege_rng"
	grep -q '^fill_threshold:' /tmp/out
	result $? "-h: modinfo"
	readme "modinfo -F version havege_rng"
	is "$(cat /tmp/out)" "$(get /sys/module/havege_rng/version)" "-V: modinfo, and it is the one that runs"
	unload
	result $? "it goes"
	# -e: once.
	must_load || return
	wait_for 30 more_than 31
	result $? "-e: as soon as it is there the kernel takes its bytes ($(get "$S/bytes_out"))"
	unload
	is "$(get "$POOL/entropy_avail")" 256 "and they stay in the pool when it goes"
}

# Side by side, in both orders, and from the one to the other.
test_both() {
	daemon
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "haveged runs"
	must_load || return
	is "$(get "$S/status")" ok "the module beside it: ok"
	is "$(get "$H/rng_current")" havege "and the current source"
	flows
	WHY=$(cat /tmp/out)
	result $? "and its bytes flow"
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "and haveged goes on"
	unload
	result $? "the module goes, with haveged there"
	daemon_end
	WHY="$(cat /tmp/daemon)"
	grep -q 'signal' /tmp/daemon
	result $? "haveged says why it stopped: $(grep signal /tmp/daemon)"
	must_load || return
	daemon
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "haveged starts where the module is"
	_out=$(get "$S/bytes_out")
	hwread 64 16 >/tmp/out
	[ "$(get "$S/bytes_out")" -gt "$_out" ]
	result $? "and takes nothing from it"
	daemon_end
	is "$(get "$POOL/entropy_avail")" 256 "after the change entropy_avail is 256"
	head -c 65536 /dev/random >/tmp/out
	is "$(wc -c </tmp/out)" 65536 "and /dev/random does not wait"
	is "$(get "$S/status") $(get "$H/rng_current")" "ok havege" "the module is left, and the current source"
	cat /proc/[0-9]*/comm >/tmp/out 2>/dev/null
	! grep -qx haveged /tmp/out
	result $? "and no haveged"
	unload
	result $? "it goes"
}

# fails_with TEXT: of the last one_shot, that it failed with these words, which the README has.
fails_with() {
	[ "$RC" != 0 ] && grep -q "$1" /tmp/err && grep -qF "$1" /guest/README
	result $? "haveged: '$1'"
}

# What haveged says, and what the module says instead.
test_messages() {
	one_shot 60 -d 99999999 -n 16 -f /tmp/sample
	fails_with "Couldn't initialize HAVEGE rng"
	one_shot 60 -n 16 -f /nowhere/sample
	fails_with "Cannot open file"
	mv /dev/random /dev/random.away
	one_shot 60 -F
	fails_with "random device"
	mv /dev/random.away /dev/random
	umount /proc
	haveged -F >/tmp/out 2>/tmp/err </dev/null
	RC=$?
	mount -t proc proc /proc
	WHY="code $RC: $(cat /tmp/err)"
	fails_with "Couldn't get poolsize"
	klog
	load dcache_kb=1
	_rc=$?
	klog
	WHY="$NEW"
	[ $_rc != 0 ] && echo "$NEW" | grep -q 'dcache_kb=1 is out of range'
	result $? "the module: dcache_kb=1 is out of range"
	load fill_threshold=1
	klog
	WHY="$NEW"
	echo "$NEW" | grep -q 'fill_threshold=1 is out of range'
	result $? "the module: fill_threshold=1 is out of range"
}

test_haveged() {
	option_rows
	test_pool
	test_options
	test_both
	test_messages
}

# A machine on which nothing is left to chance: there is nothing for either of them.
test_haveged_counting() {
	one_shot 800 -n 64 -f /tmp/sample
	[ "$RC" = 0 ] && [ "$(wc -c </tmp/sample)" = 64 ]
	result $? "haveged passes its own tests, and gives bytes"
	note "haveged bytes: $(xxd -p /tmp/sample | tr -d ' \n')"
	! load
	_rc=$?
	klog
	WHY=$NEW
	[ $_rc = 0 ] && echo "$NEW" | grep -q 'havege_rng: not started'
	result $? "the module is refused there"
	note "$(echo "$NEW" | grep 'not started' | cut -c 1-100)"
}
