// SPDX-License-Identifier: GPL-2.0
/*
 * State files. The contract is in havege_sysfs.h.
 */
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "havege_collector.h"
#include "havege_counter.h"
#include "havege_param.h"
#include "havege_sysfs.h"

static const char *const status_names[] = {
	[HAVEGE_STARTING] = "starting",
	[HAVEGE_OK] = "ok",
	[HAVEGE_RECOVERING] = "recovering",
	[HAVEGE_SUSPENDED] = "suspended",
	[HAVEGE_FAILED] = "failed",
};

/**
 * struct figure - one state file
 * @attr:	its attribute
 * @lists_cpus:	@emit reads @cpus
 * @emit:	appends the value and a line end
 */
struct figure {
	struct device_attribute attr;
	bool lists_cpus;
	int (*emit)(char *buf, int at, const struct havege_state *state,
		    const struct cpumask *cpus);
};

static ssize_t figure_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	const struct figure *figure = container_of(attr, struct figure, attr);
	struct havege_state state;
	cpumask_var_t cpus;
	ssize_t ret;

	if (!figure->lists_cpus) {
		havege_collector_state(dev_get_drvdata(dev), &state);
		return figure->emit(buf, 0, &state, NULL);
	}
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	havege_collector_snapshot(dev_get_drvdata(dev), &state, cpus);
	ret = figure->emit(buf, 0, &state, cpus);
	free_cpumask_var(cpus);
	return ret;
}

/*
 * @id is the name in C, @file the name in sysfs. Files of the geometry have the
 * names of parameters: the files show detected values, the parameters requested
 * ones.
 */
#define STATE_FILE(id, file, lists, expression)				\
static int id##_emit(char *buf, int at, const struct havege_state *state, \
		     const struct cpumask *cpus)			\
{									\
	return expression;						\
}									\
static struct figure state_##id = {					\
	.attr = __ATTR(file, 0444, figure_show, NULL),			\
	.lists_cpus = lists,						\
	.emit = id##_emit,						\
}

#define STATE_ATTR(id, file, format, value)				\
	STATE_FILE(id, file, false,					\
		   sysfs_emit_at(buf, at, format "\n", value))

static int emit_bits(char *buf, int at, u32 entropy)
{
	return sysfs_emit_at(buf, at, "%u.%04u\n", havege_bits(entropy),
			     havege_bit_parts(entropy));
}

#define STATE_BITS(id, file, entropy)					\
	STATE_FILE(id, file, false, emit_bits(buf, at, entropy))

STATE_ATTR(status, status, "%s", status_names[state->status]);
STATE_ATTR(reason, reason, "%s", state->reason);
STATE_ATTR(fill_level, fill_level, "%u", state->fill_bits);
/* All CPUs with a worker; empty while there is no worker. */
STATE_FILE(cpu, cpu, true,
	   sysfs_emit_at(buf, at, "%*pbl\n", cpumask_pr_args(cpus)));
STATE_ATTR(bytes_out, bytes_out, "%llu", state->bytes_out);
STATE_ATTR(contributed, contributed, "%llu", state->contributed);
STATE_BITS(replay_residual, replay_residual, state->figures.estimate.residual);
STATE_BITS(replay_few, replay_few, state->figures.estimate.few);
STATE_BITS(replay_all, replay_all, state->figures.estimate.all);
STATE_BITS(replay_slope, replay_slope, state->figures.estimate.slope);
STATE_ATTR(sample_steps, sample_steps, "%u", state->figures.span);
/* The source credits nothing while it delivers nothing. */
STATE_BITS(sample_entropy, sample_entropy,
	   state->status == HAVEGE_OK ? state->figures.credit : 0);
STATE_ATTR(samples_per_block, samples_per_block, "%u",
	   state->figures.block_samples);
STATE_BITS(test_entropy, test_entropy, HAVEGE_BIT >> state->figures.shift);
STATE_ATTR(counter, counter, "%s", havege_counter_name());

static struct attribute *state_attrs[] = {
	&state_status.attr.attr,
	&state_reason.attr.attr,
	&state_fill_level.attr.attr,
	&state_cpu.attr.attr,
	&state_bytes_out.attr.attr,
	&state_contributed.attr.attr,
	&state_replay_residual.attr.attr,
	&state_replay_few.attr.attr,
	&state_replay_all.attr.attr,
	&state_replay_slope.attr.attr,
	&state_sample_steps.attr.attr,
	&state_sample_entropy.attr.attr,
	&state_samples_per_block.attr.attr,
	&state_test_entropy.attr.attr,
	&state_counter.attr.attr,
	NULL
};

static const struct attribute_group state_group = {
	.attrs = state_attrs,
};

STATE_ATTR(geometry_dcache_kb, dcache_kb, "%u", state->tuning.geo.dcache_kb);
STATE_ATTR(geometry_icache_kb, icache_kb, "%u", state->tuning.geo.icache_kb);
STATE_ATTR(geometry_source, source, "%s", state->tuning.source);
STATE_ATTR(geometry_table_kb, table_kb, "%u", havege_table_kb(state));
STATE_ATTR(geometry_loop_kb, loop_kb, "%u", havege_loop_kb(state));

static struct attribute *geometry_attrs[] = {
	&state_geometry_dcache_kb.attr.attr,
	&state_geometry_icache_kb.attr.attr,
	&state_geometry_source.attr.attr,
	&state_geometry_table_kb.attr.attr,
	&state_geometry_loop_kb.attr.attr,
	NULL
};

static const struct attribute_group geometry_group = {
	.name = "geometry",
	.attrs = geometry_attrs,
};

STATE_ATTR(failures_counter, counter, "%llu",
	   state->figures.failures[HAVEGE_COUNTER]);
STATE_ATTR(failures_period, period, "%llu",
	   state->figures.failures[HAVEGE_PERIOD]);
STATE_ATTR(failures_proportion, proportion, "%llu",
	   state->figures.failures[HAVEGE_PROPORTION]);
STATE_ATTR(failures_repetition, repetition, "%llu",
	   state->figures.failures[HAVEGE_REPETITION]);
STATE_ATTR(failures_replay, replay, "%llu", state->figures.replay_failures);
STATE_ATTR(failures_stuck, stuck, "%llu",
	   state->figures.failures[HAVEGE_STUCK]);

static struct attribute *failures_attrs[] = {
	&state_failures_counter.attr.attr,
	&state_failures_period.attr.attr,
	&state_failures_proportion.attr.attr,
	&state_failures_repetition.attr.attr,
	&state_failures_replay.attr.attr,
	&state_failures_stuck.attr.attr,
	NULL
};

static const struct attribute_group failures_group = {
	.name = "health_failures",
	.attrs = failures_attrs,
};

#ifdef HAVEGE_SUMMARY

/*
 * A longer line is left out of the summary, so that all others fit on the page.
 * Only a list of CPUs can be that long.
 */
#define LINE_MAX_LEN	1024

/* The single files, and the order of their lines in the summary. */
static const struct attribute_group *state_groups[] = {
	&state_group,
	&geometry_group,
	&failures_group,
	NULL
};

/*
 * End the line whose name begins at @start and whose value at @value: the name
 * alone if the value is empty. A line that is too long leaves nothing behind.
 */
static int end_line(char *buf, int start, int value, int end)
{
	if (end - start > LINE_MAX_LEN || buf[end - 1] != '\n')
		return start;
	if (end - value > 1)
		return end;
	buf[value - 1] = '\n';
	return value;
}

static int emit_figures(char *buf, int at, const struct attribute_group *group,
			const struct havege_state *state,
			const struct cpumask *cpus)
{
	struct attribute **attr;

	for (attr = group->attrs; *attr; attr++) {
		const struct figure *figure =
			container_of(*attr, struct figure, attr.attr);
		const int value = at +
			sysfs_emit_at(buf, at, "%s%s%s ", group->name ?: "",
				      group->name ? "/" : "", (*attr)->name);

		at = end_line(buf, at, value, value +
			      figure->emit(buf, value, state, cpus));
	}
	return at;
}

static int emit_params(char *buf, int at)
{
	const char *name;
	unsigned int i;

	for (i = 0; (name = havege_param_name(i)); i++) {
		const int value = at +
			sysfs_emit_at(buf, at, "parameters/%s ", name);

		at = end_line(buf, at, value, value +
			      havege_param_text(i, buf + value,
						PAGE_SIZE - value));
	}
	return at;
}

/* No lock that is held during a start-up: module init may wait for readers. */
static ssize_t summary_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	const struct attribute_group **group;
	struct havege_state state;
	cpumask_var_t cpus;
	int at = 0;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	havege_collector_snapshot(dev_get_drvdata(dev), &state, cpus);
#ifdef HAVEGE_VERSION
	at = sysfs_emit(buf, "version %s\n", HAVEGE_VERSION);
#endif
	for (group = state_groups; *group; group++)
		at = emit_figures(buf, at, *group, &state, cpus);
	free_cpumask_var(cpus);
	return emit_params(buf, at);
}

static DEVICE_ATTR_RO(summary);

static struct attribute *summary_attrs[] = {
	&dev_attr_summary.attr,
	NULL
};

static const struct attribute_group summary_group = {
	.attrs = summary_attrs,
};

#endif

static const struct attribute_group *device_groups[] = {
	&state_group,
	&geometry_group,
	&failures_group,
#ifdef HAVEGE_SUMMARY
	&summary_group,
#endif
	NULL
};

#ifdef HAVEGE_ROOT_DEVICE

struct device *havege_sysfs_register(struct havege_collector *c)
{
	struct device *dev = root_device_register(KBUILD_MODNAME);
	int err;

	if (IS_ERR(dev))
		return dev;
	/* A device without a bus and a class sends no uevent. */
	dev_set_drvdata(dev, c);
	err = device_add_groups(dev, device_groups);
	if (!err)
		return dev;
	root_device_unregister(dev);
	return ERR_PTR(err);
}

void havege_sysfs_unregister(struct device *dev)
{
	device_remove_groups(dev, device_groups);
	root_device_unregister(dev);
}

#else /* a faux device */

static struct havege_collector *collector;

/* The files can be read before the device's creation returns. */
static int faux_probe(struct faux_device *faux)
{
	faux_device_set_drvdata(faux, collector);
	return 0;
}

static const struct faux_device_ops faux_ops = {
	.probe = faux_probe,
};

struct device *havege_sysfs_register(struct havege_collector *c)
{
	struct faux_device *faux;

	collector = c;
	faux = faux_device_create_with_groups(KBUILD_MODNAME, NULL, &faux_ops,
					      device_groups);
	return faux ? &faux->dev : ERR_PTR(-EIO);
}

void havege_sysfs_unregister(struct device *dev)
{
	faux_device_destroy(to_faux_device(dev));
}

#endif
