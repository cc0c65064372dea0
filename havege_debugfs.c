// SPDX-License-Identifier: GPL-2.0
/*
 * Raw samples for the assessment of the noise source: <debugfs>/havege_rng/
 *
 *	raw		samples of one walk, endless, in runs of RUN_SAMPLES
 *			without a gap
 *	raw_overruns	runs that ended because their samples were not read in
 *			time; the first sample of the next run contains a pause
 *	raw_restart	the first RESTART_SAMPLES of a fresh walk: each open
 *			file is one row of the restart matrix (SP 800-90B,
 *			3.1.4)
 *	raw_replay	a set of replays of one walk from one state: 256 rows of
 *			512 samples; above k = 1, 1024 rows of 256. A sample is
 *			the counter's advance over k half-steps; the state file
 *			sample_steps has k
 *
 * In raw and raw_restart a sample is the advance over one half-step. All
 * samples are in ticks, 64 bits each in native byte order.
 *
 * Each open file has its own walk, warmed up as the collector's and wiped on
 * close: neither its state nor a sample that was read reaches the source. A
 * thread on the collector's CPU takes all samples of a run before the first
 * read returns, so that reading does not disturb them. A read fails with EBUSY
 * if the CPU does not run that thread for HAVEGE_STUCK_SECONDS: a real-time task
 * may keep it.
 *
 * Only root may open the files, and only without lockdown.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
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
#include <linux/vmalloc.h>

#include "havege_collector.h"
#include "havege_debugfs.h"

/* Samples in a run: SP 800-90B needs 10^6 in a data set. */
#define RUN_SAMPLES	1048576
/* Samples in a row of the restart matrix (SP 800-90B, 3.1.4). */
#define RESTART_SAMPLES	1000
/* Live fills between two rows of a set, on average: at k = 1, and above. */
#define REPLAY_FINE_GAP	4
#define REPLAY_GAP	16
/* A read looks at its thread at these intervals, jiffies. */
#define LOOK		(HZ / 10)

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
 * @lock:	serialises reads of this file
 * @kind:	which file
 * @geo:	the caches that the walk is fitted to
 * @walk:	its walk
 * @table:	the walk's table
 * @warm:	the walk has been warmed up
 * @shape:	for REPLAY, size of the set
 * @memory:	for REPLAY, memory of the set
 * @size:	samples that fit
 * @sample:	samples of the last run
 * @fill:	number of these samples
 * @next:	index of the first unread sample
 * @beat:	steps that the thread has made; the thread's
 * @elsewhere:	CPUs on which the thread may end
 * @done:	completed by the thread
 * @error:	result of the run; valid after @done
 */
struct recorder {
	struct mutex lock;	/* serialises reads */
	enum kind kind;
	struct havege_geometry geo;
	struct havege_walk walk;
	u64 *table;
	bool warm;
	struct havege_shape shape;
	void *memory;
	u32 size;
	u64 *sample;
	u32 fill;
	u32 next;
	u32 beat;
	struct cpumask elsewhere;
	struct completion done;
	int error;
};

/* Between two steps: 0 if the thread may go on, on the same CPU. */
static int may_go_on(struct recorder *r, int cpu)
{
	WRITE_ONCE(r->beat, r->beat + 1);
	if (kthread_should_stop())
		return -EINTR;
	cond_resched_tasks_rcu_qs();
	/* Another CPU has another counter. */
	return raw_smp_processor_id() == cpu ? 0 : -EIO;
}

static int run_fills(struct recorder *r, int cpu, unsigned int fills)
{
	int err = 0;

	for (; !err && fills; fills--) {
		havege_walk_live(&r->walk);
		err = may_go_on(r, cpu);
	}
	return err;
}

static int record_samples(struct recorder *r, int cpu)
{
	int err = 0;
	u32 count;

	while (!err && r->fill < r->size) {
		err = run_fills(r, cpu, 1);
		count = min_t(u32, r->size - r->fill, HAVEGE_FILL_TICKS);
		memcpy(r->sample + r->fill, r->walk.delta,
		       count * sizeof(*r->sample));
		r->fill += count;
	}
	return err;
}

static int record_replays(struct recorder *r, int cpu)
{
	struct havege_replay *replay =
		havege_replay_begin(r->memory, &r->shape, &r->walk, 1);
	const u32 gap = r->shape.span > 1 ? REPLAY_GAP : REPLAY_FINE_GAP;
	int err = 0;

	while (!err && r->fill < r->size) {
		err = run_fills(r, cpu, havege_replay_gap(replay, gap));
		while (!err && !havege_replay_step(replay, NULL))
			err = may_go_on(r, cpu);
		memcpy(r->sample + r->fill, replay->sample,
		       r->shape.samples * sizeof(*r->sample));
		r->fill += r->shape.samples;
	}
	return err;
}

/* Record one run, in the thread. Warm up before the first one. */
static int recorder_run(struct recorder *r, int cpu)
{
	int err = 0;

	r->fill = 0;
	r->next = 0;
	if (!r->warm)
		err = run_fills(r, cpu, havege_warmup_fills(&r->walk));
	if (err)
		return err;
	r->warm = true;
	return r->kind == REPLAY ? record_replays(r, cpu) :
		record_samples(r, cpu);
}

static int record_thread(void *data)
{
	struct recorder *r = data;

	r->error = recorder_run(r, raw_smp_processor_id());
	complete_all(&r->done);
	/* kthread_stop() wakes us, as soon as we are done. */
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/*
 * Wait for the thread, as long as it makes steps.
 * Return: 0; -EBUSY if it makes none; -ERESTARTSYS if killed.
 */
static int wait_for_run(struct recorder *r)
{
	unsigned int looks = 0;
	u32 beat, seen = READ_ONCE(r->beat);
	long left;

	while (looks < HAVEGE_STUCK_SECONDS * HZ / LOOK) {
		left = wait_for_completion_killable_timeout(&r->done, LOOK);
		if (left)
			return left < 0 ? left : 0;
		beat = READ_ONCE(r->beat);
		looks = beat == seen ? looks + 1 : 0;
		seen = beat;
	}
	return -EBUSY;
}

/*
 * Stop the thread. If it has not ended, its CPU may not run it: let it end on
 * another one. That fails where there is no other one.
 */
static void stop_thread(struct recorder *r, struct task_struct *task, int cpu)
{
	cpumask_copy(&r->elsewhere, cpu_online_mask);
	cpumask_clear_cpu(cpu, &r->elsewhere);
	if (!completion_done(&r->done) && !cpumask_empty(&r->elsewhere))
		set_cpus_allowed_ptr(task, &r->elsewhere);
	kthread_stop(task);
}

/*
 * Drop a partial run, which would look like a shorter one, and its walk: the next
 * run begins with a fresh one.
 */
static void start_anew(struct recorder *r)
{
	r->fill = 0;
	r->warm = false;
	havege_walk_init(&r->walk, r->table, &r->geo);
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
	err = wait_for_run(r);
	stop_thread(r, task, state.cpu);
	if (!err)
		err = r->error;
	if (err)
		start_anew(r);
	return err;
}

static size_t memory_bytes(const struct recorder *r)
{
	return havege_replay_bytes(&r->shape, &r->walk);
}

static void free_recorder(struct recorder *r)
{
	if (r->memory)
		memzero_explicit(r->memory, memory_bytes(r));
	vfree(r->memory);
	havege_walk_wipe(&r->walk);
	kvfree(r->table);
	kvfree(r->sample);
	kfree_sensitive(r);
}

static bool alloc_buffers(struct recorder *r, const struct havege_state *state)
{
	static const u32 sizes[] = {
		[RAW] = RUN_SAMPLES,
		[RESTART] = RESTART_SAMPLES,
	};

	r->table = kvmalloc(havege_table_bytes(&state->tuning.geo), GFP_KERNEL);
	if (!r->table)
		return false;
	r->geo = state->tuning.geo;
	havege_walk_init(&r->walk, r->table, &r->geo);
	if (r->kind == REPLAY) {
		r->shape = havege_shape(max(state->figures.span, 1u));
		r->size = r->shape.rows * r->shape.samples;
		r->memory = vmalloc(memory_bytes(r));
		if (!r->memory)
			return false;
	} else {
		r->size = sizes[r->kind];
	}
	r->sample = kvmalloc_array(r->size, sizeof(*r->sample), GFP_KERNEL);
	return r->sample;
}

static struct recorder *alloc_recorder(enum kind kind)
{
	struct recorder *r = kzalloc(sizeof(*r), GFP_KERNEL);
	struct havege_state state;

	if (!r)
		return NULL;
	havege_collector_state(collector, &state);
	mutex_init(&r->lock);
	r->kind = kind;
	if (!alloc_buffers(r, &state)) {
		free_recorder(r);
		return NULL;
	}
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

/*
 * Return: 1 if there are samples to read, after a new run if needed; 0 at the
 * end.
 */
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

	/* A stream has no position: remember the end. */
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
