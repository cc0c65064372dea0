# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# kmod.sh - sourced by the guest's shells: makes them use kmod's programs. Busybox's shell prefers
# its own, whatever PATH is, and its modprobe tries a failed load a second time.

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
