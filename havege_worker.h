/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to the collector: havege_collector.c, havege_worker.c,
 * havege_reader.c and the collector's tests
 *
 * havege_collector.c starts and stops workers. havege_worker.c is the worker
 * thread. havege_reader.c puts bytes into the buffer and hands them out. Each
 * calls only the ones after it.
 *
 * Locks:
 *
 * - c->control, a mutex, is held over everything that creates or stops a
 *   worker: start, move, suspend, resume, destroy and the settle work. The
 *   holder sleeps and waits for the worker thread, so the thread never takes
 *   it. cpus_read_lock() nests inside it: CPU hotplug callbacks, which hold
 *   that lock, only queue the settle work.
 * - c->lock, a spinlock, nests inside c->control. It is held for a copy or a
 *   wipe of 4 KiB at most.
 * - A worker belongs to the holder of c->control, except for the fields that
 *   its thread writes. It is freed after its thread has ended.
 * - A source and its tables belong to their thread, which allocates, uses,
 *   wipes and frees them.
 */
#ifndef HAVEGE_WORKER_H
#define HAVEGE_WORKER_H

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "havege_collector.h"

/**
 * struct havege_worker - a worker: its thread and the thread's figures
 * @c:		its collector
 * @list:	entry in @c's workers
 * @task:	the thread, with a reference of its own
 * @cpu:	CPU that the thread is bound to
 * @epoch:	@c's epoch when the worker was created
 * @source:	the thread's source while it serves, else NULL; the thread's
 * @started:	completed for all waits at the end of the start-up
 * @start_error: result of the start-up; -EINTR before its end
 * @beat:	steps that the thread has made; the thread's
 * @idle:	the thread sleeps until the buffer is wanted; the thread's
 * @pausing:	the thread sleeps until @pause_end, jiffies; the thread's
 * @pause_end:	see @pausing
 * @seen:	@beat when a reader looked at it first; under @c's lock
 * @seen_at:	when that was, jiffies; under @c's lock
 * @seen_low:	whether its priority was low then; under @c's lock
 * @stuck:	@beat stood still for HAVEGE_STUCK_SECONDS while readers waited, or
 *		in the start-up; under @c's lock, the thread resets it
 * @looked:	@beat when the starter looked at it last; under @c's control
 * @looks:	looks in a row that found it the same; under @c's control
 * @ending:	the collector stops the worker; written under @c's control
 * @told_at:	when it began to, jiffies; under @c's control
 * @ended:	completed once the thread has wiped and freed all that it had
 * @doubt:	the machine has failed or been refused before: the start-up
 *		needs more good sets
 * @estimated:	when the source completed its last set, jiffies; the thread's
 * @set_begun:	when the present set began, jiffies; the thread's
 * @demand:	readers take bytes faster than workers supply them; the thread's
 * @opening:	the thread collects fresh half-steps; the thread's
 * @fresh_ns:	when it began to; with mode=stream, when it last ended; the
 *		thread's
 * @fed:	fills that went into the kernel's pool after a VM fork; the
 *		thread's
 * @no_memory:	failed allocations in a row; the thread's
 * @displaced:	the thread runs on another CPU and has to be replaced
 * @stopped:	the start-up has failed: the CPU's counter does not move
 * @urgent:	the start-up needs the priority of an ordinary task; written
 *		under @c's control
 * @refusal:	why the source has refused the CPU, a sentence; or empty
 * @status:	STARTING, OK or RECOVERING; the thread writes it under @c's lock
 * @figures:	measurements of the source; under @c's lock
 */
struct havege_worker {
	struct havege_collector *c;
	struct list_head list;
	struct task_struct *task;
	int cpu;
	u32 epoch;
	struct havege_source *source;
	struct completion started;
	int start_error;
	u32 beat;
	bool idle;
	bool pausing;
	unsigned long pause_end;
	u32 seen;
	unsigned long seen_at;
	bool seen_low;
	bool stuck;
	u32 looked;
	u32 looks;
	bool ending;
	unsigned long told_at;
	struct completion ended;
	bool doubt;
	unsigned long estimated;
	unsigned long set_begun;
	bool demand;
	bool opening;
	u64 fresh_ns;
	u32 fed;
	u32 no_memory;
	bool displaced;
	bool stopped;
	bool urgent;
	char refusal[HAVEGE_EXPLAIN];
	enum havege_status status;
	struct havege_figures figures;
};

/**
 * enum havege_opening - progress of the next opened block
 * @HAVEGE_NOT_ASKED: no reader has asked for one
 * @HAVEGE_ASKED: a reader waits for one, and no worker has taken that on
 * @HAVEGE_TAKEN_ON: a worker collects fresh half-steps for it
 */
enum havege_opening {
	HAVEGE_NOT_ASKED,
	HAVEGE_ASKED,
	HAVEGE_TAKEN_ON,
};

/**
 * struct havege_collector - a collector
 * @settings:	as given at creation; constant
 * @control:	serialises everything that creates or stops a worker
 * @workers:	the workers, one a CPU, in order of creation; changed under
 *		@control and @lock
 * @asked:	requested CPUs, or none; written under @control
 * @target:	CPUs that should have a worker; under @control
 * @missing:	those of them on which the last start-up failed; under @control
 * @round:	those of them on which one is under way; under @control
 * @elsewhere:	CPUs on which a worker may end; under @control
 * @unfit:	CPUs that did not run a worker's thread, or whose counter does not
 *		move, until a worker has run there; under @control
 * @placing:	when the present start-ups began, jiffies; written under
 *		@control, which the starter of a worker holds
 * @started_once: a start-up has passed; under @control
 * @failure_logged: start-ups have failed since then, not because their CPU went
 *		offline, and the log says so; written under @control, which the
 *		starter of a worker holds; readers read it without that
 * @tries:	number of these failures; under @control
 * @doubted:	CPUs on which the source has failed or been refused since the
 *		last start-up that passed; under @control
 * @suspending:	suspend or hibernation waits for @control: start-ups end at once
 * @wq:		unbound, so that a CPU that is kept busy stops no work item
 * @settle_work: replaces workers (havege_collector_settle())
 * @fork_reported: the kernel has reported a VM fork that no lock holder has
 *		handled yet; set without a lock
 * @lock:	protects the fields below
 * @buffer:	the ready bytes
 * @status:	the worst status of all workers
 * @dismissed:	every read fails
 * @epoch:	number of VM forks seen. Other copies of this VM know all bytes
 *		of workers of an earlier epoch, so these workers have to be
 *		replaced
 * @generation: the VM generation ID at the last check
 * @bytes_out:	bytes handed out since creation, without @contributed
 * @contributed: bytes mixed into the kernel's pool since creation
 * @cpu:	CPU of the last start-up that passed, -1 before the first one
 * @tuning:	tuning of that start-up
 * @before:	sum of the failures of all ended workers, with the other figures
 *		of the last one
 * @empty:	a reader has found the buffer empty since the last blocks came
 * @starved_since: since when reads have got nothing, ns, without the time of a
 *		start-up before which none has failed; 0: bytes have come since the
 *		last of these reads
 * @looked_at:	when the last of them looked at each worker's @beat, jiffies;
 *		workers read it without @lock
 * @opening:	progress of the next opened block; workers read it without @lock
 * @fresh_ns:	when the worker began to collect for the opened block; with
 *		mode=stream, when the oldest ready word came
 * @opened_ns:	when the block was opened
 * @reason:	why @status is not OK, a sentence
 * @readers:	reads wait here for bytes
 * @work:	worker threads wait here for a refill
 */
struct havege_collector {
	struct havege_settings settings;

	struct mutex control;	/* held to create and to stop a worker */
	struct list_head workers;
	struct cpumask asked;
	struct cpumask target;
	struct cpumask missing;
	struct cpumask round;
	struct cpumask elsewhere;
	struct cpumask unfit;
	unsigned long placing;
	bool started_once;
	bool failure_logged;
	unsigned int tries;
	struct cpumask doubted;
	bool suspending;
	struct workqueue_struct *wq;
	struct delayed_work settle_work;
	int fork_reported;

	spinlock_t lock;	/* protects the fields below */
	struct havege_buffer buffer;
	enum havege_status status;
	bool dismissed;
	u32 epoch;
	u8 generation[HAVEGE_GENERATION];
	u64 bytes_out;
	u64 contributed;
	int cpu;
	struct havege_tuning tuning;
	struct havege_figures before;
	bool empty;
	u64 starved_since;
	unsigned long looked_at;
	enum havege_opening opening;
	u64 fresh_ns;
	u64 opened_ns;
	char reason[HAVEGE_EXPLAIN];

	wait_queue_head_t readers;
	wait_queue_head_t work;
};

/**
 * havege_opens_blocks() - whether readers get opened blocks
 * @c:		the collector
 *
 * Return: true for a sealed collector, but with mode=stream.
 */
static inline bool havege_opens_blocks(const struct havege_collector *c)
{
	return c->settings.sealed && !c->settings.stream;
}

/**
 * havege_is_old() - whether fresh half-steps, a block or words are too old
 * @since:	when they came, ns
 *
 * Return: true after HAVEGE_OPEN_MS.
 */
static inline bool havege_is_old(u64 since)
{
	return ktime_get_ns() > since + HAVEGE_OPEN_MS * NSEC_PER_MSEC;
}

/* havege_reader.c */

/**
 * havege_reader_settle() - queue the settle work
 * @c:		the collector
 *
 * Context: any.
 */
void havege_reader_settle(struct havege_collector *c);

/**
 * havege_reader_wipe() - wipe the bytes that havege_buffer_drop() has dropped
 * @c:		the collector
 *
 * Context: process context, without @c's lock; may sleep.
 */
void havege_reader_wipe(struct havege_collector *c);

/**
 * havege_reader_trim() - wipe the ready bytes beyond the buffer's size
 * @c:		the collector
 *
 * Context: process context, without @c's lock; may sleep.
 */
void havege_reader_trim(struct havege_collector *c);

/**
 * havege_reader_is_copy() - whether this VM was copied since the last call
 * @c:		the collector
 *
 * In a copy it drops the ready bytes, begins a new epoch and queues the settle
 * work, which wipes them.
 *
 * Context: under @c's lock.
 * Return: true in a copy.
 */
bool havege_reader_is_copy(struct havege_collector *c);

/**
 * havege_reader_supply() - put bytes into the buffer and wake readers
 * @c:		the collector
 * @epoch:	@c's epoch when the producer of @bytes began
 * @bytes:	the bytes; the caller wipes its copy
 * @count:	number of bytes
 * @more:	fill the buffer beyond its size, for readers that empty it
 *		quickly
 *
 * A worker calls it; a test calls it in place of a worker.
 *
 * Context: any that may take a spinlock.
 * Return: bytes stored, 4 KiB at most; 0 if @epoch is not the present one and
 * after a permanent failure.
 */
u32 havege_reader_supply(struct havege_collector *c, u32 epoch,
			 const void *bytes, u32 count, bool more);

/**
 * havege_reader_starved() - look whether the workers make progress
 * @c:		the collector
 *
 * A read calls it whenever it finds no bytes. The first call since bytes came
 * notes how far each worker is. A later one queues the settle work if a worker
 * has made no step for HAVEGE_STUCK_SECONDS.
 *
 * Context: any that may take a spinlock.
 */
void havege_reader_starved(struct havege_collector *c);

/**
 * havege_reader_take_on() - take an opening on if a reader has asked for it
 * @c:		a sealed collector
 *
 * A worker that has taken it on ends it with havege_reader_open(), or gives it
 * back.
 *
 * Context: any that may take a spinlock.
 * Return: true if the caller has taken it on.
 */
bool havege_reader_take_on(struct havege_collector *c);

/**
 * havege_reader_give_back() - give an opening back, for another worker
 * @c:		a sealed collector
 *
 * Context: any that may take a spinlock.
 */
void havege_reader_give_back(struct havege_collector *c);

/**
 * havege_reader_take_sealed() - take a sealed block out of the buffer
 * @c:		a sealed collector
 * @epoch:	the worker's epoch
 * @block:	HAVEGE_BLOCK bytes
 *
 * Context: any that may take a spinlock.
 * Return: false if there is none, or if none may leave now.
 */
bool havege_reader_take_sealed(struct havege_collector *c, u32 epoch,
			       u8 *block);

/**
 * havege_reader_open() - end an opening
 * @c:		a sealed collector
 * @epoch:	the worker's epoch
 * @block:	HAVEGE_BLOCK bytes, the opened block; the caller wipes its copy.
 *		NULL: none could be opened
 * @fresh_ns:	when the worker began to collect fresh half-steps
 *
 * Context: any that may take a spinlock.
 */
void havege_reader_open(struct havege_collector *c, u32 epoch, const u8 *block,
			u64 fresh_ns);

/**
 * havege_reader_close() - wipe the rest of an old opened block
 * @c:		the collector
 *
 * Context: any that may take a spinlock.
 * Return: true if an opened block is left.
 */
bool havege_reader_close(struct havege_collector *c);

/* havege_worker.c */

/**
 * havege_worker_run() - a worker's thread
 * @data:	the struct havege_worker
 *
 * Context: a kthread bound to the worker's CPU.
 * Return: 0.
 */
int havege_worker_run(void *data);

/**
 * havege_worker_sum_up() - derive the collector's status from its workers
 * @c:		the collector
 *
 * Context: under @c's lock.
 */
void havege_worker_sum_up(struct havege_collector *c);

/**
 * havege_worker_is_low() - whether a worker has a low priority
 * @w:	the worker; its thread may have ended
 *
 * Context: any. The caller holds @w->c->control or @w->c->lock, or is the thread.
 * Return: true below the priority of an ordinary task.
 */
bool havege_worker_is_low(const struct havege_worker *w);

/**
 * havege_worker_raise() - give a worker the priority of an ordinary task
 * @w:	the worker; its thread may have ended
 *
 * The thread lowers it again while no task waits for bytes.
 *
 * Context: as for havege_worker_is_low().
 */
void havege_worker_raise(struct havege_worker *w);

/**
 * havege_worker_pause() - the pause after failures
 * @tries:	failures in a row, the last one included
 *
 * Return: jiffies.
 */
unsigned long havege_worker_pause(unsigned int tries);

/**
 * havege_worker_fits() - whether an unrequested worker may run on a CPU
 * @cpu:	the CPU
 *
 * Return: true for a housekeeping CPU.
 */
bool havege_worker_fits(int cpu);

#endif /* HAVEGE_WORKER_H */
