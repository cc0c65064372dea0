/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counter of the programs in user space
 */
#ifndef HAVEGE_HOST_COUNTER_H
#define HAVEGE_HOST_COUNTER_H

/**
 * host_counter_open() - choose the counter, where no instruction reads one
 *
 * Opens perf's counter of this thread's cycles. Where the kernel refuses that,
 * the counter stays CLOCK_MONOTONIC.
 */
void host_counter_open(void);

/**
 * host_counter_name() - name the counter
 *
 * Return: "tsc", "cntvct", "timebase", "tod", "time" (an instruction reads it),
 * "perf", "perf-user" (cycles in user space only) or "clock".
 */
const char *host_counter_name(void);

#endif /* HAVEGE_HOST_COUNTER_H */
