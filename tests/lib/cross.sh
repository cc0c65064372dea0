# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # for those who source this
#
# cross.sh - rows of tests/cross.table. Source it after lib.sh.

CROSS_TABLE=$TOP/tests/cross.table

# cross_names all|kunit: prints the names of all rows, or of those with a KUnit kernel.
cross_names() {
	awk -F '\t' -v which="$1" '/^[a-z]/ && (which == "all" || $7 != "-") { print $1 }' \
		"$CROSS_TABLE" | xargs
}

# cross_row NAME: sets DEBIAN, PREFIX, EMULATOR, PACKAGE, KIND, COUNTER and OPTIONS; false without such
# a row.
cross_row() {
	while IFS='	' read -r _name DEBIAN PREFIX EMULATOR KIND COUNTER OPTIONS; do
		[ "$_name" = "$1" ] || continue
		PACKAGE=${EMULATOR#*:}
		EMULATOR=${EMULATOR%:*}
		return 0
	done <"$CROSS_TABLE"
	return 1
}
