// SPDX-License-Identifier: GPL-2.0
/*
 * Raw samples, for those who assess the noise source: <debugfs>/havege_rng/
 *
 *	raw		one walk's samples, without end, in runs of RUN_SAMPLES that
 *			nothing interrupts
 *	raw_overruns	how many runs had to end because the samples had not been
 *			read; a pause lies in the first sample of the next
 *	raw_restart	the first RESTART_SAMPLES of a fresh walk: one row of the
 *			restart matrix (SP 800-90B, 3.1.4) each time it is opened
 *	raw_replay	HAVEGE_REPLAY_ROWS rows of HAVEGE_REPLAY_STEPS samples of
 *			one walk, replayed from one state
 *
 * Samples are deltas in ticks, 64 bits each in the machine's byte order. Each
 * open file has a walk of its own, made and warmed up as the collector's is, and
 * wiped when it is closed: no state of it, and no sample that was shown, ever
 * reaches the source. Samples are taken by a thread on the collector's CPU, in
 * one go, and handed out afterwards, so that reading does not disturb them.
 *
 * For root, and not under lockdown.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "havege_collector.h"
#include "havege_debugfs.h"

/* Samples of one run: what SP 800-90B wants of one data set, 10^6, and more. */
#define RUN_SAMPLES	1048576
/* Samples of one row of the restart matrix. */
#define RESTART_SAMPLES	1000
#define REPLAY_SAMPLES	(HAVEGE_REPLAY_ROWS * HAVEGE_REPLAY_STEPS)

static struct dentry *directory;
static struct havege_collector *collector;
static atomic_t overruns = ATOMIC_INIT(0);

enum kind {
	RAW,
	RESTART,
	REPLAY,
};

/**
 * struct recorder - an open file
 * @lock:	serialises the reads of this file
 * @kind:	which file
 * @walk:	its walk
 * @table:	the walk's table
 * @spare:	for REPLAY, the table as it was before the first row
 * @start:	for REPLAY, the walk as it was then
 * @size:	samples that there is room for
 * @sample:	the samples of the last run
 * @fill:	how many there are
 * @next:	the first one that has not been read
 * @done:	completed by the thread
 * @error:	what came of the run; valid after @done
 */
struct recorder {
	struct mutex lock;	/* serialises reads */
	enum kind kind;
	struct havege_walk walk;
	u64 *table;
	u64 *spare;
	struct havege_walk start;
	u32 size;
	u64 *sample;
	u32 fill;
	u32 next;
	struct completion done;
	int error;
};

static int walk_on(struct havege_walk *walk, int cpu, enum kind kind)
{
	if (kthread_should_stop())
		return -EINTR;
	if (kind == REPLAY)
		havege_walk_replay(walk);
	else
		havege_walk_live(walk);
	cond_resched_tasks_rcu_qs();
	/* Another CPU's counter is another counter. */
	return raw_smp_processor_id() == cpu ? 0 : -EIO;
}

static int record_fill(struct recorder *r, int cpu)
{
	const u32 count = min_t(u32, r->size - r->fill, HAVEGE_FILL_TICKS);
	int err;

	err = walk_on(&r->walk, cpu, r->kind);
	memcpy(r->sample + r->fill, r->walk.delta, count * sizeof(*r->sample));
	r->fill += count;
	return err;
}

static int replay_row(struct recorder *r, int cpu)
{
	const size_t bytes = havege_walk_bytes(&r->start);
	const u32 end = r->fill + HAVEGE_REPLAY_STEPS;
	int err = 0;

	r->walk = r->start;
	memcpy(r->table, r->spare, bytes);
	while (!err && r->fill < end)
		err = record_fill(r, cpu);
	return err;
}

/* In the thread: a run of samples, the first one after a warm-up. */
static int run(struct recorder *r, int cpu)
{
	unsigned int fills = r->start.table ? 0 : havege_warmup_fills(&r->walk);
	int err = 0;

	for (; !err && fills; fills--)
		err = walk_on(&r->walk, cpu, RAW);
	if (!err && !r->start.table) {
		r->start = r->walk;
		if (r->spare)
			memcpy(r->spare, r->table, havege_walk_bytes(&r->walk));
	}
	r->fill = 0;
	r->next = 0;
	while (!err && r->fill < r->size)
		err = r->kind == REPLAY ? replay_row(r, cpu) :
			record_fill(r, cpu);
	return err;
}

static int record_thread(void *data)
{
	struct recorder *r = data;

	r->error = run(r, raw_smp_processor_id());
	complete(&r->done);
	/* Woken by kthread_stop() alone, which comes as soon as we are done. */
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static int record(struct recorder *r)
{
	struct havege_state state;
	struct task_struct *task;
	int err;

	havege_collector_state(collector, &state);
	init_completion(&r->done);
	task = kthread_create_on_node(record_thread, r, cpu_to_node(state.cpu),
				      "havege-raw/%d", state.cpu);
	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, state.cpu);
	wake_up_process(task);
	err = wait_for_completion_killable(&r->done);
	kthread_stop(task);
	if (!err)
		err = r->error;
	/* Half a run is none: it is not what it says it is. */
	if (err)
		r->fill = 0;
	return err;
}

static void free_recorder(struct recorder *r)
{
	const size_t bytes = havege_walk_bytes(&r->walk);

	if (r->spare)
		memzero_explicit(r->spare, bytes);
	havege_walk_wipe(&r->walk);
	kvfree(r->spare);
	kvfree(r->table);
	kvfree(r->sample);
	kfree_sensitive(r);
}

static struct recorder *alloc_recorder(enum kind kind)
{
	static const u32 sizes[] = {
		[RAW] = RUN_SAMPLES,
		[RESTART] = RESTART_SAMPLES,
		[REPLAY] = REPLAY_SAMPLES,
	};
	struct recorder *r = kzalloc(sizeof(*r), GFP_KERNEL);
	struct havege_state state;
	size_t bytes;

	if (!r)
		return NULL;
	havege_collector_state(collector, &state);
	bytes = havege_table_bytes(&state.tuning.geo);
	mutex_init(&r->lock);
	r->kind = kind;
	r->size = sizes[kind];
	r->table = kvmalloc(bytes, GFP_KERNEL);
	r->sample = kvmalloc_array(r->size, sizeof(*r->sample), GFP_KERNEL);
	if (kind == REPLAY)
		r->spare = kvmalloc(bytes, GFP_KERNEL);
	if (!r->table || !r->sample || (kind == REPLAY && !r->spare)) {
		free_recorder(r);
		return NULL;
	}
	havege_walk_init(&r->walk, r->table, &state.tuning.geo);
	return r;
}

/* File operations */

static int raw_open(struct inode *inode, struct file *file)
{
	const enum kind kind = (uintptr_t)inode->i_private;
	int err = security_locked_down(LOCKDOWN_DEBUGFS);

	if (err)
		return err;
	file->private_data = alloc_recorder(kind);
	if (!file->private_data)
		return -ENOMEM;
	return stream_open(inode, file);
}

static int raw_release(struct inode *inode, struct file *file)
{
	free_recorder(file->private_data);
	return 0;
}

/* Whether there is something to read, after another run where one may follow. */
static int refill(struct recorder *r)
{
	if (r->next < r->fill)
		return 1;
	if (r->fill && r->kind != RAW)
		return 0;
	if (r->fill)
		atomic_inc(&overruns);
	return record(r) ?: 1;
}

static ssize_t raw_read(struct file *file, char __user *to, size_t bytes,
			loff_t *offset)
{
	struct recorder *r = file->private_data;
	ssize_t ret;
	size_t count;

	if (!bytes || bytes % sizeof(u64))
		return -EINVAL;
	if (mutex_lock_killable(&r->lock))
		return -EINTR;
	ret = refill(r);
	if (ret > 0) {
		count = min_t(size_t, r->fill - r->next, bytes / sizeof(u64));
		ret = count * sizeof(u64);
		if (copy_to_user(to, r->sample + r->next, ret))
			ret = -EFAULT;
		else
			r->next += count;
	}
	mutex_unlock(&r->lock);
	return ret;
}

static const struct file_operations raw_fops = {
	.owner = THIS_MODULE,
	.open = raw_open,
	.release = raw_release,
	.read = raw_read,
};

static int overruns_open(struct inode *inode, struct file *file)
{
	const int err = security_locked_down(LOCKDOWN_DEBUGFS);

	return err ? err : stream_open(inode, file);
}

static ssize_t overruns_read(struct file *file, char __user *to, size_t bytes,
			     loff_t *offset)
{
	char text[16];
	const int len = scnprintf(text, sizeof(text), "%d\n",
				  atomic_read(&overruns));

	/* A stream has no position of its own: the end has to be kept. */
	if (file->private_data)
		return 0;
	if (bytes < (size_t)len)
		return -EINVAL;
	if (copy_to_user(to, text, len))
		return -EFAULT;
	file->private_data = file;
	return len;
}

static const struct file_operations overruns_fops = {
	.owner = THIS_MODULE,
	.open = overruns_open,
	.read = overruns_read,
};

void havege_debugfs_enter(struct havege_collector *c)
{
	collector = c;
	directory = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("raw", 0400, directory, (void *)RAW, &raw_fops);
	debugfs_create_file("raw_restart", 0400, directory, (void *)RESTART,
			    &raw_fops);
	debugfs_create_file("raw_replay", 0400, directory, (void *)REPLAY,
			    &raw_fops);
	debugfs_create_file("raw_overruns", 0400, directory, NULL,
			    &overruns_fops);
}

void havege_debugfs_leave(void)
{
	debugfs_remove_recursive(directory);
	directory = NULL;
}
