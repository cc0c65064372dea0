# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by tests/deb-test
#
# source.sh - source_part: what scripts/deb writes into the packages. FULL, EMAIL, RELEASE and
# make_debs are deb-test's.

# field FILE NAME: prints a field of a .dsc.
field() {
	sed -n "s/^$2: //p" "$1"
}

# dsc [VARIABLE=VALUE...]: makes the source package of TMP/copy; its file is DSC.
dsc() {
	rm -rf "$TMP/fields" && make_debs "$TMP/copy" "$TMP/fields" SOURCE=y "$@" || return
	DSC=$(echo "$TMP"/fields/*.dsc)
}

# dsc_has NAME VALUE [VARIABLE=VALUE...]: so has the field this value.
dsc_has() {
	_field=$1 _value=$2
	shift 2
	dsc "$@" && echo "$_field: $(field "$DSC" "$_field")" &&
	[ "$(field "$DSC" "$_field")" = "$_value" ]
}

in_copy() {
	git -C "$TMP/copy" "$@"
}

by_git() {
	in_copy config user.name "Of Git" && in_copy config user.email git@example.org &&
	dsc_has Maintainer "Of Git <git@example.org>" &&
	dsc_has Maintainer "$FULL <$EMAIL>" DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL"
	_rc=$?
	in_copy config --unset user.name && in_copy config --unset user.email && return $_rc
}

# One line says what is missing, and nothing is built.
no_maintainer() {
	rm -rf "$TMP/fields"
	! make_debs "$TMP/copy" "$TMP/fields" SOURCE=y >"$TMP/said" 2>&1 && cat "$TMP/said" &&
	[ "$(wc -l <"$TMP/said")" = 1 ] && grep -q 'set DEBFULLNAME and DEBEMAIL' "$TMP/said" &&
	[ ! -e "$TMP/fields" ]
}

# Without an address the packages are built all the same, and the field says so.
built_locally() {
	make_debs "$TMP/copy" "$TMP/local" &&
	for _deb in "$TMP"/local/*.deb; do
		dpkg-deb -f "$_deb" Maintainer | tee "$TMP/said" &&
		grep -q 'built locally' "$TMP/said" || return
	done
}

unknown_addresses() {
	in_copy remote add origin /a/path &&
	dsc_has Vcs-Git "" DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" && [ -z "$(field "$DSC" Homepage)" ] &&
	in_copy remote set-url origin https://example.org/of-git &&
	dsc_has Vcs-Git https://example.org/of-git DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" &&
	dsc_has Vcs-Git https://example.org/vcs DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" \
		VCS=https://example.org/vcs HOMEPAGE=https://example.org/ &&
	[ "$(field "$DSC" Homepage)" = https://example.org/ ]
	_rc=$?
	in_copy remote remove origin && return $_rc
}

# --- the changelog ---------------------------------------------------------------------------

parse() {
	dpkg-parsechangelog -l "$TMP/binary/unpacked/debian/changelog" "$@" 2>"$TMP/warnings" &&
	{ cat "$TMP/warnings" >&2; [ ! -s "$TMP/warnings" ]; }
}

parses() {
	parse --all >"$TMP/parsed" && parse -S Maintainer && [ "$(parse -S Maintainer)" = "$FULL <$EMAIL>" ]
}

# headings: prints the sections of NEWS; the first one has another version in the changelog.
headings() {
	sed -n '/^-\{3,\}$/{x;p;x};h' "$TOP/NEWS" | sed 's/ (.*//'
}

sections() {
	parse --all --format rfc822 | sed -n 's/^Version: //p' >"$TMP/entries"
	headings | sed 1d >"$TMP/headings"
	cat "$TMP/entries"
	sed 1d "$TMP/entries" | diff - "$TMP/headings"
}

# The words of both, without headings and marks.
words_of() {
	tr -s ' ' '\n' | grep -vxE -e '[-*=]*' || :
}

same_words() {
	sed '1,/^===*$/d; /^\(Next\|[0-9].* ([-0-9]*)\)$/d' "$TOP/NEWS" | words_of >"$TMP/news.words"
	grep -vE "^(havege-rng \(| -- )" "$TMP/binary/unpacked/debian/changelog" | words_of |
		diff "$TMP/news.words" -
}

# version_is VERSION DISTRIBUTION: of the changelog's first entry in DSC.
version_is() {
	_dist=$(sed -n 's/^Distribution: //p' "$TMP"/fields/*.changes)
	echo "$(field "$DSC" Version) $_dist"
	[ "$(field "$DSC" Version) $_dist" = "$1 $2" ]
}

# A copy whose NEWS begins with a section of 9.9; 9.9 is the version of dkms.conf, or later.
releases() {
	cp "$TOP/NEWS" "$TMP/copy/NEWS" &&
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"9.9\"/" "$TMP/copy/dkms.conf" &&
	sed -i '0,/^Next$/s//9.9 (2026-12-01)/; 0,/^----$/s//----------------/' "$TMP/copy/NEWS" &&
	dsc DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" && version_is 9.9 unstable &&
	sed -i '0,/^9.9 (2026-12-01)$/s//Next/' "$TMP/copy/NEWS" &&
	dsc DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" && version_is 9.9 UNRELEASED &&
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$RELEASE\"/" "$TMP/copy/dkms.conf" &&
	dsc DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" &&
	version_is "$RELEASE+20261101.1234" UNRELEASED &&
	dpkg --compare-versions "$RELEASE+20261101.1234" gt "$RELEASE" &&
	dpkg --compare-versions "$RELEASE+20261101.1234" lt "$RELEASE.1"
	_rc=$?
	in_copy checkout -q . && return $_rc
}

no_date() {
	sed -i 's/^0\.1\.0 (.*/0.1.0/' "$TMP/copy/NEWS" &&
	! dsc DEBFULLNAME="$FULL" DEBEMAIL="$EMAIL" >"$TMP/said" 2>&1 && cat "$TMP/said" &&
	grep -q 'the section 0.1.0 has no date' "$TMP/said"
	_rc=$?
	in_copy checkout -q . && return $_rc
}

source_part() {
	check "dpkg-parsechangelog reads the changelog without a warning" parses
	check "the changelog has an entry for each section of NEWS" sections
	check "and all of its words, in order" same_words
	check "a release is for unstable; what comes after has a later version, UNRELEASED" releases
	check "a release without a date in NEWS is refused" no_date
	check "the maintainer is that of DEBFULLNAME and DEBEMAIL, else git's user" by_git
	check "without both there is no source package, and one line says why" no_maintainer
	check "the packages are built then, and say that they were built locally" built_locally
	check "Homepage and Vcs-Git are HOMEPAGE and VCS, or git's origin if it is a URL" \
		unknown_addresses
}
