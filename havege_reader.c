// SPDX-License-Identifier: GPL-2.0
/*
 * The collector's buffer: supply, reads, contributions, VM forks
 *
 * A VM that is copied while it runs (a snapshot that is resumed twice) has the
 * same buffer and the same walks in both copies. Therefore every supply and
 * every read compares the VM generation ID under c->lock. A read compares it
 * after it has taken the bytes: the hypervisor may stop and copy the VM in
 * between. A change begins a new epoch, and the buffer takes no bytes of
 * workers of an earlier one.
 *
 * Without a VM generation ID the module cannot notice that a VM is a copy. The
 * collector is then sealed: the blocks in the buffer are only seeds. A reader asks the
 * workers to open one: a worker collects fresh half-steps after the read began
 * and hashes them and the block into an opened block. What a reader leaves of it
 * is wiped after HAVEGE_OPEN_MS. A whole block waits HAVEGE_HOLD_MS for the
 * reader that asked for it, and is for no later one after HAVEGE_OPEN_MS. Copies
 * share at most one block, and only if the copy was made while a reader waited
 * for it or took bytes of it.
 *
 * The VM fork notifier may run in hard interrupt context, which may not take
 * c->lock: it only sets c->fork_reported, and the next access handles it.
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "havege_worker.h"

/*
 * Reads that wait look at the workers' steps every HAVEGE_HOLD_MS. After a
 * longer time without a look the steps of before do not count.
 */
#define LOOK_GAP	(2 * HZ)

/* Copy or wipe at most this many bytes under c->lock: hold it for a short time. */
#define COPY_MAX	4096

void havege_reader_settle(struct havege_collector *c)
{
	mod_delayed_work(c->wq, &c->settle_work, 0);
}

/* Call @wipe for one portion after the other, until nothing is left for it. */
static void wipe_in_portions(struct havege_collector *c,
			     bool (*wipe)(struct havege_buffer *buffer, u32 max))
{
	bool more;

	do {
		spin_lock(&c->lock);
		more = wipe(&c->buffer, COPY_MAX);
		spin_unlock(&c->lock);
		cond_resched();
	} while (more);
}

void havege_reader_wipe(struct havege_collector *c)
{
	wipe_in_portions(c, havege_buffer_wipe);
}

void havege_reader_trim(struct havege_collector *c)
{
	wipe_in_portions(c, havege_buffer_trim);
}

/*
 * This VM is a copy: the other copies have the buffered bytes too. The settle
 * work wipes the dropped bytes.
 */
static void drop_buffer(struct havege_collector *c)
{
	lockdep_assert_held(&c->lock);
	havege_buffer_drop(&c->buffer);
	c->epoch++;
	havege_reader_settle(c);
}

bool havege_reader_is_copy(struct havege_collector *c)
{
	const void *now = c->settings.generation;
	bool copied;

	lockdep_assert_held(&c->lock);
	/* The hypervisor may change the ID between any two instructions. */
	barrier();
	copied = READ_ONCE(c->fork_reported) && xchg(&c->fork_reported, 0);
	if (now && memcmp(now, c->generation, HAVEGE_GENERATION)) {
		memcpy(c->generation, now, HAVEGE_GENERATION);
		copied = true;
	}
	if (copied)
		drop_buffer(c);
	return copied;
}

/*
 * The notifier can be called from the hypervisor's interrupt: take no lock.
 */
void havege_collector_forked(struct havege_collector *c)
{
	if (!c->settings.generation)
		WRITE_ONCE(c->fork_reported, 1);
	havege_reader_settle(c);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_forked);

u32 havege_reader_supply(struct havege_collector *c, u32 epoch,
			 const void *bytes, u32 count, bool more)
{
	u32 done = 0;

	spin_lock(&c->lock);
	count = min_t(u32, count, COPY_MAX);
	if (havege_reader_is_copy(c) || epoch != c->epoch ||
	    c->status == HAVEGE_FAILED)
		count = 0;
	if (c->settings.sealed && c->settings.stream && !c->buffer.fill)
		c->fresh_ns = ktime_get_ns();
	if (more)
		done = havege_buffer_put_more(&c->buffer, bytes, count);
	else
		done = havege_buffer_put(&c->buffer, bytes, count);
	c->empty &= !done;
	if (done)
		c->starved_since = 0;
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(havege_reader_supply);

int havege_collector_set_threshold(struct havege_collector *c, u32 bits)
{
	int err = 0;

	spin_lock(&c->lock);
	if (bits < HAVEGE_THRESHOLD_MIN || bits > c->buffer.size * 8)
		err = -ERANGE;
	else
		havege_buffer_set_threshold(&c->buffer, bits);
	spin_unlock(&c->lock);
	wake_up(&c->work);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_set_threshold);

/* Whether a worker sleeps until bytes are wanted, or for a time. */
static bool has_nothing_to_do(const struct havege_collector *c,
			      const struct havege_worker *w)
{
	lockdep_assert_held(&c->lock);
	return (READ_ONCE(w->idle) && !c->buffer.wanted &&
		c->opening != HAVEGE_ASKED) ||
		(READ_ONCE(w->pausing) &&
		 time_before(jiffies, READ_ONCE(w->pause_end)));
}

/*
 * Whether a worker stands still although there is work for it. A worker in its
 * start-up is watched by its starter.
 */
static bool stands_still(const struct havege_collector *c,
			 struct havege_worker *w)
{
	const u32 beat = READ_ONCE(w->beat);

	lockdep_assert_held(&c->lock);
	if (!c->starved_since || beat != w->seen || w->status == HAVEGE_STARTING ||
	    has_nothing_to_do(c, w)) {
		w->seen = beat;
		w->seen_at = jiffies;
		w->seen_low = havege_worker_is_low(w);
		return false;
	}
	return time_after(jiffies, w->seen_at + HZ * (w->seen_low ?
			  HAVEGE_LOW_SECONDS : HAVEGE_STUCK_SECONDS));
}

/*
 * Whether bytes come later by design: a suspend, or a start-up is under way and
 * none has failed before it.
 */
static bool is_starting(const struct havege_collector *c)
{
	const struct havege_worker *w;

	lockdep_assert_held(&c->lock);
	if (c->status == HAVEGE_SUSPENDED)
		return true;
	list_for_each_entry(w, &c->workers, list)
		if (w->status == HAVEGE_STARTING && !w->stuck)
			return !READ_ONCE(c->failure_logged);
	return false;
}

void havege_reader_starved(struct havege_collector *c)
{
	struct havege_worker *w;
	bool found = false;

	spin_lock(&c->lock);
	/*
	 * No read has looked for a while, or the machine itself stood still:
	 * note the steps anew.
	 */
	if (time_after(jiffies, c->looked_at + LOOK_GAP))
		c->starved_since = 0;
	list_for_each_entry(w, &c->workers, list) {
		const bool still = stands_still(c, w);

		havege_worker_raise(w);
		if (!still || w->stuck)
			continue;
		WRITE_ONCE(w->stuck, true);
		found = true;
	}
	if (!c->starved_since || is_starting(c))
		c->starved_since = ktime_get_ns();
	WRITE_ONCE(c->looked_at, jiffies);
	spin_unlock(&c->lock);
	if (!found)
		return;
	/* It may have taken an opening on. */
	havege_reader_give_back(c);
	havege_reader_settle(c);
}

/* Sealed collectors */

bool havege_reader_take_on(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = c->opening == HAVEGE_ASKED;
	if (ret)
		WRITE_ONCE(c->opening, HAVEGE_TAKEN_ON);
	spin_unlock(&c->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(havege_reader_take_on);

void havege_reader_give_back(struct havege_collector *c)
{
	spin_lock(&c->lock);
	if (c->opening == HAVEGE_TAKEN_ON)
		WRITE_ONCE(c->opening, HAVEGE_ASKED);
	spin_unlock(&c->lock);
	wake_up(&c->work);
}
EXPORT_SYMBOL_IF_KUNIT(havege_reader_give_back);

bool havege_reader_take_sealed(struct havege_collector *c, u32 epoch, u8 *block)
{
	bool ret, wake;

	spin_lock(&c->lock);
	wake = !c->buffer.wanted;
	ret = !havege_reader_is_copy(c) && epoch == c->epoch &&
		c->status != HAVEGE_FAILED && c->status != HAVEGE_RECOVERING &&
		c->buffer.fill >= HAVEGE_BLOCK;
	if (ret)
		havege_buffer_take(&c->buffer, block, HAVEGE_BLOCK);
	wake = wake && c->buffer.wanted;
	spin_unlock(&c->lock);
	if (wake)
		wake_up(&c->work);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(havege_reader_take_sealed);

void havege_reader_open(struct havege_collector *c, u32 epoch, const u8 *block,
			u64 fresh_ns)
{
	spin_lock(&c->lock);
	WRITE_ONCE(c->opening, HAVEGE_NOT_ASKED);
	if (block && !havege_reader_is_copy(c) && epoch == c->epoch &&
	    c->status != HAVEGE_FAILED) {
		havege_buffer_open(&c->buffer, block);
		c->fresh_ns = fresh_ns;
		c->opened_ns = ktime_get_ns();
		c->starved_since = 0;
	}
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
}
EXPORT_SYMBOL_IF_KUNIT(havege_reader_open);

/* The reader that waited for a block may be slow to come for it. */
static bool may_be_closed(const struct havege_collector *c)
{
	lockdep_assert_held(&c->lock);
	if (c->buffer.opened_left < HAVEGE_BLOCK)
		return havege_is_old(c->opened_ns);
	return ktime_get_ns() > c->opened_ns + HAVEGE_HOLD_MS * NSEC_PER_MSEC;
}

bool havege_reader_close(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	if (c->buffer.opened_left && may_be_closed(c))
		havege_buffer_close(&c->buffer);
	ret = c->buffer.opened_left;
	spin_unlock(&c->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(havege_reader_close);

/*
 * Take bytes of the opened block. Of an old one only the reader that waited for
 * it may take bytes: its call, @began, is older than the fresh half-steps.
 * Without one, ask the workers for it.
 */
static u32 take_opened(struct havege_collector *c, void *dst, u32 max,
		       u64 began)
{
	struct havege_buffer *buffer = &c->buffer;

	lockdep_assert_held(&c->lock);
	if (buffer->opened_left && began > c->fresh_ns &&
	    havege_is_old(c->opened_ns))
		havege_buffer_close(buffer);
	if (!buffer->opened_left && buffer->fill &&
	    c->opening == HAVEGE_NOT_ASKED && max)
		WRITE_ONCE(c->opening, HAVEGE_ASKED);
	return havege_buffer_take_opened(buffer, dst, max);
}

/*
 * Take ready words. Drop old ones, except for a reader that waited for them: the
 * workers make others at once.
 */
static u32 take_words(struct havege_collector *c, void *dst, u32 max, u64 began)
{
	lockdep_assert_held(&c->lock);
	if (c->buffer.fill && began > c->fresh_ns && havege_is_old(c->fresh_ns))
		havege_buffer_drop(&c->buffer);
	return havege_buffer_take(&c->buffer, dst, max);
}

/* Reads */

static u32 take_bytes(struct havege_collector *c, void *dst, size_t max,
		      u64 began)
{
	const u32 some = min_t(size_t, max, COPY_MAX);

	lockdep_assert_held(&c->lock);
	if (havege_opens_blocks(c))
		return take_opened(c, dst, some, began);
	if (c->settings.sealed)
		return take_words(c, dst, some, began);
	return havege_buffer_take(&c->buffer, dst, some);
}

/*
 * For a call that began at @began, ns.
 * Return: bytes taken and added to @counter, 0 if there are none, or an error.
 */
static int reader_take(struct havege_collector *c, void *dst, size_t max,
		       u64 began, u64 *counter)
{
	bool wake = false, stale = false;
	int ret;

	spin_lock(&c->lock);
	if (c->dismissed) {
		ret = -ENODEV;
	} else if (c->status == HAVEGE_FAILED) {
		ret = -EIO;
	} else {
		if (c->status == HAVEGE_RECOVERING)
			max = 0;
		wake = !c->buffer.wanted;
		/* Old words are for no reader, but dropped only for one. */
		ret = max ? take_bytes(c, dst, max, began) : 0;
		if (havege_reader_is_copy(c)) {
			memzero_explicit(dst, ret);
			ret = 0;
		}
		*counter += ret;
		if (ret)
			c->starved_since = 0;
		/* Let the next blocks fill the buffer beyond its size. */
		c->empty |= max && !c->buffer.fill;
		wake = (wake && c->buffer.wanted) || c->opening == HAVEGE_ASKED;
		stale = c->buffer.stale;
	}
	spin_unlock(&c->lock);
	if (wake)
		wake_up(&c->work);
	if (stale && c->settings.sealed)
		havege_reader_wipe(c);
	return ret;
}

/* Whether reader_take() would return something other than 0, or ask for it. */
static bool readable(struct havege_collector *c)
{
	bool ret;

	spin_lock(&c->lock);
	if (c->dismissed || c->status == HAVEGE_FAILED)
		ret = true;
	else if (c->status == HAVEGE_RECOVERING)
		ret = false;
	else if (havege_opens_blocks(c))
		ret = c->buffer.opened_left ||
			(c->buffer.fill && c->opening == HAVEGE_NOT_ASKED);
	else
		ret = c->buffer.fill;
	spin_unlock(&c->lock);
	return ret;
}

/*
 * The hw_random core stops its own thread without a call to the driver that the
 * thread reads from. kthread_should_stop() warns in a user's task.
 */
static bool told_to_stop(void)
{
	return (current->flags & PF_KTHREAD) && kthread_should_stop();
}

/* How long a read may wait, jiffies. */
static long patience(struct havege_collector *c, bool wait)
{
	bool first, can_open;

	spin_lock(&c->lock);
	first = !c->bytes_out;
	can_open = c->settings.sealed && c->status == HAVEGE_OK &&
		(c->settings.stream || c->buffer.fill);
	spin_unlock(&c->lock);
	if (!wait)
		/* A jiffy that has begun counts as one. */
		return can_open ? msecs_to_jiffies(HAVEGE_OPEN_MS) + 1 : 0;
	return first && (current->flags & PF_KTHREAD) ?
		HAVEGE_READ_SECONDS * HZ : msecs_to_jiffies(HAVEGE_HOLD_MS);
}

/*
 * A read has waited in vain. Give the opening to another worker, which may be
 * faster.
 * Return: 0, or -ETIMEDOUT if readers have got nothing for too long.
 */
static int read_nothing(struct havege_collector *c)
{
	const u64 now = ktime_get_ns();
	int err = 0;

	spin_lock(&c->lock);
	if (c->starved_since && now - c->starved_since >=
	    HAVEGE_READ_SECONDS * (u64)NSEC_PER_SEC) {
		c->starved_since = now;
		err = -ETIMEDOUT;
	}
	spin_unlock(&c->lock);
	havege_reader_give_back(c);
	return err;
}

/*
 * Take bytes, and wait for the first one for @left jiffies.
 * Return: bytes taken and added to @counter, 0 if none came, or an error.
 */
static int take_patiently(struct havege_collector *c, void *dst, size_t max,
			  u64 began, long left, u64 *counter)
{
	long slice, rest;
	int ret;

	for (;;) {
		ret = reader_take(c, dst, max, began, counter);
		if (!ret && max)
			havege_reader_starved(c);
		if (ret || !max || !left)
			return ret;
		if (told_to_stop())
			return -EINTR;
		/* Look at the workers now and then. */
		slice = min_t(long, left, msecs_to_jiffies(HAVEGE_HOLD_MS));
		rest = wait_event_interruptible_timeout(c->readers,
							readable(c) ||
							told_to_stop(), slice);
		if (rest < 0)
			return rest;
		left -= slice - rest;
	}
}

int havege_collector_read(struct havege_collector *c, void *dst, size_t max,
			  bool wait)
{
	const u64 began = ktime_get_ns();
	const int ret = take_patiently(c, dst, max, began, patience(c, wait),
				       &c->bytes_out);

	return ret || !max || !wait ? ret : read_nothing(c);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_read);

u32 havege_collector_contribute(struct havege_collector *c, u32 max)
{
	const long left = patience(c, false) ?
		msecs_to_jiffies(HAVEGE_HOLD_MS) : 0;
	u8 bytes[64];
	u32 got = 0;
	int ret;

	if (c->settings.stream)
		return 0;
	max = min_t(u32, max, sizeof(bytes));
	/* A sealed collector opens one block at a time. */
	do {
		ret = take_patiently(c, bytes + got, max - got, ktime_get_ns(),
				     left, &c->contributed);
		if (ret > 0)
			got += ret;
	} while (ret > 0 && got < max);
	if (got)
		add_device_randomness(bytes, got);
	memzero_explicit(bytes, sizeof(bytes));
	return got;
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_contribute);

void havege_collector_dismiss(struct havege_collector *c)
{
	spin_lock(&c->lock);
	c->dismissed = true;
	spin_unlock(&c->lock);
	wake_up_interruptible(&c->readers);
}
EXPORT_SYMBOL_IF_KUNIT(havege_collector_dismiss);
