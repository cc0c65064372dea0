/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of havege_mod.c that the KUnit suites call
 */
#ifndef HAVEGE_MOD_H
#define HAVEGE_MOD_H

#include <linux/hw_random.h>

/**
 * havege_hwrng_read() - the read operation of the hwrng
 * @rng:	a hwrng whose priv is a struct havege_collector
 * @data:	memory for @max bytes
 * @max:	bytes that the caller wants
 * @wait:	whether to wait for a first byte
 *
 * Context: as havege_collector_read().
 * Return: as havege_collector_read().
 */
int havege_hwrng_read(struct hwrng *rng, void *data, size_t max, bool wait);

#endif /* HAVEGE_MOD_H */
