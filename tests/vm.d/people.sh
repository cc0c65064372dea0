# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# people.sh - sourced by tests/vm: Debian's haveged beside the module, as haveged_tests; Debian's
# rngd; a virtual machine that gets its random bytes from another one, as guests_test.

# --- Debian's packages -----------------------------------------------------------------------

# fetch_debs NAME PACKAGE...: these packages of the root's release, kept in the cache for a day, as
# VM/NAME/*.deb.
# shellcheck disable=SC2086 # words
fetch_debs() {
	_name=$1
	shift
	[ -z "$(find "$VM/$_name" -name '*.deb' -mtime -1 2>/dev/null)" ] || return 0
	_now='' _first=''
	for _p; do
		_now="$_now $_p:$ARCH" _first="$_first $_p:$ARCH/$BASE"
	done
	as_root rm -rf "$VM/$_name.new" && mkdir -p "$VM/$_name.new" &&
	# The newest version may be missing from the mirror; the release's first one is there.
	if apt_in "$ROOT" get -qq update && (cd "$VM/$_name.new" && {
	   apt_in "$ROOT" get -qq download $_now || apt_in "$ROOT" get -qq download $_first; }); then
		as_root touch "$VM/$_name.new"/*.deb &&
		as_root rm -rf "$VM/$_name" && mv "$VM/$_name.new" "$VM/$_name"
	else
		# Yesterday's packages are good enough.
		[ -d "$VM/$_name" ]
	fi
}

# unpack_into_tmp NAME PACKAGE: unpacks the package into TMP/PACKAGE.
unpack_into_tmp() {
	mkdir "$TMP/$2" &&
	dpkg-deb --fsys-tarfile "$VM/$1/$2"_*.deb | tar -C "$TMP/$2" -xf -
}

# --- haveged ---------------------------------------------------------------------------------

# pack_haveged DIR: puts it into the guest, which has the other libraries for kmod.
pack_haveged() {
	fetch_debs haveged haveged libhavege2 || return 1
	for _p in haveged libhavege2; do
		unpack_into_tmp haveged $_p || return 1
	done
	mkdir -p "$1/lib" && cp "$TMP/haveged/usr/sbin/haveged" "$1/bin/" &&
	cp -L "$(find "$TMP/libhavege2" -name 'libhavege.so.2')" "$1/lib/"
}

# --- rngd ------------------------------------------------------------------------------------

# pack_rngd DIR: puts rngd and rngtest of both packages into the guest, with their libraries, which
# the root has.
pack_rngd() {
	fetch_debs rngd rng-tools5 rng-tools-debian || return 1
	for _p in rng-tools5 rng-tools-debian; do
		unpack_into_tmp rngd $_p && mkdir -p "$1/rngd/$_p" &&
		cp "$TMP/$_p/usr/sbin/rngd" "$TMP/$_p/usr/bin/rngtest" "$1/rngd/$_p/" &&
		as_root cp "$1/rngd/$_p/rngd" "$ROOT/tmp/guest/" &&
		copy_libraries "$1" /tmp/guest/rngd || return 1
	done
}

# The documentation says what haveged does on a machine without timing noise: it prints the same
# bytes in each boot.
haveged_tests() {
	boot plain haveged 900 "Debian's haveged, and the change from it to the module"
	for _n in 1 2; do
		machine counting 0
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

# A host with the module, and its guest. QEMU emulates both, side by side: a guest inside a guest
# would take minutes to boot. The bytes that the host's own QEMU would read from /dev/hwrng or ask
# the EGD server for come through a port of the host's machine. The guest's QEMU gets the arguments
# of Documentation/admin-guide.rst, with this port in place of /dev/hwrng or of the socket.
host_machine() {
	PIDFILE=$TMP/host.pid linux $((900 * SLOW)) "oops=panic guest=test-host amount=$AMOUNT" \
		-m "$MEMORY" -initrd "$TMP/initrd.gz" -serial "file:$TMP/host.console" -serial stdio \
		-device virtio-serial-pci -chardev "pipe,id=feed,path=$TMP/feed" \
		-device virtserialport,chardev=feed -chardev \
		"socket,id=egd,path=$TMP/egd.sock,server=on,wait=off" -device virtserialport,chardev=egd \
		<"$TMP/tell" >"$TMP/host"
}

host_says() {
	grep -q "$1" "$TMP/host" || [ -s "$TMP/host.rc" ]
}

# as_in_guide TEXT NAME THERE HERE ARGUMENT...: boots a guest. QEMU gets the arguments, which the
# administrator's guide must have, with HERE in place of THERE. The host gets the bytes that the
# guest has read, and compares.
as_in_guide() {
	say "$1"
	_name=$2 _there=$3 _here=$4
	shift 4
	_n=$#
	while [ $_n -gt 0 ]; do
		_n=$((_n - 1))
		# With a blank: the guide may have a longer argument that begins with this one.
		tr '\n' ' ' <"$TOP/Documentation/admin-guide.rst" | grep -qF -e "$1 " ||
			fail "the administrator's guide has '$1' for the $_name guest"
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
	machine plain
	say "A host with the module"
	mkfifo "$TMP/tell" "$TMP/feed.in" "$TMP/feed.out"
	exec 8<>"$TMP/tell"
	# Hold both ends open: an open of one end waits for the other.
	exec 6<>"$TMP/feed.out"
	: >"$TMP/host"
	{
		_rc=0
		host_machine || _rc=$?
		echo "$_rc" >"$TMP/host.rc"
	} &
	if until_true 300 host_says '^# host is ready'; then
		as_in_guide "A guest with QEMU's rng-random" random /dev/hwrng "$TMP/feed.out" \
			-object rng-random,id=rng0,filename=/dev/hwrng \
			-device virtio-rng-pci,rng=rng0,max-bytes=1024,period=1000
		as_in_guide "A guest with QEMU's rng-egd" egd /run/havege-egd.sock "$TMP/egd.sock" \
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
		show_console 60 "$TMP/host.console"
	}
}
