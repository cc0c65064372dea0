# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# tree.sh - sourced, after lib.sh, by those who build Debian's kernel source: unpacks it, once for
# all of them, and grafts this checkout into it. The caller gets:
#   SERIES, SOURCE, VERSION   which kernel, its package, and that one's version
#   TREE                      where it is unpacked
#   get_tree                  does all that; the tree is the caller's until descriptor 9 is closed
#   BUILD_TOOLS               what need has to be told

SERIES=6.12			# Debian's linux-source-$SERIES
SOURCE=linux-source-$SERIES
TREES=$CACHE/kunit
# shellcheck disable=SC2034 # for those who source this
TREE=$TREES/$SOURCE
# shellcheck disable=SC2034
BUILD_TOOLS="gcc /usr/include/stdio.h:libc6-dev make flex bison bc xz:xz-utils
	/usr/src/$SOURCE.tar.xz:$SOURCE"

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
