# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# fault-tests.sh - sourced by tests.sh: the mode faults. Functions and allocations of the kernel
# fail in a load, in a move and when a CPU goes offline (fault/havege_fault.c).

# A failed allocation may put a call trace into the kernel log. So these tests have a log of their
# own.
FAULTLOG=/tmp/faultlog

flog() {
	dmesg -c >/tmp/new
	cat /tmp/new >>$FAULTLOG
	NEW=$(cat /tmp/new)
}

# new_lines: sets NEW to the module's new log lines.
new_lines() {
	flog
	NEW=$(echo "$NEW" | grep 'havege_rng: ' | grep -v taint)
}

# --- functions of the kernel -----------------------------------------------------------------

# breaks FUNCTION ERROR MESSAGE [may]: in one load the first call of that kernel function fails, in
# the next the second, and so on, twice each. Then the load fails with MESSAGE and one log line, or
# the module works without it: the kernel itself may have made the call. Without the first call the
# load must fail. "may": some kernels and machines do not call it.
breaks() {
	_text="$1 fails"
	echo "$2" >"$F/error"
	if ! echo "$1" 2>/dev/null >"$F/fail"; then
		[ "$4" = may ]
		result $? "$_text # SKIP this kernel has no such function"
		return
	fi
	BAD='' _call=0 _fails=0 _line=
	while [ -z "$BAD" ]; do
		_call=$((_call + 1))
		echo $_call >"$F/call"
		break_once "$3" || break
		break_once "$3" || BAD="$BAD it fails once and not twice;"
	done
	echo "" >"$F/fail"
	if [ -z "$BAD" ] && [ $_call = 1 ]; then
		[ "$4" = may ]
		result $? "$_text # SKIP a load does not call it"
		return
	fi
	must_serve "$BAD"
	WHY="call $_call: $BAD $_line"
	[ -z "$BAD" ] && [ $_fails -gt 0 ]
	result $? "$_text: $_fails loads fail in $((_call - 1)) calls, the next works (${_line#*] })"
}

# break_once MESSAGE: loads once; fails if the load has no such call.
break_once() {
	new_lines
	if try_load; then
		{ becomes_ok && flows; } || BAD="$BAD it loads, but $(cat /tmp/out);"
		_hit=$(get "$F/failed")
		unload || BAD="$BAD after success: $WHY $(cat /tmp/err);"
		[ "$_call" != 1 ] || [ "$_hit" = 0 ] || BAD="$BAD it loads;"
		[ "$_hit" != 0 ]
		return
	fi
	new_lines
	_line=$NEW
	_fails=$((_fails + 1))
	grep -q "$1" /tmp/err || BAD="modprobe: $(cat /tmp/err);"
	[ "$(echo "$NEW" | grep -c .)" = 1 ] || BAD="$BAD not one line;"
	is_gone || BAD="$BAD left behind: $WHY;"
}

# must_serve TEXT: loads, reads, unloads. BAD is TEXT and what was wrong.
must_serve() {
	BAD=$1
	try_load || BAD="$BAD load: $(cat /tmp/err);"
	[ ! -e "$S" ] || { becomes_ok && flows; } ||
		BAD="$BAD status $(get "$S/status"), $(cat /tmp/out);"
	[ ! -e "$S" ] || unload || BAD="$BAD unload: $WHY $(cat /tmp/err);"
}

# bears FUNCTION ERROR: tests that the module works although FUNCTION returns ERROR.
bears() {
	_text="$1 fails"
	echo "$2" >"$F/error"
	echo 1 >"$F/call"
	if ! echo "$1" 2>/dev/null >"$F/fail"; then
		result 0 "$_text # SKIP this kernel has no such function"
		return
	fi
	BAD=''
	for _n in 1 2 3; do
		try_load || BAD="$BAD load: $(cat /tmp/err);"
		[ "$(get "$F/failed")" -gt 0 ] || BAD="$BAD it was not called;"
		[ ! -e "$S" ] || { becomes_ok && flows; } || BAD="$BAD $(cat /tmp/out);"
		unload || BAD="$BAD unload: $WHY $(cat /tmp/err);"
	done
	echo "" >"$F/fail"
	new_lines
	must_serve "$BAD"
	WHY=$BAD
	[ -z "$BAD" ]
	result $? "$_text: the module loads and works all the same, 3 times"
}

# optimise 0|1: forbids or allows the kernel to turn probes into jumps.
optimise() {
	_f=/proc/sys/debug/kprobes-optimization
	[ ! -e $_f ] || echo "$1" >$_f
}

# has_generation: the machine has a VM generation ID. tests/vm gives x86 machines one.
has_generation() {
	[ "$(uname -m)" = x86_64 ]
}

# No other function returns EDOM here.
test_functions() {
	optimise 0
	_edom='Numerical argument out of domain'
	for _f in hwrng_register kthread_create_on_node __cpuhp_setup_state __root_device_register \
		device_add_groups register_pm_notifier; do
		breaks $_f -33 "$_edom"
	done
	breaks register_random_vmfork_notifier -33 "$_edom" may
	# It returns NULL. Newer kernels have another name for it.
	_f=alloc_workqueue
	grep -qw $_f /proc/kallsyms || _f=alloc_workqueue_noprof
	breaks $_f 0 'Cannot allocate memory'
	# It returns NULL. Only a machine with a generation ID calls it.
	if has_generation; then
		bears memremap 0
		WHY=$NEW
		echo "$NEW" | grep -q 'the VM generation ID .* cannot be read' &&
			echo "$NEW" | grep -q 'no VM generation ID: fresh samples'
		result $? "memremap fails: the log says that the ID cannot be read"
	else
		result 0 "memremap fails # SKIP this machine has no generation ID"
	fi
	bears debugfs_create_dir -33
	optimise 1
}

# --- allocations -----------------------------------------------------------------------------

# every TEXT STEP COMMAND...: runs COMMAND once to count its allocations, then again and again with
# each STEP-th of them failing. COMMAND arms the fault module and sets BAD if something is wrong.
# HITS counts the failed allocations of all calls.
every() {
	_what=$1 _step=$2 BAD=
	shift 2
	echo 0 >"$F/nth"
	"$@"
	_seen=$(get "$F/seen")
	[ "$_seen" -gt 0 ] || BAD="$BAD no allocation was seen;"
	_i=1 _tried=0 _hit=0 FAILED=0 _all=$BAD _bads=0
	while [ $_bads -lt 5 ] && [ $_i -le "$_seen" ]; do
		echo $_i >"$F/nth"
		BAD=''
		"$@"
		[ "$(get "$F/hit")" = 0 ] || _hit=$((_hit + 1))
		[ -z "$BAD" ] || {
			_all="$_all allocation $_i: $BAD
"
			_bads=$((_bads + 1))
		}
		_tried=$((_tried + 1))
		_i=$((_i + _step))
		note_progress "$_what: allocation $_i of $_seen"
	done
	echo 0 >"$F/nth"
	flog
	BAD=$_all
	WHY="$BAD missed $(get "$F/missed"), hit $_hit; \
$(echo "$NEW" | grep 'havege_rng: ' | tail -n 3)"
	# The runs differ in their number of allocations.
	[ -z "$BAD" ] && [ $((_hit * 3)) -ge $_tried ] && [ "$(get "$F/missed")" = 0 ]
	result $? "$_what: $_hit of $_tried allocations fail (of $_seen), $FAILED errors returned"
	HITS=$((HITS + _hit))
}

told_of_memory() {
	# Thread creation turns some of these errors into EAGAIN.
	grep -qE 'Cannot allocate memory|Resource temporarily' "$1"
}

# fault_load MODE: a load. It arms the fault module by itself.
fault_load() {
	if try_load mode="$1"; then
		find "$S" "$P" -type f | sort >/tmp/files
		[ -e /tmp/files.all ] || cp /tmp/files /tmp/files.all
		cmp -s /tmp/files /tmp/files.all || BAD="$BAD it loaded without some of its files;"
		# Without memory for a set the collector waits a second and tries again.
		{ wait_for 20 status_is ok && flows; } ||
			BAD="$BAD status $(get "$S/status"), $(cat /tmp/out);"
		new_lines
		_others=$(echo "$NEW" | grep -vcE \
			'collecting on|samples a block|no memory for the estimate|recovered: |generation ID')
		[ "$_others" = 0 ] || BAD="$BAD it loaded, but the log has: $NEW;"
		! has_generation || [ "$(get "$F/calls")" = 1 ] ||
			echo "$NEW" | grep -q 'generation ID .* cannot be read' ||
			BAD="$BAD it loaded without the generation ID and did not say so;"
		unload || BAD="$BAD after success: $WHY $(cat /tmp/err);"
	else
		FAILED=$((FAILED + 1))
		told_of_memory /tmp/err || BAD="$BAD $(cat /tmp/err);"
		is_gone || BAD="$BAD left behind: $WHY;"
		# No line if the kernel failed before the module's init function.
		new_lines
		[ "$(echo "$NEW" | grep -c .)" -le 1 ] || BAD="$BAD more than one line: $NEW;"
	fi
}

# fault_move: a move to the first or the last CPU.
fault_move() {
	_to=0
	[ "$(get "$P/cpu")" != 0 ] || _to=$LAST
	# The subshell that writes is armed.
	if (
		echo 1 >"$F/armed"
		_rc=0
		echo "$_to" >"$P/cpu" || _rc=1
		echo 0 >"$F/armed"
		exit $_rc
	) 2>/tmp/err; then
		settled "$_to" || BAD="moved, but not there;"
	else
		FAILED=$((FAILED + 1))
		told_of_memory /tmp/err || BAD="$BAD $(cat /tmp/err);"
		[ "$(get "$P/cpu")" = $((LAST - _to)) ] || BAD="$BAD cpu=$(get "$P/cpu");"
		# The next round starts from there.
		wait_for 20 settled $((LAST - _to)) ||
			BAD="$BAD not back: $(get "$S/status") on $(get "$S/cpu");"
	fi
	flows || BAD="$BAD $(cat /tmp/out);"
}

# fault_restart: the collector's CPU goes offline and online.
fault_restart() {
	wait_for 20 settled "$LAST" || BAD="$BAD not there;"
	echo 2 >"$F/armed"
	plug "$LAST" 0
	wait_for 20 settled_off "$LAST" || BAD="$BAD status $(get "$S/status"), on $(get "$S/cpu");"
	echo 0 >"$F/armed"
	flows || BAD="$BAD $(cat /tmp/out);"
	plug "$LAST" 1
	wait_for 20 settled "$LAST" || BAD="$BAD not back: $(get "$S/status") on $(get "$S/cpu");"
}

hits() {
	[ "$(get "$F/hit")" -ge "$1" ]
}

# test_drought MODE: all allocations fail for a while. The collector waits and does not give up.
test_drought() {
	_text="mode=$1, no memory at all"
	must_load mode="$1" || return
	echo 1000000 >"$F/times"
	for _how in move restart; do
		flog
		echo 1 >"$F/nth"
		echo 2 >"$F/armed"
		if [ $_how = move ]; then
			(echo 0 >"$P/cpu") 2>/tmp/err
			_rc=$?
			WHY="code $_rc: $(cat /tmp/err)"
			[ $_rc != 0 ] && told_of_memory /tmp/err
			result $? "$_text: the move fails ($(sed 's/.*: //' /tmp/err))"
		else
			plug "$LAST" 0
		fi
		# One hit a try; each pause is twice as long as the one before.
		wait_for 60 hits 4
		_rc=$?
		WHY="hit $(get "$F/hit"), status $(get "$S/status")"
		[ $_rc = 0 ] && status_is starting
		result $? "$_text, $_how: status stays starting, $(get "$F/hit") tries"
		echo 0 >"$F/armed"
		[ $_how = move ] || plug "$LAST" 1
		wait_for 60 settled "$LAST"
		_rc=$?
		_took=$TOOK
		flows || _rc=1
		test_seen $_rc "$_text, $_how: with memory again bytes come ($_took/100 s)"
		echo -1 >"$P/cpu"
	done
	echo 0 >"$F/nth"
	echo 1 >"$F/times"
	test_unload "$_text"
}

test_allocations() {
	if ! grep -qw should_failslab /proc/kallsyms; then
		result 0 "allocations fail # SKIP this kernel has no should_failslab"
		return
	fi
	HITS=0
	# On a machine with a generation ID a load maps it. Count that call; do not let it fail.
	echo 0 >"$F/call"
	echo memremap >"$F/fail"
	for _m in conditioned stream; do
		every "a load, mode=$_m" "$(by_amount 15 1)" fault_load $_m
		must_load mode=$_m || return
		echo 0 >"$P/cpu"
		every "a move, mode=$_m" "$(by_amount 3 1)" fault_move
		echo -1 >"$P/cpu"
		every "the CPU goes offline, mode=$_m" "$(by_amount 3 1)" fault_restart
		test_unload "mode=$_m"
		test_drought $_m
	done
	note "failed allocations, one by one: $HITS"
}

test_faults() {
	modprobe rng-core 2>/dev/null
	test_fault_loads || return
	test_functions
	test_allocations
	rmmod havege_fault
	result $? "the fault module unloads"
	flog
	WHY=$(grep -E 'WARNING:|BUG:|Oops|INFO: ' $FAULTLOG)
	[ -z "$WHY" ]
	result $? "no WARNING, BUG or Oops in $(wc -l <$FAULTLOG) lines of log"
	note "log lines, and how often:"
	note "$(sed 's/^\[[^]]*\] //; s/[0-9][0-9.]*/N/g' $FAULTLOG | grep 'havege_rng: ' | sort | uniq -c |
		sort -rn | head -n 20)"
	must_serve ''
	WHY=$BAD
	[ -z "$BAD" ]
	result $? "after that the module loads and works"
}
