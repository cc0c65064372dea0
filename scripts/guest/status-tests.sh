#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# status-tests.sh - sourced by the guest's tests: havege-status, by root and by an ordinary user.
# What it says to programs goes to the verdict line, where scripts/vm has a program to read it.

# As scripts/vm packs it: busybox's shell would not find it by itself.
STATUS=/bin/havege-status
RESTRICT=/proc/sys/kernel/dmesg_restrict

# as root|nobody ARGUMENT...: the screen in SCREEN, its rows each in one line, and in RC the code.
as() {
	_who=$1
	shift
	case $_who in
	root)	$STATUS "$@" >/tmp/screen 2>&1 ;;
	*)	su -s /bin/sh "$_who" -c "$STATUS $*" >/tmp/screen 2>&1 ;;
	esac
	RC=$?
	SCREEN=$(awk '/^ +[^ ]/ { sub(/^ +/, ""); line = line " " $0; next }
		      { if (NR > 1) print line; line = $0 } END { print line }' /tmp/screen)
}

# shows TEXT CODE PATTERN...: the last screen has a row for each pattern, and ended with the code.
shows() {
	_shown=$1 _code=$2
	shift 2
	WHY=
	[ "$RC" = "$_code" ] || WHY="code $RC;"
	for _pattern; do
		echo "$SCREEN" | grep -qE "$_pattern" || WHY="$WHY no '$_pattern';"
	done
	[ -z "$WHY" ]
	_rc=$?
	WHY="$WHY
$SCREEN"
	result $_rc "havege-status: $_shown: exit code $_code"
}

# to_program root|nobody CODE TEXT: what it says as JSON.
to_program() {
	as "$1" --json
	WHY=$(cat /tmp/screen)
	[ "$RC" = "$2" ] && grep -qx "  \"exit_code\": $2,*" /tmp/screen
	result $? "havege-status --json: $3, as $1: exit code $2"
	note "json: $(tr -d '\n' </tmp/screen)"
}

# figure FILE: what of it is in JSON.
figure() {
	grep -oE "\"$1\": [^,]*" /tmp/screen | head -n 1 | cut -d ' ' -f 2
}

test_not_loaded() {
	for _who in root nobody; do
		as $_who
		shows "not loaded, as $_who" 2 ': NOT LOADED$' '^what to do +as root: modprobe havege_rng;' \
			'^source ' '^kernel '
	done
	to_program nobody 2 "not loaded"
	# What has been refused says why in the log, which is root's alone if root wants so.
	load quality=0
	as root
	shows "refused, as root" 2 '^it said +quality=0 is out of range: 1 to 1024'
	echo 1 >$RESTRICT
	as nobody
	shows "refused, as nobody, who may not read the log" 2 "^it said +\? \(the kernel's log is not"
	echo 0 >$RESTRICT
	as nobody
	shows "refused, as nobody, who may read the log" 2 '^it said +quality=0 is out of range'
}

watched_twice() {
	[ "$(grep -c '^havege_rng' /tmp/watch)" -ge 2 ]
}

test_ok() {
	_kernel=$(uname -r | sed 's/[.+]/\\&/g')
	fill_up
	for _who in root nobody; do
		as $_who
		shows "ok, as $_who" 0 "^havege_rng $(get "$M/version") on Linux $_kernel .*: OK$" \
			'^status +ok, mode conditioned$' '^buffer +\[#+\|#+\.*\] [0-9]+ of 131072 bits' \
			"^entropy +$(get "$S/replay_residual") bit a tick measured, $(get "$S/tick_entropy") c" \
			"^block +$(get "$S/ticks_per_block") ticks" '^failures +none' '^served +[0-9]+ bytes' \
			"^CPU +$(get "$S/cpu")" '^fitted +to L1d [0-9]+ KiB, L1i [0-9]+ KiB' \
			'^source +havege is current; others: none$' \
			'^quality +512 .* the current source with 512$' '^kernel +its generator is ready' \
			"^kernel .* entropy_avail: [0-9]+ of $(get /proc/sys/kernel/random/poolsize) bits"
	done
	! grep -q '?' /tmp/screen
	result $? "havege-status: nobody is told all of it"
	for _who in root nobody; do
		# The kernel reads when it likes.
		_b=$(get "$S/bytes_out")
		to_program $_who 0 ok
		WHY=
		[ "$(figure bytes_out)" -ge "$_b" ] &&
		[ "$(figure bytes_out)" -le "$(get "$S/bytes_out")" ] ||
			WHY="bytes_out is $(figure bytes_out)"
		for _f in tick_entropy ticks_per_block test_entropy; do
			[ "$(figure $_f)" = "$(get "$S/$_f")" ] || WHY="$WHY $_f is $(figure $_f)"
		done
		[ -z "$WHY" ] && [ "$(figure poolsize)" = "$(get /proc/sys/kernel/random/poolsize)" ]
		result $? "havege-status --json, as $_who: the figures are those of the state files"
	done
	$STATUS --watch 1 >/tmp/watch 2>&1 &
	_pid=$!
	wait_for 15 watched_twice
	_rc=$?
	WHY=$(cat /tmp/watch)
	result $_rc "havege-status --watch 1: again and again"
	kill $_pid
	wait_for 10 ended $_pid || kill -9 $_pid
	wait $_pid
	is $? 0 "and it ends when it is told to, with the code of the last look"
}

# Another source takes the first place; what it says is to be done helps.
test_not_current() {
	modprobe virtio_pci
	modprobe virtio_rng
	wait_for 10 grep -q virtio_rng "$H/rng_current"
	result $? "virtio-rng is current"
	for _who in root nobody; do
		as $_who
		shows "not current, as $_who" 1 ': DEGRADED$' \
			'^because +virtio_rng\.0 is the current source, not havege$' \
			'^source +virtio_rng\.0 is current; others: havege$'
		to_program "$_who" 1 "not current"
	done
	as nobody
	_do=$(sed -n 's/^what to do  as root: //p' /tmp/screen)
	WHY=$_do
	eval "$_do" && [ "$(get "$H/rng_current")" = havege ]
	result $? "what it says is to be done makes havege current: $_do"
	as nobody
	shows "current again" 0 ': OK$' '^source +havege is current; others: virtio_rng\.0$'
}

test_status() {
	echo 'root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
	test_not_loaded
	must_load || return
	test_ok
	test_not_current
	unload
	as nobody
	shows "unloaded" 2 ': NOT LOADED$'
}
