/* SPDX-License-Identifier: GPL-2.0 */
/* Raw samples for the assessment of the noise source */
#ifndef HAVEGE_DEBUGFS_H
#define HAVEGE_DEBUGFS_H

struct havege_collector;

/**
 * havege_debugfs_enter() - create the files
 * @c:		the collector whose CPU and geometry the walks use
 *
 * Without debugfs there are no files, and nothing else changes.
 *
 * Context: process context, sleeps.
 */
void havege_debugfs_enter(struct havege_collector *c);

/**
 * havege_debugfs_leave() - remove the files; waits for readers
 *
 * Context: process context, sleeps. No effect if there are no files.
 */
void havege_debugfs_leave(void);

#endif /* HAVEGE_DEBUGFS_H */
