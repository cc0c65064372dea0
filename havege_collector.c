// SPDX-License-Identifier: GPL-2.0
/*
 * A thread on one CPU that keeps a buffer of ready bytes
 *
 * The contract is in havege_collector.h. The thread sleeps while the buffer is
 * full, is woken when fewer bits are left than the fill threshold, and then
 * takes the entropy source step by step, preemptible, until the buffer is full
 * again. It decides nothing about entropy: the source says what may be delivered
 * and when not.
 *
 * Who protects what:
 *
 * - c->control, a mutex, is held over everything that creates or stops a
 *   thread. Its holder sleeps, and waits for the thread; the thread never takes
 *   it.
 * - c->lock, a spinlock, protects buffer, status, gone, the counts, and cpu,
 *   tuning and figures for those who only look. Held for a copy of 4 KiB at
 *   most; nothing sleeps under it. It nests inside c->control.
 * - The source and its tables belong to the thread: it allocates them, uses them
 *   and wipes them before it ends. Nobody else ever sees them.
 *
 * Teardown: havege_collector_dismiss() first, so that no reader is left inside
 * and none comes in (hwrng_unregister() would wait for it); then, when nobody
 * can find the collector any more, havege_collector_destroy() stops the thread
 * under c->control. Last it waits for the rehome work, which after the dismissal
 * starts no thread.
 *
 * Between two steps comes cond_resched_tasks_rcu_qs() and not its plain brother:
 * while somebody reads and reads the thread does not sleep for minutes, and who
 * waits for each task to have slept (ftrace, kprobes, BPF) would wait as long.
 *
 * A bound kthread whose CPU goes offline is moved without being asked. The
 * thread notices before and after each step, drops what it has, and asks the
 * rehome work for a successor: a new CPU means a new start-up, and a thread can
 * not outlive itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "compat.h"
#include "havege_collector.h"
#include "havege_counter.h"

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

/* What the source says of itself, for those who look. */
static void publish(struct havege_collector *c,
		    const struct havege_source *source)
{
	struct havege_figures *figures = &c->figures;
	unsigned int i;

	spin_lock(&c->lock);
	figures->residual = source->estimate.residual;
	figures->credit = source->credit;
	figures->block_ticks = source->block_ticks;
	figures->shift = source->health.shift;
	for (i = 0; i < HAVEGE_TESTS; i++)
		figures->failures[i] = c->before.failures[i] +
			source->health.failures[i];
	figures->poor = c->before.poor + source->poor;
	spin_unlock(&c->lock);
}

static void set_status(struct havege_collector *c, enum havege_status status)
{
	spin_lock(&c->lock);
	c->status = status;
	spin_unlock(&c->lock);
	wake_up_interruptible_all(&c->readers);
}

/* Latched: nothing is served, nothing kept, and whoever registered us hears it. */
static void fail_for_good(struct havege_collector *c)
{
	spin_lock(&c->lock);
	havege_buffer_wipe(&c->buffer);
	spin_unlock(&c->lock);
	set_status(c, HAVEGE_FAILED);
	if (c->settings.failed)
		schedule_work(c->settings.failed);
}

static void close_source(struct havege_source *source)
{
	u32 *table = source->walk.table, *spare = source->spare;

	havege_source_wipe(source);
	kvfree(table);
	kvfree(spare);
	kvfree(source);
}

static struct havege_source *alloc_source(struct havege_collector *c,
					  const struct havege_geometry *geo)
{
	const size_t bytes = havege_table_bytes(geo);
	struct havege_source *source = kvzalloc(sizeof(*source), GFP_KERNEL);
	u32 *table = kvmalloc(bytes, GFP_KERNEL);
	u32 *spare = kvmalloc(bytes, GFP_KERNEL);

	if (!source || !table || !spare) {
		kvfree(spare);
		kvfree(table);
		kvfree(source);
		return ERR_PTR(-ENOMEM);
	}
	havege_source_init(source, table, spare, geo, c->settings.clock,
			   havege_known_answers);
	source->stream = c->settings.stream;
	return source;
}

static u64 read_counter(void *arg)
{
	return havege_counter();
}

/* A trapped counter still works, but a user should know why it takes so long. */
static void report_slow(const struct havege_source *source, u64 testing_ns)
{
	const u64 cost = havege_tune_cost(read_counter, NULL);

	if (cost > HAVEGE_SLOW_TICKS)
		pr_notice("slow counter: reading it takes %llu ticks (trapped by a hypervisor, or not the CPU's own); 32 bytes take about %llu us\n",
			  cost, div_u64(testing_ns * source->block_ticks,
					HAVEGE_STARTUP_TICKS * 1000));
}

/* Tune, allocate, start up: the way to the first byte on any CPU. */
static struct havege_source *open_source(struct havege_collector *c)
{
	struct havege_tuning tuning;
	struct havege_source *source;
	enum havege_phase phase;
	u64 testing = 0;
	int err;

	err = havege_tune(c->settings.dcache_kb, c->settings.icache_kb, &tuning);
	if (err)
		return ERR_PTR(err);
	source = alloc_source(c, &tuning.geo);
	if (IS_ERR(source))
		return source;

	do {
		phase = source->phase;
		havege_source_step(source);
		havege_source_forget(source);
		if (phase != HAVEGE_TESTING)
			testing = ktime_get_ns();
		cond_resched_tasks_rcu_qs();
		if (kthread_should_stop())
			err = -EINTR;
		else if (!at_home(c))
			err = -ENXIO;
		else if (source->phase == HAVEGE_DEAD)
			err = -ENODEV;
	} while (!err && source->phase != HAVEGE_RUNNING);

	publish(c, source);
	if (!err) {
		report_slow(source, ktime_get_ns() - testing);
		spin_lock(&c->lock);
		c->tuning = tuning;
		spin_unlock(&c->lock);
		set_status(c, HAVEGE_OK);
		return source;
	}
	if (err == -ENODEV) {
		char text[HAVEGE_EXPLAIN];

		havege_source_explain(source, text, sizeof(text));
		pr_err("not started: %s\n", text);
	}
	close_source(source);
	return ERR_PTR(err);
}

static void say_why(const struct havege_source *source, const char *what)
{
	char text[HAVEGE_EXPLAIN];

	havege_source_explain(source, text, sizeof(text));
	pr_warn("%s: %s\n", what, text);
}

/*
 * A lull can pass: what begins anew has some seconds for all its tries. Woken
 * by nothing but kthread_stop().
 */
static void pause(struct havege_collector *c)
{
	wait_event_freezable_timeout(c->work, kthread_should_stop(),
				     HAVEGE_PAUSE_MS * HZ / 1000);
}

/*
 * One step of the source, and what follows from it. Whether the thread can go
 * on: it cannot where it is no longer where it was put, nor after a failure.
 */
static bool step(struct havege_collector *c, struct havege_source *source)
{
	enum havege_step what;
	enum havege_status status;

	if (!at_home(c))
		return false;
	what = havege_source_step(source);
	if (!at_home(c))
		return false;

	spin_lock(&c->lock);
	status = c->status;
	spin_unlock(&c->lock);

	switch (what) {
	case HAVEGE_STEP_BUSY:
		break;
	case HAVEGE_STEP_WORDS:
		if (source->stream)
			havege_collector_supply(c, source->walk.ring,
						sizeof(source->walk.ring));
		break;
	case HAVEGE_STEP_BLOCK:
		havege_collector_supply(c, source->block,
					sizeof(source->block));
		break;
	case HAVEGE_STEP_BAD:
		if (status != HAVEGE_RECOVERING) {
			set_status(c, HAVEGE_RECOVERING);
			say_why(source, "recovering");
		}
		publish(c, source);
		break;
	case HAVEGE_STEP_DEAD:
		publish(c, source);
		fail_for_good(c);
		say_why(source, "failed for good");
		break;
	}
	if (status == HAVEGE_RECOVERING && source->phase == HAVEGE_RUNNING)
		set_status(c, HAVEGE_OK);
	havege_source_forget(source);
	if (what == HAVEGE_STEP_BAD)
		pause(c);
	return true;
}

/*
 * Whether there is work. A source that begins anew has some though the buffer
 * be full: until it has done so nobody can take anything from there.
 */
static bool busy(struct havege_collector *c, struct havege_source *source)
{
	return wanted(c) || source->phase != HAVEGE_RUNNING;
}

static void serve(struct havege_collector *c, struct havege_source *source)
{
	u32 estimates = source->estimates;

	c->estimated = jiffies;
	set_freezable();
	while (!kthread_should_stop() && source->phase != HAVEGE_DEAD) {
		wait_event_freezable(c->work, busy(c, source) ||
				     kthread_should_stop());
		if (!busy(c, source))
			continue;
		if (source->estimates != estimates) {
			estimates = source->estimates;
			c->estimated = jiffies;
			publish(c, source);
		}
		if (time_after(jiffies, c->estimated +
			       HAVEGE_ESTIMATE_SECONDS * HZ))
			havege_source_estimate(source);
		if (!step(c, source)) {
			WRITE_ONCE(c->lost, true);
			schedule_work(&c->rehome);
			break;
		}
		cond_resched_tasks_rcu_qs();
		try_to_freeze();
	}
}

static int collect(void *data)
{
	struct havege_collector *c = data;
	struct havege_source *source = open_source(c);

	c->start_error = PTR_ERR_OR_ZERO(source);
	complete(&c->started);
	if (!IS_ERR(source)) {
		serve(c, source);
		close_source(source);
	}

	/* A kthread that ended by itself must not be stopped: wait for it. */
	set_freezable();
	wait_event_freezable(c->work, kthread_should_stop());
	return 0;
}

/* Nothing is served, and nothing kept, when there is no thread. */
static void back_to_start(struct havege_collector *c)
{
	spin_lock(&c->lock);
	havege_buffer_wipe(&c->buffer);
	if (c->status != HAVEGE_FAILED)
		c->status = HAVEGE_STARTING;
	c->before = c->figures;
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
	if (!is_gone(c) && !is_failed(c) &&
	    (!c->task || READ_ONCE(c->lost))) {
		stop(c);
		err = start_on(c, -1);
		while (err == -ENXIO && tries--) {
			cpus_read_lock();
			cpus_read_unlock();
			err = start_on(c, -1);
		}
		if (err) {
			pr_err("failed for good: no CPU left to collect on (error %d)\n",
			       err);
			fail_for_good(c);
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

/* Bytes, 0 if there are none, or why there will be none; counted in @counter. */
static int take(struct havege_collector *c, void *dst, size_t max, u64 *counter)
{
	bool wake = false;
	int ret;

	spin_lock(&c->lock);
	if (c->gone) {
		ret = -ENODEV;
	} else if (c->status == HAVEGE_FAILED) {
		ret = -EIO;
	} else {
		if (c->status == HAVEGE_RECOVERING)
			max = 0;
		wake = !c->buffer.wanted;
		ret = havege_buffer_take(&c->buffer, dst,
					 min_t(size_t, max, COPY_MAX));
		*counter += ret;
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
	ret = (c->buffer.fill && c->status != HAVEGE_RECOVERING) || c->gone ||
		c->status == HAVEGE_FAILED;
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
		ret = take(c, dst, max, &c->bytes_out);
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

u32 havege_collector_contribute(struct havege_collector *c, u32 max)
{
	u8 bytes[64];
	int ret;

	if (c->settings.stream)
		return 0;
	ret = take(c, bytes, min_t(u32, max, sizeof(bytes)), &c->contributed);
	if (ret <= 0)
		return 0;
	add_device_randomness(bytes, ret);
	memzero_explicit(bytes, sizeof(bytes));
	return ret;
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
		.contributed = c->contributed,
		.figures = c->figures,
		.tuning = c->tuning,
	};
	spin_unlock(&c->lock);
}
