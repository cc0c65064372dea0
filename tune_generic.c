// SPDX-License-Identifier: GPL-2.0
/*
 * havege_tune() without CONFIG_X86. The contract is in tune.h.
 *
 * The kernel exports no cache sizes to modules: get_cpu_cacheinfo() is private
 * to it, its devices have private data, and their sysfs files are for programs.
 * Therefore ask the CPU's node in the device tree, the main source of
 * the kernel's sizes, and then the CPU, where it or its kernel tells. Modules
 * cannot read the ACPI table (PPTT) either. Most KVM guests find no size: the
 * driver then assumes a default and logs it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/of.h>
#include <linux/printk.h>
#include <linux/smp.h>

#include "havege_counter.h"
#include "tune.h"

static u32 property_kb(const struct device_node *cpu, const char *name)
{
	u32 bytes;

	return of_property_read_u32(cpu, name, &bytes) ? 0 : bytes / 1024;
}

/* On big.LITTLE this is the node of the present core: the caller is bound. */
static void ask_device_tree(struct havege_tuning *tuning)
{
	struct device_node *cpu = of_get_cpu_node(raw_smp_processor_id(), NULL);

	tuning->geo.dcache_kb = property_kb(cpu, "d-cache-size");
	tuning->geo.icache_kb = property_kb(cpu, "i-cache-size");
	of_node_put(cpu);
	if (tuning->geo.dcache_kb)
		tuning->source = "device-tree";
}

#ifdef HAVEGE_COUNTER_CHOICE

bool havege_counter_clock;

/* Readings in which a counter has to be different from 0 once. */
#define COUNTER_LOOKS	1000

/* A counter that stands still at another value is one: it gets judged. */
static void choose_counter(void)
{
	int looks;

	for (looks = 0; looks < COUNTER_LOOKS; looks++)
		if (random_get_entropy())
			return;
	WRITE_ONCE(havege_counter_clock, true);
	pr_notice_once("no cycle counter: the module reads the kernel's clock instead (ktime_get_ns())\n");
}

#else

static void choose_counter(void) {}

#endif

int havege_tune(u32 dcache_kb, u32 icache_kb, struct havege_tuning *tuning)
{
	choose_counter();
	memset(tuning, 0, sizeof(*tuning));
	ask_device_tree(tuning);
	if ((IS_ENABLED(CONFIG_ARM64) || IS_ENABLED(CONFIG_ARM) ||
	     IS_ENABLED(CONFIG_MIPS) || IS_ENABLED(CONFIG_S390) ||
	     IS_ENABLED(CONFIG_LOONGARCH)) && !tuning->source)
		havege_tune_this_cpu(tuning);
	if (havege_tune_settle(dcache_kb, icache_kb, tuning))
		pr_notice_once("generic tuning: neither the device tree nor the CPU tells the L1 sizes; L1d %u KiB, L1i %u KiB assumed (dcache_kb= and icache_kb= set them)\n",
			       tuning->geo.dcache_kb, tuning->geo.icache_kb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune);
