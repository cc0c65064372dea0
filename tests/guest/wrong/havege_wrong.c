// SPDX-License-Identifier: GPL-2.0
/*
 * havege_wrong - makes a programming error when it loads. Test only: shows that
 * the kernels of tests/debug find such errors in a module, and that the tests
 * find the reports of these kernels.
 *
 * Parameter: what, a name in wrongs[].
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *what;
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "the error to make (name)");

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(other);
static DEFINE_SPINLOCK(spin);
static unsigned int racy;

/* Several: the stack may keep the address of one. */
static void leak(void)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		void *lost = kzalloc(64, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(lost);
	}
}

static void use_after_free(void)
{
	char *bytes = kzalloc(64, GFP_KERNEL);

	kfree(bytes);
	OPTIMIZER_HIDE_VAR(bytes);
	pr_info("read %d\n", bytes ? READ_ONCE(*bytes) : 0);
}

static void shift(void)
{
	int bits = 40;

	OPTIMIZER_HIDE_VAR(bits);
	pr_info("shifted to %d\n", 1 << bits);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	mutex_lock(&one);
	mutex_unlock(&one);
	spin_unlock(&spin);
}

static void two_orders(void)
{
	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);
	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

static int count_up(void *unused)
{
	while (!kthread_should_stop()) {
		racy++;
		cond_resched();
	}
	return 0;
}

/* Long enough for a kernel on the emulator to notice. */
static void race(void)
{
	const unsigned long end = jiffies + 20 * HZ;
	struct task_struct *task = kthread_run(count_up, NULL, "havege_wrong");

	if (IS_ERR(task))
		return;
	while (time_before(jiffies, end)) {
		racy++;
		cond_resched();
	}
	kthread_stop(task);
}

static void warn(void)
{
	WARN(1, "requested\n");
}

static const struct {
	const char *name;
	void (*make)(void);
} wrongs[] = {
	{ "leak", leak },
	{ "use-after-free", use_after_free },
	{ "shift", shift },
	{ "sleep", sleep_in_atomic },
	{ "order", two_orders },
	{ "race", race },
	{ "warn", warn },
};

static int __init havege_wrong_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		if (what && !strcmp(what, wrongs[i].name)) {
			wrongs[i].make();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(havege_wrong_init);

static void __exit havege_wrong_exit(void)
{
}
module_exit(havege_wrong_exit);

MODULE_DESCRIPTION("Test only: makes programming errors");
MODULE_LICENSE("GPL");
