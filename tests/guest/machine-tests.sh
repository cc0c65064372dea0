# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# machine-tests.sh - sourced by tests.sh: the modes first, counting, no-tsc, caches and
# generation, each for one kind of machine.

# The first 64 bytes. tests/vm compares those of two boots.
test_first() {
	klog
	must_load || return
	klog
	test_claims
	is "$(get "$H/rng_current")" havege "havege is current"
	test_first_bytes "a read gets 64 bytes"
	note "first bytes: $(hexdump -v -e '1/1 "%02x"' /tmp/a)"
}

# A board of another architecture loads the module, or refuses it with one line that has the reason.
# tests/kernels reads the note "board:".
test_board() {
	klog
	note "CPU: $(grep -m 1 -iE '^(model name|cpu model|isa|cpu|processor)' /proc/cpuinfo | tr -s '\t' ' ')"
	# A busy host can make the first ones fail.
	for _try in 1 2 3 4 5; do
		timed try_load
		_rc=$?
		klog
		note "load: $T/100 s, $(echo "$NEW" | grep 'havege_rng: ' | grep -v taint)"
		[ $_rc != 0 ] || break
	done
	_time=$((T / 100)).$(printf %02d $((T % 100)))
	if [ "$_rc" != 0 ]; then
		note "board: refused: $(echo "$NEW" | sed -n 's/.*not started: \([^:]*\):.*/\1/p');" \
			"start-up $_time s"
		WHY="$(cat /tmp/err); $NEW"
		grep -q 'No such device' /tmp/err &&
			echo "$NEW" | grep -qE 'havege_rng: not started: .*(replay found|the cycle counter)'
		result $? "the module refuses this machine, and says why"
		is_gone
		result $? "nothing of it is left"
		return
	fi
	result 0 "the module loads"
	test_claims
	note "board: loads: k = $(get "$S/sample_steps"), residual $(get "$S/replay_residual")," \
		"credited $(get "$S/sample_entropy"); start-up $_time s;" \
		"L1d and L1i $(get "$S/geometry/dcache_kb") and $(get "$S/geometry/icache_kb") KiB" \
		"($(get "$S/geometry/source"));" \
		"$(awk '$1 == "havege_rng" { print $2 }' /proc/modules) bytes in memory"
	test_geometry
	is "$(get "$H/rng_current")" havege "havege is current"
	# Where there is little noise a restart can take longer than a read waits.
	wait_for 60 read_gets 64 16
	result $? "reading 16 times 64 bytes ($WHY)"
	test_threshold
	for _cpu in /sys/devices/system/cpu/cpu[1-9]/online; do
		[ -e "$_cpu" ] || continue
		echo 0 >"$_cpu"
		becomes_ok && hwread 64 1 | grep -q 'bytes=64 .*error=none'
		result $? "a read gets 64 bytes with $_cpu 0"
		echo 1 >"$_cpu"
	done
	unload
	is_gone
	result $? "the module is unloaded, and nothing of it is left"
}

NOTHING_FOUND='not started: replay found 0\.0[0-9]* bit a sample \(k = [0-9]*\), 0\.[0-9]* is needed: '
NO_TSC='this CPU has no time stamp counter: there is nothing to collect from'

# no_load TEXT PATTERN PARAMETER=VALUE...: tests that the load fails with ENODEV, one log line
# matches PATTERN, and nothing is left.
no_load() {
	_text=$1 _pattern=$2
	shift 2
	klog
	if try_load "$@"; then
		klog
		WHY="it loaded: $NEW"
		result 1 "$_text: the load fails"
		unload
		return
	fi
	klog
	# Many machines do not tell their caches.
	_lines=$(echo "$NEW" | grep 'havege_rng: ' | grep -vE 'taint|generic tuning')
	_why=
	grep -q 'No such device' /tmp/err || _why="error: $(cat /tmp/err)"
	[ "$(echo "$_lines" | grep -c .)" = 1 ] || _why="$_why; not one line"
	echo "$_lines" | grep -qE "$_pattern" || _why="$_why; not the line"
	is_gone || _why="$_why; left behind: $WHY"
	WHY="$_why: $_lines"
	[ -z "$_why" ]
	result $? "$_text: the load fails: ${_lines#*] }"
}

# A machine without timing noise, also with timers and with readers of the state files: their
# interference with the replays must not pass for noise.
test_counting() {
	# With shift=9 the guest's clock runs for minutes while the kernel unpacks the initramfs.
	# The hung-task watchdog reports that, before the module is loaded.
	klog
	: >"$KLOG"
	for _m in conditioned stream; do
		no_load "mode=$_m" "$NOTHING_FOUND" mode=$_m
	done
	for _t in 100 333 1000 7000; do
		hwtick $_t &
		_pid=$!
		no_load "a timer every $_t us" "$NOTHING_FOUND"
		kill $_pid
		wait $_pid
	done
	(while :; do cat "$H"/rng_* "$S"/* "$P"/* >/dev/null 2>&1; done) &
	_pid=$!
	for _m in conditioned stream; do
		no_load "with state files read, mode=$_m" "$NOTHING_FOUND" mode=$_m contribute=1
	done
	kill $_pid
	wait $_pid
}

test_no_tsc() {
	for _m in conditioned stream; do
		no_load "mode=$_m" "$NO_TSC" mode=$_m
	done
}

# The kernel's command line has the expected caches of this CPU.
test_geometry() {
	_want=$(sed -n 's/.* caches=\([^ ]*\).*/\1/p' /proc/cmdline)
	_g=$S/geometry
	is "$(get "$_g/source"),$(get "$_g/dcache_kb"),$(get "$_g/icache_kb")" "${_want:-nothing}" \
		"geometry has the expected source and caches: $_want"
}

test_caches() {
	must_load || return
	test_geometry
	read_test 64 16
	test_unload
}

# The CPU shows no hypervisor: this machine is not copied, and the core may keep a rest.
test_bare() {
	must_load || return
	becomes_ok
	result $? "status is ok"
	! grep -qw hypervisor /proc/cpuinfo && ! is_sealed
	result $? "the CPU and the module show no hypervisor"
	fill_up
	byte_takes 64 "the hw_random core gets 64 bytes for a reader of one"
	read_test 64 16
	test_unload
	must_load mode=stream || return
	fill_up
	byte_takes 64 "in mode=stream too"
	test_unload
}

# The kernel's command line has the ID's address, or "lost": the kernel cannot map it. A write to it is
# what a hypervisor does to a copy.
test_generation() {
	_id=$(sed -n 's/.* generation=\([^ ]*\).*/\1/p' /proc/cmdline)
	klog
	must_load || return
	klog
	if [ "$_id" = lost ]; then
		test_lost
		return
	fi
	WHY=$NEW
	! echo "$NEW" | grep -q 'generation ID'
	result $? "the module has found the ID at $_id"
	becomes_ok
	result $? "status is ok"
	fill_up
	_rc=$?
	WHY="fill_level $(get "$S/fill_level") of $FULL"
	result $_rc "the buffer is full"
	thread
	OLD=$PID
	WHY=$(hwmem "$_id" 2>&1)
	result $? "the ID changes"
	# The core's thread reads once a minute. It may notice the change first, and wait for new bytes.
	hwread -n 64 1 >/tmp/out
	WHY="thread $OLD before; $(cat /tmp/out)"
	grep -q 'bytes=0 .*error=none' /tmp/out || new_thread
	result $? "no ready byte leaves"
	_level=$(get "$S/fill_level")
	WHY="fill_level $_level, $FULL before"
	[ "$_level" -lt $((FULL / 2)) ]
	result $? "the ready bytes are dropped"
	test_first_bytes "bytes come"
	WHY="thread $OLD before, $PID now"
	new_thread
	result $? "they come from a new thread"
	test_unload
}

test_lost() {
	WHY=$NEW
	echo "$NEW" | grep -q 'the VM generation ID .* cannot be read' &&
		echo "$NEW" | grep -q 'no VM generation ID: fresh samples'
	result $? "the module cannot read the ID, says so, and goes on as without one"
	becomes_ok
	result $? "status is ok"
	test_first_bytes "bytes come"
	test_unload
}
