// SPDX-License-Identifier: GPL-2.0
/*
 * Contribution to the kernel's pool. The contract is in havege_contribute.h.
 */
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "havege_collector.h"
#include "havege_contribute.h"

/* Contribute this often (seconds). */
#define PERIOD_SECONDS	60
/* The first contribution after the load (seconds): early, for the boot. */
#define FIRST_SECONDS	5
/* Size of a contribution (bytes): 512 bits, twice the pool's key. */
#define BYTES		64

/* Whether havege is the current source. */
static bool current_source;

/* The work reads @contributing without the lock of the parameters. */
static bool contributing;
static struct havege_collector *contributor;

void havege_contribute_set_current(bool is_current)
{
	WRITE_ONCE(current_source, is_current);
}

static void contribute_now(struct work_struct *work)
{
	struct delayed_work *again = to_delayed_work(work);

	if (!READ_ONCE(contributing))
		return;
	if (!READ_ONCE(current_source))
		havege_collector_contribute(contributor, BYTES);
	queue_delayed_work(havege_collector_wq(contributor), again,
			   PERIOD_SECONDS * HZ);
}

static DECLARE_DELAYED_WORK(contribute_work, contribute_now);

void havege_contribute_set(bool on)
{
	WRITE_ONCE(contributing, on);
	if (on) {
		mod_delayed_work(havege_collector_wq(contributor),
				 &contribute_work, 0);
		/*
		 * flush_delayed_work() would run the next contribution at once.
		 */
		flush_work(&contribute_work.work);
	} else {
		cancel_delayed_work_sync(&contribute_work);
	}
}

void havege_contribute_begin(struct havege_collector *c, bool on)
{
	contributor = c;
	contributing = on;
	if (on)
		queue_delayed_work(havege_collector_wq(c), &contribute_work,
				   FIRST_SECONDS * HZ);
}

void havege_contribute_end(void)
{
	WRITE_ONCE(contributing, false);
	cancel_delayed_work_sync(&contribute_work);
}
