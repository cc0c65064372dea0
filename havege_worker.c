// SPDX-License-Identifier: GPL-2.0
/*
 * The worker thread
 *
 * A worker starts up a source of its own (havege_source.h) and then runs it
 * step by step, preemptible, until the buffer is full. Then it sleeps. The
 * source decides when bytes may leave; the worker only delivers them.
 *
 * Blocks come a set at a time:
 * - The worker closes a set once its blocks will fill the buffer.
 * - It hurries a set that is HAVEGE_PATIENCE_MS old while a reader waits. The
 *   reader still waits for the missing rows.
 * - It allocates memory for a set when the set begins, and frees it before it
 *   sleeps or pauses.
 *
 * A failed source stops all deliveries until it has recovered, and a permanent
 * failure ends them on all CPUs: the cause may be the same on the other CPUs.
 *
 * CPU hotplug moves a bound kthread away from a CPU that goes offline, and the
 * collector moves a worker that it stops. The worker checks its CPU before and
 * after each step. On another CPU it drops its samples and queues the settle
 * work, which replaces it.
 *
 * While no task waits for bytes the thread's priority is low: on a machine with
 * one CPU a start-up or a refill takes less than 5 % from another task. It counts
 * as waiting if
 * - a reader sleeps or has just found no bytes: it raises the priority of the
 *   threads itself, since other tasks may keep them from seeing it soon;
 * - the kernel's random number generator is not initialised: tasks may wait;
 * - this is a copy of a VM, whose pool is still that of the others;
 * - start-ups take longer than START_PATIENCE: insmod waits;
 * - a set takes longer than HAVEGE_SET_SECONDS: at some age it is dropped.
 * A fair scheduler can make a thread that has had a low priority wait behind
 * each other task for a tenth of a second, even if its priority has been raised.
 * Therefore the thread takes that of an ordinary task
 * before it sleeps.
 *
 * The thread is freezable, for a freeze that comes before the suspend notifier.
 *
 * cond_resched_tasks_rcu_qs() between two steps: with steady reads the thread
 * does not sleep for minutes. Plain cond_resched() would make ftrace, kprobes
 * and BPF wait that long for a Tasks RCU grace period.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

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
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "havege_counter.h"
#include "havege_worker.h"

/* Fills that a worker mixes into the kernel's pool after a VM fork. */
#define FEED_FILLS	64

/*
 * The priority while no task waits. Beside one task of an ordinary priority it
 * gets 36 / (36 + 1024) of a CPU: 3.4 %.
 */
#define LOW_NICE	15

/* Start-ups that take longer have the priority of an ordinary task, jiffies. */
#define START_PATIENCE	(30 * HZ)

/* A read that found no bytes counts for this time, jiffies. */
#define WAIT_GAP	(HZ / 10)

/* Avoid nohz_full= CPUs too: they should run without a tick. */
bool havege_worker_fits(int cpu)
{
	return housekeeping_cpu(cpu, HK_TYPE_KTHREAD) &&
		housekeeping_cpu(cpu, HK_TYPE_TICK) &&
		!havege_cpu_is_isolated(cpu);
}

unsigned long havege_worker_pause(unsigned int tries)
{
	const unsigned int doubled = min(max(tries, 1u) - 1, 6u);

	return HZ * min_t(u32, HAVEGE_PAUSE_MIN << doubled, HAVEGE_PAUSE_MAX);
}

static bool wants_refill(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->buffer.wanted && c->status != HAVEGE_FAILED;
	spin_unlock(&c->lock);
	return ret;
}

/*
 * Show the collector that the thread runs. Neither a start-up nor a set has
 * another limit.
 */
static void beat(struct havege_worker *w)
{
	WRITE_ONCE(w->beat, w->beat + 1);
}

static bool is_waited_for(const struct havege_worker *w)
{
	const unsigned long looked_at = READ_ONCE(w->c->looked_at);

	return wq_has_sleeper(&w->c->readers) || !rng_is_initialized() ||
		(w->epoch && w->fed < FEED_FILLS) ||
		time_in_range(jiffies, looked_at, looked_at + WAIT_GAP);
}

bool havege_worker_is_low(const struct havege_worker *w)
{
	/* The thread and readers change it. */
	return data_race(task_nice(w->task)) > 0;
}

void havege_worker_raise(struct havege_worker *w)
{
	if (havege_worker_is_low(w))
		set_user_nice(w->task, 0);
}

/* Set the thread's priority: that of an ordinary task, or a low one. */
static void set_priority(struct havege_worker *w, bool ordinary)
{
	if (ordinary)
		havege_worker_raise(w);
	else if (!havege_worker_is_low(w))
		set_user_nice(w->task, LOW_NICE);
}

/* Deliver bytes, a part at a time. Drop those that do not fit. */
static void deliver_bytes(struct havege_worker *w, const void *bytes, u32 count)
{
	u32 done = 0, some;

	do {
		some = havege_reader_supply(w->c, w->epoch, bytes + done,
					    count - done, w->demand);
		done += some;
	} while (some && done < count);
}

/* Whether the collector stops this worker. */
static bool should_end(const struct havege_worker *w)
{
	return READ_ONCE(w->ending) || kthread_should_stop();
}

/* Whether the thread still runs on its CPU. */
static bool is_in_place(const struct havege_worker *w)
{
	return raw_smp_processor_id() == w->cpu;
}

/* Copy the source's measurements for the state files. */
static void publish(struct havege_worker *w, const struct havege_source *source)
{
	struct havege_figures *figures = &w->figures;
	unsigned int i;

	spin_lock(&w->c->lock);
	figures->estimate = source->estimate;
	figures->span = source->sampler.span;
	if (figures->span) {
		figures->credit = havege_credit(figures->span);
		figures->block_samples = source->block_ticks / figures->span;
	}
	figures->shift = source->health.shift;
	for (i = 0; i < HAVEGE_TESTS; i++)
		figures->failures[i] = source->health.failures[i];
	figures->replay_failures = source->replay_failures;
	spin_unlock(&w->c->lock);
}

void havege_worker_sum_up(struct havege_collector *c)
{
	enum havege_status status = HAVEGE_STARTING;
	const struct havege_worker *w;
	bool stuck = false;

	lockdep_assert_held(&c->lock);
	if (c->status == HAVEGE_FAILED)
		return;
	list_for_each_entry(w, &c->workers, list) {
		stuck |= w->stuck;
		if (!w->stuck)
			status = max(status, w->status);
	}
	if (stuck && status == HAVEGE_STARTING)
		status = HAVEGE_RECOVERING;
	c->status = status;
	if (status == HAVEGE_OK)
		c->reason[0] = '\0';
}
EXPORT_SYMBOL_IF_KUNIT(havege_worker_sum_up);

static void set_status(struct havege_worker *w, enum havege_status status)
{
	struct havege_collector *c = w->c;

	spin_lock(&c->lock);
	w->status = status;
	havege_worker_sum_up(c);
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
}

/* The CPU runs the thread again: the settle work notes that. */
static void end_stuck(struct havege_worker *w)
{
	spin_lock(&w->c->lock);
	WRITE_ONCE(w->stuck, false);
	havege_worker_sum_up(w->c);
	spin_unlock(&w->c->lock);
	wake_up_interruptible(&w->c->readers);
	pr_info("CPU %d runs %s again\n", w->cpu, w->task->comm);
	havege_reader_settle(w->c);
}

/* Describe the last failure, for the log and for the state file. */
static void explain_failure(struct havege_collector *c,
			    const struct havege_source *source, char *text)
{
	havege_source_explain(source, text, HAVEGE_EXPLAIN);
	spin_lock(&c->lock);
	strscpy(c->reason, text, sizeof(c->reason));
	spin_unlock(&c->lock);
}

/* Latched until the module is loaded again: wipe all bytes, fail all reads. */
static void fail_permanently(struct havege_collector *c,
			     const struct havege_source *source)
{
	char text[HAVEGE_EXPLAIN];

	explain_failure(c, source, text);
	pr_err("failed permanently: %s\n", text);
	spin_lock(&c->lock);
	havege_buffer_drop(&c->buffer);
	c->status = HAVEGE_FAILED;
	spin_unlock(&c->lock);
	havege_reader_wipe(c);
	wake_up_interruptible(&c->readers);
	if (c->settings.failed)
		queue_work(c->wq, c->settings.failed);
}

static void close_source(struct havege_source *source)
{
	u64 *table = source->walk.table;

	vfree(havege_source_unlend(source));
	havege_source_wipe(source);
	vfree(table);
	vfree(source);
}

/* vmalloc() allocates whole pages: kmalloc() would take 128 KiB for 96. */
static struct havege_source *alloc_source(struct havege_worker *w,
					  const struct havege_geometry *geo)
{
	const struct havege_settings *settings = &w->c->settings;
	struct havege_source *source = vzalloc(sizeof(*source));
	u64 *table = vmalloc(havege_table_bytes(geo));

	if (!source || !table) {
		vfree(table);
		vfree(source);
		return ERR_PTR(-ENOMEM);
	}
	havege_source_init(source, table, geo, settings->clock,
			   havege_known_answers);
	source->stream = settings->stream;
	/* A test's clock tells no time: make the smallest sets. */
	source->fill_ns = settings->clock ? U32_MAX : 0;
	if (w->doubt)
		havege_source_doubt(source);
	return source;
}

/* Lend the source memory for a set. Return: 0 or -ENOMEM. */
static int lend_memory(struct havege_source *source)
{
	const size_t bytes = havege_source_memory(source);
	void *memory;

	/* Any memory that it has is too small. */
	vfree(havege_source_unlend(source));
	memory = vmalloc(bytes);
	if (!memory)
		return -ENOMEM;
	havege_source_lend(source, memory, bytes);
	return 0;
}

static u64 worker_read_counter(void *arg)
{
	return havege_counter();
}

/* A trapped counter works, but makes the start-up slow: tell the user why. */
static void report_slow(const struct havege_source *source)
{
	const u64 cost = havege_tune_cost(worker_read_counter, NULL);

	if (cost > HAVEGE_SLOW_TICKS)
		pr_notice("slow counter: reading it takes %llu ticks (trapped by a hypervisor, or not the CPU's own); 32 bytes take about %llu us\n",
			  cost, div_u64((u64)source->fill_ns *
					(source->block_ticks /
					 HAVEGE_FILL_TICKS), 1000));
}

/*
 * One step of the source. Each step of the tuning phase is one fill: the
 * shortest gives the speed of this machine, since the others may have been
 * preempted.
 */
static enum havege_step timed_step(struct havege_source *source)
{
	enum havege_step what;
	u64 begun, took;

	if (source->phase != HAVEGE_TUNING || source->clock)
		return havege_source_step(source);
	if (source->left == HAVEGE_TUNING_FILLS)
		source->fill_ns = U32_MAX;
	begun = ktime_get_ns();
	what = havege_source_step(source);
	took = ktime_get_ns() - begun;
	source->fill_ns = min_t(u64, source->fill_ns, max(took, 1ull));
	return what;
}

/*
 * A copy of a VM has the other copies' pool, too: after a VM fork mix the first
 * fills into it, without credit. They are too few to be measured.
 */
static void feed_pool(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	u8 block[HAVEGE_BLOCK];

	if (!w->epoch || w->fed == FEED_FILLS)
		return;
	havege_condition_absorb(&source->opener, source->walk.delta,
				HAVEGE_FILL_TICKS);
	if (++w->fed < FEED_FILLS)
		return;
	havege_condition_emit(&source->opener, block);
	add_device_randomness(block, sizeof(block));
	memzero_explicit(block, sizeof(block));
	spin_lock(&c->lock);
	c->contributed += sizeof(block);
	spin_unlock(&c->lock);
}

/* Tune, allocate and start up a source. */
static struct havege_source *open_source(struct havege_worker *w)
{
	struct havege_collector *c = w->c;
	struct havege_tuning tuning;
	struct havege_source *source;
	int err;

	beat(w);
	err = havege_tune(c->settings.dcache_kb, c->settings.icache_kb, &tuning);
	if (err)
		return ERR_PTR(err);
	source = alloc_source(w, &tuning.geo);
	if (IS_ERR(source))
		return source;

	do {
		set_priority(w, is_waited_for(w) || READ_ONCE(w->urgent) ||
			     time_after(jiffies, c->placing + START_PATIENCE));
		if (timed_step(source) == HAVEGE_STEP_MEMORY)
			err = lend_memory(source);
		beat(w);
		feed_pool(w, source);
		cond_resched_tasks_rcu_qs();
		if (should_end(w) || READ_ONCE(c->dismissed))
			err = -EINTR;
		else if (!is_in_place(w))
			err = -ENXIO;
		else if (source->phase == HAVEGE_DEAD)
			err = -ENODEV;
	} while (!err && source->phase != HAVEGE_RUNNING);

	publish(w, source);
	if (!err) {
		report_slow(source);
		spin_lock(&c->lock);
		c->tuning = tuning;
		c->cpu = w->cpu;
		spin_unlock(&c->lock);
		set_status(w, HAVEGE_OK);
		return source;
	}
	if (err == -ENODEV) {
		w->stopped = source->fitness == HAVEGE_STOPPED;
		explain_failure(c, source, w->refusal);
	}
	close_source(source);
	return ERR_PTR(err);
}

/* Only the end of the worker ends the pause early. */
static void pause_for(struct havege_worker *w, unsigned long timeout)
{
	WRITE_ONCE(w->pause_end, jiffies + timeout);
	WRITE_ONCE(w->pausing, true);
	wait_event_freezable_timeout(w->c->work, should_end(w), timeout);
	WRITE_ONCE(w->pausing, false);
}

/* Log one line for all failures until the source has recovered. */
static void begin_recovery(struct havege_worker *w,
			   const struct havege_source *source)
{
	char text[HAVEGE_EXPLAIN];

	explain_failure(w->c, source, text);
	/* The ready walk words were vouched for by the previous set only. */
	if (source->stream) {
		spin_lock(&w->c->lock);
		havege_buffer_drop(&w->c->buffer);
		spin_unlock(&w->c->lock);
		havege_reader_wipe(w->c);
	}
	if (w->status == HAVEGE_RECOVERING)
		return;
	set_status(w, HAVEGE_RECOVERING);
	pr_warn("recovering: %s\n", text);
}

/*
 * Lend memory for a set. Without memory serve nothing, and retry after a pause.
 */
static void lend_or_pause(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;

	if (!lend_memory(source)) {
		w->no_memory = 0;
		return;
	}
	if (!w->no_memory++) {
		set_status(w, HAVEGE_RECOVERING);
		spin_lock(&c->lock);
		strscpy(c->reason, "no memory for the estimate",
			sizeof(c->reason));
		spin_unlock(&c->lock);
		pr_warn("recovering: no memory for the estimate (%zu bytes): trying again\n",
			havege_source_memory(source));
	}
	havege_source_forget(source);
	pause_for(w, havege_worker_pause(w->no_memory));
}

/* Whether the blocks of the present set fill the buffer. */
static bool is_enough(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	bool ret;

	/* A set of mode=stream has no blocks: never extend it. */
	spin_lock(&c->lock);
	w->demand |= c->empty && !source->stream;
	ret = c->buffer.fill + source->pending_bytes >=
		(w->demand ? c->buffer.capacity : c->buffer.size);
	spin_unlock(&c->lock);
	return ret;
}

/* Whether a reader waits for blocks, and not only for one to be opened. */
static bool wants_blocks(struct havege_collector *c)
{
	return wq_has_sleeper(&c->readers) &&
		!(havege_opens_blocks(c) && READ_ONCE(c->buffer.fill));
}

/* Whether the present set has taken so long that it should end. */
static bool is_late(const struct havege_worker *w,
		    const struct havege_source *source)
{
	return source->replay &&
		jiffies - w->set_begun > HAVEGE_SET_SECONDS * HZ;
}

/* Drop, close or hurry the present set if it is due. */
static void check_set(struct havege_worker *w, struct havege_source *source)
{
	const unsigned long age = jiffies - w->set_begun;

	if (!source->replay) {
		w->set_begun = jiffies;
		return;
	}
	if (age > HAVEGE_STALE_SECONDS * HZ)
		vfree(havege_source_unlend(source));
	else if (is_enough(w, source))
		havege_source_close(source);
	else if (is_late(w, source) ||
		 (age > msecs_to_jiffies(HAVEGE_PATIENCE_MS) &&
		  wants_blocks(w->c)))
		havege_source_hurry(source);
}

/* Note whether readers have emptied the buffer since the last blocks. */
static void check_demand(struct havege_worker *w)
{
	struct havege_collector *c = w->c;

	spin_lock(&c->lock);
	w->demand = c->empty;
	spin_unlock(&c->lock);
}

/*
 * Sealed: wipe an old opened block. Collect fresh half-steps when a reader asks
 * for a block. In mode=stream no word leaves unless fresh half-steps are younger
 * than HAVEGE_OPEN_MS.
 */
static void begin_opening(struct havege_worker *w,
			  const struct havege_source *source)
{
	struct havege_collector *c = w->c;

	if (!c->settings.sealed)
		return;
	if (READ_ONCE(c->buffer.opened_left))
		havege_reader_close(c);
	if (w->opening)
		return;
	if (source->stream)
		w->opening = havege_is_old(w->fresh_ns);
	else if (READ_ONCE(c->opening) == HAVEGE_ASKED)
		w->opening = havege_reader_take_on(c);
	if (w->opening)
		w->fresh_ns = ktime_get_ns();
}

/* Fresh half-steps are there: open a block with them. */
static void end_opening(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	u8 block[HAVEGE_BLOCK];
	bool sealed;

	w->opening = false;
	if (source->stream) {
		w->fresh_ns = ktime_get_ns();
		havege_source_open(source, NULL);
		return;
	}
	sealed = havege_reader_take_sealed(c, w->epoch, block);
	havege_source_open(source, sealed ? block : NULL);
	havege_reader_open(c, w->epoch, sealed ? block : NULL, w->fresh_ns);
	memzero_explicit(block, sizeof(block));
}

/*
 * Run one step of the source and handle its result.
 * Return: false if the thread runs on another CPU and has to be replaced.
 */
static bool run_step(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	enum havege_step what;

	if (!is_in_place(w))
		return false;
	check_set(w, source);
	begin_opening(w, source);
	what = w->opening && havege_source_can_freshen(source) ?
		havege_source_freshen(source) : timed_step(source);
	if (!is_in_place(w)) {
		/*
		 * The failure still counts: it makes the successor's start-up
		 * stricter.
		 */
		if (what == HAVEGE_STEP_BAD || what == HAVEGE_STEP_DEAD)
			begin_recovery(w, source);
		return false;
	}

	switch (what) {
	case HAVEGE_STEP_BUSY:
		break;
	case HAVEGE_STEP_MEMORY:
		lend_or_pause(w, source);
		break;
	case HAVEGE_STEP_WORDS:
		deliver_bytes(w, source->walk.ring, sizeof(source->walk.ring));
		break;
	case HAVEGE_STEP_BLOCKS:
		publish(w, source);
		check_demand(w);
		deliver_bytes(w, source->pending, source->pending_bytes);
		havege_source_forget(source);
		break;
	case HAVEGE_STEP_FRESH:
		end_opening(w, source);
		break;
	case HAVEGE_STEP_BAD:
		begin_recovery(w, source);
		publish(w, source);
		vfree(havege_source_unlend(source));
		havege_source_forget(source);
		pause_for(w, havege_worker_pause(source->tries));
		break;
	case HAVEGE_STEP_DEAD:
		publish(w, source);
		fail_permanently(c, source);
		break;
	}
	if (w->status == HAVEGE_RECOVERING && !w->no_memory &&
	    source->phase == HAVEGE_RUNNING) {
		set_status(w, HAVEGE_OK);
		pr_info("recovered: collecting on CPU %d again\n", w->cpu);
	}
	return true;
}

/*
 * Whether there is work. A full buffer does not end a set, whose blocks leave
 * only with its verdict, nor a recovery or a wait for memory, during which
 * reads wait.
 */
static bool has_work(struct havege_worker *w, struct havege_source *source)
{
	return wants_refill(w->c) || w->demand || w->no_memory || w->opening ||
		READ_ONCE(w->c->opening) == HAVEGE_ASKED ||
		!havege_source_is_idle(source);
}

/* Whether the CPU was requested, or is a housekeeping CPU. */
static bool may_stay(const struct havege_worker *w)
{
	/* A writer of c->asked checks all workers afterwards. */
	return data_race(cpumask_test_cpu(w->cpu, &w->c->asked)) ||
		havege_worker_fits(w->cpu);
}

/* Before a sleep: free the memory for sets, and wipe all secrets. */
static void prepare_sleep(struct havege_worker *w, struct havege_source *source)
{
	vfree(havege_source_unlend(source));
	havege_source_forget(source);
	havege_reader_trim(w->c);
}

/* Once after each set. */
static void after_set(struct havege_worker *w, struct havege_source *source)
{
	publish(w, source);
	w->estimated = jiffies;
	/* The kernel sends no event when a cpuset isolates this CPU. */
	if (!may_stay(w))
		havege_reader_settle(w->c);
}

/* Sleep until there is work. Wake up to wipe an opened block. */
static void sleep_well(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;

	prepare_sleep(w, source);
	set_priority(w, true);
	WRITE_ONCE(w->idle, true);
	if (havege_reader_close(c))
		wait_event_freezable_timeout(c->work, has_work(w, source) ||
					     should_end(w),
					     msecs_to_jiffies(HAVEGE_OPEN_MS) +
					     1);
	else
		wait_event_freezable(c->work, has_work(w, source) ||
				     should_end(w));
	WRITE_ONCE(w->idle, false);
	try_to_freeze();
}

static void serve_readers(struct havege_worker *w, struct havege_source *source)
{
	struct havege_collector *c = w->c;
	u32 sets = source->sets;

	w->estimated = jiffies;
	set_freezable();
	while (!should_end(w) && source->phase != HAVEGE_DEAD) {
		beat(w);
		set_priority(w, is_waited_for(w) || is_late(w, source));
		if (READ_ONCE(w->stuck)) {
			/* Copies may have been made: no half-step is fresh. */
			havege_source_open(source, NULL);
			end_stuck(w);
		}
		if (!has_work(w, source) || freezing(current)) {
			sleep_well(w, source);
			continue;
		}
		if (source->sets != sets) {
			sets = source->sets;
			after_set(w, source);
		}
		if (source->stream &&
		    time_after(jiffies, w->estimated +
			       msecs_to_jiffies(HAVEGE_STREAM_MS)))
			havege_source_estimate(source);
		if (!run_step(w, source)) {
			WRITE_ONCE(w->displaced, true);
			if (!should_end(w))
				havege_reader_settle(c);
			break;
		}
		cond_resched_tasks_rcu_qs();
	}
}

int havege_worker_run(void *data)
{
	struct havege_worker *w = data;
	struct havege_source *source = open_source(w);

	w->start_error = PTR_ERR_OR_ZERO(source);
	w->source = w->start_error ? NULL : source;
	complete_all(&w->started);
	if (w->source) {
		serve_readers(w, w->source);
		if (w->opening)
			havege_reader_give_back(w->c);
		w->source = NULL;
		close_source(source);
	}
	complete(&w->ended);

	/* kthread_stop() needs a thread that still exists: wait for it. */
	set_freezable();
	wait_event_freezable(w->c->work, kthread_should_stop());
	return 0;
}
