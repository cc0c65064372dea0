# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# guest.sh - sourced by tests/vm: a guest from its initramfs to its result.
#   prepare                            packs TMP/initrd.gz and TMP/vmlinuz
#   linux SECONDS APPEND ARGUMENT...   QEMU with this kernel; APPEND is for its command line
#   guest MODE SECONDS ARGUMENT...     boots the guest for a MODE of tests/guest/init; true if it
#                                      came up. TMP/verdict and TMP/console have its two serial
#                                      lines, RC has QEMU's code
#   tests MODE SECONDS ARGUMENT...     the same, and counts the guest's TAP lines
#   until_true, ended_well             for tests that run a machine in the background

# In ROOT: a copy of the checkout, since the guest's programs are built with the module's headers.
HELPERS=/tmp/guest/tests/guest
# Commands that put more into the guest; pack_guest runs each with the guest's directory.
EXTRA=

prepare() {
	prepare_root
	if [ -n "$KERNEL" ]; then
		KVER=$(cd "$KERNEL/lib/modules" && echo *)
		pack_sources "$TMP/src.tar"
	else
		dkms_module
	fi
	step "Packing the guest" pack_both
	# Another tests/vm may change the root once the lock is free: keep a copy of the kernel.
	if [ -n "$KERNEL" ]; then
		cp "$KERNEL/vmlinuz" "$TMP/vmlinuz"
	else
		# Some architectures have it uncompressed.
		cp "$ROOT/boot/vmlinu"?"-$KVER" "$TMP/vmlinuz"
	fi
	[ -z "$DTB" ] || {
		cp "$ROOT/usr/lib/linux-image-$KVER/${DTB%%:*}" "$TMP/dtb" &&
		case $DTB in
		*:*)	fdtput -t s "$TMP/dtb" "${DTB#*:}" status okay ;;
		esac
	}
	# An emulator of the root has to stay.
	case $QEMU in
	"$ROOT"/*)	;;
	*)	exec 9>&- ;;
	esac
}

pack_both() {
	build_helpers && pack_guest
}

# Built with the root's compiler and library.
build_helpers() {
	as_root rm -rf "$ROOT/tmp/guest" && as_root mkdir "$ROOT/tmp/guest" &&
	as_root tar -C "$ROOT/tmp/guest" -xf "$TMP/src.tar" &&
	for _c in $PROGRAMS; do
		in_root "$GUEST_CC" -O2 -Wall -Wextra -Werror -static \
			-o "$HELPERS/$_c" "$HELPERS/$_c.c" || return 1
	done &&
	if [ -n "$KERNEL" ]; then
		as_root cp "$KERNEL"/fault/*.ko "$ROOT$HELPERS/fault/"
	elif ! not_here faults; then
		in_root make -C "/lib/modules/$KVER/build" M=$HELPERS/fault modules
	fi
}

# The module and the modules that the tests load, with all that modprobe reads.
pack_modules() {
	_m=lib/modules/$KVER
	_from=${KERNEL:-$ROOT}
	mkdir -p "$1/$_m" &&
	for _n in "$NAME" $LOADABLE; do
		modprobe -d "$_from" -S "$KVER" --show-depends "$_n" || return 1
	done >"$TMP/modules" &&
	# Not all kernels have this one.
	{ modprobe -d "$_from" -S "$KVER" --show-depends virtio_console >>"$TMP/modules" || :; } &&
	awk '$1 == "insmod" { print $2 }' "$TMP/modules" | sort -u |
	while read -r _f; do
		_f=${_f#"$_from"/}
		mkdir -p "$1/${_f%/*}" && cp "$_from/$_f" "$1/$_f" || return 1
	done &&
	cp "$_from/$_m"/modules.builtin* "$_from/$_m/modules.order" "$1/$_m/" &&
	depmod -b "$1" "$KVER"
}

pack_guest() {
	_d=$TMP/guest
	new_guest "$_d" &&
	ln -s bin "$_d/sbin" &&
	# Debian's modprobe: busybox's tries a load that failed a second time.
	cp "$ROOT$UNPACKED/bin/kmod" "$_d/bin/" &&
	for _a in modprobe insmod rmmod modinfo depmod; do
		ln -sf kmod "$_d/bin/$_a" || return 1
	done &&
	copy_libraries "$_d" /bin/kmod &&
	pack_modules "$_d" &&
	cp "$GUEST"/*.sh "$TOP/Documentation/haveged.rst" "$TOP/Documentation/admin-guide.rst" \
		"$TOP/tests/cmdlines.table" "$_d/guest/" &&
	"$TOP/scripts/stage-tools" "$TMP/tools" && cp "$TMP/tools/havege-status" "$_d/bin/" &&
	for _c in $PROGRAMS; do
		cp "$ROOT$HELPERS/$_c" "$_d/bin/" || return 1
	done &&
	{ not_here faults || cp "$ROOT$HELPERS"/fault/*.ko "$_d/guest/"; } &&
	cp "$GUEST/init" "$_d/init" && chmod 755 "$_d/init" &&
	for _e in $EXTRA; do
		$_e "$_d" || return 1
	done &&
	pack_initrd "$_d" "$TMP/initrd.gz"
}

linux() {
	_secs=$1 _append=$2
	shift 2
	qemu "$_secs" -kernel "$TMP/vmlinuz" \
		-append "$BOOT_ARGS quiet panic=-1 $_append$KARGS$ARGS" "$@"
}

# watched FILE SECONDS APPEND ARGUMENT...: linux, with its standard output on ours and in FILE, and
# its code in RC. It runs in the background, so that a signal to this shell ends it at once.
watched() {
	_file=$1
	shift
	{
		{
			_rc=0
			linux "$@" </dev/null || _rc=$?
			echo "$_rc" >"$TMP/rc"
		} | sed -u 's/\r$//' | tee "$_file"
	} &
	WATCHED=$!
	wait "$WATCHED"
	RC=$(cat "$TMP/rc")
}

# The guest prints "# guest is up" before it touches the module. A guest that fails before (the
# emulator, a busy host) is booted a second time, with a message; never after that line. MODE demo
# has the console on our standard output, the others the tests' lines.
guest() {
	_mode=$1 _limit=$2
	shift 2
	case $_mode in
	install)
		# No init system: the tests are the first process. The second disk is a tar file.
		set -- -m 1024 -initrd "$TMP/initrd.img" \
			-drive "file=$VM/disk,if=virtio,format=raw,snapshot=on" \
			-drive "file=$TMP/src.tar,if=virtio,format=raw,readonly=on" "$@"
		_line="root=/dev/vda rw init=/bin/sh -- -c \"$INSTALL\"" ;;
	package-*)
		set -- -m 1024 -initrd "$TMP/initrd.img" \
			-drive "file=$TMP/disk,if=virtio,format=raw" \
			-drive "file=$TMP/tests.tar,if=virtio,format=raw,readonly=on" "$@"
		_line="root=/dev/vda ro guest=$_mode" ;;
	recipe-*)
		set -- -m 1024 -initrd "$TMP/initrd.img" \
			-drive "file=$TMP/disk,if=virtio,format=raw,snapshot=on" \
			-drive "file=$TMP/tests.tar,if=virtio,format=raw,readonly=on" "$@"
		_line="root=/dev/vda rw guest=$_mode amount=$AMOUNT" ;;
	*)
		set -- -m "$MEMORY" -initrd "$TMP/initrd.gz" "$@"
		_line="guest=$_mode amount=$AMOUNT loads=$LOADS" ;;
	esac
	for _try in first second; do
		: >"$TMP/verdict"
		: >"$TMP/console"
		if [ "$_mode" = demo ]; then
			watched "$TMP/console" "$_limit" "$_line" \
				-serial stdio -serial "file:$TMP/verdict" "$@"
		else
			watched "$TMP/verdict" "$_limit" "oops=panic $_line" \
				-serial "file:$TMP/console" -serial stdio "$@"
		fi
		grep -q '^# guest is up' "$TMP/verdict" && return 0
		say "THE BOOT FAILED before the module was loaded (QEMU's code $RC, $_try try)"
		tail -n 20 "$TMP/console" | sed 's/^/    /'
	done
	return 1
}

# restarted CONSOLE: the guest's log ends with a restart. On s390x the kernel's line for it gets lost,
# therefore init logs one before.
restarted() {
	tail -n 4 "$1" | grep -qE 'reboot: Restarting system|guest: restarting'
}

# bad_end MARKER: prints why the guest ended badly. Nothing is printed if it asked to end (code 1)
# and printed MARKER. A guest without that port restarts the machine and says so in its log.
bad_end() {
	_code=$RC
	! grep -q '# there is no port' "$TMP/verdict" ||
		! restarted "$TMP/console" || _code=1
	case $_code in
	1)	grep -q "^$1" "$TMP/verdict" || echo "it ended without '$1'" ;;
	0)	echo "it panicked, rebooted or powered off" ;;
	124|137)	echo "it was not done by the deadline" ;;
	*)	echo "QEMU ended with code $RC" ;;
	esac
}

# show_console LINES FILE: its end, as comments.
show_console() {
	tail -n "$1" "$2" | tr -d '\r' | sed 's/^/# console: /'
}

tests() {
	_t0=$(now)
	_bad=
	if guest "$@"; then
		_bad=$(bad_end '# end of the guest tests')
		_plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$TMP/verdict")
		_ran=$(grep -cE '^(not )?ok ' "$TMP/verdict" || :)
		[ "${_plan:-none}" = "$_ran" ] ||
			_bad="$_bad${_bad:+; }$_ran tests ran, planned: ${_plan:-none}"
	else
		_bad="it did not come up"
	fi
	count_tap "$TMP/verdict"
	[ -z "$_bad" ] || {
		fail "the guest ends well: $_bad"
		show_console 120 "$TMP/console"
	}
	printf '    done in %s s\n' "$(($(now) - _t0))"
}

# ended_well FILE CODE: the same for a machine in the background: FILE has the tests' lines,
# FILE.console its console; CODE is QEMU's.
ended_well() {
	_code=$2
	! restarted "$1.console" || _code=1
	_ran=$(grep -cE '^(not )?ok ' "$1" || :)
	_plan=$(sed -n 's/^1\.\.\([0-9]*\)\r*$/\1/p' "$1")
	[ "$_code" = 1 ] && grep -q '^# end of the guest tests' "$1" && [ "$_plan" = "$_ran" ]
}
