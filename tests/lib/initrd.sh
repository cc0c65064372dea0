# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# initrd.sh - the initramfs of a guest. Source it after root.sh; ROOT is where the programs are
# from. It gives:
#   new_guest DIR                   directories, and busybox with a link for each command
#   copy_libraries DIR PROGRAM...   the libraries of these programs of ROOT, such as /bin/kmod
#   pack_initrd DIR FILE            packs DIR into FILE
#   pack_init SOURCE                TMP/initrd.gz with nothing but tests/SOURCE, compiled, as init

new_guest() {
	mkdir -p "$1/bin" "$1/guest" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/root" "$1/etc" &&
	cp "$ROOT$UNPACKED/bin/busybox" "$1/bin/" &&
	# A link from busybox to itself would destroy it.
	for _a in $("$ROOT/bin/busybox" --list | grep -vx busybox); do
		ln -s busybox "$1/bin/$_a" || return 1
	done &&
	[ -L "$1/bin/sh" ]
}

copy_libraries() {
	_to=$1
	shift
	if [ -n "$UNPACKED" ]; then
		# On some architectures the loader's path begins with /lib64.
		mkdir -p "$_to/lib" && ln -sfn lib "$_to/lib64" && read_libraries "$_to" "$@"
		return
	fi
	for _f; do
		in_root ldd "$_f" | grep -o '/[^ ]*' || return 1
	done >"$TMP/libs" && sort -u -o "$TMP/libs" "$TMP/libs" || return 1
	while read -r _f; do
		# Read inside the root: a link there may be absolute.
		mkdir -p "$_to${_f%/*}" && in_root cat "$_f" >"$_to$_f" && chmod 755 "$_to$_f" ||
			return 1
	done <"$TMP/libs"
}

# read_libraries DIR PROGRAM...: the host cannot run ldd on these programs: read their headers.
read_libraries() (
	_to=$1
	shift
	cd "$ROOT$UNPACKED" || exit
	_from=
	for _f; do
		_from="$_from ${_f#/}"
	done
	while [ -n "$_from" ]; do
		_next=
		# shellcheck disable=SC2086 # words
		for _l in $(readelf -d $_from | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
			[ ! -e "$_to/lib/$_l" ] || continue
			_f=$(find . -name "$_l" | head -n 1)
			cp -L "$_f" "$_to/lib/$_l" || exit
			_next="$_next $_f"
		done
		_from=$_next
	done
)

pack_init() {
	mkdir "$TMP/initrd" &&
	gcc -O2 -Wall -Wextra -Werror -static -o "$TMP/initrd/init" "$TOP/tests/$1" &&
	pack_initrd "$TMP/initrd" "$TMP/initrd.gz"
}

pack_initrd() {
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$2"
}
