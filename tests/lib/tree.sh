# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# tree.sh - Debian's kernel source, unpacked once for all tests that build it, with this checkout
# grafted into it. Source it after lib.sh. The caller gets:
#   SERIES, SOURCE, VERSION     the kernel, its package, and the package's version
#   TREE                        the unpacked source
#   BUILD_TOOLS, KERNEL_TOOLS   arguments of need; an x86 kernel needs both
#   get_tree                    unpacks and grafts, and locks TREE until descriptor 9 is closed
#   kept_build, in_tree, configure, own_objects   the steps of a build

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

# Unpacks beside TREE, then moves, so that an interrupted run leaves no partial tree. A new version
# of the package removes the old builds too.
unpack_tree() {
	_archive=$(dpkg -L "$SOURCE" | grep '\.tar\.xz$') &&
	rm -rf "$TREES"/linux-source-* "$TREES"/build-* "$TREES/unpack" &&
	mkdir "$TREES/unpack" &&
	tar -xJf "$_archive" -C "$TREES/unpack" &&
	mv "$TREES/unpack/$SOURCE" "$TREE" &&
	rmdir "$TREES/unpack" &&
	echo "$VERSION" >"$TREES/version"
}

# One user at a time: a new version replaces the tree, and one checkout is grafted into it.
get_tree() {
	mkdir -p "$TREES"
	exec 9>"$TREES/lock"
	flock -n 9 || {
		say "Another build uses this kernel source: waiting for it"
		flock 9
	}
	# shellcheck disable=SC2016 # the dollar is dpkg-query's
	VERSION=$(dpkg-query -W -f '${Version}' "$SOURCE") || die "no version of $SOURCE"
	if [ ! -d "$TREE" ] || [ "$(cat "$TREES/version" 2>/dev/null)" != "$VERSION" ]; then
		step "Unpacking $SOURCE $VERSION" unpack_tree
	fi
	"$TOP/scripts/graft" "$TREE" || exit
}

# own_objects BUILD: removes the objects of another checkout. make compares time stamps, and this
# checkout's files may be older than those objects.
own_objects() {
	mkdir -p "$1"
	if [ "$(cat "$1/checkout" 2>/dev/null)" != "$TOP" ]; then
		rm -rf "$1/drivers/char/hw_random/havege"
		echo "$TOP" >"$1/checkout"
	fi
}

# kept_build TEST NAME: sets BUILD, a build directory in the cache for a kernel with the options of
# TMP/config and no others, and OUT below it for the results. The directory's name is a hash of all
# that goes into the build except this checkout; directories with another hash are removed.
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

# KCSAN_SANITIZE=n: KCSAN does not watch the kernel, only the module. Other kernels ignore it.
in_tree() {
	make -C "$TREE" O="$BUILD" ARCH=x86_64 KCSAN_SANITIZE=n -j"$(nproc)" "$@"
}

# kconfig drops options that it cannot set, without a message: look for them.
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
