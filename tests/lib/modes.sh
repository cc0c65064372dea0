# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# modes.sh - the modes of tests/vm test. Source it after lib.sh. The caller gets:
#   all_modes            prints those of tests/boots.table, a line each
#   known_modes MODE...  ends the script with code 2 if there is no such mode

all_modes() {
	sed -n 's/^(\{0,1\}\([a-z-]*\))\{0,1\}	.*/\1/p' "$TOP/tests/boots.table" | uniq
}

known_modes() {
	for _m; do
		all_modes | grep -qx -e "$_m" ||
			misused "there is no mode '$_m'. There are:" "$(all_modes | xargs)"
	done
}
