#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# people-tests.sh - sourced by the guest's tests: containers, and a host with its guest. What a
# recipe has people type is run as the README has it (readme).

# readme COMMAND: runs it, if it is a line of the README, or of its table's right side.
readme() {
	if ! grep -qxF -e "$1" /tmp/readme; then
		WHY="the README has no such line"
		result 1 "$1"
		: >/tmp/out
		return 1
	fi
	sh -c "$1" >/tmp/out 2>/tmp/err
}
sed 's/^ *//; s/^-[a-zA-Z], --[^ ]* *//' /guest/README >/tmp/readme

# --- containers ------------------------------------------------------------------------------

# The files of a container: a shell and no more; no /sys, no modules.
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
	readme "unshare --mount --pid --fork --net --ipc --uts chroot /srv/box head -c 32 /dev/random"
	_rc=$?
	WHY="code $_rc, $(wc -c </tmp/out) bytes, $(cat /tmp/err)"
	[ $_rc = 0 ] && [ "$(wc -c </tmp/out)" = 32 ]
	result $? "a container reads /dev/random"
	cp /tmp/out /tmp/first
	readme "unshare --mount --pid --fork --net --ipc --uts chroot /srv/box head -c 32 /dev/random"
	! cmp -s /tmp/first /tmp/out
	result $? "and not the same the next time"
	unshare --mount --pid --fork --net --ipc --uts chroot /srv/box sh -c \
		'[ ! -e /dev/hwrng ] && [ ! -e /sys/devices ] && [ ! -e /lib ]'
	result $? "without /dev/hwrng, /sys or modules in it"
	hwread -u 65534 -f /srv/box/dev/random 8 1 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=8 .*error=none' /tmp/out
	result $? "as a user without rights, too"
	# The host's side: it is the host's pool that was read, which the module feeds.
	is "$(get "$H/rng_current")" havege "on the host havege is the current source"
	[ "$_out" -ge 64 ]
	result $? "and has given the pool $_out bytes"
	readme "mknod -m 400 /srv/box/dev/hwrng c 10 183"
	result $? "a container that insists is given /dev/hwrng"
	_out=$(get "$S/bytes_out")
	unshare --mount --pid --fork --net --ipc --uts chroot /srv/box head -c 200 /dev/hwrng >/tmp/out
	WHY="$(wc -c </tmp/out) bytes, bytes_out $_out, then $(get "$S/bytes_out")"
	[ "$(wc -c </tmp/out)" = 200 ] && [ "$(get "$S/bytes_out")" -ge $((_out + 128)) ]
	result $? "and reads the module's bytes from it"
	hwread -u 65534 -f /srv/box/dev/hwrng 8 1 >/tmp/out 2>&1
	WHY=$(cat /tmp/out)
	! grep -q 'bytes=[1-9]' /tmp/out
	result $? "which its ordinary users do not"
	unload
	result $? "and it goes as it came"
}

# --- a host and its guests -------------------------------------------------------------------

ask_egd() {
	egdtalk /tmp/egd.sock "$@"
}

# In the host: bytes for whoever reads them there, and a note of what they were.
test_host() {
	must_load || return
	modprobe virtio_pci
	modprobe virtio_console
	wait_for 10 [ -c /dev/vport1p2 -o -c /dev/vport0p2 ]
	_port=$(ls /dev/vport*p1)
	result $? "the host has its two ports ($_port)"
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
		result $? "the $_guest guest's bytes came from the host's source"
	done
	is "$(get "$S/status")" ok "the host's source is ok"
	is "$(ask_egd pid)" $_server "its EGD server is there"
	rm /tmp/relayed
	kill $_feeder $_server
	killall egdtalk
	wait $_server
	unload
	result $? "and the module can go"
}

# In the guest, which has no module of ours.
test_guest() {
	modprobe virtio_pci
	modprobe virtio_rng
	wait_for 20 grep -q virtio_rng "$H/rng_current"
	is "$(get "$H/rng_current")" virtio_rng.0 "$1: the guest's current source is virtio_rng.0"
	# Those that the kernel asks for first.
	wait_for 60 sh -c 'head -c 16 /dev/hwrng >/tmp/got 2>/tmp/err'
	WHY="$(wc -c </tmp/got) bytes, $(cat /tmp/err)"
	[ "$(wc -c </tmp/got)" = 16 ]
	result $? "$1: it reads from it"
	note "guest bytes: $(xxd -p /tmp/got | tr -d ' \n')"
	hwread 64 16 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=1024 .*error=none' /tmp/out && ! grep -q 'distinct=[0-9]\{1,2\} ' /tmp/out
	result $? "$1: and more ($WHY)"
	wait_for 60 sh -c 'dmesg | grep -q "crng init done"'
	result $? "$1: its kernel has what it needs"
}
