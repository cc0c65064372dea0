# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# failure-tests.sh - sourced by tests.sh: the mode failure, a source that fails while it runs.

is_unregistered() {
	! grep -qw havege "$H/rng_available"
}

# reader_ends: tests that PARENT ends with an error. On a slow emulator its 5 s can be over first.
reader_ends() {
	wait_for 10 ended "$PARENT" || end_readers -9
	wait "$PARENT"
	WHY=$(cat /tmp/readers)
	grep -qE 'error=(EIO|ETIMEDOUT)' /tmp/readers
	result $? "$_text: the reader ends with an error"
}

# recovered TEXT: tests that one log line tells of the recovery.
recovered() {
	klog
	WHY=$NEW
	[ "$(echo "$NEW" | grep -c 'havege_rng: recovering: ')" = 1 ] &&
		! echo "$NEW" | grep -q 'permanently'
	result $? "$1: one log line tells of the recovery"
	note "$(echo "$NEW" | grep 'havege_rng: ')"
}

# failed_permanently TEXT: tests what must hold after a permanent failure.
failed_permanently() {
	wait_for 10 status_is failed
	result $? "$1: status is failed"
	wait_for 10 is_unregistered
	result $? "$1: rng_available no longer has havege ($TOOK/100 s)"
	status_as root
	status_shows "$1" 2 ': FAILED$' '^because +it has failed permanently$' \
		'^it said +failed permanently: ' \
		'^what to do .* modprobe -r havege_rng; modprobe havege_rng$'
	klog
	WHY=$NEW
	[ "$(echo "$NEW" | grep -c 'havege_rng: failed permanently: ')" = 1 ]
	result $? "$1: one log line tells of the failure"
	note "$(echo "$NEW" | grep 'havege_rng: ')"
	is "$(get "$H/rng_current")" none "$1: no source is current"
	is "$(get "$S/fill_level")" 0 "$1: the buffer is empty"
	write_fails cpu 0 "Input/output error"
	test_unload "$1"
}

# works TEXT MODE: tests that the module loads and works.
works() {
	must_load mode="$2" || return
	flows && becomes_ok
	_rc=$?
	WHY="status $(get "$S/status"), $(cat /tmp/out)"
	result $_rc "$1: the next load works"
	unload
}

# test_permanent MODE: all samples become equal while a reader waits.
test_permanent() {
	_text="constant samples, mode=$1"
	must_load mode="$1" && probe || return
	# On a busy host the reader's 5 s can be over before the failure.
	block_readers 1 1 -w
	result $? "$_text: the collector cannot run, a reader waits"
	klog
	echo 1 >"$F/walk"
	unhog
	wait_for 30 all_ended || end_readers -9
	wait "$PARENT"
	WHY=$(cat /tmp/readers)
	grep -q 'error=EIO' /tmp/readers
	result $? "$_text: the reader ends with EIO"
	more_failures repetition 0
	result $? "$_text: the repetition count test has failed"
	failed_permanently "$_text"
	echo 0 >"$F/walk"
	works "$_text" "$1"
}

# test_intermittent MODE: fewer equal samples than the cutoff, then enough for an intermittent
# failure.
test_intermittent() {
	_text="mode=$1"
	must_load mode="$1" || return
	start_reader 1 10 ${PATIENT:+-w}
	result $? "$_text: a reader reads"
	cutoffs
	klog
	# The samples before and after may be equal to these by chance.
	echo $((LOW - 4)) >"$F/samples"
	wait_for 10 grep -qx 0 "$F/samples"
	_b=$(get "$S/bytes_out")
	wait_for 10 more_than "$_b"
	WHY="$(get "$F/samples") left, status $(get "$S/status")"
	more_failures repetition 0 && WHY="$WHY, it has"
	more_failures stuck 0 && WHY="$WHY, stuck has"
	klog
	_lines=$(echo "$NEW" | grep 'havege_rng: ')
	WHY="$WHY$_lines"
	[ "$WHY" = "0 left, status ok" ]
	result $? "$_text: $((LOW - 4)) equal samples, cutoff $LOW: no test fails"

	# mode=stream does not test the fills between the rows of a set: try again.
	_tries=0
	until more_failures repetition 0 || [ $_tries = 20 ]; do
		_tries=$((_tries + 1))
		echo "$SOME" >"$F/samples"
		wait_for 10 grep -qx 0 "$F/samples"
		wait_for 1 more_failures repetition 0
	done
	more_failures repetition 0
	result $? "$_text: $SOME equal samples, cutoffs $LOW and $HIGH: repetition count fails"
	wait_for 60 status_is ok
	result $? "$_text: status is ok again ($TOOK/100 s)"
	_b=$(get "$S/bytes_out")
	# On a busy host the reader's 5 s can have been over: then another one gets them.
	wait_for 10 more_than "$_b" || flows
	result $? "$_text: bytes come again"
	recovered "$_text"
	# A reader that ends prints why. On a busy host its 5 s can be over.
	WHY=$(cat /tmp/readers)
	[ -z "$WHY" ] || grep -q 'error=ETIMEDOUT' /tmp/readers
	result $? "$_text: the reader still reads, or has waited 5 s"

	stop_reader
	test_unload "$_text"
}

# wake_collector: takes more than half of a full buffer, so that the collector refills it. It may
# fail before all is taken: do not wait for the rest.
wake_collector() {
	_want=$(($(get "$S/bytes_out") + FULL / 16 + 64))
	wait_for 10 took_enough
}

# took_enough: takes bytes; _want of them have left, or the collector has begun to fail.
took_enough() {
	hwread -n 64 $((FULL / 1024 + 1)) >/tmp/out
	! status_is ok || [ "$(get "$S/bytes_out")" -ge "$_want" ]
}

# test_recovering MODE KIB: after a failure the collector replays the walk, and here finds nothing.
# Meanwhile no ready bytes are given out either. Half of a buffer of KIB takes more than the SOME
# samples.
test_recovering() {
	_text="recovering, mode=$1"
	must_load mode="$1" buffer_size="$2" && probe || return
	fill_up
	cutoffs
	klog
	# In QEMU a set may have shown too little noise before.
	_poor=$(times_failed replay)
	echo 1 >"$F/replay"
	echo "$SOME" >"$F/samples"
	wake_collector
	wait_for 10 more_failures replay "$_poor"
	_rc=$?
	_b=$(get "$S/bytes_out") _f=$(get "$S/fill_level")
	# The first read gets the bytes that the hw_random core has left.
	hwread -n 64 1 >/dev/null
	hwread -n 64 1 >/tmp/out
	WHY="status $(get "$S/status"), bytes_out from $_b to $(get "$S/bytes_out"): \
$(cat /tmp/out)"
	# Finished blocks are good and stay. Walk words depend on the set before only: they are
	# wiped.
	[ "$1" = stream ] || [ "$_f" -ge 512 ] || _rc=1
	[ "$1" = conditioned ] || [ "$_f" = 0 ] || _rc=1
	[ $_rc = 0 ] && status_is recovering && [ "$(get "$S/bytes_out")" = "$_b" ] &&
		grep -q 'bytes=0 eagain=1 .*error=none' /tmp/out
	result $? "$_text: $_f bits are ready, and no reader gets any"
	is "$(get "$S/replay_residual")" 0.0000 "$_text: the residual is 0"
	is "$(get "$S/sample_entropy")" 0.0000 "$_text: nothing is credited"
	# The first set that fails may have rows from before the failure.
	WHY=$(get "$S/reason")
	echo "$WHY" | grep -q '^replay found 0\.[0-9]\{4\} bit a sample'
	result $? "$_text: reason has the residual"
	_poor=$(times_failed replay)
	wait_for 30 more_failures replay "$_poor"
	result $? "$_text: it replays again and again ($_poor times, $(times_failed replay))"
	echo 0 >"$F/replay"
	wait_for 60 status_is ok
	result $? "$_text: three sets that find noise end it ($TOOK/100 s)"
	is "$(get "$S/reason")" "" "$_text: reason is empty again"
	test_flows "$_text: bytes come again"
	recovered "$_text"
	test_unload "$_text"
}

# Bytes that are ready when the source fails are wiped.
test_forgotten() {
	_text="with bytes ready"
	must_load buffer_size=4 && probe || return
	fill_up
	klog
	echo 1 >"$F/walk"
	wake_collector
	failed_permanently "$_text"
	echo 0 >"$F/walk"
}

# silent TEXT STATUS: tests that no reader gets a byte while there is no noise, that this is no
# permanent failure, and that the source recovers by itself.
silent() {
	wait_for 20 status_is "$2"
	result $? "$1: status is $2"
	WHY=$(get "$S/reason")
	# This set began with noise.
	echo "$WHY" | grep -q '^replay found 0\.0[0-9]* bit a sample'
	result $? "$1: reason has the residual"
	reader_ends
	_b=$(get "$S/bytes_out")
	hwread -n 64 1 >/dev/null
	hwread -n 64 1 >/dev/null
	is "$(get "$S/bytes_out")" "$_b" "$1: no reader gets a byte"
	! status_is failed && ! is_unregistered
	result $? "$1: this is no permanent failure"
	echo 0 >"$F/replay"
	wait_for 90 status_is ok
	result $? "$1: with noise the source recovers by itself ($TOOK/100 s)"
	test_flows "$1: and bytes come again"
	test_unload "$1"
}

# The noise stops while the source runs: no event tells, only the sets.
test_noise_goes() {
	_text="replay finds no more noise"
	must_load || return
	start_reader 1 10
	klog
	echo 1 >"$F/replay"
	silent "$_text" recovering
	echo 1 >"$F/replay"
	no_load "$_text" "$NOTHING_FOUND"
	echo 0 >"$F/replay"
	works "$_text" conditioned
}

# There is noise neither on the CPU that the collector moves to nor on the one it leaves.
test_no_cpu_with_noise() {
	_text="replay finds no noise on any CPU"
	must_load || return
	start_reader 1 10
	klog
	echo 1 >"$F/replay"
	write_fails cpu 0 "No such device"
	silent "$_text" starting
}

# A reader that never stops keeps the collector busy. The collector must still leave its CPU at
# times: the kernel waits for that when it changes its probes.
test_long_reader() {
	_text="while a reader never stops"
	_switch=/proc/sys/debug/kprobes-optimization
	[ -e $_switch ] || { result 0 "$_text # SKIP no $_switch"; return; }
	must_load || return
	start_reader 1 10
	probe
	rm -f /tmp/done
	(for _v in 0 1; do echo $_v >$_switch; done; : >/tmp/done) &
	_writer=$!
	wait_for 20 [ -e /tmp/done ]
	result $? "$_text the kernel can wait for all tasks ($TOOK/100 s)"
	stop_reader
	wait $_writer
	test_unload "$_text"
}

# A slow counter is used, and the log has its cost.
test_slow() {
	for _c in 1000 1001 5000; do
		echo $_c >"$F/cost"
		klog
		must_load || return
		klog
		WHY="status $(get "$S/status"): $NEW"
		_line=$(echo "$NEW" | grep 'slow counter: ')
		if [ $_c = 1000 ]; then
			[ -z "$_line" ]
		else
			echo "$_line" | grep -qE \
				"takes $_c ticks .* 32 bytes take about [1-9][0-9]* us"
		fi && becomes_ok
		result $? "a reading of $_c ticks: ${_line#*] }"
		unload
	done
	echo 0 >"$F/cost"
}

test_failures() {
	test_fault_loads || return
	for _m in conditioned stream; do
		test_permanent $_m
		test_intermittent $_m
	done
	test_recovering conditioned 4
	test_recovering stream 64
	test_forgotten
	test_noise_goes
	test_no_cpu_with_noise
	echo 1 >"$F/walk"
	no_load "constant samples from the start" "not started: (replay|repetition count test)"
	echo 0 >"$F/walk"
	test_slow
	test_long_reader
	# The failed source unregisters while rmmod removes the module.
	_bad=
	for _n in 1 2 3 4 5; do
		must_load mode=stream || break
		start_reader 1 10
		echo 1 >"$F/walk"
		wait_for 10 ended "$PARENT" || _bad="$_bad round $_n: the reader still reads"
		unload || _bad="$_bad round $_n: $WHY $(cat /tmp/err)"
		wait "$PARENT"
		# If a set fails before the health test, the reader may have waited 5 s.
		grep -qE 'error=(EIO|ENODEV|ETIMEDOUT)' /tmp/readers ||
			_bad="$_bad round $_n: $(cat /tmp/readers)"
		echo 0 >"$F/walk"
	done
	WHY=$_bad
	[ "$_n" = 5 ] && [ -z "$_bad" ]
	result $? "rmmod at once after a failure, 5 times"
	is "$(get "$F/missed")" 0 "no probe was missed"
	rmmod havege_fault
}
