# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# rngd-tests.sh - sourced by tests.sh: the mode rngd. The programs that people point at /dev/hwrng:
# rngd and rngtest of Debian's rng-tools5 and rng-tools-debian, run as the packages run them, dd
# and head.

# At least one block of 2,500 bytes that rngd tests and feeds.
rngd_has_read() {
	more_than $((_b + 2500))
}

# rngd_waits PID: it sleeps until the kernel wants more.
rngd_waits() {
	rngd_has_read && in_state "$1" S
}

# test_rngd PACKAGE PID: rngd runs as PID.
test_rngd() {
	wait_for 60 rngd_waits "$2"
	_rc=$?
	WHY="bytes_out $_b before, $(get "$S/bytes_out") now; $(cat /tmp/rngd)"
	result $_rc "$1: rngd reads blocks and then waits"
	WHY=$(cat /tmp/rngd)
	! grep -qiE 'fail(ed|ure)|error|no entropy|unable|can.t' /tmp/rngd
	result $? "$1: it reports no failure"
	kill "$2"
	wait_for 20 ended "$2"
	result $? "$1: it ends at SIGTERM"
}

# The unit of rng-tools5 has ExecStart=/usr/sbin/rngd -f.
rngd_5() {
	_b=$(get "$S/bytes_out")
	/rngd/rng-tools5/rngd -f >/tmp/rngd 2>&1 &
	_pid=$!
	test_rngd rng-tools5 $_pid
	wait $_pid 2>/dev/null
}

rngd_pid() {
	_pid=$(pidof rngd)
}

# The init script of rng-tools-debian tries the device with dd and a time limit, and starts rngd as
# a daemon.
rngd_debian() {
	timeout -k 1 5 dd if=/dev/hwrng bs=1 count=1 >/dev/null 2>/tmp/err
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "rng-tools-debian: its init script can use /dev/hwrng"
	_b=$(get "$S/bytes_out")
	/rngd/rng-tools-debian/rngd -r /dev/hwrng >/tmp/rngd 2>&1 </dev/null
	wait_for 10 rngd_pid
	test_rngd rng-tools-debian "$_pid"
}

# reads_all BYTES COMMAND...: the command prints so many bytes.
reads_all() {
	_bytes=$1
	shift
	"$@" >/tmp/got 2>/tmp/err
	_rc=$?
	WHY="code $_rc, $(wc -c </tmp/got) bytes: $(cat /tmp/err)"
	[ $_rc = 0 ] && [ "$(wc -c </tmp/got)" = "$_bytes" ]
	result $? "$*: $_bytes bytes"
}

test_rngd_mode() {
	must_load || return
	mkdir -p /var/run /run
	rngd_5
	rngd_debian
	becomes_ok
	result $? "then status is ok"
	reads_all 300 dd if=/dev/hwrng bs=1 count=300
	reads_all 32768 dd if=/dev/hwrng bs=4096 count=8
	reads_all 65536 dd if=/dev/hwrng bs=64k count=1
	reads_all 20000 head -c 20000 /dev/hwrng
	# Of 20 random blocks one fails in 1 of 60 runs, three in 1 of 10^6.
	for _p in rng-tools5 rng-tools-debian; do
		/rngd/$_p/rngtest -c 20 </dev/hwrng >/tmp/got 2>/tmp/err
		WHY=$(cat /tmp/err)
		_good=$(sed -n 's/^rngtest: FIPS 140-2 successes: //p' /tmp/err)
		[ "${_good:-0}" -ge 18 ]
		result $? "$_p: rngtest accepts $_good of 20 blocks"
	done
	test_unload
}
