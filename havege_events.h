/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to the machine under a running collector: CPUs come and go, it is
 * put to sleep, it is copied
 *
 * Each of these ends in one call of havege_collector.h; nothing is decided here.
 */
#ifndef HAVEGE_EVENTS_H
#define HAVEGE_EVENTS_H

struct havege_collector;

/**
 * havege_generation_map() - find the generation of this virtual machine
 *
 * 16 bytes in memory, whose place the ACPI device "VM Generation Counter" tells.
 * The hypervisor changes them in a copy of the machine before any of its CPUs
 * runs (Microsoft, "Virtual Machine Generation ID", 2012).
 *
 * Context: process context, sleeps.
 * Return: where they are; NULL if this machine has none; ERR_PTR(-ENOMEM) if it
 * has and they cannot be reached.
 */
const void *havege_generation_map(void);

/**
 * havege_generation_unmap() - give back what was mapped
 * @generation:	of havege_generation_map(), NULL included
 *
 * Context: process context, sleeps.
 */
void havege_generation_unmap(const void *generation);

/**
 * havege_events_enter() - have a collector follow what happens
 * @c:		a started collector, one at a time
 *
 * Context: process context, sleeps. Under no lock that the collector takes.
 * Return: 0, or the error of a registration, and then nothing is registered.
 */
int havege_events_enter(struct havege_collector *c);

/**
 * havege_events_leave() - nothing is told any more
 *
 * When it returns no call into the collector is under way, but its settle work
 * may be queued.
 *
 * Context: process context, sleeps. Under no lock that the collector takes.
 */
void havege_events_leave(void);

#endif /* HAVEGE_EVENTS_H */
