// SPDX-License-Identifier: GPL-2.0
/*
 * Havege_tune() where CONFIG_X86 is off. The contract is in tune.h.
 *
 * What the kernel knows of caches is in drivers/base/cacheinfo.c, which exports
 * nothing to modules: get_cpu_cacheinfo() is the kernel's own, the devices that
 * it makes for sysfs have private data, and the files there are for user space.
 * So the node of the CPU in the device tree is asked, which that file has most
 * of its sizes from, and then, on arm64, the CPU. The tables that ACPI has for it
 * (PPTT) have no reader for modules either. Where nobody answers, which is so
 * in most guests of KVM, sizes are assumed, and the log says so.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/of.h>
#include <linux/printk.h>
#include <linux/smp.h>

#include "tune.h"

static u32 property_kb(const struct device_node *cpu, const char *name)
{
	u32 bytes;

	return of_property_read_u32(cpu, name, &bytes) ? 0 : bytes / 1024;
}

/* On big.LITTLE the node is that of the core at hand: the caller is bound. */
static void ask_device_tree(struct havege_tuning *tuning)
{
	struct device_node *cpu = of_get_cpu_node(raw_smp_processor_id(), NULL);

	tuning->geo.dcache_kb = property_kb(cpu, "d-cache-size");
	tuning->geo.icache_kb = property_kb(cpu, "i-cache-size");
	of_node_put(cpu);
	if (tuning->geo.dcache_kb)
		tuning->source = "device-tree";
}

int havege_tune(u32 dcache_kb, u32 icache_kb, struct havege_tuning *tuning)
{
	memset(tuning, 0, sizeof(*tuning));
	ask_device_tree(tuning);
	if (IS_ENABLED(CONFIG_ARM64) && !tuning->source)
		havege_tune_this_cpu(tuning);
	if (havege_tune_settle(dcache_kb, icache_kb, tuning))
		pr_notice_once("generic tuning: nobody tells the L1 sizes of this CPU; L1d %u KiB, L1i %u KiB assumed (dcache_kb= and icache_kb= set them)\n",
			       tuning->geo.dcache_kb, tuning->geo.icache_kb);
	return 0;
}
