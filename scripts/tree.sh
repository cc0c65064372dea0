# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# tree.sh - sourced, after lib.sh, by those who build Debian's kernel source: unpacks it, once for
# all of them, and grafts this checkout into it. The caller gets:
#   SERIES, SOURCE, VERSION   which kernel, its package, and that one's version
#   TREE                      where it is unpacked
#   get_tree                  does all that; the tree is the caller's until descriptor 9 is closed
#   BUILD_TOOLS, KERNEL_TOOLS what need has to be told, the latter for an x86 kernel beside it
#   kept_build, in_tree, configure, own_objects   what a build is made of

SERIES=6.12			# Debian's linux-source-$SERIES
SOURCE=linux-source-$SERIES
TREES=$CACHE/kunit
# shellcheck disable=SC2034 # for those who source this
TREE=$TREES/$SOURCE
# shellcheck disable=SC2034
BUILD_TOOLS="gcc /usr/include/stdio.h:libc6-dev make flex bison bc xz:xz-utils
	/usr/src/$SOURCE.tar.xz:$SOURCE"
# shellcheck disable=SC2034
KERNEL_TOOLS="/usr/include/libelf.h:libelf-dev /usr/include/openssl/ssl.h:libssl-dev"

# Beside its place and moved, so that an interrupted run leaves no half of one; a new version of
# the package ends the old builds too.
unpack_tree() {
	_archive=$(dpkg -L "$SOURCE" | grep '\.tar\.xz$') &&
	rm -rf "$TREES"/linux-source-* "$TREES"/build-* "$TREES/unpack" &&
	mkdir "$TREES/unpack" &&
	tar -xJf "$_archive" -C "$TREES/unpack" &&
	mv "$TREES/unpack/$SOURCE" "$TREE" &&
	rmdir "$TREES/unpack" &&
	echo "$VERSION" >"$TREES/version"
}

# One at a time: all builds come from one tree, which may be replaced, and one checkout at a time
# is in it.
get_tree() {
	mkdir -p "$TREES"
	exec 9>"$TREES/lock"
	flock -n 9 || {
		say "Another build from the same kernel source is running: waiting for it"
		flock 9
	}
	# shellcheck disable=SC2016 # the dollar is dpkg-query's
	VERSION=$(dpkg-query -W -f '${Version}' "$SOURCE") || die "no version of $SOURCE"
	if [ ! -d "$TREE" ] || [ "$(cat "$TREES/version" 2>/dev/null)" != "$VERSION" ]; then
		step "Unpacking $SOURCE $VERSION" unpack_tree
	fi
	"$TOP/scripts/graft" "$TREE" || exit
}

# own_objects BUILD: make goes by time stamps, and those of another checkout may well be older
# than the objects that this one's files must replace.
own_objects() {
	mkdir -p "$1"
	if [ "$(cat "$1/checkout" 2>/dev/null)" != "$TOP" ]; then
		rm -rf "$1/drivers/char/hw_random/havege"
		echo "$TOP" >"$1/checkout"
	fi
}

# kept_build WHOSE NAME: in BUILD where in the cache a kernel is built that has what $TMP/config
# asks for, and nothing else that it can be without; in OUT, below it, where what comes of it is
# kept. Its name is made from all that it is built from, but for this checkout; older ones go.
kept_build() {
	_hash=$({ cat "$TMP/config"; echo "$VERSION"; gcc --version; } | sha256sum | cut -c 1-12)
	BUILD=$CACHE/$1/$2-$_hash
	# shellcheck disable=SC2034
	OUT=$BUILD/out
	for _old in "$CACHE/$1/$2"-*; do
		[ "$_old" = "$BUILD" ] || rm -rf "$_old"
	done
	mkdir -p "$BUILD"
}

# KCSAN_SANITIZE: kbuild's own switch, for one directory usually; nothing to a kernel without KCSAN.
in_tree() {
	make -C "$TREE" O="$BUILD" ARCH=x86_64 KCSAN_SANITIZE=n -j"$(nproc)" "$@"
}

# kconfig drops without a word what it cannot have.
configure() {
	in_tree KCONFIG_ALLCONFIG="$TMP/config" allnoconfig || return
	_missing=
	while read -r _line; do
		_option=${_line#"# "}
		_option=${_option%%[ =]*}
		case $_line in
		CONFIG_*)	grep -qxF "$_line" "$BUILD/.config" && continue ;;
		"# CONFIG_"*)	grep -q "^$_option=" "$BUILD/.config" || continue ;;
		*)		continue ;;
		esac
		echo "the configuration came out without: $_line"
		_missing=y
	done <"$TMP/config"
	[ -z "$_missing" ]
}
