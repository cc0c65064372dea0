// SPDX-License-Identifier: GPL-2.0
/*
 * The sources of tests/core-test, built into its kernel: "core-a", "core-b" and "core-any"
 *
 * Each read() fills all of the core's buffer with random bytes. The source is in the upper two bits
 * of each byte. core-any has any_size set, if the kernel has that.
 *
 * Parameters, in /sys/module/core_source/parameters:
 *	calls		calls of read() by user's tasks
 *	forks		VM forks that the kernel has reported. This notifier is called after the
 *			core's.
 *	fork		writing 1: report a VM fork now; 2: during the next read()
 */
#include <linux/hw_random.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/sched.h>

static unsigned int calls;
module_param(calls, uint, 0444);

static unsigned int forks;
module_param(forks, uint, 0444);

static bool fork_in_read;

static void report_fork(void)
{
	u8 id[16];

	get_random_bytes(id, sizeof(id));
	add_vmfork_randomness(id, sizeof(id));
}

static int set_fork(const char *value, const struct kernel_param *param)
{
	fork_in_read = *value == '2';
	if (*value == '1')
		report_fork();
	return 0;
}

static const struct kernel_param_ops fork_ops = { .set = set_fork };
module_param_cb(fork, &fork_ops, NULL, 0200);

static int source_read(struct hwrng *rng, void *data, size_t max, bool wait)
{
	u8 *bytes = data;
	size_t i;

	get_random_bytes(bytes, max);
	for (i = 0; i < max; i++)
		bytes[i] = (bytes[i] & 63) | rng->priv << 6;
	/* The core's thread reads too. */
	if (current->flags & PF_KTHREAD)
		return max;
	calls++;
	if (fork_in_read) {
		fork_in_read = false;
		report_fork();
	}
	return max;
}

static struct hwrng sources[] = {
	{ .name = "core-a", .priv = 1 },
	{ .name = "core-b", .priv = 2 },
	{
		.name = "core-any",
		.priv = 3,
#ifdef ANY_SIZE
		.any_size = true,
#endif
	},
};

static int on_fork(struct notifier_block *nb, unsigned long event, void *data)
{
	forks++;
	return NOTIFY_DONE;
}

static struct notifier_block fork_nb = { .notifier_call = on_fork };

static int __init source_init(void)
{
	unsigned int i;
	int err = register_random_vmfork_notifier(&fork_nb);

	for (i = 0; !err && i < ARRAY_SIZE(sources); i++) {
		sources[i].read = source_read;
		sources[i].quality = 1;
		err = hwrng_register(&sources[i]);
	}
	return err;
}
device_initcall(source_init);
