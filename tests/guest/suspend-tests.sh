# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY and COUNT are tap.sh's
#
# suspend-tests.sh - sourced by tests.sh: the modes suspend, hibernate and resume. The host wakes
# the machine; it looks for "# asleep KIND" and "# awake" (tests/vm.d/suspend.sh).

W=/sys/power
LEVELS="freezer devices platform processors core"

# health_counts: prints the counts of health_failures, but not replay: how much noise a set shows in
# an emulated machine is no matter of a test.
health_counts() {
	(cd "$S/health_failures" && grep . ./* | grep -v replay | xargs)
}

# can FILE WORD: the file in /sys/power has that word.
can() {
	grep -qw "$2" "$W/$1" 2>/dev/null
}

# reader_reads: it still gets bytes.
reader_reads() {
	_b=$(get "$S/bytes_out")
	wait_for 30 more_than "$_b" && [ ! -s /tmp/readers ]
}

# go_to_sleep KIND: SLEPT is the code, LEFT the fill level right after the resume, before the
# collector can refill the buffer.
go_to_sleep() {
	echo "# asleep $1" >&3
	(echo "$1" >$W/state) 2>/tmp/err
	SLEPT=$?
	LEFT=$(get "$S/fill_level")
	echo "# awake" >&3
}

# slept KIND: one sleep; adds to BAD what was wrong. A wake-up that comes too early is no failure of
# the module: try again.
slept() {
	thread
	OLD=$PID
	_was=$(health_counts)
	klog
	for _try in 1 2 3 4 5; do
		go_to_sleep "$1"
		[ "$SLEPT" != 0 ] || break
		grep -q 'Device or resource busy' /tmp/err || break
	done
	klog
	[ "$SLEPT" = 0 ] || BAD="$BAD code $SLEPT: $(cat /tmp/err);"
	echo "$NEW" | grep -qE 'PM: (hibernation: hibernation|suspend) (exit|entry)' ||
		BAD="$BAD the log tells of no sleep;"
	! echo "$NEW" | grep -qE 'refusing to freeze|Freezing .*(failed|aborted)' ||
		BAD="$BAD a task did not freeze;"
	wait_for 60 status_is ok || BAD="$BAD status $(get "$S/status");"
	wait_for 10 new_thread || BAD="$BAD the thread is still $PID;"
	[ "$(health_counts)" = "$_was" ] || BAD="$BAD failures $(health_counts), $_was before;"
	[ "$(get "$H/rng_current")" = havege ] || BAD="$BAD current is $(get "$H/rng_current");"
	[ -z "$BAD" ] || BAD="$BAD log: $NEW;"
}

# Three situations before a sleep: a full buffer and a sleeping collector, a busy reader, a
# start-up. round_* is one round of each.
SITUATIONS="full reading starting"

round_full() {
	# On a loaded host 30 s can be too few.
	fill_up || fill_up || BAD="buffer not full: $(get "$S/fill_level") of $FULL;"
	slept "$1"
	[ "$LEFT" -lt $((FULL - 8192)) ] || BAD="$BAD $LEFT bits of $FULL were ready at once;"
	flows || BAD="$BAD no bytes: $(cat /tmp/out);"
}

round_reading() {
	start_reader 64 30 ${PATIENT:+-w} || BAD="the reader does not read;"
	slept "$1"
	reader_reads || BAD="$BAD the reader has stopped: $(cat /tmp/readers);"
	stop_reader
}

round_starting() {
	: >/tmp/moving
	# Start-ups are short: repeat until one is seen.
	(while [ -e /tmp/moving ]; do echo 0 >"$P/cpu"; echo -1 >"$P/cpu"; done) &
	_writer=$!
	wait_for 30 status_is starting || BAD="no start-up to be seen;"
	rm /tmp/moving
	slept "$1"
	wait_for 30 ended $_writer || BAD="$BAD the write to cpu hangs;"
	wait_for 30 status_is ok || BAD="$BAD status $(get "$S/status");"
	flows || BAD="$BAD no bytes: $(cat /tmp/out);"
}

# sleeps TEXT COUNT KIND SITUATION...
sleeps() {
	_text=$1 _times=$2 _kind=$3
	shift 3
	for _how; do
		_n=0 BAD=
		while [ $_n -lt "$_times" ] && [ -z "$BAD" ]; do
			_n=$((_n + 1))
			round_"$_how" "$_kind"
			note_progress "$_text, $_how: $_n of $_times"
		done
		WHY=$BAD
		[ -z "$BAD" ]
		result $? "$_text, $_how, $_n times: the collector starts up again and works"
	done
}

# reload KIND COUNT: unload and load right after a resume, maybe during the start-up.
reload() {
	_n=0 _all=
	while [ $_n -lt "$2" ] && [ -z "$_all" ]; do
		_n=$((_n + 1))
		go_to_sleep "$1"
		[ "$SLEPT" = 0 ] || _all="code $SLEPT: $(cat /tmp/err);"
		unload || _all="$_all unload: $WHY $(cat /tmp/err);"
		try_load buffer_size=32 || _all="$_all load: $(cat /tmp/err);"
		becomes_ok && flows || _all="$_all status $(get "$S/status"), $(cat /tmp/out);"
	done
	WHY=$_all
	[ -z "$_all" ]
	result $? "unload and load right after the resume, $_n times"
}

# recovers TEXT: tests that the module works.
recovers() {
	wait_for 60 status_is ok
	_rc=$?
	WHY="status $(get "$S/status")"
	[ $_rc = 0 ] && flows
	result $? "$1: status is ok and bytes come"
}

# sleep_beside_disk NUMBER: a sleep beside tasks that wait for a disk, which cannot be frozen. This
# disk does one request a second: of four tasks that wait for it, at least two wait for all of the
# 0.1 s. True if the sleep fails.
sleep_beside_disk() {
	_dds=
	for _dd in 0 1 2 3; do
		dd if=/dev/vdb of=/dev/null bs=4096 count=60 skip=$((_dd * 64 + $1 * 10)) 2>/dev/null &
		_dds="$_dds $!"
	done
	for _dd in $_dds; do
		wait_for 20 in_state "$_dd" D
	done
	klog
	go_to_sleep mem
	# The kernel prints a call trace of the task: expected here.
	NEW=$(dmesg -c)
	echo "$NEW" | sed 's/Call Trace/call trace/' >>"$KLOG"
	WHY="code $SLEPT: $(cat /tmp/err); log: $NEW"
	# shellcheck disable=SC2086 # numbers
	kill -9 $_dds
	# shellcheck disable=SC2086
	wait $_dds 2>/dev/null
	[ "$SLEPT" != 0 ]
}

# half_way: sleeps that fail.
half_way() {
	# There is no swap yet. The kernel notices it when the image is made.
	if can state disk; then
		echo shutdown >$W/disk
		go_to_sleep disk
		WHY="code $SLEPT: $(cat /tmp/err)"
		[ "$SLEPT" != 0 ]
		result $? "hibernation without swap fails ($(sed 's/.*: //' /tmp/err))"
		recovers "after that"
	fi
	_ms=$(get $W/pm_freeze_timeout)
	echo 100 >$W/pm_freeze_timeout
	echo freezer >$W/pm_test
	start_reader 64 30 ${PATIENT:+-w}
	# One page a request, and another page for each.
	echo 0 >/sys/block/vdb/queue/read_ahead_kb
	# On a busy host all four can get their blocks within the 0.1 s: try again.
	for _try in 1 2 3 4 5; do
		sleep_beside_disk "$_try" && break
	done
	[ "$SLEPT" != 0 ] && echo "$NEW" | grep -qE 'Freezing .*failed'
	result $? "a suspend fails because a task does not freeze ($(sed 's/.*: //' /tmp/err))"
	wait_for 60 status_is ok
	reader_reads
	_rc=$?
	WHY="the reader: $(cat /tmp/readers)"
	result $_rc "the reader still reads"
	stop_reader
	echo "$_ms" >$W/pm_freeze_timeout
	echo none >$W/pm_test
	recovers "after that"
}

# The core stops its thread while that waits in a read of the module.
test_none() {
	# Other kernels ignore the value without an error.
	(echo none >"$H/rng_current") 2>/dev/null
	if [ "$(get "$H/rng_current")" != none ]; then
		result 0 \
			"rng_current=none while the core waits # SKIP this kernel has no such value"
		return
	fi
	echo havege >"$H/rng_current"
	block_readers 1 64 ${PATIENT:+-w}
	end_readers -9
	wait "$PARENT" 2>/dev/null
	# This starts a new thread, which reads at once.
	echo none >"$H/rng_current"
	echo havege >"$H/rng_current"
	wait_for 20 core_waits
	result $? "the core's thread waits in a read"
	timed sh -c "echo none >$H/rng_current"
	_rc=$?
	WHY="code $_rc, $T/100 s, now $(get "$H/rng_current")"
	[ $_rc = 0 ] && [ "$T" -le 300 ] && [ "$(get "$H/rng_current")" = none ]
	result $? "rng_current=none then takes at most 3 s ($T/100 s)"
	unhog
	echo havege >"$H/rng_current"
	recovers "havege current again"
}

prepare_sleep() {
	modprobe virtio_pci
	modprobe virtio_blk
	modprobe button
	wait_for 20 [ -e /dev/vda ] || note "there is no disk"
	# Seconds that a level of pm_test waits; hibernation does not use it.
	(echo 1 >/sys/module/suspend/parameters/pm_test_delay) 2>/dev/null
	# Keeps the last log lines if the machine does not wake up.
	echo N >/sys/module/printk/parameters/console_suspend
}

# An image on the disk; the kernel resumes from it without a power-off.
test_image() {
	can disk test_resume || return
	mkswap /dev/vda >/dev/null && swapon /dev/vda
	echo test_resume >$W/disk
	klog
	go_to_sleep disk
	klog
	if [ "$SLEPT" != 0 ] && echo "$NEW" | grep -q 'Image not found (code -16)'; then
		result 0 "hibernation, test_resume # SKIP this kernel reads no image in active swap"
	else
		# shellcheck disable=SC2046 # words
		sleeps "hibernation, test_resume" "$(by_amount 1 5)" disk \
			$(by_amount full "$SITUATIONS")
	fi
	recovers "after that"
}

test_suspend() {
	prepare_sleep
	note "state: $(get $W/state); disk: $(get $W/disk); mem_sleep: $(get $W/mem_sleep)"
	must_load buffer_size=32 || return
	half_way
	# With AMOUNT=short one situation a level; s2idle and S3 always in all three.
	_turn=$SITUATIONS
	for _level in $LEVELS; do
		can pm_test "$_level" || continue
		echo "$_level" >$W/pm_test
		# shellcheck disable=SC2046 # words
		sleeps "suspend, down to $_level" "$(by_amount 1 3)" mem \
			$(by_amount "${_turn%% *}" "$SITUATIONS")
		_turn="${_turn#* } ${_turn%% *}"
	done
	for _level in $(by_amount core "$LEVELS"); do
		can state disk || continue
		can pm_test "$_level" || continue
		echo "$_level" >$W/pm_test
		# shellcheck disable=SC2046
		sleeps "hibernation, down to $_level" "$(by_amount 1 2)" disk \
			$(by_amount starting "$SITUATIONS")
	done
	echo none >$W/pm_test
	# shellcheck disable=SC2086
	sleeps "s2idle" "$(by_amount 1 17)" freeze $SITUATIONS
	# Before S3: after that the button no longer wakes this machine from s2idle.
	reload freeze "$(by_amount 1 10)"
	if can mem_sleep deep; then
		echo deep >$W/mem_sleep
		# shellcheck disable=SC2086
		sleeps "S3" "$(by_amount 1 17)" mem $SITUATIONS
	fi
	test_none
	test_unload
	test_race
	must_load buffer_size=32 || return
	# Last, as the swap stays on: after a failure here swapoff may hang.
	test_image
	test_unload
}

# Hibernation. The machine powers off; the next one, in test_resume, resumes this one.
test_hibernate() {
	prepare_sleep
	must_load buffer_size=32 || return
	can state disk
	result $? "this kernel hibernates ($(get $W/disk))"
	mkswap /dev/vda >/dev/null && swapon /dev/vda
	result $? "the disk is swap"
	echo shutdown >$W/disk
	fill_up
	start_reader 64 30 ${PATIENT:+-w}
	result $? "a reader reads"
	BAD=
	slept disk
	# tests/vm counted the earlier tests when the machine went off.
	COUNT=0
	WHY=$BAD
	[ -z "$BAD" ]
	result $? "hibernation: the machine resumes, the collector starts up again"
	reader_reads
	_rc=$?
	WHY="the reader: $(cat /tmp/readers)"
	result $_rc "the reader still reads"
	stop_reader
	recovers "afterwards"
	test_unload
}

# The machine that finds the image. Its own loaded module must not prevent the resume.
test_resume() {
	prepare_sleep
	must_load
	echo "$(($(stat -c '0x%t' /dev/vda))):$(($(stat -c '0x%T' /dev/vda)))" >$W/resume
	klog
	WHY=$NEW
	result 1 "the kernel finds the image and resumes it"
}
