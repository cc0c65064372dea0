#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# hostile-tests.sh - sourced by the guest's tests: a root that does at random what can be done, and
# users who may do nothing (hostile.c).

# The files that the module has brought, and the device.
its_files() {
	find "$S" "$P" "$D/havege_rng" ! -type l
	echo /dev/hwrng
	echo "$H/rng_current"
}

# may_not TEXT: user 1000 can change none of these files, and read only those in sysfs that
# everybody can.
may_not() {
	# Not the directories' doing.
	chmod 755 "$D" "$D/havege_rng"
	_mode=$(stat -c '%a %u' /dev/hwrng)
	its_files >/tmp/files
	WHY=$(wc -l </tmp/files)
	[ "$WHY" -gt 30 ]
	result $? "$1: there are $WHY files to try"
	# shellcheck disable=SC2046 # a list
	hostile -u 1000 $(cat /tmp/files) >/tmp/out 2>&1
	_rc=$?
	WHY="code $_rc: $(grep -v '^r ' /tmp/out)"
	[ $_rc = 0 ] && ! grep -qv '^r ' /tmp/out
	result $? "$1: user 1000 can write, change and remove none of them"
	WHY=$(grep -E '/dev/|/debug/havege_rng/' /tmp/out)
	[ -z "$WHY" ] && grep -q "^r $S/status" /tmp/out
	result $? "$1: and read neither the device nor raw samples"
	is "$_mode, $(stat -c '%a %u' /dev/hwrng)" "600 0, 600 0" "$1: /dev/hwrng is root's alone, before and after"
	# That it would have been seen. Of sysfs even root can remove nothing.
	hostile -u 0 "$P/cpu" >/tmp/out 2>&1
	is "$(cut -c 1 /tmp/out | sort | tr -d '\n')" crw "$1: root can, in one of them"
}

# hostile_for SEED SECONDS: it comes to its end in time, and so does the module.
hostile_for() {
	_text="a root that does things at random (seed $1, $2 s)"
	must_load || return
	hostile "$1" "$2" >/tmp/hostile 2>&1 &
	_root=$!
	wait_for $(($2 + 90)) told_and_ended $_root || kill -9 $_root
	wait $_root
	_rc=$?
	WHY="code $_rc: $(tail -n 3 /tmp/hostile)"
	# Each kind has got something done.
	[ $_rc = 0 ] && ! tail -n 1 /tmp/hostile | grep -q '(0 done)'
	result $? "$_text: $(tail -n 1 /tmp/hostile)"
	# From whatever it has been left in.
	WHY="status $(get "$S/status")"
	is_gone || unload
	_rc=$?
	WHY="$WHY, $(cat /tmp/err)"
	result $_rc "$_text: then the module unloads, if it is there"
	# What it says to nonsense is not what is looked for here.
	klog
	must_load || return
	# Who has written "none" there last wants none, kernels say, not even a new one.
	echo havege >"$H/rng_current"
	flows && settled "$LAST"
	_rc=$?
	seen
	result $_rc "$_text: it loads and serves on CPU $LAST"
	echo 0 >"$P/cpu" && settled 0 && flows
	_rc=$?
	seen
	result $_rc "$_text: it moves"
	unload
	result $? "$_text: it unloads"
}

told_and_ended() {
	progress "$(tail -n 1 /tmp/hostile)"
	ended "$1"
}

test_hostile() {
	must_load || return
	may_not "conditioned"
	unload
	must_load mode=stream || return
	may_not "stream"
	unload
	mem_is_now
	for _seed in $(amount "1 2" "1 2 3"); do
		hostile_for "$_seed" "$(($(amount 8 200) * SLOW))"
	done
	wait_for 60 mem_is_back
	_rc=$?
	WHY="$LESS kB less"
	result $_rc "and memory is back ($LESS kB less)"
}
