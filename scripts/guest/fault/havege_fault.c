// SPDX-License-Identifier: GPL-2.0
/*
 * havege_fault - lets one allocation fail while havege_rng is being loaded. Test only.
 *
 * The slab and the page allocator ask should_failslab() and should_fail_alloc_page() first,
 * which are real functions on many kernels even without fault injection: a return probe on
 * them decides about each allocation. Armed when havege_rng is COMING, disarmed when it is
 * LIVE or GOING. Allocations count that are made by the loading task, by kthreadd on its
 * behalf, and by havege's own thread; those that cannot fail (__GFP_NOFAIL) do not.
 *
 * Parameters: nth, which one fails, 0 = none; seen (read-only), how many there were in the
 * last load; hit (read-only), whether one was made to fail; missed (read-only), how many
 * probes were lost since this module was loaded, must be 0.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>

#define KTHREADD_PID	2

static unsigned int nth;
module_param(nth, uint, 0644);
MODULE_PARM_DESC(nth, "which allocation fails, 0 = none (count)");

static atomic_t seen = ATOMIC_INIT(0);
static atomic_t hit = ATOMIC_INIT(0);
static struct task_struct *loader;

static bool is_ours(gfp_t gfp)
{
	struct task_struct *armed = READ_ONCE(loader);

	if (!armed || !in_task() || (gfp & __GFP_NOFAIL))
		return false;
	return current == armed || current->pid == KTHREADD_PID ||
	       !strncmp(current->comm, "havege/", 7);
}

/* 0: the return handler runs, which makes this allocation fail. */
static int decide(gfp_t gfp)
{
	if (!is_ours(gfp))
		return 1;
	if (atomic_inc_return(&seen) != READ_ONCE(nth))
		return 1;
	atomic_inc(&hit);
	return 0;
}

NOKPROBE_SYMBOL(decide);

/* int should_failslab(struct kmem_cache *s, gfp_t gfpflags) */
static int slab_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return decide((gfp_t)regs_get_kernel_argument(regs, 1));
}

NOKPROBE_SYMBOL(slab_entry);

/* bool should_fail_alloc_page(gfp_t gfp_mask, unsigned int order) */
static int page_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return decide((gfp_t)regs_get_kernel_argument(regs, 0));
}

NOKPROBE_SYMBOL(page_entry);

static int slab_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	regs_set_return_value(regs, -ENOMEM);
	return 0;
}

NOKPROBE_SYMBOL(slab_return);

static int page_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	regs_set_return_value(regs, true);
	return 0;
}

NOKPROBE_SYMBOL(page_return);

static struct kretprobe slab_probe = {
	.kp.symbol_name = "should_failslab",
	.entry_handler = slab_entry,
	.handler = slab_return,
	.maxactive = 64,
};

static struct kretprobe page_probe = {
	.kp.symbol_name = "should_fail_alloc_page",
	.entry_handler = page_entry,
	.handler = page_return,
	.maxactive = 64,
};

static int get_seen(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&seen));
}

static int get_hit(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&hit));
}

static int get_missed(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", slab_probe.nmissed + page_probe.nmissed);
}

static const struct kernel_param_ops seen_ops = { .get = get_seen };
static const struct kernel_param_ops hit_ops = { .get = get_hit };
static const struct kernel_param_ops missed_ops = { .get = get_missed };

module_param_cb(seen, &seen_ops, NULL, 0444);
MODULE_PARM_DESC(seen, "allocations in the last load");
module_param_cb(hit, &hit_ops, NULL, 0444);
MODULE_PARM_DESC(hit, "allocations made to fail in the last load");
module_param_cb(missed, &missed_ops, NULL, 0444);
MODULE_PARM_DESC(missed, "allocations that could not be looked at");

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;

	if (strcmp(mod->name, "havege_rng"))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_COMING) {
		atomic_set(&seen, 0);
		atomic_set(&hit, 0);
		WRITE_ONCE(loader, current);
	} else {
		WRITE_ONCE(loader, NULL);
	}
	return NOTIFY_OK;
}

static struct notifier_block module_nb = { .notifier_call = on_module };

static int __init havege_fault_init(void)
{
	int ret;

	ret = register_kretprobe(&slab_probe);
	if (ret) {
		pr_err("no probe on %s: %d\n", slab_probe.kp.symbol_name, ret);
		return ret;
	}
	ret = register_kretprobe(&page_probe);
	if (ret) {
		pr_err("no probe on %s: %d\n", page_probe.kp.symbol_name, ret);
		goto err_slab;
	}
	ret = register_module_notifier(&module_nb);
	if (ret)
		goto err_page;
	return 0;

err_page:
	unregister_kretprobe(&page_probe);
err_slab:
	unregister_kretprobe(&slab_probe);
	return ret;
}
module_init(havege_fault_init);

static void __exit havege_fault_exit(void)
{
	unregister_module_notifier(&module_nb);
	unregister_kretprobe(&page_probe);
	unregister_kretprobe(&slab_probe);
}
module_exit(havege_fault_exit);

MODULE_DESCRIPTION("Test only: lets an allocation fail while havege_rng is loaded");
MODULE_LICENSE("GPL");
