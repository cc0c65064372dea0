# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# debugfs-tests.sh - sourced by tests.sh: the mode debugfs, raw samples and the rights to read them.

R=$D/havege_rng
FILES="raw raw_overruns raw_replay raw_restart"
RUN=1048576	# samples of one uninterrupted run of raw
# Bytes of a set, for grep: 256 rows of 512 samples, or above k = 1 1024 of 256. k can change at any time.
SET='\(1048576\|2097152\)'

# raw_test FILE SIZE COUNT ERROR [BYTES]: tests that COUNT reads of SIZE bytes get all of them, or
# BYTES in all, and end with ERROR. COUNT 0 reads to the end.
raw_test() {
	hwread -f "$R/$1" -o /tmp/raw "$2" "$3" >/tmp/out 2>&1
	WHY=$(cat /tmp/out)
	_bytes=$5
	[ -n "$_bytes" ] || _bytes=$(($2 * $3))
	grep -q "bytes=$_bytes .*error=$4\$" /tmp/out
	result $? "$1, reads of $2: $WHY"
}

# plausible FILE: tests that the samples read last can be ticks.
plausible() {
	# A sample above 2^53 is a counter that went backwards; awk has doubles.
	od -A n -v -t u8 -w8 /tmp/raw | awk '
		{ if (!NR || $1 < min) min = $1; if ($1 > max) max = $1 }
		$1 == 0 { zero++ }
		!($1 in seen) { seen[$1]; kinds++ }
		END { printf "%d samples, %d kinds, %d zero, at most %.0f\n", NR, kinds, zero, max
		      exit !(kinds > 1 && zero * 10 < NR && max < 9007199254740992) }' >/tmp/plausible
	_rc=$?
	WHY=$(cat /tmp/plausible)
	result $_rc "$1: the samples can be ticks ($WHY)"
}

test_raw_files() {
	WHY=$(cd "$R" && stat -c '%a %u %n' -- * | xargs)
	is "$WHY" "400 0 raw 400 0 raw_overruns 400 0 raw_replay 400 0 raw_restart" \
		"there are these files, and only root can read them"
	is "$(get "$R/raw_overruns")" 0 "raw_overruns is 0 at first"
	raw_test raw 8 1000 none
	plausible raw
	raw_test raw 8000 10 none
	raw_test raw 65536 4 none
	plausible raw
	for _n in 7 12 4; do
		raw_test raw $_n 1 EINVAL 0
	done
	is "$(get "$R/raw_overruns")" 0 "no run has ended"
	# A run and the first sample of the next.
	raw_test raw 65536 $((RUN * 8 / 65536 + 1)) none
	is "$(get "$R/raw_overruns")" 1 "raw_overruns counts the end of a run"
	for _f in raw_restart:8000 "raw_replay:$SET"; do
		_bytes=${_f#*:}
		_f=${_f%:*}
		raw_test "$_f" 4000 0 end-of-file "$_bytes"
		plausible "$_f"
		mv /tmp/raw /tmp/raw.1
		raw_test "$_f" 4194304 0 end-of-file "$_bytes"
		! cmp -s /tmp/raw /tmp/raw.1
		result $? "$_f: each open gives other samples"
		raw_test "$_f" 12 1 EINVAL 0
	done
	becomes_ok
	result $? "status is ok"
	read_test 64 16
}

# readable UID: prints the files that this user can open.
readable() {
	for _f in $FILES; do
		hwread -u "$1" -f "$R/$_f" 64 1 >/dev/null 2>>/tmp/err && echo "$_f"
	done | xargs
}

test_raw_users() {
	# The modes of the files count, not those of the directories.
	chmod 755 "$D" "$R"
	: >/tmp/err
	is "$(readable 65534)" "" "an ordinary user can open none of them"
	is "$(grep -c 'Permission denied' /tmp/err)" 4 "the error is Permission denied"
	is "$(readable 0)" "$FILES" "root can open all of them"
}

# The module does not unload while one of the files is open.
test_raw_unload() {
	for _f in $FILES; do
		exec 4<"$R/$_f"
		rmmod havege_rng 2>/tmp/err
		_rc=$?
		WHY="code $_rc: $(cat /tmp/err)"
		[ $_rc != 0 ] && grep -q 'in use' /tmp/err && becomes_ok
		result $? "$_f: while it is open rmmod fails ($(sed 's/.*: //' /tmp/err))"
		head -c 8 <&4 >/tmp/out
		WHY="code $?"
		[ -s /tmp/out ]
		result $? "$_f: it can be read after that"
		exec 4<&-
	done
	unload
	result $? "the module unloads and leaves nothing"
}

test_raw() {
	must_load || return
	test_raw_files
	test_raw_users
	test_raw_unload
}

test_lockdown() {
	must_load || return
	mount -t securityfs securityfs /sys/kernel/security
	WHY=$(get /sys/kernel/security/lockdown)
	is "$(readable 0)" "$FILES" "without lockdown root can open all of them"
	echo integrity >/sys/kernel/security/lockdown
	is "$(grep -o '\[.*\]' /sys/kernel/security/lockdown)" "[integrity]" "lockdown is on"
	: >/tmp/err
	is "$(readable 0)" "" "under lockdown root can open none of them"
	is "$(grep -c 'Operation not permitted' /tmp/err)" 4 "the error is Operation not permitted"
	read_test 64 16
	test_unload
}

test_debugfs() {
	test_raw
	test_lockdown
}
