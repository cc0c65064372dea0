# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# packages.sh - sourced by tests/vm: package_tests [SYSTEM...] tests the Debian package
# (tests/guest/package-tests.sh). Each release's own tools build it; the release runs with systemd,
# a disk and its own initramfs.
#
# A SYSTEM is a release, or a release with -dracut: dracut in place of initramfs-tools. Each has a
# root and a disk of its own in the cache; the machine boots a copy of the disk.

SYSTEMS="bookworm trixie trixie-dracut"

# An ordinary machine, with the tools that build and check the package. The machine has no network,
# so the root has the package's dependencies.
SYSTEMD=systemd-sysv,udev,dbus,kmod,dkms,gcc,make,libc6-dev,linux-headers-amd64,linux-image-amd64
PACKAGING=debhelper,dh-dkms,lintian

# shellcheck disable=SC2034 # all of them are tests/vm's
system() {
	SUITE=${1%-dracut} BASE=${1%-dracut} FLAVOUR=amd64
	VM=$CACHE/vm/$1-systemd
	ROOT=$VM/root
	case $1 in
	*-dracut)	INCLUDE=$SYSTEMD,$PACKAGING,dracut ;;
	*)		INCLUDE=$SYSTEMD,$PACKAGING,initramfs-tools ;;
	esac
}

# Adds a service that runs the tests on the second disk. The initramfs gets only the modules that
# this machine needs: the emulated machine makes it many times.
write_disk() {
	cat >"$TMP/service" <<-'END' &&
		[Unit]
		Description=tests
		ConditionKernelCommandLine=guest
		[Service]
		WorkingDirectory=/run
		ExecStart=/bin/sh -c "mkdir tests && cd tests && tar -xf /dev/vdb && exec sh package-tests.sh"
		[Install]
		WantedBy=multi-user.target
	END
	as_root cp "$TMP/service" "$ROOT/etc/systemd/system/tests.service" &&
	in_root systemctl -q enable tests.service &&
	in_root systemctl -q mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		e2scrub_all.timer e2scrub_reap.service systemd-networkd.service &&
	echo "/dev/vda / ext4 defaults 0 1" | as_root tee "$ROOT/etc/fstab" >/dev/null &&
	if [ -d "$ROOT/etc/initramfs-tools" ]; then
		echo MODULES=list | as_root tee "$ROOT/etc/initramfs-tools/conf.d/tests" &&
		printf '%s\n' virtio_pci virtio_blk ext4 |
			as_root tee "$ROOT/etc/initramfs-tools/modules" &&
		in_root update-initramfs -u
	else
		echo 'drivers+=" virtio_pci virtio_blk ext4 " hostonly=no' |
			as_root tee "$ROOT/etc/dracut.conf.d/tests.conf" &&
		in_root dracut --force "/boot/initrd.img-$KVER" "$KVER"
	fi &&
	root_to_disk
}

# Two versions of the package, each from its own checkout: TMP/tests/old.deb and new.deb. The old
# one is built a second time: TMP/again/old.deb.
build_packages() {
	_at=/tmp/packages
	as_root rm -rf "$ROOT$_at" && as_root mkdir "$ROOT$_at" &&
	pack_sources "$TMP/src.tar" &&
	for _p in old again new; do
		as_root mkdir "$ROOT$_at/$_p" &&
		as_root tar -C "$ROOT$_at/$_p" -xf "$TMP/src.tar" || return
	done &&
	for _p in "old $OLD" "again $OLD" "new $NEW"; do
		as_root sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"${_p#* }\"/" \
			"$ROOT$_at/${_p%% *}/dkms.conf" || return
	done &&
	rm -rf "$TMP/tests" "$TMP/again" && mkdir "$TMP/tests" "$TMP/again" &&
	for _p in old again new; do
		in_root make -C $_at/$_p deb BUILD=$_at/$_p.out DEBFULLNAME="A test" \
			DEBEMAIL=test@example.org || return
	done &&
	cp "$ROOT$_at/old.out/"*"-dkms_${OLD}_all.deb" "$TMP/tests/old.deb" &&
	cp "$ROOT$_at/new.out/"*"-dkms_${NEW}_all.deb" "$TMP/tests/new.deb" &&
	cp "$ROOT$_at/again.out/"*-dkms_*.deb "$TMP/again/old.deb"
}

lint_package() {
	in_root sh -c 'lintian --allow-root --fail-on error,warning /tmp/packages/old.out/*.deb'
}

get_initrd() {
	rm -f "$TMP/initrd.img" &&
	debugfs -R "dump /boot/initrd.img-$KVER $TMP/initrd.img" "$TMP/disk" &&
	[ -s "$TMP/initrd.img" ]
}

pack_tests() {
	cp "$GUEST/package-tests.sh" "$GUEST/tap.sh" "$TMP/tests/" &&
	printf 'OLD=%s\nNEW=%s\n' "$OLD" "$NEW" >"$TMP/tests/versions" &&
	tar -C "$TMP/tests" -cf "$TMP/tests.tar" .
}

# Each boot continues with the disk of the boot before, and with its initramfs; but one boot takes
# the older initramfs, to show that the module loads without help from it.
package_test() {
	system "$1"
	say "The Debian package on $1"
	prepare_root
	# prepare_root removes the disk of an older root.
	[ -f "$VM/disk" ] ||
		step "Making a disk with $1 on it (once)" write_disk
	# Versions that NEWS does not have: scripts/deb adds no date to them.
	OLD=$(conf PACKAGE_VERSION).1
	NEW=$(conf PACKAGE_VERSION).2
	check "make deb, by $SUITE's own tools" build_packages
	[ -s "$TMP/tests/new.deb" ] || return 0
	check "the same sources give the same package" cmp "$TMP/tests/old.deb" "$TMP/again/old.deb"
	check "lintian has no error or warning ($SUITE)" lint_package
	step "Copying the disk" cp --sparse=always "$VM/disk" "$TMP/disk"
	cp "$ROOT/boot/vmlinuz-$KVER" "$TMP/vmlinuz"
	exec 9>&-
	step "Packing the tests" pack_tests
	step "Taking the initramfs from the disk" get_initrd
	case $1 in
	*-dracut)
		machine no-tsc
		say "$1: installation on a machine without a time stamp counter ($KVER)"
		tests package-refused 1800
		machine plain
		step "Taking the initramfs from the disk" get_initrd
		say "$1: the next boot, on another machine; purge"
		tests package-early 1200 ;;
	*)
		say "$1: installation ($KVER)"
		tests package-install 1800
		say "$1: the next boot, with the older initramfs; upgrade"
		tests package-boot 1800
		step "Taking the initramfs from the disk" get_initrd
		say "$1: the next boot; downgrade; purge"
		tests package-upgraded 2400 ;;
	esac
}

package_tests() {
	for _s; do
		case " $SYSTEMS " in
		*" $_s "*)	;;
		*)		misused "no system '$_s'; there are: $SYSTEMS" ;;
		esac
	done
	need mke2fs:e2fsprogs debugfs:e2fsprogs
	[ $# != 0 ] || {
		# shellcheck disable=SC2086 # words
		set -- $SYSTEMS
	}
	for _s; do
		package_test "$_s"
	done
	finish_tests
}
