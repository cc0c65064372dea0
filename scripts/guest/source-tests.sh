#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# source-tests.sh - sourced by the guest's tests: machines that are refused, sources that fail.

F=/sys/module/havege_fault/parameters

# --- start-up --------------------------------------------------------------------------------

# What two boots of the same machine hand out first; scripts/vm compares it.
test_first() {
	must_load || return
	is "$(get "$H/rng_current")" havege "havege is current"
	hwread -o /tmp/a 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=64 .*error=none' /tmp/out
	result $? "it hands out 64 bytes"
	note "first bytes: $(hexdump -v -e '1/1 "%02x"' /tmp/a)"
}

# no_load TEXT PATTERN PARAMETER=VALUE...: the load fails with ENODEV and one line in the log,
# which the pattern finds; nothing is left.
no_load() {
	_text=$1 _pattern=$2
	shift 2
	klog
	if load "$@"; then
		klog
		WHY="it loaded: $NEW"
		result 1 "$_text: the load fails"
		unload
		return
	fi
	klog
	_lines=$(echo "$NEW" | grep 'havege_rng: ' | grep -v taint)
	_why=
	grep -q 'No such device' /tmp/err || _why="error: $(cat /tmp/err)"
	[ "$(echo "$_lines" | grep -c .)" = 1 ] || _why="$_why; not one line"
	echo "$_lines" | grep -qE "$_pattern" || _why="$_why; not the line"
	is_gone || _why="$_why; left behind: $WHY"
	WHY="$_why: $_lines"
	[ -z "$_why" ]
	result $? "$_text: the load fails: ${_lines#*] }"
}

NOTHING_FOUND='not started: replay found 0\.0[0-9]* bit a tick, 0\.[0-9]* are needed: '
NO_TSC='this CPU has no time stamp counter: there is nothing to collect from'

test_counting() {
	for _m in conditioned stream; do
		no_load "mode=$_m" "$NOTHING_FOUND" mode=$_m
	done
}

test_no_tsc() {
	for _m in conditioned stream; do
		no_load "mode=$_m" "$NO_TSC" mode=$_m
	done
}

# --- failures while it runs ------------------------------------------------------------------

# failures NAME: how often that test has said no.
failures() {
	get "$S/health_failures/$1"
}

more_failures() {
	[ "$(failures "$1")" -gt "$2" ]
}

is_unregistered() {
	! grep -qw havege "$H/rng_available"
}

# The samples at which the repetition count says no: LOW once, HIGH for good, SOME in between.
# Each estimate can change them.
cutoffs() {
	read -r LOW HIGH SOME <<-END
		$(awk 'function up(n) { return int(n) + (n > int(n)) }
		       { low = 1 + up(30 / $1); high = 1 + up(60 / $1)
			 print low, high, int((2 * low + high) / 3) }' "$S/test_entropy")
	END
}

# The probes are there from now on: that takes a while, and readers wait 5 s at most.
probe() {
	echo 0 >$F/samples
}

# A reader that reads all the while: PARENT.
start_reader() {
	hwread 1 0 >/tmp/readers &
	PARENT=$!
	_b=$(get "$S/bytes_out")
	wait_for 10 more_than "$_b"
}

stop_reader() {
	end_readers -TERM 2>/dev/null
	wait "$PARENT"
}

# The emulator can be so slow that the 5 s of a reader that waits are over before.
reader_ends() {
	wait_for 10 ended "$PARENT" || end_readers -9
	wait "$PARENT"
	WHY=$(cat /tmp/readers)
	grep -qE 'error=(EIO|ETIMEDOUT)' /tmp/readers
	result $? "$_text: the reader ends with an error"
}

# recovered TEXT: what the log has of it.
recovered() {
	klog
	WHY=$NEW
	[ "$(echo "$NEW" | grep -c 'havege_rng: recovering: ')" = 1 ] &&
		! echo "$NEW" | grep -q 'for good'
	result $? "$1: one line says so"
	note "$(echo "$NEW" | grep 'havege_rng: ')"
}

# gone_for_good TEXT: what has to be true after a permanent failure.
gone_for_good() {
	wait_for 10 status_is failed
	result $? "$1: status is failed"
	wait_for 10 is_unregistered
	result $? "$1: havege is gone from rng_available ($TOOK/100 s)"
	as root
	shows "$1" 2 ': FAILED$' '^because +it has failed for good$' '^it said +failed for good: ' \
		'^what to do .* modprobe -r havege_rng; modprobe havege_rng$'
	klog
	WHY=$NEW
	[ "$(echo "$NEW" | grep -c 'havege_rng: failed for good: ')" = 1 ]
	result $? "$1: one line says so"
	note "$(echo "$NEW" | grep 'havege_rng: ')"
	is "$(get "$H/rng_current")" none "$1: there is no source"
	is "$(get "$S/fill_level")" 0 "$1: no bytes are kept"
	refused cpu 0 "Input/output error"
	unload
	result $? "$1: the module unloads"
}

# works TEXT MODE: a load like the first.
works() {
	must_load mode="$2" || return
	hwread 64 16 >/tmp/out
	WHY="status $(get "$S/status"), $(cat /tmp/out)"
	status_is ok && grep -q 'bytes=1024 .*error=none' /tmp/out
	result $? "$1: the next load works"
	unload
}

# In that mode all samples become the same while a reader waits.
test_permanent() {
	_text="constant samples, mode=$1"
	must_load mode="$1" && probe || return
	block_readers 1 1
	result $? "$_text: with the collector starved a reader waits"
	klog
	echo 1 >$F/walk
	unhog
	wait_for 10 all_ended || end_readers -9
	wait "$PARENT"
	WHY=$(cat /tmp/readers)
	grep -q 'error=EIO' /tmp/readers
	result $? "$_text: the reader ends with EIO"
	more_failures repetition 0
	result $? "$_text: the repetition count has said no"
	gone_for_good "$_text"
	echo 0 >$F/walk
	works "$_text" "$1"
}

# Fewer than make a failure; as many as make one that passes.
test_intermittent() {
	_text="mode=$1"
	must_load mode="$1" || return
	start_reader
	result $? "$_text: a reader reads"
	cutoffs
	klog
	# The sample before and the one after may be like them, by chance.
	echo $((LOW - 4)) >$F/samples
	wait_for 10 grep -qx 0 $F/samples
	_b=$(get "$S/bytes_out")
	wait_for 10 more_than "$_b"
	WHY="$(get "$F/samples") left, status $(get "$S/status")"
	more_failures repetition 0 && WHY="$WHY, it has"
	more_failures stuck 0 && WHY="$WHY, stuck has"
	klog
	_lines=$(echo "$NEW" | grep 'havege_rng: ')
	WHY="$WHY$_lines"
	[ "$WHY" = "0 left, status ok" ]
	result $? "$_text: $((LOW - 4)) equal samples, the cutoff being $LOW: no test says no"

	echo "$SOME" >$F/samples
	wait_for 10 more_failures repetition 0
	result $? "$_text: $SOME equal samples, cutoffs $LOW and $HIGH: the repetition count says no"
	wait_for 10 status_is ok
	result $? "$_text: status is ok again ($TOOK/100 s)"
	_b=$(get "$S/bytes_out")
	wait_for 10 more_than "$_b"
	result $? "$_text: bytes come again"
	recovered "$_text"
	WHY=$(cat /tmp/readers)
	[ -z "$WHY" ] # one that has ended has said why
	result $? "$_text: and the reader reads on"

	stop_reader
	unload
	result $? "$_text: the module unloads"
}

# Takes more than half of a full buffer, so that the collector has to do something. It can have
# failed before all is taken, so nobody waits for the rest.
wake_collector() {
	hwread -n 64 $((FULL / 1024 + 1)) >/tmp/out
}

# test_recovering MODE KIB: after a failure the walk is replayed; let that find nothing. What is
# ready in a buffer of that size, of which half takes more than the SOME samples, has to wait, too.
test_recovering() {
	_text="recovering, mode=$1"
	must_load mode="$1" buffer_size="$2" && probe || return
	fill_up
	cutoffs
	klog
	echo 1 >$F/replay
	echo "$SOME" >$F/samples
	wake_collector
	wait_for 10 more_failures replay 0
	_rc=$?
	_b=$(get "$S/bytes_out") _f=$(get "$S/fill_level")
	# The first read gets what the framework itself has left over from one before.
	hwread -n 64 1 >/dev/null
	hwread -n 64 1 >/tmp/out
	WHY="status $(get "$S/status"), bytes_out from $_b to $(get "$S/bytes_out"): $(cat /tmp/out)"
	[ $_rc = 0 ] && status_is recovering && [ "$(get "$S/bytes_out")" = "$_b" ] &&
		[ "$_f" -ge 512 ] && grep -q 'bytes=0 eagain=1 .*error=none' /tmp/out
	result $? "$_text: there are $_f bits, and nobody gets any"
	is "$(get "$S/tick_entropy")" 0.0000 "$_text: nothing is credited"
	_poor=$(failures replay)
	wait_for 10 more_failures replay "$_poor"
	result $? "$_text: it replays again and again ($_poor times, $(failures replay))"
	echo 0 >$F/replay
	wait_for 10 status_is ok
	result $? "$_text: a replay that finds something ends that ($TOOK/100 s)"
	hwread 64 16 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=1024 .*error=none' /tmp/out
	result $? "$_text: and bytes come again"
	recovered "$_text"
	unload
	result $? "$_text: the module unloads"
}

# What was ready when it failed is not kept.
test_forgotten() {
	_text="with bytes ready"
	must_load buffer_size=4 && probe || return
	fill_up
	klog
	echo 1 >$F/walk
	wake_collector
	gone_for_good "$_text"
	echo 0 >$F/walk
}

# What it had cannot be had again: after some tries it gives up.
test_gives_up() {
	_text="replay finds nothing any more"
	must_load || return
	start_reader
	klog
	echo 1 >$F/replay
	cutoffs
	echo "$SOME" >$F/samples
	wait_for 60 status_is failed
	result $? "$_text: it gives up ($TOOK/100 s)"
	reader_ends
	gone_for_good "$_text"
	no_load "$_text" "$NOTHING_FOUND"
	echo 0 >$F/replay
	works "$_text" conditioned
}

# Nor has the CPU that it is sent to, nor the one that it comes from.
test_no_home() {
	_text="replay finds nothing on any CPU"
	must_load || return
	start_reader
	klog
	echo 1 >$F/replay
	refused cpu 0 "No such device"
	reader_ends
	gone_for_good "$_text"
	echo 0 >$F/replay
	works "$_text" conditioned
}

# The collector of a reader that reads on and on has to let those pass who wait until each task
# has been off its CPU: here the kernel's own work on the probes.
test_long_reader() {
	_text="while a reader reads on and on"
	_knob=/proc/sys/debug/kprobes-optimization
	[ -e $_knob ] || { result 0 "$_text # SKIP no $_knob"; return; }
	must_load || return
	start_reader
	probe
	rm -f /tmp/done
	(for _v in 0 1; do echo $_v >$_knob; done; : >/tmp/done) &
	_writer=$!
	wait_for 20 [ -e /tmp/done ]
	result $? "$_text the kernel can wait for all tasks ($TOOK/100 s)"
	stop_reader
	wait $_writer
	unload
	result $? "$_text: the module unloads"
}

# A counter that takes this long to read is used, and the log says what it costs.
test_slow() {
	for _c in 1000 1001 5000; do
		echo $_c >$F/cost
		klog
		must_load || return
		klog
		WHY="status $(get "$S/status"): $NEW"
		_line=$(echo "$NEW" | grep 'slow counter: ')
		if [ $_c = 1000 ]; then
			[ -z "$_line" ]
		else
			echo "$_line" | grep -qE "takes $_c ticks .* 32 bytes take about [1-9][0-9]* us"
		fi && status_is ok
		result $? "a reading of $_c ticks: ${_line#*] }"
		unload
	done
	echo 0 >$F/cost
}

test_failures() {
	insmod /guest/havege_fault.ko 2>/tmp/err
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "the fault module loads"
	[ $_rc = 0 ] || return
	for _m in conditioned stream; do
		test_permanent $_m
		test_intermittent $_m
	done
	test_recovering conditioned 4
	test_recovering stream 64
	test_forgotten
	test_gives_up
	test_no_home
	echo 1 >$F/walk
	no_load "constant samples from the start" "not started: (replay|repetition count test)"
	echo 0 >$F/walk
	test_slow
	test_long_reader
	# Out of the framework and out of the kernel at the same time.
	_bad=
	for _n in 1 2 3 4 5; do
		must_load mode=stream || break
		start_reader
		echo 1 >$F/walk
		wait_for 10 ended "$PARENT" || _bad="$_bad round $_n: the reader reads on"
		unload || _bad="$_bad round $_n: $WHY $(cat /tmp/err)"
		wait "$PARENT"
		grep -qE 'error=(EIO|ENODEV)' /tmp/readers || _bad="$_bad round $_n: $(cat /tmp/readers)"
		echo 0 >$F/walk
	done
	WHY=$_bad
	[ "$_n" = 5 ] && [ -z "$_bad" ]
	result $? "rmmod at once after a failure, 5 times"
	is "$(get "$F/missed")" 0 "no probe was missed"
	rmmod havege_fault
}
