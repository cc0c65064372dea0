/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads, each on a CPU of its own, that keep a buffer of ready bytes
 *
 * Mostly it is one thread. Owns everything that has a lifetime: the threads, their
 * walks and tables, the buffer. What is above it (module parameters, hw_random, the events of
 * havege_events.c) calls in; it calls nobody back. See the head of
 * havege_collector.c for locks and teardown.
 */
#ifndef HAVEGE_COLLECTOR_H
#define HAVEGE_COLLECTOR_H

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "havege_buffer.h"
#include "havege_source.h"
#include "tune.h"

/* Sizes of the buffer, KiB; a power of two in between. */
#define HAVEGE_BUFFER_MIN_KB	4
#define HAVEGE_BUFFER_MAX_KB	8192
/* Lowest fill threshold, bits: what the hw_random core asks for in one read. */
#define HAVEGE_THRESHOLD_MIN	512
/* The longest that a read waits for a first byte, seconds. */
#define HAVEGE_READ_SECONDS	5
/* An estimate that is older than this is made again before a refill, seconds. */
#define HAVEGE_ESTIMATE_SECONDS	60
/* Between a failure and the new beginning, milliseconds. */
#define HAVEGE_PAUSE_MS		100
/*
 * Start-ups in a row that have to be refused before a machine that has passed one
 * is given up: what comes back from sleep may need a moment.
 */
#define HAVEGE_RESTARTS		8
/* Bytes of a VM generation ID. */
#define HAVEGE_GENERATION	16

/**
 * enum havege_status - what the collector is doing
 * @HAVEGE_STARTING:	start-up, on each CPU that there is; no bytes yet
 * @HAVEGE_OK:		serving
 * @HAVEGE_RECOVERING:	a test has said no, on one CPU at least, and the source there
 *			begins anew; reads wait
 * @HAVEGE_SUSPENDED:	the machine is on its way to sleep; no thread, no bytes
 * @HAVEGE_FAILED:	latched; every read fails with -EIO
 */
enum havege_status {
	HAVEGE_STARTING,
	HAVEGE_OK,
	HAVEGE_RECOVERING,
	HAVEGE_SUSPENDED,
	HAVEGE_FAILED,
};

/**
 * struct havege_settings - what a collector is made from; all values valid
 * @buffer_kb:	KiB, power of two, HAVEGE_BUFFER_MIN_KB to _MAX_KB
 * @threshold:	bits, HAVEGE_THRESHOLD_MIN to @buffer_kb * 8192
 * @dcache_kb:	the user's L1d in KiB, 0 to detect it
 * @icache_kb:	the user's L1i in KiB, 0 to detect it
 * @stream:	walk words instead of conditioned blocks
 * @clock:	NULL for the CPU's own counter, or a test's clock
 * @failed:	queued when the collector fails for good, or NULL. It outlives
 *		the collector
 * @generation:	HAVEGE_GENERATION bytes that the hypervisor changes in a copy of
 *		this machine before the copy runs, or NULL. They outlive the
 *		collector
 */
struct havege_settings {
	u32 buffer_kb;
	u32 threshold;
	u32 dcache_kb;
	u32 icache_kb;
	bool stream;
	struct havege_test_clock *clock;
	struct work_struct *failed;
	const void *generation;
};

/**
 * struct havege_figures - what the source says of itself
 * @residual:	the last replay estimate, 2^-16 bit a tick
 * @credit:	what a tick is credited, 2^-16 bit
 * @block_ticks: ticks that a block takes
 * @shift:	H of the health tests is 2^-@shift bit
 * @failures:	how often each health test has said no, since creation
 * @poor:	how often the replay estimate was too small, since creation
 */
struct havege_figures {
	u32 residual;
	u32 credit;
	u32 block_ticks;
	u32 shift;
	u64 failures[HAVEGE_TESTS];
	u64 poor;
};

/**
 * struct havege_worker - a thread and what is known of it
 * @c:		whose it is
 * @list:	among @c's workers
 * @task:	the thread
 * @cpu:	the CPU it is bound to
 * @epoch:	@c's when it began
 * @source:	what it collects with, from the start-up on; the thread's
 * @started:	completed once, when its start-up is over
 * @start_error: what came of the start-up; valid after @started
 * @estimated:	when the source's last estimate was seen, jiffies; the thread's
 * @lost:	it was driven from its CPU and waits to be replaced
 * @status:	STARTING, OK or RECOVERING; written by the thread under @c's lock
 * @figures:	what the source says of itself; under @c's lock
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
	unsigned long estimated;
	bool lost;
	enum havege_status status;
	struct havege_figures figures;
};

/**
 * struct havege_collector - a collector; the fields are for this room and for
 *			     its tests
 * @settings:	as given at creation
 * @control:	serialises whatever starts or stops a thread
 * @workers:	the threads, one a CPU, in the order they were started; changed under
 *		@control and @lock
 * @asked:	the CPUs asked for, or none; written under @control
 * @target:	those that there should be threads on; under @control
 * @begun:	there has been a start-up that passed; under @control
 * @waiting:	start-ups have failed since then, and the log says so; written
 *		under @control, which whoever waits for the thread holds
 * @refusals:	those that the machine was to blame for; under @control
 * @settle:	sees that there are threads where there should be some
 * @told:	the kernel says that this machine has been copied, and nobody has
 *		looked since; set without a lock
 * @lock:	protects what follows
 * @buffer:	the ready bytes
 * @status:	what the collector is doing: of its workers, what hinders most
 * @gone:	no read succeeds any more
 * @epoch:	how often this machine was found to have been copied. What a worker
 *		of another epoch has is what the other copies have: it waits to be
 *		replaced
 * @generation:	as it was when that was last looked at
 * @bytes_out:	bytes handed out since creation, without
 * @contributed: those mixed into the kernel's pool
 * @cpu:	where the last start-up was that passed, -1 before there was one; and
 * @tuning:	what it found there
 * @before:	failures of the workers before those there are; and what the last
 *		of them said of itself
 * @readers:	where reads wait for bytes
 * @work:	where threads wait for something to do
 */
struct havege_collector {
	struct havege_settings settings;

	struct mutex control;	/* held to start and to stop a thread */
	struct list_head workers;
	struct cpumask asked;
	struct cpumask target;
	bool begun;
	bool waiting;
	unsigned int refusals;
	struct delayed_work settle;
	int told;

	spinlock_t lock;	/* protects the fields below */
	struct havege_buffer buffer;
	enum havege_status status;
	bool gone;
	u32 epoch;
	u8 generation[HAVEGE_GENERATION];
	u64 bytes_out;
	u64 contributed;
	int cpu;
	struct havege_tuning tuning;
	struct havege_figures before;

	wait_queue_head_t readers;
	wait_queue_head_t work;
};

/**
 * havege_collector_create() - allocate a collector, without a thread yet
 * @settings:	what to make it from; copied
 *
 * Context: process context, sleeps.
 * Return: the collector, or ERR_PTR(-ENOMEM).
 */
struct havege_collector *
havege_collector_create(const struct havege_settings *settings);

/**
 * havege_collector_start() - start the threads and wait for their start-ups
 * @c:		a collector that has no thread
 * @cpus:	the CPUs to have one on, each; none: havege_collector_default_cpu()
 *
 * The whole start-up of havege_source.h, on each of them. Readers are served from
 * the first one on.
 *
 * Context: process context, sleeps; killable.
 * Return: 0; -ENXIO if one of @cpus is not online; -ENODEV if the machine is
 * refused, on one of them, and a line in the log says why; -ENOMEM, -EINTR if
 * killed. After an error there is no thread.
 */
int havege_collector_start(struct havege_collector *c,
			   const struct cpumask *cpus);

/**
 * havege_collector_move() - go to other CPUs
 * @c:		a started collector
 * @cpus:	as for havege_collector_start()
 *
 * Where there is a thread already it stays. If any ends, the bytes that are ready
 * are wiped; readers wait until the start-up on the first new CPU is over. If a
 * start fails, the collector goes back to where it was. While the machine is
 * suspended nothing is tried: it will wake up there.
 *
 * Context: process context, sleeps.
 * Return: 0, -EIO if the collector has failed for good, -EINTR if it is being
 * dismissed, or the error of the start on one of @cpus.
 */
int havege_collector_move(struct havege_collector *c,
			  const struct cpumask *cpus);

/**
 * havege_collector_settle() - look soon whether threads are where they should be
 * @c:		a started collector
 *
 * There should be one on each CPU that was asked for last and is online; where
 * there is none, on havege_collector_default_cpu(). It is seen to that it is so, as
 * by havege_collector_move(). An error that may pass, no memory for one, is tried
 * again every HAVEGE_PAUSE_MS; a CPU that is refused, HAVEGE_RESTARTS times, and
 * then, if there is no thread at all, the collector has failed for good.
 *
 * Context: any.
 */
void havege_collector_settle(struct havege_collector *c);

/**
 * havege_collector_suspend() - the machine is about to sleep
 * @c:		a started collector
 *
 * When this returns there are no threads, and no ready byte, sample or state of
 * the walk is left in memory that an image of it could hold. Readers wait.
 *
 * Context: process context, sleeps.
 */
void havege_collector_suspend(struct havege_collector *c);

/**
 * havege_collector_resume() - the machine is awake again, or never slept
 * @c:		a suspended collector; on another it has no effect
 *
 * Has the collector start up anew. Does not wait for it.
 *
 * Context: process context, sleeps.
 */
void havege_collector_resume(struct havege_collector *c);

/**
 * havege_collector_forked() - this machine may be a copy of another
 * @c:		a started collector
 *
 * Where there is a generation it decides, as it does at each read; elsewhere the
 * caller is believed. In a copy all ready bytes are wiped, nothing of the present
 * thread is served any more, and the collector starts up anew.
 *
 * Context: any, interrupts too; takes no lock of the collector's.
 */
void havege_collector_forked(struct havege_collector *c);

/**
 * havege_collector_set_threshold() - set the fill threshold
 * @c:		the collector
 * @bits:	HAVEGE_THRESHOLD_MIN to the bits of the buffer
 *
 * Context: any that may take a spinlock.
 * Return: 0, or -ERANGE and nothing is changed.
 */
int havege_collector_set_threshold(struct havege_collector *c, u32 bits);

/**
 * havege_collector_supply() - put bytes into the buffer and wake readers
 * @c:		the collector
 * @epoch:	the collector's when what has made @bytes began
 * @bytes:	the bytes; the caller wipes its copy
 * @count:	how many
 *
 * What a thread does with a batch; a test does it in a thread's place.
 *
 * Context: any that may take a spinlock.
 * Return: how many found room; none do that are of another epoch, or come after a
 * failure for good.
 */
u32 havege_collector_supply(struct havege_collector *c, u32 epoch,
			    const void *bytes, u32 count);

/**
 * havege_collector_read() - hand bytes out
 * @c:		the collector
 * @dst:	room for @max bytes
 * @max:	how many are wanted at most
 * @wait:	wait for a first byte if none is ready
 *
 * Waits at most HAVEGE_READ_SECONDS, for the first byte only, and stops waiting
 * for a signal, for kthread_stop() of a calling kthread and for
 * havege_collector_dismiss().
 *
 * Context: process context; sleeps if @wait.
 * Return: bytes handed out, 1 to @max; 0 only if !@wait (or @max is 0) and none
 * is ready; -ENODEV after havege_collector_dismiss(), -EIO if the collector has
 * failed, -ERESTARTSYS for a signal, -EINTR for kthread_stop(), -ETIMEDOUT.
 */
int havege_collector_read(struct havege_collector *c, void *dst, size_t max,
			  bool wait);

/**
 * havege_collector_contribute() - mix ready bytes into the kernel's pool
 * @c:		the collector
 * @max:	how many at most, up to 64
 *
 * By add_device_randomness(), which credits nothing. Conditioned bytes only, and
 * only while they are served to readers, too.
 *
 * Context: process context.
 * Return: how many it were.
 */
u32 havege_collector_contribute(struct havege_collector *c, u32 max);

/**
 * havege_collector_dismiss() - send all readers away, now and for good
 * @c:		the collector
 *
 * Comes before hwrng_unregister(), which waits for the last of them.
 *
 * Context: any that may take a spinlock.
 */
void havege_collector_dismiss(struct havege_collector *c);

/**
 * havege_collector_destroy() - stop all threads, wipe and free everything
 * @c:		the collector, which nobody else may still know
 *
 * Context: process context, sleeps.
 */
void havege_collector_destroy(struct havege_collector *c);

/**
 * havege_collector_default_cpu() - the last online housekeeping CPU
 *
 * CPUs that isolcpus= or nohz_full= keep free of kernel threads, and those of
 * isolated cpuset partitions, are left alone, as long as there is another.
 *
 * Context: any.
 * Return: a CPU number.
 */
int havege_collector_default_cpu(void);

/**
 * struct havege_state - a consistent view of a collector for those who watch
 * @status:	what it is doing
 * @cpu:	the first of the CPUs that it is on; while it is on none, where it last
 *		was, and -1 before that
 * @fill_bits:	ready bits
 * @bytes_out:	bytes handed out
 * @contributed: bytes mixed into the kernel's pool
 * @figures:	what the sources say of themselves: the least estimate, the most ticks
 *		a block, all failures
 * @tuning:	what the last start-up found that passed
 */
struct havege_state {
	enum havege_status status;
	int cpu;
	u32 fill_bits;
	u64 bytes_out;
	u64 contributed;
	struct havege_figures figures;
	struct havege_tuning tuning;
};

/**
 * havege_collector_state() - look at a collector
 * @c:		the collector
 * @state:	the result
 *
 * Context: any that may take a spinlock.
 */
void havege_collector_state(struct havege_collector *c,
			    struct havege_state *state);

/**
 * havege_collector_cpus() - where a collector is
 * @c:		the collector
 * @cpus:	the result: the CPUs that it has threads on
 *
 * Context: any that may take a spinlock.
 */
void havege_collector_cpus(struct havege_collector *c, struct cpumask *cpus);

#endif /* HAVEGE_COLLECTOR_H */
