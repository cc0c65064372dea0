// SPDX-License-Identifier: GPL-2.0
/*
 * The module: parameters, state files, hwrng, entry and exit
 *
 * One collector, made at load and gone at unload. Everything below it is in
 * havege_collector.c; this room translates between it and what the user and
 * the kernel see. Raw samples have a room of their own, havege_debugfs.c.
 *
 * Two pieces of work run beside it, in process context. The one contributes to
 * the kernel's pool, once a minute, while another source is the current one. The
 * other is queued by a collector that has failed for good and takes it out of
 * the hw_random framework, which waits for readers and so cannot be done where
 * the failure is found. Both end with the module: see havege_exit().
 *
 * A parameter is stored as it comes while the module loads, and judged once by
 * module init, so that a bad one costs one line in the log whatever the order
 * they were given in. From then on a value is judged when it is written, and a
 * bad one leaves the old one in force. havege_lock serialises all of this with
 * init and exit: a write can come before the one and during the other.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "havege_collector.h"
#include "havege_debugfs.h"
#include "havege_events.h"
#include "havege_mod.h"

/*
 * Entropy claimed per 1024 bits of walk words. HAVEGE expands: 512 bits leave
 * for each tick, and a tick is credited at most 1/16 bit, which makes an eighth
 * of a bit in 1024. 1 is the least that can be claimed: some kernels read 0 as
 * 1024; README, "quality".
 */
#define STREAM_QUALITY	1
/* Of 1024 conditioned bits, of which each is backed by 1.25 bits. */
#define CONDITIONED_QUALITY	512

/* How often, and how soon after the load, it is looked whether to contribute. */
#define CONTRIBUTE_SECONDS	60
#define CONTRIBUTE_FIRST_SECONDS	5
#define CONTRIBUTE_BYTES	64
/*
 * The hw_random core's thread reads from the current source at once and then
 * about once a minute. Who has not been read from for two of these is not it.
 */
#define CURRENT_SECONDS		120

static DEFINE_MUTEX(havege_lock);
static enum { LOADING, RUNNING, OVER } havege_phase;
static struct havege_collector *havege;

/* Parameters */

static int check_cpu(s64 value)
{
	return value < 0 || (value < nr_cpu_ids && cpu_online(value)) ? 0 :
		-ENXIO;
}

/* What the knob cpus says; empty: what cpu says. */
static struct cpumask cpus_asked;

/* A CPU, or with a negative one none, as the collector wants to be told. */
static const struct cpumask *only(s64 cpu)
{
	return cpu < 0 ? cpu_none_mask : cpumask_of(cpu);
}

/* The last word of the two knobs counts. */
static int apply_cpu(s64 value)
{
	const int err = havege_collector_move(havege, only(value));

	if (!err)
		cpumask_clear(&cpus_asked);
	return err;
}

static int apply_fill_threshold(s64 value)
{
	return havege_collector_set_threshold(havege, value);
}

static int apply_contribute(s64 value);

static struct havege_knob buffer_size = {
	.name = "buffer_size", .unit = "KiB",
	.low = HAVEGE_BUFFER_MIN_KB, .high = HAVEGE_BUFFER_MAX_KB,
	.power_of_two = true, .value = 16,
};

/* The highest value and the default follow from buffer_size, in judge(). */
static struct havege_knob fill_threshold = {
	.name = "fill_threshold", .unit = "bits",
	.low = HAVEGE_THRESHOLD_MIN, .apply = apply_fill_threshold,
};

static struct havege_knob cpu = {
	.name = "cpu", .unit = "(-1: the last online housekeeping CPU)",
	.low = -1, .high = INT_MAX, .check = check_cpu, .apply = apply_cpu,
	.value = -1,
};

static struct havege_knob quality = {
	.name = "quality", .unit = "of 1024",
	.low = 1, .high = 1024, .value = CONDITIONED_QUALITY,
};

static struct havege_knob contribute = {
	.name = "contribute", .unit = "(0: never)",
	.low = 0, .high = 1, .apply = apply_contribute, .value = 1,
};

static struct havege_knob dcache_kb = {
	.name = "dcache_kb", .unit = "KiB",
	.low = HAVEGE_DCACHE_MIN_KB, .high = HAVEGE_DCACHE_MAX_KB, .zero = true,
};

static struct havege_knob icache_kb = {
	.name = "icache_kb", .unit = "KiB",
	.low = HAVEGE_ICACHE_MIN_KB, .high = HAVEGE_ICACHE_MAX_KB, .zero = true,
};

int havege_knob_check(const struct havege_knob *knob, s64 value)
{
	if (knob->zero && !value)
		return 0;
	if (value < knob->low || value > knob->high)
		return -ERANGE;
	if (knob->power_of_two && !is_power_of_2(value))
		return -EINVAL;
	return knob->check ? knob->check(value) : 0;
}

static int knob_set(const char *text, const struct kernel_param *kp)
{
	struct havege_knob *knob = kp->arg;
	s64 value;
	int err;

	err = kstrtoll(text, 0, &value);
	if (err)
		return err;

	mutex_lock(&havege_lock);
	if (havege_phase == OVER)
		err = -ENODEV;
	if (havege_phase == RUNNING)
		err = havege_knob_check(knob, value);
	if (!err && havege_phase == RUNNING && knob->apply)
		err = knob->apply(value);
	if (!err) {
		knob->value = value;
		knob->given = true;
	}
	mutex_unlock(&havege_lock);
	return err;
}

static int knob_get(char *text, const struct kernel_param *kp)
{
	const struct havege_knob *knob = kp->arg;
	int ret;

	mutex_lock(&havege_lock);
	ret = scnprintf(text, PAGE_SIZE, "%lld\n", knob->value);
	mutex_unlock(&havege_lock);
	return ret;
}

const struct kernel_param_ops havege_knob_ops = {
	.set = knob_set,
	.get = knob_get,
};

/* As for the other knobs, -ENXIO is a CPU that is not there. */
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

	if (cpumask_empty(cpus))
		return havege_collector_move(havege, only(cpu.value));
	err = havege_collector_move(havege, cpus);
	if (!err)
		cpu.value = -1;
	return err;
}

static int cpus_set(const char *text, const struct kernel_param *kp)
{
	struct cpumask *asked = kp->arg;
	cpumask_var_t cpus;
	int err;

	mutex_lock(&havege_lock);
	/* The kernel's command line is read before there is memory to allocate. */
	if (havege_phase == LOADING) {
		err = parse_cpus(text, asked);
		goto out;
	}
	err = -ENODEV;
	if (havege_phase == OVER)
		goto out;
	err = -ENOMEM;
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		goto out;
	err = parse_cpus(text, cpus);
	if (!err)
		err = move_to(cpus);
	if (!err)
		cpumask_copy(asked, cpus);
	free_cpumask_var(cpus);
out:
	mutex_unlock(&havege_lock);
	return err;
}

static int cpus_get(char *text, const struct kernel_param *kp)
{
	int ret;

	mutex_lock(&havege_lock);
	ret = scnprintf(text, PAGE_SIZE, "%*pbl\n",
			cpumask_pr_args((struct cpumask *)kp->arg));
	mutex_unlock(&havege_lock);
	return ret;
}

static const struct kernel_param_ops havege_cpus_ops = {
	.set = cpus_set,
	.get = cpus_get,
};

static const char * const mode_names[] = { "conditioned", "stream" };
static bool stream;

/* Load time only: the file in sysfs is read-only. */
static int mode_set(const char *text, const struct kernel_param *kp)
{
	const int mode = sysfs_match_string(mode_names, text);

	if (mode < 0)
		return mode;
	*(bool *)kp->arg = mode;
	return 0;
}

static int mode_get(char *text, const struct kernel_param *kp)
{
	return scnprintf(text, PAGE_SIZE, "%s\n",
			 mode_names[*(bool *)kp->arg]);
}

const struct kernel_param_ops havege_mode_ops = {
	.set = mode_set,
	.get = mode_get,
};

module_param_cb(fill_threshold, &havege_knob_ops, &fill_threshold, 0644);
__MODULE_PARM_TYPE(fill_threshold, "int");
MODULE_PARM_DESC(fill_threshold,
		 "Refill the buffer when fewer bits are ready (bits, 512 to buffer_size * 8192; default: half the buffer)");

module_param_cb(buffer_size, &havege_knob_ops, &buffer_size, 0444);
__MODULE_PARM_TYPE(buffer_size, "int");
MODULE_PARM_DESC(buffer_size,
		 "Buffer of ready bytes (KiB, power of two, 4 to 8192; default: 16)");

module_param_cb(cpu, &havege_knob_ops, &cpu, 0644);
__MODULE_PARM_TYPE(cpu, "int");
MODULE_PARM_DESC(cpu,
		 "CPU that the collector is bound to (number of an online CPU; default: -1, the last online housekeeping CPU)");

module_param_cb(cpus, &havege_cpus_ops, &cpus_asked, 0644);
__MODULE_PARM_TYPE(cpus, "charp");
MODULE_PARM_DESC(cpus,
		 "CPUs that have a collector each (list of online CPUs, as 0-3,6; default: none, it is the one that cpu= names)");

module_param_cb(quality, &havege_knob_ops, &quality, 0444);
__MODULE_PARM_TYPE(quality, "int");
MODULE_PARM_DESC(quality,
		 "Entropy claimed (bits per 1024 bits, 1 to 1024; mode=stream claims 1; default: 512)");

module_param_cb(contribute, &havege_knob_ops, &contribute, 0644);
__MODULE_PARM_TYPE(contribute, "int");
MODULE_PARM_DESC(contribute,
		 "While another source is current, mix 64 conditioned bytes a minute into the kernel's pool, uncredited (0 or 1; default: 1)");

module_param_cb(dcache_kb, &havege_knob_ops, &dcache_kb, 0444);
__MODULE_PARM_TYPE(dcache_kb, "int");
MODULE_PARM_DESC(dcache_kb,
		 "L1 data cache size (KiB, 8 to 512; default: 0, detect it)");

module_param_cb(icache_kb, &havege_knob_ops, &icache_kb, 0444);
__MODULE_PARM_TYPE(icache_kb, "int");
MODULE_PARM_DESC(icache_kb,
		 "L1 instruction cache size (KiB, 8 to 64; default: 0, detect it)");

module_param_cb(mode, &havege_mode_ops, &stream, 0444);
__MODULE_PARM_TYPE(mode, "charp");
MODULE_PARM_DESC(mode,
		 "What the buffer holds (name; conditioned: blocks of SHA-256 over raw samples, stream: walk words; default: conditioned)");

/* Judge one parameter, and say in one line what is wrong with it. */
static int judge_one(const struct havege_knob *knob)
{
	const int err = havege_knob_check(knob, knob->value);

	if (err == -ERANGE)
		pr_err("%s=%lld is out of range: %lld to %lld %s%s\n",
		       knob->name, knob->value, knob->low, knob->high,
		       knob->unit, knob->zero ? ", or 0 to detect it" : "");
	else if (err == -EINVAL)
		pr_err("%s=%lld is not a power of two\n", knob->name,
		       knob->value);
	else if (err)
		pr_err("%s=%lld is not online\n", knob->name, knob->value);
	return err;
}

static int judge_cpus(void)
{
	if (cpu.given && !cpumask_empty(&cpus_asked)) {
		pr_err("cpu=%lld and cpus=%*pbl: one of the two, please\n",
		       cpu.value, cpumask_pr_args(&cpus_asked));
		return -EINVAL;
	}
	if (!cpumask_subset(&cpus_asked, cpu_online_mask)) {
		pr_err("cpus=%*pbl are not all online\n",
		       cpumask_pr_args(&cpus_asked));
		return -ENXIO;
	}
	return 0;
}

static int judge(void)
{
	int err;

	err = judge_one(&buffer_size);
	if (err)
		return err;

	fill_threshold.high = buffer_size.value * 8192;
	if (!fill_threshold.given)
		fill_threshold.value = fill_threshold.high / 2;

	err = judge_one(&fill_threshold);
	if (!err)
		err = judge_one(&cpu);
	if (!err)
		err = judge_cpus();
	if (!err)
		err = judge_one(&quality);
	if (!err)
		err = judge_one(&contribute);
	if (!err)
		err = judge_one(&dcache_kb);
	if (!err)
		err = judge_one(&icache_kb);
	if (err)
		return err;

	if (stream && quality.value > STREAM_QUALITY) {
		if (quality.given)
			pr_notice("quality=%lld lowered to %d: walk words carry no more (mode=stream)\n",
				  quality.value, STREAM_QUALITY);
		quality.value = STREAM_QUALITY;
	}
	return 0;
}

/* State: one value a file under /sys/devices/havege_rng/ */

static const char *const status_names[] = {
	[HAVEGE_STARTING] = "starting",
	[HAVEGE_OK] = "ok",
	[HAVEGE_RECOVERING] = "recovering",
	[HAVEGE_SUSPENDED] = "suspended",
	[HAVEGE_FAILED] = "failed",
};

/*
 * @id is the name in C, @file the one in sysfs: in the geometry some are those
 * of parameters. These are what is, those what was asked for.
 */
#define STATE_FILE(id, file, emit)					\
static ssize_t id##_show(struct device *dev,				\
			 struct device_attribute *attr, char *buf)	\
{									\
	struct havege_state state;					\
									\
	havege_collector_state(dev_get_drvdata(dev), &state);		\
	return emit;							\
}									\
static struct device_attribute state_##id =				\
	__ATTR(file, 0444, id##_show, NULL)

#define STATE_ATTR(id, file, format, value)				\
	STATE_FILE(id, file, sysfs_emit(buf, format "\n", value))

STATE_ATTR(status, status, "%s", status_names[state.status]);
STATE_ATTR(fill_level, fill_level, "%u", state.fill_bits);
STATE_ATTR(bytes_out, bytes_out, "%llu", state.bytes_out);
STATE_ATTR(contributed, contributed, "%llu", state.contributed);

STATE_ATTR(ticks_per_block, ticks_per_block, "%u", state.figures.block_ticks);

static ssize_t emit_bits(char *buf, u32 entropy)
{
	return sysfs_emit(buf, "%u.%04u\n", havege_bits(entropy),
			  havege_bit_parts(entropy));
}

STATE_FILE(replay_residual, replay_residual,
	   emit_bits(buf, state.figures.residual));
STATE_FILE(tick_entropy, tick_entropy, emit_bits(buf, state.figures.credit));
STATE_FILE(test_entropy, test_entropy,
	   emit_bits(buf, HAVEGE_BIT >> state.figures.shift));

/* Mostly it is one; while there is no thread, none. */
static ssize_t emit_cpus(char *buf, struct havege_collector *c)
{
	cpumask_var_t cpus;
	ssize_t ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	havege_collector_cpus(c, cpus);
	ret = sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(cpus));
	free_cpumask_var(cpus);
	return ret;
}

STATE_FILE(cpu, cpu, emit_cpus(buf, dev_get_drvdata(dev)));

static struct attribute *state_attrs[] = {
	&state_status.attr,
	&state_fill_level.attr,
	&state_cpu.attr,
	&state_bytes_out.attr,
	&state_contributed.attr,
	&state_replay_residual.attr,
	&state_tick_entropy.attr,
	&state_ticks_per_block.attr,
	&state_test_entropy.attr,
	NULL
};

static const struct attribute_group state_group = {
	.attrs = state_attrs,
};

static u32 table_kb(const struct havege_state *state)
{
	return havege_table_bytes(&state->tuning.geo) / 1024;
}

static u32 loop_kb(const struct havege_state *state)
{
	return havege_loop_copies(&state->tuning.geo) * havege_copy_bytes() /
	       1024;
}

STATE_ATTR(geometry_dcache_kb, dcache_kb, "%u", state.tuning.geo.dcache_kb);
STATE_ATTR(geometry_icache_kb, icache_kb, "%u", state.tuning.geo.icache_kb);
STATE_ATTR(geometry_source, source, "%s", state.tuning.source);
STATE_ATTR(geometry_table_kb, table_kb, "%u", table_kb(&state));
STATE_ATTR(geometry_loop_kb, loop_kb, "%u", loop_kb(&state));

static struct attribute *geometry_attrs[] = {
	&state_geometry_dcache_kb.attr,
	&state_geometry_icache_kb.attr,
	&state_geometry_source.attr,
	&state_geometry_table_kb.attr,
	&state_geometry_loop_kb.attr,
	NULL
};

static const struct attribute_group geometry_group = {
	.name = "geometry",
	.attrs = geometry_attrs,
};

STATE_ATTR(failures_repetition, repetition, "%llu",
	   state.figures.failures[HAVEGE_REPETITION]);
STATE_ATTR(failures_proportion, proportion, "%llu",
	   state.figures.failures[HAVEGE_PROPORTION]);
STATE_ATTR(failures_stuck, stuck, "%llu", state.figures.failures[HAVEGE_STUCK]);
STATE_ATTR(failures_period, period, "%llu",
	   state.figures.failures[HAVEGE_PERIOD]);
STATE_ATTR(failures_counter, counter, "%llu",
	   state.figures.failures[HAVEGE_COUNTER]);
STATE_ATTR(failures_replay, replay, "%llu", state.figures.poor);

static struct attribute *failures_attrs[] = {
	&state_failures_repetition.attr,
	&state_failures_proportion.attr,
	&state_failures_stuck.attr,
	&state_failures_period.attr,
	&state_failures_counter.attr,
	&state_failures_replay.attr,
	NULL
};

static const struct attribute_group failures_group = {
	.name = "health_failures",
	.attrs = failures_attrs,
};

static const struct attribute_group *state_groups[] = {
	&state_group,
	&geometry_group,
	&failures_group,
	NULL
};

static struct device *state_register(struct havege_collector *c)
{
	struct device *dev = root_device_register(KBUILD_MODNAME);
	int err;

	if (IS_ERR(dev))
		return dev;
	dev_set_drvdata(dev, c);
	err = device_add_groups(dev, state_groups);
	if (err) {
		root_device_unregister(dev);
		return ERR_PTR(err);
	}
	return dev;
}

static void state_unregister(struct device *dev)
{
	device_remove_groups(dev, state_groups);
	root_device_unregister(dev);
}

/* hwrng */

/* When the hw_random core's thread read last, and whether it ever did. */
static unsigned long read_by_core;
static bool read_ever;

static struct hwrng havege_hwrng = {
	.name = "havege",
	.read = havege_hwrng_read,
};

/*
 * What one call gives to a user's task, bytes. The core asks for 64 and keeps
 * what the task did not want for the next one, in a buffer of its own, which
 * nobody wipes: two copies of a virtual machine would both hand it out. Of one
 * byte nothing is left. Walk words are for those who want speed: of them less
 * than a block of any cipher can be.
 */
#define CONDITIONED_MORSEL	1
#define STREAM_MORSEL		16

static size_t morsel(const struct havege_collector *c)
{
	return c->settings.stream ? STREAM_MORSEL : CONDITIONED_MORSEL;
}

int havege_hwrng_read(struct hwrng *rng, void *data, size_t max, bool wait)
{
	struct havege_collector *c = (struct havege_collector *)rng->priv;

	/* The core's own thread uses all it gets, and at once. */
	if (!(current->flags & PF_KTHREAD)) {
		max = min(max, morsel(c));
	} else if (rng == &havege_hwrng) {
		WRITE_ONCE(read_by_core, jiffies);
		WRITE_ONCE(read_ever, true);
	}
	return havege_collector_read(c, data, max, wait);
}

/* Serialises the two ways out of the framework: a failure, and the exit. */
static DEFINE_MUTEX(hwrng_lock);
static bool hwrng_registered;

static int hwrng_enter(struct havege_collector *c)
{
	int err;

	mutex_lock(&hwrng_lock);
	havege_hwrng.priv = (unsigned long)c;
	havege_hwrng.quality = quality.value;
	err = hwrng_register(&havege_hwrng);
	hwrng_registered = !err;
	mutex_unlock(&hwrng_lock);
	return err;
}

static void hwrng_leave(void)
{
	mutex_lock(&hwrng_lock);
	if (hwrng_registered)
		hwrng_unregister(&havege_hwrng);
	hwrng_registered = false;
	mutex_unlock(&hwrng_lock);
}

static void on_failure(struct work_struct *work)
{
	hwrng_leave();
}

static DECLARE_WORK(failed_work, on_failure);

/* Contribution */

/* What the work goes by: the knob, without its lock. */
static bool contributing;
static struct havege_collector *contributor;

static bool is_current(void)
{
	return READ_ONCE(read_ever) &&
		time_before(jiffies, READ_ONCE(read_by_core) +
			    CURRENT_SECONDS * HZ);
}

static void contribute_now(struct work_struct *work)
{
	struct delayed_work *again = to_delayed_work(work);

	if (!READ_ONCE(contributing))
		return;
	if (!is_current())
		havege_collector_contribute(contributor, CONTRIBUTE_BYTES);
	queue_delayed_work(system_power_efficient_wq, again,
			   CONTRIBUTE_SECONDS * HZ);
}

static DECLARE_DELAYED_WORK(contribute_work, contribute_now);

/* Has been made when it returns: who turns it on can see what it does. */
static int apply_contribute(s64 value)
{
	WRITE_ONCE(contributing, value);
	if (value) {
		mod_delayed_work(system_power_efficient_wq, &contribute_work,
				 0);
		/* Not the delayed one: it would make it again, at once. */
		flush_work(&contribute_work.work);
	} else {
		cancel_delayed_work_sync(&contribute_work);
	}
	return 0;
}

static void contribute_begin(struct havege_collector *c)
{
	contributor = c;
	contributing = contribute.value;
	if (contributing)
		queue_delayed_work(system_power_efficient_wq, &contribute_work,
				   CONTRIBUTE_FIRST_SECONDS * HZ);
}

static void contribute_end(void)
{
	WRITE_ONCE(contributing, false);
	cancel_delayed_work_sync(&contribute_work);
}

/* Entry and exit */

static struct device *havege_dev;
static const void *generation;

static void announce(struct havege_collector *c)
{
	struct havege_state state;
	const struct cpumask *cpus;

	havege_collector_state(c, &state);
	cpus = cpumask_empty(&cpus_asked) ? only(state.cpu) : &cpus_asked;
	pr_info("collecting on CPU %*pbl: L1d %u KiB, L1i %u KiB (%s), table %u KiB, loop %u KiB, buffer %lld KiB, quality %lld of 1024\n",
		cpumask_pr_args(cpus), state.tuning.geo.dcache_kb,
		state.tuning.geo.icache_kb, state.tuning.source,
		table_kb(&state), loop_kb(&state), buffer_size.value,
		quality.value);
	pr_info("replay residual %u.%04u bit a tick, credited %u.%04u: %u ticks a block (mode=%s)\n",
		havege_bits(state.figures.residual),
		havege_bit_parts(state.figures.residual),
		havege_bits(state.figures.credit),
		havege_bit_parts(state.figures.credit),
		state.figures.block_ticks, mode_names[stream]);
}

/* Under havege_lock, with all parameters judged. */
static int bring_up(void)
{
	struct havege_settings settings = {
		.buffer_kb = buffer_size.value,
		.threshold = fill_threshold.value,
		.dcache_kb = dcache_kb.value,
		.icache_kb = icache_kb.value,
		.stream = stream,
		.failed = &failed_work,
	};
	struct havege_collector *c;
	int err;

	generation = havege_generation_map();
	if (IS_ERR(generation)) {
		err = PTR_ERR(generation);
		goto fail;
	}
	settings.generation = generation;
	c = havege_collector_create(&settings);
	if (IS_ERR(c)) {
		err = PTR_ERR(c);
		goto fail_generation;
	}
	err = havege_collector_start(c, cpumask_empty(&cpus_asked) ?
				     only(cpu.value) : &cpus_asked);
	if (err)
		goto fail_collector;

	havege_dev = state_register(c);
	if (IS_ERR(havege_dev)) {
		err = PTR_ERR(havege_dev);
		goto fail_collector;
	}

	err = havege_events_enter(c);
	if (err)
		goto fail_state;
	err = hwrng_enter(c);
	if (err)
		goto fail_events;
	announce(c);
	/* Should it have failed already, nobody has been there to leave. */
	if (havege_collector_read(c, NULL, 0, false) == -EIO)
		schedule_work(&failed_work);

	havege_debugfs_enter(c);
	contribute_begin(c);
	havege = c;
	return 0;

fail_events:
	havege_events_leave();
fail_state:
	state_unregister(havege_dev);
fail_collector:
	havege_collector_destroy(c);
	cancel_work_sync(&failed_work);
fail_generation:
	havege_generation_unmap(generation);
fail:
	/* Of a machine that is refused the collector has said why. */
	if (err != -ENODEV)
		pr_err("not started (error %d)\n", err);
	return err;
}

static int __init havege_init(void)
{
	int err;

	mutex_lock(&havege_lock);
	err = judge();
	if (!err)
		err = bring_up();
	havege_phase = err ? OVER : RUNNING;
	mutex_unlock(&havege_lock);
	return err;
}

static void __exit havege_exit(void)
{
	struct havege_collector *c = havege;

	/*
	 * Readers first: hwrng_unregister() waits until the last has left. And
	 * before havege_lock, whose holder may be waiting for a start-up, which
	 * this ends.
	 */
	havege_collector_dismiss(c);

	mutex_lock(&havege_lock);
	havege_phase = OVER;
	havege = NULL;
	mutex_unlock(&havege_lock);

	contribute_end();
	havege_debugfs_leave();
	hwrng_leave();
	havege_events_leave();
	state_unregister(havege_dev);
	havege_collector_destroy(c);
	havege_generation_unmap(generation);
	/* There is nobody left who would queue it. */
	cancel_work_sync(&failed_work);
}

module_init(havege_init);
module_exit(havege_exit);

MODULE_DESCRIPTION("HAVEGE entropy source: a CPU's own timing as a hardware RNG");
MODULE_VERSION(HAVEGE_VERSION);
MODULE_LICENSE("GPL");
