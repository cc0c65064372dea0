# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# install.sh - sourced by tests/vm: make install and make uninstall on a disk with Debian
# (tests/guest/install-tests.sh), as install_test.

# The first commands of that machine.
# shellcheck disable=SC2034 # guest.sh
INSTALL="mkdir /opt/src; cd /opt/src; tar -xf /dev/vdb; exec sh tests/guest/install-tests.sh"

# ROOT as it came from the archive. The disk is kept: QEMU writes to a copy.
make_disk() {
	forget_module && as_root rm -rf "$ROOT/tmp/guest" && root_to_disk
}

# ROOT as it is, on VM/disk.
root_to_disk() {
	as_root rm -rf "$VM/disk" "$VM/disk.new" &&
	as_root mke2fs -q -t ext4 -d "$ROOT" "$VM/disk.new" 3G &&
	as_root chown "$(id -u)" "$VM/disk.new" && mv "$VM/disk.new" "$VM/disk"
}

install_test() {
	[ "$ARCH" = amd64 ] || die "install-test is not for $ARCH"
	need mke2fs:e2fsprogs
	prepare_root
	[ -f "$VM/disk" ] || step "Making a disk with Debian $SUITE on it (once)" make_disk
	step "Packing the sources" pack_sources "$TMP/src.tar"
	cp "$ROOT/boot/vmlinuz-$KVER" "$TMP/vmlinuz"
	cp "$ROOT/boot/initrd.img-$KVER" "$TMP/initrd.img"
	exec 9>&-
	say "Installing in the virtual machine (it compiles there, emulated: some minutes)"
	tests install 2400 -device virtio-rng-pci
	finish_tests
}
