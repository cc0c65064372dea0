# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# haveged-tests.sh - sourced by tests.sh: the modes haveged and haveged-counting. They run Debian's
# haveged beside the module and test what haveged.rst says of its options and of the change.

POOL=/proc/sys/kernel/random
DAEMON=

# daemon [OPTION]...: starts haveged in the foreground: DAEMON. It feeds the kernel after its own
# tests, which take a while on the emulator.
daemon() {
	: >/tmp/daemon
	haveged -F -v 1 "$@" >/tmp/daemon 2>&1 &
	DAEMON=$!
	wait_for 120 feeding
}

# feeding: it waits in select() or poll(), or has ended.
feeding() {
	ended "$DAEMON" && return 0
	in_state "$DAEMON" S &&
		grep -qE 'do_select|do_sys_poll|core_sys_select|do_pselect' "/proc/$DAEMON/stack"
}

# wakeups: prints how often the daemon has slept.
wakeups() {
	awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$DAEMON/status"
}

# activity: prints its CPU time in hundredths of a second, and its state.
activity() {
	awk '{ print $14 + $15, $3 }' "/proc/$DAEMON/stat"
}

# rests: it sleeps for a whole second.
rests() {
	_before="$(wakeups) $(activity)"
	sleep 1
	[ "$(wakeups) $(activity)" = "$_before" ] && [ "${_before##* }" = S ]
}

daemon_end() {
	kill "$DAEMON" 2>/dev/null
	wait "$DAEMON"
	DAEMON=
}

# one_shot SECONDS [OPTION]...: runs haveged to its end. RC is its code.
one_shot() {
	_s=$(($1 * SLOW))
	shift
	timeout "$_s" haveged "$@" >/tmp/out 2>/tmp/err </dev/null
	RC=$?
	WHY="code $RC: $(head -c 300 /tmp/err; head -c 300 /tmp/out | tr -dc '[:print:]\n')"
}

# Each option of haveged has an entry in haveged.rst.
option_rows() {
	haveged --help >/tmp/help 2>&1
	_options=$(sed -n 's/^ *--[^ ]* *, *\(-[A-Za-z]\) .*/\1/p' /tmp/help)
	_missing=
	for _o in $_options; do
		grep -q "^\`\`${_o}[\`,]" /guest/haveged.rst || _missing="$_missing $_o"
	done
	WHY="options: $(echo "$_options" | xargs); without a row:$_missing"
	[ "$(echo "$_options" | wc -l)" -ge 14 ] && [ -z "$_missing" ]
	result $? \
		"haveged.rst has an entry for each of haveged's $(echo "$_options" | wc -l) options"
	haveged --version >/tmp/out 2>&1
	note "$(grep -m 1 '[0-9]\.[0-9]' /tmp/out)"
}

# The kernel's pool, without haveged and without the module.
test_pool() {
	note "poolsize $(get "$POOL/poolsize"), entropy_avail $(get "$POOL/entropy_avail")," \
		"write_wakeup_threshold $(get "$POOL/write_wakeup_threshold")"
	is "$(get "$POOL/poolsize")" 256 "the pool has 256 bits"
	# The first reader that waits makes the kernel seed itself.
	head -c 32 /dev/random >/tmp/out
	wait_for 60 sh -c 'dmesg | grep -q "crng init done"'
	result $? "the kernel seeds itself"
	is "$(get "$POOL/entropy_avail")" 256 "entropy_avail is 256"
	clock
	_t=$NOW
	head -c 262144 /dev/random >/tmp/out
	clock
	_t=$((NOW - _t))
	[ "$(wc -c </tmp/out)" = 262144 ]
	result $? "without haveged and module 256 KiB of /dev/random come at once ($_t/100 s)"
	is "$(get "$POOL/entropy_avail")" 256 "entropy_avail is still 256"
}

# Each option, and what replaces it.
test_options() {
	_old=$(get "$POOL/write_wakeup_threshold")
	daemon -w 1024
	result $? "-w 1024: haveged runs ($TOOK/100 s)"
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "haveged keeps running ($(head -n 1 /tmp/daemon))"
	is "$(get "$POOL/write_wakeup_threshold")" "$_old" "the kernel's threshold has not changed"
	is "$(get "$POOL/entropy_avail")" 256 "entropy_avail has not changed"
	is "$(cat "/proc/$DAEMON/comm")" haveged "haveged is a process"
	taskset -p 1 "$DAEMON" >/dev/null
	result $? "taskset moves it"
	# haveged does not make these bytes; it may look at the pool once or twice.
	wait_for 30 rests
	_wakeups=$(wakeups)
	head -c 1048576 /dev/random >/tmp/out
	sleep 2
	_wakeups=$(($(wakeups) - _wakeups))
	WHY="woken $_wakeups times"
	[ $_wakeups -le 2 ]
	result $? "1 MiB of /dev/random wakes haveged $_wakeups times, not for each read"
	daemon_end

	one_shot 300 -n 2048 -f /tmp/sample
	[ "$(wc -c </tmp/sample)" = 2048 ]
	result $? "-n 2048 -f FILE: haveged writes 2048 bytes"
	one_shot 300 -r 1
	[ "$RC" = 0 ] && cat /tmp/out /tmp/err | grep -qi 'cache\|inst'
	result $? "-r 1: haveged shows its configuration"
	one_shot 300 -b 64 -d 32 -i 16 -o ta8b -n 16 -f /tmp/sample
	[ "$RC" = 0 ] && [ "$(wc -c </tmp/sample)" = 16 ]
	result $? "-b 64 -d 32 -i 16 -o ta8b: haveged accepts them"

	must_load buffer_size=64 dcache_kb=64 icache_kb=16 fill_threshold=20000 cpu=0 || return
	is "$(get "$P/fill_threshold")" 20000 "-w: fill_threshold"
	is "$(get "$P/buffer_size")" 64 "-b: buffer_size"
	is "$(get "$S/geometry/dcache_kb") $(get "$S/geometry/icache_kb") $(get "$S/geometry/source")" \
		"64 16 parameter" "-d, -i: dcache_kb, icache_kb"
	is "$(get "$S/cpu")" 0 "taskset: cpu"
	echo 1 >"$P/cpu"
	is "$(get "$S/cpu")" 1 "taskset: cpu at run time"
	thread
	taskset -p 1 "$PID" >/tmp/out 2>&1
	_rc=$?
	WHY=$(cat /tmp/out)
	[ $_rc != 0 ]
	result $? "taskset does not move the module's thread"
	[ ! -e "/proc/$PID/exe" ] && becomes_ok
	result $? "-F, -p, -c: no process, but a kernel thread ($THREAD)"
	doc_command "head -c 2048 /dev/hwrng > sample"
	is "$(wc -c <sample)" 2048 "-n, -f: head -c reads 2048 bytes of /dev/hwrng"
	rm -f sample
	doc_command "grep -r . /sys/devices/havege_rng/geometry"
	WHY=$(cat /tmp/out)
	grep -q 'dcache_kb:64' /tmp/out && grep -q 'loop_kb:[0-9]' /tmp/out
	result $? "-r 1: the state files have the caches"
	doc_command "grep -r . /sys/devices/havege_rng/health_failures"
	[ "$(wc -l </tmp/out)" = 6 ]
	result $? "-o: health_failures counts the failures of six tests"
	ls "$P" >/tmp/out
	! grep -qi 'test' /tmp/out
	result $? "no parameter turns the tests off"
	dmesg | grep -q 'havege_rng: collecting on CPU 0'
	result $? "-v: the kernel log"
	doc_command "modinfo -p havege_rng"
	grep -q '^fill_threshold:' /tmp/out
	result $? "-h: modinfo"
	doc_command "modinfo -F version havege_rng"
	is "$(cat /tmp/out)" "$(get /sys/module/havege_rng/version)" \
		"-V: modinfo has the version of the loaded module"
	test_unload
	must_load || return
	wait_for 30 more_than 31
	result $? "-e: after the load the kernel takes bytes ($(get "$S/bytes_out"))"
	unload
	is "$(get "$POOL/entropy_avail")" 256 "the pool keeps them after the unload"
}

# Both at once, in both orders, and the change from haveged to the module.
test_both() {
	daemon
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "haveged runs"
	must_load || return
	becomes_ok
	result $? "the module beside haveged: status is ok"
	is "$(get "$H/rng_current")" havege "the module is the current source"
	flows
	_rc=$?
	WHY=$(cat /tmp/out)
	result $_rc "its bytes come"
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "haveged keeps running"
	unload
	result $? "the module unloads while haveged runs"
	daemon_end
	WHY="$(cat /tmp/daemon)"
	grep -q 'signal' /tmp/daemon
	result $? "haveged prints why it stopped: $(grep signal /tmp/daemon)"
	must_load || return
	daemon
	ended "$DAEMON"
	[ $? = 1 ]
	result $? "haveged starts beside the loaded module"
	_out=$(get "$S/bytes_out")
	hwread 64 16 >/tmp/out
	[ "$(get "$S/bytes_out")" -gt "$_out" ]
	result $? "havege still serves readers"
	daemon_end
	is "$(get "$POOL/entropy_avail")" 256 "after the change entropy_avail is 256"
	head -c 65536 /dev/random >/tmp/out
	is "$(wc -c </tmp/out)" 65536 "/dev/random does not wait"
	becomes_ok
	is "$(get "$S/status") $(get "$H/rng_current")" "ok havege" \
		"the module is ok and the current source"
	cat /proc/[0-9]*/comm >/tmp/out 2>/dev/null
	! grep -qx haveged /tmp/out
	result $? "no haveged runs"
	test_unload
}

# fails_with TEXT: tests that the last one_shot failed with TEXT, and that haveged.rst has TEXT.
fails_with() {
	[ "$RC" != 0 ] && grep -q "$1" /tmp/err && grep -qF "$1" /guest/haveged.rst
	result $? "haveged: '$1'"
}

# Error messages of haveged, and those of the module instead.
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
	try_load dcache_kb=1
	_rc=$?
	klog
	WHY="$NEW"
	[ $_rc != 0 ] && echo "$NEW" | grep -q 'dcache_kb=1 is out of range'
	result $? "the module: dcache_kb=1 is out of range"
	try_load fill_threshold=1
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

# A machine without timing noise. haveged runs there; the module does not load.
test_haveged_counting() {
	one_shot 800 -n 64 -f /tmp/sample
	[ "$RC" = 0 ] && [ "$(wc -c </tmp/sample)" = 64 ]
	result $? "haveged passes its own tests and gives bytes"
	note "haveged bytes: $(xxd -p /tmp/sample | tr -d ' \n')"
	! try_load
	_rc=$?
	klog
	WHY=$NEW
	[ $_rc = 0 ] && echo "$NEW" | grep -q 'havege_rng: not started'
	result $? "the module does not load there"
	note "$(echo "$NEW" | grep 'not started' | cut -c 1-100)"
}
