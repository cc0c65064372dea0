# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# copies.sh - two copies of a machine, for tests whose only program reads /dev/hwrng in them. Source it
# after lib.sh and qemu.sh. That program prints lines "NAME VALUE": "snapshot" when it can be copied,
# and in a copy "copy HEX", 64 bytes. It gives:
#   boot_and_copy NAME BOOT    boots the machine, writes its state, and runs two copies of it. "BOOT
#                              NUMBER ARGUMENT..." runs QEMU with these arguments, 0 is the original;
#                              it writes what the program prints to TMP/NAME.NUMBER
#   value NAME LOG             prints the value
#   printed PATTERN LOG        whether LOG has such a line
#   copies_read NAME MIN MAX   whether both copies have read 64 bytes, with so many in common from the
#                              first on

# A serial line ends with a carriage return.
printed() {
	tr -d '\r' <"$2" | grep -q "$1"
}

value() {
	tr -d '\r' <"$2" | sed -n "s/^$1 //p"
}

# Whether the original is ready for a snapshot, or has ended.
ready_or_ended() {
	printed '^snapshot$' "$TMP/$1.0" || ! kill -0 "$WATCHED" 2>/dev/null
}

boot_and_copy() {
	: >"$TMP/$1.0"
	mkfifo "$TMP/$1.monitor"
	exec 8<>"$TMP/$1.monitor"
	"$2" 0 -monitor stdio <"$TMP/$1.monitor" >"$TMP/$1.answers" 2>&1 8>&- &
	WATCHED=$!
	until_true "$DEADLINE" ready_or_ended "$1" || :
	save_state "$TMP/state" >&8
	until_true 120 [ -e "$TMP/state" ] || cat "$TMP/$1.answers"
	echo quit >&8
	wait "$WATCHED" || :
	WATCHED=
	exec 8>&-
	for _copy in 1 2; do
		"$2" $_copy -monitor none -incoming "exec:cat $TMP/state" </dev/null \
			>"$TMP/$1.answers" 2>&1 || cat "$TMP/$1.answers"
	done
	rm -f "$TMP/state" "$TMP/$1.monitor"
}

# Prints how many bytes the copies' reads have in common, from the first on.
common() {
	printf '%s %s\n' "$(value copy "$TMP/$1.1")" "$(value copy "$TMP/$1.2")" |
		awk '{ while (n < 64 && substr($1, 2 * n + 1, 2) == substr($2, 2 * n + 1, 2)) n++
			print n + 0 }'
}

copies_read() {
	for _copy in 1 2; do
		value copy "$TMP/$1.$_copy"
		printed '^copy [0-9a-f]\{128\}$' "$TMP/$1.$_copy" || {
			tail -n 30 "$TMP/$1.$_copy"
			return 1
		}
	done
	_common=$(common "$1")
	echo "$_common bytes in common"
	[ "$_common" -ge "$2" ] && [ "$_common" -le "$3" ]
}
