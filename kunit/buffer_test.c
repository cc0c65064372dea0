// SPDX-License-Identifier: GPL-2.0
/*
 * The buffer: fill, drain, wrap and wipe, and a refill exactly at the threshold
 *
 * Runs under KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_buffer.h"

#define SIZE	64
/* More than SIZE, and not a power of two. */
#define CAPACITY	100

struct fixture {
	struct havege_buffer buffer;
	u8 data[CAPACITY];
	u8 in[2 * SIZE];
	u8 out[2 * SIZE];
	u8 next_in;
	u8 next_out;
};

static struct fixture *new_fixture(struct kunit *test, u32 threshold)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	havege_buffer_init(&f->buffer, f->data, SIZE, CAPACITY, threshold);
	return f;
}

/* Put @count numbered bytes. The test offers rejected ones again. */
static u32 buffer_put(struct fixture *f, u32 count)
{
	u32 i, done;

	for (i = 0; i < count; i++)
		f->in[i] = f->next_in + i;
	done = havege_buffer_put(&f->buffer, f->in, count);
	f->next_in += done;
	return done;
}

/* Take @count bytes and check their numbers. */
static u32 buffer_take(struct kunit *test, struct fixture *f, u32 count)
{
	const u32 done = havege_buffer_take(&f->buffer, f->out, count);
	u32 i;

	for (i = 0; i < done; i++)
		KUNIT_EXPECT_EQ(test, f->out[i], f->next_out++);
	return done;
}

static void buffer_fills_and_drains(struct kunit *test)
{
	struct fixture *f = new_fixture(test, 8);

	KUNIT_EXPECT_EQ(test, buffer_take(test, f, 1), 0);
	KUNIT_EXPECT_EQ(test, buffer_put(f, 10), 10);
	KUNIT_EXPECT_EQ(test, havege_buffer_bits(&f->buffer), 80);
	KUNIT_EXPECT_EQ(test, buffer_take(test, f, 0), 0);
	KUNIT_EXPECT_EQ(test, buffer_take(test, f, 3), 3);
	KUNIT_EXPECT_EQ(test, buffer_put(f, 2 * SIZE), SIZE - 7);
	KUNIT_EXPECT_EQ(test, buffer_put(f, 1), 0);
	KUNIT_EXPECT_EQ(test, havege_buffer_bits(&f->buffer), SIZE * 8);
	KUNIT_EXPECT_EQ(test, buffer_take(test, f, 2 * SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, havege_buffer_bits(&f->buffer), 0);
	KUNIT_EXPECT_EQ(test, buffer_take(test, f, 1), 0);
}

/* Each pair of a position in the ring and a size, across the edge too. */
static void buffer_wraps(struct kunit *test)
{
	u32 start, count;

	for (start = 0; start < CAPACITY; start++)
		for (count = 1; count <= SIZE; count++) {
			struct fixture f = { 0 };

			havege_buffer_init(&f.buffer, f.data, SIZE, CAPACITY, 8);
			f.buffer.head = start;
			KUNIT_EXPECT_EQ(test, buffer_put(&f, count), count);
			KUNIT_EXPECT_EQ(test, buffer_take(test, &f, SIZE), count);
		}
}

static u32 nonzero(const struct fixture *f)
{
	u32 i, count = 0;

	for (i = 0; i < CAPACITY; i++)
		count += !!f->data[i];
	return count;
}

/* The buffer keeps no byte that it has handed out. */
static void buffer_wipes_what_it_hands_out(struct kunit *test)
{
	struct fixture *f = new_fixture(test, 8);
	u32 round, left;

	f->next_in = 1;
	f->next_out = 1;
	/* 40 of 48 bytes a round: the third round crosses the edge at 100. */
	for (round = 0; round < 4; round++) {
		KUNIT_EXPECT_EQ(test, buffer_put(f, 48), 48);
		KUNIT_EXPECT_EQ(test, nonzero(f), 48);
		KUNIT_EXPECT_EQ(test, buffer_take(test, f, 40), 40);
		KUNIT_EXPECT_EQ(test, nonzero(f), 8);
		left = buffer_take(test, f, SIZE);
		KUNIT_EXPECT_EQ(test, left, 8);
		KUNIT_EXPECT_EQ(test, nonzero(f), 0);
	}
	/* A full buffer wants nothing until it is dropped. */
	KUNIT_EXPECT_EQ(test, buffer_put(f, SIZE), SIZE);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	havege_buffer_drop(&f->buffer);
	KUNIT_EXPECT_EQ(test, havege_buffer_bits(&f->buffer), 0);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	KUNIT_EXPECT_FALSE(test, havege_buffer_wipe(&f->buffer, SIZE));
	KUNIT_EXPECT_EQ(test, nonzero(f), 0);
}

/*
 * Dropped bytes are never handed out, overwrite nothing, and are wiped in
 * portions, also while the buffer is in use: from each place, for each number
 * of bytes that were there before.
 */
static void buffer_wipes_in_portions(struct kunit *test)
{
	u32 start, before, portions, done;

	for (start = 0; start < CAPACITY; start++)
		for (before = 1; before <= SIZE; before++) {
			struct fixture f = { .next_in = 1 };

			havege_buffer_init(&f.buffer, f.data, SIZE, CAPACITY, 8);
			f.buffer.head = start;
			buffer_put(&f, before);
			havege_buffer_drop(&f.buffer);
			f.next_out = f.next_in;
			KUNIT_EXPECT_EQ(test, buffer_take(test, &f, 1), 0);
			/* The dropped bytes take their place still. */
			done = buffer_put(&f, SIZE);
			KUNIT_EXPECT_EQ(test, done,
					min_t(u32, SIZE, CAPACITY - before));
			KUNIT_EXPECT_EQ(test, nonzero(&f), before + done);
			/* Between these and the next ones is a gap. */
			KUNIT_EXPECT_EQ(test, buffer_take(test, &f, 10), 10);
			if (before % 2) {
				havege_buffer_drop(&f.buffer);
				f.next_out = f.next_in;
			}
			for (portions = 0; f.buffer.stale; portions++) {
				const u32 left = nonzero(&f);
				const bool more =
					havege_buffer_wipe(&f.buffer, 10);

				KUNIT_EXPECT_EQ(test, more, !!f.buffer.stale);
				KUNIT_EXPECT_LE(test, left - nonzero(&f), 10);
				if (portions > CAPACITY)
					break;
			}
			KUNIT_EXPECT_EQ(test, nonzero(&f),
					before % 2 ? 0 : done - 10);
			KUNIT_EXPECT_EQ(test, buffer_take(test, &f, SIZE),
					before % 2 ? 0 : done - 10);
			KUNIT_EXPECT_EQ(test, nonzero(&f), 0);
			KUNIT_EXPECT_EQ(test, buffer_put(&f, SIZE), SIZE);
			KUNIT_EXPECT_EQ(test, buffer_take(test, &f, SIZE), SIZE);
		}
}

/* A ring without a free byte can be dropped and used again. */
static void buffer_drops_a_full_ring(struct kunit *test)
{
	struct fixture *f = new_fixture(test, 8);
	u8 more[CAPACITY] = { [0 ... CAPACITY - 1] = 0xff };

	KUNIT_EXPECT_EQ(test, havege_buffer_put_more(&f->buffer, more, CAPACITY),
			CAPACITY);
	havege_buffer_drop(&f->buffer);
	havege_buffer_drop(&f->buffer);
	KUNIT_EXPECT_EQ(test, buffer_put(f, 1), 0);
	KUNIT_EXPECT_TRUE(test, havege_buffer_wipe(&f->buffer, CAPACITY - 1));
	KUNIT_EXPECT_EQ(test, nonzero(f), 1);
	KUNIT_EXPECT_FALSE(test, havege_buffer_wipe(&f->buffer, CAPACITY));
	KUNIT_EXPECT_EQ(test, nonzero(f), 0);
	KUNIT_EXPECT_FALSE(test, havege_buffer_wipe(&f->buffer, CAPACITY));
	KUNIT_EXPECT_EQ(test, buffer_put(f, SIZE), SIZE);
}

/* Refill below the threshold, not at it, and then until full. */
static void buffer_refills_at_threshold(struct kunit *test)
{
	struct fixture *f = new_fixture(test, 32 * 8);

	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	buffer_put(f, SIZE - 1);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	buffer_put(f, 1);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);

	buffer_take(test, f, 31);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	buffer_take(test, f, 1);
	KUNIT_EXPECT_EQ(test, havege_buffer_bits(&f->buffer), 32 * 8);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	buffer_take(test, f, 1);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);

	buffer_put(f, 1);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	buffer_put(f, SIZE);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
}

/* The threshold is in bits: a value that is no multiple of 8 counts too. */
static void buffer_threshold_is_in_bits(struct kunit *test)
{
	struct fixture *f = new_fixture(test, 32 * 8 + 1);

	buffer_put(f, SIZE);
	buffer_take(test, f, 31);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	buffer_take(test, f, 1);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
}

static void buffer_threshold_acts_at_once(struct kunit *test)
{
	struct fixture *f = new_fixture(test, 8 * 8);

	buffer_put(f, SIZE);
	buffer_take(test, f, 16);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	havege_buffer_set_threshold(&f->buffer, (SIZE - 16) * 8);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	havege_buffer_set_threshold(&f->buffer, (SIZE - 16) * 8 + 1);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	buffer_put(f, 16);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);

	/* Lower it in the middle of a refill, which goes on until full. */
	buffer_take(test, f, SIZE);
	buffer_put(f, 16);
	havege_buffer_set_threshold(&f->buffer, 8);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	buffer_put(f, SIZE);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);

	/* With the highest threshold, each missing byte causes a refill. */
	havege_buffer_set_threshold(&f->buffer, SIZE * 8);
	KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
	buffer_take(test, f, 1);
	KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
}

/* Bytes beyond the size fit on request, and stay until they are trimmed. */
static void buffer_takes_more_than_its_size(struct kunit *test)
{
	struct fixture *f;
	u8 more[CAPACITY];
	u32 start, i;

	f = new_fixture(test, 32 * 8);
	for (start = 0; start < CAPACITY; start++) {
		havege_buffer_drop(&f->buffer);
		f->buffer.head = start;
		f->next_out = f->next_in;
		KUNIT_EXPECT_EQ(test, buffer_put(f, CAPACITY), SIZE);
		for (i = 0; i < CAPACITY; i++)
			more[i] = f->next_in + i;
		KUNIT_EXPECT_EQ(test, havege_buffer_put_more(&f->buffer, more,
							     10), 10);
		KUNIT_EXPECT_EQ(test, havege_buffer_put_more(&f->buffer,
							     more + 10, CAPACITY),
				CAPACITY - SIZE - 10);
		KUNIT_EXPECT_EQ(test, buffer_put(f, 1), 0);
		KUNIT_EXPECT_FALSE(test, f->buffer.wanted);
		/* Bytes beyond the size are taken last, or trimmed. */
		KUNIT_EXPECT_EQ(test, buffer_take(test, f, 5), 5);
		KUNIT_EXPECT_TRUE(test, havege_buffer_trim(&f->buffer, 10));
		KUNIT_EXPECT_EQ(test, f->buffer.fill, CAPACITY - 15);
		KUNIT_EXPECT_FALSE(test, havege_buffer_trim(&f->buffer,
							    CAPACITY));
		KUNIT_EXPECT_EQ(test, f->buffer.fill, SIZE);
		KUNIT_EXPECT_LE(test, nonzero(f), SIZE);
		KUNIT_EXPECT_EQ(test, buffer_take(test, f, CAPACITY), SIZE);
		KUNIT_EXPECT_EQ(test, nonzero(f), 0);
		KUNIT_EXPECT_FALSE(test, havege_buffer_trim(&f->buffer, 1));
		KUNIT_EXPECT_EQ(test, f->buffer.fill, 0);
		KUNIT_EXPECT_TRUE(test, f->buffer.wanted);
	}
}

static struct kunit_case buffer_cases[] = {
	KUNIT_CASE(buffer_fills_and_drains),
	KUNIT_CASE(buffer_wraps),
	KUNIT_CASE(buffer_wipes_what_it_hands_out),
	KUNIT_CASE(buffer_wipes_in_portions),
	KUNIT_CASE(buffer_drops_a_full_ring),
	KUNIT_CASE(buffer_refills_at_threshold),
	KUNIT_CASE(buffer_threshold_is_in_bits),
	KUNIT_CASE(buffer_threshold_acts_at_once),
	KUNIT_CASE(buffer_takes_more_than_its_size),
	{}
};

static struct kunit_suite buffer_suite = {
	.name = "havege_buffer",
	.test_cases = buffer_cases,
};

kunit_test_suites(&buffer_suite);
