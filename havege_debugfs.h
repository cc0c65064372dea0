/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Raw samples, for those who assess the noise source
 */
#ifndef HAVEGE_DEBUGFS_H
#define HAVEGE_DEBUGFS_H

struct havege_collector;

/**
 * havege_debugfs_enter() - make the files
 * @c:		the collector whose CPU and geometry the walks get
 *
 * A kernel without debugfs has none of them; nothing else depends on it.
 *
 * Context: process context, sleeps.
 */
void havege_debugfs_enter(struct havege_collector *c);

/**
 * havege_debugfs_leave() - remove them; waits for those that read
 *
 * Context: process context, sleeps. No effect where they were not made.
 */
void havege_debugfs_leave(void);

#endif /* HAVEGE_DEBUGFS_H */
