# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# newest.sh - the newest kernel of which Debian has sources, as a git tree in the cache. Source it
# after lib.sh. The caller gets:
#   newest_tree    sets KTREE; needs git's user.name and user.email for the first commit. Exits
#                  with 77 when Debian cannot be reached and the cache has none

. "$TOP/tests/lib/mirrors.sh"
TREES=$CACHE/series
# shellcheck disable=SC2034 # mirrors.sh
BASE=sid SUITE=experimental SECURITY=
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# apt_own get|cache ARGUMENT...: apt with lists of its own: this machine's apt does not change.
apt_own() {
	_apt=apt-$1
	shift
	"$_apt" -q -o Dir::Etc::SourceList="$TREES/apt/sources" -o Dir::Etc::SourceParts=- \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State::Lists="$TREES/apt/lists" -o Dir::Cache="$TREES/apt/cache" \
		-o APT::Update::Error-Mode=any -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Dir::Etc::Trusted="$KEYRING" "$@"
}

# The mirrors of this machine, for the releases that are not out yet.
ask_debian() {
	mkdir -p "$TREES/apt/lists/partial" "$TREES/apt/cache/archives/partial" || return
	debian_sources >"$TREES/apt/sources"
	[ -s "$TREES/apt/sources" ] && apt_own get update
}

# fetch_tree PACKAGE DIR VERSION: the first commit is what Debian has; its own .gitignore ignores most: -f.
fetch_tree() {
	rm -rf "$TREES/new" && mkdir -p "$TREES/new/deb" &&
	(cd "$TREES/new" && apt_own get download "$1=$3" && dpkg-deb -x ./*.deb deb) &&
	tar -xJf "$TREES/new/deb/usr/src/$1.tar.xz" -C "$TREES/new" &&
	git -C "$TREES/new/$1" init -q -b debian && git -C "$TREES/new/$1" add -Af &&
	git -C "$TREES/new/$1" -c user.name="$AUTHOR" -c user.email="$ADDRESS" commit -q -m "$1" &&
	rm -rf "$TREES"/linux-source-* && mv "$TREES/new/$1" "$2" && rm -rf "$TREES/new"
}

newest_tree() {
	need git xz:xz-utils apt-get:apt "$KEYRING:debian-archive-keyring"
	mkdir -p "$TREES"
	# One user at a time, until the script ends.
	exec 8>"$TREES/lock"
	flock -n 8 || {
		say "Another run uses this kernel source: waiting for it"
		flock 8
	}
	if ask_debian >"$TMP/log" 2>&1; then
		_package=$(apt_own cache search --names-only '^linux-source-[0-9.]*$' |
			cut -d ' ' -f 1 | sort -V | tail -n 1)
		_version=$(apt_own cache madison "$_package" | cut -d '|' -f 2 | tr -d ' ' |
			sort -V | tail -n 1)
		KTREE=$TREES/$_package-$_version
		[ -d "$KTREE" ] || step "Fetching $_package $_version (minutes, once)" \
			fetch_tree "$_package" "$KTREE" "$_version"
	else
		KTREE=$(echo "$TREES"/linux-source-*)
		[ -d "$KTREE" ] || {
			say "Debian cannot be reached"
			exit 77
		}
	fi
	# This tree is ours: take out the branch of an earlier run.
	git -C "$KTREE" reset -q --hard && git -C "$KTREE" checkout -q debian &&
		git -C "$KTREE" clean -qfdx drivers Documentation &&
		{ git -C "$KTREE" branch -q -D "$BRANCH" 2>/dev/null || :; }
}
