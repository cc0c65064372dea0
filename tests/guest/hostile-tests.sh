# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# hostile-tests.sh - sourced by tests.sh: the mode hostile. Root does random things, and an ordinary
# user tries what is forbidden (hostile.c).

# its_files: prints the module's files, the device and rng_current.
its_files() {
	find "$S" "$P" "$D/havege_rng" ! -type l
	echo /dev/hwrng
	echo "$H/rng_current"
}

# may_not TEXT: tests that user 1000 can change none of these files, and reads only the public ones
# in sysfs.
may_not() {
	# The modes of the files count, not those of the directories.
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
	result $? "$1: user 1000 can read neither the device nor raw samples"
	is "$_mode, $(stat -c '%a %u' /dev/hwrng)" "600 0, 600 0" \
		"$1: only root may open /dev/hwrng, before and after"
	# The test would notice. Not even root can remove a file in sysfs.
	hostile -u 0 "$P/cpu" >/tmp/out 2>&1
	is "$(cut -c 1 /tmp/out | sort | tr -d '\n')" crw \
		"$1: root can change, read and write one of them"
}

# hostile_for SEED SECONDS: tests that hostile ends in time and that the module works afterwards.
hostile_for() {
	_text="root does random things (seed $1, $2 s)"
	must_load || return
	hostile "$1" "$2" >/tmp/hostile 2>&1 &
	_root=$!
	wait_for $(($2 + 90)) told_and_ended $_root || kill -9 $_root
	wait $_root
	_rc=$?
	WHY="code $_rc: $(tail -n 3 /tmp/hostile)"
	# Each kind of worker has succeeded at least once.
	[ $_rc = 0 ] && ! tail -n 1 /tmp/hostile | grep -q '(0 done)'
	result $? "$_text: $(tail -n 1 /tmp/hostile)"
	WHY="status $(get "$S/status")"
	is_gone || unload
	_rc=$?
	WHY="$WHY, $(cat /tmp/err)"
	result $_rc "$_text: then the module, if loaded, unloads"
	# Clear the log lines about bad values.
	klog
	must_load || return
	# After a write of "none" kernels make no new source current.
	echo havege >"$H/rng_current"
	flows && settled "$LAST"
	test_seen $? "$_text: the module loads and works on CPU $LAST"
	echo 0 >"$P/cpu" && settled 0 && flows
	test_seen $? "$_text: the collector moves"
	test_unload "$_text"
}

told_and_ended() {
	note_progress "$(tail -n 1 /tmp/hostile)"
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
	for _seed in $(by_amount "1 2" "1 2 3"); do
		hostile_for "$_seed" "$(($(by_amount 8 600) * SLOW))"
	done
	test_memory 60 5000
}
