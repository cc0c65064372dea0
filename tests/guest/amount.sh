# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# amount.sh - sourced by tests/vm and by the guest's tools.sh: how often a test repeats something.
# AMOUNT is short, long, or a number: so many percent of a long count. tests/vm sets it from
# HAVEGE_AMOUNT.

# by_amount SHORT LONG: prints the one for AMOUNT. With percents a count is at least SHORT; words and
# a LONG that is the smaller number (a step) stay SHORT.
by_amount() {
	case $AMOUNT:$1$2 in
	long:*)		echo "$2" ;;
	*[!0-9]*:*|:*|*:*[!0-9]*)
			echo "$1" ;;
	*)		_share=$(($2 * AMOUNT / 100))
			echo "$((_share > $1 ? _share : $1))" ;;
	esac
}
