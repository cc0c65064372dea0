# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# hotplug-tests.sh - sourced by tests.sh: the mode hotplug, CPUs that go offline and online.
# cpu-set-tests.sh and isolated-tests.sh have parts of it.

# goes_and_returns VALUE CPU: with cpu=VALUE the collector is on CPU; that goes offline and online.
goes_and_returns() {
	_text="cpu=$1" _own=$2
	echo "$1" >"$P/cpu"
	wait_for 20 settled "$_own" && fill_up
	_full=$(get "$S/fill_level")
	plug "$_own" 0
	_rc=$?
	# The poll is faster than a refill.
	wait_for 20 level -lt $((FULL / 4)) && [ $_rc = 0 ] && [ "$_full" -gt $((FULL / 2)) ]
	test_seen $? "$_text: CPU $_own goes offline, the $_full ready bits are wiped"
	wait_for 20 settled_off "$_own"
	_rc=$?
	_took=$TOOK
	flows || _rc=1
	test_seen $_rc \
		"$_text: the collector is on another CPU ($THREAD, $_took/100 s) and bytes come"
	is "$(get "$P/cpu")" "$1" "$_text: the parameter keeps its value"
	plug "$_own" 1
	wait_for 20 settled "$_own"
	_rc=$?
	_took=$TOOK
	flows || _rc=1
	test_seen $_rc "$_text: CPU $_own is online, the collector returns ($_took/100 s)"
}

# Another CPU than the collector's goes offline and online: nothing changes.
test_others() {
	echo 0 >"$P/cpu"
	wait_for 20 settled 0
	thread
	_pid=$PID
	for _n in 1 2 3; do
		plug "$LAST" 0 && plug "$LAST" 1 && continue
		break
	done
	flows
	thread
	is "$_n $PID $(get "$S/cpu")" "3 $_pid 0" \
		"cpu=0: CPU $LAST goes offline and online 3 times, the thread stays the same"
	echo -1 >"$P/cpu"
}

# test_flips MODE CPU COUNT: the CPU goes offline and online COUNT times while readers read; first
# with a wait each time, then without.
test_flips() {
	_text="mode=$1, 4 readers"
	must_load mode="$1" || return
	echo $(($(get "$P/buffer_size") * 8192)) >"$P/fill_threshold"
	echo "$2" >"$P/cpu"
	wait_for 20 settled "$2"
	hwread ${PATIENT:+-w} -p 2 64 0 >/tmp/readers &
	_parents=$!
	hwread -n -p 2 4096 0 >>/tmp/readers &
	_parents="$_parents $!"
	_n=0 _bad='' _slow=0
	while [ -z "$_bad" ] && [ $_n -lt "$3" ]; do
		plug "$2" 0 || _bad="CPU $2 stays online: $(cat /tmp/err)"
		wait_for 20 settled_off "$2" || _bad="not on another CPU;"
		[ "$TOOK" -le "$_slow" ] || _slow=$TOOK
		_b=$(get "$S/bytes_out")
		wait_for 20 more_than "$_b" || _bad="$_bad no bytes there;"
		plug "$2" 1 || _bad="$_bad CPU $2 stays offline: $(cat /tmp/err)"
		wait_for 20 settled "$2" || _bad="$_bad not back;"
		[ "$TOOK" -le "$_slow" ] || _slow=$TOOK
		_b=$(get "$S/bytes_out")
		wait_for 20 more_than "$_b" || _bad="$_bad no bytes on CPU $2;"
		[ -n "$_bad" ] || _n=$((_n + 1))
		note_progress \
			"$_text: CPU $2 was offline $_n of $3 times, slowest move $_slow/100 s"
	done
	seen
	WHY="$_bad $WHY"
	[ -z "$_bad" ]
	result $? "$_text: CPU $2 goes offline and online $_n times, slowest move $_slow/100 s"
	WHY=$(cat /tmp/readers)
	[ -z "$WHY" ] # a reader that ends prints why
	result $? "$_text: the readers still read"
	flip_begin "$2"
	_b=$(get "$S/bytes_out")
	wait_for 300 flipped "$3"
	flip_end
	wait_for 20 settled "$2"
	_rc=$?
	[ "$FLIPS" -gt 0 ] || _rc=1
	_b=$(get "$S/bytes_out")
	wait_for 20 more_than "$_b" || _rc=1
	test_seen $_rc \
		"$_text: the same without a pause, $FLIPS times; then the collector is on CPU $2"
	WHY=$(cat /tmp/readers)
	[ -z "$WHY" ]
	result $? "$_text: the readers still read"
	# shellcheck disable=SC2034 # end_readers goes by it
	for PARENT in $_parents; do
		end_readers -TERM
	done
	# shellcheck disable=SC2086 # numbers
	wait $_parents
	test_unload "$_text"
}

# One CPU stays online. The kernel chooses it; often it is CPU 0.
test_last() {
	_off='' _on=''
	for _c in $(seq "$LAST" -1 0); do
		if plug "$_c" 0; then
			_off="$_off $_c"
		else
			_on="$_on $_c"
			_err=$(sed 's/.*: //' /tmp/err)
		fi
	done
	[ "$(cat "$CPUS/online")" = "${_on# }" ] && wait_for 20 settled "${_on# }"
	_rc=$?
	flows || _rc=1
	test_seen $_rc "all CPUs shall go offline:$_on stays ($_err), and bytes come"
	for _c in $_off; do
		plug "$_c" 1
	done
	wait_for 20 settled "$LAST"
	test_seen $? "all CPUs are online again: the collector is on CPU $LAST"
}

# CPUs that do not exist or are offline.
test_no_cpu() {
	_enxio='No such device or address'
	echo 0 >"$P/cpu"
	thread
	_pid=$PID
	for _c in $((LAST + 1)) 999 2147483647; do
		write_fails cpu "$_c" "$_enxio"
	done
	# No CPU number, or no number.
	for _c in 2147483648 9223372036854775807; do
		write_fails cpu "$_c" "$_enxio|Numerical result"
	done
	for _c in -2 -2147483649 9223372036854775808 -9223372036854775809 1.5 1,2 0x "0 1" cpu1; do
		write_fails cpu "$_c" "Numerical result|Invalid argument"
	done
	plug "$LAST" 0
	write_fails cpu "$LAST" "$_enxio"
	plug "$LAST" 1
	thread
	is "$PID" "$_pid" "the collector's thread stayed the same"
	unload
	for _c in $((LAST + 1)) 999 2147483647; do
		bad cpu=$_c "$_enxio"
	done
	for _c in 2147483648 9223372036854775807; do
		bad cpu=$_c "$_enxio|Numerical result"
	done
	bad cpu=-2147483649 "Numerical result"
	bad cpu=9223372036854775808 "Numerical result"
	plug "$LAST" 0
	bad cpu="$LAST" "$_enxio"
	must_load
	is "$(get "$S/cpu")" $((LAST - 1)) \
		"CPU $LAST is offline: the collector is on the one before"
	plug "$LAST" 1
	wait_for 20 settled "$LAST"
	test_seen $? "CPU $LAST comes online: the collector moves there"
}

# test_while_starting COUNT: a CPU goes offline and online during a start-up.
test_while_starting() {
	unload
	_n=0 _loaded=0 _bad=''
	while [ -z "$_bad" ] && [ $_n -lt "$1" ]; do
		klog
		modprobe havege_rng 2>/tmp/err.load &
		_loader=$!
		# A random pause, not a wait.
		dice 40
		usleep $((DICE * 20000))
		plug "$LAST" 0 && plug "$LAST" 1 || _bad="CPU $LAST: $(cat /tmp/err)"
		if wait $_loader; then
			_loaded=$((_loaded + 1))
			wait_for 20 settled "$LAST" && flows || _bad="loaded, but $(cat /tmp/out)"
		else
			klog
			grep -q 'No such device or address' /tmp/err.load ||
				_bad="another error: $(cat /tmp/err.load)"
			[ "$(echo "$NEW" | grep -c 'havege_rng: ')" = 1 ] ||
				_bad="$_bad not one line in the log: $NEW"
			is_gone || _bad="$_bad left behind: $WHY"
		fi
		[ -n "$_bad" ] || _n=$((_n + 1))
		[ ! -e "$S" ] || unload || _bad="$_bad unload: $WHY $(cat /tmp/err)"
		note_progress "flips during start-up: $_n of $1"
	done
	klog
	WHY="$_bad; $NEW"
	[ -z "$_bad" ] && [ $_loaded -gt 0 ]
	result $? \
		"CPU $LAST goes offline and online during start-up, $_n times: $_loaded loads, \
$((_n - _loaded)) clean failures"
}

# test_while_moving COUNT: the same during moves.
test_while_moving() {
	must_load || return
	flip_begin "$LAST"
	_n=0 _refused=0 _bad=''
	while [ -z "$_bad" ] && [ $_n -lt "$1" ]; do
		for _c in 0 "$LAST"; do
			_n=$((_n + 1))
			(echo "$_c" >"$P/cpu") 2>/tmp/err.write && continue
			_refused=$((_refused + 1))
			grep -q 'No such device or address' /tmp/err.write ||
				_bad="moving to $_c: $(cat /tmp/err.write)"
		done
		note_progress "flips during moves: $_n of $1"
	done
	flip_end
	echo -1 >"$P/cpu"
	wait_for 20 settled "$LAST" && flows || _bad="$_bad not serving"
	seen
	WHY="$_bad $WHY"
	[ -z "$_bad" ] && [ "$FLIPS" -gt 0 ] && [ $_n -gt $_refused ]
	result $? "CPU $LAST goes offline and online $FLIPS times in $_n moves, $_refused fail"
	unload
}

# test_while_unloading COUNT: the same during unloads.
test_while_unloading() {
	unload_limit
	SLOWEST=0 _n=0 _flips=0 _bad=''
	while [ -z "$_bad" ] && [ $_n -lt "$1" ]; do
		must_load || break
		flip_begin "$LAST"
		wait_for 10 flipped 1
		dice 10
		usleep $((DICE * 20000))
		timed rmmod havege_rng 2>/tmp/err.rmmod || _bad="rmmod: $(cat /tmp/err.rmmod)"
		flip_end
		is_gone || _bad="$_bad left behind: $WHY"
		_flips=$((_flips + FLIPS))
		_n=$((_n + 1))
		note_progress "flips during unloads: $_n of $1, $SLOWEST/100 s at most"
	done
	WHY=$_bad
	[ -z "$_bad" ] && [ $_n = "$1" ] && [ $_flips -ge $_n ] && [ "$SLOWEST" -le "$LIMIT" ]
	result $? \
		"CPU $LAST goes offline and online $_flips times during $_n unloads, which take \
$SLOWEST/100 s at most (limit $LIMIT)"
}

test_cpus_go() {
	must_load buffer_size=4 || return
	wait_for 20 settled "$LAST"
	for _c in "$LAST" 0; do
		thread
		_old=$PID
		move_to "$_c" && on_cpu "$_c" && { [ "$PID" != "$_old" ] || [ "$_c" = "$LAST" ]; }
		test_seen $? "cpu=$_c: the collector is there when the write returns"
	done
	goes_and_returns "$LAST" "$LAST"
	goes_and_returns -1 "$LAST"
	if [ -e "$CPUS/cpu0/online" ]; then
		goes_and_returns 0 0
	else
		result 0 "cpu=0: CPU 0 goes offline # SKIP this kernel keeps it online"
	fi
	test_others
	test_last
	test_no_cpu
	unload
	for _m in conditioned stream; do
		test_flips $_m "$LAST" "$(by_amount 5 250)"
	done
	[ ! -e "$CPUS/cpu0/online" ] || test_flips conditioned 0 "$(by_amount 5 100)"
	test_cpus
	test_while_starting "$(by_amount 5 100)"
	test_while_moving "$(by_amount 5 100)"
	test_while_unloading "$(by_amount 5 100)"
}

test_hotplug() {
	test_partition
	test_cpus_go
}
