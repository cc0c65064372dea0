# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# bare.sh - a Debian 12 root with make and nothing else that Debian does not need. Source it after
# lib.sh. The caller gets:
#   BARE_NEEDS                arguments of need
#   prepare_bare              makes the root if the cache has none
#   pack_clone                packs this checkout, with a .git, into TMP/src.tar
#   copy_bare DIR             copies the root to DIR, and TMP/src.tar to DIR/opt/havege_rng; the
#                             caller removes DIR
#   in_bare DIR COMMAND...    runs it in DIR, in the checkout. Nothing there can load a module

SUITE=bookworm
BASE=$SUITE
FLAVOUR=amd64
# shellcheck disable=SC2153 # lib.sh's
VM=$CACHE/vm/$SUITE-bare
ROOT=$VM/root
. "$TOP/tests/lib/arch.sh"
. "$TOP/tests/lib/root.sh"
INCLUDE="make"
# shellcheck disable=SC2034 # for those who source this
BARE_NEEDS="mmdebstrap mount unshare:util-linux setpriv:util-linux
	/usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring"

# Exits with 77 when the release cannot be reached.
prepare_bare() {
	mkdir -p "$VM"
	exec 9>"$VM/lock"
	flock 9
	[ -d "$ROOT" ] || {
		find_sources >"$TMP/log" 2>&1 || {
			say "Debian $SUITE cannot be reached"
			exit $UNREACHABLE
		}
		step "Making a bare Debian $SUITE root (once)" make_root
	}
	exec 9>&-
}

# A user who has cloned has files that git does not have here yet.
pack_clone() {
	mkdir "$TMP/clone" && pack_sources "$TMP/src.tar" &&
	tar -C "$TMP/clone" -xf "$TMP/src.tar" &&
	git -C "$TMP/clone" init -q && git -C "$TMP/clone" add -A &&
	git -C "$TMP/clone" -c user.name=test -c user.email=test@example.org commit -qm test &&
	tar -C "$TMP/clone" --owner=0 --group=0 -cf "$TMP/src.tar" .
}

copy_bare() {
	as_root cp -a "$ROOT" "$1" &&
	as_root mkdir -p "$1/opt/havege_rng" "$1/usr/local/bin" &&
	as_root tar -C "$1/opt/havege_rng" -xf "$TMP/src.tar"
}

# A module that root loads in a chroot would be in this machine's kernel.
in_bare() {
	_bare=$1
	shift
	with_proc "$_bare" setpriv --bounding-set=-sys_module --inh-caps=-sys_module \
		env -i LC_ALL=C HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$_bare" sh -c 'cd /opt/havege_rng && exec "$@"' sh "$@"
}
