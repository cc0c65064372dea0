// SPDX-License-Identifier: GPL-2.0
/*
 * havege_fault - makes the unchanged havege_rng fail. Test only.
 *
 * Allocations: the slab and the page allocator first call should_failslab() and
 * should_fail_alloc_page(). On many kernels these are real functions even
 * without fault injection: a return probe on them can fail each allocation. The
 * probes are armed while havege_rng loads, later through the parameter armed.
 * They count allocations of havege's own thread, of the task that creates it, of
 * kthreadd meanwhile, and of the task that loads or arms. They leave out:
 * - __GFP_NOFAIL: these cannot fail.
 * - The ACPI interpreter: without memory it has crashed in
 *   acpi_ut_copy_iobject_to_iobject() (6.1), whatever the driver does.
 *
 * Functions, while havege_rng loads: a probe on the entry of a kernel function
 * continues in refuse(), which returns an error. This does not work if the kernel
 * turns the probe into a jump: forbid it in
 * /proc/sys/debug/kprobes-optimization. A post_handler would forbid it, too, but
 * breaks a second probe on 6.1.
 *
 * Samples, at any time: a return probe on the walk overwrites the collector's new
 * samples with a constant, but not those of the walks for debugfs. Another one
 * replaces the measured cost of reading the counter. Setting walk, replay, samples
 * or cost installs these probes until havege_rng is unloaded. If one is set
 * before a load, the probes are there from the load on.
 *
 * Parameters (r: read-only):
 *   nth        the allocation that fails, 0 = none
 *   times      the number of allocations that fail from there on
 *   armed      0, 1, or 2: without the allocations of the writing task
 *   seen (r)   allocations since it was armed
 *   hit (r)    allocations that failed
 *   fail       the function that fails, empty = none
 *   call       the call of it that fails, in a load, 0 = none
 *   error      the value that it returns
 *   calls (r)  calls of it in the last load
 *   failed (r) calls of it that failed in the last load
 *   walk       all samples of the live walk are constant
 *   samples    this many samples of the live walk are constant
 *   replay     all samples of replayed walks are constant
 *   cost       the ticks that reading the counter seems to take, 0 = real ones
 *   missed (r) probes lost since this module was loaded; must be 0
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../../../havege_core.h"

#define KTHREADD_PID	2
/* An ordinary sample; only its repetition is suspicious. */
#define CONSTANT	12345

static unsigned int nth;
module_param(nth, uint, 0644);
MODULE_PARM_DESC(nth, "which allocation fails, 0 = none (count)");

static unsigned int times = 1;
module_param(times, uint, 0644);
MODULE_PARM_DESC(times, "how many fail from there on (count)");

static atomic_t seen = ATOMIC_INIT(0);
static atomic_t hit = ATOMIC_INIT(0);
static atomic_t calls = ATOMIC_INIT(0);
static atomic_t failed = ATOMIC_INIT(0);

static bool armed;
static struct module *target;		/* havege_rng while it is loaded */
static struct task_struct *loader;	/* the task that loads or arms */
static struct task_struct *maker;	/* the task that creates havege's thread */
static struct task_struct *interpreter;	/* the loader, in ACPI's interpreter */

static void arm(struct task_struct *task)
{
	atomic_set(&seen, 0);
	atomic_set(&hit, 0);
	WRITE_ONCE(loader, task);
	WRITE_ONCE(armed, true);
}

static void disarm(void)
{
	WRITE_ONCE(armed, false);
	WRITE_ONCE(loader, NULL);
}

static bool is_collector(void)
{
	return !strncmp(current->comm, "havege/", 7);
}

NOKPROBE_SYMBOL(is_collector);

static bool is_ours(gfp_t gfp)
{
	if (!READ_ONCE(armed) || !in_task() || (gfp & __GFP_NOFAIL) ||
	    current == READ_ONCE(interpreter))
		return false;
	return current == READ_ONCE(loader) || current == READ_ONCE(maker) ||
	       (READ_ONCE(maker) && current->pid == KTHREADD_PID) ||
	       is_collector();
}

/* 0: the return handler runs and fails this allocation. */
static int decide(gfp_t gfp)
{
	unsigned int first = READ_ONCE(nth), number;

	if (!is_ours(gfp))
		return 1;
	number = atomic_inc_return(&seen);
	if (!first || number < first || number - first >= READ_ONCE(times))
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

/* The task that asks kthreadd for a thread waits for it. */
static int maker_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const unsigned long function = regs_get_kernel_argument(regs, 0);
	const struct module *mod = READ_ONCE(target);

	if (!mod || !within_module(function, mod))
		return 1;
	WRITE_ONCE(maker, current);
	return 0;
}

NOKPROBE_SYMBOL(maker_entry);

static int maker_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	WRITE_ONCE(maker, NULL);
	return 0;
}

NOKPROBE_SYMBOL(maker_return);

/* ... *kthread_create_on_node(int (*threadfn)(void *data), ...) */
static struct kretprobe maker_probe = {
	.kp.symbol_name = "kthread_create_on_node",
	.entry_handler = maker_entry,
	.handler = maker_return,
	.maxactive = 16,
};

static int interpreter_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	if (current != READ_ONCE(loader))
		return 1;
	WRITE_ONCE(interpreter, current);
	return 0;
}

NOKPROBE_SYMBOL(interpreter_entry);

static int interpreter_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs)
{
	WRITE_ONCE(interpreter, NULL);
	return 0;
}

NOKPROBE_SYMBOL(interpreter_return);

/* acpi_status acpi_ns_evaluate(struct acpi_evaluate_info *info) */
static struct kretprobe interpreter_probe = {
	.kp.symbol_name = "acpi_ns_evaluate",
	.entry_handler = interpreter_entry,
	.handler = interpreter_return,
	.maxactive = 16,
};

/* Functions */

static int error = -EDOM;
module_param(error, int, 0644);
MODULE_PARM_DESC(error, "the value that the function returns (number)");

static unsigned int call = 1;
module_param(call, uint, 0644);
MODULE_PARM_DESC(call, "which call of it fails, 0 = none (count)");

/* Runs instead of the function that fails, and returns to its caller. */
static noinline notrace unsigned long refuse(void)
{
	return READ_ONCE(error);
}

static int fail_entry(struct kprobe *p, struct pt_regs *regs)
{
	/* No in_task(): a probe that is a breakpoint looks like an NMI. */
	if (current != READ_ONCE(loader) ||
	    atomic_inc_return(&calls) != READ_ONCE(call))
		return 0;
	atomic_inc(&failed);
	instruction_pointer_set(regs, (unsigned long)refuse);
	return 1;
}

NOKPROBE_SYMBOL(fail_entry);

static char fail_name[64];
static struct kprobe fail_probe;
static DEFINE_MUTEX(fail_lock);		/* protects fail_name and fail_probe */

static int set_fail(const char *val, const struct kernel_param *kp)
{
	int ret = 0;

	mutex_lock(&fail_lock);
	if (*fail_name)
		unregister_kprobe(&fail_probe);
	strscpy(fail_name, val, sizeof(fail_name));
	strim(fail_name);
	if (*fail_name) {
		/* register_kprobe() fails with fields of an earlier one. */
		fail_probe = (struct kprobe){
			.symbol_name = fail_name,
			.pre_handler = fail_entry,
		};
		ret = register_kprobe(&fail_probe);
		if (ret)
			*fail_name = '\0';
	}
	mutex_unlock(&fail_lock);
	return ret;
}

static int get_fail(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", fail_name);
}

static const struct kernel_param_ops fail_ops = {
	.set = set_fail,
	.get = get_fail,
};

module_param_cb(fail, &fail_ops, NULL, 0644);
MODULE_PARM_DESC(fail, "function that fails in a load (name)");

static int get_calls(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&calls));
}

static int get_failed(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&failed));
}

static const struct kernel_param_ops calls_ops = { .get = get_calls };
static const struct kernel_param_ops failed_ops = { .get = get_failed };

module_param_cb(calls, &calls_ops, NULL, 0444);
MODULE_PARM_DESC(calls, "calls of it in the last load");
module_param_cb(failed, &failed_ops, NULL, 0444);
MODULE_PARM_DESC(failed, "calls of it that failed in the last load");

static int set_armed(const char *val, const struct kernel_param *kp)
{
	unsigned int how;
	const int ret = kstrtouint(val, 0, &how);

	if (ret)
		return ret;
	if (how)
		arm(how == 1 ? current : NULL);
	else
		disarm();
	return 0;
}

static int get_armed(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(armed));
}

static const struct kernel_param_ops armed_ops = {
	.set = set_armed,
	.get = get_armed,
};

module_param_cb(armed, &armed_ops, NULL, 0644);
MODULE_PARM_DESC(armed, "count allocations (0, 1, or 2: without the writing task)");

/* The walk */

static bool walk;
static bool replay;
static unsigned int cost;
static atomic_t samples = ATOMIC_INIT(0);

/* 0: the return handler runs. */
static int walk_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct havege_walk **data = (void *)ri->data;

	*data = (void *)regs_get_kernel_argument(regs, 0);
	return !is_collector();
}

NOKPROBE_SYMBOL(walk_entry);

static void make_constant(struct kretprobe_instance *ri, unsigned int count)
{
	struct havege_walk **data = (void *)ri->data;
	unsigned int i;

	for (i = 0; i < count; i++)
		(*data)->delta[i] = CONSTANT;
}

NOKPROBE_SYMBOL(make_constant);

/* void havege_walk_live(struct havege_walk *walk) */
static int live_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	unsigned int count = min(atomic_read(&samples), HAVEGE_FILL_TICKS);

	atomic_sub(count, &samples);
	make_constant(ri, READ_ONCE(walk) ? HAVEGE_FILL_TICKS : count);
	return 0;
}

NOKPROBE_SYMBOL(live_return);

/* void havege_walk_replay(struct havege_walk *walk) */
static int replay_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (READ_ONCE(replay))
		make_constant(ri, HAVEGE_FILL_TICKS);
	return 0;
}

NOKPROBE_SYMBOL(replay_return);

/* u64 havege_tune_cost(...) */
static int cost_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (READ_ONCE(cost))
		regs_set_return_value(regs, READ_ONCE(cost));
	return 0;
}

NOKPROBE_SYMBOL(cost_return);

static struct kretprobe live_probe;
static struct kretprobe replay_probe;
static struct kretprobe cost_probe;
static bool probing;
static DEFINE_MUTEX(probing_lock);	/* protects probing and the three probes */

static int probe(struct kretprobe *rp, const char *symbol,
		 kretprobe_handler_t handler)
{
	const int missed = rp->nmissed;
	int ret;

	/* register_kretprobe() fails with fields of an earlier one. */
	*rp = (struct kretprobe){
		.kp.symbol_name = symbol,
		.entry_handler = walk_entry,
		.handler = handler,
		.data_size = sizeof(struct havege_walk *),
		.maxactive = 16,
	};
	ret = register_kretprobe(rp);
	rp->nmissed += missed;
	return ret;
}

static int probe_walk(void)
{
	int ret = 0;

	mutex_lock(&probing_lock);
	if (probing)
		goto out;
	ret = probe(&live_probe, "havege_walk_live", live_return);
	if (ret)
		goto out;
	ret = probe(&replay_probe, "havege_walk_replay", replay_return);
	if (ret)
		goto out_live;
	ret = probe(&cost_probe, "havege_tune_cost", cost_return);
	if (ret)
		goto out_replay;
	probing = true;
	goto out;

out_replay:
	unregister_kretprobe(&replay_probe);
out_live:
	unregister_kretprobe(&live_probe);
out:
	mutex_unlock(&probing_lock);
	return ret;
}

static void leave_walk(void)
{
	mutex_lock(&probing_lock);
	if (probing) {
		unregister_kretprobe(&cost_probe);
		unregister_kretprobe(&replay_probe);
		unregister_kretprobe(&live_probe);
	}
	probing = false;
	mutex_unlock(&probing_lock);
}

/* -ENOENT: havege_rng is not loaded; on_module() installs the probes. */
static int probe_if_loaded(void)
{
	const int ret = probe_walk();

	return ret == -ENOENT ? 0 : ret;
}

static int set_switch(const char *val, const struct kernel_param *kp)
{
	const int ret = probe_if_loaded();

	return ret ? ret : param_set_bool(val, kp);
}

static int set_cost(const char *val, const struct kernel_param *kp)
{
	const int ret = probe_if_loaded();

	return ret ? ret : param_set_uint(val, kp);
}

static int set_samples(const char *val, const struct kernel_param *kp)
{
	unsigned int count;
	int ret = kstrtouint(val, 0, &count);

	if (!ret)
		ret = probe_if_loaded();
	if (!ret)
		atomic_set(&samples, count);
	return ret;
}

static int get_samples(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&samples));
}

static const struct kernel_param_ops switch_ops = {
	.set = set_switch,
	.get = param_get_bool,
};

static const struct kernel_param_ops cost_ops = {
	.set = set_cost,
	.get = param_get_uint,
};

static const struct kernel_param_ops samples_ops = {
	.set = set_samples,
	.get = get_samples,
};

module_param_cb(walk, &switch_ops, &walk, 0644);
MODULE_PARM_DESC(walk, "all samples of the live walk are constant (bool)");
module_param_cb(replay, &switch_ops, &replay, 0644);
MODULE_PARM_DESC(replay, "all samples of replayed walks are constant (bool)");
module_param_cb(cost, &cost_ops, &cost, 0644);
MODULE_PARM_DESC(cost, "cost of reading the counter, 0 = the real one (ticks)");
module_param_cb(samples, &samples_ops, NULL, 0644);
MODULE_PARM_DESC(samples, "this many samples of the live walk are constant (count)");

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
	return sysfs_emit(buf, "%d\n",
			  slab_probe.nmissed + page_probe.nmissed +
			  maker_probe.nmissed + interpreter_probe.nmissed +
			  live_probe.nmissed + replay_probe.nmissed +
			  cost_probe.nmissed);
}

static const struct kernel_param_ops seen_ops = { .get = get_seen };
static const struct kernel_param_ops hit_ops = { .get = get_hit };
static const struct kernel_param_ops missed_ops = { .get = get_missed };

module_param_cb(seen, &seen_ops, NULL, 0444);
MODULE_PARM_DESC(seen, "allocations in the last load");
module_param_cb(hit, &hit_ops, NULL, 0444);
MODULE_PARM_DESC(hit, "allocations that failed in the last load");
module_param_cb(missed, &missed_ops, NULL, 0444);
MODULE_PARM_DESC(missed, "probes that were lost");

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, "havege_rng"))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_COMING) {
		WRITE_ONCE(target, mod);
		if (walk || replay || cost || atomic_read(&samples))
			return notifier_from_errno(probe_walk());
		atomic_set(&calls, 0);
		atomic_set(&failed, 0);
		arm(current);
	} else {
		disarm();
	}
	if (state == MODULE_STATE_GOING) {
		WRITE_ONCE(target, NULL);
		leave_walk();
	}
	return NOTIFY_OK;
}

static struct notifier_block module_nb = { .notifier_call = on_module };

/* Without these functions in the kernel nth has no effect and seen is 0. */
static bool probing_allocations;
static bool interpreting;

static int probe_allocations(void)
{
	int ret = register_kretprobe(&slab_probe);

	if (ret)
		return ret;
	ret = register_kretprobe(&page_probe);
	if (ret)
		goto out_slab;
	ret = register_kretprobe(&maker_probe);
	if (ret)
		goto out_page;
	ret = register_kretprobe(&interpreter_probe);
	/* -ENOENT: a kernel without ACPI. */
	if (ret && ret != -ENOENT)
		goto out_maker;
	interpreting = !ret;
	probing_allocations = true;
	return 0;

out_maker:
	unregister_kretprobe(&maker_probe);
out_page:
	unregister_kretprobe(&page_probe);
out_slab:
	unregister_kretprobe(&slab_probe);
	return ret;
}

static void leave_allocations(void)
{
	if (!probing_allocations)
		return;
	if (interpreting)
		unregister_kretprobe(&interpreter_probe);
	unregister_kretprobe(&maker_probe);
	unregister_kretprobe(&page_probe);
	unregister_kretprobe(&slab_probe);
}

static int __init havege_fault_init(void)
{
	int ret = probe_allocations();

	if (ret && ret != -ENOENT) {
		pr_err("no probes on allocations: %d\n", ret);
		return ret;
	}
	ret = register_module_notifier(&module_nb);
	if (ret)
		leave_allocations();
	return ret;
}
module_init(havege_fault_init);

static void __exit havege_fault_exit(void)
{
	unregister_module_notifier(&module_nb);
	set_fail("", NULL);
	leave_walk();
	leave_allocations();
}
module_exit(havege_fault_exit);

MODULE_DESCRIPTION("Test only: makes havege_rng fail");
MODULE_LICENSE("GPL");
