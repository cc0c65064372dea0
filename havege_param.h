/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Module parameters
 *
 * While the module loads, a parameter is stored unchecked. Module init then
 * checks all of them, in a fixed order: a bad one costs one log line, whatever
 * the order on the command line. Later a write is checked at once, and a bad
 * value leaves the old one in force.
 *
 * havege_param_lock serialises writes with module init and exit. Reads do not
 * take it: its holder may wait for a start-up.
 */
#ifndef HAVEGE_PARAM_H
#define HAVEGE_PARAM_H

#include <linux/cpumask.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct havege_collector;

/**
 * struct havege_param - a numeric module parameter
 * @name:	its name
 * @unit:	unit of the value, for log lines
 * @low:	lowest valid value
 * @high:	highest valid value
 * @zero:	0 is valid too and means: detect the value
 * @power_of_two: only powers of two are valid
 * @check:	a further check, or NULL; returns 0 or an error
 * @apply:	changes the running collector, or NULL; returns 0 or an error.
 *		After an error the old value stays
 * @value:	the value in force; before module init, the requested one
 * @given:	the user has set it
 */
struct havege_param {
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
 * struct havege_param_values - all parameters, checked
 * @buffer_kb:	buffer_size, KiB
 * @threshold:	fill_threshold, bits
 * @dcache_kb:	L1 data cache, KiB; 0: detect it
 * @icache_kb:	L1 instruction cache, KiB; 0: detect it
 * @quality:	entropy claimed per 1024 bits
 * @contribute:	contribute to the kernel's pool
 * @stream:	mode=stream
 * @mode:	name of the mode
 * @cpus:	cpus=; empty: @cpu counts. Points to the parameter itself
 * @cpu:	cpu=; -1: no CPU was requested
 */
struct havege_param_values {
	u32 buffer_kb;
	u32 threshold;
	u32 dcache_kb;
	u32 icache_kb;
	u16 quality;
	bool contribute;
	bool stream;
	const char *mode;
	const struct cpumask *cpus;
	int cpu;
};

/* Serialises parameter writes, module init and module exit. */
extern struct mutex havege_param_lock;

/* Set and get a &struct havege_param. */
extern const struct kernel_param_ops havege_param_ops;

/**
 * havege_one_cpu() - a CPU number as havege_collector_start() takes it
 * @cpu:	CPU number; negative: no CPU is requested
 *
 * Return: a mask of that CPU, or an empty mask.
 */
static inline const struct cpumask *havege_one_cpu(int cpu)
{
	return cpu < 0 ? cpu_none_mask : cpumask_of(cpu);
}

/**
 * havege_param_check() - check one value
 * @param:	the parameter
 * @value:	the value
 *
 * Return: 0; -ERANGE if it is out of range; -EINVAL if it has to be a power of
 * two and is not; else the result of @param's check.
 */
int havege_param_check(const struct havege_param *param, s64 value);

/**
 * havege_param_read() - check all parameters and read them
 * @values:	the result
 *
 * Logs one line for the first bad parameter.
 *
 * Context: module init, under havege_param_lock.
 * Return: 0 or the error of the first bad parameter.
 */
int havege_param_read(struct havege_param_values *values);

#ifdef HAVEGE_SUMMARY
/**
 * havege_param_name() - the name of a parameter
 * @index:	0 for the first one
 *
 * Return: the name, or NULL after the last one.
 */
const char *havege_param_name(unsigned int index);

/**
 * havege_param_text() - the value of a parameter in force, as its file has it
 * @index:	as for havege_param_name()
 * @text:	the result, with a line end unless it is cut
 * @size:	bytes of @text
 *
 * Context: any that may take a spinlock.
 * Return: bytes stored, without the terminating zero.
 */
int havege_param_text(unsigned int index, char *text, size_t size);
#endif

/**
 * havege_param_attach() - apply later writes to a collector
 * @c:		a started collector; NULL: reject all later writes with -ENODEV
 *
 * Context: under havege_param_lock.
 */
void havege_param_attach(struct havege_collector *c);

#endif /* HAVEGE_PARAM_H */
