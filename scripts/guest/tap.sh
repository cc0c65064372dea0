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
