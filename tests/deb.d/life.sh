# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # sourced by tests/deb-test
#
# life.sh - life_part, piuparts_part: the packages come, take the place of 0.1.0, and go. The root is a
# copy of tests/vm's, with Debian's own dkms, kernel and headers.

FIRST=8e3b817			# the last commit of 0.1.0
KEPT=/var/lib/havege-rng-dkms	# where an upgrade keeps modules for a while

# The package of 0.1.0, as that version built it, is TMP/first/*.deb. A shallow clone has no such
# commit.
make_first() {
	mkdir "$TMP/first.src" "$TMP/first" &&
	git -C "$TOP" archive "$FIRST" | tar -C "$TMP/first.src" -xf - &&
	BUILD=$TMP/first "$TMP/first.src/scripts/deb" && ls "$TMP"/first/*_0.1.0_all.deb
}

has_first() {
	git -C "$TOP" cat-file -e "$FIRST^{commit}" 2>/dev/null
}

# apt_life COMMAND...: nothing there can load a module.
apt_life() {
	in_root setpriv --bounding-set=-sys_module --inh-caps=-sys_module \
		env DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Use-Pty=0 "$@"
}

# prepare_life: a root with systemd and udev, whose packages stay when the others go.
prepare_life() {
	"$TOP/tests/vm" root "$ROOT" && KVER=$(cd "$ROOT/lib/modules" && echo *) &&
	echo "update_initramfs=no" |
		as_root tee "$ROOT/etc/initramfs-tools/update-initramfs.conf" >/dev/null &&
	as_root mkdir "$ROOT/opt/debs" &&
	as_root cp "$TMP"/binary/havege-*.deb "$ROOT/opt/debs/" &&
	if has_first; then as_root cp "$TMP"/first/*.deb "$ROOT/opt/debs/"; fi &&
	apt_life update && apt_life install systemd udev &&
	# The first run of dkms writes files.
	in_root dkms status
}

# all_files: the files of the root, with the owner and the mode of each of them. Left out: files that
# the next boot does not have, DKMS's key, the records of apt and dpkg.
all_files() {
	as_root find "$ROOT" -xdev \( -path "$ROOT/proc" -o -path "$ROOT/run" -o -path "$ROOT/tmp" -o -path "$ROOT/var/log" -o \
		-path "$ROOT/var/cache" -o -path "$ROOT/var/lib/apt" -o -path "$ROOT/var/backups" \) \
		-prune -o -printf '%P %y %m %U %G %l\n' |
		grep -vE '^(var/lib/dkms/mok\.|var/lib/dpkg/(status|available|diversions|lock|triggers|statoverride))' |
		sort
}

# one_module VERSION: DKMS has this version for the kernel, and nothing else of ours is there.
one_module() {
	in_root dkms status | tee "$TMP/status"
	[ "$(grep -c . "$TMP/status")" = 1 ] && grep -q "^$NAME.*$1,.*$KVER.*: installed" "$TMP/status" &&
	in_root modinfo -k "$KVER" -F version "$NAME" | grep -x "$1" && [ ! -e "$ROOT$KEPT" ]
}

# has_status PACKAGE VERSION
has_status() {
	# shellcheck disable=SC2016 # the dollars are dpkg's
	in_root dpkg-query -W -f '${Package} ${Status} ${Version}\n' "$1" | tee "$TMP/status"
	grep -q " install ok installed $2\$" "$TMP/status"
}

first_comes() {
	apt_life install "/opt/debs/havege-rng-dkms_0.1.0_all.deb" && one_module 0.1.0 &&
	has_status havege-rng-dkms 0.1.0
}

# The module of the first version says 0.1.0, too: its sources tell them apart.
ours_comes() {
	apt_life install "/opt/debs/${DKMS_DEB##*/}" "/opt/debs/${EGD_DEB##*/}" &&
	one_module "$RELEASE" && has_status havege-rng-dkms "$VERSION" && has_status havege-egd "$VERSION" &&
	[ "$(as_root find "$ROOT/usr/src/$NAME-$RELEASE" -name '*.c' | wc -l)" = \
		"$("$TOP/scripts/sources" | grep -c '\.c$')" ] &&
	in_root modinfo -k "$KVER" -p "$NAME" | grep '^contribute:'
}

units_valid() {
	in_root systemd-analyze verify --man=no havege-egd.socket havege-egd.service 2>&1 |
		tee "$TMP/said"
	[ ! -s "$TMP/said" ] && in_root systemctl is-enabled havege-egd.socket | grep -x enabled
}

manuals() {
	for _m in 4/havege_rng.4 8/havege-status.8 8/havege-egd.8; do
		as_root gzip -t "$ROOT/usr/share/man/man$_m.gz" || return
	done
}

goes() {
	apt_life "$1" havege-rng-dkms havege-egd && in_root dkms status | tee "$TMP/status" &&
	[ ! -s "$TMP/status" ] && ! as_root find "$ROOT/lib/modules" -name "$NAME.ko*" | grep .
}

# Only configuration is left after remove.
only_configuration() {
	all_files | diff "$TMP/before" - | sed -n 's/^> //p' | tee "$TMP/left"
	! grep -vE '^(etc/|var/lib/dpkg/info/havege|var/lib/systemd/deb-systemd-helper)' "$TMP/left"
}

nothing_left() {
	all_files | diff "$TMP/before" - && ! grep -q havege "$ROOT/var/lib/dpkg/status"
}

life_part() {
	need mmdebstrap setpriv:util-linux
	VERSION=$(dpkg-parsechangelog -l "$TMP/binary/unpacked/debian/changelog" -S Version)
	DKMS_DEB=$(echo "$TMP"/binary/havege-rng-dkms_*.deb) EGD_DEB=$(echo "$TMP"/binary/havege-egd_*.deb)
	! has_first || step "Building the package of 0.1.0" make_first
	get_root
	all_files >"$TMP/before"
	if has_first; then
		check "0.1.0 is installed: DKMS builds it" first_comes
		check "an upgrade from 0.1.0, and havege-egd: only this version is left" ours_comes
	else
		echo "ok - an upgrade from 0.1.0 # SKIP this clone has no commit $FIRST"
		check "both packages are installed" ours_comes
	fi
	check "the units are valid and the socket is enabled" units_valid
	check "the manual pages are there" manuals
	check "apt remove" goes remove
	check "removed: only configuration is left" only_configuration
	check "they are installed again" ours_comes
	check "apt purge" goes purge
	check "purged: the same files as before, none left, none lost" nothing_left
}

# get_root: life and autopkgtest share it.
get_root() {
	[ -d "$ROOT" ] || step "Making a copy of a Debian root with dkms" prepare_life
	KVER=$(cd "$ROOT/lib/modules" && echo *)
}

# --- piuparts --------------------------------------------------------------------------------

# Installation and purge in a bookworm that it makes, without headers: DKMS builds nothing. systemd,
# which havege-egd depends on, stays, and its tmpfiles.d have made these directories.
run_piuparts() {
	as_root setpriv --bounding-set=-sys_module --inh-caps=-sys_module \
		piuparts -d bookworm --no-eatmydata -I '/\.ssh/$' -i /var/cache/private/ \
		-i /var/lib/private/ -i /var/log/private/ -i /var/lib/systemd/coredump/ \
		-i /var/lib/systemd/pstore/ \
		"$@" >"$TMP/piuparts" 2>&1
	_rc=$?
	grep -E -A 9 'ERROR|FAIL|PASS|WARN' "$TMP/piuparts" | tail -n 30
	return $_rc
}

piuparts_part() {
	need piuparts
	check "piuparts: the packages are installed and purged" run_piuparts \
		"$TMP"/binary/havege-rng-dkms_*.deb "$TMP"/binary/havege-egd_*.deb
}
