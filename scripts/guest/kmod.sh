#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kmod.sh - sourced by the guest's shells: Debian's own modprobe and its kin. Busybox's shell
# would run its built-in ones without looking at PATH, and its modprobe tries a load that failed
# a second time.

modprobe() {
	/bin/modprobe "$@"
}

insmod() {
	/bin/insmod "$@"
}

rmmod() {
	/bin/rmmod "$@"
}

modinfo() {
	/bin/modinfo "$@"
}
