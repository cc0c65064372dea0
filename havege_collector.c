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
 *   thread: start, move, suspend, resume, destroy and the settle work. Its holder
 *   sleeps, and waits for the thread; the thread never takes it. The lock of CPU
 *   hotplug is taken inside it: so the callbacks of CPU hotplug, which run inside
 *   that one, queue the work and do not take it.
 * - c->lock, a spinlock, protects buffer, status, gone, stale, the counts, and
 *   cpu, tuning and figures for those who only look. Held for a copy of 4 KiB, or
 *   for a wipe of the buffer; nothing sleeps under it. It nests inside
 *   c->control.
 * - The source and its tables belong to the thread: it allocates them, uses them
 *   and wipes them before it ends. Nobody else ever sees them.
 *
 * Why a thread is replaced, and never talked to: a new CPU, a resume and a copied
 * machine all mean the same start-up, from nothing. A source that was wiped with
 * its thread cannot carry anything over.
 *
 * A bound kthread whose CPU goes offline is moved without being asked. The
 * thread notices before and after each step, drops what it has, and has the
 * settle work find a successor. That work waits for a change of the CPUs that is
 * under way: a CPU that goes offline loses its threads while it is still called
 * online. It is a worker and not the one who wrote to a knob, whom a signal can
 * make fail.
 *
 * A machine that is copied while it runs (a snapshot that is resumed twice) gives
 * both copies the same buffer and the same walk. The generation that the
 * hypervisor changes before the copy runs is therefore looked at under c->lock
 * whenever bytes go in or out; on the way out when they have been taken, since the
 * machine can have been stopped in the midst of that. From the moment that a
 * change is seen the thread is stale: nothing it supplies gets into the buffer.
 * Who is told of a fork only leaves a mark, which is looked at there as well: it
 * may be an interrupt, which may not take c->lock.
 *
 * Before the machine sleeps the thread is stopped, and not frozen with its
 * tables: those would be in the image that hibernation writes. It is freezable
 * all the same, for a freeze that comes before anyone listens.
 *
 * Teardown: havege_collector_dismiss() first, so that no reader is left inside
 * and none comes in (hwrng_unregister() would wait for it), and so that a
 * start-up under way ends at its next step. Then, when nobody can find the
 * collector any more, neither readers nor events, havege_collector_destroy()
 * stops the thread under c->control. Last it waits for the settle work, which
 * after the dismissal starts no thread: the thread can have queued it, so it can
 * not go before the thread.
 *
 * Between two steps comes cond_resched_tasks_rcu_qs() and not its plain brother:
 * while somebody reads and reads the thread does not sleep for minutes, and who
 * waits for each task to have slept (ftrace, kprobes, BPF) would wait as long.
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
/* CPUs that may go away under the first start-up before it is an error. */
#define START_TRIES	16

/* Not one of nohz_full= either: what wants no tick wants no thread. */
static bool for_kernel_threads(int cpu)
{
	return housekeeping_cpu(cpu, HK_TYPE_KTHREAD) &&
		housekeeping_cpu(cpu, HK_TYPE_TICK) &&
		!havege_cpu_is_isolated(cpu);
}

int havege_collector_default_cpu(void)
{
	int cpu, last = -1;

	for_each_online_cpu(cpu)
		if (for_kernel_threads(cpu))
			last = cpu;
	return last >= 0 ? last : (int)cpumask_last(cpu_online_mask);
}

static bool is_online(int cpu)
{
	return cpu >= 0 && cpu < nr_cpu_ids && cpu_online(cpu);
}

/* Where the thread belongs, a CPU having been asked for or (negative) not. */
static int choose_cpu(int asked)
{
	return is_online(asked) ? asked : havege_collector_default_cpu();
}

void havege_collector_settle(struct havege_collector *c)
{
	mod_delayed_work(system_long_wq, &c->settle, 0);
}

/* Under c->lock: all that there is belongs to the other copies as well. */
static void disown(struct havege_collector *c)
{
	havege_buffer_wipe(&c->buffer);
	c->stale = true;
	havege_collector_settle(c);
}

/* Under c->lock: whether this machine has been copied since it was last asked. */
static bool is_copy(struct havege_collector *c)
{
	const void *now = c->settings.generation;
	bool copied;

	/* The hypervisor's doing, between any two instructions. */
	barrier();
	copied = READ_ONCE(c->told) && xchg(&c->told, 0);
	if (now && memcmp(now, c->generation, HAVEGE_GENERATION)) {
		memcpy(c->generation, now, HAVEGE_GENERATION);
		copied = true;
	}
	if (copied)
		disown(c);
	return copied;
}

/* Without c->lock: some kernels tell from the hypervisor's interrupt. */
void havege_collector_forked(struct havege_collector *c)
{
	if (!c->settings.generation)
		WRITE_ONCE(c->told, 1);
	havege_collector_settle(c);
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
	u32 done = 0;

	spin_lock(&c->lock);
	if (!is_copy(c) && !c->stale)
		done = havege_buffer_put(&c->buffer, bytes,
					 min_t(u32, count, COPY_MAX));
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
		if (kthread_should_stop() || READ_ONCE(c->gone))
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
	if (err == -ENODEV && !c->waiting) {
		char text[HAVEGE_EXPLAIN];

		havege_source_explain(source, text, sizeof(text));
		pr_err("%s: %s\n", c->begun ? "not started again" :
		       "not started", text);
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

/* Whether the CPU was asked for, or may be chosen. */
static bool is_welcome(struct havege_collector *c)
{
	const int cpu = READ_ONCE(c->cpu);

	return READ_ONCE(c->asked) == cpu || for_kernel_threads(cpu);
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
			       HAVEGE_ESTIMATE_SECONDS * HZ)) {
			havege_source_estimate(source);
			/* Nobody tells when a cpuset has isolated this CPU. */
			if (!is_welcome(c))
				havege_collector_settle(c);
		}
		if (!step(c, source)) {
			WRITE_ONCE(c->lost, true);
			havege_collector_settle(c);
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
	if (!is_online(cpu))
		return -ENXIO;

	task = kthread_create_on_node(collect, c, cpu_to_node(cpu), "havege/%d",
				      cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);

	spin_lock(&c->lock);
	WRITE_ONCE(c->cpu, cpu);
	/* Whatever copy this is, the new thread has nothing of another's. */
	c->stale = false;
	WRITE_ONCE(c->told, 0);
	if (c->settings.generation)
		memcpy(c->generation, c->settings.generation,
		       HAVEGE_GENERATION);
	spin_unlock(&c->lock);

	c->lost = false;
	reinit_completion(&c->started);
	wake_up_process(task);
	err = wait_for_completion_killable(&c->started) ? -EINTR : c->start_error;
	if (!err) {
		c->task = task;
		c->begun = true;
		c->waiting = false;
		c->refusals = 0;
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

/* What stands in the way of a thread: -EINTR, -EIO, -EBUSY; 0: nothing does. */
static int obstacle(struct havege_collector *c)
{
	int err = 0;

	spin_lock(&c->lock);
	if (c->gone)
		err = -EINTR;
	else if (c->status == HAVEGE_FAILED)
		err = -EIO;
	else if (c->status == HAVEGE_SUSPENDED)
		err = -EBUSY;
	spin_unlock(&c->lock);
	return err;
}

/* Whether the thread, on @cpu, can stay as it is. */
static bool is_settled(struct havege_collector *c, int cpu)
{
	bool stale;

	spin_lock(&c->lock);
	stale = c->stale;
	spin_unlock(&c->lock);
	return c->task && c->cpu == cpu && !stale && !READ_ONCE(c->lost);
}

/* Under c->control: the thread on the CPU where it should be. */
static int go_home(struct havege_collector *c)
{
	const int cpu = choose_cpu(c->asked);

	if (is_settled(c, cpu))
		return 0;
	stop(c);
	return start_on(c, cpu);
}

/* A CPU that goes offline loses its threads before it stops being online. */
static void wait_for_hotplug(void)
{
	cpus_read_lock();
	cpus_read_unlock();
}

static void settle(struct work_struct *work)
{
	struct havege_collector *c = container_of(to_delayed_work(work),
						  typeof(*c), settle);
	int err;

	mutex_lock(&c->control);
	wait_for_hotplug();
	/* Who was told of a fork has left it to us, and to those who read. */
	spin_lock(&c->lock);
	is_copy(c);
	spin_unlock(&c->lock);
	if (obstacle(c))
		goto out;
	err = go_home(c);
	if (!err || obstacle(c))
		goto out;
	if (err == -ENODEV && ++c->refusals == HAVEGE_RESTARTS) {
		pr_err("failed for good: %u start-ups in a row were refused\n",
		       c->refusals);
		fail_for_good(c);
		goto out;
	}
	/* A CPU that has just gone again is no failure of anybody's. */
	if (err != -ENXIO && !c->waiting) {
		c->waiting = true;
		pr_warn("nothing is collected for now (error %d): trying again\n",
			err);
	}
	mod_delayed_work(system_long_wq, &c->settle,
			 msecs_to_jiffies(HAVEGE_PAUSE_MS));
out:
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
	c->asked = -1;
	c->cpu = -1;
	mutex_init(&c->control);
	init_completion(&c->started);
	INIT_DELAYED_WORK(&c->settle, settle);
	spin_lock_init(&c->lock);
	init_waitqueue_head(&c->readers);
	init_waitqueue_head(&c->work);
	havege_buffer_init(&c->buffer, data, size, settings->threshold);
	return c;
}

int havege_collector_start(struct havege_collector *c, int cpu)
{
	int err, tries = START_TRIES;

	mutex_lock(&c->control);
	err = start_on(c, cpu < 0 ? choose_cpu(cpu) : cpu);
	/* Who has named none does not mind which. */
	while (err == -ENXIO && cpu < 0 && tries--) {
		wait_for_hotplug();
		err = start_on(c, choose_cpu(cpu));
	}
	if (!err)
		WRITE_ONCE(c->asked, cpu);
	mutex_unlock(&c->control);
	return err;
}

int havege_collector_move(struct havege_collector *c, int cpu)
{
	int err, before;

	if (cpu >= 0 && !is_online(cpu))
		return -ENXIO;

	mutex_lock(&c->control);
	before = c->asked;
	WRITE_ONCE(c->asked, cpu);
	err = obstacle(c);
	if (!err)
		err = go_home(c);
	else if (err == -EBUSY)
		err = 0;
	if (err) {
		WRITE_ONCE(c->asked, before);
		if (!obstacle(c) && go_home(c))
			havege_collector_settle(c);
	}
	mutex_unlock(&c->control);
	return err;
}

void havege_collector_suspend(struct havege_collector *c)
{
	mutex_lock(&c->control);
	stop(c);
	if (!obstacle(c))
		set_status(c, HAVEGE_SUSPENDED);
	mutex_unlock(&c->control);
}

void havege_collector_resume(struct havege_collector *c)
{
	mutex_lock(&c->control);
	if (obstacle(c) == -EBUSY) {
		set_status(c, HAVEGE_STARTING);
		havege_collector_settle(c);
	}
	mutex_unlock(&c->control);
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
		if (is_copy(c)) {
			memzero_explicit(dst, ret);
			ret = 0;
		}
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
	cancel_delayed_work_sync(&c->settle);

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
