# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by tests/deb-test
#
# lintian.sh - lintian_part, sid_part: lintian has nothing to say, at any level. An override that is
# not needed is something, too. debian/*.lintian-overrides have the reasons.

# lintian runs as root here.
lint() {
	lintian --allow-root -I -E --pedantic "$1" 2>&1 | tee "$TMP/lint"
	[ ! -s "$TMP/lint" ]
}

# lintian does say something where it should: of a package without a manual page.
still_looks() {
	mkdir "$TMP/worse" && dpkg-deb -R "$TMP"/binary/havege-egd_*.deb "$TMP/worse/deb" &&
	rm "$TMP"/worse/deb/usr/share/man/man8/* && dpkg-deb -b "$TMP/worse/deb" "$TMP/worse" &&
	! lint "$TMP"/worse/*.deb && grep 'no-manual-page' "$TMP/lint"
}

lintian_part() {
	need lintian
	check "lintian -I -E --pedantic: the source package" lint "$TMP"/source/*.changes
	check "lintian -I -E --pedantic: the packages" lint "$TMP"/binary/*.changes
	check "it complains where a manual page is missing" still_looks
}

# --- sid -------------------------------------------------------------------------------------

# shellcheck disable=SC2034 # root.sh's
make_sid() {
	SUITE=sid BASE=sid SECURITY='' INCLUDE=lintian VM=$TMP/sid ROOT=$TMP/sid/root
	mkdir "$TMP/sid" && find_sources && make_root
}

lint_sid() {
	ROOT=$TMP/sid/root
	as_root cp -r "$TMP/source" "$TMP/binary" "$ROOT/opt/" &&
	for _c in source binary; do
		in_root sh -c "lintian --allow-root -I -E --pedantic /opt/$_c/*.changes" 2>&1 || :
	done | tee "$TMP/lint"
	[ ! -s "$TMP/lint" ]
}

sid_part() {
	need mmdebstrap
	# shellcheck disable=SC2016 # expanded when it runs
	on_exit 'as_root rm -rf "$TMP/sid"'
	step "Making a root of Debian sid with lintian" make_sid
	check "lintian of sid, -I -E --pedantic: the source package and the packages" lint_sid
}
