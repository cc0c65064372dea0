# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# module.sh - the module, built through DKMS in a Debian root. Source it after root.sh; prepare_root
# or the caller has set ROOT and KVER. It gets:
#   NAME, VERSION   of the module
#   dkms_build      builds the checkout and installs it in ROOT; leaves its sources in TMP/src.tar.
#                   TMP/left-out is empty if dkms has left out, without an error, the kernels and the
#                   machine that dkms.conf excludes
#   dkms_module     the same as a step; TMP/warnings has the compiler's warnings

NAME=$(conf PACKAGE_NAME)
VERSION=$(conf PACKAGE_VERSION)
[ -n "$NAME" ] || die "dkms.conf has no PACKAGE_NAME"
[ -n "$VERSION" ] || die "dkms.conf has no PACKAGE_VERSION"

# Headers of a kernel that is too old, and of one without hw_random. prepare_root removes what is left
# of them.
excluded_kernels() {
	for _k in 4.19.0-excluded 9.9.0-excluded; do
		as_root mkdir -p "$ROOT/lib/modules/$_k/build/include" || return
	done
	printf 'CONFIG_HW_RANDOM=y\n' |
		as_root tee "$ROOT/lib/modules/4.19.0-excluded/build/.config" >/dev/null &&
	printf '# CONFIG_HW_RANDOM is not set\n' |
		as_root tee "$ROOT/lib/modules/9.9.0-excluded/build/.config" >/dev/null
}

# left_out ARGUMENT...: dkms autoinstall, as apt runs it, must leave this kernel out.
left_out() {
	_rc=0
	in_root dkms autoinstall "$@" >"$TMP/autoinstall" 2>&1 || _rc=$?
	cat "$TMP/autoinstall"
	if [ "$_rc" != 0 ] || grep -qiE 'error|fail|bad exit' "$TMP/autoinstall" ||
	   [ "$(in_root dkms status | grep -c "$NAME")" != 1 ]; then
		{
			echo "dkms autoinstall $* ended with $_rc and said:"
			cat "$TMP/autoinstall"
		} >>"$TMP/left-out"
	fi
}

# What dkms knows of other kernels matters: once before the module is built for KVER, and once after.
dkms_build() {
	forget_module &&
	pack_sources "$TMP/src.tar" &&
	as_root mkdir "$ROOT/usr/src/$NAME-$VERSION" &&
	as_root tar -C "$ROOT/usr/src/$NAME-$VERSION" -xf "$TMP/src.tar" &&
	in_root dkms add -m "$NAME" -v "$VERSION" &&
	excluded_kernels && : >"$TMP/left-out" || return
	left_out -k 4.19.0-excluded
	in_root dkms autoinstall -k "$KVER"
	in_root dkms status | grep "$KVER.*: installed" || {
		sed 's/^/make.log: /' "$ROOT/var/lib/dkms/$NAME/$VERSION/build/make.log"
		return 1
	}
	left_out -k 4.19.0-excluded
	left_out -k 9.9.0-excluded
	left_out -k "$KVER" -a alpha
	as_root rm -rf "$ROOT"/lib/modules/*-excluded
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
