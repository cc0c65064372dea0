#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # WHY and COUNT are tap.sh's
#
# suspend-tests.sh - sourced by the guest's tests: suspend and hibernation. The machine is woken by
# the host, which looks for "# asleep KIND" and "# awake" (scripts/vm.d/suspend.sh).

W=/sys/power
LEVELS="freezer devices platform processors core"

said_no() {
	(cd "$S/health_failures" && grep . ./* | xargs)
}

# Whether the kernel says that it can.
can() {
	grep -qw "$2" "$W/$1" 2>/dev/null
}

# A reader that reads on and on, in PARENT; it says something in /tmp/reader only when it has ended.
reader_begin() {
	hwread 64 0 >/tmp/reader &
	PARENT=$!
	_b=$(get "$S/bytes_out")
	wait_for 30 more_than "$_b"
}

# It reads still, and gets something.
reader_reads() {
	_b=$(get "$S/bytes_out")
	wait_for 30 more_than "$_b" && [ ! -s /tmp/reader ]
}

reader_end() {
	end_readers -TERM
	wait "$PARENT" 2>/dev/null
}

# What ready bytes there are is seen at once, before the collector can have filled its buffer.
go_to_sleep() {
	echo "# asleep $1" >&3
	(echo "$1" >$W/state) 2>/tmp/err
	SLEPT=$?
	LEFT=$(get "$S/fill_level")
	echo "# awake" >&3
}

# slept KIND: through one sleep; what was wrong is added to BAD. A wake-up that came too early is
# no failure of the module: once more.
slept() {
	thread
	OLD=$PID
	_was=$(said_no)
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
	[ "$(said_no)" = "$_was" ] || BAD="$BAD failures $(said_no), $_was before;"
	[ "$(get "$H/rng_current")" = havege ] || BAD="$BAD current is $(get "$H/rng_current");"
	[ -z "$BAD" ] || BAD="$BAD log: $NEW;"
}

# The three situations in which it falls asleep: the collector asleep and the buffer full, a reader
# that reads all the while, the start-up. One round of each, and what has to hold besides.
SITUATIONS="full reading starting"

round_full() {
	# Under load half a minute is not always enough.
	fill_up || fill_up || BAD="buffer not full: $(get "$S/fill_level") of $FULL;"
	slept "$1"
	[ "$LEFT" -lt $((FULL - 8192)) ] || BAD="$BAD $LEFT bits of $FULL were ready at once;"
	flows || BAD="$BAD no bytes: $(cat /tmp/out);"
}

round_reading() {
	reader_begin || BAD="the reader does not read;"
	slept "$1"
	reader_reads || BAD="$BAD the reader does not read on: $(cat /tmp/reader);"
	reader_end
}

round_starting() {
	: >/tmp/moving
	# Until one is seen: they are short.
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
			progress "$_text, $_how: $_n of $_times"
		done
		WHY=$BAD
		[ -z "$BAD" ]
		result $? "$_text, $_how, $_n times: it starts up anew and goes on"
	done
}

# Unload and load while the start-up after a sleep may be under way.
reload() {
	_n=0 _all=
	while [ $_n -lt "$2" ] && [ -z "$_all" ]; do
		_n=$((_n + 1))
		go_to_sleep "$1"
		[ "$SLEPT" = 0 ] || _all="code $SLEPT: $(cat /tmp/err);"
		unload || _all="$_all unload: $WHY $(cat /tmp/err);"
		load buffer_size=32 || _all="$_all load: $(cat /tmp/err);"
		status_is ok && flows || _all="$_all status $(get "$S/status"), $(cat /tmp/out);"
	done
	WHY=$_all
	[ -z "$_all" ]
	result $? "unload and load right after the resume, $_n times"
}

# Sleeps that do not come about: everything is as before, or has begun anew.
recovers() {
	wait_for 60 status_is ok
	_rc=$?
	WHY="status $(get "$S/status")"
	[ $_rc = 0 ] && flows
	result $? "$1: status is ok and bytes flow"
}

half_way() {
	# There is no swap yet: known when the image has been made.
	if can state disk; then
		echo shutdown >$W/disk
		go_to_sleep disk
		WHY="code $SLEPT: $(cat /tmp/err)"
		[ "$SLEPT" != 0 ]
		result $? "hibernation without swap fails ($(sed 's/.*: //' /tmp/err))"
		recovers "after that"
	fi
	# Who waits for a disk cannot be frozen. It does one request a second: of four that wait for
	# it, at least two wait through a tenth of one.
	_ms=$(get $W/pm_freeze_timeout)
	echo 100 >$W/pm_freeze_timeout
	echo freezer >$W/pm_test
	reader_begin
	# One page a request, and each a page of its own.
	echo 0 >/sys/block/vdb/queue/read_ahead_kb
	_dds=
	for _dd in 0 1 2 3; do
		dd if=/dev/vdb of=/dev/null bs=4096 count=60 skip=$((_dd * 64)) 2>/dev/null &
		_dds="$_dds $!"
	done
	for _dd in $_dds; do
		wait_for 20 state "$_dd" D
	done
	klog
	go_to_sleep mem
	# It shows where that task is: a call trace that has to be there.
	NEW=$(dmesg -c)
	echo "$NEW" | sed 's/Call Trace/call trace/' >>"$KLOG"
	WHY="code $SLEPT: $(cat /tmp/err); log: $NEW"
	[ "$SLEPT" != 0 ] && echo "$NEW" | grep -qE 'Freezing .*failed'
	result $? "a suspend fails because a task does not freeze ($(sed 's/.*: //' /tmp/err))"
	wait_for 60 status_is ok
	reader_reads
	_rc=$?
	WHY="the reader: $(cat /tmp/reader)"
	result $_rc "and a reader reads on"
	reader_end
	# shellcheck disable=SC2086 # numbers
	kill -9 $_dds
	# shellcheck disable=SC2086
	wait $_dds 2>/dev/null
	echo "$_ms" >$W/pm_freeze_timeout
	echo none >$W/pm_test
	recovers "after that"
}

# The framework takes its thread away from us while that waits in a read of ours.
test_none() {
	# Kernels that do not know it say nothing, and do nothing.
	(echo none >"$H/rng_current") 2>/dev/null
	if [ "$(get "$H/rng_current")" != none ]; then
		result 0 "rng_current=none while the core waits # SKIP this kernel has no such value"
		return
	fi
	echo havege >"$H/rng_current"
	block_readers 1
	end_readers -9
	wait "$PARENT" 2>/dev/null
	# It is a new thread, and reads at once.
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
	# What a level of pm_test takes; those of hibernation are not asked.
	(echo 1 >/sys/module/suspend/parameters/pm_test_delay) 2>/dev/null
	# Two steps of its log would else be lost, should it not wake up.
	echo N >/sys/module/printk/parameters/console_suspend
}

# An image on the disk, and back from it without a power-off.
test_image() {
	can disk test_resume || return
	mkswap /dev/vda >/dev/null && swapon /dev/vda
	echo test_resume >$W/disk
	klog
	go_to_sleep disk
	klog
	if [ "$SLEPT" != 0 ] && echo "$NEW" | grep -q 'Image not found (code -16)'; then
		result 0 "hibernation, test_resume # SKIP this kernel does not read what is swap"
	else
		# shellcheck disable=SC2046 # words
		sleeps "hibernation, test_resume" "$(amount 1 5)" disk $(amount full "$SITUATIONS")
	fi
	recovers "after that"
}

test_suspend() {
	prepare_sleep
	note "state: $(get $W/state); disk: $(get $W/disk); mem_sleep: $(get $W/mem_sleep)"
	must_load buffer_size=32 || return
	half_way
	# Every day one situation a level, and the ways that people use in all three.
	_turn=$SITUATIONS
	for _level in $LEVELS; do
		can pm_test "$_level" || continue
		echo "$_level" >$W/pm_test
		# shellcheck disable=SC2046 # words
		sleeps "suspend, down to $_level" "$(amount 1 3)" mem $(amount "${_turn%% *}" "$SITUATIONS")
		_turn="${_turn#* } ${_turn%% *}"
	done
	for _level in $(amount core "$LEVELS"); do
		can state disk || continue
		can pm_test "$_level" || continue
		echo "$_level" >$W/pm_test
		# shellcheck disable=SC2046
		sleeps "hibernation, down to $_level" "$(amount 1 2)" disk $(amount starting "$SITUATIONS")
	done
	echo none >$W/pm_test
	# shellcheck disable=SC2086
	sleeps "s2idle" "$(amount 1 17)" freeze $SITUATIONS
	# After an S3 the button of this machine wakes it from s2idle no more, whatever is loaded.
	reload freeze "$(amount 1 10)"
	if can mem_sleep deep; then
		echo deep >$W/mem_sleep
		# shellcheck disable=SC2086
		sleeps "S3" "$(amount 1 17)" mem $SITUATIONS
	fi
	test_none
	# Last, for the swap stays: a kernel that has failed here may never come back from swapoff.
	test_image
	unload
	result $? "the module unloads"
}

# Hibernation itself. The machine powers off; the next one, in test_resume, becomes this one.
test_hibernate() {
	prepare_sleep
	must_load buffer_size=32 || return
	can state disk
	result $? "this kernel hibernates ($(get $W/disk))"
	mkswap /dev/vda >/dev/null && swapon /dev/vda
	result $? "the disk is swap"
	echo shutdown >$W/disk
	fill_up
	reader_begin
	result $? "a reader reads"
	BAD=
	slept disk
	# Those before were counted when the machine went off.
	COUNT=0
	WHY=$BAD
	[ -z "$BAD" ]
	result $? "hibernation: it comes back and starts up anew"
	reader_reads
	_rc=$?
	WHY="the reader: $(cat /tmp/reader)"
	result $_rc "the reader reads on"
	reader_end
	recovers "afterwards"
	unload
	result $? "the module unloads"
}

# The machine that finds the image: with the module loaded, too, which has to make way.
test_resume() {
	prepare_sleep
	must_load
	echo "$(($(stat -c '0x%t' /dev/vda))):$(($(stat -c '0x%T' /dev/vda)))" >$W/resume
	klog
	WHY=$NEW
	result 1 "the image is found and takes over"
}
