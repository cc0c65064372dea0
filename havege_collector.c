// SPDX-License-Identifier: GPL-2.0
/*
 * Threads, each on a CPU of its own, that keep a buffer of ready bytes
 *
 * The contract is in havege_collector.h. A thread sleeps while the buffer is
 * full, is woken when fewer bits are left than the fill threshold, and then
 * takes its entropy source step by step, preemptible, until the buffer is full
 * again. It decides nothing about entropy: the source says what may be delivered
 * and when not.
 *
 * Where there are several each has a source of its own, with its own tests and its
 * own credit, and they share the buffer. A source that begins anew stops all
 * deliveries, as if it were the only one, and one that has failed for good is the
 * end of them all: what is the matter on one CPU may be so on the others.
 *
 * Who protects what:
 *
 * - c->control, a mutex, is held over everything that creates or stops a
 *   thread: start, move, suspend, resume, destroy and the settle work. Its holder
 *   sleeps, and waits for the thread; the thread never takes it. The lock of CPU
 *   hotplug is taken inside it: so the callbacks of CPU hotplug, which run inside
 *   that one, queue the work and do not take it.
 * - c->lock, a spinlock, protects buffer, status, gone, epoch, the counts, and
 *   the list of workers, their status, tuning and figures for those who only look.
 *   Held for a copy of 4 KiB, or for a wipe of the buffer; nothing sleeps under it.
 *   It nests inside c->control.
 * - A worker belongs to who holds c->control, but for what its thread writes. It is
 *   freed when its thread has ended.
 * - A source and its tables belong to their thread: it allocates them, uses them
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
 * change is seen it is another epoch: nothing that a thread of the one before
 * supplies gets into the buffer.
 * Who is told of a fork only leaves a mark, which is looked at there as well: it
 * may be an interrupt, which may not take c->lock.
 *
 * Before the machine sleeps the threads are stopped, and not frozen with their
 * tables: those would be in the image that hibernation writes. They are freezable
 * all the same, for a freeze that comes before anyone listens.
 *
 * Teardown: havege_collector_dismiss() first, so that no reader is left inside
 * and none comes in (hwrng_unregister() would wait for it), and so that a
 * start-up under way ends at its next step. Then, when nobody can find the
 * collector any more, neither readers nor events, havege_collector_destroy()
 * stops the threads under c->control. Last it waits for the settle work, which
 * after the dismissal starts no thread: a thread can have queued it, so it can
 * not go before the threads.
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
#include <linux/vmalloc.h>

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

void havege_collector_settle(struct havege_collector *c)
{
	mod_delayed_work(system_long_wq, &c->settle, 0);
}

/* Under c->lock: all that there is belongs to the other copies as well. */
static void disown(struct havege_collector *c)
{
	havege_buffer_wipe(&c->buffer);
	c->epoch++;
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
	ret = c->buffer.wanted && c->status != HAVEGE_FAILED;
	spin_unlock(&c->lock);
	return ret;
}

u32 havege_collector_supply(struct havege_collector *c, u32 epoch,
			    const void *bytes, u32 count)
{
	u32 done = 0;

	spin_lock(&c->lock);
	if (!is_copy(c) && epoch == c->epoch && c->status != HAVEGE_FAILED)
		done = havege_buffer_put(&c->buffer, bytes,
					 min_t(u32, count, COPY_MAX));
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
	return done;
}

/* Whether a thread is still where it was put. */
static bool at_home(const struct havege_worker *w)
{
	return raw_smp_processor_id() == w->cpu;
}

/* What a source says of itself, for those who look. */
static void publish(struct havege_worker *w, const struct havege_source *source)
{
	struct havege_figures *figures = &w->figures;
	unsigned int i;

	spin_lock(&w->c->lock);
	figures->residual = source->estimate.residual;
	figures->credit = source->credit;
	figures->block_ticks = source->block_ticks;
	figures->shift = source->health.shift;
	for (i = 0; i < HAVEGE_TESTS; i++)
		figures->failures[i] = source->health.failures[i];
	figures->poor = source->poor;
	spin_unlock(&w->c->lock);
}

/* Under c->lock: what the workers do together. */
static void review(struct havege_collector *c)
{
	enum havege_status status = HAVEGE_STARTING;
	const struct havege_worker *w;

	if (c->status == HAVEGE_FAILED)
		return;
	list_for_each_entry(w, &c->workers, list)
		status = max(status, w->status);
	c->status = status;
}

static void set_status(struct havege_worker *w, enum havege_status status)
{
	struct havege_collector *c = w->c;

	spin_lock(&c->lock);
	w->status = status;
	review(c);
	spin_unlock(&c->lock);
	wake_up_interruptible_all(&c->readers);
}

/* Latched: nothing is served, nothing kept, and whoever registered us hears it. */
static void fail_for_good(struct havege_collector *c)
{
	spin_lock(&c->lock);
	havege_buffer_wipe(&c->buffer);
	c->status = HAVEGE_FAILED;
	spin_unlock(&c->lock);
	wake_up_interruptible_all(&c->readers);
	if (c->settings.failed)
		schedule_work(c->settings.failed);
}

static void close_source(struct havege_source *source)
{
	u64 *table = source->walk.table, *spare = source->spare;

	havege_source_wipe(source);
	vfree(table);
	vfree(spare);
	vfree(source);
}

/* By the page: kmalloc() would make 128 KiB of 96. */
static struct havege_source *alloc_source(struct havege_collector *c,
					  const struct havege_geometry *geo)
{
	const size_t bytes = havege_table_bytes(geo);
	struct havege_source *source = vzalloc(sizeof(*source));
	u64 *table = vmalloc(bytes);
	u64 *spare = vmalloc(bytes);

	if (!source || !table || !spare) {
		vfree(spare);
		vfree(table);
		vfree(source);
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
static struct havege_source *open_source(struct havege_worker *w)
{
	struct havege_collector *c = w->c;
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
		if (phase != HAVEGE_TESTING)
			testing = ktime_get_ns();
		cond_resched_tasks_rcu_qs();
		if (kthread_should_stop() || READ_ONCE(c->gone))
			err = -EINTR;
		else if (!at_home(w))
			err = -ENXIO;
		else if (source->phase == HAVEGE_DEAD)
			err = -ENODEV;
	} while (!err && source->phase != HAVEGE_RUNNING);

	publish(w, source);
	if (!err) {
		report_slow(source, ktime_get_ns() - testing);
		spin_lock(&c->lock);
		c->tuning = tuning;
		c->cpu = w->cpu;
		spin_unlock(&c->lock);
		set_status(w, HAVEGE_OK);
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
static bool step(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	enum havege_step what;

	if (!at_home(w))
		return false;
	what = havege_source_step(source);
	if (!at_home(w))
		return false;

	switch (what) {
	case HAVEGE_STEP_BUSY:
		break;
	case HAVEGE_STEP_WORDS:
		if (source->stream)
			havege_collector_supply(c, w->epoch, source->walk.ring,
						sizeof(source->walk.ring));
		break;
	case HAVEGE_STEP_BLOCK:
		havege_collector_supply(c, w->epoch, source->block,
					sizeof(source->block));
		havege_source_forget(source);
		break;
	case HAVEGE_STEP_BAD:
		if (w->status != HAVEGE_RECOVERING) {
			set_status(w, HAVEGE_RECOVERING);
			say_why(source, "recovering");
		}
		publish(w, source);
		break;
	case HAVEGE_STEP_DEAD:
		publish(w, source);
		fail_for_good(c);
		say_why(source, "failed for good");
		break;
	}
	if (w->status == HAVEGE_RECOVERING && source->phase == HAVEGE_RUNNING)
		set_status(w, HAVEGE_OK);
	if (what == HAVEGE_STEP_BAD) {
		havege_source_forget(source);
		pause(c);
	}
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
static bool is_welcome(const struct havege_worker *w)
{
	/* Whoever changes it has a look at all workers when that is done. */
	return data_race(cpumask_test_cpu(w->cpu, &w->c->asked)) ||
		for_kernel_threads(w->cpu);
}

static void serve(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	u32 estimates = source->estimates;

	w->estimated = jiffies;
	set_freezable();
	while (!kthread_should_stop() && source->phase != HAVEGE_DEAD) {
		/*
		 * What a fill has left is overwritten by the next one: it is
		 * wiped where there is none for a while.
		 */
		if (!busy(c, source) || freezing(current)) {
			havege_source_forget(source);
			wait_event_freezable(c->work, busy(c, source) ||
					     kthread_should_stop());
			try_to_freeze();
			continue;
		}
		if (source->estimates != estimates) {
			estimates = source->estimates;
			w->estimated = jiffies;
			publish(w, source);
		}
		if (time_after(jiffies, w->estimated +
			       HAVEGE_ESTIMATE_SECONDS * HZ)) {
			havege_source_estimate(source);
			/* Nobody tells when a cpuset has isolated this CPU. */
			if (!is_welcome(w))
				havege_collector_settle(c);
		}
		if (!step(w, source)) {
			WRITE_ONCE(w->lost, true);
			havege_collector_settle(c);
			break;
		}
		cond_resched_tasks_rcu_qs();
	}
}

static int collect(void *data)
{
	struct havege_worker *w = data;
	struct havege_source *source = open_source(w);

	w->start_error = PTR_ERR_OR_ZERO(source);
	w->source = source;
	complete(&w->started);
	if (!IS_ERR(source)) {
		serve(w, source);
		close_source(source);
	}

	/* A kthread that ended by itself must not be stopped: wait for it. */
	set_freezable();
	wait_event_freezable(w->c->work, kthread_should_stop());
	return 0;
}

/* Under c->control: a worker among the others, whose thread does not run yet. */
static struct havege_worker *new_worker(struct havege_collector *c, int cpu)
{
	struct havege_worker *w = kzalloc(sizeof(*w), GFP_KERNEL);
	int err;

	if (!w)
		return ERR_PTR(-ENOMEM);
	w->c = c;
	w->cpu = cpu;
	init_completion(&w->started);
	w->task = kthread_create_on_node(collect, w, cpu_to_node(cpu),
					 "havege/%d", cpu);
	if (IS_ERR(w->task)) {
		err = PTR_ERR(w->task);
		kfree(w);
		return ERR_PTR(err);
	}
	kthread_bind(w->task, cpu);

	spin_lock(&c->lock);
	/* Whatever copy this is, the new thread has nothing of another's. */
	is_copy(c);
	w->epoch = c->epoch;
	list_add_tail(&w->list, &c->workers);
	spin_unlock(&c->lock);
	return w;
}

/*
 * Under c->control. What the buffer has of a thread that ends is not told from
 * what it has of the others: all goes, unless the thread never got that far. What
 * has been counted stays.
 */
static void end_worker(struct havege_worker *w)
{
	struct havege_collector *c = w->c;
	struct havege_figures *figures = &w->figures;
	unsigned int i;

	lockdep_assert_held(&c->control);
	kthread_stop(w->task);

	spin_lock(&c->lock);
	list_del(&w->list);
	if (!w->start_error)
		havege_buffer_wipe(&c->buffer);
	for (i = 0; i < HAVEGE_TESTS; i++)
		figures->failures[i] += c->before.failures[i];
	figures->poor += c->before.poor;
	c->before = *figures;
	review(c);
	spin_unlock(&c->lock);
	/* The others have been asleep, maybe: now there is something to do. */
	wake_up(&c->work);
	kfree(w);
}

/* Under c->control: a thread on a CPU that has none. */
static int start_on(struct havege_collector *c, int cpu)
{
	struct havege_worker *w;
	int err;

	lockdep_assert_held(&c->control);
	if (!cpu_online(cpu))
		return -ENXIO;
	w = new_worker(c, cpu);
	if (IS_ERR(w))
		return PTR_ERR(w);

	wake_up_process(w->task);
	err = wait_for_completion_killable(&w->started) ? -EINTR : w->start_error;
	/* It may have made it just when its starter was killed. */
	if (err)
		end_worker(w);
	return err;
}

/* Under c->control, without workers: what is nobody's is not kept. */
static void keep_nothing(struct havege_collector *c)
{
	spin_lock(&c->lock);
	havege_buffer_wipe(&c->buffer);
	review(c);
	spin_unlock(&c->lock);
}

/* Under c->control. */
static void stop(struct havege_collector *c)
{
	struct havege_worker *w, *next;

	lockdep_assert_held(&c->control);
	list_for_each_entry_safe(w, next, &c->workers, list)
		end_worker(w);
	keep_nothing(c);
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

/* Under c->control: those asked for that there are, or else one that will do. */
static void choose_target(struct havege_collector *c)
{
	if (cpumask_and(&c->target, &c->asked, cpu_online_mask))
		return;
	cpumask_clear(&c->target);
	cpumask_set_cpu(havege_collector_default_cpu(), &c->target);
}

/* Whether a worker can stay as it is. */
static bool is_settled(struct havege_worker *w)
{
	struct havege_collector *c = w->c;
	bool ret;

	spin_lock(&c->lock);
	ret = w->epoch == c->epoch;
	spin_unlock(&c->lock);
	return ret && cpumask_test_cpu(w->cpu, &c->target) &&
		!READ_ONCE(w->lost);
}

static bool has_worker(struct havege_collector *c, int cpu)
{
	struct havege_worker *w;

	list_for_each_entry(w, &c->workers, list)
		if (w->cpu == cpu)
			return true;
	return false;
}

/*
 * Under c->control: a thread on each CPU where there should be one, and nowhere
 * else. Those that can start do, whatever becomes of the others.
 * Return: 0, or an error of one of them.
 */
static int go_home(struct havege_collector *c)
{
	struct havege_worker *w, *next;
	int cpu, err = 0, one;

	choose_target(c);
	list_for_each_entry_safe(w, next, &c->workers, list)
		if (!is_settled(w))
			end_worker(w);
	if (list_empty(&c->workers))
		keep_nothing(c);
	for_each_cpu(cpu, &c->target) {
		if (has_worker(c, cpu))
			continue;
		one = start_on(c, cpu);
		err = one ?: err;
		if (one == -EINTR)
			break;
	}
	if (!err) {
		c->begun = true;
		c->waiting = false;
		c->refusals = 0;
	}
	return err;
}

/* A CPU that goes offline loses its threads before it stops being online. */
static void wait_for_hotplug(void)
{
	cpus_read_lock();
	cpus_read_unlock();
}

/* Under c->control. Other CPUs may be better: then it goes on without this one. */
static void give_up(struct havege_collector *c)
{
	if (list_empty(&c->workers)) {
		pr_err("failed for good: %u start-ups in a row were refused\n",
		       c->refusals);
		fail_for_good(c);
	} else {
		pr_err("going on with fewer CPUs: %u start-ups in a row were refused\n",
		       c->refusals);
		c->refusals = 0;
	}
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
	if (err == -ENODEV && ++c->refusals >= HAVEGE_RESTARTS) {
		give_up(c);
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
	c->cpu = -1;
	mutex_init(&c->control);
	INIT_LIST_HEAD(&c->workers);
	INIT_DELAYED_WORK(&c->settle, settle);
	spin_lock_init(&c->lock);
	init_waitqueue_head(&c->readers);
	init_waitqueue_head(&c->work);
	havege_buffer_init(&c->buffer, data, size, settings->threshold);
	if (settings->generation)
		memcpy(c->generation, settings->generation, HAVEGE_GENERATION);
	return c;
}

int havege_collector_start(struct havege_collector *c,
			   const struct cpumask *cpus)
{
	int err, tries = START_TRIES;

	if (!cpumask_subset(cpus, cpu_online_mask))
		return -ENXIO;

	mutex_lock(&c->control);
	cpumask_copy(&c->asked, cpus);
	err = go_home(c);
	/* Who has named none does not mind which. */
	while (err == -ENXIO && cpumask_empty(cpus) && tries--) {
		wait_for_hotplug();
		err = go_home(c);
	}
	if (err) {
		stop(c);
		cpumask_clear(&c->asked);
	}
	mutex_unlock(&c->control);
	return err;
}

int havege_collector_move(struct havege_collector *c,
			  const struct cpumask *cpus)
{
	cpumask_var_t before;
	int err;

	if (!cpumask_subset(cpus, cpu_online_mask))
		return -ENXIO;
	if (!alloc_cpumask_var(&before, GFP_KERNEL))
		return -ENOMEM;

	mutex_lock(&c->control);
	cpumask_copy(before, &c->asked);
	cpumask_copy(&c->asked, cpus);
	err = obstacle(c);
	if (!err)
		err = go_home(c);
	else if (err == -EBUSY)
		err = 0;
	if (err) {
		cpumask_copy(&c->asked, before);
		if (!obstacle(c) && go_home(c))
			havege_collector_settle(c);
	}
	mutex_unlock(&c->control);
	free_cpumask_var(before);
	return err;
}

/* Without workers, whose status it would be. */
static void sleep_or_wake(struct havege_collector *c, enum havege_status status)
{
	spin_lock(&c->lock);
	c->status = status;
	spin_unlock(&c->lock);
}

void havege_collector_suspend(struct havege_collector *c)
{
	mutex_lock(&c->control);
	stop(c);
	if (!obstacle(c))
		sleep_or_wake(c, HAVEGE_SUSPENDED);
	mutex_unlock(&c->control);
}

void havege_collector_resume(struct havege_collector *c)
{
	mutex_lock(&c->control);
	if (obstacle(c) == -EBUSY) {
		sleep_or_wake(c, HAVEGE_STARTING);
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

/* Under c->lock: of all that there are, or were, who is worst off. */
static void sum_up(struct havege_collector *c, struct havege_figures *sum)
{
	const struct havege_worker *w;
	bool first = true;
	unsigned int i;

	*sum = c->before;
	list_for_each_entry(w, &c->workers, list) {
		const struct havege_figures *one = &w->figures;

		for (i = 0; i < HAVEGE_TESTS; i++)
			sum->failures[i] += one->failures[i];
		sum->poor += one->poor;
		/* Who is starting up has nothing to say yet. */
		if (w->status == HAVEGE_STARTING)
			continue;
		sum->residual = first ? one->residual :
			min(sum->residual, one->residual);
		sum->credit = first ? one->credit :
			min(sum->credit, one->credit);
		sum->block_ticks = first ? one->block_ticks :
			max(sum->block_ticks, one->block_ticks);
		sum->shift = first ? one->shift : max(sum->shift, one->shift);
		first = false;
	}
}

void havege_collector_state(struct havege_collector *c,
			    struct havege_state *state)
{
	const struct havege_worker *w;

	spin_lock(&c->lock);
	w = list_first_entry_or_null(&c->workers, struct havege_worker, list);
	*state = (struct havege_state) {
		.status = c->status,
		.cpu = w ? w->cpu : c->cpu,
		.fill_bits = havege_buffer_bits(&c->buffer),
		.bytes_out = c->bytes_out,
		.contributed = c->contributed,
		.tuning = c->tuning,
	};
	sum_up(c, &state->figures);
	spin_unlock(&c->lock);
}

void havege_collector_cpus(struct havege_collector *c, struct cpumask *cpus)
{
	const struct havege_worker *w;

	cpumask_clear(cpus);
	spin_lock(&c->lock);
	list_for_each_entry(w, &c->workers, list)
		cpumask_set_cpu(w->cpu, cpus);
	spin_unlock(&c->lock);
}
