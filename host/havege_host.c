// SPDX-License-Identifier: GPL-2.0
/*
 * Drives the walk natively in user space: for looking, for measuring, and for
 * capturing raw samples where loading a module is not wanted. Feeds nothing to
 * anything; what it writes is not for use as randomness.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "havege_core.h"
#include "tune.h"

static const char usage[] =
"Usage: havege-host [-d KIB] [-i KIB] info | stream BYTES | raw SAMPLES\n"
"  info    the geometry that the walk would have, and the size of its code\n"
"  stream  walk words, binary, on standard output\n"
"  raw     raw samples (ticks), one a line, on standard output\n"
"  -d KIB  L1 data cache, 8 to 512 (default 16)\n"
"  -i KIB  L1 instruction cache, 8 to 64 (default 16)\n";

static int parse(const char *text, unsigned long long low,
		 unsigned long long high, unsigned long long *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || *end || end == text || *text == '-' || *value < low ||
	    *value > high) {
		fprintf(stderr, "havege-host: '%s' is not a number from %llu to %llu\n",
			text, low, high);
		return -1;
	}
	return 0;
}

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "havege-host: out of memory\n");
		exit(1);
	}
	return p;
}

static int info(const struct havege_walk *walk, const struct havege_tuning *t)
{
	printf("dcache_kb %u\nicache_kb %u\nsource %s\n", t->geo.dcache_kb,
	       t->geo.icache_kb, t->source);
	printf("table_bytes %zu\nloop_bytes %zu\ncopy_bytes %zu\n",
	       havege_table_bytes(&t->geo), havege_loop_bytes(),
	       havege_copy_bytes());
	printf("copies_run %u\nwarmup_fills %u\n", walk->copies,
	       havege_warmup_fills(walk));
	return 0;
}

static int produce(struct havege_walk *walk, int raw, unsigned long long count)
{
	unsigned int i;

	for (i = havege_warmup_fills(walk); i; i--)
		havege_walk_live(walk);
	while (count) {
		havege_walk_live(walk);
		if (raw) {
			for (i = 0; i < HAVEGE_FILL_TICKS && count; i++, count--)
				printf("%llu\n", walk->delta[i]);
		} else {
			i = min_t(unsigned long long, count, sizeof(walk->ring));
			fwrite(walk->ring, 1, i, stdout);
			count -= i;
		}
		if (ferror(stdout)) {
			perror("havege-host: standard output");
			return 1;
		}
	}
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct havege_tuning tuning = { 0 };
	struct havege_walk *walk;
	unsigned long long value = 0, dcache = 0, icache = 0;
	int opt, ret, raw;
	u32 *table;

	while ((opt = getopt(argc, argv, "d:i:")) != -1) {
		if (opt == 'd' && !parse(optarg, HAVEGE_DCACHE_MIN_KB,
					 HAVEGE_DCACHE_MAX_KB, &dcache))
			continue;
		if (opt == 'i' && !parse(optarg, HAVEGE_ICACHE_MIN_KB,
					 HAVEGE_ICACHE_MAX_KB, &icache))
			continue;
		fputs(usage, stderr);
		return 2;
	}
	argv += optind;
	argc -= optind;
	raw = argc == 2 && !strcmp(argv[0], "raw");
	if (!raw && !(argc == 2 && !strcmp(argv[0], "stream")) &&
	    !(argc == 1 && !strcmp(argv[0], "info"))) {
		fputs(usage, stderr);
		return 2;
	}
	if (argc == 2 && parse(argv[1], 1, 1ull << 62, &value))
		return 2;

	havege_tune_settle(dcache, icache, &tuning);
	walk = need(malloc(sizeof(*walk)));
	table = need(aligned_alloc(64, havege_table_bytes(&tuning.geo)));
	havege_walk_init(walk, table, &tuning.geo);
	ret = argc == 1 ? info(walk, &tuning) : produce(walk, raw, value);
	havege_walk_wipe(walk);
	free(table);
	free(walk);
	return ret;
}
