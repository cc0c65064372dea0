# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# people.sh - sourced by scripts/vm: what people do with it. Debian's haveged beside it (a program
# that is run, and nothing more); a virtual machine whose bytes come from another one.

# --- haveged ---------------------------------------------------------------------------------

# Debian's packages of it, of the release that the root is of, in the cache; looked for anew after
# a day.
fetch_haveged() {
	[ -z "$(find "$VM/haveged" -name 'haveged_*.deb' -mtime -1 2>/dev/null)" ] || return 0
	as_root rm -rf "$VM/haveged.new" && mkdir -p "$VM/haveged.new" &&
	# Where the newest cannot be had the release's first one can.
	if apt_in "$ROOT" get -qq update && (cd "$VM/haveged.new" && {
	   apt_in "$ROOT" get -qq download "haveged:$ARCH" "libhavege2:$ARCH" ||
	   apt_in "$ROOT" get -qq download "haveged:$ARCH/$BASE" "libhavege2:$ARCH/$BASE"; }); then
		as_root touch "$VM/haveged.new"/*.deb &&
		as_root rm -rf "$VM/haveged" && mv "$VM/haveged.new" "$VM/haveged"
	else
		# Those of yesterday do.
		[ -d "$VM/haveged" ]
	fi
}

# pack_haveged DIR: into the guest. What else it is linked with is there for kmod.
pack_haveged() {
	fetch_haveged || return 1
	mkdir "$TMP/haveged" || return 1
	for _deb in "$VM"/haveged/*.deb; do
		dpkg-deb --fsys-tarfile "$_deb" | tar -C "$TMP/haveged" -xf - || return 1
	done
	mkdir -p "$1/lib" && cp "$TMP/haveged/usr/sbin/haveged" "$1/bin/" &&
	cp -L "$(find "$TMP/haveged" -name 'libhavege.so.2')" "$1/lib/"
}

# What it gives on a machine where nothing is left to chance is a fact about such machines, which the
# README tells.
haveged_tests() {
	wanted haveged || return 0
	boot plain haveged 900 "Debian's haveged, and from there to here"
	for _n in 1 2; do
		machine counting-0
		say "The same on a machine whose counter counts instructions ($_n)"
		tests test-haveged-counting $((900 * SLOW))
		machine plain
		sed -n 's/^# haveged bytes: //p' "$TMP/verdict" >"$TMP/haveged.$_n"
	done
	if grep -qxE '[0-9a-f]{128}' "$TMP/haveged.1" && cmp -s "$TMP/haveged.1" "$TMP/haveged.2"; then
		pass "and haveged's bytes are the same in two boots of it"
	else
		fail "and haveged's bytes are the same in two boots of it"
		sed 's/^/# /' "$TMP/haveged.1" "$TMP/haveged.2"
	fi
}

# --- guests ----------------------------------------------------------------------------------

# A host with the module and its guest. Both are emulated, side by side: a guest within a guest
# would take minutes to boot. What the host's own QEMU would read from /dev/hwrng, or ask the EGD
# server for, comes through a port of the host's machine; the guest's QEMU is told what the README
# tells it, with that in place of /dev/hwrng or of the socket.
host_machine() {
	PIDFILE=$TMP/host.pid qemu $((900 * SLOW)) "oops=panic guest=test-host amount=$AMOUNT" \
		-m "$MEMORY" -initrd "$TMP/initrd.gz" -serial "file:$TMP/host.console" -serial stdio \
		-device virtio-serial-pci -chardev "pipe,id=feed,path=$TMP/feed" \
		-device virtserialport,chardev=feed -chardev \
		"socket,id=egd,path=$TMP/egd.sock,server=on,wait=off" -device virtserialport,chardev=egd \
		<"$TMP/tell" >"$TMP/host"
}

host_says() {
	grep -q "$1" "$TMP/host" || [ -s "$TMP/host.rc" ]
}

# as_in_readme TEXT NAME THERE HERE ARGUMENT...: a guest whose QEMU is told what the README has people
# tell theirs, but for the file, which is HERE and not THERE. What it has read goes to the host, which
# looks for it.
as_in_readme() {
	say "$1"
	_name=$2 _there=$3 _here=$4
	shift 4
	_n=$#
	while [ $_n -gt 0 ]; do
		_n=$((_n - 1))
		# One that ends there: it could be the beginning of another.
		tr '\n' ' ' <"$TOP/README" | grep -qF -e "$1 " ||
			fail "the README has '$1' for the $_name guest"
		case $1 in
		*"$_there")	set -- "$@" "${1%"$_there"}$_here" ;;
		*)		set -- "$@" "$1" ;;
		esac
		shift
	done
	tests "test-guest-$_name" $((300 * SLOW)) "$@"
	_bytes=$(sed -n 's/^# guest bytes: //p' "$TMP/verdict")
	echo "$_name ${_bytes:-none}" >&8
}

guests_test() {
	wanted guests || return 0
	machine plain
	say "A host with the module"
	mkfifo "$TMP/tell" "$TMP/feed.in" "$TMP/feed.out"
	exec 8<>"$TMP/tell"
	# Both ends are held, so that nobody waits for somebody to open the other.
	exec 6<>"$TMP/feed.out"
	: >"$TMP/host"
	{
		_rc=0
		host_machine || _rc=$?
		echo "$_rc" >"$TMP/host.rc"
	} &
	if until_true 300 host_says '^# host is ready'; then
		as_in_readme "Its guest: QEMU's rng-random" random /dev/hwrng "$TMP/feed.out" \
			-object rng-random,id=rng0,filename=/dev/hwrng \
			-device virtio-rng-pci,rng=rng0,max-bytes=1024,period=1000
		as_in_readme "Its guest: QEMU's rng-egd" egd /run/havege-egd.sock "$TMP/egd.sock" \
			-chardev socket,id=egd0,path=/run/havege-egd.sock \
			-object rng-egd,id=rng0,chardev=egd0 -device virtio-rng-pci,rng=rng0
	fi
	echo end >&8
	until_true 120 [ -s "$TMP/host.rc" ] || end_qemu
	until_true 30 [ -s "$TMP/host.rc" ] || :
	exec 8>&- 6>&-
	tr -d '\r' <"$TMP/host" >"$TMP/host.said"
	cat "$TMP/host.said"
	count_tap "$TMP/host.said"
	ended_well "$TMP/host" "$(cat "$TMP/host.rc")" || {
		fail "the host ends well (code $(cat "$TMP/host.rc"))"
		tail -n 60 "$TMP/host.console" | tr -d '\r' | sed 's/^/# console: /'
	}
}
