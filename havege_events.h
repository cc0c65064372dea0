/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System events under a running collector: CPU hotplug, suspend, VM forks
 *
 * Each event ends in one call of havege_collector.h, which decides what to do.
 */
#ifndef HAVEGE_EVENTS_H
#define HAVEGE_EVENTS_H

struct havege_collector;

/**
 * havege_generation_map() - find the VM generation ID
 *
 * The ACPI device "VM Generation Counter" has the address of these 16 bytes, or
 * the device tree has it (node "microsoft,vmgenid"). The hypervisor changes them
 * in a copy of the VM before any CPU of the copy runs (Microsoft, "Virtual
 * Machine Generation ID", 2012).
 *
 * Context: process context, sleeps.
 * Return: the ID; NULL if this machine has none, or if it cannot be read, which
 * the log says.
 */
const void *havege_generation_map(void);

/**
 * havege_may_be_virtual() - whether this machine may be a virtual one
 *
 * Only x86 tells a module whether there is a hypervisor. Any other machine
 * counts as a virtual one.
 *
 * Context: any.
 * Return: false only on an x86 CPU without the bit of a hypervisor.
 */
bool havege_may_be_virtual(void);

/**
 * havege_may_be_copied() - whether this machine may be a copy unnoticed
 * @generation:	result of havege_generation_map()
 *
 * Context: any.
 * Return: true without an ID in a machine that may be virtual.
 */
bool havege_may_be_copied(const void *generation);

/**
 * havege_generation_unmap() - unmap the VM generation ID
 * @generation: result of havege_generation_map(), or NULL
 *
 * Context: process context, sleeps.
 */
void havege_generation_unmap(const void *generation);

/**
 * havege_events_enter() - let a collector follow system events
 * @c:		a started collector, one at a time
 *
 * Context: process context, sleeps. Not under a lock of the collector.
 * Return: 0, or the error of a registration; then nothing is registered.
 */
int havege_events_enter(struct havege_collector *c);

/**
 * havege_events_leave() - stop following system events
 *
 * On return no callback runs. The settle work may still be queued.
 *
 * Context: process context, sleeps. Not under a lock of the collector.
 */
void havege_events_leave(void);

#endif /* HAVEGE_EVENTS_H */
