// SPDX-License-Identifier: GPL-2.0
/*
 * Figures for tools/bench, without tests
 *
 * Each figure is printed as "bench NAME VALUE", ROUNDS times, in turn with the
 * one that it is compared to. No figure passes or fails; a case without a
 * figure fails.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hw_random.h>
#include <linux/ktime.h>
#include <linux/major.h>
#include <linux/mman.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../havege_mod.h"
#include "../havege_worker.h"

/* The minor of /dev/hwrng (Documentation/admin-guide/devices.txt). */
#define HWRNG_NUMBER	183

#define ROUNDS		7
#define ROUND_NS	(300 * NSEC_PER_MSEC)
/* Bytes in a read of the hw_random core. */
#define READ_BYTES	64
#define BUFFER_KB	512
/* Reads in a measurement: they leave some bytes, so that no refill begins. */
#define READS		((BUFFER_KB - 4) * 1024 / READ_BYTES)
/* Bytes to collect in a measurement. */
#define COLLECT_BYTES	(24 * 1024)

static void bench_say(struct kunit *test, const char *name, u64 value)
{
	kunit_info(test, "bench %s %llu\n", name, value);
}

static u64 per_second(u64 what, u64 since)
{
	return div64_u64(what * NSEC_PER_SEC, ktime_get_ns() - since);
}

/* Half-steps a second of the walk alone. */
static u64 walk_ticks(struct havege_source *source)
{
	const u64 begun = ktime_get_ns();
	u64 ticks = 0;

	while (ktime_get_ns() - begun < ROUND_NS) {
		havege_walk_live(&source->walk);
		ticks += HAVEGE_FILL_TICKS;
	}
	return per_second(ticks, begun);
}

/*
 * Run the source until blocks leave.
 * Return: their bytes; 0 if the source is dead or there is no memory.
 */
static u32 next_blocks(struct havege_source *source)
{
	enum havege_step step;
	size_t bytes;
	void *memory;
	u32 ret;

	do {
		step = havege_source_step(source);
		if (step == HAVEGE_STEP_MEMORY) {
			bytes = havege_source_memory(source);
			vfree(havege_source_unlend(source));
			memory = vmalloc(bytes);
			if (!memory)
				return 0;
			havege_source_lend(source, memory, bytes);
		}
		cond_resched();
	} while (step != HAVEGE_STEP_BLOCKS && step != HAVEGE_STEP_DEAD);
	ret = step == HAVEGE_STEP_BLOCKS ? source->pending_bytes : 0;
	havege_source_forget(source);
	return ret;
}

/* The walk alone, and the source that makes blocks of it. */
static void bench_source(struct kunit *test)
{
	struct havege_source *source = vzalloc(sizeof(*source));
	struct havege_tuning tuning;
	u64 begun, ticks;
	u32 bytes;
	u64 *table;
	int round;

	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_ASSERT_EQ(test, havege_tune(0, 0, &tuning), 0);
	table = vmalloc(havege_table_bytes(&tuning.geo));
	KUNIT_ASSERT_NOT_NULL(test, table);
	havege_source_init(source, table, &tuning.geo, NULL,
			   havege_known_answers);
	ticks = walk_ticks(source);
	source->fill_ns = div64_u64((u64)HAVEGE_FILL_TICKS * NSEC_PER_SEC,
				    max(ticks, 1ull));
	KUNIT_EXPECT_NE(test, next_blocks(source), 0);
	for (round = 0; round < ROUNDS; round++) {
		bench_say(test, "walk_ticks", walk_ticks(source));
		begun = ktime_get_ns();
		bytes = next_blocks(source);
		KUNIT_EXPECT_NE(test, bytes, 0);
		bench_say(test, "conditioned_bytes", per_second(bytes, begun));
	}
	vfree(havege_source_unlend(source));
	havege_source_wipe(source);
	vfree(table);
	vfree(source);
}

static int read_zeros(struct hwrng *rng, void *data, size_t max, bool wait)
{
	memset(data, 0, max);
	return max;
}

/* Open the device without user space: as its node would. */
static struct file *open_hwrng(struct kunit *test)
{
	struct path path;
	struct dentry *dentry = kern_path_create(AT_FDCWD, "/hwrng", &path, 0);

	if (!IS_ERR(dentry)) {
		vfs_mknod(mnt_idmap(path.mnt), d_inode(path.dentry), dentry,
			  S_IFCHR | 0600, MKDEV(MISC_MAJOR, HWRNG_NUMBER));
		done_path_create(&path, dentry);
	}
	return filp_open("/hwrng", O_RDONLY, 0);
}

/* READS calls of read(), as calls a second; 0 if one fails. */
static u64 read_calls(struct file *file, char __user *to)
{
	const u64 begun = ktime_get_ns();
	loff_t pos = 0;
	int i;

	for (i = 0; i < READS; i++)
		if (file->f_op->read(file, to, READ_BYTES, &pos) != READ_BYTES)
			return 0;
	return per_second(READS, begun);
}

static bool is_full(struct havege_collector *c)
{
	struct havege_state state;

	havege_collector_state(c, &state);
	return state.fill_bits == BUFFER_KB * 8192;
}

/* read() of a full buffer, through the hw_random core, and of a memset(). */
static void bench_read(struct kunit *test)
{
	const struct havege_settings settings = {
		.buffer_kb = BUFFER_KB, .threshold = HAVEGE_THRESHOLD_MIN,
		.stream = true,
	};
	struct hwrng zeros = {
		.name = "bench-memset", .read = read_zeros, .quality = 1024
	};
	struct hwrng havege = {
		.name = "bench-havege", .read = havege_hwrng_read,
		.quality = 1024
	};
	struct havege_collector *c = havege_collector_create(&settings);
	char __user *to = (char __user *)kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
						       PROT_READ | PROT_WRITE,
						       MAP_ANONYMOUS |
						       MAP_PRIVATE, 0);
	struct file *file;
	u64 calls;
	int round;

	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_EQ(test, havege_collector_start(c, cpu_none_mask), 0);
	file = open_hwrng(test);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	havege.priv = (unsigned long)c;
	for (round = 0; round < ROUNDS; round++) {
		KUNIT_ASSERT_EQ(test, hwrng_register(&zeros), 0);
		calls = read_calls(file, to);
		hwrng_unregister(&zeros);
		KUNIT_EXPECT_NE(test, calls, 0);
		bench_say(test, "read_memset", calls);

		/* Raise the threshold, so that the buffer fills up again. */
		havege_collector_set_threshold(c, BUFFER_KB * 8192);
		KUNIT_ASSERT_GT(test,
				wait_event_interruptible_timeout(c->readers,
								 is_full(c),
								 20 * HZ), 0);
		havege_collector_set_threshold(c, HAVEGE_THRESHOLD_MIN);
		KUNIT_ASSERT_EQ(test, hwrng_register(&havege), 0);
		calls = read_calls(file, to);
		hwrng_unregister(&havege);
		KUNIT_EXPECT_NE(test, calls, 0);
		bench_say(test, "read_havege", calls);
	}
	fput(file);
	havege_collector_destroy(c);
}

/* Conditioned bytes a second of a collector on these CPUs. */
static u64 collected(struct kunit *test, const struct cpumask *cpus,
		     bool sealed)
{
	const struct havege_settings settings = {
		.buffer_kb = 4, .threshold = 4 * 8192, .sealed = sealed,
	};
	struct havege_collector *c = havege_collector_create(&settings);
	u32 left = COLLECT_BYTES;
	u64 begun, rate = 0;
	u8 out[256];
	int got;

	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	if (!havege_collector_start(c, cpus)) {
		begun = ktime_get_ns();
		while (left) {
			got = havege_collector_read(c, out,
						    min_t(u32, left,
							  sizeof(out)), true);
			if (got < 0)
				break;
			left -= got;
		}
		rate = left ? 0 : per_second(COLLECT_BYTES, begun);
	}
	havege_collector_destroy(c);
	return rate;
}

/* One CPU and two, from the start of both to the last byte. */
static void bench_cpus(struct kunit *test)
{
	struct cpumask *two = kunit_kzalloc(test, sizeof(*two), GFP_KERNEL);
	u64 rate;
	int round;

	KUNIT_ASSERT_NOT_NULL(test, two);
	if (num_online_cpus() == 1)
		kunit_skip(test, "there is only one CPU");
	cpumask_set_cpu(0, two);
	cpumask_set_cpu(1, two);
	for (round = 0; round < ROUNDS; round++) {
		rate = collected(test, cpumask_of(1), false);
		KUNIT_EXPECT_NE(test, rate, 0);
		bench_say(test, "on_one", rate);
		rate = collected(test, two, false);
		KUNIT_EXPECT_NE(test, rate, 0);
		bench_say(test, "on_two", rate);
	}
}

/* Blocks as they are ready, and opened one by one for their reader. */
static void bench_sealed(struct kunit *test)
{
	u64 rate;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		rate = collected(test, cpu_none_mask, false);
		KUNIT_EXPECT_NE(test, rate, 0);
		bench_say(test, "ready", rate);
		rate = collected(test, cpu_none_mask, true);
		KUNIT_EXPECT_NE(test, rate, 0);
		bench_say(test, "opened", rate);
	}
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE_SLOW(bench_source),
	KUNIT_CASE_SLOW(bench_read),
	KUNIT_CASE_SLOW(bench_cpus),
	KUNIT_CASE_SLOW(bench_sealed),
	{}
};

static struct kunit_suite bench_suite = {
	.name = "havege_bench",
	.test_cases = bench_cases,
};

kunit_test_suites(&bench_suite);
