// SPDX-License-Identifier: GPL-2.0
/*
 * vmgenid.asl - an ACPI table with a VM generation ID at 0x110000000, for tests/vm test generation.
 * QEMU's own device has its ID below 4 GiB.
 */
DefinitionBlock ("", "SSDT", 1, "HAVEGE", "VMGENID", 1)
{
	Device (\_SB.VGID)
	{
		Name (_HID, "HAVE0001")
		Name (_CID, "VM_Gen_Counter")
		// The lower and the upper half
		Name (ADDR, Package () { 0x10000000, 0x1 })
	}
}
