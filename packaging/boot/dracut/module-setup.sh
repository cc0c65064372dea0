#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# module-setup.sh - dracut sources it (and is bash): has the initramfs load havege_rng before it
# starts udev, hence long before the root is mounted. What is in modprobe.d goes for it, as it was
# when the initramfs was made.

# Not for kernels that it is not built for, and not where the administrator has masked its file
# in modules-load.d.
check() {
	# shellcheck disable=SC2154 # dracut's
	modinfo -k "$kernel" havege_rng >/dev/null 2>&1 || return 1
	[ ! -e /etc/modules-load.d/havege_rng.conf ] ||
		grep -qx havege_rng /etc/modules-load.d/havege_rng.conf
}

depends() {
	return 0
}

# Whatever this machine has loaded.
installkernel() {
	hostonly='' instmods havege_rng
}

install() {
	# shellcheck disable=SC2154 # dracut's
	mkdir -p "$initdir/etc/cmdline.d" &&
	echo rd.driver.pre=havege_rng >"$initdir/etc/cmdline.d/20-havege_rng.conf"
}
