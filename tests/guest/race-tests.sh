# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# race-tests.sh - sourced by tests.sh: suspends that race loads, unloads, reads and writes to
# parameters, for the mode suspend; a change of the current source under readers, for the mode
# virtio.

# race_load: loads and unloads, with random pauses. /tmp/race.bad gets the errors, /tmp/race.loads a
# line for each load.
race_load() {
	while [ -e /tmp/racing ]; do
		try_load buffer_size=32 || echo "load: $(cat /tmp/err)" >>/tmp/race.bad
		echo >>/tmp/race.loads
		# A random pause, not a wait.
		dice 40
		usleep $((DICE * 10000))
		rmmod havege_rng 2>/tmp/err.rmmod ||
			echo "unload: $(cat /tmp/err.rmmod)" >>/tmp/race.bad
	done
}

race_read() {
	while [ -e /tmp/racing ]; do
		hwread 64 64
	done >/tmp/race.out 2>&1
}

race_write() {
	while [ -e /tmp/racing ]; do
		for _w in cpu=0 cpus=0-$LAST contribute=1 cpu=-1 fill_threshold=512 contribute=0 \
			fill_threshold=65536; do
			echo "${_w#*=}" >"$P/${_w%%=*}"
			cat "$S/summary"
		done
	done >/dev/null 2>&1
}

# raced COUNT: so many suspends (pm_test=freezer); adds to BAD what was wrong. A wake-up that comes
# too early is no failure of the module. SLOWEST is the longest time.
raced() {
	_n=0 SLOWEST=0
	while [ $_n -lt "$1" ] && [ -z "$BAD" ]; do
		_n=$((_n + 1))
		klog
		timed sh -c "echo mem >$W/state" 2>/tmp/err.sleep || BAD=$(cat /tmp/err.sleep)
		klog
		if echo "$NEW" | grep -qE 'refusing to freeze|Freezing .*(failed|aborted)'; then
			BAD="$BAD a task did not freeze: $NEW"
		elif echo "$BAD" | grep -q 'Device or resource busy'; then
			BAD=
		fi
		note_progress "suspends that race the rest: $_n of $1"
	done
}

test_race() {
	if ! can pm_test freezer || ! can state mem; then
		result 0 "suspends race all else # SKIP this kernel has no pm_test"
		return
	fi
	_delay=/sys/module/suspend/parameters/pm_test_delay
	_was=$(get $_delay)
	(echo 0 >$_delay) 2>/dev/null
	echo freezer >"$W/pm_test"
	rm -f /tmp/race.*
	: >/tmp/race.bad
	: >/tmp/race.loads
	: >/tmp/racing
	BAD=''
	race_load &
	_racers=$!
	race_read &
	_racers="$_racers $!"
	race_write &
	_racers="$_racers $!"
	raced "$(by_amount 30 300)"
	rm /tmp/racing
	# shellcheck disable=SC2086 # numbers
	wait_for 60 all_ended $_racers || BAD="$BAD a racer hangs;"
	echo none >"$W/pm_test"
	(echo "$_was" >$_delay) 2>/dev/null
	WHY="round $_n: $BAD $(cat /tmp/race.bad)"
	[ -z "$BAD" ] && [ ! -s /tmp/race.bad ] && [ -s /tmp/race.loads ]
	result $? "$_n suspends (freezer) race $(wc -l </tmp/race.loads) loads, reads and writes; \
the longest took $SLOWEST/100 s"
	is_gone
	result $? "after that nothing of the module is left"
	must_load || return
	recovers "loaded again"
	test_unload
}

# --- the current source ----------------------------------------------------------------------

# switched COUNT: changes the current source so often; adds to BAD what was wrong.
switched() {
	_n=0
	while [ $_n -lt "$1" ] && [ -z "$BAD" ]; do
		for _to in havege virtio_rng.0; do
			echo $_to >"$H/rng_current"
			[ "$(get "$H/rng_current")" = $_to ] ||
				BAD="$_to: current is $(get "$H/rng_current")"
		done
		_n=$((_n + 1))
	done
}

test_switches() {
	must_load || return
	rm -f /tmp/readers
	hwread ${PATIENT:+-w} -p 4 64 0 >/tmp/readers &
	PARENT=$!
	wait_for 10 readers_are 4
	BAD=''
	timed switched "$(by_amount 10 200)"
	WHY="$BAD; $(cat /tmp/readers)"
	[ -z "$BAD" ] && [ ! -s /tmp/readers ] && readers_are 4
	result $? "4 readers read on while the current source changes $((2 * _n)) times ($T/100 s)"
	echo havege >"$H/rng_current"
	_b=$(get "$S/bytes_out")
	wait_for 30 more_than "$_b"
	result $? "and get bytes from havege"
	stop_reader
	test_unload
}
