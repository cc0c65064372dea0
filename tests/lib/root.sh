# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# root.sh - a Debian root directory with its kernel. Source it after lib.sh and arch.sh. The caller
# sets ROOT; for prepare_root also SUITE, BASE (the release that the root is made from), VM (the
# root's directory in the cache) and NEEDS (arguments of need). It gets:
#   in_root COMMAND...   runs it in ROOT
#   apt_in ROOT ...      runs the host's apt on the state of a root
#   prepare_root         makes ROOT, or makes it again when Debian has a newer kernel; sets KVER.
#                        Descriptor 9 holds a lock on it: close it when you are done with ROOT.
#                        Exits with 77 when the release cannot be reached
#   copy_root DIR        copies ROOT, without the module; the caller removes the copy
#   remove_root          removes ROOT and the disk made from it
#   forget_module        removes the module and DKMS' entries for it from ROOT

UNREACHABLE=77
# shellcheck source=foreign.sh
. "$TOP/tests/lib/foreign.sh"
# shellcheck source=mirrors.sh
. "$TOP/tests/lib/mirrors.sh"

# CROSS makes kbuild build for another architecture.
in_root() {
	# shellcheck disable=SC2086 # words
	with_proc "$ROOT" env -i LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin $CROSS \
		chroot "$ROOT" "$@"
}

# apt_in ROOT get|cache ARGUMENT...
apt_in() {
	_dir=$1 _apt=apt-$2
	shift 2
	for _a in $(echo "$ARCHES" | tr , ' '); do
		set -- -o APT::Architectures::="$_a" "$@"
	done
	as_root "$_apt" -o Dir="$_dir" -o APT::Sandbox::User=root "$@"
}

# The host's apt asks the mirrors for the release, with lists of its own.
reachable() {
	mkdir -p "$TMP/apt/lists/partial" "$TMP/apt/cache/archives/partial"
	apt-get -q -o Dir::Etc::SourceList="$TMP/sources" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$TMP/apt/lists" -o Dir::Cache="$TMP/apt/cache" \
		-o Acquire::Check-Valid-Until=false -o APT::Update::Error-Mode=any \
		-o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o Dir::Etc::Trusted=/usr/share/keyrings/debian-archive-keyring.gpg update
}

find_sources() {
	debian_sources >"$TMP/sources"
	[ -s "$TMP/sources" ] || { as_root apt-get update && debian_sources >"$TMP/sources"; }
	[ ! -s "$TMP/sources" ] || reachable
}

make_root() {
	set --
	while read -r line; do
		set -- "$@" "$line"
	done <"$TMP/sources"
	printf 'Package: linux-*\nPin: release a=experimental\nPin-Priority: 990\n' >"$TMP/pin"
	remove_root &&
	as_root mmdebstrap --mode=root --variant=apt --format=directory --architectures="$ARCHES" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "0"' \
		--setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\"" \
		--setup-hook="copy-in $TMP/pin /etc/apt/preferences.d" \
		--dpkgopt=force-unsafe-io --include="$INCLUDE" \
		"$BASE" "$VM/root.new" "$@" &&
	complete_root "$VM/root.new" &&
	as_root mv "$VM/root.new" "$ROOT"
}

remove_root() {
	as_root umount "$ROOT/proc" 2>/dev/null || :
	as_root rm -rf "$ROOT" "$VM/root.new" "$VM/disk" &&
	rm -f "$VM/checked"
}

# Does Debian have another kernel than the root? apt knows of installed packages only; for others
# complete_root has left a version.
kernel_differs() {
	apt_in "$ROOT" cache policy "$IMAGE" |
		awk -v here="$(cat "$ROOT$UNPACKED/version" 2>/dev/null)" '
			/Installed:/ { i = here ? here : $2 } /Candidate:/ { c = $2 }
			END { exit i == c }'
}

# The same, asked once a day; no if there is no answer.
kernel_moved() {
	[ -n "$(find "$VM/checked" -mtime -1 2>/dev/null)" ] && return 1
	apt_in "$ROOT" get -qq update >"$TMP/log" 2>&1 || {
		say "Cannot ask for $SUITE's newest kernel (no network?): using the one in the cache"
		return 1
	}
	touch "$VM/checked"
	kernel_differs
}

prepare_root() {
	[ "$(dpkg --print-architecture 2>/dev/null || uname -m)" = amd64 ] ||
	[ "$(uname -m)" = x86_64 ] || die "this needs an x86-64 machine, not $(uname -m)"
	# shellcheck disable=SC2086 # a list of words
	need $NEEDS
	mkdir -p "$VM"
	exec 9>"$VM/lock"
	flock -n 9 || {
		say "Another tests/vm uses this root: waiting for it"
		flock 9
	}
	if [ -d "$ROOT" ] && kernel_moved; then
		say "$SUITE has a new kernel"
		remove_root
	fi
	[ -d "$ROOT" ] || {
		find_sources >"$TMP/log" 2>&1 || {
			tail -n 5 "$TMP/log" | sed 's/^/    /'
			say "Debian $SUITE cannot be reached"
			exit $UNREACHABLE
		}
		step "Making a Debian $SUITE root with its kernel (about a minute, once)" make_root
	}
	as_root rm -rf "$ROOT"/lib/modules/*-excluded
	KVER=$(cd "$ROOT/lib/modules" && echo *)
	[ -e "$ROOT/lib/modules/$KVER/modules.dep" ] ||
		die "expected one kernel in $ROOT, found: $KVER; try tests/vm clean"
}

forget_module() {
	as_root rm -rf "$ROOT"/usr/src/havege_rng-* "$ROOT/var/lib/dkms/havege_rng" \
		"$ROOT/lib/modules/$KVER/updates" &&
	as_root depmod -b "$ROOT" "$KVER"
}

copy_root() {
	prepare_root
	forget_module
	as_root cp -a "$ROOT" "$1"
	as_root rm -rf "$1/tmp/guest"
}
