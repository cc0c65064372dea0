# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# isolated-tests.sh - sourced by tests.sh: the mode isolated, CPUs that the administrator has
# isolated; and the same by cgroups, for the mode hotplug.

# isolated: prints the argument of the kernel's command line.
isolated() {
	grep -oE '(isolcpus|nohz_full)=[0-9]+' /proc/cmdline
}

# Not tried: only isolated CPUs online. Newer kernels refuse that, and older ones crash.
test_isolated() {
	_text=$(isolated)
	_cpu=${_text#*=}
	_file=$CPUS/isolated
	[ "${_text%=*}" = isolcpus ] || _file=$CPUS/${_text%=*}
	if [ ! -e "$_file" ]; then
		result 0 "$_text # SKIP this kernel does not support it"
		return
	fi
	is "$(cat "$_file")" "$_cpu" "the kernel has $_text"
	must_load || return
	wait_for 20 settled_off "$_cpu" && flows
	test_seen $? "$_text: the collector is on another CPU, $(get "$S/cpu")"
	echo "$_cpu" >"$P/cpu"
	wait_for 20 settled "$_cpu" && flows
	test_seen $? "$_text: cpu=$_cpu moves the collector to CPU $_cpu"
	plug "$_cpu" 0
	wait_for 20 settled_off "$_cpu" && flows
	test_seen $? "$_text: CPU $_cpu goes offline, the collector is on another one"
	plug "$_cpu" 1
	wait_for 20 settled "$_cpu" && flows
	test_seen $? "$_text: CPU $_cpu is online, the collector returns"
	echo -1 >"$P/cpu"
	wait_for 20 settled_off "$_cpu" && flows
	test_seen $? "$_text: cpu=-1 avoids CPU $_cpu again"
	plug "$_cpu" 0
	plug "$_cpu" 1
	flows && settled_off "$_cpu"
	test_seen $? "$_text: also after CPU $_cpu went offline and online"
	unload
	must_load cpu="$_cpu" || return
	settled "$_cpu" && flows
	test_seen $? "$_text: cpu=$_cpu at load time: the collector is on CPU $_cpu"
	test_unload "$_text"
}

# An isolated partition of cgroup v2.
test_partition() {
	_g=/tmp/cgroup _what="an isolated cgroup partition"
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
	test_seen $? "CPU $LAST is in $_what: bytes come (from CPU $(get "$S/cpu"))"
	# Older kernels do not tell which CPUs are isolated.
	if [ -e "$_g/cpuset.cpus.isolated" ]; then
		settled_off "$LAST"
		test_seen $? "the collector is on another CPU, $(get "$S/cpu")"
	else
		result 0 \
			"the collector is on another CPU # SKIP this kernel has no cpuset.cpus.isolated"
	fi
	move_to "$LAST" && settled "$LAST" && flows
	test_seen $? "cpu=$LAST moves the collector to CPU $LAST"
	test_unload
	rmdir "$_g/alone"
	umount $_g
}
