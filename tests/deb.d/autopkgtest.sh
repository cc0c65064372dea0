# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by tests/deb-test
#
# autopkgtest.sh - autopkgtest_part: debian/tests, by autopkgtest, with Debian's testbed "chroot". The
# test of autopkgtest-pkg-dkms wants a testbed that can be thrown away: it runs last, and the root is
# removed after it.

# The tests get the .deb files, and nothing in the testbed can load a module.
run_autopkgtest() {
	rm -rf "$TMP/adt" &&
	with_proc "$ROOT" setpriv --bounding-set=-sys_module --inh-caps=-sys_module \
		autopkgtest --ignore-restrictions=breaks-testbed --output-dir="$TMP/adt" \
		"$TMP"/binary/havege-rng-dkms_*.deb "$TMP"/binary/havege-egd_*.deb "$TMP"/source/*.dsc \
		-- chroot "$ROOT"
	_rc=$?
	cat "$TMP/adt/summary"
	return $_rc
}

# test_passed NAME: autopkgtest's summary says so.
test_passed() {
	cat "$TMP"/adt/"$1"-std* | tail -n 30
	grep -E "^$1 +PASS" "$TMP/adt/summary"
}

autopkgtest_part() {
	need autopkgtest autodep8
	get_root
	check "autopkgtest runs in a chroot" run_autopkgtest
	for _t in boot egd dkms-autopkgtest; do
		check "autopkgtest: $_t has passed" test_passed $_t
	done
}
