// SPDX-License-Identifier: GPL-2.0
/*
 * The collector: with workers, and without one, where the test supplies the
 * bytes
 *
 * Readers run in kthreads. The tests wait for a condition or a completion,
 * never for a time.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "collector_tools.h"
#include "noise_clock.h"

/* Walk words: they come a hundred times faster than blocks. */
static const struct havege_settings settings = {
	.buffer_kb = 8,
	.threshold = 4 * 1024 * 8,
	.dcache_kb = 8,
	.icache_kb = 8,
	.stream = true,
};

static int collector_init(struct kunit *test)
{
	struct noise_clock *clock = kunit_kzalloc(test, sizeof(*clock),
						  GFP_KERNEL);
	struct havege_settings with_clock = settings;
	struct havege_collector *c;

	if (!clock)
		return -ENOMEM;
	*clock = new_clock;
	clock->apart = true;
	with_clock.clock = &clock->base;
	c = havege_collector_create(&with_clock);
	if (IS_ERR(c))
		return PTR_ERR(c);
	test->priv = c;
	return 0;
}

static void collector_exit(struct kunit *test)
{
	if (test->priv)
		havege_collector_destroy(test->priv);
}

/* The only worker of a collector on one CPU, or NULL. */
static struct havege_worker *only_worker(struct havege_collector *c)
{
	return list_first_entry_or_null(&c->workers, struct havege_worker, list);
}

static struct task_struct *task_of(struct havege_collector *c)
{
	struct havege_worker *w = only_worker(c);

	return w ? w->task : NULL;
}

static int cpu_of(struct havege_collector *c)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.cpu;
}

static struct havege_figures figures_of(struct havege_collector *c)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.figures;
}

/* One CPU; negative: no CPU is requested. */
static const struct cpumask *on(int cpu)
{
	return cpu < 0 ? cpu_none_mask : cpumask_of(cpu);
}

static int collector_start(struct havege_collector *c, int cpu)
{
	return havege_collector_start(c, on(cpu));
}

static int move(struct havege_collector *c, int cpu)
{
	return havege_collector_move(c, on(cpu));
}

/* Supply bytes as a worker of the first epoch does. */
static u32 supply(struct havege_collector *c, const char *bytes, u32 count)
{
	return havege_reader_supply(c, 0, bytes, count, false);
}

static void destroy_now(struct kunit *test)
{
	havege_collector_destroy(test->priv);
	test->priv = NULL;
}

static bool full(struct havege_collector *c)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.fill_bits >= c->settings.buffer_kb * 8192;
}

/* The worker wakes c->readers after each batch. The deadline is for a hang. */
static bool becomes_full(struct havege_collector *c)
{
	return wait_event_interruptible_timeout(c->readers, full(c),
						HANG) > 0;
}

static void drain(struct kunit *test, struct havege_collector *c, u32 bytes)
{
	u8 *out = kunit_kzalloc(test, 4096, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, out);
	while (bytes) {
		const int got = havege_collector_read(c, out,
						      min(bytes, 4096u), false);

		KUNIT_ASSERT_GT(test, got, 0);
		bytes -= got;
	}
}

/* Run the settle work, as an event does. */
static void collector_settle(struct havege_collector *c)
{
	havege_collector_settle(c);
	flush_delayed_work(&c->settle_work);
}

static void collector_starts_and_fills(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_state state;

	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_STARTING);
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_OK);
	KUNIT_EXPECT_EQ(test, state.cpu, 0);
	KUNIT_EXPECT_EQ(test, state.tuning.geo.dcache_kb, 8);
	KUNIT_EXPECT_STREQ(test, task_of(c)->comm, "havege/0");
	KUNIT_EXPECT_EQ(test, cpumask_weight(task_of(c)->cpus_ptr), 1);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(0, task_of(c)->cpus_ptr));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.bytes_out, 0);
}

/* It sleeps when full and at the threshold. A byte below it refills. */
static void collector_refills_below_threshold(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	unsigned long switches;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));

	switches = task_of(c)->nvcsw;
	drain(test, c, 4096);
	KUNIT_EXPECT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_FALSE(test, full(c));
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 4096);
	KUNIT_EXPECT_EQ(test, task_of(c)->nvcsw, switches);

	drain(test, c, 1);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_GT(test, task_of(c)->nvcsw, switches);
	KUNIT_EXPECT_EQ(test, c->bytes_out, 4097);
}

static void collector_threshold_wakes(struct kunit *test)
{
	struct havege_collector *c = test->priv;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	drain(test, c, 64);
	KUNIT_ASSERT_FALSE(test, full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_set_threshold(c, 8 * 8192), 0);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

static void collector_threshold_bounds(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	static const u32 bad[] = { 0, 1, 511, 8 * 8192 + 1, 8 * 8192 + 8,
				   8 * 8192 + 9, 1u << 30, ~0u };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, havege_collector_set_threshold(c, 512), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.threshold, 512);
	KUNIT_EXPECT_EQ(test, havege_collector_set_threshold(c, 8 * 8192), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, havege_collector_set_threshold(c, bad[i]),
				-ERANGE);
		KUNIT_EXPECT_EQ(test, c->buffer.threshold, 8 * 8192);
	}
}

static void collector_bad_cpu(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct cpumask *bad = kunit_kzalloc(test, sizeof(*bad), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, bad);
	cpumask_andnot(bad, cpu_all_mask, cpu_online_mask);
	if (cpumask_empty(bad))
		kunit_skip(test, "all possible CPUs are online");
	KUNIT_EXPECT_EQ(test, havege_collector_start(c, bad), -ENXIO);
	/* Online CPUs among them do not help. */
	cpumask_set_cpu(0, bad);
	KUNIT_EXPECT_EQ(test, havege_collector_start(c, bad), -ENXIO);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	/* A start on a good CPU still works. */
	KUNIT_ASSERT_EQ(test, collector_start(c, -1), 0);
	KUNIT_EXPECT_EQ(test, cpu_of(c), havege_collector_default_cpu());
	task = task_of(c);
	KUNIT_EXPECT_EQ(test, move(c, -1), 0);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, bad), -ENXIO);
	KUNIT_EXPECT_EQ(test, cpu_of(c), havege_collector_default_cpu());
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

static void collector_default_cpu(struct kunit *test)
{
	/* No CPU is isolated where these suites run. */
	KUNIT_EXPECT_EQ(test, havege_collector_default_cpu(),
			cpumask_last(cpu_online_mask));
}

/* The buffer is wiped, and refilled by a thread named after the other CPU. */
static void collector_moves(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int from = cpumask_first(cpu_online_mask);
	const int to = cpumask_last(cpu_online_mask);
	struct task_struct *task;
	char name[TASK_COMM_LEN];

	if (from == to)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, collector_start(c, from), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	task = task_of(c);
	KUNIT_EXPECT_EQ(test, move(c, from), 0);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);

	KUNIT_EXPECT_EQ(test, move(c, to), 0);
	snprintf(name, sizeof(name), "havege/%d", to);
	KUNIT_EXPECT_STREQ(test, task_of(c)->comm, name);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(to, task_of(c)->cpus_ptr));
	KUNIT_EXPECT_EQ(test, cpumask_weight(task_of(c)->cpus_ptr), 1);
	KUNIT_EXPECT_EQ(test, cpu_of(c), to);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A thread on the wrong CPU stops, and a successor takes over. */
static void collector_rehomes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int from = cpumask_first(cpu_online_mask);
	const int to = cpumask_last(cpu_online_mask);

	if (from == to)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, collector_start(c, from), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(task_of(c), cpumask_of(to)), 0);
	drain(test, c, 4097);
	/* It wakes up on the wrong CPU. Its successor fills the buffer. */
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_EQ(test, cpu_of(c), from);
	KUNIT_EXPECT_FALSE(test, only_worker(c)->displaced);
}

/* Several CPUs */

static struct havege_worker *worker_on(struct havege_collector *c, int cpu)
{
	struct havege_worker *w;

	list_for_each_entry(w, &c->workers, list)
		if (w->cpu == cpu)
			return w;
	return NULL;
}

static bool is_on(struct havege_collector *c, const struct cpumask *cpus)
{
	static struct cpumask now;
	struct havege_state state;

	havege_collector_snapshot(c, &state, &now);
	return cpumask_equal(&now, cpus);
}

/* Several workers fill one buffer, and all sleep when it is full. */
static void collector_on_all_cpus(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_worker *w;
	struct havege_state state;
	int cpu;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	for_each_online_cpu(cpu) {
		w = worker_on(c, cpu);
		KUNIT_ASSERT_NOT_NULL(test, w);
		KUNIT_EXPECT_TRUE(test, cpumask_equal(w->task->cpus_ptr,
						      cpumask_of(cpu)));
		KUNIT_EXPECT_EQ(test, w->status, HAVEGE_OK);
	}
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	list_for_each_entry(w, &c->workers, list)
		KUNIT_EXPECT_TRUE(test, asleep(w->task));
	KUNIT_EXPECT_TRUE(test, full(c));

	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_OK);
	/* Each is woken, and can fill the buffer alone. */
	drain(test, c, 4097);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* Whether all figures of a worker are @from's. */
static bool speaks_for(const struct havege_figures *sum,
		       const struct havege_worker *from)
{
	return !memcmp(&sum->estimate, &from->figures.estimate,
		       sizeof(sum->estimate)) &&
		sum->span == from->figures.span;
}

/*
 * The worst worker counts, in any order: the least credit, the most samples in
 * a block.
 */
static void collector_sums_up(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_worker *w = kunit_kzalloc(test, 3 * sizeof(*w), GFP_KERNEL);
	struct havege_state state;
	int order, i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w[0].figures = (struct havege_figures){
		.estimate = { .residual = 30000, .few = 31000, .all = 30500 },
		.span = 1, .credit = 4096, .block_samples = 5120, .shift = 3,
		.failures = { 1, 0, 2 }, .replay_failures = 5,
	};
	w[1].figures = (struct havege_figures){
		.estimate = { .residual = 90000, .few = 99000, .all = 95000 },
		.span = 4, .credit = 8192, .block_samples = 2560, .shift = 2,
		.failures = { 0, 4, 2 }, .replay_failures = 1,
	};
	/* A worker in its start-up has measured nothing. */
	w[2].figures.failures[1] = 7;
	w[0].status = HAVEGE_OK;
	w[1].status = HAVEGE_RECOVERING;
	w[2].status = HAVEGE_STARTING;
	for (order = 0; order < 3; order++) {
		spin_lock(&c->lock);
		for (i = 0; i < 3; i++)
			list_add_tail(&w[(order + i) % 3].list, &c->workers);
		spin_unlock(&c->lock);
		havege_collector_state(c, &state);
		spin_lock(&c->lock);
		INIT_LIST_HEAD(&c->workers);
		spin_unlock(&c->lock);
		KUNIT_EXPECT_TRUE(test, speaks_for(&state.figures, &w[0]));
		KUNIT_EXPECT_EQ(test, state.figures.credit, 4096);
		KUNIT_EXPECT_EQ(test, state.figures.block_samples, 5120);
		KUNIT_EXPECT_EQ(test, state.figures.shift, 3);
		KUNIT_EXPECT_EQ(test, state.figures.failures[0], 1);
		KUNIT_EXPECT_EQ(test, state.figures.failures[1], 11);
		KUNIT_EXPECT_EQ(test, state.figures.failures[2], 4);
		KUNIT_EXPECT_EQ(test, state.figures.replay_failures, 6);
	}
}

/* A worker on a requested CPU stays. The bytes of ended workers are wiped. */
static void collector_changes_cpus(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int first = cpumask_first(cpu_online_mask);
	struct task_struct *task;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, collector_start(c, first), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	task = task_of(c);
	KUNIT_ASSERT_TRUE(test, asleep(task));
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, cpu_online_mask), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_PTR_EQ(test, worker_on(c, first)->task, task);
	/* Ready bytes stay. */
	KUNIT_EXPECT_TRUE(test, full(c));

	/* When a worker ends, the buffer is wiped. */
	drain(test, c, 8);
	KUNIT_EXPECT_EQ(test, move(c, first), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(first)));
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, asleep(task));
}

/*
 * A CPU goes offline and comes back while the other worker goes on. Then all
 * requested CPUs go offline.
 */
static void collector_follows_cpus(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int last = cpumask_last(cpu_online_mask);
	const int first = cpumask_first(cpu_online_mask);
	struct task_struct *task;

	if (num_online_cpus() == 1 || !IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "no CPU can go offline");
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	task = worker_on(c, first)->task;
	KUNIT_ASSERT_EQ(test, remove_cpu(last), 0);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_NULL(test, worker_on(c, last));
	KUNIT_EXPECT_PTR_EQ(test, worker_on(c, first)->task, task);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_EQ(test, add_cpu(last), 0);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_NOT_NULL(test, worker_on(c, last));
	KUNIT_EXPECT_PTR_EQ(test, worker_on(c, first)->task, task);

	KUNIT_EXPECT_EQ(test, move(c, last), 0);
	KUNIT_ASSERT_EQ(test, remove_cpu(last), 0);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(cpumask_last(cpu_online_mask))));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_EQ(test, add_cpu(last), 0);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(last)));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A task that keeps the CPU that queues work does not keep the work waiting. */
static void work_is_unbound(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	unsigned long deadline;
	unsigned int busy;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	/* Then the settle work starts no worker. */
	havege_collector_dismiss(c);
	preempt_disable();
	deadline = jiffies + 5 * HZ;
	havege_collector_settle(c);
	do {
		cpu_relax();
		busy = work_busy(&c->settle_work.work);
	} while (busy && time_before(jiffies, deadline));
	preempt_enable();
	KUNIT_EXPECT_EQ(test, busy, 0);
}

/* Reads, with the bytes supplied by the test */

static void read_takes_what_is_there(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	u8 out[64];

	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, supply(c, "abcdef", 6), 6);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 0, true), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 4);
	KUNIT_EXPECT_EQ(test, memcmp(out, "abcd", 4), 0);
	/* The first bytes end the wait, even if more were wanted. */
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, true), 2);
	KUNIT_EXPECT_EQ(test, memcmp(out, "ef", 2), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, c->bytes_out, 6);
}

/* Wait until the reader waits. Nothing is ready, so it sleeps nowhere else. */
static void until_waiting(struct kunit *test, struct reader *r)
{
	const unsigned long deadline = jiffies + HANG;

	while (!wq_has_sleeper(&r->c->readers) && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&r->c->readers));
}

/* Well before the timeout of a read, which ends every wait. */
#define SOON	(HAVEGE_READ_SECONDS * HZ / 2)

static void expect_soon(struct kunit *test, struct reader *r)
{
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&r->done, SOON), 0);
	complete(&r->done);
}

/*
 * A wake-up takes the reader off the queue. On another CPU it may return to the
 * queue for a moment to check its condition. That it leaves at some time proves
 * nothing: the timeout would do that too.
 */
static void expect_woken(struct kunit *test, struct havege_collector *c)
{
	const unsigned long deadline = jiffies + SOON;

	while (wq_has_sleeper(&c->readers) && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&c->readers));
}

static void read_waits_for_bytes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r = start_reader(test, read_on);

	until_waiting(test, r);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	supply(c, "xyz", 3);
	expect_woken(test, c);
	KUNIT_EXPECT_EQ(test, end_of(test, r), 3);
	KUNIT_EXPECT_EQ(test, memcmp(r->out, "xyz", 3), 0);
}

static void read_ends_when_dismissed(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r[8];
	unsigned int i;
	u8 out[4];

	for (i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = start_reader(test, read_on);
	until_waiting(test, r[0]);
	havege_collector_dismiss(c);
	expect_woken(test, c);
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		expect_soon(test, r[i]);
		KUNIT_EXPECT_EQ(test, end_of(test, r[i]), -ENODEV);
	}
	/* So do later reads, with and without bytes or a wait. */
	supply(c, "xyz", 3);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), -ENODEV);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), -ENODEV);
}

/* The hw_random core stops its own thread like this, inside a read. */
static void read_ends_at_kthread_stop(struct kunit *test)
{
	struct reader *r = start_reader(test, read_on);

	until_waiting(test, r);
	kthread_stop(r->task);
	KUNIT_EXPECT_TRUE(test, completion_done(&r->done));
	put_task_struct(r->task);
	/*
	 * The stop ends the wait as a signal, or the reader checks for it
	 * afterwards.
	 */
	KUNIT_EXPECT_TRUE(test, r->ret == -EINTR || r->ret == -ERESTARTSYS);
}

static void read_ends_at_failure(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r = start_reader(test, read_on);
	u8 out[4];

	until_waiting(test, r);
	spin_lock(&c->lock);
	c->status = HAVEGE_FAILED;
	spin_unlock(&c->lock);
	wake_up_interruptible_all(&c->readers);
	expect_soon(test, r);
	KUNIT_EXPECT_EQ(test, end_of(test, r), -EIO);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), -EIO);
	KUNIT_EXPECT_EQ(test, move(c, 0), -EIO);
}

/* Without bytes the wait is bounded, and does not return 0. */
static void read_times_out(struct kunit *test)
{
	struct reader *r = start_reader(test, read_once);

	KUNIT_EXPECT_EQ(test, end_of(test, r), -ETIMEDOUT);
}

/*
 * Once bytes have left, a call holds the hw_random core's mutex for a part of
 * that time. The calls together end with the error.
 */
static void read_shares_the_core(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	u8 out[4];

	supply(c, "xyz", 3);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 3, true), 3);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 0);
	c->starved_since -= HAVEGE_READ_SECONDS * (u64)NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true),
			-ETIMEDOUT);

	/* The error ends that time, and so does a byte. */
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 0);
	c->starved_since -= HAVEGE_READ_SECONDS * (u64)NSEC_PER_SEC;
	supply(c, "x", 1);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 1);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 0);

	/* A reader that has gone away does not count. */
	c->starved_since -= HAVEGE_READ_SECONDS * (u64)NSEC_PER_SEC;
	c->looked_at -= 3 * HZ;
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 0);
}

/* A read that finds nothing, after others have found nothing for too long. */
static int starve(struct havege_collector *c)
{
	u8 out[4];

	spin_lock(&c->lock);
	c->starved_since = ktime_get_ns() -
		HAVEGE_READ_SECONDS * (u64)NSEC_PER_SEC;
	c->looked_at = jiffies;
	spin_unlock(&c->lock);
	return havege_collector_read(c, out, sizeof(out), true);
}

/* The time of a start-up and of a suspend does not count. */
static void read_outlasts_start(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_worker *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	/* Reads of a kthread wait longer before the first byte. */
	c->bytes_out = 1;
	w->task = current;
	w->status = HAVEGE_STARTING;
	list_add_tail(&w->list, &c->workers);
	KUNIT_EXPECT_EQ(test, starve(c), 0);
	/* The next one may fail as well. */
	c->failure_logged = true;
	KUNIT_EXPECT_EQ(test, starve(c), -ETIMEDOUT);
	c->failure_logged = false;
	w->stuck = true;
	KUNIT_EXPECT_EQ(test, starve(c), -ETIMEDOUT);
	w->stuck = false;
	w->status = HAVEGE_RECOVERING;
	KUNIT_EXPECT_EQ(test, starve(c), -ETIMEDOUT);
	list_del(&w->list);
	c->status = HAVEGE_SUSPENDED;
	KUNIT_EXPECT_EQ(test, starve(c), 0);
	c->status = HAVEGE_STARTING;
	KUNIT_EXPECT_EQ(test, starve(c), -ETIMEDOUT);
}

/* Bytes from before a move are not served after it. */
static void collector_move_wipes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	u8 out[6];

	supply(c, "secret", 6);
	KUNIT_ASSERT_EQ(test, move(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 6, false), 6);
	KUNIT_EXPECT_NE(test, memcmp(out, "secret", 6), 0);
}

/* The first eight words of a walk contain no tick: the warm-up drops them. */
static void collector_warms_up(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const struct havege_geometry geo = { 8, 8 };
	struct havege_walk *walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	u64 *table = kunit_kzalloc(test, havege_table_bytes(&geo), GFP_KERNEL);
	u8 out[HAVEGE_LINE_BYTES];

	KUNIT_ASSERT_NOT_NULL(test, walk);
	KUNIT_ASSERT_NOT_NULL(test, table);
	havege_walk_init(walk, table, &geo);
	havege_walk_live(walk);
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, sizeof(out), false),
			sizeof(out));
	KUNIT_EXPECT_NE(test, memcmp(out, walk->ring, sizeof(out)), 0);
}

/* A collector on a clock that the test changes. */
struct on_clock {
	struct noise_clock clock;
	struct work_struct failed;
	struct completion heard;
	struct havege_settings settings;
};

static void hear_failure(struct work_struct *work)
{
	complete(&container_of(work, struct on_clock, failed)->heard);
}

/* Replace the collector of collector_init(). */
static struct on_clock *on_clock(struct kunit *test, bool stream)
{
	struct on_clock *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct havege_collector *c;

	KUNIT_ASSERT_NOT_NULL(test, o);
	destroy_now(test);
	o->clock = new_clock;
	INIT_WORK(&o->failed, hear_failure);
	init_completion(&o->heard);
	o->settings = (struct havege_settings){
		.buffer_kb = 4, .threshold = 512, .dcache_kb = 8,
		.icache_kb = 8, .stream = stream, .clock = &o->clock.base,
		.failed = &o->failed,
	};
	c = havege_collector_create(&o->settings);
	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	test->priv = c;
	return o;
}

/* The same, for a case that needs two CPUs. */
static struct on_clock *on_two_cpus(struct kunit *test)
{
	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	return on_clock(test, false);
}

static enum havege_status status(struct havege_collector *c)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.status;
}

/* Run a source as a worker does, up to its first blocks or words. */
static void collector_make_bytes(struct kunit *test,
				 struct havege_source *source, u64 *table,
				 struct havege_test_clock *clock, bool stream)
{
	const struct havege_geometry geo = { 8, 8 };
	enum havege_step step;
	size_t bytes;

	havege_source_init(source, table, &geo, clock, havege_known_answers);
	source->fill_ns = U32_MAX;
	source->stream = stream;
	do {
		step = havege_source_step(source);
		if (step != HAVEGE_STEP_MEMORY)
			continue;
		bytes = havege_source_memory(source);
		havege_source_lend(source, kunit_kzalloc(test, bytes,
							 GFP_KERNEL), bytes);
		KUNIT_ASSERT_NOT_NULL(test, source->memory);
	} while (step == HAVEGE_STEP_BUSY || step == HAVEGE_STEP_MEMORY);
	KUNIT_ASSERT_EQ(test, step, stream ? HAVEGE_STEP_WORDS :
			HAVEGE_STEP_BLOCKS);
}

/* It serves exactly what the source makes of the same clock. */
static void collector_serves_blocks(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	const struct havege_geometry geo = { 8, 8 };
	struct havege_source *source = kunit_kzalloc(test, sizeof(*source),
						     GFP_KERNEL);
	u64 *table = kunit_kzalloc(test, havege_table_bytes(&geo), GFP_KERNEL);
	struct noise_clock clock = new_clock;
	u8 out[3 * HAVEGE_BLOCK];
	struct havege_state state;

	KUNIT_ASSERT_TRUE(test, source && table);
	collector_make_bytes(test, source, table, &clock.base, false);
	KUNIT_ASSERT_GE(test, source->pending_bytes, sizeof(out));

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, sizeof(out), true),
			sizeof(out));
	KUNIT_EXPECT_EQ(test, memcmp(out, source->pending, sizeof(out)), 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.figures.span, 1);
	KUNIT_EXPECT_EQ(test, state.figures.credit, HAVEGE_BIT / 16);
	KUNIT_EXPECT_EQ(test, state.figures.block_samples, 5120);
	KUNIT_EXPECT_EQ(test, state.figures.shift, source->health.shift);
	KUNIT_EXPECT_GE(test, state.figures.estimate.residual,
			havege_limit(1));
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* mode=stream: no word of a fill is lost, and they come in order. */
static void collector_serves_all_words(struct kunit *test)
{
	struct on_clock *o = on_clock(test, true);
	const struct havege_geometry geo = { 8, 8 };
	struct havege_source *source = kunit_kzalloc(test, sizeof(*source),
						     GFP_KERNEL);
	u64 *table = kunit_kzalloc(test, havege_table_bytes(&geo), GFP_KERNEL);
	const u32 bytes = sizeof(source->walk.ring);
	u8 *out = kunit_kzalloc(test, bytes, GFP_KERNEL);
	struct noise_clock clock = new_clock;
	struct havege_collector *c;
	u32 done = 0;
	int got;

	KUNIT_ASSERT_TRUE(test, source && table && out);
	collector_make_bytes(test, source, table, &clock.base, true);

	destroy_now(test);
	o->settings.buffer_kb = 2 * bytes / 1024;
	c = havege_collector_create(&o->settings);
	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	test->priv = c;
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	for (; done < bytes; done += got) {
		got = havege_collector_read(c, out + done, bytes - done, true);
		KUNIT_ASSERT_GT(test, got, 0);
	}
	KUNIT_EXPECT_EQ(test, memcmp(out, source->walk.ring, bytes), 0);
}

/* Neither a secret nor memory for sets is left. */
static bool forgotten(struct havege_source *source)
{
	return !memchr_inv(source->walk.ring, 0, sizeof(source->walk.ring)) &&
		!memchr_inv(source->walk.delta, 0, sizeof(source->walk.delta)) &&
		!memchr_inv(source->sample, 0, sizeof(source->sample)) &&
		!source->memory && !source->pending_bytes;
}

/* An idle worker has wiped its last work. */
static void expect_forgotten(struct kunit *test, bool stream)
{
	struct havege_collector *c;
	struct havege_source *source;
	int round;

	on_clock(test, stream);
	c = test->priv;
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	source = only_worker(c)->source;
	for (round = 0; round < 3; round++) {
		KUNIT_ASSERT_TRUE(test, becomes_full(c));
		KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
		KUNIT_EXPECT_TRUE(test, forgotten(source));
		drain(test, c, c->settings.buffer_kb * 1024);
	}
}

static void collector_forgets(struct kunit *test)
{
	expect_forgotten(test, false);
	expect_forgotten(test, true);
}

/* Timing without noise: no worker, no byte. */
static void collector_refuses(struct kunit *test)
{
	static const enum noise bad[] = { OF_THE_PATH, CONSTANT };
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	unsigned int i;
	u8 out[4];

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		o->clock.noise = bad[i];
		KUNIT_EXPECT_EQ(test, collector_start(c, 0), -ENODEV);
		KUNIT_EXPECT_NULL(test, task_of(c));
		KUNIT_EXPECT_EQ(test, status(c), HAVEGE_STARTING);
		KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	}
	KUNIT_EXPECT_EQ(test, figures_of(c).estimate.residual, 0);
	KUNIT_EXPECT_EQ(test, figures_of(c).replay_failures, 2);
	/* From now on one good set is not enough. */
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(0, &c->doubted));
	/* A start with noise still works. */
	o->clock.noise = NOISY;
	KUNIT_EXPECT_EQ(test, collector_start(c, 0), 0);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_TRUE(test, only_worker(c)->doubt);
	KUNIT_EXPECT_GE(test, only_worker(c)->source->sets, HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->doubted));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* One CPU without noise among several: the others serve, and it gets retries. */
static void collector_on_some_cpus(struct kunit *test)
{
	const int first = cpumask_first(cpu_online_mask);
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;
	u8 out[4];

	o->clock.apart = true;
	o->clock.quiet = last;
	o->clock.constant = U32_MAX;
	KUNIT_EXPECT_EQ(test, collector_start(c, last), -ENODEV);
	KUNIT_EXPECT_FALSE(test, c->failure_logged);

	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(first, &c->missing));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->missing, cpumask_of(last)));
	KUNIT_EXPECT_NOT_NULL(test, worker_on(c, first));
	KUNIT_EXPECT_NULL(test, worker_on(c, last));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_TRUE(test, c->failure_logged);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&c->settle_work));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), 4);

	/* Not one of the new CPUs: it moves back. */
	KUNIT_EXPECT_EQ(test, move(c, last), -ENODEV);
	KUNIT_EXPECT_NOT_NULL(test, worker_on(c, first));

	/* The retry. */
	WRITE_ONCE(o->clock.constant, 0);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->missing));
	KUNIT_EXPECT_FALSE(test, c->failure_logged);

	/* A move to some of the CPUs is no error either. */
	KUNIT_ASSERT_EQ(test, move(c, first), 0);
	WRITE_ONCE(o->clock.constant, U32_MAX);
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, cpu_online_mask), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(first)));
}

/* A CPU that does not run the thread */

static bool is_reason(struct havege_collector *c, int cpu)
{
	struct havege_state state;
	char text[40];

	havege_collector_state(c, &state);
	snprintf(text, sizeof(text), "CPU %d has not run havege/%d", cpu, cpu);
	return strstr(state.reason, text);
}

/* It is no failure of the source: the next start-up is not stricter. */
static void start_on_stuck_cpu(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;

	o->clock.stuck = 0;
	KUNIT_EXPECT_EQ(test, collector_start(c, 0), -EBUSY);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->unfit, cpumask_of(0)));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->doubted));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_STARTING);
	KUNIT_EXPECT_TRUE(test, is_reason(c, 0));
	WRITE_ONCE(o->clock.stuck, -1);
	KUNIT_EXPECT_EQ(test, collector_start(c, 0), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* No CPU was requested: another one collects, until a user asks again. */
static void start_beside_stuck_cpu(struct kunit *test)
{
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;
	struct task_struct *task;

	o->clock.stuck = last;
	KUNIT_ASSERT_EQ(test, collector_start(c, -1), 0);
	KUNIT_EXPECT_NE(test, cpu_of(c), last);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->unfit, cpumask_of(last)));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	task = task_of(c);
	collector_settle(c);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, move(c, -1), 0);
	KUNIT_EXPECT_NE(test, cpu_of(c), last);
	WRITE_ONCE(o->clock.stuck, -1);
	KUNIT_EXPECT_EQ(test, move(c, -1), 0);
	KUNIT_EXPECT_EQ(test, cpu_of(c), last);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A counter that does not move on one CPU may move on another one. */
static void start_beside_stopped_counter(struct kunit *test)
{
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;

	o->clock.apart = true;
	o->clock.stopped = last;
	KUNIT_EXPECT_EQ(test, collector_start(c, last), -ENODEV);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->unfit, cpumask_of(last)));
	/* It says nothing about other CPUs: the next start-up is not stricter. */
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->doubted));
	if (num_online_cpus() == 1) {
		/* There is no other one: it does not look for ever. */
		KUNIT_EXPECT_EQ(test, collector_start(c, -1), -ENODEV);
		return;
	}
	/* Nor does a lack of noise make it try another CPU. */
	o->clock.stopped = -1;
	o->clock.quiet = last;
	o->clock.constant = U32_MAX;
	KUNIT_EXPECT_EQ(test, collector_start(c, -1), -ENODEV);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->doubted, cpumask_of(last)));
	o->clock.constant = 0;
	o->clock.stopped = last;
	KUNIT_ASSERT_EQ(test, collector_start(c, -1), 0);
	KUNIT_EXPECT_NE(test, cpu_of(c), last);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	/* It moves again. */
	WRITE_ONCE(o->clock.stopped, -1);
	KUNIT_EXPECT_EQ(test, move(c, -1), 0);
	KUNIT_EXPECT_EQ(test, cpu_of(c), last);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
}

/* A CPU that is refused makes the other one need more good sets. */
static void start_beside_refused_cpu(struct kunit *test)
{
	const int first = cpumask_first(cpu_online_mask);
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;

	o->clock.apart = true;
	o->clock.quiet = last;
	o->clock.constant = U32_MAX;
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->missing, cpumask_of(last)));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->doubted, cpumask_of(last)));
	KUNIT_ASSERT_NOT_NULL(test, worker_on(c, first));
	KUNIT_EXPECT_TRUE(test, worker_on(c, first)->doubt);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* That a CPU went offline says less than that another one is refused. */
static void start_beside_lost_cpu(struct kunit *test)
{
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;

	o->clock.apart = true;
	o->clock.moved = cpumask_first(cpu_online_mask);
	o->clock.moved_to = last;
	o->clock.quiet = last;
	o->clock.constant = U32_MAX;
	KUNIT_EXPECT_EQ(test, havege_collector_start(c, cpu_online_mask),
			-ENODEV);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->missing, cpu_online_mask));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->doubted, cpumask_of(last)));
}

/* A requested CPU: an error, and the collector moves back. */
static void move_to_stuck_cpu(struct kunit *test)
{
	const int first = cpumask_first(cpu_online_mask);
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;

	KUNIT_ASSERT_EQ(test, collector_start(c, first), 0);
	WRITE_ONCE(o->clock.stuck, last);
	KUNIT_EXPECT_EQ(test, move(c, last), -EBUSY);
	KUNIT_EXPECT_EQ(test, cpu_of(c), first);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->asked, cpumask_of(first)));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	/* One of the requested CPUs is enough; the other one gets retries. */
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, cpu_online_mask), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(first)));
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->missing, cpumask_of(last)));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&c->settle_work));
	KUNIT_EXPECT_TRUE(test, full(c));
	WRITE_ONCE(o->clock.stuck, -1);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
}

/* The start-ups on several CPUs run at the same time. */
static void starts_together(struct kunit *test)
{
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;

	o->clock.stuck = cpumask_first(cpu_online_mask);
	o->clock.freed_by = cpumask_last(cpu_online_mask);
	o->clock.apart = true;
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	KUNIT_EXPECT_EQ(test, o->clock.stuck, -1);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->missing));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A start-up that makes steps may take longer than HAVEGE_STUCK_SECONDS. */
static void start_is_slow(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);

	o->clock.naps = (HAVEGE_STUCK_SECONDS + 1) * 10;
	KUNIT_EXPECT_EQ(test, collector_start(test->priv, 0), 0);
	KUNIT_EXPECT_EQ(test, o->clock.naps, 0);
}

/*
 * A read that finds no bytes. @w is NULL, or a worker at which a reader looked
 * first some time ago.
 */
static void read_nothing(struct havege_collector *c, struct havege_worker *w)
{
	u8 out[4];

	spin_lock(&c->lock);
	if (w)
		w->seen_at = jiffies - (w->seen_low ? HAVEGE_LOW_SECONDS + 1 :
					HAVEGE_STUCK_SECONDS + 1) * HZ;
	spin_unlock(&c->lock);
	havege_collector_read(c, out, sizeof(out), false);
}

/* Let @cpu run its worker no more, and empty the buffer. */
static bool stands_still(struct havege_collector *c, struct noise_clock *clock,
			 int cpu)
{
	const unsigned long deadline = jiffies + HANG;
	u8 out[16];

	WRITE_ONCE(clock->stuck, cpu);
	while (havege_collector_read(c, out, sizeof(out), false) > 0 ||
	       (!READ_ONCE(clock->waits) && time_before(jiffies, deadline)))
		cond_resched();
	return READ_ONCE(clock->waits);
}

/* The same, and return true once reads have found that. */
static bool gets_stuck(struct havege_collector *c, struct noise_clock *clock,
		       int cpu)
{
	struct havege_worker *w = worker_on(c, cpu);
	const unsigned long deadline = jiffies + HANG;
	bool ret;

	if (!stands_still(c, clock, cpu))
		return false;
	do {
		cond_resched();
		/* The settle work may free the worker. */
		mutex_lock(&c->control);
		read_nothing(c, w);
		ret = w->stuck;
		mutex_unlock(&c->control);
	} while (!ret && time_before(jiffies, deadline));
	flush_delayed_work(&c->settle_work);
	return ret;
}

/* On a requested CPU the worker stays, and goes on when it can. */
static void worker_gets_stuck(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct task_struct *task;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	task = task_of(c);
	KUNIT_ASSERT_TRUE(test, gets_stuck(c, &o->clock, 0));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_RECOVERING);
	KUNIT_EXPECT_TRUE(test, is_reason(c, 0));
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->unfit, cpumask_of(0)));
	collector_settle(c);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_RECOVERING);

	WRITE_ONCE(o->clock.stuck, -1);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->unfit));
}

/* On a CPU that was not requested it is replaced by one on another CPU. */
static void worker_leaves_stuck_cpu(struct kunit *test)
{
	const int last = cpumask_last(cpu_online_mask);
	struct on_clock *o = on_two_cpus(test);
	struct havege_collector *c = test->priv;

	KUNIT_ASSERT_EQ(test, collector_start(c, -1), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_ASSERT_TRUE(test, gets_stuck(c, &o->clock, last));
	KUNIT_EXPECT_NE(test, cpu_of(c), last);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A slow machine does not make the last look one of long ago. */
static void look_soon(struct havege_collector *c)
{
	spin_lock(&c->lock);
	c->looked_at = jiffies;
	spin_unlock(&c->lock);
}

/* Whether two reads, some time apart, find that a worker stands still. */
static bool is_found(struct havege_collector *c, struct havege_worker *w)
{
	bool ret;

	spin_lock(&c->lock);
	c->starved_since = 0;
	spin_unlock(&c->lock);
	read_nothing(c, NULL);
	look_soon(c);
	read_nothing(c, w);
	spin_lock(&c->lock);
	ret = w->stuck;
	w->stuck = false;
	spin_unlock(&c->lock);
	return ret;
}

/* A worker without work, in a pause or in its start-up does not stand still. */
static void reader_watches_workers(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_worker *w;
	u8 out[3];

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	/* With two CPUs it would run beside this test. */
	KUNIT_ASSERT_TRUE(test, stands_still(c, &o->clock, 0));
	w = only_worker(c);
	/* Keep the settle work out, and the reads from taking bytes. */
	mutex_lock(&c->control);
	spin_lock(&c->lock);
	c->status = HAVEGE_RECOVERING;
	spin_unlock(&c->lock);
	KUNIT_EXPECT_TRUE(test, is_found(c, w));
	WRITE_ONCE(w->idle, true);
	KUNIT_EXPECT_TRUE(test, is_found(c, w));
	c->buffer.fill = c->buffer.size;
	c->buffer.wanted = false;
	KUNIT_EXPECT_FALSE(test, is_found(c, w));
	WRITE_ONCE(w->idle, false);
	/* It may have taken an opening on: another one has to take that on. */
	WRITE_ONCE(c->opening, HAVEGE_TAKEN_ON);
	KUNIT_EXPECT_TRUE(test, is_found(c, w));
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_ASKED);
	WRITE_ONCE(c->opening, HAVEGE_NOT_ASKED);
	c->buffer.fill = 0;
	WRITE_ONCE(w->pause_end, jiffies + 60 * HZ);
	WRITE_ONCE(w->pausing, true);
	KUNIT_EXPECT_FALSE(test, is_found(c, w));
	WRITE_ONCE(w->pause_end, jiffies - 1);
	KUNIT_EXPECT_TRUE(test, is_found(c, w));
	WRITE_ONCE(w->pausing, false);
	w->status = HAVEGE_STARTING;
	KUNIT_EXPECT_FALSE(test, is_found(c, w));
	w->status = HAVEGE_OK;
	/* Behind many tasks a thread of a low priority may need longer. */
	spin_lock(&c->lock);
	w->seen_low = true;
	c->starved_since = 1;
	w->seen_at = jiffies - (HAVEGE_STUCK_SECONDS + 1) * HZ;
	spin_unlock(&c->lock);
	look_soon(c);
	havege_collector_read(c, out, 3, false);
	KUNIT_EXPECT_FALSE(test, w->stuck);
	look_soon(c);
	read_nothing(c, w);
	KUNIT_EXPECT_TRUE(test, w->stuck);
	w->stuck = false;
	/* The thread has made a step. */
	c->starved_since = 0;
	read_nothing(c, NULL);
	w->beat++;
	look_soon(c);
	read_nothing(c, w);
	KUNIT_EXPECT_FALSE(test, w->stuck);
	/* Time without a look does not count. */
	c->looked_at = jiffies - HAVEGE_STUCK_SECONDS * HZ;
	read_nothing(c, w);
	KUNIT_EXPECT_FALSE(test, w->stuck);
	/* Bytes have come. */
	look_soon(c);
	read_nothing(c, w);
	KUNIT_EXPECT_TRUE(test, w->stuck);
	w->stuck = false;
	supply(c, "abc", 3);
	read_nothing(c, w);
	KUNIT_EXPECT_FALSE(test, w->stuck);
	KUNIT_EXPECT_NE(test, c->starved_since, 0);
	spin_lock(&c->lock);
	havege_worker_sum_up(c);
	spin_unlock(&c->lock);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 3, false), 3);
	KUNIT_EXPECT_EQ(test, c->starved_since, 0);
	mutex_unlock(&c->control);
	WRITE_ONCE(o->clock.stuck, -1);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* Another worker's CPU runs it: reads go on. */
static void stuck_worker_does_not_count(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_worker *w = kunit_kzalloc(test, 2 * sizeof(*w), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w[0].status = HAVEGE_OK;
	w[1].status = HAVEGE_RECOVERING;
	spin_lock(&c->lock);
	for (i = 0; i < 2; i++)
		list_add_tail(&w[i].list, &c->workers);
	w[1].stuck = true;
	havege_worker_sum_up(c);
	KUNIT_EXPECT_EQ(test, c->status, HAVEGE_OK);
	w[0].stuck = true;
	havege_worker_sum_up(c);
	KUNIT_EXPECT_EQ(test, c->status, HAVEGE_RECOVERING);
	w[1].stuck = false;
	w[1].status = HAVEGE_STARTING;
	havege_worker_sum_up(c);
	KUNIT_EXPECT_EQ(test, c->status, HAVEGE_RECOVERING);
	INIT_LIST_HEAD(&c->workers);
	havege_worker_sum_up(c);
	KUNIT_EXPECT_EQ(test, c->status, HAVEGE_STARTING);
	spin_unlock(&c->lock);
}

static bool collector_failures(struct havege_collector *c,
			       enum havege_test which)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.figures.failures[which];
}

/* Equal samples: it restarts by itself, and logs that. */
static void collector_recovers(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	u32 run;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_FALSE(test, collector_failures(c, HAVEGE_REPETITION));
	/* The first delta after a row is longer than the others. */
	run = havege_cutoffs(figures_of(c).shift,
			     HAVEGE_ALPHA_INTERMITTENT).run + HAVEGE_FILL_TICKS;
	WRITE_ONCE(o->clock.constant, run);
	drain(test, c, 4096 - 32);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_TRUE(test, collector_failures(c, HAVEGE_REPETITION));
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
	/* The counts stay, on another CPU and in another worker. */
	mutex_lock(&c->control);
	WRITE_ONCE(only_worker(c)->displaced, true);
	mutex_unlock(&c->control);
	collector_settle(c);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, collector_failures(c, HAVEGE_REPETITION));
}

/* While it recovers no bytes are served, not even ready ones. */
static void recovering_serves_nothing(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r;
	u8 out[4];

	supply(c, "abcdefgh", 8);
	spin_lock(&c->lock);
	c->status = HAVEGE_RECOVERING;
	spin_unlock(&c->lock);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 4), 0);
	r = start_reader(test, read_on);
	until_waiting(test, r);
	/* A spurious wake-up does not make the reader check twice. */
	wake_up_interruptible_all(&c->readers);
	until_waiting(test, r);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	spin_lock(&c->lock);
	c->status = HAVEGE_OK;
	spin_unlock(&c->lock);
	wake_up_interruptible_all(&c->readers);
	expect_soon(test, r);
	KUNIT_EXPECT_EQ(test, end_of(test, r), 8);
}

/* The failure latches, is logged and reported. Ready bytes are wiped. */
static void collector_fails(struct kunit *test)
{
	struct on_clock *o;
	struct havege_collector *c;
	struct reader *r;
	unsigned long deadline;
	int stream, got;
	u8 out[4];

	for (stream = 0; stream < 2; stream++) {
		deadline = jiffies + HANG;
		o = on_clock(test, stream);
		c = test->priv;
		KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
		KUNIT_ASSERT_TRUE(test, becomes_full(c));
		KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
		WRITE_ONCE(o->clock.noise, CONSTANT);
		/*
		 * A fill of walk words is the whole buffer, and too short a
		 * run.
		 */
		do {
			got = havege_collector_read(c, out, sizeof(out), false);
			cond_resched();
		} while (got >= 0 && time_before(jiffies, deadline));
		KUNIT_EXPECT_EQ(test, got, -EIO);
		KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&o->heard,
								  HANG), 0);
		KUNIT_EXPECT_EQ(test, status(c), HAVEGE_FAILED);
		KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
		KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false),
				-EIO);
		r = start_reader(test, read_on);
		KUNIT_EXPECT_EQ(test, end_of(test, r), -EIO);
		KUNIT_EXPECT_EQ(test, move(c, 0), -EIO);
		KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 0);
		/* A permanently failed worker gets no successor. */
		collector_settle(c);
		KUNIT_EXPECT_EQ(test, status(c), HAVEGE_FAILED);
		flush_work(&o->failed);
	}
}

/*
 * One recovering worker stops all deliveries, even of ready bytes. bytes_out
 * counts only reads before and after.
 */
static void recovering_is_for_all(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_worker *w;
	unsigned long deadline;
	bool seen = false;
	u8 out[4];
	int got;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	o->clock.quiet = 0;
	o->clock.apart = true;
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	list_for_each_entry(w, &c->workers, list)
		KUNIT_ASSERT_TRUE(test, asleep(w->task));
	WRITE_ONCE(o->clock.constant,
		   havege_cutoffs(worker_on(c, 0)->figures.shift,
				  HAVEGE_ALPHA_INTERMITTENT).run +
		   HAVEGE_FILL_TICKS);
	drain(test, c, 4096 - 63);
	/* All that comes before has taken its own time. */
	deadline = jiffies + HANG;
	while (!seen && time_before(jiffies, deadline)) {
		cond_resched();
		if (status(c) != HAVEGE_RECOVERING)
			continue;
		got = havege_collector_read(c, out, 4, false);
		if (status(c) != HAVEGE_RECOVERING)
			continue;
		KUNIT_EXPECT_EQ(test, got, 0);
		seen = true;
	}
	KUNIT_EXPECT_TRUE(test, seen);
	KUNIT_EXPECT_GE(test, c->buffer.fill, 63);
	KUNIT_EXPECT_EQ(test, worker_on(c, 1)->status, HAVEGE_OK);
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* One permanent failure ends the whole collector. */
static void failing_is_for_all(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_worker *w;
	u8 out[4];

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	o->clock.apart = true;
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	list_for_each_entry(w, &c->workers, list)
		KUNIT_ASSERT_TRUE(test, asleep(w->task));
	WRITE_ONCE(o->clock.noise, CONSTANT);
	drain(test, c, 4096 - 63);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&o->heard, HANG),
			0);
	WRITE_ONCE(o->clock.noise, NOISY);
	list_for_each_entry(w, &c->workers, list)
		KUNIT_EXPECT_TRUE(test, asleep(w->task));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_FAILED);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	KUNIT_EXPECT_EQ(test, supply(c, "abcd", 4), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), -EIO);
	flush_work(&o->failed);
}

static bool is_recovering(struct havege_collector *c)
{
	return status(c) == HAVEGE_RECOVERING;
}

/* Without noise the next set fails, and reads wait until noise is back. */
static void collector_notices(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_state state;
	u8 out[4];

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_EQ(test, figures_of(c).replay_failures, 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_STREQ(test, state.reason, "");
	WRITE_ONCE(o->clock.noise, OF_THE_PATH);
	drain(test, c, 4096 - 63);
	KUNIT_ASSERT_GT(test, wait_event_interruptible_timeout(c->readers,
							       is_recovering(c),
							       HANG), 0);
	/* Older bytes stay in the buffer, and are not served. */
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 63);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_TRUE(test, strstr(state.reason, "replay found 0.0"));
	/* It stays silent as long as needed, and recovers by itself. */
	WRITE_ONCE(o->clock.noise, NOISY);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_GE(test, figures_of(c).replay_failures, 1);
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* A set that takes too long is dropped with its blocks. */
static void collector_drops_old_sets(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_worker *w;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	w = only_worker(c);
	/* Let the sleeping thread find an old set first. */
	w->source->replay = (void *)w->source->walk.table;
	w->set_begun = jiffies - (HAVEGE_STALE_SECONDS + 1) * HZ;
	drain(test, c, 4096 - 63);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/*
 * While readers wait the blocks of a whole set fit. Then the size is as before.
 */
static void collector_serves_more(struct kunit *test)
{
	struct havege_collector *c;
	const u32 size = 4096;

	on_clock(test, false);
	c = test->priv;
	spin_lock(&c->lock);
	c->empty = true;
	spin_unlock(&c->lock);
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_EQ(test, c->buffer.fill, size);
	KUNIT_EXPECT_FALSE(test, only_worker(c)->demand);
	/* Nothing is left beyond its size. */
	KUNIT_EXPECT_NULL(test, memchr_inv(c->buffer.data + size, 0,
					   HAVEGE_SURPLUS));
}

/* Walk words: a fast reader does not keep the thread awake for ever. */
static void collector_sleeps_after_demand(struct kunit *test)
{
	struct on_clock *o = on_clock(test, true);
	struct havege_collector *c = test->priv;
	struct havege_worker *w;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	w = only_worker(c);
	/* A set is due, and meanwhile a reader finds the buffer empty. */
	w->estimated = jiffies - msecs_to_jiffies(2 * HAVEGE_STREAM_MS);
	spin_lock(&c->lock);
	c->empty = true;
	spin_unlock(&c->lock);
	drain(test, c, 4096);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_FALSE(test, w->demand);
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* A thread that waits for memory goes on later, even with a full buffer. */
static void collector_waits_for_memory(struct kunit *test)
{
	struct havege_collector *c;
	struct havege_worker *w;

	on_clock(test, false);
	c = test->priv;
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	w = only_worker(c);
	spin_lock(&c->lock);
	w->no_memory = 1;
	w->status = HAVEGE_RECOVERING;
	c->status = HAVEGE_RECOVERING;
	spin_unlock(&c->lock);
	wake_up(&c->work);
	KUNIT_EXPECT_GT(test, wait_event_interruptible_timeout(c->readers,
							       status(c) == HAVEGE_OK,
							       HANG), 0);
	KUNIT_EXPECT_EQ(test, w->no_memory, 0);
}

/* Refill the buffer, and return the number of readings at a low priority. */
static u32 yielded(struct kunit *test, struct on_clock *o)
{
	struct havege_collector *c = test->priv;
	const unsigned long deadline = jiffies + HANG;

	/* As if no reader had waited for a time. */
	c->looked_at = jiffies - HZ;
	o->clock.yielded = 0;
	drain(test, c, 4096 - 63);
	/* Not in becomes_full(), which waits as a reader. */
	while (!full(c) && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_TRUE(test, asleep(task_of(c)));
	return o->clock.yielded;
}

/* The thread yields to other tasks unless a reader waits. */
static void collector_yields(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	DECLARE_WAITQUEUE(reader, current);
	u8 out[4];

	/* Before that a task may wait. */
	KUNIT_ASSERT_EQ(test, wait_for_random_bytes(), 0);
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_EXPECT_GT(test, READ_ONCE(o->clock.yielded), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));

	KUNIT_EXPECT_GT(test, yielded(test, o), 0);
	/* As a reader that sleeps. */
	add_wait_queue(&c->readers, &reader);
	KUNIT_EXPECT_EQ(test, yielded(test, o), 0);
	remove_wait_queue(&c->readers, &reader);
	KUNIT_EXPECT_GT(test, yielded(test, o), 0);
	KUNIT_EXPECT_EQ(test, task_nice(task_of(c)), 0);
	/* The reader itself raises the priority of a thread that cannot run. */
	KUNIT_ASSERT_TRUE(test, stands_still(c, &o->clock, 0));
	set_user_nice(task_of(c), MAX_NICE);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	KUNIT_EXPECT_EQ(test, task_nice(task_of(c)), 0);
}

static void collector_contributes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_state state;

	/* Walk words are not contributed. */
	supply(c, "abcdefgh", 8);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 8);

	on_clock(test, false);
	c = test->priv;
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 0);
	supply(c, "abcdefgh", 8);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 5), 5);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 3);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.contributed, 8);
	KUNIT_EXPECT_EQ(test, state.bytes_out, 0);
	/* One call takes 64 bytes at most. */
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 4096), 64);
	havege_collector_dismiss(c);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 0);
}

/* No worker and no byte during suspend; a new start-up afterwards. */
static void collector_sleeps(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_state state;
	int before;
	u8 out[4];

	KUNIT_ASSERT_EQ(test, collector_start(c, -1), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_NOT_NULL(test, memchr_inv(c->buffer.data, 0, 4096));
	before = cpu_of(c);
	havege_collector_suspend(c);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_SUSPENDED);
	/* The state still shows the last CPU and its tuning. */
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.cpu, before);
	KUNIT_EXPECT_EQ(test, state.tuning.geo.dcache_kb, 8);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_none_mask));
	KUNIT_EXPECT_NULL(test, memchr_inv(c->buffer.data, 0, 4096));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 4), 0);
	/* Only the resume starts it again. */
	collector_settle(c);
	KUNIT_EXPECT_NULL(test, task_of(c));
	havege_collector_forked(c);
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	KUNIT_EXPECT_EQ(test, move(c, 0), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->asked, cpumask_of(0)));
	KUNIT_EXPECT_NULL(test, task_of(c));
	havege_collector_suspend(c);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_SUSPENDED);

	havege_collector_resume(c);
	flush_delayed_work(&c->settle_work);
	KUNIT_ASSERT_NOT_NULL(test, task_of(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_EQ(test, cpu_of(c), 0);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* A resume without a suspend changes nothing. */
static void collector_resumed_awake(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct task_struct *task;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	task = task_of(c);
	havege_collector_resume(c);
	collector_settle(c);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
}

/* Readers wait during suspend, and are served after the resume. */
static void read_waits_for_resume(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	havege_collector_suspend(c);
	r = start_reader(test, read_on);
	until_waiting(test, r);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	havege_collector_resume(c);
	KUNIT_EXPECT_EQ(test, end_of(test, r), sizeof(r->out));
}

/*
 * After a resume without noise it retries, less and less often, and does not
 * fail permanently. With noise it starts, after three good sets.
 */
static void collector_accepted_later(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_state state;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	havege_collector_suspend(c);
	WRITE_ONCE(o->clock.noise, OF_THE_PATH);
	havege_collector_resume(c);
	flush_delayed_work(&c->settle_work);
	collector_settle(c);
	KUNIT_EXPECT_EQ(test, c->tries, 2);
	KUNIT_EXPECT_TRUE(test, c->failure_logged);
	KUNIT_EXPECT_FALSE(test, cpumask_empty(&c->doubted));
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_STARTING);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_TRUE(test, strstr(state.reason, "replay found 0.0"));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&c->settle_work));
	WRITE_ONCE(o->clock.noise, NOISY);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_GE(test, only_worker(c)->source->sets, HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_EQ(test, c->tries, 0);
	KUNIT_EXPECT_FALSE(test, c->failure_logged);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->doubted));
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* A VM of the test: the test writes the generation ID. */
static u8 *on_hypervisor(struct kunit *test)
{
	u8 *generation = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct havege_collector *c = test->priv;
	struct havege_settings forked = c->settings;

	KUNIT_ASSERT_NOT_NULL(test, generation);
	destroy_now(test);
	forked.generation = generation;
	test->priv = havege_collector_create(&forked);
	KUNIT_ASSERT_FALSE(test, IS_ERR(test->priv));
	return generation;
}

/* The first read in a copy gets no byte that the other copies have. */
static void copy_serves_nothing_old(struct kunit *test)
{
	u8 *generation = on_hypervisor(test);
	struct havege_collector *c = test->priv;
	struct task_struct *task;
	u8 out[64];

	/* The first ID is arbitrary; only a change counts. */
	generation[3] = 1;
	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	task = task_of(c);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	get_task_struct(task);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, true), 64);
	havege_collector_forked(c);
	KUNIT_EXPECT_EQ(test, only_worker(c)->epoch, c->epoch);

	/* Keep the successor waiting until we have checked. */
	mutex_lock(&c->control);
	generation[HAVEGE_GENERATION - 1] = 1;
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_NE(test, only_worker(c)->epoch, c->epoch);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	KUNIT_EXPECT_GT(test, c->buffer.stale, 0);
	/* Other copies know the bytes of this worker. */
	KUNIT_EXPECT_EQ(test, supply(c, "abcdef", 6), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	mutex_unlock(&c->control);

	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_EQ(test, c->buffer.stale, 0);
	KUNIT_EXPECT_PTR_NE(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, only_worker(c)->epoch, c->epoch);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	/* A change counts once. */
	put_task_struct(task);
	task = task_of(c);
	havege_collector_forked(c);
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, true), 64);
}

/* The VM is stopped and copied between the check and the last byte. */
static void copy_made_within_a_read(struct kunit *test)
{
	u8 *generation = on_hypervisor(test);
	struct havege_collector *c = test->priv;

	KUNIT_EXPECT_EQ(test, supply(c, "abcdefgh", 8), 8);
	/* The read itself changes the ID. */
	mutex_lock(&c->control);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, generation, 8, false), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(generation, 0, 8));
	KUNIT_EXPECT_EQ(test, c->epoch, 1);
	KUNIT_EXPECT_EQ(test, c->bytes_out, 0);
	mutex_unlock(&c->control);
}

/* Without a read since the copy: the worker's bytes are rejected. */
static void copy_supplied_with_nothing_old(struct kunit *test)
{
	u8 *generation = on_hypervisor(test);
	struct havege_collector *c = test->priv;

	KUNIT_EXPECT_EQ(test, supply(c, "abcdefgh", 8), 8);
	mutex_lock(&c->control);
	generation[0] = 1;
	KUNIT_EXPECT_EQ(test, supply(c, "abcdefgh", 8), 0);
	KUNIT_EXPECT_EQ(test, c->epoch, 1);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	mutex_unlock(&c->control);
}

/* Without a generation ID the kernel's report counts. */
static void copy_without_generation(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	u8 out[6];

	supply(c, "secret", 6);
	mutex_lock(&c->control);
	/* A report may come in an interrupt while the lock is held. */
	spin_lock(&c->lock);
	havege_collector_forked(c);
	spin_unlock(&c->lock);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 6, false), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	KUNIT_EXPECT_EQ(test, supply(c, "abcdef", 6), 0);
	mutex_unlock(&c->control);
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_EQ(test, only_worker(c)->epoch, c->epoch);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A copy is noticed without a read, too. */
static void copy_that_nobody_reads(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct task_struct *task;

	KUNIT_ASSERT_EQ(test, collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	task = task_of(c);
	get_task_struct(task);
	havege_collector_forked(c);
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_PTR_NE(test, task_of(c), task);
	put_task_struct(task);
	/* One report causes one start-up. */
	task = task_of(c);
	collector_settle(c);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A clock that dismisses the collector at some thousandth reading. */
struct unloading_clock {
	struct noise_clock noise;
	struct havege_collector *c;
	unsigned int left;
};

static u64 unloading_read(struct havege_test_clock *base, u32 p, u32 q,
			  unsigned int depth, u32 *mix)
{
	struct unloading_clock *clock = (struct unloading_clock *)base;

	if (clock->left && !--clock->left)
		havege_collector_dismiss(clock->c);
	return noise_read(base, p, q, depth, mix);
}

/* A start-up does not delay the unload. */
static void start_ends_when_dismissed(struct kunit *test)
{
	struct unloading_clock *clock = kunit_kzalloc(test, sizeof(*clock),
						      GFP_KERNEL);
	struct havege_settings unloading = settings;
	struct havege_collector *c;

	KUNIT_ASSERT_NOT_NULL(test, clock);
	destroy_now(test);
	clock->noise = new_clock;
	clock->noise.base.read = unloading_read;
	clock->left = 4000;
	unloading.clock = &clock->noise.base;
	c = havege_collector_create(&unloading);
	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	test->priv = c;
	clock->c = c;
	KUNIT_EXPECT_EQ(test, collector_start(c, 0), -EINTR);
	KUNIT_EXPECT_EQ(test, clock->left, 0);
	KUNIT_EXPECT_EQ(test, move(c, 0), -EINTR);
	collector_settle(c);
	havege_collector_resume(c);
	KUNIT_EXPECT_NULL(test, task_of(c));
}

static void collector_destroyed_at_once(struct kunit *test)
{
	/* Never started; started and filling; started and asleep. */
	destroy_now(test);
	KUNIT_ASSERT_EQ(test, collector_init(test), 0);
	KUNIT_EXPECT_EQ(test, collector_start(test->priv, 0), 0);
	destroy_now(test);
	KUNIT_ASSERT_EQ(test, collector_init(test), 0);
	KUNIT_EXPECT_EQ(test, collector_start(test->priv, 0), 0);
	KUNIT_EXPECT_TRUE(test, becomes_full(test->priv));
	destroy_now(test);
}

static struct kunit_case collector_cases[] = {
	KUNIT_CASE(collector_starts_and_fills),
	KUNIT_CASE(collector_refills_below_threshold),
	KUNIT_CASE(collector_threshold_wakes),
	KUNIT_CASE(collector_threshold_bounds),
	KUNIT_CASE(collector_bad_cpu),
	KUNIT_CASE(collector_default_cpu),
	KUNIT_CASE(collector_moves),
	KUNIT_CASE(collector_rehomes),
	KUNIT_CASE(collector_on_all_cpus),
	KUNIT_CASE(collector_sums_up),
	KUNIT_CASE(collector_changes_cpus),
	KUNIT_CASE(collector_follows_cpus),
	KUNIT_CASE(work_is_unbound),
	KUNIT_CASE(collector_move_wipes),
	KUNIT_CASE(read_takes_what_is_there),
	KUNIT_CASE(read_waits_for_bytes),
	KUNIT_CASE(read_ends_when_dismissed),
	KUNIT_CASE(read_ends_at_kthread_stop),
	KUNIT_CASE(read_ends_at_failure),
	KUNIT_CASE_SLOW(read_times_out),
	KUNIT_CASE_SLOW(read_shares_the_core),
	KUNIT_CASE_SLOW(read_outlasts_start),
	KUNIT_CASE(collector_warms_up),
	KUNIT_CASE(collector_serves_blocks),
	KUNIT_CASE(collector_serves_all_words),
	KUNIT_CASE(collector_forgets),
	KUNIT_CASE(collector_refuses),
	KUNIT_CASE(collector_on_some_cpus),
	KUNIT_CASE_SLOW(start_on_stuck_cpu),
	KUNIT_CASE(start_beside_stuck_cpu),
	KUNIT_CASE(start_beside_stopped_counter),
	KUNIT_CASE(start_beside_refused_cpu),
	KUNIT_CASE(start_beside_lost_cpu),
	KUNIT_CASE(move_to_stuck_cpu),
	KUNIT_CASE_SLOW(starts_together),
	KUNIT_CASE_SLOW(start_is_slow),
	KUNIT_CASE(worker_gets_stuck),
	KUNIT_CASE(worker_leaves_stuck_cpu),
	KUNIT_CASE(reader_watches_workers),
	KUNIT_CASE(stuck_worker_does_not_count),
	KUNIT_CASE(collector_recovers),
	KUNIT_CASE(recovering_serves_nothing),
	KUNIT_CASE_SLOW(collector_fails),
	KUNIT_CASE(recovering_is_for_all),
	KUNIT_CASE_SLOW(failing_is_for_all),
	KUNIT_CASE_SLOW(collector_notices),
	KUNIT_CASE(collector_drops_old_sets),
	KUNIT_CASE_SLOW(collector_serves_more),
	KUNIT_CASE(collector_sleeps_after_demand),
	KUNIT_CASE(collector_waits_for_memory),
	KUNIT_CASE(collector_yields),
	KUNIT_CASE(collector_contributes),
	KUNIT_CASE(collector_sleeps),
	KUNIT_CASE(collector_resumed_awake),
	KUNIT_CASE(read_waits_for_resume),
	KUNIT_CASE(collector_accepted_later),
	KUNIT_CASE(copy_serves_nothing_old),
	KUNIT_CASE(copy_made_within_a_read),
	KUNIT_CASE(copy_supplied_with_nothing_old),
	KUNIT_CASE(copy_without_generation),
	KUNIT_CASE(copy_that_nobody_reads),
	KUNIT_CASE(start_ends_when_dismissed),
	KUNIT_CASE(collector_destroyed_at_once),
	{}
};

static struct kunit_suite collector_suite = {
	.name = "havege_collector",
	.init = collector_init,
	.exit = collector_exit,
	.test_cases = collector_cases,
};

kunit_test_suites(&collector_suite);
