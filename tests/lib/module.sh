# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# module.sh - the module, built through DKMS in a Debian root. Source it after root.sh; prepare_root
# or the caller has set ROOT and KVER. It gets:
#   NAME, VERSION   of the module
#   dkms_build      builds the checkout and installs it in ROOT; leaves its sources in TMP/src.tar
#   dkms_module     the same as a step; TMP/warnings has the compiler's warnings

NAME=$(conf PACKAGE_NAME)
VERSION=$(conf PACKAGE_VERSION)
[ -n "$NAME" ] || die "dkms.conf has no PACKAGE_NAME"
[ -n "$VERSION" ] || die "dkms.conf has no PACKAGE_VERSION"

dkms_build() {
	forget_module &&
	pack_sources "$TMP/src.tar" &&
	as_root mkdir "$ROOT/usr/src/$NAME-$VERSION" &&
	as_root tar -C "$ROOT/usr/src/$NAME-$VERSION" -xf "$TMP/src.tar" &&
	in_root dkms add -m "$NAME" -v "$VERSION" &&
	{ in_root dkms build -m "$NAME" -v "$VERSION" -k "$KVER" || {
		sed 's/^/make.log: /' "$ROOT/var/lib/dkms/$NAME/$VERSION/build/make.log"
		return 1
	}; } &&
	in_root dkms install -m "$NAME" -v "$VERSION" -k "$KVER"
}

dkms_module() {
	step "Building $NAME $VERSION for Debian's $KVER through DKMS" dkms_build
	MAKELOG=$(find "$ROOT/var/lib/dkms/$NAME/$VERSION/$KVER" -name make.log)
	[ -n "$MAKELOG" ] || die "dkms left no make.log for $KVER"
	# The name of a cross compiler differs from that of the kernel's compiler.
	grep -v 'warning: the compiler differs' "$MAKELOG" | grep -i 'warning' >"$TMP/warnings" || :
	# tests/kernels reads this line.
	say "Built: $KVER, gcc $(in_root "$GUEST_CC" -dumpfullversion)," \
		"dkms $(in_root dkms --version | tr -dc 0-9.), $(wc -l <"$TMP/warnings") warnings"
	sed 's/^/    /' "$TMP/warnings"
}
