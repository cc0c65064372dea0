/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The collector: worker threads, each bound to one CPU, that keep a buffer of
 * ready bytes
 *
 * Usually there is one worker. The collector owns the workers, their walks and
 * tables, and the buffer. Its callers are the hwrng, the module parameters, the
 * state files and havege_events.c; it calls none of them.
 *
 * A worker sleeps while the buffer is full. It wakes up when fewer bits than
 * the refill threshold are left, and fills the buffer again.
 *
 * havege_worker.h says which lock protects which field. havege_collector.c
 * describes start-up and teardown.
 */
#ifndef HAVEGE_COLLECTOR_H
#define HAVEGE_COLLECTOR_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "havege_buffer.h"
#include "havege_source.h"
#include "tune.h"

/* Buffer size (KiB), a power of two in between. */
#define HAVEGE_BUFFER_MIN_KB	4
#define HAVEGE_BUFFER_MAX_KB	8192
/* Lowest refill threshold (bits): one read of the hw_random core. */
#define HAVEGE_THRESHOLD_MIN	512
/* Readers that find nothing for this many seconds get an error. */
#define HAVEGE_READ_SECONDS	5
/* Longest wait of one call of havege_collector_read() (milliseconds). */
#define HAVEGE_HOLD_MS		500
/*
 * Age at which an opened block is wiped, and ready words with mode=stream. A
 * reader that does not wait gives a worker this time to open one (milliseconds).
 */
#define HAVEGE_OPEN_MS		10
/* Bytes that fit above the buffer's size: the blocks of one set. */
#define HAVEGE_SURPLUS		HAVEGE_PENDING
/* Pause after a failure (seconds): the first one; it doubles up to the last. */
#define HAVEGE_PAUSE_MIN	1
#define HAVEGE_PAUSE_MAX	60
/* Hurry a set of this age while a reader waits (milliseconds). */
#define HAVEGE_PATIENCE_MS	500
/* Hurry a set of this age even if no reader waits (seconds). */
#define HAVEGE_SET_SECONDS	10
/* Drop a set of this age with its blocks (seconds): it describes the past. */
#define HAVEGE_STALE_SECONDS	60
/* mode=stream makes a set when the last one is older (milliseconds). */
#define HAVEGE_STREAM_MS	1000
/*
 * A CPU that has not run a worker's thread for this time is stuck (seconds): a
 * real-time task may keep it busy. A step takes well under 1 ms.
 */
#define HAVEGE_STUCK_SECONDS	3
/*
 * The same after a low priority (seconds): many tasks may be ahead of the thread.
 */
#define HAVEGE_LOW_SECONDS	10
/* Size of a VM generation ID (bytes). */
#define HAVEGE_GENERATION	16

/**
 * enum havege_status - the collector's status, and a worker's
 * @HAVEGE_STARTING: start-up on every CPU; no bytes yet
 * @HAVEGE_OK:	serving on at least one CPU
 * @HAVEGE_RECOVERING: a health test failed, a set was refused or memory ran out
 *		on at least one CPU; that worker tries again after a pause,
 *		reads wait. Or none of the workers' CPUs runs its thread
 * @HAVEGE_SUSPENDED: the machine is about to sleep; no worker, no bytes
 * @HAVEGE_FAILED: a health test failed permanently; every read fails with -EIO
 *
 * A worker has one of the first three. The collector's is the greatest of its
 * workers': a worker in its start-up does not keep the others from serving, one
 * that recovers does. A worker whose CPU does not run it does not count.
 */
enum havege_status {
	HAVEGE_STARTING,
	HAVEGE_OK,
	HAVEGE_RECOVERING,
	HAVEGE_SUSPENDED,
	HAVEGE_FAILED,
};

/**
 * struct havege_settings - settings of a collector; all values valid
 * @buffer_kb:	KiB, power of two, HAVEGE_BUFFER_MIN_KB to _MAX_KB
 * @threshold:	bits, HAVEGE_THRESHOLD_MIN to @buffer_kb * 8192
 * @dcache_kb:	requested L1d size, KiB; 0: detect it
 * @icache_kb:	requested L1i size, KiB; 0: detect it
 * @stream:	deliver walk words instead of conditioned blocks
 * @sealed:	the module cannot notice that this machine is a copy of another
 *		one: add fresh half-steps to each block when a reader asks for
 *		the block
 * @clock:	NULL for the CPU's own counter, or a test's clock
 * @failed:	queued when the collector fails permanently, or NULL; outlives
 *		the collector
 * @generation: VM generation ID of HAVEGE_GENERATION bytes, or NULL; outlives
 *		the collector. The hypervisor changes it in a copy of this VM
 *		before the copy runs
 */
struct havege_settings {
	u32 buffer_kb;
	u32 threshold;
	u32 dcache_kb;
	u32 icache_kb;
	bool stream;
	bool sealed;
	struct havege_test_clock *clock;
	struct work_struct *failed;
	const void *generation;
};

/**
 * struct havege_figures - measurements of a source
 * @estimate:	estimate of the last set
 * @span:	half-steps in a sample (k); 0: not known yet
 * @credit:	credit of a sample, 2^-16 bit
 * @block_samples: samples in a block
 * @shift:	the health tests assume H = 2^-@shift bit
 * @failures:	failures of each health test since creation
 * @replay_failures: refused sets since creation
 */
struct havege_figures {
	struct havege_estimate estimate;
	u32 span;
	u32 credit;
	u32 block_samples;
	u32 shift;
	u64 failures[HAVEGE_TESTS];
	u64 replay_failures;
};

struct havege_collector;

/**
 * havege_collector_create() - allocate a collector without workers
 * @settings:	its settings; copied
 *
 * Context: process context, sleeps.
 * Return: the collector, or ERR_PTR(-ENOMEM).
 */
struct havege_collector *
havege_collector_create(const struct havege_settings *settings);

/**
 * havege_collector_start() - start the workers and wait for their start-ups
 * @c:		a collector without workers
 * @cpus:	CPUs that get a worker each; empty:
 *		havege_collector_default_cpu()
 *
 * Each worker runs the whole start-up of havege_source.h, all at the same time.
 * Where one is refused, those that have passed run a stricter one. Readers are
 * served once the first worker is ready. One worker is enough: where others do not
 * start, the log says on which CPU and why, and the settle work tries again.
 *
 * A start-up may take long, but ends if its CPU does not run the thread for
 * HAVEGE_STUCK_SECONDS. With empty @cpus the worker then starts on another CPU,
 * and where the counter does not move, too.
 *
 * Context: process context, sleeps; killable.
 * Return: 0; -ENXIO if one of @cpus is not online; -ENODEV if all start-ups
 * refuse the machine, with a log line that says why; -EBUSY if the CPUs do not
 * run the threads, with a log line for each; -ENOMEM; -EINTR if killed. After
 * an error there are no workers.
 */
int havege_collector_start(struct havege_collector *c,
			   const struct cpumask *cpus);

/**
 * havege_collector_move() - move to other CPUs
 * @c:		a started collector
 * @cpus:	as for havege_collector_start()
 *
 * Workers that already run on one of @cpus stay. If any worker ends, the ready
 * bytes are wiped, and readers wait for the first start-up on a new CPU. If no
 * worker runs on any of @cpus, the collector moves back. While the machine is
 * suspended only @cpus is stored: the workers start there on resume.
 *
 * Context: process context, sleeps.
 * Return: 0; -EIO after a permanent failure; -EINTR after
 * havege_collector_dismiss(); else the error of a start-up on one of @cpus, as
 * for havege_collector_start().
 */
int havege_collector_move(struct havege_collector *c,
			  const struct cpumask *cpus);

/**
 * havege_collector_settle() - queue the settle work
 * @c:		a started collector
 *
 * The settle work starts a worker on each requested CPU that is online, or on
 * havege_collector_default_cpu() if none of them is, and stops all other
 * workers. After an error it retries, first after HAVEGE_PAUSE_MIN seconds and
 * in the end every HAVEGE_PAUSE_MAX seconds. A CPU that does not run its worker,
 * or whose counter does not move, is left for another one, if it was not
 * requested.
 *
 * Context: any.
 */
void havege_collector_settle(struct havege_collector *c);

/**
 * havege_collector_suspend() - prepare for suspend or hibernation
 * @c:		a started collector
 *
 * On return there are no workers. A hibernation image then holds no ready byte,
 * no sample and no state of a walk. Readers wait.
 *
 * Context: process context, sleeps.
 */
void havege_collector_suspend(struct havege_collector *c);

/**
 * havege_collector_resume() - start again after suspend or hibernation
 * @c:		a suspended collector; no effect on any other
 *
 * Queues the settle work and does not wait for it.
 *
 * Context: process context, sleeps.
 */
void havege_collector_resume(struct havege_collector *c);

/**
 * havege_collector_forked() - the kernel reports a VM fork
 * @c:		a started collector
 *
 * With a VM generation ID, the ID decides whether this VM is a copy. Without
 * one, the report decides. In a copy all ready bytes are wiped, no byte of the
 * present workers is served, and all of them are replaced.
 *
 * Context: any, hard interrupts included; takes no lock of the collector.
 */
void havege_collector_forked(struct havege_collector *c);

/**
 * havege_collector_set_threshold() - set the refill threshold
 * @c:		the collector
 * @bits:	HAVEGE_THRESHOLD_MIN to the bits of the buffer
 *
 * Context: any that may take a spinlock.
 * Return: 0, or -ERANGE and nothing changes.
 */
int havege_collector_set_threshold(struct havege_collector *c, u32 bits);

/**
 * havege_collector_read() - hand bytes out
 * @c:		the collector
 * @dst:	memory for @max bytes
 * @max:	most bytes to hand out
 * @wait:	wait for a first byte if none is ready
 *
 * Waits for the first byte only, HAVEGE_HOLD_MS at most: the hw_random core
 * holds a mutex during the call, and a user's task calls again. The first byte
 * of all may be what the kernel's pool waits for: a kthread waits
 * HAVEGE_READ_SECONDS for that. A signal, kthread_stop() of a calling kthread
 * and havege_collector_dismiss() end the wait.
 *
 * In a sealed collector the bytes come from a block that was opened after the
 * call began, or at most HAVEGE_OPEN_MS before. Without @wait the call gives a
 * worker HAVEGE_OPEN_MS to open one.
 *
 * Context: process context, sleeps.
 * Return: bytes handed out, 1 to @max; 0 if none came in that time; -ENODEV
 * after havege_collector_dismiss(), -EIO after a permanent failure,
 * -ERESTARTSYS for a signal, -EINTR for kthread_stop(), -ETIMEDOUT if reads, with
 * and without @wait, have got nothing for HAVEGE_READ_SECONDS. The time of a
 * start-up does not count, unless one has failed before it.
 */
int havege_collector_read(struct havege_collector *c, void *dst, size_t max,
			  bool wait);

/**
 * havege_collector_contribute() - mix ready bytes into the kernel's pool
 * @c:		the collector
 * @max:	most bytes to mix in, up to 64
 *
 * Uses add_device_randomness(), which credits nothing. Contributes conditioned
 * bytes only, and only while readers are served too.
 *
 * Context: process context.
 * Return: bytes mixed in.
 */
u32 havege_collector_contribute(struct havege_collector *c, u32 max);

/**
 * havege_collector_dismiss() - make all present and later reads fail
 * @c:		the collector
 *
 * Call it before hwrng_unregister(), which waits for the last reader. A
 * start-up under way ends at its next step.
 *
 * Context: any that may take a spinlock.
 */
void havege_collector_dismiss(struct havege_collector *c);

/**
 * havege_collector_destroy() - stop all workers, wipe and free everything
 * @c:		the collector; the caller holds the last reference
 *
 * Context: process context, sleeps.
 */
void havege_collector_destroy(struct havege_collector *c);

/**
 * havege_collector_default_cpu() - the last online housekeeping CPU
 *
 * Avoids CPUs of isolcpus=, nohz_full= and isolated cpuset partitions, unless
 * there is no other.
 *
 * Context: any.
 * Return: a CPU number.
 */
int havege_collector_default_cpu(void);

/**
 * struct havege_state - a consistent snapshot of a collector
 * @status:	its status
 * @cpu:	CPU of its first worker; without workers the last CPU with a
 *		successful start-up, -1 before the first one
 * @fill_bits:	ready bits
 * @bytes_out:	bytes handed out
 * @contributed: bytes mixed into the kernel's pool
 * @figures:	measurements of all sources: the estimate with the least
 *		residual, the least credit, the most samples in a block, the sum
 *		of failures
 * @tuning:	tuning of the last successful start-up
 * @reason:	why @status is not OK, in one sentence without a line end; else
 *		empty
 */
struct havege_state {
	enum havege_status status;
	int cpu;
	u32 fill_bits;
	u64 bytes_out;
	u64 contributed;
	struct havege_figures figures;
	struct havege_tuning tuning;
	char reason[HAVEGE_EXPLAIN];
};

/**
 * havege_table_kb() - size of the walk's table
 * @state:	a collector's state
 *
 * Return: KiB.
 */
static inline u32 havege_table_kb(const struct havege_state *state)
{
	return havege_table_bytes(&state->tuning.geo) / 1024;
}

/**
 * havege_loop_kb() - size of the code that one turn of the loop runs
 * @state:	a collector's state
 *
 * Return: KiB.
 */
static inline u32 havege_loop_kb(const struct havege_state *state)
{
	return havege_loop_copies(&state->tuning.geo) * havege_copy_bytes() /
	       1024;
}

/**
 * havege_collector_wq() - the workqueue of a collector
 * @c:		the collector
 *
 * It is unbound: a real-time task that keeps one CPU stops no work item.
 *
 * Context: any.
 * Return: the workqueue; havege_collector_destroy() drains it.
 */
struct workqueue_struct *havege_collector_wq(const struct havege_collector *c);

#ifdef HAVEGE_CALL_LIMIT
/**
 * havege_collector_is_stream() - whether a collector runs with mode=stream
 * @c:		the collector
 *
 * Context: any.
 * Return: true if the buffer holds walk words.
 */
bool havege_collector_is_stream(const struct havege_collector *c);
#endif

/**
 * havege_collector_state() - take a snapshot of a collector
 * @c:		the collector
 * @state:	the result
 *
 * Context: any that may take a spinlock.
 */
void havege_collector_state(struct havege_collector *c,
			    struct havege_state *state);

/**
 * havege_collector_snapshot() - take a snapshot of a collector and its workers
 * @c:		the collector
 * @state:	the result
 * @cpus:	the CPUs of the workers at the same moment, or NULL
 *
 * Context: any that may take a spinlock.
 */
void havege_collector_snapshot(struct havege_collector *c,
			       struct havege_state *state,
			       struct cpumask *cpus);

#endif /* HAVEGE_COLLECTOR_H */
