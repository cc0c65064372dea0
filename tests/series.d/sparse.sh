# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# sparse.sh - sid's sparse: the kernel is too new for an older one, and kbuild then skips the check.
# Source it after newest.sh; newest_tree comes first. The caller gets:
#   SPARSE       a program that runs it with sid's libraries
#   get_sparse   makes it

SPARSE=$TREES/sparse/sparse

get_sparse() {
	[ ! -x "$SPARSE" ] || return 0
	rm -rf "$TREES/sparse" && mkdir -p "$TREES/sparse/deb" &&
	(cd "$TREES/sparse/deb" && apt_own get download sparse libc6 && for _deb in ./*.deb; do
		dpkg-deb -x "$_deb" .. || exit
	done) &&
	cat >"$SPARSE.new" <<-END &&
		#!/bin/sh
		exec $TREES/sparse/usr/lib64/ld-linux-x86-64.so.2 --library-path \\
			$TREES/sparse/usr/lib/x86_64-linux-gnu $TREES/sparse/usr/bin/sparse "\$@"
	END
	chmod +x "$SPARSE.new" && mv "$SPARSE.new" "$SPARSE" && rm -r "$TREES/sparse/deb"
}
