// SPDX-License-Identifier: GPL-2.0
/*
 * The sealed collector: no byte leaves as it was before its reader came
 *
 * Most cases have no worker: the test takes its part. They set the times of the
 * collector: nothing becomes old while a case runs, unless it says so.
 */
#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "collector_tools.h"
#include "noise_clock.h"

static const u8 sealed_blocks[2 * HAVEGE_BLOCK] = "SEALED...";
static const u8 opened_block[HAVEGE_BLOCK] = "opened block, 32 bytes of these";

static struct havege_collector *new_collector(struct kunit *test, bool stream)
{
	struct noise_clock *clock = kunit_kzalloc(test, sizeof(*clock),
						  GFP_KERNEL);
	struct havege_settings settings = {
		.buffer_kb = 4,
		.threshold = 2 * 1024 * 8,
		.dcache_kb = 8,
		.icache_kb = 8,
		.stream = stream,
		.sealed = true,
	};
	struct havege_collector *c;

	KUNIT_ASSERT_NOT_NULL(test, clock);
	*clock = new_clock;
	settings.clock = &clock->base;
	c = havege_collector_create(&settings);
	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	test->priv = c;
	return c;
}

static void sealed_exit(struct kunit *test)
{
	if (test->priv)
		havege_collector_destroy(test->priv);
}

/* A collector with two sealed blocks, as a worker leaves it. */
static struct havege_collector *with_blocks(struct kunit *test)
{
	struct havege_collector *c = new_collector(test, false);

	KUNIT_ASSERT_EQ(test, havege_reader_supply(c, 0, sealed_blocks,
						   sizeof(sealed_blocks), false),
			sizeof(sealed_blocks));
	/* As if there were a worker. */
	spin_lock(&c->lock);
	c->status = HAVEGE_OK;
	spin_unlock(&c->lock);
	return c;
}

/* As if the opened block, or the ready words, had come this long ago. */
static void set_age(struct havege_collector *c, s64 ms)
{
	spin_lock(&c->lock);
	c->opened_ns = ktime_get_ns() - ms * NSEC_PER_MSEC;
	c->fresh_ns = c->opened_ns;
	spin_unlock(&c->lock);
}

/* They are from the future: a slow machine does not make them old. */
static void stay_young(struct havege_collector *c)
{
	set_age(c, -(s64)HANG * MSEC_PER_SEC / HZ);
}

static void grow_old(struct havege_collector *c)
{
	set_age(c, HAVEGE_OPEN_MS + 1);
}

/* Open a block that stays young. */
static void open_block(struct havege_collector *c)
{
	havege_reader_open(c, 0, opened_block, ktime_get_ns());
	stay_young(c);
}

static bool is_wiped(const struct havege_collector *c)
{
	return !c->buffer.opened_left &&
		!memchr_inv(c->buffer.opened, 0, sizeof(c->buffer.opened));
}

/* A ready block does not leave: a worker has to open it. */
static void sealed_asks_for_fresh_ticks(struct kunit *test)
{
	struct havege_collector *c = with_blocks(test);
	u8 out[64], block[HAVEGE_BLOCK];

	KUNIT_EXPECT_FALSE(test, havege_reader_take_on(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 0, false), 0);
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_NOT_ASKED);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, sizeof(sealed_blocks));
	KUNIT_EXPECT_EQ(test, c->bytes_out, 0);

	/* One worker takes it on. It may give it back to another one. */
	KUNIT_EXPECT_TRUE(test, havege_reader_take_on(c));
	KUNIT_EXPECT_FALSE(test, havege_reader_take_on(c));
	havege_reader_give_back(c);
	KUNIT_EXPECT_TRUE(test, havege_reader_take_on(c));
	KUNIT_EXPECT_TRUE(test, havege_reader_take_sealed(c, 0, block));
	KUNIT_EXPECT_EQ(test, memcmp(block, sealed_blocks, HAVEGE_BLOCK), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, HAVEGE_BLOCK);
	open_block(c);
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_NOT_ASKED);

	/* Nothing but the opened block leaves, each byte once. */
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 1, false), 1);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out + 1, 63, false), 31);
	KUNIT_EXPECT_EQ(test, memcmp(out, opened_block, HAVEGE_BLOCK), 0);
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
	KUNIT_EXPECT_EQ(test, c->bytes_out, HAVEGE_BLOCK);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_ASKED);
}

/* What a reader leaves of a block is for the next moment only. */
static void sealed_wipes_an_old_rest(struct kunit *test)
{
	struct havege_collector *c = with_blocks(test);
	u8 out[64];

	open_block(c);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 5, false), 5);
	KUNIT_EXPECT_TRUE(test, havege_reader_close(c));
	grow_old(c);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 5, false), 0);
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_ASKED);

	/* A worker wipes it if no reader comes. */
	open_block(c);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 5, false), 5);
	grow_old(c);
	KUNIT_EXPECT_FALSE(test, havege_reader_close(c));
	KUNIT_EXPECT_TRUE(test, is_wiped(c));

	/* It waits for the reader that asked for it, and for no later one. */
	open_block(c);
	grow_old(c);
	KUNIT_EXPECT_TRUE(test, havege_reader_close(c));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 5, false), 0);
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
	open_block(c);
	set_age(c, HAVEGE_HOLD_MS + 1);
	KUNIT_EXPECT_FALSE(test, havege_reader_close(c));
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
}

/* A reader that has waited gets its block, however late it wakes up. */
static void sealed_serves_a_slow_reader(struct kunit *test)
{
	struct havege_collector *c = with_blocks(test);
	struct reader *r = start_reader(test, read_on);
	const unsigned long deadline = jiffies + HANG;

	while (!havege_reader_take_on(c) && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_TAKEN_ON);

	spin_lock(&c->lock);
	havege_buffer_open(&c->buffer, opened_block);
	c->opened_ns = ktime_get_ns() - NSEC_PER_SEC;
	/* Also if this machine is so slow that it calls again. */
	c->fresh_ns = U64_MAX;
	WRITE_ONCE(c->opening, HAVEGE_NOT_ASKED);
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
	KUNIT_EXPECT_EQ(test, end_of(test, r), HAVEGE_BLOCK);
	KUNIT_EXPECT_EQ(test, memcmp(r->out, opened_block, HAVEGE_BLOCK), 0);
}

/* Nothing is opened while nothing may leave, or by a worker of an old epoch. */
static void sealed_opens_nothing_wrong(struct kunit *test)
{
	struct havege_collector *c = with_blocks(test);
	u8 out[64], block[HAVEGE_BLOCK];

	c->status = HAVEGE_RECOVERING;
	KUNIT_EXPECT_FALSE(test, havege_reader_take_sealed(c, 0, block));
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_NOT_ASKED);
	c->status = HAVEGE_OK;
	KUNIT_EXPECT_FALSE(test, havege_reader_take_sealed(c, 1, block));
	havege_reader_open(c, 1, opened_block, ktime_get_ns());
	KUNIT_EXPECT_TRUE(test, is_wiped(c));

	/* The settle work, which would start a worker, waits. */
	mutex_lock(&c->control);
	open_block(c);
	havege_collector_forked(c);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
	open_block(c);
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
	KUNIT_EXPECT_FALSE(test, havege_reader_take_sealed(c, c->epoch, block));
	c->status = HAVEGE_FAILED;
	havege_reader_open(c, c->epoch, opened_block, ktime_get_ns());
	KUNIT_EXPECT_TRUE(test, is_wiped(c));
	mutex_unlock(&c->control);
}

/* The next blocks fill the buffer beyond its size if readers empty it. */
static void sealed_notes_demand(struct kunit *test)
{
	struct havege_collector *c = with_blocks(test);
	u8 out[64], block[HAVEGE_BLOCK];

	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_FALSE(test, c->empty);
	KUNIT_EXPECT_TRUE(test, havege_reader_take_sealed(c, 0, block));
	KUNIT_EXPECT_TRUE(test, havege_reader_take_sealed(c, 0, block));
	KUNIT_EXPECT_FALSE(test, havege_reader_take_sealed(c, 0, block));
	/* It was the last one: nothing to open. */
	havege_reader_open(c, 0, NULL, 0);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 64, false), 0);
	KUNIT_EXPECT_TRUE(test, c->empty);
	KUNIT_EXPECT_EQ(test, c->opening, HAVEGE_NOT_ASKED);
}

/* mode=stream: ready words are for the next moment, too. */
static void sealed_drops_old_words(struct kunit *test)
{
	struct havege_collector *c = new_collector(test, true);
	const u64 before = ktime_get_ns();
	u8 out[64];

	KUNIT_EXPECT_EQ(test, havege_reader_supply(c, 0, "abcdef", 6, false), 6);
	stay_young(c);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 2, false), 2);
	KUNIT_EXPECT_EQ(test, memcmp(out, "ab", 2), 0);
	grow_old(c);
	/* Newer words behind them do not make them younger. */
	KUNIT_EXPECT_EQ(test, havege_reader_supply(c, 0, "ghijkl", 6, false), 6);
	/* In a recovery no reader may take words: make no others. */
	c->status = HAVEGE_RECOVERING;
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 2, false), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 10);
	c->status = HAVEGE_OK;
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 2, false), 0);
	KUNIT_EXPECT_EQ(test, c->buffer.fill, 0);
	KUNIT_EXPECT_EQ(test, c->buffer.stale, 0);
	KUNIT_EXPECT_TRUE(test, c->buffer.wanted);
	KUNIT_EXPECT_EQ(test, havege_reader_supply(c, 0, "mnop", 4, false), 4);
	KUNIT_EXPECT_LE(test, before, c->fresh_ns);
	stay_young(c);
	KUNIT_EXPECT_EQ(test, havege_collector_read(c, out, 2, false), 2);
	KUNIT_EXPECT_EQ(test, memcmp(out, "mn", 2), 0);
}

static struct havege_worker *worker_of(struct havege_collector *c)
{
	return list_first_entry_or_null(&c->workers, struct havege_worker, list);
}

static bool is_full(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->buffer.fill >= c->buffer.size;
	spin_unlock(&c->lock);
	return ret;
}

static void until_full(struct kunit *test, struct havege_collector *c)
{
	KUNIT_ASSERT_GT(test, wait_event_interruptible_timeout(c->readers,
							       is_full(c),
							       HANG), 0);
}

/* Whether the opened block is wiped; without the lock, as a copy sees it. */
static bool becomes_wiped(const struct havege_collector *c)
{
	const unsigned long deadline = jiffies + HANG;

	/* The worker writes it at the same time. */
	while (!data_race(is_wiped(c)) && time_before(jiffies, deadline))
		cond_resched();
	return is_wiped(c);
}

/* A worker opens a block for each reader, whether it waits or not. */
static void sealed_serves(struct kunit *test)
{
	struct havege_collector *c = new_collector(test, false);
	u8 *ready = kunit_kzalloc(test, 4096, GFP_KERNEL);
	const unsigned long deadline = jiffies + HANG;
	u8 out[64], next[HAVEGE_BLOCK];
	u32 i, same = 0, got = 0;

	KUNIT_ASSERT_NOT_NULL(test, ready);
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_none_mask), 0);
	until_full(test, c);
	spin_lock(&c->lock);
	memcpy(ready, c->buffer.data, 4096);
	spin_unlock(&c->lock);

	KUNIT_EXPECT_EQ(test, read_on(c, out, 64), HAVEGE_BLOCK);
	KUNIT_EXPECT_LE(test, c->buffer.fill, 4096 - HAVEGE_BLOCK);
	KUNIT_EXPECT_TRUE(test, becomes_wiped(c));
	KUNIT_EXPECT_EQ(test, read_on(c, next, 20), 20);
	KUNIT_EXPECT_NE(test, memcmp(out, next, 20), 0);
	KUNIT_EXPECT_LE(test, c->buffer.fill, 4096 - 2 * HAVEGE_BLOCK);
	/* The worker wipes the rest: no reader comes. */
	KUNIT_EXPECT_TRUE(test, becomes_wiped(c));
	KUNIT_EXPECT_FALSE(test, worker_of(c)->opening);

	for (i = 0; i < 4096; i += HAVEGE_BLOCK)
		same += !memcmp(ready + i, out, HAVEGE_BLOCK) ||
			!memcmp(ready + i, next, 16);
	KUNIT_EXPECT_EQ(test, same, 0);
	/* Contributions are opened, too. */
	while (got < 2 * HAVEGE_BLOCK && time_before(jiffies, deadline))
		got += havege_collector_contribute(c, 2 * HAVEGE_BLOCK - got);
	KUNIT_EXPECT_EQ(test, got, 2 * HAVEGE_BLOCK);
	KUNIT_EXPECT_EQ(test, c->contributed, 2 * HAVEGE_BLOCK);
	KUNIT_EXPECT_EQ(test, c->buffer.fill % HAVEGE_BLOCK, 0);
}

static void sealed_serves_words(struct kunit *test)
{
	struct havege_collector *c = new_collector(test, true);
	struct havege_worker *w;
	u8 out[2][64];
	u64 before;

	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_none_mask), 0);
	until_full(test, c);
	w = worker_of(c);
	KUNIT_EXPECT_TRUE(test, asleep(w->task));
	stay_young(c);
	KUNIT_EXPECT_EQ(test, read_on(c, out[0], 64), 64);
	/* The worker begins with fresh half-steps if its last ones are old. */
	before = w->fresh_ns;
	KUNIT_EXPECT_GT(test, before, 0);
	w->fresh_ns = 0;
	grow_old(c);
	KUNIT_EXPECT_EQ(test, read_on(c, out[1], 64), 64);
	KUNIT_EXPECT_NE(test, memcmp(out[0], out[1], 64), 0);
	KUNIT_EXPECT_GT(test, READ_ONCE(w->fresh_ns), before);
}

/* A fork that is reported feeds the pool before anything else. */
static void sealed_feeds_the_pool(struct kunit *test)
{
	struct havege_collector *c = new_collector(test, false);

	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_none_mask), 0);
	KUNIT_EXPECT_EQ(test, c->contributed, 0);
	havege_collector_forked(c);
	flush_delayed_work(&c->settle_work);
	KUNIT_EXPECT_EQ(test, c->epoch, 1);
	KUNIT_EXPECT_EQ(test, c->contributed, HAVEGE_BLOCK);
}

static struct kunit_case sealed_cases[] = {
	KUNIT_CASE(sealed_asks_for_fresh_ticks),
	KUNIT_CASE(sealed_wipes_an_old_rest),
	KUNIT_CASE(sealed_serves_a_slow_reader),
	KUNIT_CASE(sealed_opens_nothing_wrong),
	KUNIT_CASE(sealed_notes_demand),
	KUNIT_CASE(sealed_drops_old_words),
	KUNIT_CASE(sealed_serves),
	KUNIT_CASE(sealed_serves_words),
	KUNIT_CASE(sealed_feeds_the_pool),
	{}
};

static struct kunit_suite sealed_suite = {
	.name = "havege_sealed",
	.exit = sealed_exit,
	.test_cases = sealed_cases,
};

kunit_test_suites(&sealed_suite);
