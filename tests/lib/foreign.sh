# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# foreign.sh - sourced by root.sh: a root for another architecture than the host's.
#
# The root itself is always amd64: it has a cross compiler, and DKMS builds for the other
# architecture because make finds ARCH and CROSS_COMPILE in its environment. So the tests do not
# show that DKMS works on a machine of that architecture. Its packages cannot be installed:
# complete_root ROOT unpacks the kernel and the headers over the root, and the guest's programs
# below UNPACKED.

# linux_depends ROOT PACKAGE...: the kernel's packages that these depend on, without architecture.
linux_depends() {
	_in=$1
	shift
	apt_in "$_in" cache depends "$@" |
		sed -n 's/^[ |]*Depends: <\{0,1\}\([^:>]*\).*/\1/p' |
		grep -E '^linux-(image|binary|modules|headers|kbuild|base-[0-9][^-]*)-' | grep -v -e '-unsigned$'
}

# unpack_deb DEB DIR: keeps the links to directories that DIR has.
unpack_deb() {
	dpkg-deb --fsys-tarfile "$1" | as_root tar -C "$2" --keep-directory-symlink -xf -
}

complete_root() {
	[ -n "$UNPACKED" ] || return 0
	_debs=$1/tmp/debs
	as_root mkdir -p "$_debs" "$1$UNPACKED" && apt_in "$1" get -qq update || return 1
	# The metapackages depend on the kernel's packages, and these on more of them. The headers
	# depend on a native compiler of their architecture, so apt cannot install them.
	_linux=$(linux_depends "$1" "$IMAGE" "linux-headers-$FLAVOUR:$ARCH") || return 1
	# shellcheck disable=SC2046,SC2086 # words
	_linux="$_linux $(linux_depends "$1" $(printf "%s:$ARCH " $_linux))" || return 1
	# shellcheck disable=SC2086 # words
	for _p in $(printf '%s\n' $_linux | sort -u); do
		case $_p in
		# Tools that the host runs, and packages for all architectures.
		linux-kbuild-*|*-common)	echo "$_p" ;;
		*)				echo "$_p:$ARCH" ;;
		esac
	done >"$TMP/debs"
	# shellcheck disable=SC2046 # words
	(cd "$_debs" && apt_in "$1" get -qq download $(cat "$TMP/debs")) || return 1
	for _deb in "$_debs"/*.deb; do
		unpack_deb "$_deb" "$1" || return 1
	done
	# The scripts of newer packages, which do not run here, copy the kernel to /boot.
	_kver=$(ls "$1/lib/modules")
	[ ! -f "$1/lib/modules/$_kver/vmlinuz" ] ||
		as_root cp "$1/lib/modules/$_kver/vmlinuz" "$1/boot/vmlinuz-$_kver" || return 1
	# Old packages have their files in /bin, newer ones in /usr/bin.
	for _l in bin lib sbin; do
		as_root mkdir -p "$1$UNPACKED/usr/$_l" &&
		as_root ln -s usr/$_l "$1$UNPACKED/$_l" || return 1
	done
	# apt resolves the dependencies as for an installation, and only downloads.
	apt_in "$1" get -qq -y --download-only install "kmod:$ARCH" "busybox-static:$ARCH" ||
		return 1
	for _deb in "$1"/var/cache/apt/archives/*_"$ARCH".deb; do
		unpack_deb "$_deb" "$1$UNPACKED" || return 1
	done
	as_root rm -rf "$_debs" "$1"/var/cache/apt/archives/*.deb &&
	as_root depmod -b "$1" "$_kver" &&
	apt_in "$1" cache policy "$IMAGE" | awk '/Candidate:/ { print $2 }' |
		as_root tee "$1$UNPACKED/version" >/dev/null
}
