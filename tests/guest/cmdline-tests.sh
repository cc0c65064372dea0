# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# cmdline-tests.sh - sourced by tests.sh: the mode cmdline, the row of cmdlines.table that row= on
# the kernel's command line names.

column() {
	grep "^$ROW	" /guest/cmdlines.table | cut -f "$1"
}

# test_taken FILES PATTERN: the kernel has taken the row's arguments.
test_taken() {
	_files=${1#"?"}
	# shellcheck disable=SC2086 # a glob
	set -- "$2" "$1" $_files
	case $2 in
	"?"*)
		if [ ! -e "$3" ]; then
			result 0 "$ROW # SKIP this kernel does not support it: it has no $3"
			return 1
		fi ;;
	esac
	_pattern=$1
	shift 2
	# A process can end meanwhile.
	_seen=$(cat "$@" 2>/tmp/err | grep -m 1 -E "$_pattern")
	_rc=$?
	WHY="$_files has no '$_pattern': $(head -n 3 "$1" 2>&1)"
	result $_rc "$ROW: the kernel has taken it: $_seen"
	return $_rc
}

# test_refused ERROR: the kernel has no key for the module. Its log may lack that: under lockdown it
# limits such lines.
test_refused() {
	klog
	try_load
	_rc=$?
	klog
	is_gone
	_gone=$?
	WHY="code $_rc: $(cat /tmp/err); $NEW; left behind: $WHY"
	[ $_rc != 0 ] && [ $_gone = 0 ] && grep -q "$1" /tmp/err
	result $? "$ROW: the module is refused: $(cat /tmp/err)"
}

test_served() {
	try_load
	_rc=$?
	klog
	WHY="$(cat /tmp/err); $NEW"
	result $_rc "$ROW: the module loads"
	[ $_rc = 0 ] || return
	becomes_ok
	_rc=$?
	WHY="it is $(get "$S/status"): $(get "$S/reason")"
	result $_rc "$ROW: status is ok"
	is "$(get "$H/rng_current")" havege "$ROW: rng_current is havege"
	wait_for 20 settled "$1"
	test_seen $? "$ROW: the collector is on CPU $1"
	test_first_bytes "$ROW: a read gets 64 bytes"
	test_unload "$ROW"
}

test_cmdline() {
	mount -t securityfs securityfs /sys/kernel/security
	ROW=$(sed -n 's/.* row=\([^ ]*\).*/\1/p' /proc/cmdline)
	test_taken "$(column 5)" "$(column 6)" || return
	_result=$(column 4)
	case $_result in
	[0-9]*)	test_served "$_result" ;;
	*)	test_refused "$_result" ;;
	esac
}
