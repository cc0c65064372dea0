// SPDX-License-Identifier: GPL-2.0
/*
 * A thread on one CPU that keeps a buffer of ready bytes
 *
 * The contract is in havege_collector.h. The thread sleeps while the buffer is
 * full, is woken when fewer bits are left than the fill threshold, and then
 * collects batch by batch, preemptible, until the buffer is full again.
 *
 * Who protects what:
 *
 * - c->control, a mutex, is held over everything that creates or stops a
 *   thread. Its holder sleeps, and waits for the thread; the thread never takes
 *   it.
 * - c->lock, a spinlock, protects buffer, status, gone, bytes_out, and cpu and
 *   tuning for those who only look. Held for a copy of 4 KiB at most; nothing
 *   sleeps under it. It nests inside c->control.
 * - The walk and its table belong to the thread: it allocates them, uses them
 *   and wipes them before it ends. Nobody else ever sees them.
 *
 * Teardown: havege_collector_dismiss() first, so that no reader is left inside
 * and none comes in (hwrng_unregister() would wait for it); then, when nobody
 * can find the collector any more, havege_collector_destroy() stops the thread
 * under c->control. Last it waits for the rehome work, which after the dismissal
 * starts no thread.
 *
 * A bound kthread whose CPU goes offline is moved without being asked. The
 * thread notices before and after each batch, drops what it has, and asks the
 * rehome work for a successor: a new CPU means a new start-up, and a thread can
 * not outlive itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "compat.h"
#include "havege_collector.h"

/* Bytes copied at most while c->lock is held. */
#define COPY_MAX	4096

int havege_collector_default_cpu(void)
{
	int cpu, last = -1;

	for_each_online_cpu(cpu)
		if (housekeeping_cpu(cpu, HK_TYPE_DOMAIN) &&
		    housekeeping_cpu(cpu, HK_TYPE_KTHREAD))
			last = cpu;
	return last >= 0 ? last : (int)cpumask_last(cpu_online_mask);
}

static bool wanted(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->buffer.wanted;
	spin_unlock(&c->lock);
	return ret;
}

u32 havege_collector_supply(struct havege_collector *c, const void *bytes,
			    u32 count)
{
	u32 done;

	spin_lock(&c->lock);
	done = havege_buffer_put(&c->buffer, bytes, min_t(u32, count, COPY_MAX));
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
	return done;
}

/* Whether the thread is still where it was put. */
static bool at_home(struct havege_collector *c)
{
	return raw_smp_processor_id() == READ_ONCE(c->cpu);
}

/*
 * One batch, from the walk into the buffer. The health tests on walk->delta
 * and the conditioner have their place between the two calls.
 */
static bool batch(struct havege_collector *c, struct havege_walk *walk)
{
	bool ok = at_home(c);

	if (ok) {
		havege_walk_live(walk);
		ok = at_home(c);
	}
	if (ok)
		havege_collector_supply(c, walk->ring, sizeof(walk->ring));
	/* What has been handed over, or was refused, is kept nowhere else. */
	memzero_explicit(walk->ring, sizeof(walk->ring));
	memzero_explicit(walk->delta, sizeof(walk->delta));
	return ok;
}

static void close_walk(struct havege_walk *walk)
{
	u32 *table = walk->table;

	havege_walk_wipe(walk);
	kvfree(table);
	kfree(walk);
}

/* Tune, allocate, warm up: the way to the first byte on any CPU. */
static struct havege_walk *open_walk(struct havege_collector *c)
{
	struct havege_tuning tuning;
	struct havege_walk *walk;
	unsigned int i, fills;
	u32 *table;
	int err;

	err = havege_tune(c->settings.dcache_kb, c->settings.icache_kb, &tuning);
	if (err)
		return ERR_PTR(err);

	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk)
		return ERR_PTR(-ENOMEM);
	table = kvmalloc(havege_table_bytes(&tuning.geo), GFP_KERNEL);
	if (!table) {
		kfree(walk);
		return ERR_PTR(-ENOMEM);
	}
	havege_walk_init(walk, table, &tuning.geo);

	fills = havege_warmup_fills(walk);
	for (i = 0; i < fills && at_home(c); i++) {
		if (kthread_should_stop())
			break;
		havege_walk_live(walk);
		cond_resched();
	}
	if (i < fills) {
		close_walk(walk);
		return ERR_PTR(kthread_should_stop() ? -EINTR : -ENXIO);
	}
	memzero_explicit(walk->ring, sizeof(walk->ring));

	spin_lock(&c->lock);
	c->tuning = tuning;
	c->status = HAVEGE_OK;
	spin_unlock(&c->lock);
	return walk;
}

static int collect(void *data)
{
	struct havege_collector *c = data;
	struct havege_walk *walk = open_walk(c);

	c->start_error = PTR_ERR_OR_ZERO(walk);
	complete(&c->started);

	set_freezable();
	if (!IS_ERR(walk)) {
		while (!kthread_should_stop()) {
			wait_event_freezable(c->work, wanted(c) ||
					     kthread_should_stop());
			if (wanted(c) && !batch(c, walk)) {
				WRITE_ONCE(c->lost, true);
				schedule_work(&c->rehome);
				break;
			}
			cond_resched();
			try_to_freeze();
		}
		close_walk(walk);
	}

	/* A kthread that ended by itself must not be stopped: wait for it. */
	wait_event_freezable(c->work, kthread_should_stop());
	return 0;
}

/* Nothing is served, and nothing kept, when there is no thread. */
static void back_to_start(struct havege_collector *c)
{
	spin_lock(&c->lock);
	havege_buffer_wipe(&c->buffer);
	c->status = HAVEGE_STARTING;
	spin_unlock(&c->lock);
}

/* Under c->control, and without a thread, so that the status is STARTING. */
static int start_on(struct havege_collector *c, int cpu)
{
	struct task_struct *task;
	int err;

	lockdep_assert_held(&c->control);
	if (cpu < 0)
		cpu = havege_collector_default_cpu();
	if (cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -ENXIO;

	task = kthread_create_on_node(collect, c, cpu_to_node(cpu), "havege/%d",
				      cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);

	spin_lock(&c->lock);
	WRITE_ONCE(c->cpu, cpu);
	spin_unlock(&c->lock);

	c->lost = false;
	reinit_completion(&c->started);
	wake_up_process(task);
	err = wait_for_completion_killable(&c->started) ? -EINTR : c->start_error;
	if (!err) {
		c->task = task;
		return 0;
	}
	kthread_stop(task);
	/* It may have made it just when its starter was killed. */
	back_to_start(c);
	return err;
}

/* Under c->control. */
static void stop(struct havege_collector *c)
{
	lockdep_assert_held(&c->control);
	if (c->task)
		kthread_stop(c->task);
	c->task = NULL;
	back_to_start(c);
}

static bool is_gone(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->gone;
	spin_unlock(&c->lock);
	return ret;
}

static bool is_failed(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->status == HAVEGE_FAILED;
	spin_unlock(&c->lock);
	return ret;
}

/*
 * A worker and not the thread's own doing, see above; and not the doing of the
 * one who wrote to a knob either, whom a signal can make fail.
 *
 * A CPU that is going offline loses its threads before it stops being called
 * online, so that the first choice can be the very CPU the thread was driven
 * from. Then the change under way is waited for, and the choice made again.
 */
static void rehome(struct work_struct *work)
{
	struct havege_collector *c = container_of(work, typeof(*c), rehome);
	int err, tries = 16;

	mutex_lock(&c->control);
	if (!is_gone(c) && (!c->task || READ_ONCE(c->lost))) {
		stop(c);
		err = start_on(c, -1);
		while (err == -ENXIO && tries--) {
			cpus_read_lock();
			cpus_read_unlock();
			err = start_on(c, -1);
		}
		if (err) {
			pr_err("no CPU left to collect on (error %d): giving up; reads fail with EIO until the module is loaded again\n",
			       err);
			spin_lock(&c->lock);
			c->status = HAVEGE_FAILED;
			spin_unlock(&c->lock);
			wake_up_interruptible_all(&c->readers);
		}
	}
	mutex_unlock(&c->control);
}

struct havege_collector *
havege_collector_create(const struct havege_settings *settings)
{
	const u32 size = settings->buffer_kb * 1024;
	struct havege_collector *c;
	void *data;

	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return ERR_PTR(-ENOMEM);
	data = kvzalloc(size, GFP_KERNEL);
	if (!data) {
		kfree(c);
		return ERR_PTR(-ENOMEM);
	}

	c->settings = *settings;
	c->cpu = -1;
	mutex_init(&c->control);
	init_completion(&c->started);
	INIT_WORK(&c->rehome, rehome);
	spin_lock_init(&c->lock);
	init_waitqueue_head(&c->readers);
	init_waitqueue_head(&c->work);
	havege_buffer_init(&c->buffer, data, size, settings->threshold);
	return c;
}

int havege_collector_start(struct havege_collector *c, int cpu)
{
	int err;

	mutex_lock(&c->control);
	err = start_on(c, cpu);
	mutex_unlock(&c->control);
	return err;
}

int havege_collector_move(struct havege_collector *c, int cpu)
{
	int err = 0;

	if (cpu < 0)
		cpu = havege_collector_default_cpu();
	if (cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -ENXIO;

	mutex_lock(&c->control);
	if (is_failed(c)) {
		err = -EIO;
	} else if (!c->task || c->cpu != cpu) {
		const int home = c->cpu;

		stop(c);
		err = start_on(c, cpu);
		if (err && start_on(c, home))
			schedule_work(&c->rehome);
	}
	mutex_unlock(&c->control);
	return err;
}

int havege_collector_set_threshold(struct havege_collector *c, u32 bits)
{
	int err = 0;

	spin_lock(&c->lock);
	if (bits < HAVEGE_THRESHOLD_MIN || bits > c->buffer.size * 8)
		err = -ERANGE;
	else
		havege_buffer_set_threshold(&c->buffer, bits);
	spin_unlock(&c->lock);
	wake_up(&c->work);
	return err;
}

/* Bytes, 0 if there are none, or why there will be none. */
static int take(struct havege_collector *c, void *dst, size_t max)
{
	bool wake = false;
	int ret;

	spin_lock(&c->lock);
	if (c->gone) {
		ret = -ENODEV;
	} else if (c->status == HAVEGE_FAILED) {
		ret = -EIO;
	} else {
		wake = !c->buffer.wanted;
		ret = havege_buffer_take(&c->buffer, dst,
					 min_t(size_t, max, COPY_MAX));
		c->bytes_out += ret;
		wake = wake && c->buffer.wanted;
	}
	spin_unlock(&c->lock);
	if (wake)
		wake_up(&c->work);
	return ret;
}

/* Whether a reader has something to come back for. */
static bool readable(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->buffer.fill || c->gone || c->status == HAVEGE_FAILED;
	spin_unlock(&c->lock);
	return ret;
}

/*
 * The hw_random core stops its own thread without a word to the driver that
 * the thread is reading from. The question warns when a user's task asks it.
 */
static bool told_to_stop(void)
{
	return (current->flags & PF_KTHREAD) && kthread_should_stop();
}

int havege_collector_read(struct havege_collector *c, void *dst, size_t max,
			  bool wait)
{
	long left = HAVEGE_READ_SECONDS * HZ;
	int ret;

	for (;;) {
		ret = take(c, dst, max);
		if (ret || !wait || !max)
			return ret;
		if (told_to_stop())
			return -EINTR;
		if (!left)
			return -ETIMEDOUT;
		left = wait_event_interruptible_timeout(c->readers,
							readable(c) ||
							told_to_stop(), left);
		if (left < 0)
			return left;
	}
}

void havege_collector_dismiss(struct havege_collector *c)
{
	spin_lock(&c->lock);
	c->gone = true;
	spin_unlock(&c->lock);
	wake_up_interruptible_all(&c->readers);
}

void havege_collector_destroy(struct havege_collector *c)
{
	havege_collector_dismiss(c);
	mutex_lock(&c->control);
	stop(c);
	mutex_unlock(&c->control);
	cancel_work_sync(&c->rehome);

	kvfree(c->buffer.data);
	kfree_sensitive(c);
}

void havege_collector_state(struct havege_collector *c,
			    struct havege_state *state)
{
	spin_lock(&c->lock);
	*state = (struct havege_state) {
		.status = c->status,
		.cpu = c->cpu,
		.fill_bits = havege_buffer_bits(&c->buffer),
		.bytes_out = c->bytes_out,
		.tuning = c->tuning,
	};
	spin_unlock(&c->lock);
}
