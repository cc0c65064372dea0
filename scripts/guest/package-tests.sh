#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# package-tests.sh - the Debian package on a Debian system as it boots everywhere: systemd, a disk,
# an initramfs. A service of that system runs it, beside old.deb and new.deb, once a boot; guest= on
# the kernel's command line says which part of the package's life it is:
#   package-install   the old one, on this machine
#   package-refused   the old one, where the module cannot work
#   package-boot      the boot after package-install, by an initramfs from before it; to the new one
#   package-upgraded  the boot after that; purge
#   package-early     the boot after package-refused, where the module can work; purge
# Ends the machine: QEMU exits with 1. TAP on the second serial line, then "# end of the guest
# tests".

exec 3>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo
echo "# guest is up" >&3

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive
PART=$(sed 's/.*guest=\([^ ]*\).*/\1/' /proc/cmdline)
NAME=havege_rng
PACKAGE=havege-rng-dkms
KVER=$(uname -r)
INITRD=/boot/initrd.img-$KVER
OLDER=0.$KVER
H=/sys/class/misc/hw_random
P=/sys/module/$NAME/parameters
# shellcheck disable=SC1091 # made by scripts/vm
. ./versions
# shellcheck source=tap.sh
. ./tap.sh

# run COMMAND...: its output goes to OUT as well as on, line by line, for who waits. RC.
OUT=/run/tests/out
run() {
	_t=$(date +%s)
	echo "# $*" >&3
	{
		"$@" 2>&1 </dev/null
		echo $? >/run/tests/rc
	} | tee $OUT | sed -u 's/^/#     /' >&3
	RC=$(cat /run/tests/rc)
	TOOK=$(($(date +%s) - _t))
}

# Every file there is, but for what changes by itself; DKMS makes a key for itself when it first
# builds anything. Initramfs files are looked into by themselves.
files() {
	find / -xdev \( -path /tmp -o -path /run -o -path /proc -o -path /sys -o -path /dev \
		-o -path /root -o -path /var/log -o -path /var/cache -o -path /var/lib/apt \
		-o -path /var/lib/systemd -o -path /var/backups -o -path /var/lib/dpkg \
		-o -path /var/tmp \) -prune -o -print |
		grep -vE '/lib/modules/[^/]*/modules\.|^/var/lib/dkms/mok\.' | sort
}

# in_initramfs [FILE]: what is in the initramfs that is ours.
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

# working TEXT: the module is loaded, and does what it is for.
working() {
	loaded
	result $? "$1: the module is loaded"
	WHY=$(cat $H/rng_available $H/rng_current)
	[ "$(cat $H/rng_current)" = havege ]
	result $? "$1: havege is the current source"
	[ "$(head -c 1024 /dev/hwrng | wc -c)" = 1024 ]
	result $? "$1: /dev/hwrng delivers"
	WHY=$(setpriv --reuid=65534 --regid=65534 --clear-groups havege-status)
	result $? "$1: havege-status, as an ordinary user: ok"
}

# installed VERSION: package, DKMS, kernel and initramfs have it, and no other.
installed() {
	# shellcheck disable=SC2016 # the dollars are dpkg's
	WHY=$(dpkg-query -W -f '${Status} ${Version}' $PACKAGE; dpkg --audit)
	[ "$WHY" = "install ok installed $1" ]
	result $? "$1: the package is installed"
	WHY="dkms status: $(dkms status)"
	[ "$(dkms status | grep -c "^$NAME")" = 1 ] &&
		dkms status | grep -q "^$NAME.*$1,.*$KVER.*: installed"
	result $? "$1: DKMS has built it, and no other"
	WHY=$(ls -d /usr/src/$NAME-*)
	[ "$WHY" = "/usr/src/$NAME-$1" ]
	result $? "$1: its sources are there, and no others"
	WHY=$(modinfo -F version $NAME)
	[ "$WHY" = "$1" ]
	result $? "$1: modprobe finds it"
	WHY=$(in_initramfs)
	echo "$WHY" | grep -q "/$NAME\.ko"
	result $? "$1: the initramfs has it"
	WHY=$(havege-status --version; ls /usr/share/man/man4/$NAME.4.gz /usr/share/man/man8/havege-status.8.gz)
	[ "$(echo "$WHY" | xargs)" = "havege-status $1 /usr/share/man/man4/$NAME.4.gz \
/usr/share/man/man8/havege-status.8.gz" ]
	result $? "$1: havege-status is of that version, and its pages are there"
}

# The file in modules-load.d does what it is for, whoever loaded the module at boot.
by_modules_load() {
	WHY=$(cat /usr/lib/modules-load.d/$NAME.conf)
	modprobe -r $NAME && systemctl restart systemd-modules-load && loaded
	result $? "systemd-modules-load loads it"
}

# at PATTERN: the seconds of the first line of the kernel's log with it.
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

# It is the source that made the pool ready, and it did before the root was there.
early() {
	WHY="$NAME at $(at "$COLLECTING"), crng at $(at "$READY"), root at $(at "$MOUNT")"
	dmesg | awk -v a="$COLLECTING" -v b="$READY" -v c="$MOUNT" '
		index($0, a) && !na { na = NR }
		index($0, b) && !nb { nb = NR }
		index($0, c) && !nc { nc = NR }
		END { exit !(na && nb && nc && na < nb && nb < nc) }'
	result $? "the module, then crng init done, then the root is mounted"
	echo "# $NAME at $(at "$COLLECTING") s, crng init done at $(at "$READY") s, root at $(at "$MOUNT") s" >&3
}

# Another, older kernel, whose headers come after it; and then one that DKMS builds for no more,
# as it does for most after an upgrade, while its initramfs has what was built once.
older_kernel() {
	cp -al "/lib/modules/$KVER" "/lib/modules/$OLDER"
	for _f in vmlinuz config System.map; do
		cp "/boot/$_f-$KVER" "/boot/$_f-$OLDER"
	done
	touch -d @0 "/boot/initrd.img-$OLDER"
	run /etc/kernel/header_postinst.d/$PACKAGE "$OLDER"
	WHY=$(in_initramfs "/boot/initrd.img-$OLDER")
	[ "$RC" = 0 ] && echo "$WHY" | grep -q "/$NAME\.ko"
	result $? "headers that come after their kernel: its initramfs gets it ($TOOK s)"
	rm -r "/lib/modules/$OLDER/updates"
	depmod "$OLDER"
}

no_older_kernel() {
	WHY=$(in_initramfs "/boot/initrd.img-$OLDER")
	[ -s "/boot/initrd.img-$OLDER" ] && [ -z "$WHY" ]
	result $? "purged: the initramfs of an older kernel has nothing of it either"
	rm -r "/lib/modules/$OLDER" /boot/*-"$OLDER"
}

purge() {
	run apt-get -o Dpkg::Use-Pty=0 purge -y $PACKAGE
	result "$RC" "apt purge ($TOOK s)"
	WHY=$(grep "^$NAME " /proc/modules; grep -H havege /proc/[0-9]*/comm)
	[ -z "$WHY" ]
	result $? "purged: the module is not loaded, and its thread is gone"
	WHY=$(cat $H/rng_available)
	! grep -q havege $H/rng_available
	result $? "purged: havege is no source"
	WHY=$(dkms status; modinfo $NAME 2>/dev/null)
	[ -z "$WHY" ]
	result $? "purged: neither DKMS nor modprobe knows it"
	WHY=$(in_initramfs)
	[ -z "$WHY" ]
	result $? "purged: the initramfs has nothing of it"
	[ ! -d "/lib/modules/$OLDER" ] || no_older_kernel
	WHY=$(dpkg-query -W $PACKAGE 2>/dev/null; ls /var/lib/dpkg/info/$PACKAGE.* 2>/dev/null)
	[ -z "$WHY" ]
	result $? "purged: dpkg knows nothing of it"
	files >/var/tmp/after
	WHY=$(diff /var/tmp/before /var/tmp/after)
	[ -z "$WHY" ]
	result $? "purged: every file and directory is as before: nothing left, nothing lost"
}

install_old() {
	# dkms notes the version of its own files when it runs first.
	dkms status
	files >/var/tmp/before
	WHY=$(in_initramfs)
	[ -z "$WHY" ] && ! loaded
	result $? "before: nothing of it is there"
	boot_log
	run apt-get -o Dpkg::Use-Pty=0 install -y ./old.deb
	result "$RC" "apt install ($TOOK s)"
	installed "$OLD"
}

case $PART in
package-install)
	install_old
	working "installed" ;;
package-refused)
	install_old
	WHY=$(cat $OUT)
	! loaded && grep -q "installed, but not loaded" $OUT
	result $? "it says that the machine was refused"
	WHY=$(havege-status)
	[ $? = 2 ] && echo "$WHY" | grep -q "^it said .*no time stamp counter"
	result $? "havege-status says so, too, and why" ;;
package-boot)
	boot_log
	WHY="$(systemctl status systemd-modules-load)"
	[ "$(dmesg | grep -n "$COLLECTING" | head -n 1 | cut -d: -f1)" -gt \
		"$(dmesg | grep -nF "$MOUNT" | head -n 1 | cut -d: -f1)" ]
	result $? "loaded after the root was mounted: not by the initramfs"
	working "after a reboot"
	by_modules_load
	echo 70000 >$P/fill_threshold
	WHY=$(cat $P/fill_threshold)
	[ "$WHY" = 70000 ]
	result $? "a knob is turned at run time"
	echo "options $NAME fill_threshold=60000" >/etc/modprobe.d/$NAME.conf
	run apt-get -o Dpkg::Use-Pty=0 install -y ./new.deb
	result "$RC" "apt install of a newer version ($TOOK s)"
	installed "$NEW"
	WHY="$(cat /sys/module/$NAME/version $P/fill_threshold; cat $OUT)"
	[ "$(cat /sys/module/$NAME/version)" = "$OLD" ] && [ "$(cat $P/fill_threshold)" = 70000 ] &&
		grep -q "stays until the next boot" $OUT
	result $? "the old module stays for now, and it says so"
	working "after the upgrade" ;;
package-upgraded)
	boot_log
	early
	WHY=$(cat /sys/module/$NAME/version)
	[ "$WHY" = "$NEW" ]
	result $? "the module that was loaded is the new one"
	WHY=$(cat $P/fill_threshold)
	[ "$WHY" = 60000 ]
	result $? "the knob in modprobe.d counts for the initramfs"
	working "after the boot"
	by_modules_load
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
	echo "not ok 1 - '$PART' is a part of these tests" >&3 ;;
esac

system_is_well
end_of_tests
# As good as unmounted: the next boot goes on with this disk.
sync
echo u >/proc/sysrq-trigger
while grep -q '^/dev/[^ ]* / ext4 rw' /proc/mounts; do
	sleep 0.1
done
printf '\000' | dd of=/dev/port bs=1 seek=244 conv=notrunc 2>/dev/null
