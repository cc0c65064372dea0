# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# plain-tests.sh - sourced by tests.sh: the mode plain, all that one machine without another
# source can show. parameter-tests.sh and reader-tests.sh have parts of it.

# test_claims: what a load has logged, in NEW.
test_claims() {
	WHY=$NEW
	echo "$NEW" | grep -qE 'collecting on CPU .*: counter [a-z0-9_-]+, L1d .*, buffer 16 KiB, quality 512 of 1024$'
	result $? "the log line 'collecting on CPU' is complete"
	WHY=$NEW
	echo "$NEW" | grep -qE \
		'replay residual [0-9.]+ bit a sample \(k = [0-9]+\), [0-9.]+ is needed, credited [0-9.]+: [0-9]+ samples a block'
	result $? "the log line 'replay residual' is complete"
}

test_load() {
	modprobe havege_rng 2>/tmp/err
	_rc=$?
	klog
	WHY="$(cat /tmp/err); $NEW"
	result $_rc "the module loads"
	[ $_rc = 0 ] || return 1
	WHY=$NEW
	echo "$NEW" | grep -q 'havege_rng: .*CPU [0-9]' &&
		! echo "$NEW" | grep -v 'module verification failed' | grep -qiE 'error|fail|warn'
	result $? "the log names the CPU and no error"
	test_claims
	note "$(echo "$NEW" | grep 'havege_rng: ' | grep -v taint)"
	is "$(tr ' ' '\n' <"$H/rng_available" | grep -x havege)" havege "rng_available has havege"
	is "$(get "$H/rng_current")" havege "rng_current is havege"
	is "$(rng_quality)" 512 "rng_quality is 512"
	# Until then the kernel reads from the module.
	wait_for 60 sh -c 'dmesg | grep -q "crng init done" || grep -q "crng init done" /tmp/klog'
	result $? "the kernel's own generator is seeded"
	return 0
}

test_state() {
	becomes_ok
	result $? "status is ok"
	is "$(get "$S/cpu")" "$LAST" "cpu is the last CPU"
	level -le $(($(get "$P/buffer_size") * 8192))
	result $? "fill_level is at most the buffer size"
	_b=$(get "$S/bytes_out")
	hwread 64 16 >/dev/null
	[ $(($(get "$S/bytes_out") - _b)) -ge 1024 ]
	result $? "bytes_out counts 1024 bytes"
	byte_takes 1 "a reader of one byte leaves none in the hw_random core"
	_d=$(get "$S/geometry/dcache_kb")
	_i=$(get "$S/geometry/icache_kb")
	WHY="dcache_kb $_d icache_kb $_i table_kb $(get "$S/geometry/table_kb") loop_kb \
$(get "$S/geometry/loop_kb")"
	[ "$_d" -ge 8 ] && [ "$_d" -le 512 ] && [ "$_i" -ge 8 ] && [ "$_i" -le 64 ] &&
	[ "$(get "$S/geometry/table_kb")" -ge $((2 * _d)) ] &&
	[ "$(get "$S/geometry/loop_kb")" -ge 1 ] && [ "$(get "$S/geometry/loop_kb")" -le "$_i" ]
	result $? \
		"geometry: the table is twice L1d, the loop fits L1i ($WHY, \
$(get "$S/geometry/source"))"
	case $(uname -m) in
	aarch64)	_counter=generic-timer ;;
	*)		_counter=tsc ;;
	esac
	is "$(get "$S/counter")" $_counter "counter names the counter"
	WHY=$(cd "$S" && find . -type f ! -name uevent ! -path './power/*' | sort | cut -c 3- | xargs)
	is "$WHY" "bytes_out contributed counter cpu fill_level geometry/dcache_kb geometry/icache_kb \
geometry/loop_kb geometry/source geometry/table_kb health_failures/counter health_failures/period \
health_failures/proportion health_failures/repetition health_failures/replay health_failures/stuck \
reason replay_all replay_few replay_residual replay_slope sample_entropy sample_steps \
samples_per_block status summary test_entropy" "there are these state files and no others"
	WHY=$(cd "$S" && find . -type f ! -name uevent ! -path './power/*' -exec stat -c '%a %u %n' {} +)
	[ "$(echo "$WHY" | grep -c '^444 0 ')" = "$(echo "$WHY" | wc -l)" ]
	result $? "they are read-only for all users"
	WHY=$(cd "$P" && stat -c '%a %u %n' ./*)
	[ "$(echo "$WHY" | grep -vcE '^(444|644) 0 ')" = 0 ] &&
	[ "$(echo "$WHY" | sed -n 's/^644.*\///p' | sort | xargs)" = \
		"contribute cpu cpus fill_threshold" ]
	result $? "root can write contribute, cpu, cpus and fill_threshold only"
}

# figures_hold EXPRESSION FILE...: the awk expression is true; $1 and on are the state files.
figures_hold() {
	_expr=$1
	shift
	WHY=$(cd "$S" && cat "$@" | xargs)
	echo "$WHY" | awk "{ exit !($_expr) }"
}

# shellcheck disable=SC2016 # the dollars are awk's
test_credit() {
	is "$(get "$P/mode")" conditioned "mode is conditioned"
	is "$(get "$P/quality")" 512 "quality is 512"
	_k=$(get "$S/sample_steps")
	echo " 1 2 4 8 16 32 64 128 256 " | grep -q " $_k "
	result $? "sample_steps is a power of two up to 256 ($_k)"
	# Per sample: the lowest residual, the credit, the entropy that the health tests assume.
	case $_k in
	1)				_limit=0.125 _credit=0.0625 _h=0.1250 _samples=5120 ;;
	64 | 128 | 256)	_limit=0.25 _credit=0.1250 _h=0.1250 _samples=2560 ;;
	*)				_limit=0.5 _credit=0.1250 _h=0.2500 _samples=2560 ;;
	esac
	figures_hold '$1 >= '$_limit replay_residual
	result $? "replay_residual is at least $_limit ($(get "$S/replay_residual"))"
	figures_hold '$1 <= $2 && $2 <= $3 && $4 >= 0' replay_residual replay_all replay_few \
		replay_slope
	result $? "replay_residual is at most the two points of its curve ($WHY)"
	is "$(get "$S/sample_entropy")" $_credit "sample_entropy is the credit of a sample"
	is "$(get "$S/samples_per_block")" $_samples "samples_per_block gives 320 bits"
	is "$(get "$S/test_entropy")" $_h "test_entropy is half the limit, at least 1/8"
	is "$(get "$S/reason")" "" "reason is empty while status is ok"
	WHY=$(cd "$S/health_failures" && grep . ./*)
	! echo "$WHY" | grep -v /replay: | grep -qv ':0$'
	result $? "no health test has failed"
}

# test_read KIB: reads that much in each way, in the mode of the loaded module.
test_read() {
	read_test 1 $(($1 * 1024))
	read_test 31 $(($1 * 34))
	read_test 64 $(($1 * 16))
	read_test 4096 "$1"
	# A read with O_NONBLOCK gets only what is ready.
	wait_for 120 level -ge 16384
	read_test 4096 "$1" -n
	wait_for 120 level -ge 16384
	read_test 64 $(($1 * 16)) -n
	hwread -o /tmp/a 4096 1 >/dev/null
	hwread -o /tmp/b 4096 1 >/dev/null
	[ "$(wc -c </tmp/a)" = 4096 ] && [ "$(wc -c </tmp/b)" = 4096 ] && ! cmp -s /tmp/a /tmp/b
	result $? "two blocks of 4096 bytes differ"
	hwread -p 8 64 $(($1 * 8)) >/tmp/out
	WHY="code $?: $(cat /tmp/out)"
	[ "$(grep -c "bytes=$(($1 * 512)) .*error=none" /tmp/out)" = 8 ]
	result $? "8 readers at once get $(($1 * 512)) bytes each"
}

thread_sleeps() {
	[ "$(awk '{ print $3 }' "/proc/$PID/stat")" = S ]
}

# quiet_window: counts the thread's context switches in 10 s: from _before to SWITCHES. Fails if a
# read took bytes meanwhile. The thread wipes the rest of an opened block in the second before.
quiet_window() {
	_out=$(get "$S/bytes_out")
	sleep 1
	switches
	_before=$SWITCHES
	sleep 10
	switches
	[ "$(get "$S/bytes_out")" = "$_out" ]
}

test_sleep() {
	thread
	result $? "the collector thread is $THREAD"
	fill_up
	# The thread first finishes its set, and one more if readers waited.
	wait_for 60 thread_sleeps
	_rc=$?
	WHY="fill_level $(get "$S/fill_level") of $FULL, thread \
$(awk '{ print $3 }' "/proc/$PID/stat")"
	result $_rc "the collector fills the buffer and sleeps"
	# The core's thread may read; where the collector is sealed, the thread then runs. After the
	# boot the core's thread reads every half of the uptime.
	for _try in 1 2 3 4 5 6 7 8; do
		! quiet_window || break
	done
	is "$((SWITCHES - _before))" 0 "with the buffer full, no context switch in 10 s"
	note "fill_level after that: $(get "$S/fill_level") of $FULL"
	_before=$SWITCHES
	# One read more than the distance to the threshold.
	hwread 64 $(($(get "$P/fill_threshold") / 512 + 1)) >/dev/null
	wait_for 120 level -ge $((FULL - 2048))
	_rc=$?
	WHY="fill_level $(get "$S/fill_level") of $FULL"
	result $_rc "after reads below the threshold the buffer fills again ($TOOK/100 s)"
	# The switch counts when the thread sleeps.
	wait_for 10 in_state "$PID" S
	switches
	WHY="from $_before to $SWITCHES"
	[ "$SWITCHES" -gt "$_before" ]
	result $? "the thread has run ($((SWITCHES - _before)) switches)"
}

test_many_loads() {
	unload
	mem_is_now
	_n=0
	while [ $_n -lt "$LOADS" ]; do
		again try_load || { WHY="load $_n: $(cat /tmp/err)"; break; }
		unload || { WHY="unload $_n: $WHY $(cat /tmp/err)"; break; }
		_n=$((_n + 1))
	done
	[ $_n = "$LOADS" ]
	result $? "the module loads and unloads $LOADS times"
	_kb=400
	# KASAN holds back memory that was freed.
	[ "$SLOW" = 1 ] || _kb=5000
	test_memory 30 $_kb
}

test_plain() {
	test_load || return
	test_state
	test_credit
	test_contribute
	test_read 1
	unload
	# The emulator fills this buffer in a few seconds.
	must_load buffer_size=4 && test_sleep
	unload
	must_load mode=stream || return
	test_read 1024
	test_sleep
	unload
	must_load || return
	test_threshold
	test_cpu
	test_bad_load
	test_good_load
	test_readers
	test_many_loads
}
