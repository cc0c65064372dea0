# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# qemu.sh - QEMU, for all tests that boot. Source it after lib.sh and arch.sh; SMP is the number
# of CPUs. It gives:
#   machine NAME [VALUE...]    chooses a machine of tests/machines.table: QEMU's arguments in
#                              MACHINE, the kernel's in KARGS, each with a space before it
#   qemu SECONDS ARGUMENT...   runs it, for so long on the host's clock (0: no limit). Its code:
#                              1: the guest said that it is done (isa-debug-exit); 0: the guest
#                              powered off, reset or panicked; 124: the time is up; 137: it is up,
#                              and QEMU hung. PIDFILE names another file for its process ID than
#                              TMP/qemu.pid
#   until_true SECONDS COMMAND...   waits until the command is true
#   save_state FILE            prints the commands for QEMU's monitor that stop the machine and write
#                              its state to FILE, for copies with -incoming, which run
#   end_qemu                   ends all machines; runs at exit, too

machine() {
	_wanted=$1
	shift
	while IFS='	' read -r _row _cpu _smp _accel _board _kargs; do
		[ "$_row" != "$_wanted" ] || break
	done <"$TOP/tests/machines.table"
	[ "$_row" = "$_wanted" ] || die "tests/machines.table has no machine '$_wanted'"
	# The cells have variables in them.
	eval "MACHINE=\"$_board -accel $_accel -cpu $_cpu -smp $_smp\" KARGS=\"${_kargs:+ $_kargs}\""
}

qemu() {
	_deadline=$1
	shift
	# Not -nographic: with that the BIOS writes to the serial line.
	# shellcheck disable=SC2086 # words
	timeout --foreground -k 10 "$_deadline" $QEMU $MACHINE -nodefaults -display none -no-reboot \
		-global migration.store-global-state=off -pidfile "${PIDFILE:-$TMP/qemu.pid}" "$@"
}

# From a machine that runs, QEMU can write a page without its last change: the copies then fail where
# the stack is such a page. store-global-state=off: the state does not say that it was stopped.
save_state() {
	echo stop
	echo "migrate \"exec:cat > $1.new && mv $1.new $1\""
}

# until_true SECONDS COMMAND...: polls; false if the command is not true in this time, times SLOW.
until_true() {
	_until=$(($(now) + $1 * ${SLOW:-1}))
	shift
	until "$@"; do
		[ "$(now)" -lt "$_until" ] || return 1
		sleep 0.1
	done
}

end_qemu() {
	for _pid in "$TMP"/*.pid "$TMP"/*/*.pid; do
		[ ! -f "$_pid" ] || kill "$(cat "$_pid")" 2>/dev/null || :
	done
	# The programs around QEMU still write to TMP.
	[ -z "$WATCHED" ] || wait "$WATCHED" || :
}
on_exit end_qemu
# The background process around QEMU, if there is one.
WATCHED=
