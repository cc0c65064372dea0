// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters and the hwrng operations
 *
 * The module is built in and running. The tests set its parameters through the
 * operations behind /sys/module/havege_rng/parameters/, and set them back.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/hw_random.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "../compat.h"
#include "../havege_counter.h"
#include "../havege_mod.h"
#include "../havege_param.h"
#include "../havege_worker.h"
#include "noise_clock.h"

/* The kernel's own record of the parameter, or NULL. */
static const struct kernel_param *find_param(const char *name)
{
	const struct kernel_param *kp;
	char full[64];

	snprintf(full, sizeof(full), "havege_rng.%s", name);
	for (kp = __start___param; kp < __stop___param; kp++)
		if (!strcmp(kp->name, full))
			return kp;
	return NULL;
}

static int set(struct kunit *test, const char *name, const char *text)
{
	const struct kernel_param *kp = find_param(name);

	KUNIT_ASSERT_NOT_NULL(test, kp);
	return kp->ops->set(text, kp);
}

static const char *get(struct kunit *test, const char *name)
{
	const struct kernel_param *kp = find_param(name);
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int len;

	KUNIT_ASSERT_NOT_NULL(test, kp);
	KUNIT_ASSERT_NOT_NULL(test, text);
	len = kp->ops->get(text, kp);
	KUNIT_EXPECT_EQ(test, len, strlen(text));
	KUNIT_ASSERT_GT(test, len, 0);
	KUNIT_EXPECT_EQ(test, text[len - 1], '\n');
	text[len - 1] = 0;
	return text;
}

static void param_modes_and_defaults(struct kunit *test)
{
	static const struct {
		const char *name, *value;
		int mode;
	} known[] = {
		{ "fill_threshold", "65536", 0644 },
		{ "cpus", "", 0644 },
		{ "mode", "conditioned", 0444 },
		{ "contribute", "1", 0644 },
#ifdef HAVEGE_ALL_PARAMS
		{ "buffer_size", "16", 0444 },
		{ "cpu", "-1", 0644 },
		{ "quality", "512", 0444 },
		{ "dcache_kb", "0", 0444 },
		{ "icache_kb", "0", 0444 },
#endif
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		KUNIT_ASSERT_NOT_NULL(test, find_param(known[i].name));
		KUNIT_EXPECT_EQ(test, find_param(known[i].name)->perm, known[i].mode);
		KUNIT_EXPECT_STREQ(test, get(test, known[i].name),
				   known[i].value);
	}
}

/* The module may have refused the machine: on UML its timing is the native one. */
static void need_module(struct kunit *test)
{
	if (set(test, "contribute", "1") == -ENODEV)
		kunit_skip(test, "the module is not loaded: see the log");
}

static void param_good_values(struct kunit *test)
{
	static const char * const good[] = {
		"512", "513", "131072", "0x8000", "65536\n", "+4096",
	};
	static const char * const shown[] = {
		"512", "513", "131072", "32768", "65536", "4096",
	};
	unsigned int i;

	need_module(test);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_EXPECT_EQ(test, set(test, "fill_threshold", good[i]), 0);
		KUNIT_EXPECT_STREQ(test, get(test, "fill_threshold"), shown[i]);
	}
	KUNIT_EXPECT_EQ(test, set(test, "fill_threshold", "65536"), 0);

	KUNIT_EXPECT_EQ(test, set(test, "contribute", "0"), 0);
	KUNIT_EXPECT_STREQ(test, get(test, "contribute"), "0");
	KUNIT_EXPECT_EQ(test, set(test, "contribute", "1"), 0);
	KUNIT_EXPECT_STREQ(test, get(test, "contribute"), "1");

	KUNIT_EXPECT_EQ(test, set(test, "cpus", "0"), 0);
	KUNIT_EXPECT_STREQ(test, get(test, "cpus"), "0");
	KUNIT_EXPECT_EQ(test, set(test, "cpus", ""), 0);
	KUNIT_EXPECT_STREQ(test, get(test, "cpus"), "");
#ifdef HAVEGE_ALL_PARAMS
	KUNIT_EXPECT_EQ(test, set(test, "cpu", "0"), 0);
	KUNIT_EXPECT_STREQ(test, get(test, "cpu"), "0");
	KUNIT_EXPECT_EQ(test, set(test, "cpu", "-1"), 0);
	KUNIT_EXPECT_STREQ(test, get(test, "cpu"), "-1");
#endif
}

static void param_bad_values(struct kunit *test)
{
	static const struct {
		const char *name, *text;
		int err;
	} bad[] = {
		{ "fill_threshold", "0", -ERANGE },
		{ "fill_threshold", "1", -ERANGE },
		{ "fill_threshold", "511", -ERANGE },
		{ "fill_threshold", "131073", -ERANGE },
		{ "fill_threshold", "-512", -ERANGE },
		{ "fill_threshold", "4294967808", -ERANGE },
		{ "fill_threshold", "99999999999999999999", -ERANGE },
		{ "fill_threshold", "", -EINVAL },
		{ "fill_threshold", "\n", -EINVAL },
		{ "fill_threshold", "many", -EINVAL },
		{ "fill_threshold", "4096x", -EINVAL },
		{ "fill_threshold", "4096 4096", -EINVAL },
		{ "fill_threshold", "4096.0", -EINVAL },
		{ "contribute", "2", -ERANGE },
		{ "contribute", "-1", -ERANGE },
		{ "contribute", "on", -EINVAL },
		{ "cpus", "0,x", -EINVAL },
		{ "mode", "", -EINVAL },
		{ "mode", "streams", -EINVAL },
#ifdef HAVEGE_ALL_PARAMS
		{ "cpu", "-2", -ERANGE },
		{ "cpu", "1000000", -ENXIO },
		{ "cpu", "4294967296", -ERANGE },
		{ "cpu", "first", -EINVAL },
		{ "cpu", "", -EINVAL },
		{ "buffer_size", "0", -ERANGE },
		{ "buffer_size", "2", -ERANGE },
		{ "buffer_size", "5", -EINVAL },
		{ "buffer_size", "12", -EINVAL },
		{ "buffer_size", "16384", -ERANGE },
		{ "buffer_size", "-16", -ERANGE },
		{ "buffer_size", "large", -EINVAL },
		{ "quality", "0", -ERANGE },
		{ "quality", "1025", -ERANGE },
		{ "quality", "-1", -ERANGE },
		{ "quality", "best", -EINVAL },
		{ "dcache_kb", "7", -ERANGE },
		{ "dcache_kb", "513", -ERANGE },
		{ "dcache_kb", "-8", -ERANGE },
		{ "dcache_kb", "48K", -EINVAL },
		{ "icache_kb", "7", -ERANGE },
		{ "icache_kb", "65", -ERANGE },
		{ "icache_kb", "x", -EINVAL },
#endif
	};
	unsigned int i;

	need_module(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *before = get(test, bad[i].name);

		KUNIT_EXPECT_EQ_MSG(test, set(test, bad[i].name, bad[i].text),
				    bad[i].err, "%s=%s", bad[i].name, bad[i].text);
		KUNIT_EXPECT_STREQ(test, get(test, bad[i].name), before);
	}
}

/* Check values without a collector. */
static void param_checks(struct kunit *test)
{
	struct havege_param param = { .low = 4, .high = 64 };

	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 3), -ERANGE);
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 4), 0);
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 5), 0);
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 64), 0);
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 65), -ERANGE);
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 0), -ERANGE);
	param.zero = true;
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 0), 0);
	param.power_of_two = true;
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, havege_param_check(&param, 8), 0);
}

#ifdef HAVEGE_SUMMARY
/* The summary has each parameter as its own file has it. */
static void param_texts(struct kunit *test)
{
	char text[64], cut[4];
	const char *name;
	unsigned int i;

	for (i = 0; (name = havege_param_name(i)); i++) {
		KUNIT_EXPECT_EQ(test, havege_param_text(i, text, sizeof(text)),
				strlen(text));
		KUNIT_EXPECT_STREQ(test, strchrnul(text, '\n'), "\n");
		*strchrnul(text, '\n') = 0;
		KUNIT_EXPECT_STREQ(test, text, get(test, name));
		if (!strcmp(name, "fill_threshold")) {
			/* Without its line end it is known to be cut. */
			KUNIT_EXPECT_EQ(test, havege_param_text(i, cut, 3), 2);
			KUNIT_EXPECT_STREQ(test, cut, "65");
		}
	}
	KUNIT_EXPECT_EQ(test, i, 9);
}
#endif

static s64 seen;
static int answer;

static int fake_apply(s64 value)
{
	seen = value;
	return answer;
}

static int fake_check(s64 value)
{
	return value == 6 ? -ENXIO : 0;
}

/* A good value is applied, and stored only if that succeeds. */
static void param_applies(struct kunit *test)
{
	struct havege_param param = {
		.low = 4, .high = 64, .value = 4,
		.check = fake_check, .apply = fake_apply,
	};
	const struct kernel_param kp = { .name = "fake", .arg = &param };

	need_module(test);
	answer = 0;
	KUNIT_EXPECT_EQ(test, havege_param_ops.set("5", &kp), 0);
	KUNIT_EXPECT_EQ(test, seen, 5);
	KUNIT_EXPECT_EQ(test, param.value, 5);
	KUNIT_EXPECT_EQ(test, havege_param_ops.set("6", &kp), -ENXIO);
	KUNIT_EXPECT_EQ(test, havege_param_ops.set("65", &kp), -ERANGE);
	KUNIT_EXPECT_EQ(test, seen, 5);
	answer = -EIO;
	KUNIT_EXPECT_EQ(test, havege_param_ops.set("7", &kp), -EIO);
	KUNIT_EXPECT_EQ(test, seen, 7);
	KUNIT_EXPECT_EQ(test, param.value, 5);
}

/* A source beside the module's own, with a collector that is not started. */
static struct hwrng *new_hwrng(struct kunit *test)
{
	struct noise_clock *clock = kunit_kzalloc(test, sizeof(*clock),
						  GFP_KERNEL);
	const struct havege_settings settings = {
		.buffer_kb = 4, .threshold = 512, .dcache_kb = 8, .icache_kb = 8,
		.clock = &clock->base,
	};
	struct hwrng *rng = kunit_kzalloc(test, sizeof(*rng), GFP_KERNEL);
	struct havege_collector *c;

	KUNIT_ASSERT_TRUE(test, clock && rng);
	*clock = new_clock;
	c = havege_collector_create(&settings);
	KUNIT_ASSERT_FALSE(test, IS_ERR(c));
	rng->name = "havege-kunit";
	rng->read = havege_hwrng_read;
	rng->quality = 1;
	rng->priv = (unsigned long)c;
	return rng;
}

static void hwrng_reads(struct kunit *test)
{
	struct hwrng *rng = new_hwrng(test);
	struct havege_collector *c = (struct havege_collector *)rng->priv;
	u8 out[64];

	KUNIT_EXPECT_EQ(test, rng->read(rng, out, 64, false), 0);
	KUNIT_EXPECT_EQ(test, rng->read(rng, out, 64, true), -ETIMEDOUT);
	havege_reader_supply(c, 0, "12345", 5, false);
	KUNIT_EXPECT_EQ(test, rng->read(rng, out, 64, true), 5);
	KUNIT_EXPECT_EQ(test, memcmp(out, "12345", 5), 0);
	havege_reader_supply(c, 0, "67890", 5, false);
	KUNIT_EXPECT_EQ(test, rng->read(rng, out, 3, false), 3);
	KUNIT_EXPECT_EQ(test, memcmp(out, "678", 3), 0);
	havege_collector_dismiss(c);
	KUNIT_EXPECT_EQ(test, rng->read(rng, out, 64, false), -ENODEV);
	KUNIT_EXPECT_EQ(test, rng->read(rng, out, 64, true), -ENODEV);
	havege_collector_destroy(c);
}

/* Register and unregister while the collector fills its buffer. */
static void hwrng_registers(struct kunit *test)
{
	struct hwrng *rng = new_hwrng(test);
	struct havege_collector *c = (struct havege_collector *)rng->priv;
	u8 out[64];

	KUNIT_EXPECT_EQ(test, havege_collector_start(c, cpu_none_mask), 0);
	KUNIT_EXPECT_EQ(test, hwrng_register(rng), 0);
	KUNIT_EXPECT_EQ(test, hwrng_register(rng), -EEXIST);
	KUNIT_EXPECT_GT(test, rng->read(rng, out, 64, true), 0);
	havege_collector_dismiss(c);
	hwrng_unregister(rng);
	havege_collector_destroy(c);
}

/* All machines of tests/kunit have a counter. */
static void counter_is_named(struct kunit *test)
{
	static const struct {
		bool here;
		const char *name;
	} known[] = {
		{ IS_ENABLED(CONFIG_X86) || IS_ENABLED(CONFIG_UML), "tsc" },
		{ IS_ENABLED(CONFIG_ARM64), "generic-timer" },
		{ IS_ENABLED(CONFIG_ARM), "get_cycles" },
		{ IS_ENABLED(CONFIG_MIPS), "cp0-count" },
		{ IS_ENABLED(CONFIG_PPC), "timebase" },
		{ IS_ENABLED(CONFIG_S390), "tod" },
		{ IS_ENABLED(CONFIG_RISCV), "time" },
		{ IS_ENABLED(CONFIG_LOONGARCH) && IS_ENABLED(CONFIG_64BIT),
		  "stable-counter" },
		{ true, "random_get_entropy" },
	};
	unsigned int i = 0;

	while (!known[i].here)
		i++;
	KUNIT_EXPECT_STREQ(test, havege_counter_name(), known[i].name);
}

static struct kunit_case mod_cases[] = {
	KUNIT_CASE(param_modes_and_defaults),
	KUNIT_CASE(param_good_values),
	KUNIT_CASE(param_bad_values),
	KUNIT_CASE(param_checks),
#ifdef HAVEGE_SUMMARY
	KUNIT_CASE(param_texts),
#endif
	KUNIT_CASE(param_applies),
	KUNIT_CASE_SLOW(hwrng_reads),
	KUNIT_CASE(hwrng_registers),
	KUNIT_CASE(counter_is_named),
	{}
};

static struct kunit_suite mod_suite = {
	.name = "havege_mod",
	.test_cases = mod_cases,
};

kunit_test_suites(&mod_suite);
