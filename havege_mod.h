/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit suites may touch of havege_mod.c
 */
#ifndef HAVEGE_MOD_H
#define HAVEGE_MOD_H

#include <linux/hw_random.h>
#include <linux/moduleparam.h>

/**
 * struct havege_knob - a module parameter that is a number
 * @name:	its name
 * @unit:	of the value, for messages
 * @low:	lowest value that is taken
 * @high:	highest value that is taken
 * @zero:	0 is taken too and means: find out
 * @power_of_two: only powers of two are taken
 * @check:	what else there is to check, or NULL; 0 or an error
 * @apply:	makes a running collector follow, or NULL; 0 or an error, and then
 *		the old value stays
 * @value:	the value in force (or, before module init, the one asked for)
 * @given:	the user has set it
 */
struct havege_knob {
	const char *name;
	const char *unit;
	s64 low;
	s64 high;
	bool zero;
	bool power_of_two;
	int (*check)(s64 value);
	int (*apply)(s64 value);
	s64 value;
	bool given;
};

/**
 * havege_knob_check() - judge a value
 * @knob:	the knob
 * @value:	the value
 *
 * Return: 0; -ERANGE if it is out of range; -EINVAL if it has to be a power of
 * two and is none; what @knob's check says.
 */
int havege_knob_check(const struct havege_knob *knob, s64 value);

/* Set and get a &struct havege_knob, and the mode. */
extern const struct kernel_param_ops havege_knob_ops;
extern const struct kernel_param_ops havege_mode_ops;

/**
 * havege_hwrng_read() - the read operation of the hwrng
 * @rng:	a hwrng whose priv is a struct havege_collector
 * @data:	room for @max bytes
 * @max:	how many are wanted
 * @wait:	whether to wait for a first byte
 *
 * A task of a user's gets less than it asks for, a byte of conditioned ones and 16
 * of a stream, so that the hw_random core has nothing to keep (havege_mod.c says
 * why).
 *
 * Context and return: as havege_collector_read().
 */
int havege_hwrng_read(struct hwrng *rng, void *data, size_t max, bool wait);

#endif /* HAVEGE_MOD_H */
