#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# package-tests.sh - tests the Debian package on a system with systemd, a disk and an initramfs. A
# service of that system runs it once a boot, beside old.deb and new.deb. guest= on the kernel's
# command line has the part:
#   package-install   installs old.deb
#   package-refused   installs old.deb where the module cannot work
#   package-boot      after package-install, with the initramfs from before; upgrades to new.deb
#   package-upgraded  after package-boot; downgrades to old.deb; purges
#   package-early     after package-refused, where the module can work; purges
# Prints TAP on the second serial line, then "# end of the guest tests". Ends the machine; QEMU
# exits with 1.

# shellcheck source=tap.sh
. ./tap.sh
tap_on_serial

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive
PART=$(sed 's/.*guest=\([^ ]*\).*/\1/' /proc/cmdline)
NAME=havege_rng
PACKAGE=havege-rng-dkms
KVER=$(uname -r)
INITRD=/boot/initrd.img-$KVER
OLDER=0.$KVER
H=/sys/class/misc/hw_random
P=/sys/module/$NAME/parameters
# tap.sh writes to it.
OUT=/run/tests/out
# shellcheck disable=SC1091 # made by tests/vm
. ./versions

# disk_files: the files that the package may change. Left out: DKMS's key, which it makes with its
# first build, and the initramfs files; other tests look into these.
disk_files() {
	list_files /root /var/lib/apt /var/lib/systemd /var/backups /var/lib/dpkg /var/tmp |
		grep -v '^/var/lib/dkms/mok\.'
}

# in_initramfs [FILE]: prints the package's files in the initramfs.
in_initramfs() {
	if command -v lsinitramfs >/dev/null; then
		lsinitramfs "${1:-$INITRD}"
	else
		lsinitrd "${1:-$INITRD}"
	fi | grep 'havege'
}

loaded() {
	grep -q "^$NAME " /proc/modules
}

# working TEXT: tests that the module is loaded and works.
working() {
	loaded
	result $? "$1: the module is loaded"
	WHY=$(cat $H/rng_available $H/rng_current)
	[ "$(cat $H/rng_current)" = havege ]
	result $? "$1: havege is the current source"
	[ "$(head -c 1024 /dev/hwrng | wc -c)" = 1024 ]
	result $? "$1: /dev/hwrng delivers"
	WHY=$(setpriv --reuid=65534 --regid=65534 --clear-groups havege-status)
	result $? "$1: havege-status of an ordinary user ends with 0"
}

# test_package VERSION: tests that package, DKMS, kernel and initramfs have this version only.
test_package() {
	# shellcheck disable=SC2016 # the dollars are dpkg's
	WHY=$(dpkg-query -W -f '${Status} ${Version}' $PACKAGE; dpkg --audit)
	[ "$WHY" = "install ok installed $1" ]
	result $? "$1: the package is installed"
	WHY="dkms status: $(dkms status)"
	[ "$(dkms status | grep -c "^$NAME")" = 1 ] &&
		dkms status | grep -q "^$NAME.*$1,.*$KVER.*: installed"
	result $? "$1: DKMS has built this version only"
	WHY=$(ls -d /usr/src/$NAME-*)
	[ "$WHY" = "/usr/src/$NAME-$1" ]
	result $? "$1: only its sources are installed"
	WHY=$(modinfo -F version $NAME)
	[ "$WHY" = "$1" ]
	result $? "$1: modprobe finds this version"
	WHY=$(in_initramfs)
	echo "$WHY" | grep -q "/$NAME\.ko"
	result $? "$1: the initramfs has it"
	WHY=$(havege-status --version; ls /usr/share/man/man4/$NAME.4.gz /usr/share/man/man8/havege-status.8.gz)
	[ "$(echo "$WHY" | xargs)" = "havege-status $1 /usr/share/man/man4/$NAME.4.gz \
/usr/share/man/man8/havege-status.8.gz" ]
	result $? "$1: havege-status and the man pages have this version"
}

# stays VERSION THRESHOLD: tests that apt did not replace the loaded module.
stays() {
	WHY="$(cat /sys/module/$NAME/version $P/fill_threshold; cat $OUT)"
	[ "$(cat /sys/module/$NAME/version)" = "$1" ] && [ "$(cat $P/fill_threshold)" = "$2" ] &&
		grep -q "stays until the next boot" $OUT
	result $? "$1, which is loaded, stays until the next boot, and apt tells so"
}

# The file in modules-load.d works, even if the initramfs loaded the module at boot.
by_modules_load() {
	WHY=$(cat /usr/lib/modules-load.d/$NAME.conf)
	modprobe -r $NAME && systemctl restart systemd-modules-load && loaded
	result $? "systemd-modules-load loads the module"
}

# at PATTERN: prints the time of the first such line of the kernel log.
at() {
	dmesg | sed -n "/$1/{s/^\[ *\([0-9.]*\)\].*/\1/p;q}"
}
COLLECTING="$NAME: collecting"
READY='crng init done'
MOUNT='EXT4-fs (vda): mounted'

boot_log() {
	dmesg | grep -E 'Command line|crng init done|EXT4-fs \(vda\): mounted|havege_rng: ' |
		sed 's/^/# dmesg: /' >&3
}

# The module loads first, then the pool is ready, then the root is mounted.
early() {
	WHY="$NAME at $(at "$COLLECTING"), crng at $(at "$READY"), root at $(at "$MOUNT")"
	dmesg | awk -v a="$COLLECTING" -v b="$READY" -v c="$MOUNT" '
		index($0, a) && !na { na = NR }
		index($0, b) && !nb { nb = NR }
		index($0, c) && !nc { nc = NR }
		END { exit !(na && nb && nc && na < nb && nb < nc) }'
	result $? "the module, then crng init done, then the root is mounted"
	note "$NAME at $(at "$COLLECTING") s, crng init done at $(at "$READY") s, root at \
$(at "$MOUNT") s"
}

# Another, older kernel. Its headers are installed after it. Then DKMS has no module for it any
# more, as after most upgrades, while its initramfs still has one.
older_kernel() {
	cp -al "/lib/modules/$KVER" "/lib/modules/$OLDER"
	for _f in vmlinuz config System.map; do
		cp "/boot/$_f-$KVER" "/boot/$_f-$OLDER"
	done
	touch -d @0 "/boot/initrd.img-$OLDER"
	run_logged /etc/kernel/header_postinst.d/$PACKAGE "$OLDER"
	WHY=$(in_initramfs "/boot/initrd.img-$OLDER")
	[ "$RC" = 0 ] && echo "$WHY" | grep -q "/$NAME\.ko"
	result $? "headers installed after their kernel: its initramfs gets the module ($SECS s)"
	rm -r "/lib/modules/$OLDER/updates"
	depmod "$OLDER"
}

no_older_kernel() {
	WHY=$(in_initramfs "/boot/initrd.img-$OLDER")
	[ -s "/boot/initrd.img-$OLDER" ] && [ -z "$WHY" ]
	result $? "purged: the initramfs of an older kernel has no file of the package"
	rm -r "/lib/modules/$OLDER" /boot/*-"$OLDER"
}

purge() {
	run_logged apt-get -o Dpkg::Use-Pty=0 purge -y $PACKAGE
	result "$RC" "apt purge ($SECS s)"
	WHY=$(grep "^$NAME " /proc/modules; grep -H havege /proc/[0-9]*/comm)
	[ -z "$WHY" ]
	result $? "purged: the module is unloaded and its thread has ended"
	WHY=$(cat $H/rng_available)
	! grep -q havege $H/rng_available
	result $? "purged: rng_available has no havege"
	WHY=$(dkms status; modinfo $NAME 2>/dev/null)
	[ -z "$WHY" ]
	result $? "purged: DKMS and modprobe do not have the module"
	WHY=$(in_initramfs)
	[ -z "$WHY" ]
	result $? "purged: the initramfs has no file of the package"
	[ ! -d "/lib/modules/$OLDER" ] || no_older_kernel
	WHY=$(dpkg-query -W $PACKAGE 2>/dev/null; ls /var/lib/dpkg/info/$PACKAGE.* 2>/dev/null)
	[ -z "$WHY" ]
	result $? "purged: dpkg does not have the package"
	disk_files >/var/tmp/after
	WHY=$(diff /var/tmp/before /var/tmp/after)
	[ -z "$WHY" ]
	result $? "purged: the same files and directories as before: none left, none lost"
}

install_old() {
	# The first run of dkms writes files.
	dkms status
	disk_files >/var/tmp/before
	WHY=$(in_initramfs)
	[ -z "$WHY" ] && ! loaded
	result $? "before: the initramfs has no such file, the module is not loaded"
	boot_log
	run_logged apt-get -o Dpkg::Use-Pty=0 install -y ./old.deb
	result "$RC" "apt install ($SECS s)"
	test_package "$OLD"
}

case $PART in
package-install)
	install_old
	working "installed" ;;
package-refused)
	install_old
	WHY=$(cat $OUT)
	! loaded && grep -q "installed, but not loaded" $OUT
	result $? "apt shows that the module could not be loaded"
	WHY=$(havege-status)
	[ $? = 2 ] && echo "$WHY" | grep -q "^it said .*no time stamp counter"
	result $? "havege-status has the reason" ;;
package-boot)
	boot_log
	WHY="$(systemctl status systemd-modules-load)"
	[ "$(dmesg | grep -n "$COLLECTING" | head -n 1 | cut -d: -f1)" -gt \
		"$(dmesg | grep -nF "$MOUNT" | head -n 1 | cut -d: -f1)" ]
	result $? "the module loads after the root is mounted: not by the initramfs"
	working "after a reboot"
	by_modules_load
	echo 70000 >$P/fill_threshold
	WHY=$(cat $P/fill_threshold)
	[ "$WHY" = 70000 ]
	result $? "fill_threshold changes at run time"
	echo "options $NAME fill_threshold=60000" >/etc/modprobe.d/$NAME.conf
	run_logged apt-get -o Dpkg::Use-Pty=0 install -y ./new.deb
	result "$RC" "apt install of a newer version ($SECS s)"
	test_package "$NEW"
	stays "$OLD" 70000
	working "after the upgrade" ;;
package-upgraded)
	boot_log
	early
	WHY=$(cat /sys/module/$NAME/version)
	[ "$WHY" = "$NEW" ]
	result $? "the loaded module is the new one"
	WHY=$(cat $P/fill_threshold)
	[ "$WHY" = 60000 ]
	result $? "the initramfs uses the parameter in modprobe.d"
	working "after the boot"
	by_modules_load
	run_logged apt-get -o Dpkg::Use-Pty=0 install -y --allow-downgrades ./old.deb
	result "$RC" "apt install of an older version ($SECS s)"
	test_package "$OLD"
	stays "$NEW" 60000
	working "after the downgrade"
	rm /etc/modprobe.d/$NAME.conf
	older_kernel
	purge ;;
package-early)
	boot_log
	early
	working "after the boot"
	by_modules_load
	purge ;;
*)
	result 1 "'$PART' is a part of these tests" ;;
esac

test_kernel_log
test_units
end_of_tests
# The next boot uses this disk: sync it and mount it read-only.
sync
echo u >/proc/sysrq-trigger
while grep -q '^/dev/[^ ]* / ext4 rw' /proc/mounts; do
	sleep 0.1
done
exit_qemu
