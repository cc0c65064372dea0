# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# tap.sh - sourced by the guest's tests: counts them, and says of each in TAP, on descriptor 3,
# how it went.

COUNT=0
WHY=

# result RC TEXT: one test; WHY says what was seen where it failed.
result() {
	COUNT=$((COUNT + 1))
	if [ "$1" = 0 ]; then
		echo "ok $COUNT - $2" >&3
	else
		echo "not ok $COUNT - $2" >&3
		[ -z "$WHY" ] || echo "$WHY" | sed 's/^/# /' >&3
	fi
	WHY=
}

# What a Debian system that has booted with systemd says of itself in the end.
system_is_well() {
	WHY=$(dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|INFO: task')
	[ -z "$WHY" ]
	result $? "no WARNING, BUG or Oops in the kernel log"
	WHY=$(systemctl --failed --no-legend --plain)
	[ -z "$WHY" ]
	result $? "no unit has failed"
}

# The plan, and that they have come to it.
end_of_tests() {
	echo "1..$COUNT" >&3
	echo "# end of the guest tests" >&3
}
