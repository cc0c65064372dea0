# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# arch.sh - the architecture of the emulated machine. Source it after lib.sh, with FLAVOUR set: a
# flavour of Debian's kernel, which ends with the architecture (cloud-amd64). The host is amd64.
#
# tests/arch has a file of assignments for each architecture that all tests know. An architecture that
# only boots is a line of tests/arches.table, which tests/arch/cross reads. Such a file has:
#   ARCHES, IMAGE, INCLUDE   for apt: architectures, the kernel, packages of the root
#   SECURITY                 empty: without Debian's security suite
#   UNPACKED                 where in the root the programs for the guest are; empty: in its /
#   GUEST_CC, CROSS          the compiler for the guest; environment of kbuild
#   LOADABLE, PROGRAMS       modules and programs of ours that the guest gets
#   QEMU, ARCH_NEEDS         the emulator, as words of a command; the tools that need installs
#   BOARD, CPU               QEMU's arguments for the machine
#   IDLE                     on: a CPU whose counter counts instructions sleeps while it is idle; off:
#                            its time skips
#   QUIET_BOARD              the same board without random data for the kernel
#   DTB                      a device tree of the kernel's package, with :NODE a node to enable in it;
#                            the guest's is TMP/dtb
#   CPU0, CPU0_ARGS          a CPU and kernel arguments with which CPU 0 can go offline
#   BOOT_ARGS                serial lines: the console, and the one for the tests' output
#   GO_ON                    a port of the guest on which QEMU's monitor can write; empty: none
#   GENERATION               a device with a VM generation ID; empty: QEMU has none
#   CACHES                   CPUs with the L1 caches that the guest finds: CPU=SOURCE,KIB,KIB
#   NOT_HERE                 modes of tests/vm test that this machine cannot run

ARCH=${FLAVOUR##*-}
_file=$TOP/tests/arch/$ARCH
[ -f "$_file" ] || _file=$TOP/tests/arch/cross
# shellcheck source=../arch/amd64
. "$_file"
