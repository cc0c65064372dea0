// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters. The contract is in havege_param.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "havege_collector.h"
#include "havege_contribute.h"
#include "havege_param.h"

/*
 * Entropy claimed per 1024 bits of walk words. HAVEGE expands: a half-step
 * delivers 512 bits and is credited at most 1/16 bit, an eighth of a bit in
 * 1024. 1 is the least that can be claimed: 0 can mean 1024;
 * Documentation/entropy.rst, "Quality".
 */
#define STREAM_QUALITY	1
/*
 * Entropy claimed per 1024 conditioned bits. A block takes 320 bits of credit.
 * SP 800-90B, 3.1.5.1.2 then gives 251.7 of its 256 bits without the constant
 * of the second hash as an input, and 254.9 with it: 1006 to 1019 of 1024. The
 * default is half of that, because the estimate behind the credit extrapolates.
 * The maximum is below 1024, because the formula gives no full entropy.
 */
#define CONDITIONED_QUALITY	512
#define QUALITY_MAX		1023

/* Serialises all that changes phase, collector and parameters. */
DEFINE_MUTEX(havege_param_lock);
static enum { LOADING, RUNNING, OVER } phase;
static struct havege_collector *collector;

/*
 * Protects the values: their writers hold it besides havege_param_lock, their
 * readers hold only this one and never wait for a start-up.
 */
static DEFINE_SPINLOCK(value_lock);

static void store_value(struct havege_param *param, s64 value)
{
	lockdep_assert_held(&havege_param_lock);
	spin_lock(&value_lock);
	param->value = value;
	spin_unlock(&value_lock);
}

static void store_cpus(struct cpumask *asked, const struct cpumask *cpus)
{
	lockdep_assert_held(&havege_param_lock);
	spin_lock(&value_lock);
	cpumask_copy(asked, cpus);
	spin_unlock(&value_lock);
}

static int check_cpu(s64 value)
{
	return value < 0 || (value < nr_cpu_ids && cpu_online(value)) ? 0 :
		-ENXIO;
}

/* The value of cpus=. Empty: cpu= counts. */
static struct cpumask cpus_asked;

/* cpu= and cpus= replace each other: the last write counts. */
static int apply_cpu(s64 value)
{
	const int err = havege_collector_move(collector, havege_one_cpu(value));

	if (!err)
		store_cpus(&cpus_asked, cpu_none_mask);
	return err;
}

static int apply_fill_threshold(s64 value)
{
	return havege_collector_set_threshold(collector, value);
}

static int apply_contribute(s64 value)
{
	havege_contribute_set(value);
	return 0;
}

static struct havege_param buffer_size = {
	.name = "buffer_size", .unit = "KiB",
	.low = HAVEGE_BUFFER_MIN_KB, .high = HAVEGE_BUFFER_MAX_KB,
	.power_of_two = true, .value = 16,
};

/*
 * havege_param_read() derives the highest value and the default from
 * buffer_size.
 */
static struct havege_param fill_threshold = {
	.name = "fill_threshold", .unit = "bits",
	.low = HAVEGE_THRESHOLD_MIN, .apply = apply_fill_threshold,
};

static struct havege_param cpu = {
	.name = "cpu", .unit = "(-1: the last online housekeeping CPU)",
	.low = -1, .high = INT_MAX, .check = check_cpu, .apply = apply_cpu,
	.value = -1,
};

static struct havege_param quality = {
	.name = "quality", .unit = "of 1024",
	.low = 1, .high = QUALITY_MAX, .value = CONDITIONED_QUALITY,
};

static struct havege_param contribute = {
	.name = "contribute", .unit = "(0: never)",
	.low = 0, .high = 1, .apply = apply_contribute, .value = 1,
};

static struct havege_param dcache_kb = {
	.name = "dcache_kb", .unit = "KiB",
	.low = HAVEGE_DCACHE_MIN_KB, .high = HAVEGE_DCACHE_MAX_KB, .zero = true,
};

static struct havege_param icache_kb = {
	.name = "icache_kb", .unit = "KiB",
	.low = HAVEGE_ICACHE_MIN_KB, .high = HAVEGE_ICACHE_MAX_KB, .zero = true,
};

int havege_param_check(const struct havege_param *param, s64 value)
{
	if (param->zero && !value)
		return 0;
	if (value < param->low || value > param->high)
		return -ERANGE;
	if (param->power_of_two && !is_power_of_2(value))
		return -EINVAL;
	return param->check ? param->check(value) : 0;
}

static int param_set(const char *text, const struct kernel_param *kp)
{
	struct havege_param *param = kp->arg;
	s64 value;
	int err;

	err = kstrtoll(text, 0, &value);
	if (err)
		return err;

	mutex_lock(&havege_param_lock);
	if (phase == OVER)
		err = -ENODEV;
	if (phase == RUNNING)
		err = havege_param_check(param, value);
	if (!err && phase == RUNNING && param->apply)
		err = param->apply(value);
	if (!err) {
		store_value(param, value);
		param->given = true;
	}
	mutex_unlock(&havege_param_lock);
	return err;
}

static int number_text(char *text, size_t size, const void *arg)
{
	const struct havege_param *param = arg;
	s64 value;

	spin_lock(&value_lock);
	value = param->value;
	spin_unlock(&value_lock);
	return scnprintf(text, size, "%lld\n", value);
}

static int param_get(char *text, const struct kernel_param *kp)
{
	return number_text(text, PAGE_SIZE, kp->arg);
}

const struct kernel_param_ops havege_param_ops = {
	.set = param_set,
	.get = param_get,
};

/* -ENXIO for a CPU that does not exist, as for cpu=. */
static int parse_cpus(const char *text, struct cpumask *cpus)
{
	const int err = cpulist_parse(text, cpus);

	if (err)
		return err == -ERANGE ? -ENXIO : -EINVAL;
	return 0;
}

static int move_to(const struct cpumask *cpus)
{
	int err;

	lockdep_assert_held(&havege_param_lock);
	if (cpumask_empty(cpus))
		return havege_collector_move(collector,
					     havege_one_cpu(cpu.value));
	err = havege_collector_move(collector, cpus);
	if (!err)
		store_value(&cpu, -1);
	return err;
}

static int cpus_set(const char *text, const struct kernel_param *kp)
{
	/*
	 * Static: nothing can be allocated yet when the kernel reads its command
	 * line. A text that is half right leaves the old value as it was.
	 */
	static struct cpumask cpus;
	struct cpumask *asked = kp->arg;
	int err;

	mutex_lock(&havege_param_lock);
	err = phase == OVER ? -ENODEV : parse_cpus(text, &cpus);
	if (!err && phase != LOADING)
		err = move_to(&cpus);
	if (!err)
		store_cpus(asked, &cpus);
	mutex_unlock(&havege_param_lock);
	return err;
}

static int cpus_text(char *text, size_t size, const void *arg)
{
	int ret;

	spin_lock(&value_lock);
	ret = scnprintf(text, size, "%*pbl\n",
			cpumask_pr_args((const struct cpumask *)arg));
	spin_unlock(&value_lock);
	return ret;
}

static int cpus_get(char *text, const struct kernel_param *kp)
{
	return cpus_text(text, PAGE_SIZE, kp->arg);
}

static const struct kernel_param_ops cpus_ops = {
	.set = cpus_set,
	.get = cpus_get,
};

static const char * const mode_names[] = { "conditioned", "stream" };
static bool stream;

/* Called at load time only: the file in sysfs is read-only. */
static int mode_set(const char *text, const struct kernel_param *kp)
{
	const int mode = sysfs_match_string(mode_names, text);

	if (mode < 0)
		return mode;
	*(bool *)kp->arg = mode;
	return 0;
}

static int mode_text(char *text, size_t size, const void *arg)
{
	return scnprintf(text, size, "%s\n", mode_names[*(const bool *)arg]);
}

static int mode_get(char *text, const struct kernel_param *kp)
{
	return mode_text(text, PAGE_SIZE, kp->arg);
}

static const struct kernel_param_ops mode_ops = {
	.set = mode_set,
	.get = mode_get,
};

module_param_cb(fill_threshold, &havege_param_ops, &fill_threshold, 0644);
__MODULE_PARM_TYPE(fill_threshold, "int");
MODULE_PARM_DESC(fill_threshold,
		 "Refill the buffer when fewer bits are ready (bits, 512 to buffer_size * 8192; default: half the buffer)");

module_param_cb(cpus, &cpus_ops, &cpus_asked, 0644);
__MODULE_PARM_TYPE(cpus, "charp");
MODULE_PARM_DESC(cpus,
		 "CPUs with a worker thread each (list of online CPUs, as 0-3,6; default: none, cpu= names the only one)");

module_param_cb(contribute, &havege_param_ops, &contribute, 0644);
__MODULE_PARM_TYPE(contribute, "int");
MODULE_PARM_DESC(contribute,
		 "While another source is current, mix 64 conditioned bytes a minute into the kernel's pool, uncredited (0 or 1; default: 1)");

module_param_cb(mode, &mode_ops, &stream, 0444);
__MODULE_PARM_TYPE(mode, "charp");
MODULE_PARM_DESC(mode,
		 "Content of the buffer (name; conditioned: SHA-256 blocks of raw samples, stream: walk words; default: conditioned)");

#ifdef HAVEGE_ALL_PARAMS
module_param_cb(buffer_size, &havege_param_ops, &buffer_size, 0444);
__MODULE_PARM_TYPE(buffer_size, "int");
MODULE_PARM_DESC(buffer_size,
		 "Buffer of ready bytes (KiB, power of two, 4 to 8192; default: 16)");

module_param_cb(cpu, &havege_param_ops, &cpu, 0644);
__MODULE_PARM_TYPE(cpu, "int");
MODULE_PARM_DESC(cpu,
		 "CPU that the worker thread is bound to (number of an online CPU; default: -1, the last online housekeeping CPU)");

module_param_cb(quality, &havege_param_ops, &quality, 0444);
__MODULE_PARM_TYPE(quality, "int");
MODULE_PARM_DESC(quality,
		 "Entropy claimed (bits per 1024 bits, 1 to 1023; mode=stream claims 1; default: 512)");

module_param_cb(dcache_kb, &havege_param_ops, &dcache_kb, 0444);
__MODULE_PARM_TYPE(dcache_kb, "int");
MODULE_PARM_DESC(dcache_kb,
		 "L1 data cache size (KiB, 8 to 512; default: 0, detect it)");

module_param_cb(icache_kb, &havege_param_ops, &icache_kb, 0444);
__MODULE_PARM_TYPE(icache_kb, "int");
MODULE_PARM_DESC(icache_kb,
		 "L1 instruction cache size (KiB, 8 to 64; default: 0, detect it)");
#endif

#ifdef HAVEGE_SUMMARY
/* All of them, in the order of their names; anybody may read each one. */
static const struct {
	const char *name;
	int (*text)(char *text, size_t size, const void *arg);
	const void *arg;
} shown[] = {
	{ "buffer_size", number_text, &buffer_size },
	{ "contribute", number_text, &contribute },
	{ "cpu", number_text, &cpu },
	{ "cpus", cpus_text, &cpus_asked },
	{ "dcache_kb", number_text, &dcache_kb },
	{ "fill_threshold", number_text, &fill_threshold },
	{ "icache_kb", number_text, &icache_kb },
	{ "mode", mode_text, &stream },
	{ "quality", number_text, &quality },
};

const char *havege_param_name(unsigned int index)
{
	return index < ARRAY_SIZE(shown) ? shown[index].name : NULL;
}

int havege_param_text(unsigned int index, char *text, size_t size)
{
	return shown[index].text(text, size, shown[index].arg);
}
#endif

/* Check one parameter, and log one line if it is bad. */
static int check_logged(const struct havege_param *param)
{
	const int err = havege_param_check(param, param->value);

	if (err == -ERANGE)
		pr_err("%s=%lld is out of range: %lld to %lld %s%s\n",
		       param->name, param->value, param->low, param->high,
		       param->unit, param->zero ? ", or 0 to detect it" : "");
	else if (err == -EINVAL)
		pr_err("%s=%lld is not a power of two\n", param->name,
		       param->value);
	else if (err)
		pr_err("%s=%lld is not online\n", param->name, param->value);
	return err;
}

static int check_cpus_logged(void)
{
#ifdef HAVEGE_ALL_PARAMS
	if (cpu.given && !cpumask_empty(&cpus_asked)) {
		pr_err("cpu=%lld and cpus=%*pbl exclude each other: set only one\n",
		       cpu.value, cpumask_pr_args(&cpus_asked));
		return -EINVAL;
	}
#endif
	if (!cpumask_subset(&cpus_asked, cpu_online_mask)) {
		pr_err("cpus=%*pbl are not all online\n",
		       cpumask_pr_args(&cpus_asked));
		return -ENXIO;
	}
	return 0;
}

static int check_all(void)
{
	int err;

	lockdep_assert_held(&havege_param_lock);
	err = check_logged(&buffer_size);
	if (err)
		return err;

	fill_threshold.high = buffer_size.value * 8192;
	if (!fill_threshold.given)
		store_value(&fill_threshold, fill_threshold.high / 2);

	err = check_logged(&fill_threshold);
	if (!err)
		err = check_logged(&cpu);
	if (!err)
		err = check_cpus_logged();
	if (!err)
		err = check_logged(&quality);
	if (!err)
		err = check_logged(&contribute);
	if (!err)
		err = check_logged(&dcache_kb);
	if (!err)
		err = check_logged(&icache_kb);
	if (err)
		return err;

	if (stream && quality.value > STREAM_QUALITY) {
#ifdef HAVEGE_ALL_PARAMS
		if (quality.given)
			pr_notice("quality=%lld lowered to %d: walk words carry no more (mode=stream)\n",
				  quality.value, STREAM_QUALITY);
#endif
		store_value(&quality, STREAM_QUALITY);
	}
	return 0;
}

int havege_param_read(struct havege_param_values *values)
{
	const int err = check_all();

	if (err)
		return err;
	*values = (struct havege_param_values) {
		.buffer_kb = buffer_size.value,
		.threshold = fill_threshold.value,
		.dcache_kb = dcache_kb.value,
		.icache_kb = icache_kb.value,
		.quality = quality.value,
		.contribute = contribute.value,
		.stream = stream,
		.mode = mode_names[stream],
		.cpus = &cpus_asked,
		.cpu = cpu.value,
	};
	return 0;
}

void havege_param_attach(struct havege_collector *c)
{
	lockdep_assert_held(&havege_param_lock);
	collector = c;
	phase = c ? RUNNING : OVER;
}
