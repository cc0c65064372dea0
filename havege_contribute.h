/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contribution to the kernel's pool while havege is not the current hwrng
 *
 * The hw_random core reads only from the source with the highest quality. A
 * work item therefore mixes conditioned bytes into the pool once a minute,
 * uncredited, while the core does not read from havege. The core does not tell
 * a driver whether there is another source.
 */
#ifndef HAVEGE_CONTRIBUTE_H
#define HAVEGE_CONTRIBUTE_H

#include <linux/types.h>

struct havege_collector;

/**
 * havege_contribute_begin() - start to contribute
 * @c:		the collector to take bytes from
 * @on:		parameter contribute=
 *
 * The first contribution comes some seconds later.
 *
 * Context: process context.
 */
void havege_contribute_begin(struct havege_collector *c, bool on);

/**
 * havege_contribute_set() - turn contributions on or off
 * @on:		parameter contribute=
 *
 * If @on, the first contribution is done on return: the user can see its
 * effect.
 *
 * Context: process context, sleeps. After havege_contribute_begin().
 */
void havege_contribute_set(bool on);

/**
 * havege_contribute_set_current() - note whether havege is the current hwrng
 * @is_current:	the hw_random core has chosen havege; false: it has left it
 *
 * Context: any.
 */
void havege_contribute_set_current(bool is_current);

/**
 * havege_contribute_end() - stop to contribute
 *
 * No contribution is under way on return, and none follows.
 *
 * Context: process context, sleeps.
 */
void havege_contribute_end(void);

#endif /* HAVEGE_CONTRIBUTE_H */
