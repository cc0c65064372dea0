/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State files: one value a file under /sys/devices/havege_rng/
 *
 * The file summary has all of them, and the parameters.
 */
#ifndef HAVEGE_SYSFS_H
#define HAVEGE_SYSFS_H

struct device;
struct havege_collector;

/**
 * havege_sysfs_register() - create the device and its files
 * @c:		the collector to show; outlives the device
 *
 * Context: process context, sleeps.
 * Return: the device or an error pointer.
 */
struct device *havege_sysfs_register(struct havege_collector *c);

/**
 * havege_sysfs_unregister() - remove the device and its files
 * @dev:	the device
 *
 * Context: process context, sleeps; waits for readers of the files.
 */
void havege_sysfs_unregister(struct device *dev);

#endif /* HAVEGE_SYSFS_H */
