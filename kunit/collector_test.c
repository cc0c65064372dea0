// SPDX-License-Identifier: GPL-2.0
/*
 * The collector: with its thread, and without one, where the test supplies the
 * bytes itself. Readers run in kthreads; what is waited for is a condition or a
 * completion, never a time.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../havege_collector.h"

/* Walk words, because they come a hundred times faster. */
static const struct havege_settings settings = {
	.buffer_kb = 8,
	.threshold = 4 * 1024 * 8,
	.dcache_kb = 8,
	.icache_kb = 8,
	.stream = true,
};

static int collector_init(struct kunit *test)
{
	struct havege_collector *c = havege_collector_create(&settings);

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

/* The one thread of a collector on one CPU; no thread, no worker. */
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

/* On one CPU, or with a negative one wherever it likes. */
static const struct cpumask *on(int cpu)
{
	return cpu < 0 ? cpu_none_mask : cpumask_of(cpu);
}

static int start(struct havege_collector *c, int cpu)
{
	return havege_collector_start(c, on(cpu));
}

static int move(struct havege_collector *c, int cpu)
{
	return havege_collector_move(c, on(cpu));
}

/* In place of a thread that began before any copy was made. */
static u32 supply(struct havege_collector *c, const char *bytes, u32 count)
{
	return havege_collector_supply(c, 0, bytes, count);
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
	return state.fill_bits == c->settings.buffer_kb * 8192;
}

/* The thread wakes c->readers after each batch; the deadline is for a hang. */
static bool becomes_full(struct havege_collector *c)
{
	return wait_event_interruptible_timeout(c->readers, full(c),
						20 * HZ) > 0;
}

/* Asleep for good: in its wait, and not on its way into or out of it. */
static bool asleep(struct task_struct *task)
{
	const unsigned long deadline = jiffies + 20 * HZ;
	unsigned long before;

	do {
		before = task->nvcsw + task->nivcsw;
		if (!time_before(jiffies, deadline))
			return false;
		cond_resched();
	} while (!(READ_ONCE(task->__state) & TASK_INTERRUPTIBLE) ||
		 task->nvcsw + task->nivcsw != before);
	return true;
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

/* What an event asks for, and done. */
static void settle(struct havege_collector *c)
{
	havege_collector_settle(c);
	flush_delayed_work(&c->settle);
}

static void collector_starts_and_fills(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_state state;

	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_STARTING);
	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
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

/* Full, it sleeps; at the threshold it sleeps on; a byte below, it refills. */
static void collector_refills_below_threshold(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	unsigned long switches;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
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

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
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
		kunit_skip(test, "all the CPUs that this kernel can have are there");
	KUNIT_EXPECT_EQ(test, havege_collector_start(c, bad), -ENXIO);
	/* Good ones among them make it no better. */
	cpumask_set_cpu(0, bad);
	KUNIT_EXPECT_EQ(test, havege_collector_start(c, bad), -ENXIO);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	/* And nothing is in the way of a good one. */
	KUNIT_ASSERT_EQ(test, start(c, -1), 0);
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
	/* Nothing is isolated where these suites run. */
	KUNIT_EXPECT_EQ(test, havege_collector_default_cpu(),
			cpumask_last(cpu_online_mask));
}

/* Wiped, and filled anew on the other CPU by a thread with its name. */
static void collector_moves(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int from = cpumask_first(cpu_online_mask);
	const int to = cpumask_last(cpu_online_mask);
	struct task_struct *task;
	char name[TASK_COMM_LEN];

	if (from == to)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, start(c, from), 0);
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

/* A thread that finds itself elsewhere stops, and a successor takes over. */
static void collector_rehomes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int from = cpumask_first(cpu_online_mask);
	const int to = cpumask_last(cpu_online_mask);

	if (from == to)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, start(c, from), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(task_of(c), cpumask_of(to)), 0);
	drain(test, c, 4097);
	/* It wakes up on the wrong CPU; its successor fills the buffer. */
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_EQ(test, cpu_of(c), from);
	KUNIT_EXPECT_FALSE(test, only_worker(c)->lost);
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

	havege_collector_cpus(c, &now);
	return cpumask_equal(&now, cpus);
}

/* A thread each, of which each fills the buffer, and all stop when it is full. */
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

	/* The worst of them is what the collector says of itself. */
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_OK);
	list_for_each_entry(w, &c->workers, list) {
		KUNIT_EXPECT_LE(test, state.figures.residual,
				w->figures.residual);
		KUNIT_EXPECT_LE(test, state.figures.credit, w->figures.credit);
		KUNIT_EXPECT_GE(test, state.figures.block_ticks,
				w->figures.block_ticks);
		KUNIT_EXPECT_GE(test, state.figures.shift, w->figures.shift);
	}
	/* Each is woken, and can fill it alone. */
	drain(test, c, 4097);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* Who is where it should be stays; what others have left goes. */
static void collector_changes_cpus(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int first = cpumask_first(cpu_online_mask);
	struct task_struct *task;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, start(c, first), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	task = task_of(c);
	KUNIT_ASSERT_TRUE(test, asleep(task));
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, cpu_online_mask), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_PTR_EQ(test, worker_on(c, first)->task, task);
	/* What was ready is still good. */
	KUNIT_EXPECT_TRUE(test, full(c));

	/* No buffer is left untouched where a thread has ended. */
	drain(test, c, 8);
	KUNIT_EXPECT_EQ(test, move(c, first), 0);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(first)));
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, asleep(task));
}

/* A CPU goes and comes back; the other works on. Then all that were asked for go. */
static void collector_follows_cpus(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	const int last = cpumask_last(cpu_online_mask);
	const int first = cpumask_first(cpu_online_mask);
	struct task_struct *task;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_online_mask), 0);
	task = worker_on(c, first)->task;
	KUNIT_ASSERT_EQ(test, remove_cpu(last), 0);
	settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_NULL(test, worker_on(c, last));
	KUNIT_EXPECT_PTR_EQ(test, worker_on(c, first)->task, task);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_EQ(test, add_cpu(last), 0);
	settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_online_mask));
	KUNIT_EXPECT_NOT_NULL(test, worker_on(c, last));
	KUNIT_EXPECT_PTR_EQ(test, worker_on(c, first)->task, task);

	KUNIT_EXPECT_EQ(test, move(c, last), 0);
	KUNIT_ASSERT_EQ(test, remove_cpu(last), 0);
	settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(cpumask_last(cpu_online_mask))));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_EQ(test, add_cpu(last), 0);
	settle(c);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpumask_of(last)));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
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
	/* The first bytes will do: a wait is for one, not for all. */
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, true), 2);
	KUNIT_EXPECT_EQ(test, memcmp(out, "ef", 2), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, c->bytes_out, 6);
}

/* A reader of its own, in a kthread. */
struct reader {
	struct havege_collector *c;
	struct task_struct *task;
	struct completion done;
	int ret;
	u8 out[16];
};

static int reader_fn(void *data)
{
	struct reader *r = data;

	r->ret = havege_collector_read(r->c, r->out, sizeof(r->out), true);
	complete(&r->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static struct reader *start_reader(struct kunit *test)
{
	struct reader *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->c = test->priv;
	init_completion(&r->done);
	r->task = kthread_create(reader_fn, r, "havege-reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->task));
	get_task_struct(r->task);
	wake_up_process(r->task);
	return r;
}

/* Until it sits in its wait: nothing is ready, so it can sleep nowhere else. */
static void until_waiting(struct kunit *test, struct reader *r)
{
	const unsigned long deadline = jiffies + 20 * HZ;

	while (!wq_has_sleeper(&r->c->readers) && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_TRUE(test, wq_has_sleeper(&r->c->readers));
}

/* Well before the time of a read is up, at which every wait ends. */
#define SOON	(HAVEGE_READ_SECONDS * HZ / 2)

static void expect_soon(struct kunit *test, struct reader *r)
{
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&r->done, SOON), 0);
	complete(&r->done);
}

static int end_of(struct kunit *test, struct reader *r)
{
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&r->done, 20 * HZ), 0);
	kthread_stop(r->task);
	put_task_struct(r->task);
	return r->ret;
}

/*
 * A wake-up takes the reader off the queue. On another CPU it can be there once
 * more, for the moment in which it looks why it was woken. That it goes some time
 * proves nothing: it would do so when its time is up, too.
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
	struct reader *r = start_reader(test);

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
		r[i] = start_reader(test);
	until_waiting(test, r[0]);
	havege_collector_dismiss(c);
	expect_woken(test, c);
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		expect_soon(test, r[i]);
		KUNIT_EXPECT_EQ(test, end_of(test, r[i]), -ENODEV);
	}
	/* And from then on, bytes or none, wait or not. */
	supply(c, "xyz", 3);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, true), -ENODEV);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), -ENODEV);
}

/* What the hw_random core does to its own thread inside a read. */
static void read_ends_at_kthread_stop(struct kunit *test)
{
	struct reader *r = start_reader(test);

	until_waiting(test, r);
	kthread_stop(r->task);
	KUNIT_EXPECT_TRUE(test, completion_done(&r->done));
	put_task_struct(r->task);
	/* The stop ends the wait as a signal, or is seen after it. */
	KUNIT_EXPECT_TRUE(test, r->ret == -EINTR || r->ret == -ERESTARTSYS);
}

static void read_ends_at_failure(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r = start_reader(test);
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

/* Nobody supplies anything: the wait is bounded, and 0 is not its answer. */
static void read_times_out(struct kunit *test)
{
	struct reader *r = start_reader(test);

	KUNIT_EXPECT_EQ(test, end_of(test, r), -ETIMEDOUT);
}

/* What was ready before a move is not served after it. */
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

/* The first eight words of a walk know no tick yet: the warm-up is for them. */
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
	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, sizeof(out), false),
			sizeof(out));
	KUNIT_EXPECT_NE(test, memcmp(out, walk->ring, sizeof(out)), 0);
}

/* A collector on a clock of the test's: noise, until it is told otherwise. */

enum noise {
	NOISY,
	CONSTANT,
	OF_THE_PATH,
};

#define CLOCK_CPUS	4

struct noise_clock {
	struct havege_test_clock base;
	enum noise noise;
	u32 constant;	/* readings that are constant, whatever @noise says, */
	int quiet;	/* on this CPU; negative: on any */
	bool apart;	/* each CPU has a time of its own */
	struct {
		u64 state;
		u64 now;
	} on[CLOCK_CPUS];
};

static u64 noise_read(struct havege_test_clock *base, u32 p, u32 q,
		      unsigned int depth, u32 *mix)
{
	struct noise_clock *clock = (struct noise_clock *)base;
	const int cpu = clock->apart ? raw_smp_processor_id() % CLOCK_CPUS : 0;
	u64 *state = &clock->on[cpu].state, *now = &clock->on[cpu].now;
	u32 delta = 40 + depth;

	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	if (READ_ONCE(clock->noise) == NOISY)
		delta += *state >> 60;
	if (READ_ONCE(clock->noise) == OF_THE_PATH)
		delta += p >> 28;
	if (READ_ONCE(clock->noise) == CONSTANT)
		delta = 40;
	if (!base->replay && READ_ONCE(clock->constant) &&
	    (clock->quiet < 0 || clock->quiet == raw_smp_processor_id())) {
		WRITE_ONCE(clock->constant, clock->constant - 1);
		delta = 40;
	}
	*now += delta;
	*mix = (u32)*now;
	return *now;
}

static const struct noise_clock new_clock = {
	.base.read = noise_read,
	.quiet = -1,
	.on = { [0 ... CLOCK_CPUS - 1] = { 88172645463325252ULL, 1000 } },
};

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

/* In place of the collector that collector_init() has made. */
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

static enum havege_status status(struct havege_collector *c)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.status;
}

/* What it serves is what the source makes of the same clock. */
static void collector_serves_blocks(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	const struct havege_geometry geo = { 8, 8 };
	const size_t bytes = havege_table_bytes(&geo);
	struct havege_source *source = kunit_kzalloc(test, sizeof(*source),
						     GFP_KERNEL);
	u64 *table = kunit_kzalloc(test, bytes, GFP_KERNEL);
	u64 *spare = kunit_kzalloc(test, bytes, GFP_KERNEL);
	struct noise_clock clock = new_clock;
	u8 out[3 * HAVEGE_BLOCK], expected[3 * HAVEGE_BLOCK];
	struct havege_state state;
	u32 done = 0;

	KUNIT_ASSERT_TRUE(test, source && table && spare);
	havege_source_init(source, table, spare, &geo, &clock.base,
			   havege_known_answers);
	while (done < sizeof(expected) && source->phase != HAVEGE_DEAD) {
		if (havege_source_step(source) == HAVEGE_STEP_BLOCK) {
			memcpy(expected + done, source->block, HAVEGE_BLOCK);
			done += HAVEGE_BLOCK;
			havege_source_forget(source);
		}
	}
	KUNIT_ASSERT_EQ(test, done, sizeof(expected));

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, sizeof(out), true),
			sizeof(out));
	KUNIT_EXPECT_EQ(test, memcmp(out, expected, sizeof(out)), 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.figures.residual, source->estimate.residual);
	KUNIT_EXPECT_EQ(test, state.figures.credit, source->credit);
	KUNIT_EXPECT_EQ(test, state.figures.block_ticks, source->block_ticks);
	KUNIT_EXPECT_EQ(test, state.figures.shift, source->health.shift);
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

static bool forgotten(struct havege_source *source)
{
	return !memchr_inv(source->walk.ring, 0, sizeof(source->walk.ring)) &&
		!memchr_inv(source->walk.delta, 0, sizeof(source->walk.delta)) &&
		!memchr_inv(source->block, 0, sizeof(source->block));
}

/* A thread that has nothing to do has wiped what it did last. */
static void expect_forgotten(struct kunit *test, bool stream)
{
	struct havege_collector *c;
	struct havege_source *source;
	int round;

	on_clock(test, stream);
	c = test->priv;
	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
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

/* A machine whose timing is the program's own: no thread, and no byte. */
static void collector_refuses(struct kunit *test)
{
	static const enum noise bad[] = { OF_THE_PATH, CONSTANT };
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	unsigned int i;
	u8 out[4];

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		o->clock.noise = bad[i];
		KUNIT_EXPECT_EQ(test, start(c, 0), -ENODEV);
		KUNIT_EXPECT_NULL(test, task_of(c));
		KUNIT_EXPECT_EQ(test, status(c), HAVEGE_STARTING);
		KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	}
	KUNIT_EXPECT_EQ(test, figures_of(c).residual, 0);
	KUNIT_EXPECT_EQ(test, figures_of(c).poor, 2);
	/* And nothing is in the way of a good one. */
	o->clock.noise = NOISY;
	KUNIT_EXPECT_EQ(test, start(c, 0), 0);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

static bool failures(struct havege_collector *c, enum havege_test which)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.figures.failures[which];
}

/* Some samples are alike: it begins anew by itself, and says that it has. */
static void collector_recovers(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	u32 run;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_FALSE(test, failures(c, HAVEGE_REPETITION));
	run = havege_cutoffs(figures_of(c).shift, HAVEGE_ALPHA_INTERMITTENT).run;
	WRITE_ONCE(o->clock.constant, run);
	drain(test, c, 4096 - 32);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_TRUE(test, failures(c, HAVEGE_REPETITION));
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
	/* What has been counted stays, on another CPU or in another thread. */
	mutex_lock(&c->control);
	WRITE_ONCE(only_worker(c)->lost, true);
	mutex_unlock(&c->control);
	settle(c);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, failures(c, HAVEGE_REPETITION));
}

/* Ready bytes or none, nobody gets any while it begins anew. */
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
	r = start_reader(test);
	until_waiting(test, r);
	/* A wake-up that is not for it does not make it look twice. */
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

/* Latched, said, and told; and what was ready is no longer there. */
static void collector_fails(struct kunit *test)
{
	struct on_clock *o;
	struct havege_collector *c;
	struct reader *r;
	int stream;
	u8 out[4];

	for (stream = 0; stream < 2; stream++) {
		o = on_clock(test, stream);
		c = test->priv;
		KUNIT_ASSERT_EQ(test, start(c, 0), 0);
		KUNIT_ASSERT_TRUE(test, becomes_full(c));
		KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
		WRITE_ONCE(o->clock.noise, CONSTANT);
		/* To be wiped: all but what makes it collect again. */
		drain(test, c, 4096 - 63);
		KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&o->heard,
								  20 * HZ), 0);
		KUNIT_EXPECT_EQ(test, status(c), HAVEGE_FAILED);
		KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
		KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false),
				-EIO);
		r = start_reader(test);
		KUNIT_EXPECT_EQ(test, end_of(test, r), -EIO);
		KUNIT_EXPECT_EQ(test, move(c, 0), -EIO);
		KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 0);
		/* No successor takes over from what has failed. */
		settle(c);
		KUNIT_EXPECT_EQ(test, status(c), HAVEGE_FAILED);
		flush_work(&o->failed);
	}
}

/*
 * One that has to begin anew is enough for nobody to be served, though some bytes
 * are ready. What was read counts where that was so before and after.
 */
static void recovering_is_for_all(struct kunit *test)
{
	const unsigned long deadline = jiffies + 20 * HZ;
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_worker *w;
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
				  HAVEGE_ALPHA_INTERMITTENT).run);
	drain(test, c, 4096 - 63);
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

/* One that has failed for good is the end of all. */
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
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&o->heard, 20 * HZ),
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

/* An estimate of more than a minute ago is made again before a refill. */
static void collector_estimates_again(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_state state;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_EQ(test, figures_of(c).poor, 0);
	/* Replays find nothing, and who does not replay does not notice. */
	WRITE_ONCE(o->clock.noise, OF_THE_PATH);
	only_worker(c)->estimated = jiffies - (HAVEGE_ESTIMATE_SECONDS - 5) * HZ;
	drain(test, c, 4096 - 63);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_EQ(test, figures_of(c).poor, 0);
	only_worker(c)->estimated = jiffies - (HAVEGE_ESTIMATE_SECONDS + 5) * HZ;
	drain(test, c, 4096 - 63);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&o->heard, 60 * HZ),
			0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_FAILED);
	KUNIT_EXPECT_EQ(test, state.figures.poor, HAVEGE_TRIES + 1);
	KUNIT_EXPECT_EQ(test, state.figures.residual, 0);
	flush_work(&o->failed);
}

static void collector_contributes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_state state;

	/* Walk words are not for this. */
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
	/* One call takes 64 at most, whatever it is asked for. */
	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 4096), 64);
	havege_collector_dismiss(c);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 64), 0);
}

/* Neither a thread nor a byte while the machine sleeps; all anew afterwards. */
static void collector_sleeps(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;
	struct havege_state state;
	int before;
	u8 out[4];

	KUNIT_ASSERT_EQ(test, start(c, -1), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_NOT_NULL(test, memchr_inv(c->buffer.data, 0, 4096));
	before = cpu_of(c);
	havege_collector_suspend(c);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_SUSPENDED);
	/* Where it was, and what was found there, others still have to know. */
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.cpu, before);
	KUNIT_EXPECT_EQ(test, state.tuning.geo.dcache_kb, 8);
	KUNIT_EXPECT_TRUE(test, is_on(c, cpu_none_mask));
	KUNIT_EXPECT_NULL(test, memchr_inv(c->buffer.data, 0, 4096));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 4, false), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_contribute(c, 4), 0);
	/* Nothing wakes it but the end of the sleep. */
	settle(c);
	KUNIT_EXPECT_NULL(test, task_of(c));
	havege_collector_forked(c);
	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_NULL(test, task_of(c));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&c->asked));
	KUNIT_EXPECT_EQ(test, move(c, 0), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&c->asked, cpumask_of(0)));
	KUNIT_EXPECT_NULL(test, task_of(c));
	havege_collector_suspend(c);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_SUSPENDED);

	havege_collector_resume(c);
	flush_delayed_work(&c->settle);
	KUNIT_ASSERT_NOT_NULL(test, task_of(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_EQ(test, cpu_of(c), 0);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* A resume without a sleep before changes nothing. */
static void collector_resumed_awake(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct task_struct *task;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	task = task_of(c);
	havege_collector_resume(c);
	settle(c);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
}

/* Readers sleep as the machine does, and are served when it is awake. */
static void read_waits_for_resume(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	havege_collector_suspend(c);
	r = start_reader(test);
	until_waiting(test, r);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	havege_collector_resume(c);
	KUNIT_EXPECT_EQ(test, end_of(test, r), sizeof(r->out));
}

static bool is_failed(struct havege_collector *c)
{
	return status(c) == HAVEGE_FAILED;
}

/* What wakes up on a machine without noise gives up, after some tries. */
static void collector_refused_later(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	havege_collector_suspend(c);
	WRITE_ONCE(o->clock.noise, OF_THE_PATH);
	havege_collector_resume(c);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&o->heard, 60 * HZ),
			0);
	KUNIT_EXPECT_TRUE(test, is_failed(c));
	KUNIT_EXPECT_EQ(test, c->refusals, HAVEGE_RESTARTS);
	KUNIT_EXPECT_NULL(test, task_of(c));
	/* Which neither sleep nor a better machine changes. */
	WRITE_ONCE(o->clock.noise, NOISY);
	havege_collector_suspend(c);
	KUNIT_EXPECT_TRUE(test, is_failed(c));
	havege_collector_resume(c);
	settle(c);
	KUNIT_EXPECT_TRUE(test, is_failed(c));
	KUNIT_EXPECT_NULL(test, task_of(c));
	flush_work(&o->failed);
}

/* One that comes to its senses in time does not. */
static void collector_accepted_later(struct kunit *test)
{
	struct on_clock *o = on_clock(test, false);
	struct havege_collector *c = test->priv;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	havege_collector_suspend(c);
	WRITE_ONCE(o->clock.noise, OF_THE_PATH);
	havege_collector_resume(c);
	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_GE(test, c->refusals, 1);
	KUNIT_EXPECT_TRUE(test, c->waiting);
	WRITE_ONCE(o->clock.noise, NOISY);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, status(c), HAVEGE_OK);
	KUNIT_EXPECT_EQ(test, c->refusals, 0);
	KUNIT_EXPECT_FALSE(test, c->waiting);
	KUNIT_EXPECT_FALSE(test, completion_done(&o->heard));
}

/* A virtual machine of the test's: the generation is what it says it is. */
static u8 *on_hypervisor(struct kunit *test)
{
	u8 *generation = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct havege_settings forked = settings;

	KUNIT_ASSERT_NOT_NULL(test, generation);
	destroy_now(test);
	forked.generation = generation;
	test->priv = havege_collector_create(&forked);
	KUNIT_ASSERT_FALSE(test, IS_ERR(test->priv));
	return generation;
}

/* The first read of a copy gets nothing that the other copies have. */
static void copy_serves_nothing_old(struct kunit *test)
{
	u8 *generation = on_hypervisor(test);
	struct havege_collector *c = test->priv;
	struct task_struct *task;
	u8 out[64];

	/* It is what it is at the start; only a change counts. */
	generation[3] = 1;
	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	task = task_of(c);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(task_of(c)));
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	get_task_struct(task);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, true), 64);
	havege_collector_forked(c);
	KUNIT_EXPECT_EQ(test, only_worker(c)->epoch, c->epoch);

	/* Its successor has to wait until we have looked. */
	mutex_lock(&c->control);
	generation[HAVEGE_GENERATION - 1] = 1;
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_NE(test, only_worker(c)->epoch, c->epoch);
	KUNIT_EXPECT_NULL(test, memchr_inv(c->buffer.data, 0, c->buffer.size));
	/* The thread is not alone with what it has. */
	KUNIT_EXPECT_EQ(test, supply(c, "abcdef", 6), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	mutex_unlock(&c->control);

	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_PTR_NE(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, only_worker(c)->epoch, c->epoch);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	/* Noticed once, it is not noticed again. */
	put_task_struct(task);
	task = task_of(c);
	havege_collector_forked(c);
	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, true), 64);
}

/* The machine is stopped, and copied, between the look and the last byte. */
static void copy_made_within_a_read(struct kunit *test)
{
	u8 *generation = on_hypervisor(test);
	struct havege_collector *c = test->priv;

	KUNIT_EXPECT_EQ(test, supply(c, "abcdefgh", 8), 8);
	/* What is read changes it. */
	mutex_lock(&c->control);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, generation, 8, false), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(generation, 0, 8));
	KUNIT_EXPECT_EQ(test, c->epoch, 1);
	KUNIT_EXPECT_EQ(test, c->bytes_out, 0);
	mutex_unlock(&c->control);
}

/* Nobody has read since: what the thread brings does not get in. */
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

/* Without a generation the kernel's word is taken for it. */
static void copy_without_generation(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	u8 out[6];

	supply(c, "secret", 6);
	mutex_lock(&c->control);
	/* An interrupt can tell while somebody has the lock. */
	spin_lock(&c->lock);
	havege_collector_forked(c);
	spin_unlock(&c->lock);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 6, false), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	KUNIT_EXPECT_EQ(test, supply(c, "abcdef", 6), 0);
	mutex_unlock(&c->control);
	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_EQ(test, only_worker(c)->epoch, c->epoch);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* Nor does it take a reader to notice. */
static void copy_that_nobody_reads(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct task_struct *task;

	KUNIT_ASSERT_EQ(test, start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	task = task_of(c);
	get_task_struct(task);
	havege_collector_forked(c);
	flush_delayed_work(&c->settle);
	KUNIT_EXPECT_PTR_NE(test, task_of(c), task);
	put_task_struct(task);
	/* Told once, it starts up once. */
	task = task_of(c);
	settle(c);
	KUNIT_EXPECT_PTR_EQ(test, task_of(c), task);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
}

/* A clock at whose some thousandth reading the module is unloaded. */
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

/* A start-up does not make the one wait who wants to be rid of it all. */
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
	KUNIT_EXPECT_EQ(test, start(c, 0), -EINTR);
	KUNIT_EXPECT_EQ(test, clock->left, 0);
	KUNIT_EXPECT_EQ(test, move(c, 0), -EINTR);
	settle(c);
	havege_collector_resume(c);
	KUNIT_EXPECT_NULL(test, task_of(c));
}

static void collector_destroyed_at_once(struct kunit *test)
{
	/* Never started; started and still filling; started and asleep. */
	destroy_now(test);
	KUNIT_ASSERT_EQ(test, collector_init(test), 0);
	KUNIT_EXPECT_EQ(test, start(test->priv, 0), 0);
	destroy_now(test);
	KUNIT_ASSERT_EQ(test, collector_init(test), 0);
	KUNIT_EXPECT_EQ(test, start(test->priv, 0), 0);
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
	KUNIT_CASE(collector_changes_cpus),
	KUNIT_CASE(collector_follows_cpus),
	KUNIT_CASE(collector_move_wipes),
	KUNIT_CASE(read_takes_what_is_there),
	KUNIT_CASE(read_waits_for_bytes),
	KUNIT_CASE(read_ends_when_dismissed),
	KUNIT_CASE(read_ends_at_kthread_stop),
	KUNIT_CASE(read_ends_at_failure),
	KUNIT_CASE_SLOW(read_times_out),
	KUNIT_CASE(collector_warms_up),
	KUNIT_CASE(collector_serves_blocks),
	KUNIT_CASE(collector_forgets),
	KUNIT_CASE(collector_refuses),
	KUNIT_CASE(collector_recovers),
	KUNIT_CASE(recovering_serves_nothing),
	KUNIT_CASE_SLOW(collector_fails),
	KUNIT_CASE(recovering_is_for_all),
	KUNIT_CASE_SLOW(failing_is_for_all),
	KUNIT_CASE(collector_estimates_again),
	KUNIT_CASE(collector_contributes),
	KUNIT_CASE(collector_sleeps),
	KUNIT_CASE(collector_resumed_awake),
	KUNIT_CASE(read_waits_for_resume),
	KUNIT_CASE_SLOW(collector_refused_later),
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
