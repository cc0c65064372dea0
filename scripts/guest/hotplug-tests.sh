#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# hotplug-tests.sh - sourced by the guest's tests: CPUs that come and go, and those that somebody
# wants to be left alone.

# Serving, on CPU $1.
settled() {
	status_is ok && on_cpu "$1"
}

# Serving, but not on CPU $1.
settled_off() {
	_c=$(get "$S/cpu")
	[ "$_c" != "$1" ] && settled "$_c"
}

seen() {
	where
	klog
	WHY="$WHY, status $(get "$S/status"), cpu=$(get "$P/cpu"), online $(cat "$CPUS/online"): \
$(cat /tmp/out)
$NEW"
}

# goes_and_returns KNOB CPU: the CPU that the knob stands for goes offline and comes back.
goes_and_returns() {
	_text="cpu=$1" _home=$2
	echo "$1" >"$P/cpu"
	wait_for 20 settled "$_home" && fill_up
	_full=$(get "$S/fill_level")
	plug "$_home" 0
	_rc=$?
	# Filling this much takes longer than looking.
	wait_for 20 level -lt $((FULL / 4)) && [ $_rc = 0 ] && [ "$_full" -gt $((FULL / 2)) ]
	_rc=$?
	seen
	result $_rc "$_text: CPU $_home goes, and with it the $_full bits that were ready"
	wait_for 20 settled_off "$_home"
	_rc=$?
	_took=$TOOK
	flows || _rc=1
	seen
	result $_rc "$_text: the collector is elsewhere ($THREAD, $_took/100 s) and bytes come"
	is "$(get "$P/cpu")" "$1" "$_text: that is what is asked for still"
	plug "$_home" 1
	wait_for 20 settled "$_home"
	_rc=$?
	_took=$TOOK
	flows || _rc=1
	seen
	result $_rc "$_text: CPU $_home comes back, and the collector returns ($_took/100 s)"
}

# Not its CPU: what goes and comes there is none of its business.
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
	is "$_n $PID $(get "$S/cpu")" "3 $_pid 0" "cpu=0: CPU $LAST goes and comes 3 times; the thread is the same"
	echo -1 >"$P/cpu"
}

# Flips of CPU $2 under readers that read on and on, in mode $1: $3 times, each waited for.
test_flips() {
	_text="mode=$1, 4 readers"
	must_load mode="$1" || return
	echo $(($(get "$P/buffer_size") * 8192)) >"$P/fill_threshold"
	echo "$2" >"$P/cpu"
	wait_for 20 settled "$2"
	hwread -p 2 64 0 >/tmp/readers &
	_parents=$!
	hwread -n -p 2 4096 0 >>/tmp/readers &
	_parents="$_parents $!"
	_n=0 _bad='' _slow=0
	while [ -z "$_bad" ] && [ $_n -lt "$3" ]; do
		plug "$2" 0 || _bad="CPU $2 does not go: $(cat /tmp/err)"
		wait_for 20 settled_off "$2" || _bad="not elsewhere;"
		[ "$TOOK" -le "$_slow" ] || _slow=$TOOK
		_b=$(get "$S/bytes_out")
		wait_for 20 more_than "$_b" || _bad="$_bad no bytes elsewhere;"
		plug "$2" 1 || _bad="$_bad CPU $2 does not come: $(cat /tmp/err)"
		wait_for 20 settled "$2" || _bad="$_bad not back;"
		[ "$TOOK" -le "$_slow" ] || _slow=$TOOK
		_b=$(get "$S/bytes_out")
		wait_for 20 more_than "$_b" || _bad="$_bad no bytes back home;"
		[ -n "$_bad" ] || _n=$((_n + 1))
		progress "$_text: CPU $2 has gone and come $_n of $3 times, worst $_slow/100 s"
	done
	seen
	WHY="$_bad $WHY"
	[ -z "$_bad" ]
	result $? "$_text: CPU $2 goes and comes, $_n times; at worst it moved in $_slow/100 s"
	WHY=$(cat /tmp/readers)
	[ -z "$WHY" ] # one that has ended has said why
	result $? "$_text: and they read on"
	# Without a look in between.
	flip_begin "$2"
	_b=$(get "$S/bytes_out")
	wait_for 300 flipped "$3"
	flip_end
	wait_for 20 settled "$2"
	_rc=$?
	[ "$FLIPS" -gt 0 ] || _rc=1
	_b=$(get "$S/bytes_out")
	wait_for 20 more_than "$_b" || _rc=1
	seen
	result $_rc "$_text: CPU $2 goes and comes without a pause, $FLIPS times; then it serves there"
	WHY=$(cat /tmp/readers)
	[ -z "$WHY" ]
	result $? "$_text: and they read on"
	# shellcheck disable=SC2034 # end_readers goes by it
	for PARENT in $_parents; do
		end_readers -TERM
	done
	# shellcheck disable=SC2086 # numbers
	wait $_parents
	unload
	result $? "$_text: the module unloads"
}

# The last CPU cannot go. Which of them is that is the kernel's to say: on many it is CPU 0.
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
	seen
	result $_rc "all CPUs are told to go:$_on stays ($_err), and bytes come"
	for _c in $_off; do
		plug "$_c" 1
	done
	wait_for 20 settled "$LAST"
	_rc=$?
	seen
	result $_rc "and when they are back the collector is on CPU $LAST again"
}

# CPUs that are not there.
test_no_cpu() {
	_enxio='No such device or address'
	echo 0 >"$P/cpu"
	thread
	_pid=$PID
	for _c in $((LAST + 1)) 999 2147483647; do
		refused cpu "$_c" "$_enxio"
	done
	# No number of a CPU, or no number.
	for _c in 2147483648 9223372036854775807; do
		refused cpu "$_c" "$_enxio|Numerical result"
	done
	for _c in -2 -2147483649 9223372036854775808 -9223372036854775809 1.5 1,2 0x "0 1" cpu1; do
		refused cpu "$_c" "Numerical result|Invalid argument"
	done
	plug "$LAST" 0
	refused cpu "$LAST" "$_enxio"
	plug "$LAST" 1
	thread
	is "$PID" "$_pid" "and nothing of that touched the collector"
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
	is "$(get "$S/cpu")" $((LAST - 1)) "with CPU $LAST offline the last one is another"
	plug "$LAST" 1
	wait_for 20 settled "$LAST"
	_rc=$?
	seen
	result $_rc "and when it comes the collector goes there"
}

# A CPU that goes while the module starts, is moved, or ends: $1 times each.
test_meanwhile() {
	unload
	_n=0 _loaded=0 _bad=''
	while [ -z "$_bad" ] && [ $_n -lt "$1" ]; do
		klog
		modprobe havege_rng 2>/tmp/err.load &
		_loader=$!
		# At no time in particular: not to wait for something.
		dice 40
		usleep $((DICE * 20000))
		plug "$LAST" 0 && plug "$LAST" 1 || _bad="CPU $LAST: $(cat /tmp/err)"
		if wait $_loader; then
			_loaded=$((_loaded + 1))
			wait_for 20 settled "$LAST" && flows || _bad="loaded, but $(cat /tmp/out)"
		else
			klog
			grep -q 'No such device or address' /tmp/err.load ||
				_bad="the load fails otherwise: $(cat /tmp/err.load)"
			[ "$(echo "$NEW" | grep -c 'havege_rng: ')" = 1 ] ||
				_bad="$_bad not one line in the log: $NEW"
			is_gone || _bad="$_bad left behind: $WHY"
		fi
		[ -n "$_bad" ] || _n=$((_n + 1))
		[ ! -e "$S" ] || unload || _bad="$_bad unload: $WHY $(cat /tmp/err)"
		progress "flips while it starts: $_n of $1"
	done
	klog
	WHY="$_bad; $NEW"
	[ -z "$_bad" ] && [ $_loaded -gt 0 ]
	result $? "CPU $LAST goes and comes during start-up, $_n times: $_loaded loads, $((_n - _loaded)) clean refusals"

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
		progress "flips while it moves: $_n moves of $1"
	done
	flip_end
	echo -1 >"$P/cpu"
	wait_for 20 settled "$LAST" && flows || _bad="$_bad not serving"
	seen
	WHY="$_bad $WHY"
	[ -z "$_bad" ] && [ "$FLIPS" -gt 0 ] && [ $_n -gt $_refused ]
	result $? "CPU $LAST goes and comes $FLIPS times while it moves $_n times, of which $_refused were refused"
	unload

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
		progress "flips while it ends: $_n of $1, $SLOWEST/100 s at most"
	done
	WHY=$_bad
	[ -z "$_bad" ] && [ $_n = "$1" ] && [ $_flips -ge $_n ] && [ "$SLOWEST" -le "$LIMIT" ]
	result $? "CPU $LAST goes and comes $_flips times during $_n unloads, which take $SLOWEST/100 s at most (limit $LIMIT)"
}

# The CPUs that collectors' threads are bound to and have run on, in ON.
threads() {
	ON=$(collectors | while read -r _pid _comm; do
		if runs_on "${_comm#*/}" "$_pid"; then
			echo "${_comm#*/}"
		else
			echo "${_comm#*/}?"
		fi
	done | sort -n | tr '\n' ',')
}

# on_cpus LIST STATE: a thread on each of them, and the state file says STATE. Nothing has a
# thread run that a full buffer keeps asleep.
on_cpus() {
	hwread 64 16 >/dev/null
	threads
	[ "$ON" = "$1," ] && [ "$(get "$S/cpu")" = "$2" ] && status_is ok
}

# knobs CPUS CPU: what the two of them say.
knobs() {
	[ "$(get "$P/cpus")/$(get "$P/cpu")" = "$1/$2" ]
}

saw_cpus() {
	klog
	WHY="threads on $ON state file $(get "$S/cpu"), status $(get "$S/status"), \
cpus=$(get "$P/cpus") cpu=$(get "$P/cpu"): $NEW"
}

# try_cpus TEXT LIST STATE CPUS CPU: waits until threads, state file and knobs are like that.
try_cpus() {
	wait_for 20 on_cpus "$2" "$3" && knobs "$4" "$5" && flows
	_rc=$?
	saw_cpus
	result $_rc "$1: threads on CPUs $2, cpus=$4, cpu=$5"
}

# A collector on each of two CPUs.
test_cpus() {
	_two=$((LAST - 1)),$LAST _list=$((LAST - 1))-$LAST _first=$((LAST - 1))
	_all=0-$LAST _each=$(seq -s , 0 "$LAST")
	must_load cpus="$_two" buffer_size=4 || return
	klog
	WHY=$NEW
	tail -n 9 "$KLOG" | grep -q "havege_rng: collecting on CPU $_list: "
	result $? "cpus=$_two: the log has both CPUs"
	echo 32768 >"$P/fill_threshold"
	try_cpus "cpus=$_two at load time" "$_two" "$_list" "$_list" -1
	for _m in $P/cpus $P/cpu; do
		is "$(stat -c %a "$_m")" 644 "$_m is there to be written to"
	done

	# The last word counts.
	echo 0 >"$P/cpu"
	try_cpus "cpu=0 written after it" 0 0 '' 0
	echo "$_all" >"$P/cpus"
	try_cpus "cpus=$_all written after that" "$_each" "$_all" "$_all" -1
	echo >"$P/cpus"
	try_cpus "no cpus" "$LAST" "$LAST" '' -1
	echo "$_list" >"$P/cpus"

	# What cannot be: the old ones stay.
	threads
	for _c in 0-$((LAST + 1)) 999 0,77 2147483648; do
		refused cpus "$_c" 'No such device or address|Invalid argument|Value too large'
	done
	for _c in -1 x 1-0 0-; do
		refused cpus "$_c" 'Invalid argument'
	done
	plug "$LAST" 0
	wait_for 20 on_cpus "$_first" "$_first"
	_rc=$?
	saw_cpus
	result $_rc "cpus=$_list: CPU $LAST goes, the other stays"
	refused cpus "0-$LAST" 'No such device or address'
	if [ "$LAST" -gt 1 ]; then
		plug "$_first" 0 && wait_for 20 settled_off "$_first" && flows
		_rc=$?
		saw_cpus
		result $_rc "cpus=$_list: both go, it is elsewhere (CPU $(get "$S/cpu"))"
		plug "$_first" 1
	else
		result 0 "cpus=$_list: both go # SKIP of two CPUs one has to stay"
	fi
	plug "$LAST" 1
	try_cpus "they come back" "$_two" "$_list" "$_list" -1

	# With each of the two in the midst of something.
	flip_begin "$LAST"
	_b=$(get "$S/bytes_out")
	wait_for 100 flipped "$(amount 5 50)"
	flip_end
	wait_for 20 more_than "$_b"
	flows
	_rc=$?
	[ "$FLIPS" -ge 5 ] || _rc=1
	saw_cpus
	result $_rc "cpus=$_list: CPU $LAST goes and comes $FLIPS times, bytes come"
	try_cpus "and it is as it was" "$_two" "$_list" "$_list" -1
	unload
	result $? "cpus=$_list: the module unloads"

	bad cpus=0 cpu=0 "Invalid argument"
	bad cpus=$((LAST + 1)) "No such device or address"
	bad cpus=x "Invalid argument"
	plug "$LAST" 0
	bad cpus="$_list" "No such device or address"
	plug "$LAST" 1
	must_load mode=stream cpus="$_list" buffer_size=4 || return
	try_cpus "mode=stream" "$_two" "$_list" "$_list" -1
	unload
}

test_hotplug() {
	must_load buffer_size=4 || return
	wait_for 20 settled "$LAST"
	for _c in "$LAST" 0; do
		thread
		_old=$PID
		echo "$_c" >"$P/cpu"
		on_cpu "$_c" && { [ "$PID" != "$_old" ] || [ "$_c" = "$LAST" ]; }
		_rc=$?
		seen
		result $_rc "cpu=$_c: it is there when the write returns"
	done
	goes_and_returns "$LAST" "$LAST"
	goes_and_returns -1 "$LAST"
	if [ -e "$CPUS/cpu0/online" ]; then
		goes_and_returns 0 0
	else
		result 0 "cpu=0: CPU 0 goes # SKIP this kernel keeps it"
	fi
	test_others
	test_last
	test_no_cpu
	unload
	for _m in conditioned stream; do
		test_flips $_m "$LAST" "$(amount 5 250)"
	done
	[ ! -e "$CPUS/cpu0/online" ] || test_flips conditioned 0 "$(amount 5 100)"
	test_cpus
	test_meanwhile "$(amount 5 100)"
}

# --- CPUs that are to be left alone ----------------------------------------------------------

# Which those are, in the words of the kernel's command line.
isolated() {
	grep -oE '(isolcpus|nohz_full)=[0-9]+' /proc/cmdline
}

# That nothing else be online is not tried: newer kernels refuse it, and older ones fall over it.
test_isolated() {
	_text=$(isolated)
	_cpu=${_text#*=}
	_file=$CPUS/isolated
	[ "${_text%=*}" = isolcpus ] || _file=$CPUS/${_text%=*}
	if [ ! -e "$_file" ]; then
		result 0 "$_text # SKIP this kernel does not know of it"
		return
	fi
	is "$(cat "$_file")" "$_cpu" "the kernel knows of $_text"
	must_load || return
	wait_for 20 settled_off "$_cpu" && flows
	_rc=$?
	seen
	result $_rc "$_text: it collects elsewhere, on CPU $(get "$S/cpu")"
	echo "$_cpu" >"$P/cpu"
	wait_for 20 settled "$_cpu" && flows
	_rc=$?
	seen
	result $_rc "$_text: who asks for CPU $_cpu gets it"
	plug "$_cpu" 0
	wait_for 20 settled_off "$_cpu" && flows
	_rc=$?
	seen
	result $_rc "$_text: CPU $_cpu goes, the collector is elsewhere"
	plug "$_cpu" 1
	wait_for 20 settled "$_cpu" && flows
	_rc=$?
	seen
	result $_rc "$_text: CPU $_cpu comes back, the collector returns"
	echo -1 >"$P/cpu"
	wait_for 20 settled_off "$_cpu" && flows
	_rc=$?
	seen
	result $_rc "$_text: cpu=-1 leaves it alone again"
	plug "$_cpu" 0
	plug "$_cpu" 1
	flows && settled_off "$_cpu"
	_rc=$?
	seen
	result $_rc "$_text: and does so when CPU $_cpu goes and comes"
	unload
	must_load cpu="$_cpu" || return
	settled "$_cpu" && flows
	_rc=$?
	seen
	result $_rc "$_text: the same for cpu=$_cpu at load time"
	unload
	result $? "$_text: the module unloads"
}

# A partition of cgroup v2 whose CPUs nobody is to be on.
test_partition() {
	_g=/tmp/cgroup _what="an isolated partition of cgroups"
	mkdir -p $_g
	mount -t cgroup2 cgroup2 $_g && echo +cpuset >"$_g/cgroup.subtree_control" &&
		mkdir "$_g/alone" && echo "$LAST" >"$_g/alone/cpuset.cpus" &&
		echo isolated >"$_g/alone/cpuset.cpus.partition"
	_is=$(get "$_g/alone/cpuset.cpus.partition")
	if [ "$_is" != isolated ]; then
		result 0 "$_what # SKIP this kernel makes it: $_is"
		return
	fi
	must_load || return
	flows
	_rc=$?
	seen
	result $_rc "with CPU $LAST in $_what bytes come (from CPU $(get "$S/cpu"))"
	# Before that the kernel told nobody.
	if [ -e "$_g/cpuset.cpus.isolated" ]; then
		settled_off "$LAST"
		_rc=$?
		seen
		result $_rc "it collects elsewhere, on CPU $(get "$S/cpu")"
	else
		result 0 "it collects elsewhere # SKIP this kernel does not say which CPUs are isolated"
	fi
	echo "$LAST" >"$P/cpu"
	settled "$LAST" && flows
	_rc=$?
	seen
	result $_rc "who asks for CPU $LAST gets it"
	unload
	result $? "the module unloads"
	rmdir "$_g/alone"
	umount $_g
}
