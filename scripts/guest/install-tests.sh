#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# install-tests.sh - make install and make uninstall on a plain Debian system with a disk, as a
# user runs them. It is the first process of that system (no systemd: quicker, and nothing else
# that writes files), lies in a copy of the checkout, and ends the machine when done: QEMU exits
# with 1. TAP on the second serial line, then "# end of the guest tests".

exec 3>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo
echo "# guest is up" >&3

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
SRC=$(cd "$(dirname "$0")/../.." && pwd)
NAME=$(sed -n 's/^PACKAGE_NAME="\(.*\)"/\1/p' "$SRC/dkms.conf")
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$SRC/dkms.conf")
H=/sys/class/misc/hw_random
P=/sys/module/$NAME/parameters
# shellcheck source=tap.sh
. "$SRC/scripts/guest/tap.sh"

# run COMMAND...: its output goes to OUT as well as on, line by line, for who waits. RC.
OUT=/tmp/out
run() {
	_t=$(date +%s)
	echo "# $*" >&3
	{
		"$@" 2>&1
		echo $? >/tmp/rc
	} | tee $OUT | sed -u 's/^/#     /' >&3
	RC=$(cat /tmp/rc)
	TOOK=$(($(date +%s) - _t))
}

# Every file there is, but for what changes by itself, and for the lists of all modules, which
# depmod writes anew whatever is installed.
files() {
	find / -xdev \( -path /tmp -o -path /run -o -path /proc -o -path /sys -o -path /dev \
		-o -path /var/log -o -path /var/cache \) -prune -o -print |
		grep -vE '/lib/modules/[^/]*/modules\.' | sort
}

installed() {
	WHY="dkms status: $(dkms status)"
	[ "$(dkms status | grep -c "^$NAME")" = 1 ] &&
		dkms status | grep -q "^$NAME.*$VERSION.*$(uname -r).*: installed"
	result $? "$1: dkms has it installed, once"
	WHY="$(find "/lib/modules/$(uname -r)" -name "$NAME.ko*")"
	[ "$(echo "$WHY" | grep -c .)" = 1 ]
	result $? "$1: the module is there, once ($WHY)"
	grep -q "^$NAME " /proc/modules
	result $? "$1: it is loaded"
	WHY="$(grep -r . /etc/modules-load.d)"
	[ "$(cat /etc/modules-load.d/* | grep -cx "$NAME")" = 1 ]
	result $? "$1: modules-load.d loads it at the next start"
	[ "$(head -c 4096 /dev/hwrng | wc -c)" = 4096 ]
	result $? "$1: /dev/hwrng delivers"
	WHY=$(setpriv --reuid=65534 --regid=65534 --clear-groups /usr/sbin/havege-status)
	_rc=$?
	[ "$(/usr/sbin/havege-status --version)" = "havege-status $VERSION" ] &&
	[ "$(cat $H/rng_current):$_rc" = "$2" ]
	result $? "$1: havege-status ends with ${2#*:} while ${2%:*} is current"
	WHY=$(ls -l "/usr/share/man/man4/$NAME.4" /usr/share/man/man8/havege-status.8 2>&1)
	[ "$(echo "$WHY" | grep -c '^-rw-r--r-- .* root root ')" = 2 ]
	result $? "$1: the man pages are there"
}

cd "$SRC" || echo "not ok 1 - $SRC is there" >&3
# Every system with systemd has it.
mkdir -p /etc/modules-load.d
# dkms notes the version of its own files when it runs first.
dkms status
files >/tmp/before

run setpriv --reuid=65534 --regid=65534 --clear-groups make install
WHY=$(cat $OUT)
[ "$RC" != 0 ] && grep -qi 'root' $OUT
result $? "make install by an ordinary user fails and says that root is needed"
files | cmp -s - /tmp/before
result $? "and changes nothing"

run make install
result "$RC" "make install ($TOOK s)"
installed "after make install" havege:0
WHY=$(tail -n 1 $OUT)
echo "$WHY" | grep -q 'current' && echo "$WHY" | grep -q havege &&
	[ "$(cat $H/rng_current)" = havege ]
result $? "its last line says that havege is the current source: $WHY"
WHY="mode $(cat "$P/mode"), quality $(cat "$P/quality")"
[ "$WHY" = "mode conditioned, quality 512" ]
result $? "as loaded without a parameter: $WHY"
find . -newer /tmp/before -type f | sort >/tmp/new
WHY=$(cat /tmp/new)
[ ! -s /tmp/new ]
result $? "the checkout is as it was"
rmmod "$NAME"
# What systemd-modules-load does with that file at boot.
WHY=
# shellcheck disable=SC2046 # names
modprobe -a $(grep -hv '^[#;]' /etc/modules-load.d/*) && grep -q "^$NAME " /proc/modules
result $? "what is in modules-load.d loads it"

# Sources that do not compile: what is installed stays.
cp havege_mod.c /tmp/havege_mod.c
echo '#error "broken on purpose"' >>havege_mod.c
run make install
WHY=$(cat $OUT)
[ "$RC" != 0 ] && grep -q 'broken on purpose' $OUT
result $? "make install of sources that do not compile fails and shows why ($TOOK s)"
rmmod "$NAME"
WHY=$(modprobe "$NAME" 2>&1) && [ "$(head -c 4096 /dev/hwrng | wc -c)" = 4096 ] &&
	grep -qx "$NAME" /etc/modules-load.d/*
result $? "and the module that was installed is still there"
cp /tmp/havege_mod.c havege_mod.c

# A rival that is better takes over.
modprobe -a virtio_pci virtio_rng
WHY=$(cat $H/rng_available $H/rng_current)
grep -q virtio_rng $H/rng_current
result $? "virtio-rng becomes the current source"
run make install
result "$RC" "make install once more ($TOOK s)"
installed "after the second make install" virtio_rng.0:1
WHY=$(tail -n 1 $OUT)
_cmd=$(echo "$WHY" | grep -o 'echo havege *> *[^ ]*rng_current')
[ -n "$_cmd" ] && eval "$_cmd" && [ "$(cat $H/rng_current)" = havege ]
result $? "its last line has the command that makes havege current: $WHY"

run make uninstall
result "$RC" "make uninstall ($TOOK s)"
WHY=$(dkms status)
[ -z "$WHY" ]
result $? "dkms knows nothing any more"
WHY=$(grep "^$NAME " /proc/modules)
[ -z "$WHY" ]
result $? "the module is not loaded"
! grep -q havege $H/rng_available
result $? "havege is no source"
files >/tmp/after
WHY=$(diff /tmp/before /tmp/after)
[ -z "$WHY" ]
result $? "every file and directory is as before: nothing left, nothing lost"
WHY=$(modprobe "$NAME" 2>&1)
! modinfo "$NAME" >/dev/null 2>&1
result $? "modprobe does not find it"
run make uninstall
result "$RC" "make uninstall with nothing installed"
WHY=$(dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|INFO: task')
[ -z "$WHY" ]
result $? "no WARNING, BUG or Oops in the kernel log"

end_of_tests
sync
printf '\000' | dd of=/dev/port bs=1 seek=244 conv=notrunc 2>/dev/null
busybox poweroff -f
