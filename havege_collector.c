// SPDX-License-Identifier: GPL-2.0
/*
 * The collector: start, move, suspend and teardown of workers. The contract is
 * in havege_collector.h, the locks are described in havege_worker.h.
 *
 * A worker is never reconfigured, but replaced: a new CPU, a resume and a VM
 * fork all need the same start-up from nothing. A source that was wiped with
 * its thread carries nothing over.
 *
 * The settle work replaces workers. It waits for CPU hotplug that is under way,
 * because a CPU that goes offline loses its threads while it still counts as
 * online. It is a work item, and not the task that wrote a parameter, because a
 * signal would interrupt that task.
 *
 * A real-time task may keep a CPU, so that a thread never runs there. Every wait
 * for a thread therefore ends: a start-up that makes no step is given up, and a
 * thread that has to end does so on another CPU. A worker that stands still
 * while it serves is noticed by a read (havege_reader_starved()).
 *
 * Before suspend and hibernation the workers are stopped, not frozen: a
 * hibernation image would contain the tables of frozen ones.
 *
 * Teardown:
 * 1. havege_collector_dismiss(): all reads fail, so that hwrng_unregister()
 *    does not wait for readers, and a start-up under way ends at its next step.
 * 2. The caller removes all users: readers, parameters and events.
 * 3. havege_collector_destroy() stops the workers under c->control.
 * 4. It then cancels the settle work: a worker may queue it until it has ended.
 *    After the dismissal that work starts no worker.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "havege_worker.h"

/* A worker that has not ended after this time may end on another CPU. */
#define END_PATIENCE	HZ

/* A start-up's starter looks at its thread at these intervals, jiffies. */
#define LOOK		(HZ / 10)

/* CPUs that may go offline during the first start-up before it fails. */
#define START_TRIES	16

int havege_collector_default_cpu(void)
{
	int cpu, last = -1;

	for_each_online_cpu(cpu)
		if (havege_worker_fits(cpu))
			last = cpu;
	return last >= 0 ? last : (int)cpumask_last(cpu_online_mask);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_default_cpu);

void havege_collector_settle(struct havege_collector *c)
{
	havege_reader_settle(c);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_settle);

/* Create a worker. Its thread does not run yet. */
static struct havege_worker *new_worker(struct havege_collector *c, int cpu)
{
	struct havege_worker *w = kzalloc(sizeof(*w), GFP_KERNEL);
	int err;

	lockdep_assert_held(&c->control);
	if (!w)
		return ERR_PTR(-ENOMEM);
	w->c = c;
	w->cpu = cpu;
	w->start_error = -EINTR;
	w->doubt = !cpumask_empty(&c->doubted);
	init_completion(&w->started);
	init_completion(&w->ended);
	w->task = kthread_create_on_node(havege_worker_run, w,
					 cpu_to_node(cpu), "havege/%d", cpu);
	if (IS_ERR(w->task)) {
		err = PTR_ERR(w->task);
		kfree(w);
		return ERR_PTR(err);
	}
	/* Readers may raise the priority of a thread that has just ended. */
	get_task_struct(w->task);
	kthread_bind(w->task, cpu);

	spin_lock(&c->lock);
	/* Handle a VM fork first: the new worker starts from nothing. */
	havege_reader_is_copy(c);
	w->epoch = c->epoch;
	list_add_tail(&w->list, &c->workers);
	spin_unlock(&c->lock);
	return w;
}

/* Whether a worker for which no CPU was requested may go to this CPU. */
static bool is_free(const struct havege_collector *c, int cpu)
{
	return havege_worker_fits(cpu) && !cpumask_test_cpu(cpu, &c->unfit);
}

/*
 * Let a worker end on another CPU, on an isolated one only if there is no
 * other. It drops the samples of a step that it makes there.
 */
static void send_elsewhere(struct havege_worker *w)
{
	struct cpumask *cpus = &w->c->elsewhere;
	int cpu;

	lockdep_assert_held(&w->c->control);
	cpumask_clear(cpus);
	for_each_online_cpu(cpu)
		if (cpu != w->cpu && is_free(w->c, cpu))
			cpumask_set_cpu(cpu, cpus);
	if (cpumask_empty(cpus)) {
		cpumask_copy(cpus, cpu_online_mask);
		cpumask_clear_cpu(w->cpu, cpus);
	}
	/* It fails where there is no other CPU, or one has just gone offline. */
	if (!cpumask_empty(cpus))
		set_cpus_allowed_ptr(w->task, cpus);
}

/* Of a worker that ends: add its failures, keep its other figures. */
static void keep_figures(struct havege_collector *c,
			 const struct havege_figures *last)
{
	/* A worker that its CPU never ran has measured nothing. */
	struct havege_figures sum = last->span ? *last : c->before;
	unsigned int i;

	lockdep_assert_held(&c->lock);
	for (i = 0; i < HAVEGE_TESTS; i++)
		sum.failures[i] = c->before.failures[i] + last->failures[i];
	sum.replay_failures = c->before.replay_failures + last->replay_failures;
	c->before = sum;
}

/* Tell a worker to end. */
static void tell_to_end(struct havege_worker *w)
{
	lockdep_assert_held(&w->c->control);
	w->told_at = jiffies;
	WRITE_ONCE(w->ending, true);
	havege_worker_raise(w);
	wake_up(&w->c->work);
}

/* Wait until a worker that was told to end has ended, for END_PATIENCE. */
static bool has_ended(struct havege_worker *w)
{
	const unsigned long passed = jiffies - w->told_at;

	/* Its CPU does not run the thread, so the thread cannot end there. */
	if (READ_ONCE(w->stuck) || !READ_ONCE(w->beat))
		return false;
	return wait_for_completion_timeout(&w->ended, passed < END_PATIENCE ?
					   END_PATIENCE - passed : 0);
}

/*
 * Free a worker that was told to end, once it has. The buffer does not record
 * which worker supplied a byte: wipe it, unless the worker never served. Keep
 * the counts of failures.
 */
static void end_worker(struct havege_worker *w)
{
	struct havege_collector *c = w->c;

	lockdep_assert_held(&c->control);
	/* A real-time task may keep the CPU: the thread never runs there. */
	if (!has_ended(w))
		send_elsewhere(w);
	kthread_stop(w->task);
	/* The failure makes the successor's start-up stricter. */
	if (w->status == HAVEGE_RECOVERING ||
	    (w->start_error == -ENODEV && !w->stopped))
		cpumask_set_cpu(w->cpu, &c->doubted);

	spin_lock(&c->lock);
	list_del(&w->list);
	if (!w->start_error)
		havege_buffer_drop(&c->buffer);
	keep_figures(c, &w->figures);
	havege_worker_sum_up(c);
	spin_unlock(&c->lock);
	havege_reader_wipe(c);
	/* The other workers may sleep: the wiped buffer needs a refill. */
	wake_up(&c->work);
	put_task_struct(w->task);
	kfree(w);
}

/* End all workers that were told to. */
static void end_told(struct havege_collector *c)
{
	struct havege_worker *w, *next;

	lockdep_assert_held(&c->control);
	list_for_each_entry_safe(w, next, &c->workers, list)
		if (w->ending)
			end_worker(w);
}

/*
 * A CPU does not run its worker's thread. All that is known is that the thread
 * makes no step. Log that once, until the CPU runs a worker.
 */
static void report_stuck(struct havege_collector *c, int cpu)
{
	const bool asked = cpumask_test_cpu(cpu, &c->asked);
	char text[HAVEGE_EXPLAIN];

	lockdep_assert_held(&c->control);
	scnprintf(text, sizeof(text),
		  "CPU %d has not run havege/%d for %d s, a real-time task may keep this CPU: %s",
		  cpu, cpu, HAVEGE_STUCK_SECONDS, asked ?
		  "stop that task, or write other CPUs to cpu= or cpus=" :
		  "trying another CPU");
	spin_lock(&c->lock);
	strscpy(c->reason, text, sizeof(c->reason));
	spin_unlock(&c->lock);
	if (!cpumask_test_and_set_cpu(cpu, &c->unfit))
		pr_warn("%s\n", text);
}

/* Note the workers that a reader has found without progress. */
static void note_stuck(struct havege_collector *c)
{
	struct havege_worker *w;

	lockdep_assert_held(&c->control);
	list_for_each_entry(w, &c->workers, list) {
		if (READ_ONCE(w->stuck))
			report_stuck(c, w->cpu);
		else
			cpumask_clear_cpu(w->cpu, &c->unfit);
	}
	spin_lock(&c->lock);
	havege_worker_sum_up(c);
	spin_unlock(&c->lock);
}

/*
 * Look at a start-up every LOOK. If its thread has made no step for too long, mark
 * it as stuck: a real-time task may keep the CPU.
 */
static void look_at_start(struct havege_worker *w)
{
	const u32 beat = READ_ONCE(w->beat);
	unsigned int seconds;

	lockdep_assert_held(&w->c->control);
	w->looks = beat == w->looked ? w->looks + 1 : 0;
	w->looked = beat;
	/* Many tasks can keep a thread of a low priority from its CPU. */
	if (w->looks == HZ / LOOK && havege_worker_is_low(w)) {
		WRITE_ONCE(w->urgent, true);
		havege_worker_raise(w);
	}
	seconds = w->urgent ? HAVEGE_LOW_SECONDS : HAVEGE_STUCK_SECONDS;
	spin_lock(&w->c->lock);
	WRITE_ONCE(w->stuck, w->looks * LOOK >= HZ * seconds);
	spin_unlock(&w->c->lock);
}

/* The first start-up that has neither ended nor is stuck. */
static struct havege_worker *find_start(struct havege_collector *c)
{
	struct havege_worker *w;

	lockdep_assert_held(&c->control);
	list_for_each_entry(w, &c->workers, list)
		if (!completion_done(&w->started) && !READ_ONCE(w->stuck))
			return w;
	return NULL;
}

/*
 * Wait for all start-ups, as long as their threads make steps.
 * Return: 0; -EINTR if killed, dismissed or for a suspend.
 */
static int wait_for_starts(struct havege_collector *c)
{
	struct havege_worker *w;
	long left;

	while ((w = find_start(c))) {
		left = wait_for_completion_killable_timeout(&w->started, LOOK);
		if (left > 0)
			continue;
		if (left || READ_ONCE(c->dismissed) ||
		    READ_ONCE(c->suspending))
			return -EINTR;
		list_for_each_entry(w, &c->workers, list)
			if (!completion_done(&w->started))
				look_at_start(w);
	}
	return 0;
}

/*
 * The default CPU. If that is unfit: the CPU of a worker, so that it stays; the
 * CPU that runs this code, which is not stuck; any other housekeeping CPU.
 */
static int choose_cpu(struct havege_collector *c)
{
	const int usual = havege_collector_default_cpu();
	const int here = raw_smp_processor_id();
	struct havege_worker *w;
	int cpu;

	lockdep_assert_held(&c->control);
	if (!cpumask_test_cpu(usual, &c->unfit))
		return usual;
	list_for_each_entry(w, &c->workers, list)
		if (cpu_online(w->cpu) && is_free(c, w->cpu))
			return w->cpu;
	if (cpu_online(here) && is_free(c, here))
		return here;
	for_each_online_cpu(cpu)
		if (is_free(c, cpu))
			return cpu;
	/* All of them were unfit at some time. This one runs code. */
	if (cpu_online(here) && havege_worker_fits(here))
		return here;
	return usual;
}

/* Whether the chosen CPU is unfit, was not requested, and is not the only one. */
static bool may_choose_another(struct havege_collector *c)
{
	return !cpumask_intersects(&c->target, &c->asked) &&
		cpumask_subset(&c->target, &c->unfit) &&
		!cpumask_test_cpu(choose_cpu(c), &c->unfit);
}

/* Log why a CPU is refused, as an error unless other CPUs may collect. */
static void report_refusal(const struct havege_collector *c,
			   const struct havege_worker *w, bool others)
{
	/* Where there is no counter at all, the tuning has logged that. */
	if (c->failure_logged || !w->refusal[0])
		return;
	if (others)
		pr_warn("CPU %d is refused: %s\n", w->cpu, w->refusal);
	else
		pr_err("%s: %s\n", c->started_once ? "not started again" :
		       "not started", w->refusal);
}

/* What a failed start-up says of the CPU. */
static void note_failure(struct havege_collector *c, const struct havege_worker *w,
			 int err)
{
	lockdep_assert_held(&c->control);
	if (err == -EBUSY)
		report_stuck(c, w->cpu);
	if (err != -ENODEV)
		return;
	if (w->stopped)
		cpumask_set_cpu(w->cpu, &c->unfit);
	report_refusal(c, w, cpumask_weight(&c->target) > 1 ||
		       may_choose_another(c));
}

/* Let a worker start up on a CPU without one. */
static int begin_start(struct havege_collector *c, int cpu)
{
	struct havege_worker *w;

	lockdep_assert_held(&c->control);
	if (!cpu_online(cpu))
		return -ENXIO;
	w = new_worker(c, cpu);
	if (IS_ERR(w))
		return PTR_ERR(w);
	wake_up_process(w->task);
	return 0;
}

/*
 * The result of a worker's start-up; -EBUSY if its thread makes no steps; -EINTR
 * if it was not waited for.
 */
static int start_result(struct havege_worker *w)
{
	if (completion_done(&w->started))
		return w->start_error;
	return READ_ONCE(w->stuck) ? -EBUSY : -EINTR;
}

/* The worker's start-up has passed on its CPU. @before: see start_round(). */
static void note_success(struct havege_collector *c,
			 const struct havege_worker *w, int before)
{
	lockdep_assert_held(&c->control);
	cpumask_clear_cpu(w->cpu, &c->doubted);
	cpumask_clear_cpu(w->cpu, &c->unfit);
	if (w->cpu != before && !cpumask_empty(&c->unfit) &&
	    !cpumask_test_cpu(w->cpu, &c->asked))
		pr_info("collecting on CPU %d instead\n", w->cpu);
}

/* The first error of all, but -ENXIO yields to any other one. */
static int first_error(int err, int one)
{
	return !err || err == -ENXIO ? one ?: err : err;
}

/*
 * The end of the start-ups on the CPUs of c->round, which keeps those that need
 * another one. A CPU that was refused makes all others need more good sets: one
 * good set can be chance, and each CPU has had a try.
 */
static int end_round(struct havege_collector *c, int before)
{
	struct havege_worker *w;
	bool refused = false;
	int err = 0, one;

	lockdep_assert_held(&c->control);
	list_for_each_entry(w, &c->workers, list) {
		if (!cpumask_test_cpu(w->cpu, &c->round))
			continue;
		one = start_result(w);
		if (!one)
			continue;
		err = first_error(err, one);
		refused |= one == -ENODEV && !w->stopped;
		note_failure(c, w, one);
		cpumask_clear_cpu(w->cpu, &c->round);
		cpumask_set_cpu(w->cpu, &c->missing);
		tell_to_end(w);
	}
	list_for_each_entry(w, &c->workers, list) {
		if (!cpumask_test_cpu(w->cpu, &c->round))
			continue;
		if (refused && !w->doubt) {
			tell_to_end(w);
			continue;
		}
		cpumask_clear_cpu(w->cpu, &c->round);
		note_success(c, w, before);
	}
	end_told(c);
	return err;
}

/*
 * Start a worker on each CPU of c->round, all at the same time. @before is the CPU
 * of the last start-up before.
 * Return: 0; -EINTR; or the error of the first start-up that failed.
 */
static int start_round(struct havege_collector *c, int before)
{
	int cpu, one, err = 0, interrupted;

	lockdep_assert_held(&c->control);
	for_each_cpu(cpu, &c->round) {
		one = begin_start(c, cpu);
		if (!one)
			continue;
		err = first_error(err, one);
		cpumask_clear_cpu(cpu, &c->round);
		cpumask_set_cpu(cpu, &c->missing);
	}
	interrupted = wait_for_starts(c);
	err = first_error(err, end_round(c, before));
	return interrupted ?: err;
}

/* No worker is left: wipe the buffer. */
static void wipe_buffer(struct havege_collector *c)
{
	lockdep_assert_held(&c->control);
	spin_lock(&c->lock);
	havege_buffer_drop(&c->buffer);
	havege_worker_sum_up(c);
	spin_unlock(&c->lock);
	havege_reader_wipe(c);
}

static void stop_workers(struct havege_collector *c)
{
	struct havege_worker *w;

	lockdep_assert_held(&c->control);
	list_for_each_entry(w, &c->workers, list)
		tell_to_end(w);
	end_told(c);
	wipe_buffer(c);
}

/* Why no worker may start now: -EINTR, -EIO or -EBUSY (suspended); else 0. */
static int start_blocked(struct havege_collector *c)
{
	int err = 0;

	lockdep_assert_held(&c->control);
	spin_lock(&c->lock);
	if (c->dismissed)
		err = -EINTR;
	else if (c->status == HAVEGE_FAILED)
		err = -EIO;
	else if (c->status == HAVEGE_SUSPENDED)
		err = -EBUSY;
	spin_unlock(&c->lock);
	return err;
}

/* Choose the requested CPUs that are online, or else one that was not. */
static void choose_target(struct havege_collector *c)
{
	lockdep_assert_held(&c->control);
	cpumask_and(&c->unfit, &c->unfit, cpu_online_mask);
	if (cpumask_and(&c->target, &c->asked, cpu_online_mask))
		return;
	cpumask_clear(&c->target);
	cpumask_set_cpu(choose_cpu(c), &c->target);
}

/* Whether a worker may stay as it is. */
static bool is_settled(struct havege_worker *w)
{
	struct havege_collector *c = w->c;
	bool ret;

	lockdep_assert_held(&c->control);
	spin_lock(&c->lock);
	ret = w->epoch == c->epoch;
	spin_unlock(&c->lock);
	return ret && cpumask_test_cpu(w->cpu, &c->target) &&
		!READ_ONCE(w->displaced);
}

/*
 * Start a worker on each target CPU, and stop all others. A failed start-up does
 * not keep the other workers from starting.
 * Return: 0; -EINTR; or the error of the first failed start-up. -ENXIO, for a
 * CPU that went offline, yields to any other error.
 */
static int place_on_target(struct havege_collector *c)
{
	const int before = c->cpu;
	struct havege_worker *w;
	int err = 0, one;

	lockdep_assert_held(&c->control);
	choose_target(c);
	list_for_each_entry(w, &c->workers, list)
		if (!is_settled(w))
			tell_to_end(w);
	end_told(c);
	if (list_empty(&c->workers))
		wipe_buffer(c);
	cpumask_clear(&c->missing);
	cpumask_copy(&c->round, &c->target);
	list_for_each_entry(w, &c->workers, list)
		cpumask_clear_cpu(w->cpu, &c->round);
	while (!cpumask_empty(&c->round)) {
		one = start_round(c, before);
		if (one == -EINTR)
			return one;
		err = first_error(err, one);
	}
	if (!err) {
		if (c->failure_logged)
			pr_info("recovered: collecting on all its CPUs again\n");
		c->started_once = true;
		WRITE_ONCE(c->failure_logged, false);
		c->tries = 0;
	}
	return err;
}

/*
 * The same, and on another CPU if the chosen one is unfit: choose_cpu() avoids
 * it from now on. Without noise, another CPU would not help.
 */
static int place_workers(struct havege_collector *c)
{
	int err;

	WRITE_ONCE(c->placing, jiffies);
	do {
		err = place_on_target(c);
	} while (err && may_choose_another(c));
	return err;
}

/* Start-ups have failed: log one line for all failures, and try again later. */
static void retry_later(struct havege_collector *c, int err)
{
	lockdep_assert_held(&c->control);
	if (err != -ENODEV && err != -EBUSY) {
		spin_lock(&c->lock);
		scnprintf(c->reason, sizeof(c->reason),
			  "no thread could be started (error %d)", err);
		spin_unlock(&c->lock);
	}
	/* -ENXIO: the CPU went offline again; retry without a log line. */
	if (err != -ENXIO && !c->failure_logged) {
		WRITE_ONCE(c->failure_logged, true);
		pr_warn("nothing is collected on CPU %*pbl (error %d): trying again, at least once a minute\n",
			cpumask_pr_args(&c->missing), err);
	}
	/* An event may have queued the work for now: do not put that off. */
	queue_delayed_work(c->wq, &c->settle_work,
			   havege_worker_pause(++c->tries));
}

/*
 * Place the workers for a caller that names CPUs: some of them are enough.
 * Return: 0 if at least one worker runs, else an error.
 */
static int place_some_workers(struct havege_collector *c)
{
	const int err = place_workers(c);

	if (!err || err == -EINTR || list_empty(&c->workers))
		return err;
	c->started_once = true;
	retry_later(c, err);
	return 0;
}

/* A CPU that goes offline loses its threads before it stops being online. */
static void wait_for_hotplug(void)
{
	cpus_read_lock();
	cpus_read_unlock();
}

static void settle_workers(struct work_struct *work)
{
	struct havege_collector *c = container_of(to_delayed_work(work),
						  typeof(*c), settle_work);
	int err;

	mutex_lock(&c->control);
	wait_for_hotplug();
	/* Handle a VM fork that the notifier has reported. */
	spin_lock(&c->lock);
	havege_reader_is_copy(c);
	spin_unlock(&c->lock);
	havege_reader_wipe(c);
	if (start_blocked(c))
		goto out;
	note_stuck(c);
	err = place_workers(c);
	/* After a suspend the resume queues this work again. */
	if (err && err != -EINTR && !start_blocked(c))
		retry_later(c, err);
out:
	mutex_unlock(&c->control);
}

struct havege_collector *
havege_collector_create(const struct havege_settings *settings)
{
	const u32 size = settings->buffer_kb * 1024;
	const u32 capacity = size + HAVEGE_SURPLUS;
	struct havege_collector *c;
	void *data;

	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return ERR_PTR(-ENOMEM);
	data = kvzalloc(capacity, GFP_KERNEL);
	c->wq = alloc_workqueue("havege", WQ_UNBOUND, 0);
	if (!data || !c->wq) {
		if (c->wq)
			destroy_workqueue(c->wq);
		kvfree(data);
		kfree(c);
		return ERR_PTR(-ENOMEM);
	}

	c->settings = *settings;
	c->cpu = -1;
	mutex_init(&c->control);
	INIT_LIST_HEAD(&c->workers);
	INIT_DELAYED_WORK(&c->settle_work, settle_workers);
	spin_lock_init(&c->lock);
	init_waitqueue_head(&c->readers);
	init_waitqueue_head(&c->work);
	havege_buffer_init(&c->buffer, data, size, capacity, settings->threshold);
	if (settings->generation)
		memcpy(c->generation, settings->generation, HAVEGE_GENERATION);
	return c;
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_create);

int havege_collector_start(struct havege_collector *c,
			   const struct cpumask *cpus)
{
	int err, tries = START_TRIES;

	if (!cpumask_subset(cpus, cpu_online_mask))
		return -ENXIO;

	mutex_lock(&c->control);
	cpumask_copy(&c->asked, cpus);
	cpumask_clear(&c->unfit);
	err = place_some_workers(c);
	/* No CPU was requested: retry on another one. */
	while (err == -ENXIO && cpumask_empty(cpus) && tries--) {
		wait_for_hotplug();
		err = place_some_workers(c);
	}
	if (err == -ENODEV && cpumask_weight(&c->target) > 1)
		pr_err("not started: none of these CPUs can collect\n");
	if (err) {
		stop_workers(c);
		cpumask_clear(&c->asked);
	}
	mutex_unlock(&c->control);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_start);

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
	/* A user who writes wants a new try, but on no CPU that is stuck now. */
	cpumask_clear(&c->unfit);
	err = start_blocked(c);
	if (!err) {
		note_stuck(c);
		err = place_some_workers(c);
	} else if (err == -EBUSY) {
		err = 0;
	}
	if (err) {
		cpumask_copy(&c->asked, before);
		if (!start_blocked(c) && place_workers(c))
			havege_collector_settle(c);
	}
	mutex_unlock(&c->control);
	free_cpumask_var(before);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_move);

/* There are no workers: the status is the one of the machine. */
static void set_sleep_status(struct havege_collector *c,
			     enum havege_status status)
{
	lockdep_assert_held(&c->control);
	spin_lock(&c->lock);
	c->status = status;
	spin_unlock(&c->lock);
}

void havege_collector_suspend(struct havege_collector *c)
{
	WRITE_ONCE(c->suspending, true);
	mutex_lock(&c->control);
	WRITE_ONCE(c->suspending, false);
	stop_workers(c);
	if (!start_blocked(c))
		set_sleep_status(c, HAVEGE_SUSPENDED);
	mutex_unlock(&c->control);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_suspend);

void havege_collector_resume(struct havege_collector *c)
{
	mutex_lock(&c->control);
	if (start_blocked(c) == -EBUSY) {
		set_sleep_status(c, HAVEGE_STARTING);
		havege_collector_settle(c);
	}
	mutex_unlock(&c->control);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_resume);

void havege_collector_destroy(struct havege_collector *c)
{
	havege_collector_dismiss(c);
	mutex_lock(&c->control);
	stop_workers(c);
	mutex_unlock(&c->control);
	cancel_delayed_work_sync(&c->settle_work);
	destroy_workqueue(c->wq);

	kvfree(c->buffer.data);
	kfree_sensitive(c);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_destroy);

/*
 * Sum up all workers: the estimate with the least residual, the least credit,
 * the most samples in a block.
 */
static void sum_up_figures(struct havege_collector *c,
			   struct havege_figures *sum)
{
	const struct havege_worker *w;
	bool first = true;
	unsigned int i;

	lockdep_assert_held(&c->lock);
	*sum = c->before;
	list_for_each_entry(w, &c->workers, list) {
		const struct havege_figures *one = &w->figures;

		for (i = 0; i < HAVEGE_TESTS; i++)
			sum->failures[i] += one->failures[i];
		sum->replay_failures += one->replay_failures;
		/* A worker has no figures before the end of its start-up. */
		if (w->status == HAVEGE_STARTING)
			continue;
		if (first || one->estimate.residual < sum->estimate.residual) {
			sum->estimate = one->estimate;
			sum->span = one->span;
		}
		sum->credit = first ? one->credit :
			min(sum->credit, one->credit);
		sum->block_samples = first ? one->block_samples :
			max(sum->block_samples, one->block_samples);
		sum->shift = first ? one->shift : max(sum->shift, one->shift);
		first = false;
	}
}

void havege_collector_snapshot(struct havege_collector *c,
			       struct havege_state *state, struct cpumask *cpus)
{
	const struct havege_worker *w;

	if (cpus)
		cpumask_clear(cpus);
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
	sum_up_figures(c, &state->figures);
	if (c->status != HAVEGE_OK)
		strscpy(state->reason, c->reason, sizeof(state->reason));
	if (cpus)
		list_for_each_entry(w, &c->workers, list)
			cpumask_set_cpu(w->cpu, cpus);
	spin_unlock(&c->lock);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_snapshot);

void havege_collector_state(struct havege_collector *c,
			    struct havege_state *state)
{
	havege_collector_snapshot(c, state, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_state);

struct workqueue_struct *havege_collector_wq(const struct havege_collector *c)
{
	return c->wq;
}

#ifdef HAVEGE_CALL_LIMIT
bool havege_collector_is_stream(const struct havege_collector *c)
{
	return c->settings.stream;
}
#endif
