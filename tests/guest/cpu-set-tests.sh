# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# cpu-set-tests.sh - sourced by tests.sh: the parameter cpus, a collector on each of several CPUs.
# For the mode hotplug.

# threads: sets ON, the CPUs that collector threads are bound to and have run on.
threads() {
	ON=$(collectors | while read -r _pid _comm; do
		if runs_on "${_comm#*/}" "$_pid"; then
			echo "${_comm#*/}"
		else
			echo "${_comm#*/}?"
		fi
	done | sort -n | tr '\n' ',')
}

# on_cpus LIST STATE: there is a thread on each of them, and the state file has STATE. Reads come
# first: a full buffer keeps the threads asleep.
on_cpus() {
	hwread 64 16 >/dev/null
	threads
	[ "$ON" = "$1," ] && [ "$(get "$S/cpu")" = "$2" ] && status_is ok
}

# parameters_are CPUS CPU: the values of cpus and cpu.
parameters_are() {
	[ "$(get "$P/cpus")/$(get "$P/cpu")" = "$1/$2" ]
}

saw_cpus() {
	klog
	WHY="threads on $ON state file $(get "$S/cpu"), status $(get "$S/status"), \
cpus=$(get "$P/cpus") cpu=$(get "$P/cpu"): $NEW"
}

# try_cpus TEXT LIST STATE CPUS CPU: tests threads, state file and parameters.
try_cpus() {
	wait_for 20 on_cpus "$2" "$3" && parameters_are "$4" "$5" && flows
	_rc=$?
	saw_cpus
	result $_rc "$1: threads on CPUs $2, cpus=$4, cpu=$5"
}

test_cpus() {
	_two=$((LAST - 1)),$LAST _list=$((LAST - 1))-$LAST _first=$((LAST - 1))
	_all=0-$LAST _each=$(seq -s , 0 "$LAST")
	must_load cpus="$_two" buffer_size=4 || return
	klog
	WHY=$NEW
	tail -n 9 "$KLOG" | grep -q "havege_rng: collecting on CPU $_list: "
	result $? "cpus=$_two: the log names both CPUs"
	echo 32768 >"$P/fill_threshold"
	try_cpus "cpus=$_two at load time" "$_two" "$_list" "$_list" -1
	for _m in $P/cpus $P/cpu; do
		is "$(stat -c %a "$_m")" 644 "root can write $_m"
	done

	# The last write counts.
	echo 0 >"$P/cpu"
	try_cpus "cpu=0 written after cpus" 0 0 '' 0
	echo "$_all" >"$P/cpus"
	try_cpus "cpus=$_all written after cpu" "$_each" "$_all" "$_all" -1
	echo >"$P/cpus"
	try_cpus "an empty cpus" "$LAST" "$LAST" '' -1
	echo "$_list" >"$P/cpus"

	# Bad values: the old ones stay.
	threads
	for _c in 0-$((LAST + 1)) 999 0,77 2147483648; do
		write_fails cpus "$_c" 'No such device or address|Invalid argument|Value too large'
	done
	for _c in -1 x 1-0 0-; do
		write_fails cpus "$_c" 'Invalid argument'
	done
	plug "$LAST" 0
	wait_for 20 on_cpus "$_first" "$_first"
	_rc=$?
	saw_cpus
	result $_rc "cpus=$_list: CPU $LAST goes offline, the other one stays"
	write_fails cpus "0-$LAST" 'No such device or address'
	if [ "$LAST" -gt 1 ]; then
		plug "$_first" 0 && wait_for 20 settled_off "$_first" && flows
		_rc=$?
		saw_cpus
		result $_rc "cpus=$_list: both go offline, the collector is on CPU $(get "$S/cpu")"
		plug "$_first" 1
	else
		result 0 "cpus=$_list: both go offline # SKIP one of two CPUs must stay online"
	fi
	plug "$LAST" 1
	try_cpus "both are online again" "$_two" "$_list" "$_list" -1

	# At any point of a collector's work.
	flip_begin "$LAST"
	_b=$(get "$S/bytes_out")
	wait_for 100 flipped "$(by_amount 5 50)"
	flip_end
	wait_for 20 more_than "$_b"
	flows
	_rc=$?
	[ "$FLIPS" -ge 5 ] || _rc=1
	saw_cpus
	result $_rc "cpus=$_list: CPU $LAST goes offline and online $FLIPS times, bytes come"
	try_cpus "after that" "$_two" "$_list" "$_list" -1
	test_unload "cpus=$_list"

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
