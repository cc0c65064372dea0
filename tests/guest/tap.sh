# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # the callers use some of the variables
#
# tap.sh - sourced by all tests in the guest: counts them and prints TAP on descriptor 3.
#
# It needs a POSIX shell and /proc: it works in busybox's initramfs and on Debian.

COUNT=0
WHY=
# The kernel's command line may have slow=N: every time limit is N times as long.
SLOW=$(sed -n 's/.* slow=\([0-9]*\).*/\1/p' /proc/cmdline)
SLOW=${SLOW:-1}
# Seconds between two polls in wait_for.
PAUSE=0.02
# The output of the last command of run_logged.
OUT=/tmp/out

# tap_on_serial: sends descriptor 3 to the second serial line, unchanged.
tap_on_serial() {
	exec 3>/dev/ttyS1
	stty -F /dev/ttyS1 raw -echo
	echo "# guest is up" >&3
}

note() {
	echo "$*" | sed 's/^/# /' >&3
}

# result RC TEXT: prints one test. If it failed, also WHY, which the caller has set.
result() {
	COUNT=$((COUNT + 1))
	if [ "$1" = 0 ]; then
		echo "ok $COUNT - $2" >&3
	else
		echo "not ok $COUNT - $2" >&3
		[ -z "$WHY" ] || note "$WHY"
	fi
	WHY=
}

# is SEEN WANTED TEXT: tests that the two are equal.
is() {
	[ "$1" = "$2" ]
	set -- $? "$@"
	WHY="seen: $2; wanted: $3"
	result "$1" "$4"
}

# clock: sets NOW, the uptime in hundredths of a second.
clock() {
	read -r NOW _ </proc/uptime
	NOW=${NOW%.*}${NOW#*.}
}

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds; fails after SECONDS. TOOK is the time
# in hundredths of a second.
wait_for() {
	clock
	_start=$NOW
	_end=$((NOW + $1 * 100 * SLOW))
	shift
	while ! "$@"; do
		clock
		TOOK=$((NOW - _start))
		[ "$NOW" -lt "$_end" ] || return 1
		sleep "$PAUSE"
	done
	clock
	TOOK=$((NOW - _start))
}

# run_logged COMMAND...: runs it without input. Its output goes to the file OUT and, line by line,
# to descriptor 3. RC is its exit code, SECS the seconds that it took.
run_logged() {
	_began=$(date +%s)
	echo "# $*" >&3
	{
		"$@" 2>&1 </dev/null
		echo $? >"$OUT.rc"
	} | tee "$OUT" | sed -u 's/^/#     /' >&3
	RC=$(cat "$OUT.rc")
	SECS=$(($(date +%s) - _began))
}

# list_files PATH...: prints the root disk's files and directories, sorted. It leaves out those
# below each PATH, those that change by themselves, and depmod's lists.
list_files() {
	set -- /tmp /run /proc /sys /dev /var/log /var/cache "$@"
	for _path; do
		set -- "$@" -o -path "$_path"
		shift
	done
	shift
	find / -xdev \( "$@" \) -prune -o -print | grep -v '/lib/modules/[^/]*/modules\.' | sort
}

test_kernel_log() {
	WHY=$(dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|INFO: task')
	[ -z "$WHY" ]
	result $? "no WARNING, BUG or Oops in the kernel log"
}

test_units() {
	WHY=$(systemctl --failed --no-legend --plain)
	[ -z "$WHY" ]
	result $? "no systemd unit has failed"
}

# end_of_tests: prints the plan, and the line that tests/vm looks for.
end_of_tests() {
	echo "1..$COUNT" >&3
	note "end of the guest tests"
}

# exit_qemu: QEMU exits with 2 * 0 + 1.
exit_qemu() {
	printf '\000' | dd of=/dev/port bs=1 seek=244 conv=notrunc 2>/dev/null
}
