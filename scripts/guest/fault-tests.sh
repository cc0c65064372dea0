#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fault-tests.sh - sourced by the guest's tests: what the kernel refuses the module, in a load, in
# a move and when its CPU goes (fault/havege_fault.c).

# A kernel that has no memory for somebody may say so, with a call trace, at length. So the log
# of these tests is kept apart from the others'.
FAULTLOG=/tmp/faultlog

flog() {
	dmesg -c >/tmp/new
	cat /tmp/new >>$FAULTLOG
	NEW=$(cat /tmp/new)
}

# What havege_rng has said.
said() {
	flog
	NEW=$(echo "$NEW" | grep 'havege_rng: ' | grep -v taint)
}

# --- functions of the kernel -----------------------------------------------------------------

# breaks FUNCTION ERROR MESSAGE [may]: each call of that function of the kernel in a load fails, the
# first, the second and so on, twice each. The load fails, with MESSAGE and one line in the log;
# or it does without, and serves: who called may have been the kernel, on its own behalf. The
# first call, that is, must not be one of these. "may": some kernels and machines do without it.
breaks() {
	_text="$1 fails"
	echo "$2" >"$F/error"
	if ! echo "$1" 2>/dev/null >"$F/fail"; then
		[ "$4" = may ]
		result $? "$_text # SKIP there is none"
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
	result $? "$_text, $((_call - 1)) calls of it: $_fails loads fail, the next works (${_line#*] })"
}

# Whether there is such a call.
break_once() {
	said
	if load; then
		{ status_is ok && flows; } || BAD="$BAD it loads, but $(cat /tmp/out);"
		_hit=$(get "$F/failed")
		unload || BAD="$BAD after success: $WHY $(cat /tmp/err);"
		[ "$_call" != 1 ] || [ "$_hit" = 0 ] || BAD="$BAD it loads;"
		[ "$_hit" != 0 ]
		return
	fi
	said
	_line=$NEW
	_fails=$((_fails + 1))
	grep -q "$1" /tmp/err || BAD="modprobe: $(cat /tmp/err);"
	[ "$(echo "$NEW" | grep -c .)" = 1 ] || BAD="$BAD not one line;"
	is_gone || BAD="$BAD left behind: $WHY;"
}

# A load like any other, which goes again. BAD.
must_serve() {
	BAD=$1
	load || BAD="$BAD load: $(cat /tmp/err);"
	[ ! -e "$S" ] || { status_is ok && flows; } || BAD="$BAD status $(get "$S/status"), $(cat /tmp/out);"
	[ ! -e "$S" ] || unload || BAD="$BAD unload: $WHY $(cat /tmp/err);"
}

# bears FUNCTION: what can fail without the load doing so.
bears() {
	_text="$1 fails"
	echo -33 >"$F/error"
	echo 1 >"$F/call"
	if ! echo "$1" 2>/dev/null >"$F/fail"; then
		result 0 "$_text # SKIP there is none"
		return
	fi
	BAD=''
	for _n in 1 2 3; do
		load || BAD="$BAD load: $(cat /tmp/err);"
		[ "$(get "$F/failed")" -gt 0 ] || BAD="$BAD it was not called;"
		[ ! -e "$S" ] || { status_is ok && flows; } || BAD="$BAD $(cat /tmp/out);"
		unload || BAD="$BAD unload: $WHY $(cat /tmp/err);"
	done
	echo "" >"$F/fail"
	said
	must_serve "$BAD"
	WHY=$BAD
	[ -z "$BAD" ]
	result $? "$_text: it loads and serves all the same, 3 times"
}

# optimise 0|1: whether the kernel may make jumps of probes, where it can.
optimise() {
	_f=/proc/sys/debug/kprobes-optimization
	[ ! -e $_f ] || echo "$1" >$_f
}

# The machine has a generation counter: scripts/vm has one for x86.
has_generation() {
	[ "$(uname -m)" = x86_64 ]
}

# EDOM is an error that nobody else here would have.
test_functions() {
	optimise 0
	_edom='Numerical argument out of domain'
	for _f in hwrng_register kthread_create_on_node __cpuhp_setup_state __root_device_register \
		device_add_groups register_pm_notifier; do
		breaks $_f -33 "$_edom"
	done
	breaks register_random_vmfork_notifier -33 "$_edom" may
	# NULL, and the machine has to have something to map: a generation counter.
	if has_generation; then
		breaks memremap 0 'Cannot allocate memory'
	else
		result 0 "memremap fails # SKIP this machine has no generation counter"
	fi
	bears debugfs_create_dir
	optimise 1
}

# --- allocations -----------------------------------------------------------------------------

# every TEXT STEP COMMAND...: COMMAND, which arms and says in BAD what went wrong, once to see how
# many allocations it makes, and then with each STEP-th of them failing. ALL and HITS add up.
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
		progress "$_what: allocation $_i of $_seen"
	done
	echo 0 >"$F/nth"
	flog
	BAD=$_all
	WHY="$BAD missed $(get "$F/missed"), hit $_hit; $(echo "$NEW" | grep 'havege_rng: ' | tail -n 3)"
	# Not each run makes as many.
	[ -z "$BAD" ] && [ $((_hit * 3)) -ge $_tried ] && [ "$(get "$F/missed")" = 0 ]
	result $? "$_what: of $_seen allocations $_tried were to fail, $_hit did: $FAILED times the caller was told"
	HITS=$((HITS + _hit))
}

told_of_memory() {
	# EAGAIN is what the kernel's own thread creation makes of some of them.
	grep -qE 'Cannot allocate memory|Resource temporarily' "$1"
}

# A load in mode $1, armed by itself.
fault_load() {
	if load mode="$1"; then
		find "$S" "$P" -type f | sort >/tmp/files
		[ -e /tmp/files.all ] || cp /tmp/files /tmp/files.all
		cmp -s /tmp/files /tmp/files.all || BAD="$BAD it loaded without some of its files;"
		{ status_is ok && flows; } || BAD="$BAD status $(get "$S/status"), $(cat /tmp/out);"
		said
		[ "$(echo "$NEW" | grep -vcE 'collecting on|replay residual')" = 0 ] ||
			BAD="$BAD it loaded, but says: $NEW;"
		! has_generation || [ "$(get "$F/calls")" = 1 ] ||
			BAD="$BAD it loaded without the generation counter;"
		unload || BAD="$BAD after success: $WHY $(cat /tmp/err);"
	else
		FAILED=$((FAILED + 1))
		told_of_memory /tmp/err || BAD="$BAD $(cat /tmp/err);"
		is_gone || BAD="$BAD left behind: $WHY;"
		# None where the kernel did not get as far as us.
		said
		[ "$(echo "$NEW" | grep -c .)" -le 1 ] || BAD="$BAD more than one line: $NEW;"
	fi
}

# A move to the other end of the CPUs.
fault_move() {
	_to=0
	[ "$(get "$P/cpu")" != 0 ] || _to=$LAST
	# The subshell is armed, and it writes.
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
		# The next try, of this test, begins from there.
		wait_for 20 settled $((LAST - _to)) || BAD="$BAD not back: $(get "$S/status") on $(get "$S/cpu");"
	fi
	flows || BAD="$BAD $(cat /tmp/out);"
}

# Its CPU goes.
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

# No memory at all for a while: nothing is collected, nothing given up.
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
		# Each try is one.
		wait_for 30 hits 5
		_rc=$?
		WHY="hit $(get "$F/hit"), status $(get "$S/status")"
		[ $_rc = 0 ] && status_is starting
		result $? "$_text, $_how: it tries again and again ($(get "$F/hit") times), status is starting"
		echo 0 >"$F/armed"
		[ $_how = move ] || plug "$LAST" 1
		wait_for 20 settled "$LAST"
		_rc=$?
		_took=$TOOK
		flows || _rc=1
		seen
		result $_rc "$_text, $_how: memory is there again, and bytes come ($_took/100 s)"
		echo -1 >"$P/cpu"
	done
	echo 0 >"$F/nth"
	echo 1 >"$F/times"
	unload
	result $? "$_text: the module unloads"
}

test_allocations() {
	if ! grep -qw should_failslab /proc/kallsyms; then
		result 0 "allocations fail # SKIP this kernel has no should_failslab"
		return
	fi
	HITS=0
	# Where the machine has a generation counter a load maps it. That is looked at, and lets it be.
	echo 0 >"$F/call"
	echo memremap >"$F/fail"
	for _m in conditioned stream; do
		every "a load, mode=$_m" "$(amount 15 1)" fault_load $_m
		must_load mode=$_m || return
		echo 0 >"$P/cpu"
		every "a move, mode=$_m" "$(amount 3 1)" fault_move
		echo -1 >"$P/cpu"
		every "the CPU goes, mode=$_m" "$(amount 3 1)" fault_restart
		unload
		result $? "mode=$_m: the module unloads"
		test_drought $_m
	done
	note "allocations that were made to fail one by one: $HITS"
}

test_broken() {
	modprobe rng-core 2>/dev/null
	insmod /guest/havege_fault.ko 2>/tmp/err
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "the fault module loads"
	[ $_rc = 0 ] || return
	test_functions
	test_allocations
	rmmod havege_fault
	result $? "the fault module unloads"
	flog
	WHY=$(grep -E 'WARNING:|BUG:|Oops|INFO: ' $FAULTLOG)
	[ -z "$WHY" ]
	result $? "no WARNING, BUG or Oops in $(wc -l <$FAULTLOG) lines of log"
	note "what it said, how often:"
	note "$(sed 's/^\[[^]]*\] //; s/[0-9][0-9.]*/N/g' $FAULTLOG | grep 'havege_rng: ' | sort | uniq -c |
		sort -rn | head -n 20)"
	must_serve ''
	WHY=$BAD
	[ -z "$BAD" ]
	result $? "after that a plain load works"
}
