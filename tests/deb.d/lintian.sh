# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by tests/deb-test
#
# lintian.sh - lintian_part, sid_part: lintian has nothing to say, at any level. An override that is
# not needed is something, too. debian/*.lintian-overrides have the reasons.

# Debian 12's lintian wants a script in init.d. havege-egd does not start but by systemd. This is no
# override: sid's lintian does not know the tag, and complains about the override.
NO_SCRIPT=package-supports-alternative-init-but-no-init.d-script

# lintian runs as root here.
lint_clean() {
	lintian --allow-root -I -E --pedantic --suppress-tags $NO_SCRIPT "$1" 2>&1 | tee "$TMP/lint"
	[ ! -s "$TMP/lint" ]
}

# lintian does say something where it should: of a package without a manual page.
still_looks() {
	mkdir "$TMP/worse" && dpkg-deb -R "$TMP"/binary/havege-egd_*.deb "$TMP/worse/deb" &&
	rm "$TMP"/worse/deb/usr/share/man/man8/* && dpkg-deb -b "$TMP/worse/deb" "$TMP/worse" &&
	! lint_clean "$TMP"/worse/*.deb && grep 'no-manual-page' "$TMP/lint"
}

lintian_part() {
	need lintian
	check "lintian -I -E --pedantic: the source package" lint_clean "$TMP"/source/*.changes
	check "lintian -I -E --pedantic: the packages" lint_clean "$TMP"/binary/*.changes
	check "it complains where a manual page is missing" still_looks
}

# --- sid -------------------------------------------------------------------------------------

# shellcheck disable=SC2034 # root.sh's
make_sid() {
	SUITE=sid BASE=sid SECURITY='' VM=$TMP/sid ROOT=$TMP/sid/root
	INCLUDE=lintian,debhelper,dh-dkms,dpkg-dev,gcc,libc6-dev,make
	mkdir "$TMP/sid" && find_sources && make_root
}

build_sid() {
	as_root mkdir "$ROOT/opt/built" && as_root cp -r "$TMP/source" "$ROOT/opt/" &&
	in_root sh -c 'cd /opt/built && dpkg-source -x ../source/*.dsc unpacked && cd unpacked &&
		dpkg-buildpackage -us -uc -b -d'
}

# Both releases cannot be content: what sid calls old or redundant is what Debian 12 asks for. So it is
# errors and warnings here; the rest is shown.
# shellcheck disable=SC2016 # the inner shell's
lint_sid() {
	in_root sh -c 'for changes in /opt/source/*.changes /opt/built/*.changes; do
		lintian --allow-root -I -E --pedantic "$changes"; done' >"$TMP/lint.sid" 2>&1
	cat "$TMP/lint.sid"
	! grep -E '^[EW]:|rror' "$TMP/lint.sid"
}

sid_part() {
	need mmdebstrap
	# shellcheck disable=SC2016 # expanded when it runs
	on_exit 'as_root rm -rf "$TMP/sid"'
	step "Making a root of Debian sid with lintian" make_sid
	ROOT=$TMP/sid/root
	check "the packages build in sid" build_sid
	check "lintian of sid has no error or warning" lint_sid
	sed 's/^/# /' "$TMP/lint.sid"
	ROOT=$TMP/root
}
