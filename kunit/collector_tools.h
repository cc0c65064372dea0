/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the collector share: a deadline, and a reader in a kthread
 *
 * A test waits for a state, never for a time. A slow machine may take long to
 * reach it.
 */
#ifndef HAVEGE_COLLECTOR_TOOLS_H
#define HAVEGE_COLLECTOR_TOOLS_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "../havege_worker.h"

/* Nothing takes this long, unless it hangs. KUnit ends a case after 300 s. */
#define HANG	(100 * HZ)

/*
 * Read as the hw_random core does: call after call, until bytes or an error
 * come. A machine may also be too slow for a read.
 */
static inline int read_on(struct havege_collector *c, void *out, size_t max)
{
	const unsigned long deadline = jiffies + HANG;
	int ret;

	do {
		ret = havege_collector_read(c, out, max, true);
	} while ((!ret || ret == -ETIMEDOUT) && time_before(jiffies, deadline));
	return ret;
}

/* task_curr() is not exported. */
static inline bool on_a_cpu(struct task_struct *task)
{
#ifdef CONFIG_SMP
	return READ_ONCE(task->on_cpu);
#else
	return false;
#endif
}

/* Wait until the task sleeps in its wait, not on its way into or out of it. */
static inline bool asleep(struct task_struct *task)
{
	const unsigned long deadline = jiffies + HANG;
	unsigned long before;

	do {
		before = task->nvcsw + task->nivcsw;
		if (!time_before(jiffies, deadline))
			return false;
		cond_resched();
	} while (!(READ_ONCE(task->__state) & TASK_INTERRUPTIBLE) ||
		 on_a_cpu(task) || task->nvcsw + task->nivcsw != before);
	return true;
}

/* A reader in a kthread. It calls @read once. */
struct reader {
	struct havege_collector *c;
	int (*read)(struct havege_collector *c, void *out, size_t max);
	struct task_struct *task;
	struct completion done;
	int ret;
	u8 out[64];
};

/* One call. */
static inline int read_once(struct havege_collector *c, void *out, size_t max)
{
	return havege_collector_read(c, out, max, true);
}

static inline int reader_fn(void *data)
{
	struct reader *r = data;

	r->ret = r->read(r->c, r->out, sizeof(r->out));
	complete(&r->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static inline struct reader *
start_reader(struct kunit *test,
	     int (*read)(struct havege_collector *c, void *out, size_t max))
{
	struct reader *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->c = test->priv;
	r->read = read;
	init_completion(&r->done);
	r->task = kthread_create(reader_fn, r, "havege-reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->task));
	get_task_struct(r->task);
	wake_up_process(r->task);
	return r;
}

/* What the reader got, after it has ended. */
static inline int end_of(struct kunit *test, struct reader *r)
{
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&r->done, HANG), 0);
	kthread_stop(r->task);
	put_task_struct(r->task);
	return r->ret;
}

#endif /* HAVEGE_COLLECTOR_TOOLS_H */
