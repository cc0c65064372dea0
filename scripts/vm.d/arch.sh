# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # for scripts/vm
#
# arch.sh - sourced by scripts/vm: what differs with the machine that is emulated. Its architecture,
# in Debian's words amd64 or arm64, is the last word of HAVEGE_FLAVOUR. What runs scripts/vm is amd64.
#
# The root is amd64's always. For another it has a compiler for that, and what could not be installed
# there is unpacked: the kernel and its headers over the root, the programs of the guest below FILES.
# So DKMS is amd64's, too, and builds for the other because make finds ARCH and CROSS_COMPILE in its
# environment. How it works on a machine of the other kind is not shown by that.
#
# It sets:
#   ARCH, FILES              the architecture; the top of what the guest's programs are taken from
#   ARCHES, IMAGE, INCLUDE   what apt is told: architectures, the kernel, packages of the root
#   GUEST_CC, CROSS          the compiler for the guest; the environment that kbuild needs
#   LOADABLE, PROGRAMS       modules, beside ours, and programs of ours that the guest gets
#   QEMU, BOARD, CPU         the emulator, and what it is told; ARCH_NEEDS: what need is told
#   QUIET_BOARD              the same without what it tells the kernel at random
#   CPU0                     the CPU, and what its kernel is told, so that CPU 0 can go offline
#   BOOT_ARGS                which line is the console, and which the verdict's
#   GENERATION               a device that tells of copies, where QEMU has one for this machine
#   CACHES                   CPUs, who tells of their L1 caches, and how many KiB those have
#   NOT_HERE                 modes of test that are not for this machine: it has no such thing, or
#                            QEMU has not (sleep, copies), or it is the other's

ARCH=${FLAVOUR##*-}

case $ARCH in
amd64)
	FILES=$ROOT
	ARCHES=amd64
	IMAGE=linux-image-$FLAVOUR
	INCLUDE=dkms,linux-headers-$FLAVOUR,$IMAGE,gcc,make,libc6-dev,kmod,busybox-static
	GUEST_CC=gcc
	CROSS=
	LOADABLE="virtio_pci virtio_rng virtio_blk button"
	PROGRAMS="hwread hwclone hostile egdtalk ../../egd/havege-egd"
	QEMU=qemu-system-x86_64
	ARCH_NEEDS=$QEMU:qemu-system-x86
	BOARD="-M q35 -device isa-debug-exit,iobase=0xf4,iosize=4"
	QUIET_BOARD=$BOARD
	CPU=qemu64
	# The kernels that can do without CPU 0 do so on Intel's, when they are asked to.
	CPU0="qemu64,vendor=GenuineIntel cpu0_hotplug"
	BOOT_ARGS="console=ttyS0 verdict=ttyS1"
	GENERATION="-device vmgenid,guid=auto"
	CACHES=
	NOT_HERE=caches
	;;
arm64)
	FILES=$ROOT/arm64
	ARCHES=amd64,arm64
	IMAGE=linux-image-$FLAVOUR:arm64
	# pahole is what linux-kbuild depends on, which is only unpacked.
	INCLUDE=dkms,make,kmod,busybox-static,pahole,gcc-aarch64-linux-gnu,libc6-dev-arm64-cross
	GUEST_CC=aarch64-linux-gnu-gcc
	CROSS="ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-"
	LOADABLE="virtio_pci virtio_rng virtio_blk"
	PROGRAMS="hwread hostile egdtalk ../../egd/havege-egd"
	QEMU=qemu-system-aarch64
	ARCH_NEEDS="$QEMU:qemu-system-arm readelf:binutils fdtput:device-tree-compiler"
	# The board has one serial line.
	BOARD="-M virt -device pci-serial,chardev=serial1"
	QUIET_BOARD="-M virt,dtb-randomness=off -device pci-serial,chardev=serial1"
	CPU=cortex-a72
	CPU0=$CPU
	BOOT_ARGS="console=ttyAMA0 verdict=ttyS0"
	GENERATION=
	CACHES="cortex-a53=ccsidr,32,32 cortex-a72=ccsidr,32,48 neoverse-n1=ccsidr,64,64"
	NOT_HERE="no-tsc suspend clones guests"
	;;
*)
	die "HAVEGE_FLAVOUR=$FLAVOUR: it ends with amd64 or with arm64"
	;;
esac

# apt_in ROOT get|cache ARGUMENT...: this machine's apt, on the state of a root.
apt_in() {
	_dir=$1 _apt=apt-$2
	shift 2
	for _a in $(echo "$ARCHES" | tr , ' '); do
		set -- -o APT::Architectures::="$_a" "$@"
	done
	as_root "$_apt" -o Dir="$_dir" -o APT::Sandbox::User=root "$@"
}

# The kernel's own packages that these depend on, without architecture.
linux_depends() {
	_in=$1
	shift
	apt_in "$_in" cache depends "$@" |
		sed -n 's/^[ |]*Depends: <\{0,1\}\([^:>]*\).*/\1/p' |
		grep -E '^linux-(image|binary|modules|headers|kbuild)-' | grep -v -e '-unsigned$'
}

# unpack DEB DIR: its files, where links that are there stay links.
unpack() {
	dpkg-deb --fsys-tarfile "$1" | as_root tar -C "$2" --keep-directory-symlink -xf -
}

# What mmdebstrap has not brought: the kernel and the programs of another architecture.
complete_root() {
	[ "$ARCH" != amd64 ] || return 0
	_debs=$1/tmp/debs
	as_root mkdir -p "$_debs" "$1/$ARCH" && apt_in "$1" get -qq update || return 1
	# The metapackages' packages, and of these what belongs to the kernel. Headers want the
	# native compiler of their architecture, so nothing of this can be installed.
	_linux=$(linux_depends "$1" "$IMAGE" "linux-headers-$FLAVOUR:$ARCH") || return 1
	# shellcheck disable=SC2046,SC2086 # words
	_linux="$_linux $(linux_depends "$1" $(printf "%s:$ARCH " $_linux))" || return 1
	# shellcheck disable=SC2086 # words
	for _p in $(printf '%s\n' $_linux | sort -u); do
		case $_p in
		# Tools that run here; what is for all architectures.
		linux-kbuild-*|*-common)	echo "$_p" ;;
		*)				echo "$_p:$ARCH" ;;
		esac
	done >"$TMP/debs"
	# shellcheck disable=SC2046 # words
	(cd "$_debs" && apt_in "$1" get -qq download $(cat "$TMP/debs")) || return 1
	for _deb in "$_debs"/*.deb; do
		unpack "$_deb" "$1" || return 1
	done
	# Old packages have their files in /bin, newer ones in /usr/bin.
	for _l in bin lib sbin; do
		as_root mkdir -p "$1/$ARCH/usr/$_l" && as_root ln -s usr/$_l "$1/$ARCH/$_l" || return 1
	done
	# To be installed, says apt, which knows what they need; it only fetches.
	apt_in "$1" get -qq -y --download-only install "kmod:$ARCH" "busybox-static:$ARCH" || return 1
	for _deb in "$1"/var/cache/apt/archives/*_"$ARCH".deb; do
		unpack "$_deb" "$1/$ARCH" || return 1
	done
	as_root rm -rf "$_debs" "$1"/var/cache/apt/archives/*.deb &&
	as_root depmod -b "$1" "$(ls "$1/lib/modules")" &&
	apt_in "$1" cache policy "$IMAGE" | awk '/Candidate:/ { print $2 }' |
		as_root tee "$1/$ARCH/version" >/dev/null
}

# Has the archive another kernel than the root? What is only unpacked apt does not know of.
kernel_differs() {
	apt_in "$ROOT" cache policy "$IMAGE" |
		awk -v here="$(cat "$FILES/version" 2>/dev/null)" '
			/Installed:/ { i = here ? here : $2 } /Candidate:/ { c = $2 }
			END { exit i == c }'
}

# What kmod is linked with, to where the guest's loader looks for it.
copy_libraries() {
	if [ "$ARCH" = amd64 ]; then
		in_root ldd /bin/kmod | grep -o '/[^ ]*' >"$TMP/libs" || return 1
		while read -r _f; do
			# Read inside: what is a link there can be one from its /.
			mkdir -p "$1${_f%/*}" && in_root cat "$_f" >"$1$_f" && chmod 755 "$1$_f" ||
				return 1
		done <"$TMP/libs"
		return
	fi
	# Nothing there can be run; so what the files say.
	mkdir -p "$1/lib" && (
		cd "$FILES" || exit
		_from=bin/kmod
		while [ -n "$_from" ]; do
			_next=
			# shellcheck disable=SC2086 # words
			for _l in $(readelf -d $_from | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
				[ ! -e "$1/lib/$_l" ] || continue
				_f=$(find . -name "$_l" | head -n 1)
				cp -L "$_f" "$1/lib/$_l" || exit
				_next="$_next $_f"
			done
			_from=$_next
		done
	)
}

# not_here MODE: this machine has not got what that mode is about.
not_here() {
	case " $NOT_HERE " in
	*" $1 "*)	;;
	*)		return 1 ;;
	esac
}
