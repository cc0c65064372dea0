// SPDX-License-Identifier: GPL-2.0
/*
 * Havege_tune() where CONFIG_X86 is off: nobody is asked, and
 * the log says so. The contract is in tune.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>

#include "tune.h"

int havege_tune(u32 dcache_kb, u32 icache_kb, struct havege_tuning *tuning)
{
	memset(tuning, 0, sizeof(*tuning));
	if (havege_tune_settle(dcache_kb, icache_kb, tuning))
		pr_notice_once("generic tuning: this kernel is not for x86, cache sizes are not detected; L1d %u KiB, L1i %u KiB assumed (dcache_kb= and icache_kb= set them)\n",
			       tuning->geo.dcache_kb, tuning->geo.icache_kb);
	return 0;
}
