# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# virtio-tests.sh - sourced by tests.sh: the mode virtio, beside another source, virtio-rng.

test_beside() {
	modprobe virtio_pci
	modprobe virtio_rng
	wait_for 10 grep -q virtio_rng "$H/rng_available"
	result $? "virtio-rng is available"
	is "$(get "$H/rng_current")" virtio_rng.0 "virtio-rng is current"
	must_load || return
	is "$(get "$H/rng_current")" virtio_rng.0 "havege is loaded: virtio_rng.0 stays current"
	grep -qw havege "$H/rng_available"
	result $? "rng_available has havege"
	_b=$(get "$S/bytes_out")
	hwread 64 16 >/dev/null
	is "$(get "$S/bytes_out")" "$_b" "readers get bytes of virtio-rng"
	echo havege >"$H/rng_current"
	is "$(get "$H/rng_current")" havege "echo havege > rng_current makes havege current"
	_b=$(get "$S/bytes_out")
	read_test 64 64
	[ $(($(get "$S/bytes_out") - _b)) -ge 4096 ]
	result $? "these bytes came from havege"
	unload
	result $? "the module unloads while current"
	is "$(get "$H/rng_current")" virtio_rng.0 "virtio_rng.0 is current again"
	test_flows "readers get bytes"
	must_load && echo havege >"$H/rng_current" && echo virtio_rng.0 >"$H/rng_current"
	unload
	result $? "the module unloads while not current"
}

# contributed BYTES: more than BYTES have been contributed.
contributed() {
	[ "$(get "$S/contributed")" -gt "$1" ]
}

# contribute: makes the module contribute now. IN is the number of bytes; the write waits for them.
contribute() {
	_c=$(get "$S/contributed")
	echo 1 >"$P/contribute"
	IN=$(($(get "$S/contributed") - _c))
}

# contributes: contribute, and 64 bytes came.
contributes() {
	contribute
	[ $IN = 64 ]
}

test_contribution() {
	modprobe virtio_rng
	wait_for 10 grep -q virtio_rng "$H/rng_current"
	must_load || return
	is "$(get "$P/contribute")" 1 "contribute is on"
	wait_for 30 contributed 0
	result $? "another source is current: the first bytes are contributed ($TOOK/100 s)"
	is "$(get "$S/contributed")" 64 "these are 64 bytes"
	_b=$(get "$S/bytes_out")
	contribute
	is $IN 64 "echo 1 > contribute contributes 64 at once"
	is "$(get "$S/bytes_out")" "$_b" "bytes_out does not count them"
	echo 0 >"$P/contribute"
	is "$(get "$S/contributed")" 128 "echo 0 > contribute contributes nothing"
	contribute
	is $IN 64 "echo 1 contributes again"
	echo havege >"$H/rng_current"
	contribute
	is $IN 0 "havege is current: nothing more is contributed"
	echo virtio_rng.0 >"$H/rng_current"
	wait_for 20 contributes
	result $? "virtio_rng.0 is current again: 64 bytes are contributed"
	# The last reader of a source calls its cleanup.
	(echo none >"$H/rng_current") 2>/dev/null
	contribute
	is $IN 64 "rng_current=none does not end the contributions"
	echo havege >"$H/rng_current"
	contribute
	is $IN 0 "havege is current after none: nothing is contributed"
	becomes_ok
	result $? "status is ok"
	unload
	must_load contribute=0 || return
	wait_for 60 level -ge 512
	is "$(get "$S/contributed")" 0 "contribute=0 contributes nothing"
	contribute
	is $IN 64 "echo 1 > contribute contributes 64"
	unload
	must_load mode=stream || return
	hwread 64 16 >/dev/null
	contribute
	is "$(get "$S/contributed")" 0 "mode=stream: nothing is contributed"
	test_unload
}

test_virtio() {
	test_beside
	test_contribution
	test_switches
}
