# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# packages.sh - sourced by scripts/vm: the Debian package, made by each release's own tools, on
# that release with systemd, a disk and its own initramfs (scripts/guest/package-tests.sh).
#
# A SYSTEM is a release, or a release with -dracut: with dracut in place of initramfs-tools. Each
# has a root and a disk of its own in the cache; the disk that is booted is a copy.

SYSTEMS="bookworm trixie trixie-dracut"

# A machine as it boots everywhere, and what the package is built and looked at with. The
# packages' own dependencies are there: the machine has no network.
SYSTEMD=systemd-sysv,udev,dbus,kmod,dkms,gcc,make,libc6-dev,linux-headers-amd64,linux-image-amd64
PACKAGING=debhelper,dh-dkms,lintian

# shellcheck disable=SC2034 # all of them are scripts/vm's
system() {
	SUITE=${1%-dracut} BASE=${1%-dracut} FLAVOUR=amd64
	VM=$CACHE/vm/$1-systemd
	ROOT=$VM/root
	case $1 in
	*-dracut)	INCLUDE=$SYSTEMD,$PACKAGING,dracut ;;
	*)		INCLUDE=$SYSTEMD,$PACKAGING,initramfs-tools ;;
	esac
}

# The first thing that is not Debian's: a service that runs what is on the second disk. The
# initramfs gets the modules that this machine needs and no others: it is made in the machine,
# again and again, and that is emulated.
write_disk() {
	cat >"$TMP/service" <<-'END' &&
		[Unit]
		Description=tests
		ConditionKernelCommandLine=guest
		[Service]
		ExecStart=/bin/sh -c "mkdir /run/tests && cd /run/tests && tar -xf /dev/vdb && exec sh package-tests.sh"
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
	as_root rm -rf "$VM/disk" "$VM/disk.new" &&
	as_root mke2fs -q -t ext4 -d "$ROOT" "$VM/disk.new" 3G &&
	as_root chown "$(id -u)" "$VM/disk.new" && mv "$VM/disk.new" "$VM/disk"
}

# Two versions of the package, each from a checkout of its own, the older one twice: into
# $TMP/tests/old and new, and $TMP/again.
build_packages() {
	_at=/tmp/packages
	as_root rm -rf "$ROOT$_at" && as_root mkdir "$ROOT$_at" &&
	pack_sources "$TMP/src.tar" &&
	for _p in old again new; do
		as_root mkdir "$ROOT$_at/$_p" &&
		as_root tar -C "$ROOT$_at/$_p" -xf "$TMP/src.tar" || return
	done &&
	as_root sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$NEW\"/" "$ROOT$_at/new/dkms.conf" &&
	rm -rf "$TMP/tests" "$TMP/again" && mkdir "$TMP/tests" "$TMP/again" &&
	for _p in old again new; do
		in_root make -C $_at/$_p deb BUILD=$_at/$_p.out || return
	done &&
	cp "$ROOT$_at/old.out/"*"_${OLD}_all.deb" "$TMP/tests/old.deb" &&
	cp "$ROOT$_at/new.out/"*"_${NEW}_all.deb" "$TMP/tests/new.deb" &&
	cp "$ROOT$_at/again.out/"*.deb "$TMP/again/old.deb"
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

# Each boot is of the disk as the one before has left it. The initramfs is that of the disk, but
# for the boot that has to show that the module is loaded without its help.
package_test() {
	system "$1"
	say "The package on $1"
	prepare_root
	# A new root takes the old disk away.
	[ -f "$VM/disk" ] ||
		step "Making a disk with $1 on it (once)" write_disk
	OLD=$(conf PACKAGE_VERSION)
	NEW=$OLD.1
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
		say "$1: installed where there is nothing to collect from ($KVER)"
		tests package-refused 1800
		machine plain
		step "Taking the initramfs from the disk" get_initrd
		say "$1: the next boot, on another machine; purged"
		tests package-early 1200 ;;
	*)
		say "$1: installed ($KVER)"
		tests package-install 1800
		say "$1: the next boot, with the initramfs of before; upgraded"
		tests package-boot 1800
		step "Taking the initramfs from the disk" get_initrd
		say "$1: the next boot; purged"
		tests package-upgraded 1200 ;;
	esac
}

package_tests() {
	START=$(now)
	for _s; do
		case " $SYSTEMS " in
		*" $_s "*)	;;
		*)		die "no system '$_s'; there are: $SYSTEMS" ;;
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
	say "In all $(($(now) - START)) s"
	summary
}
