# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# debug-tests.sh - sourced by tests.sh: what the kernels of tests/debug find; the modes wrong and
# builtin, for these kernels.

# The checks of this kernel, from its command line: kasan, kcsan, or none.
CHECKS=$(sed -n 's/.* checks=\([a-z]*\).*/\1/p' /proc/cmdline)
LEAKS=$D/kmemleak

# begin_checks: opens kmemleak's file. Under lockdown, later, that would fail.
begin_checks() {
	[ "$CHECKS" = kasan ] || return 0
	exec 6>"$LEAKS"
	exec 7<"$LEAKS"
}

# leaks: sets WHY to the memory without a reference. kmemleak leaves out what is younger than 5 s or
# has changed since the last scan.
leaks() {
	echo scan >&6 && sleep 6 && # a measuring window
		echo scan >&6 && echo scan >&6 && WHY=$(cat <&7)
}

# All leaks count, not only those that name havege: the addresses of an unloaded module have no
# names.
test_leaks() {
	leaks && [ -z "$WHY" ]
	result $? "kmemleak finds nothing"
}

# lockdep stops at its first report, and when its tables are full.
test_lockdep() {
	WHY=$(grep debug_locks /proc/lockdep_stats)
	is "${WHY##* }" 1 "lockdep is still on at the end"
}

test_checks() {
	case $CHECKS in
	kasan)	test_leaks; test_lockdep ;;
	kcsan)	test_lockdep ;;
	esac
}

# --- the kernel finds errors -----------------------------------------------------------------

# finds WHAT PATTERN: tests that the kernel reports what havege_wrong does.
finds() {
	insmod /guest/havege_wrong.ko what="$1" 2>/tmp/err
	_rc=$?
	rmmod havege_wrong
	# Not part of KLOG: this report is expected.
	dmesg -c >/tmp/new
	_line=$(grep -m 1 -E "$2" /tmp/new)
	WHY="$(cat /tmp/err) $(cat /tmp/new)"
	[ $_rc = 0 ] && [ -n "$_line" ] && grep -qE "$REPORTS" /tmp/new
	result $? "$1: ${_line#*] }"
}

test_wrong() {
	echo 0 >/proc/sys/kernel/panic_on_warn
	# First: any report turns lockdep off.
	finds order 'WARNING: possible circular locking dependency'
	case $CHECKS in
	kasan)
		finds use-after-free 'BUG: KASAN: slab-use-after-free in .*havege_wrong'
		finds shift 'UBSAN: shift-out-of-bounds'
		insmod /guest/havege_wrong.ko what=leak
		rmmod havege_wrong
		leaks
		[ "$(echo "$WHY" | grep -c 'unreferenced object .*(size 64)')" -ge 5 ]
		result $? "leak: $(echo "$WHY" | head -n 1)"
		dmesg -c >/tmp/new ;;
	kcsan)
		finds race 'BUG: KCSAN: data-race in .*havege_wrong' ;;
	*)
		result 1 "the kernel is one of tests/debug" ;;
	esac
	finds warn 'WARNING: .* warn.*havege_wrong'
	finds sleep 'BUG: sleeping function called from invalid context'
	# These reports have turned the checks off.
	CHECKS=
}

# --- built in --------------------------------------------------------------------------------

test_arguments() {
	WHY=
	_n=0
	# shellcheck disable=SC2013 # a list of words
	for _word in $(grep -o 'havege_rng\.[^ ]*' /proc/cmdline); do
		_n=$((_n + 1))
		_word=${_word#*.}
		[ "$(get "$P/${_word%%=*}")" = "${_word#*=}" ] ||
			WHY="$WHY ${_word%%=*} is $(get "$P/${_word%%=*}");"
	done
	[ $_n -gt 0 ] && [ -z "$WHY" ]
	result $? "$_n parameters have the values of the kernel's command line"
}

# test_flip_suspend COUNT: the machine suspends down to the level core, where only one CPU is
# online. Each time a new thread collects.
test_flip_suspend() {
	_n=0 _bad=
	echo core >/sys/power/pm_test || _bad="no pm_test"
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	while [ -z "$_bad" ] && [ $_n -lt "$1" ]; do
		thread
		_old=$PID
		(echo mem >/sys/power/state) 2>/tmp/err || _bad="not suspended: $(cat /tmp/err);"
		wait_for 20 status_is ok && flows || _bad="$_bad not serving;"
		thread && [ "$PID" != "$_old" ] || _bad="$_bad the thread is the old one;"
		_n=$((_n + 1))
	done
	echo none >/sys/power/pm_test
	seen
	WHY="$_bad $WHY"
	[ -z "$_bad" ]
	result $? "the machine suspends and resumes $_n times, each time a new thread collects"
}

test_builtin() {
	[ -d "$P" ] && ! grep -q '^havege_rng ' /proc/modules
	result $? "the driver is built in and no module"
	wait_for 60 status_is ok
	result $? "status is ok"
	note "$(grep 'havege_rng: ' "$KLOG")"
	is "$(get "$H/rng_current")" havege "rng_current is havege"
	test_arguments
	_cpu=$(get "$P/cpu")
	wait_for 20 settled "$_cpu"
	test_seen $? "the collector is on CPU $_cpu"
	test_read 1
	raw_test raw 8000 10 none
	raw_test raw_replay 4000 0 end-of-file "$SET"
	goes_and_returns "$_cpu" "$_cpu"
	goes_and_returns -1 "$LAST"
	test_flip_suspend 5
}
