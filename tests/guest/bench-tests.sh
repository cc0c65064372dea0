# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# bench-tests.sh - sourced by tests.sh: the mode bench, figures for tools/bench on lines
# "# bench NAME VALUE". The tests require the figures and do not judge them.

ROUNDS=7
IDLE=60			# seconds

# measured NAME VALUE
measured() {
	note "bench $1 $2"
}

# per_second BYTES NANOSECONDS: prints bytes a second.
per_second() {
	awk -v b="$1" -v n="$2" 'BEGIN { printf "%.1f", b * 1e9 / n }'
}

# The bytes collected while hwbench reads: without those ready before, with those ready after.
bench_collected() {
	_ready=$(get "$S/fill_level")
	# shellcheck disable=SC2046 # two numbers
	set -- $(hwbench 4 /dev/hwrng 2>/tmp/err)
	[ $# = 2 ] || return
	_ready=$((($(get "$S/fill_level") - _ready) / 8))
	measured vm_conditioned "$(per_second $(($1 + _ready)) "$2")"
}

bench_jitter() {
	# shellcheck disable=SC2046
	set -- $(hwbench 4 rng:jitterentropy_rng 2>/tmp/err)
	[ $# = 2 ] || return
	measured vm_jitter "$(per_second "$1" "$2")"
}

# used: sets USED, the thread's CPU time in ms, and SWITCHES.
used() {
	thread
	switches
	USED=$(awk '{ printf "%.3f", $1 / 1e6 }' "/proc/$PID/schedstat")
}

# bench_idle CONTRIBUTE: IDLE seconds without a reader. Only the kernel takes bytes meanwhile.
bench_idle() {
	echo "$1" >"$P/contribute"
	fill_up
	_rc=$?
	used
	_switches=$SWITCHES _used=$USED
	note "nothing for $IDLE s, contribute=$1"
	sleep $IDLE
	used
	measured "idle_switches_$1" $((SWITCHES - _switches))
	measured "idle_ms_$1" "$(awk -v a="$USED" -v b="$_used" 'BEGIN { printf "%.3f", a - b }')"
	measured "idle_taken_$1" $((FULL - $(get "$S/fill_level")))
	WHY="fill_level $(get "$S/fill_level") of $FULL"
	result $_rc "the buffer was full before $IDLE idle seconds, contribute=$1"
}

# The module's memory in KiB: its code and data, its pages, its buffer.
bench_memory() {
	_self=$(awk '$1 == "havege_rng" { print $2 }' /proc/modules)
	_pages=$(awk '/havege_rng\]/ && / open_source| alloc_source/ { n += $2 - 4096 } END { print n + 0 }' \
		/proc/vmallocinfo)
	WHY="module $_self, by the page $_pages: $(grep havege /proc/vmallocinfo)"
	measured memory_module $((_self / 1024))
	measured memory_pages $((_pages / 1024))
	measured memory_buffer "$(get "$P/buffer_size")"
	[ "$_pages" -gt 65536 ] && [ "$_self" -gt 65536 ]
}

test_bench() {
	# With the host's data cache size, not the emulated one.
	must_load dcache_kb="$(grep -o 'l1d=[0-9]*' /proc/cmdline | cut -d = -f 2)" || return
	bench_memory
	result $? "memory is accounted for"
	unload
	must_load || return
	for _m in algif_rng sha3_generic jitterentropy_rng; do
		klog
		modprobe $_m 2>/tmp/err
		_rc=$?
		klog
		WHY="$(cat /tmp/err) $NEW"
		result $_rc "modprobe $_m"
	done
	_n=0
	while [ $_n -lt $ROUNDS ]; do
		bench_collected || break
		bench_jitter || break
		_n=$((_n + 1))
		note "round $_n of $ROUNDS"
	done
	# shellcheck disable=SC2034 # for result
	WHY=$(cat /tmp/err)
	[ $_n = $ROUNDS ]
	result $? "$_n rounds of reads"
	bench_idle 0
	bench_idle 1
	test_unload
}
