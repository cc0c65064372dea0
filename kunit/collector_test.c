// SPDX-License-Identifier: GPL-2.0
/*
 * The collector: with its thread, and without one, where the test supplies the
 * bytes itself. Readers run in kthreads; what is waited for is a condition or a
 * completion, never a time.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../havege_collector.h"

static const struct havege_settings settings = {
	.buffer_kb = 8,
	.threshold = 4 * 1024 * 8,
	.dcache_kb = 8,
	.icache_kb = 8,
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

static void collector_starts_and_fills(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct havege_state state;

	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_STARTING);
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, 0), 0);
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.status, HAVEGE_OK);
	KUNIT_EXPECT_EQ(test, state.cpu, 0);
	KUNIT_EXPECT_EQ(test, state.tuning.geo.dcache_kb, 8);
	KUNIT_EXPECT_STREQ(test, c->task->comm, "havege/0");
	KUNIT_EXPECT_EQ(test, cpumask_weight(c->task->cpus_ptr), 1);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(0, c->task->cpus_ptr));
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	havege_collector_state(c, &state);
	KUNIT_EXPECT_EQ(test, state.bytes_out, 0);
}

/* Full, it sleeps; at the threshold it sleeps on; a byte below, it refills. */
static void collector_refills_below_threshold(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	unsigned long switches;

	KUNIT_ASSERT_EQ(test, havege_collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(c->task));

	switches = c->task->nvcsw;
	drain(test, c, 4096);
	KUNIT_EXPECT_TRUE(test, asleep(c->task));
	KUNIT_EXPECT_FALSE(test, full(c));
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 4096);
	KUNIT_EXPECT_EQ(test, c->task->nvcsw, switches);

	drain(test, c, 1);
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_TRUE(test, asleep(c->task));
	KUNIT_EXPECT_GT(test, c->task->nvcsw, switches);
	KUNIT_EXPECT_EQ(test, c->bytes_out, 4097);
}

static void collector_threshold_wakes(struct kunit *test)
{
	struct havege_collector *c = test->priv;

	KUNIT_ASSERT_EQ(test, havege_collector_start(c, 0), 0);
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
	struct task_struct *task;

	KUNIT_EXPECT_EQ(test, havege_collector_start(c, nr_cpu_ids), -ENXIO);
	KUNIT_EXPECT_EQ(test, havege_collector_start(c, INT_MAX), -ENXIO);
	KUNIT_EXPECT_NULL(test, c->task);
	/* And nothing is in the way of a good one. */
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, -1), 0);
	KUNIT_EXPECT_EQ(test, c->cpu, havege_collector_default_cpu());
	task = c->task;
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, -1), 0);
	KUNIT_EXPECT_PTR_EQ(test, c->task, task);
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, nr_cpu_ids), -ENXIO);
	KUNIT_EXPECT_EQ(test, c->cpu, havege_collector_default_cpu());
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
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, from), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	task = c->task;
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, from), 0);
	KUNIT_EXPECT_PTR_EQ(test, c->task, task);

	KUNIT_EXPECT_EQ(test, havege_collector_move(c, to), 0);
	snprintf(name, sizeof(name), "havege/%d", to);
	KUNIT_EXPECT_STREQ(test, c->task->comm, name);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(to, c->task->cpus_ptr));
	KUNIT_EXPECT_EQ(test, cpumask_weight(c->task->cpus_ptr), 1);
	KUNIT_EXPECT_EQ(test, c->cpu, to);
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
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, from), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_ASSERT_TRUE(test, asleep(c->task));
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(c->task, cpumask_of(to)), 0);
	drain(test, c, 4097);
	/* It wakes up on the wrong CPU; its successor fills the buffer. */
	KUNIT_EXPECT_TRUE(test, becomes_full(c));
	flush_work(&c->rehome);
	KUNIT_EXPECT_EQ(test, c->cpu, havege_collector_default_cpu());
	KUNIT_EXPECT_FALSE(test, c->lost);
}

/* Reads, with the bytes supplied by the test */

static void read_takes_what_is_there(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	u8 out[64];

	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_supply(c, "abcdef", 6), 6);
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
static void expect_soon(struct kunit *test, struct reader *r)
{
	const long soon = HAVEGE_READ_SECONDS * HZ / 2;

	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&r->done, soon), 0);
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
 * A wake-up takes the reader off the queue there and then. That it comes back
 * some time proves nothing: it would do so when its time is up, too.
 */
static void expect_woken(struct kunit *test, struct havege_collector *c)
{
	KUNIT_EXPECT_FALSE(test, wq_has_sleeper(&c->readers));
}

static void read_waits_for_bytes(struct kunit *test)
{
	struct havege_collector *c = test->priv;
	struct reader *r = start_reader(test);

	until_waiting(test, r);
	KUNIT_EXPECT_FALSE(test, completion_done(&r->done));
	havege_collector_supply(c, "xyz", 3);
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
	havege_collector_supply(c, "xyz", 3);
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
	KUNIT_EXPECT_EQ(test, havege_collector_move(c, 0), -EIO);
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

	havege_collector_supply(c, "secret", 6);
	KUNIT_ASSERT_EQ(test, havege_collector_move(c, 0), 0);
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
	u32 *table = kunit_kzalloc(test, havege_table_bytes(&geo), GFP_KERNEL);
	u8 out[HAVEGE_LINE_WORDS * sizeof(u32)];

	KUNIT_ASSERT_NOT_NULL(test, walk);
	KUNIT_ASSERT_NOT_NULL(test, table);
	havege_walk_init(walk, table, &geo);
	havege_walk_live(walk);
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, 0), 0);
	KUNIT_ASSERT_TRUE(test, becomes_full(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, sizeof(out), false),
			sizeof(out));
	KUNIT_EXPECT_NE(test, memcmp(out, walk->ring, sizeof(out)), 0);
}

static void collector_destroyed_at_once(struct kunit *test)
{
	/* Never started; started and still filling; started and asleep. */
	destroy_now(test);
	KUNIT_ASSERT_EQ(test, collector_init(test), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_start(test->priv, 0), 0);
	destroy_now(test);
	KUNIT_ASSERT_EQ(test, collector_init(test), 0);
	KUNIT_EXPECT_EQ(test, havege_collector_start(test->priv, 0), 0);
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
	KUNIT_CASE(collector_move_wipes),
	KUNIT_CASE(read_takes_what_is_there),
	KUNIT_CASE(read_waits_for_bytes),
	KUNIT_CASE(read_ends_when_dismissed),
	KUNIT_CASE(read_ends_at_kthread_stop),
	KUNIT_CASE(read_ends_at_failure),
	KUNIT_CASE_SLOW(read_times_out),
	KUNIT_CASE(collector_warms_up),
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
