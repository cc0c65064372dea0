#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# install-tests.sh - runs make install and make uninstall on a Debian system with a disk, in a copy
# of the checkout. It is the first process of that system: without systemd no other process writes
# files. Prints TAP on the second serial line, then "# end of the guest tests". Ends the machine;
# QEMU exits with 1.

SRC=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tap.sh
. "$SRC/tests/guest/tap.sh"
tap_on_serial

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
NAME=$(sed -n 's/^PACKAGE_NAME="\(.*\)"/\1/p' "$SRC/dkms.conf")
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$SRC/dkms.conf")
H=/sys/class/misc/hw_random
P=/sys/module/$NAME/parameters

# test_installed TEXT SOURCE:CODE: tests what make install leaves. SOURCE is current, and
# havege-status ends with CODE.
test_installed() {
	WHY="dkms status: $(dkms status)"
	[ "$(dkms status | grep -c "^$NAME")" = 1 ] &&
		dkms status | grep -q "^$NAME.*$VERSION.*$(uname -r).*: installed"
	result $? "$1: dkms has it installed, once"
	WHY="$(find "/lib/modules/$(uname -r)" -name "$NAME.ko*")"
	[ "$(echo "$WHY" | grep -c .)" = 1 ]
	result $? "$1: there is one module file ($WHY)"
	grep -q "^$NAME " /proc/modules
	result $? "$1: the module is loaded"
	WHY="$(grep -r . /etc/modules-load.d)"
	[ "$(cat /etc/modules-load.d/* | grep -cx "$NAME")" = 1 ]
	result $? "$1: modules-load.d has the module for the next boot"
	[ "$(head -c 4096 /dev/hwrng | wc -c)" = 4096 ]
	result $? "$1: /dev/hwrng delivers"
	WHY=$(setpriv --reuid=65534 --regid=65534 --clear-groups /usr/sbin/havege-status)
	_rc=$?
	[ "$(/usr/sbin/havege-status --version)" = "havege-status $VERSION" ] &&
	[ "$(cat $H/rng_current):$_rc" = "$2" ]
	result $? "$1: havege-status ends with ${2#*:} while ${2%:*} is current"
	WHY=$(ls -l "/usr/share/man/man4/$NAME.4" /usr/share/man/man8/havege-status.8 2>&1)
	[ "$(echo "$WHY" | grep -c '^-rw-r--r-- .* root root ')" = 2 ]
	result $? "$1: the man pages are installed"
}

cd "$SRC" || echo "not ok 1 - $SRC is there" >&3
# Systems with systemd have it.
mkdir -p /etc/modules-load.d
# The first run of dkms writes files.
dkms status
list_files >/tmp/before

run_logged setpriv --reuid=65534 --regid=65534 --clear-groups make install
WHY=$(cat $OUT)
[ "$RC" != 0 ] && grep -qi 'root' $OUT
result $? "make install by an ordinary user fails and names root"
list_files | cmp -s - /tmp/before
result $? "this changes nothing"

run_logged make install
result "$RC" "make install ($SECS s)"
test_installed "after make install" havege:0
WHY=$(tail -n 1 $OUT)
echo "$WHY" | grep -q 'current' && echo "$WHY" | grep -q havege &&
	[ "$(cat $H/rng_current)" = havege ]
result $? "its last line has the current source, havege: $WHY"
WHY="mode $(cat "$P/mode"), quality $(cat "$P/quality")"
[ "$WHY" = "mode conditioned, quality 512" ]
result $? "the module is loaded without parameters: $WHY"
find . -newer /tmp/before -type f | sort >/tmp/new
WHY=$(cat /tmp/new)
[ ! -s /tmp/new ]
result $? "the checkout has not changed"
rmmod "$NAME"
# systemd-modules-load does this at boot.
WHY=
# shellcheck disable=SC2046 # names
modprobe -a $(grep -hv '^[#;]' /etc/modules-load.d/*) && grep -q "^$NAME " /proc/modules
result $? "the file in modules-load.d loads the module"

# Sources that do not compile: the installed module stays.
cp havege_mod.c /tmp/havege_mod.c
echo '#error "broken on purpose"' >>havege_mod.c
run_logged make install
WHY=$(cat $OUT)
[ "$RC" != 0 ] && grep -q 'broken on purpose' $OUT
result $? "make install of sources that do not compile fails and shows the error ($SECS s)"
rmmod "$NAME"
WHY=$(modprobe "$NAME" 2>&1) && [ "$(head -c 4096 /dev/hwrng | wc -c)" = 4096 ] &&
	grep -qx "$NAME" /etc/modules-load.d/*
result $? "the module installed before is still there"
cp /tmp/havege_mod.c havege_mod.c

# A source with a higher quality becomes current.
modprobe -a virtio_pci virtio_rng
WHY=$(cat $H/rng_available $H/rng_current)
grep -q virtio_rng $H/rng_current
result $? "virtio-rng becomes the current source"
run_logged make install
result "$RC" "make install once more ($SECS s)"
test_installed "after the second make install" virtio_rng.0:1
WHY=$(tail -n 1 $OUT)
_cmd=$(echo "$WHY" | grep -o 'echo havege *> *[^ ]*rng_current')
[ -n "$_cmd" ] && eval "$_cmd" && [ "$(cat $H/rng_current)" = havege ]
result $? "its last line has the command that makes havege current: $WHY"

run_logged make uninstall
result "$RC" "make uninstall ($SECS s)"
WHY=$(dkms status)
[ -z "$WHY" ]
result $? "dkms status is empty"
WHY=$(grep "^$NAME " /proc/modules)
[ -z "$WHY" ]
result $? "the module is not loaded"
! grep -q havege $H/rng_available
result $? "rng_available has no havege"
list_files >/tmp/after
WHY=$(diff /tmp/before /tmp/after)
[ -z "$WHY" ]
result $? "the same files and directories as before: none left, none lost"
WHY=$(modprobe "$NAME" 2>&1)
! modinfo "$NAME" >/dev/null 2>&1
result $? "modprobe does not find the module"
run_logged make uninstall
result "$RC" "make uninstall with nothing installed"
test_kernel_log
end_of_tests
sync
exit_qemu
busybox poweroff -f
