# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# people-tests.sh - sourced by tests.sh: the modes container, host and guest-*. They run the
# commands of the documentation as they stand there.

# doc_command COMMAND: runs it if it is a line of the documentation, else prints a failed test.
doc_command() {
	if ! grep -qxF -e "$1" /tmp/readme; then
		WHY="the documentation has no such line"
		result 1 "$1"
		: >/tmp/out
		return 1
	fi
	sh -c "$1" >/tmp/out 2>/tmp/err
}
sed 's/^ *//' /guest/haveged.rst /guest/admin-guide.rst >/tmp/readme

# --- containers ------------------------------------------------------------------------------

# The container has a shell, but no /sys and no modules.
make_container() {
	mkdir -p /srv/box/bin /srv/box/dev /srv/box/proc
	cp /bin/busybox /srv/box/bin/
	for _a in sh head od wc cat ls stat; do
		ln -s busybox /srv/box/bin/$_a
	done
	mknod /srv/box/dev/null c 1 3
	mknod -m 666 /srv/box/dev/random c 1 8
	mknod -m 666 /srv/box/dev/urandom c 1 9
}

test_container() {
	must_load || return
	make_container
	wait_for 60 sh -c 'dmesg | grep -q "crng init done"'
	_out=$(get "$S/bytes_out")
	doc_command \
		"unshare --mount --pid --fork --net --ipc --uts chroot /srv/box head -c 32 \
/dev/random"
	_rc=$?
	WHY="code $_rc, $(wc -c </tmp/out) bytes, $(cat /tmp/err)"
	[ $_rc = 0 ] && [ "$(wc -c </tmp/out)" = 32 ]
	result $? "a container reads /dev/random"
	cp /tmp/out /tmp/first
	doc_command \
		"unshare --mount --pid --fork --net --ipc --uts chroot /srv/box head -c 32 \
/dev/random"
	! cmp -s /tmp/first /tmp/out
	result $? "the next read gets other bytes"
	unshare --mount --pid --fork --net --ipc --uts chroot /srv/box sh -c \
		'[ ! -e /dev/hwrng ] && [ ! -e /sys/devices ] && [ ! -e /lib ]'
	result $? "the container has no /dev/hwrng, /sys or modules"
	hwread -u 65534 -f /srv/box/dev/random 8 1 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=8 .*error=none' /tmp/out
	result $? "an ordinary user of the container reads /dev/random, too"
	# The container read the host's pool, which the module feeds.
	is "$(get "$H/rng_current")" havege "on the host havege is the current source"
	[ "$_out" -ge 64 ]
	result $? "havege has given the pool $_out bytes"
	doc_command "mknod -m 400 /srv/box/dev/hwrng c 10 183"
	result $? "the documented mknod gives a container /dev/hwrng"
	_out=$(get "$S/bytes_out")
	unshare --mount --pid --fork --net --ipc --uts chroot /srv/box head -c 200 /dev/hwrng \
		>/tmp/out
	WHY="$(wc -c </tmp/out) bytes, bytes_out $_out, then $(get "$S/bytes_out")"
	[ "$(wc -c </tmp/out)" = 200 ] && [ "$(get "$S/bytes_out")" -ge $((_out + 128)) ]
	result $? "the container reads the module's bytes"
	hwread -u 65534 -f /srv/box/dev/hwrng 8 1 >/tmp/out 2>&1
	WHY=$(cat /tmp/out)
	! grep -q 'bytes=[1-9]' /tmp/out
	result $? "ordinary users of the container cannot"
	test_unload
}

# --- a host and its guests -------------------------------------------------------------------

ask_egd() {
	egdtalk /tmp/egd.sock "$@"
}

# The host: passes its bytes to the guests, keeps a copy, and looks there for the bytes that the
# guests report.
test_host() {
	must_load || return
	modprobe virtio_pci
	modprobe virtio_console
	wait_for 10 [ -c /dev/vport1p2 -o -c /dev/vport0p2 ]
	_rc=$?
	_port=$(ls /dev/vport*p1)
	result $_rc "the host has its two ports ($_port)"
	tee /tmp/fed </dev/hwrng >"$_port" &
	_feeder=$!
	egdtalk listen /tmp/egd.sock havege-egd </dev/hwrng 2>/tmp/egd.log &
	_server=$!
	wait_for 10 ask_egd pid >/tmp/out
	is "$(cat /tmp/out)" $_server "the EGD server serves /dev/hwrng"
	: >/tmp/relayed
	while [ -e /tmp/relayed ]; do
		egdtalk /tmp/egd.sock relay "${_port%1}2" /tmp/relayed 2>/tmp/err
		sleep 0.2
	done &
	note "host is ready"
	while read -r _guest _bytes </dev/ttyS1; do
		case $_guest in
		random)	_seen=/tmp/fed ;;
		egd)	_seen=/tmp/relayed ;;
		*)	break ;;
		esac
		WHY="$_bytes is not in $(wc -c <"$_seen") bytes; $(cat /tmp/egd.log)"
		xxd -p "$_seen" | tr -d ' \n' | grep -q "$_bytes"
		result $? "the bytes of guest $_guest came from the host's source"
	done
	becomes_ok
	result $? "the host's status is ok"
	is "$(ask_egd pid)" $_server "the EGD server still runs"
	rm /tmp/relayed
	kill $_feeder $_server
	killall egdtalk
	wait $_server
	test_unload
}

# test_guest NAME: the guest, without the module.
test_guest() {
	modprobe virtio_pci
	modprobe virtio_rng
	wait_for 20 grep -q virtio_rng "$H/rng_current"
	is "$(get "$H/rng_current")" virtio_rng.0 "$1: the guest's current source is virtio_rng.0"
	wait_for 60 sh -c 'head -c 16 /dev/hwrng >/tmp/got 2>/tmp/err'
	WHY="$(wc -c </tmp/got) bytes, $(cat /tmp/err)"
	[ "$(wc -c </tmp/got)" = 16 ]
	result $? "$1: a read gets 16 bytes"
	note "guest bytes: $(xxd -p /tmp/got | tr -d ' \n')"
	hwread 64 16 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=1024 .*error=none' /tmp/out && ! grep -q 'distinct=[0-9]\{1,2\} ' /tmp/out
	result $? "$1: 16 reads get 64 bytes each ($WHY)"
	wait_for 60 sh -c 'dmesg | grep -q "crng init done"'
	result $? "$1: the guest's own generator is seeded"
}
