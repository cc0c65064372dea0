# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# suspend.sh - sourced by tests/vm: suspend and hibernation (tests/guest/suspend-tests.sh), as
# suspend_tests.

# Presses the button until the machine prints that it is awake: a press is lost before it sleeps.
# The monitor is a pair of fifos; its answers are thrown away.
wake_up() {
	cat "$TMP/monitor.out" >/dev/null &
	_cat=$!
	trap 'kill $_cat 2>/dev/null; exit 0' TERM
	exec 7<>"$TMP/monitor.in"
	while :; do
		case $(grep -E '^# (asleep|awake)' "$TMP/verdict" 2>/dev/null | tail -n 1) in
		'# asleep mem'*)	echo system_wakeup >&7 ;;
		'# asleep freeze'*)	echo system_powerdown >&7 ;;
		esac
		sleep 0.5
	done
}

end_waker() {
	[ -z "$WAKER" ] || kill "$WAKER" 2>/dev/null || :
	WAKER=
}
on_exit end_waker
WAKER=

suspend_tests() {
	mkfifo "$TMP/monitor.in" "$TMP/monitor.out"
	wake_up &
	WAKER=$!
	truncate -s 1G "$TMP/swap"
	_disk=file=$TMP/swap,if=virtio,format=raw
	truncate -s 1M "$TMP/slow"
	boot plain suspend "$(deadline 900 7200)" "Suspend and hibernation" -drive "$_disk" \
		-drive "file=$TMP/slow,if=virtio,format=raw,throttling.iops-total=1" \
		-chardev "pipe,id=mon,path=$TMP/monitor" -mon chardev=mon,mode=readline
	end_waker
	rm "$TMP/monitor.in" "$TMP/monitor.out"

	_n=0
	while [ $_n -lt "$(by_amount 1 5)" ]; do
		_n=$((_n + 1))
		machine plain
		say "Hibernation, to a disk and back ($_n)"
		if guest test-hibernate $((300 * SLOW)) -drive "$_disk" && [ "$RC" = 0 ] &&
		   grep -q '^# asleep disk' "$TMP/verdict"; then
			pass "hibernation: the machine goes off"
			count_tap "$TMP/verdict"
			tests test-resume $((300 * SLOW)) -drive "$_disk"
		else
			fail "hibernation: the machine goes off (QEMU's code $RC)"
			show_console 60 "$TMP/console"
		fi
	done
}
