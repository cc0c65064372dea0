// SPDX-License-Identifier: GPL-2.0
/*
 * Module entry and exit, and the hwrng
 *
 * Module init creates one collector (havege_collector.h) and module exit
 * destroys it. Also calling the collector:
 * - the parameters, havege_param.h
 * - the state files, havege_sysfs.h
 * - the files of raw samples, havege_debugfs.h
 * - contributions, havege_contribute.h
 * - system events, havege_events.h
 *
 * A collector that has failed permanently queues failed_work, which unregisters
 * the hwrng. The worker thread cannot do that itself: hwrng_unregister() waits
 * for readers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "havege_collector.h"
#include "havege_contribute.h"
#include "havege_counter.h"
#include "havege_debugfs.h"
#include "havege_events.h"
#include "havege_mod.h"
#include "havege_param.h"
#include "havege_sysfs.h"

/* hwrng */

/*
 * The core calls init when havege becomes the current source, and cleanup when
 * another source or none has taken its place and the last reader has left.
 */
static int havege_hwrng_init(struct hwrng *rng)
{
	havege_contribute_set_current(true);
	return 0;
}

static void havege_hwrng_cleanup(struct hwrng *rng)
{
	havege_contribute_set_current(false);
}

static struct hwrng havege_hwrng = {
	.name = "havege",
	.init = havege_hwrng_init,
	.cleanup = havege_hwrng_cleanup,
	.read = havege_hwrng_read,
#ifndef HAVEGE_CALL_LIMIT
	.any_size = true,
#endif
};

int havege_hwrng_read(struct hwrng *rng, void *data, size_t max, bool wait)
{
	struct havege_collector *c = (struct havege_collector *)rng->priv;

#ifdef HAVEGE_CALL_LIMIT
	max = havege_call_limit(max, havege_collector_is_stream(c),
				havege_may_be_virtual());
#endif
	return havege_collector_read(c, data, max, wait);
}

/* Serialises a permanent failure with module exit. */
static DEFINE_MUTEX(hwrng_lock);
static bool hwrng_registered;

static int hwrng_enter(struct havege_collector *c, u16 quality)
{
	int err;

	mutex_lock(&hwrng_lock);
	havege_hwrng.priv = (unsigned long)c;
	havege_hwrng.quality = quality;
	err = hwrng_register(&havege_hwrng);
	hwrng_registered = !err;
	mutex_unlock(&hwrng_lock);
	return err;
}

static void hwrng_leave(void)
{
	mutex_lock(&hwrng_lock);
	if (hwrng_registered)
		hwrng_unregister(&havege_hwrng);
	hwrng_registered = false;
	mutex_unlock(&hwrng_lock);
}

static void on_failure(struct work_struct *work)
{
	hwrng_leave();
}

static DECLARE_WORK(failed_work, on_failure);

/* Entry and exit */

static struct havege_collector *havege;
static struct device *havege_dev;
static const void *generation;

/* The CPUs that collect. A struct cpumask may be too large for the stack. */
static struct cpumask announced __initdata;

static void __init announce(struct havege_collector *c,
			    const struct havege_param_values *values)
{
	struct havege_state state;
	const struct havege_figures *figures = &state.figures;
	u32 needed;

	/* havege_init() calls this once, with havege_param_lock held. */
	havege_collector_snapshot(c, &state, &announced);
	needed = havege_limit(figures->span);
	pr_info("collecting on CPU %*pbl: counter %s, L1d %u KiB, L1i %u KiB (%s), table %u KiB, loop %u KiB, buffer %u KiB, quality %u of 1024\n",
		cpumask_pr_args(&announced), havege_counter_name(),
		state.tuning.geo.dcache_kb, state.tuning.geo.icache_kb,
		state.tuning.source,
		havege_table_kb(&state), havege_loop_kb(&state),
		values->buffer_kb, values->quality);
	pr_info("replay residual %u.%04u bit a sample (k = %u), %u.%04u is needed, credited %u.%04u: %u samples a block (mode=%s)\n",
		havege_bits(figures->estimate.residual),
		havege_bit_parts(figures->estimate.residual), figures->span,
		havege_bits(needed), havege_bit_parts(needed),
		havege_bits(figures->credit),
		havege_bit_parts(figures->credit), figures->block_samples,
		values->mode);
	if (havege_may_be_copied(generation))
		pr_info("no VM generation ID: fresh samples go into each block while its reader waits, so that copies of this machine do not share it\n");
}

static struct havege_collector * __init
bring_up(const struct havege_param_values *values)
{
	struct havege_settings settings = {
		.buffer_kb = values->buffer_kb,
		.threshold = values->threshold,
		.dcache_kb = values->dcache_kb,
		.icache_kb = values->icache_kb,
		.stream = values->stream,
		.failed = &failed_work,
	};
	struct havege_collector *c;
	int err;

	lockdep_assert_held(&havege_param_lock);
	generation = havege_generation_map();
	settings.generation = generation;
	settings.sealed = havege_may_be_copied(generation);
	c = havege_collector_create(&settings);
	if (IS_ERR(c)) {
		err = PTR_ERR(c);
		goto fail_generation;
	}
	err = havege_collector_start(c, cpumask_empty(values->cpus) ?
				     havege_one_cpu(values->cpu) :
				     values->cpus);
	if (err)
		goto fail_collector;

	havege_dev = havege_sysfs_register(c);
	if (IS_ERR(havege_dev)) {
		err = PTR_ERR(havege_dev);
		goto fail_collector;
	}

	err = havege_events_enter(c);
	if (err)
		goto fail_state;
	err = hwrng_enter(c, values->quality);
	if (err)
		goto fail_events;
	announce(c, values);
	/* A failure before hwrng_enter() had no hwrng to unregister. */
	if (havege_collector_read(c, NULL, 0, false) == -EIO)
		queue_work(havege_collector_wq(c), &failed_work);

	havege_debugfs_enter(c);
	havege_contribute_begin(c, values->contribute);
	return c;

fail_events:
	havege_events_leave();
fail_state:
	havege_sysfs_unregister(havege_dev);
fail_collector:
	havege_collector_destroy(c);
	cancel_work_sync(&failed_work);
fail_generation:
	havege_generation_unmap(generation);
	/* The collector has logged why it refuses a machine. */
	if (err != -ENODEV)
		pr_err("not started (error %d)\n", err);
	return ERR_PTR(err);
}

static int __init havege_init(void)
{
	struct havege_param_values values;
	struct havege_collector *c;
	int err;

	mutex_lock(&havege_param_lock);
	err = havege_param_read(&values);
	c = err ? ERR_PTR(err) : bring_up(&values);
	havege = IS_ERR(c) ? NULL : c;
	havege_param_attach(havege);
	mutex_unlock(&havege_param_lock);
	return PTR_ERR_OR_ZERO(c);
}

static void __exit havege_exit(void)
{
	struct havege_collector *c = havege;

	/*
	 * Dismiss readers first: hwrng_unregister() waits for the last of them.
	 * Do it without havege_param_lock: its holder may wait for a start-up,
	 * which the dismissal ends.
	 */
	havege_collector_dismiss(c);

	mutex_lock(&havege_param_lock);
	havege_param_attach(NULL);
	havege = NULL;
	mutex_unlock(&havege_param_lock);

	havege_contribute_end();
	havege_debugfs_leave();
	hwrng_leave();
	havege_events_leave();
	havege_sysfs_unregister(havege_dev);
	havege_collector_destroy(c);
	havege_generation_unmap(generation);
	/* No worker is left that could queue it again. */
	cancel_work_sync(&failed_work);
}

module_init(havege_init);
module_exit(havege_exit);

MODULE_DESCRIPTION("HAVEGE entropy source: a CPU's own timing as a hardware RNG");
#ifdef HAVEGE_VERSION
MODULE_VERSION(HAVEGE_VERSION);
#endif
MODULE_LICENSE("GPL");
