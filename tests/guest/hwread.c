// SPDX-License-Identifier: GPL-2.0
/*
 * hwread - reads /dev/hwrng in the test guest in ways that busybox's dd cannot.
 *
 *   hwread [-nw] [-p READERS] [-o FILE] [-f FILE] [-u UID] [-t SECONDS] [-s FILE] SIZE COUNT
 *	Calls read(SIZE) COUNT times; 0 = until an error. Prints one line per reader:
 *	  reads=R bytes=B eagain=E distinct=D longest=L ms=T error=NAME
 *	D is the number of different byte values, L the longest time without a byte in ms. NAME is
 *	"none" without an error.
 *	  -n  O_NONBLOCK; counts EAGAIN, which is no error
 *	  -w  reads on after ETIMEDOUT
 *	  -p  this many readers at once
 *	  -o  writes the bytes to FILE (one reader only)
 *	  -f  reads FILE instead of /dev/hwrng
 *	  -u  as this user, without groups
 *	  -t  stops after SECONDS
 *	  -s  writes samples of the bytes to FILE, for twice (one reader only)
 *   hwread twice FILE...
 *	Counts the samples that these files have more than once:
 *	  samples=N twice=M
 *	Any 8 bytes in a row are a sample. A reader keeps an eighth of them, at most a million.
 *	Their value selects them: the same bytes give the same samples in any reads. This notices
 *	96 % of repeated 32 bytes, and all but 1 in 2000 of repeated 64. A false pair comes in
 *	fewer than 1 of 10^5 runs.
 *   hwread hog CPU SECONDS
 *	Keeps CPU busy under SCHED_FIFO: tasks of normal priority do not run there. Ends after
 *	SECONDS, so that a failed test does not hang the guest.
 *
 * Linked statically: the guest has no C library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES		1000000

/* Errors of a read; older C libraries have no function for the names. */
static const char *name_of(int err)
{
	static char number[16];

	switch (err) {
	case EINTR:
		return "EINTR";
	case EINVAL:
		return "EINVAL";
	case EIO:
		return "EIO";
	case ENODEV:
		return "ENODEV";
	case EBUSY:
		return "EBUSY";
	case ETIMEDOUT:
		return "ETIMEDOUT";
	default:
		snprintf(number, sizeof(number), "%d", err);
		return number;
	}
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int die(const char *what)
{
	fprintf(stderr, "hwread: %s: %s\n", what, strerror(errno));
	return 2;
}

static int hog(int cpu, unsigned int seconds)
{
	/*
	 * The lowest priority that works: interrupt threads (PREEMPT_RT) have a higher one. The
	 * timers' thread has the same one and runs when this task yields: it ends sleeps that
	 * began on this CPU, and the alarm below.
	 */
	struct sched_param sp = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return die("affinity");
	if (sched_setscheduler(0, SCHED_FIFO, &sp))
		return die("SCHED_FIFO");
	alarm(seconds);
	for (;;)
		sched_yield();
}

static unsigned long *samples;
static const char *sample_file;
static long nsamples, seconds;
static int patient;

static void sample(const unsigned char *bytes, ssize_t count)
{
	static unsigned long window;
	static int filled;

	while (count--) {
		window = window << 8 | *bytes++;
		if (filled < 7)
			filled++;
		else if (!(window & 7) && nsamples < SAMPLES)
			samples[nsamples++] = window;
	}
}

static int keep_samples(const char *file)
{
	const size_t size = nsamples * sizeof(*samples);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return fd < 0 || write(fd, samples, size) != (ssize_t)size;
}

static int order(const void *a, const void *b)
{
	const unsigned long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int duplicates(char **names)
{
	long i, found = 0, space = 0;

	for (; *names; names++) {
		FILE *f = fopen(*names, "r");

		if (!f)
			return die(*names);
		do {
			if (nsamples == space) {
				space = space * 2 + SAMPLES;
				samples = realloc(samples, space * sizeof(*samples));
			}
			if (!samples)
				return die("memory");
			i = fread(samples + nsamples, sizeof(*samples), space - nsamples, f);
			nsamples += i;
		} while (i);
		fclose(f);
	}
	qsort(samples, nsamples, sizeof(*samples), order);
	for (i = 1; i < nsamples; i++)
		found += samples[i] == samples[i - 1];
	printf("samples=%ld twice=%ld\n", nsamples, found);
	return !!found;
}

static int reader(const char *from, int flags, size_t size, long count, const char *file)
{
	long reads = 0, bytes = 0, eagain = 0, start = now_ms(), last = start, longest = 0;
	unsigned char seen[256] = { 0 };
	unsigned char *buf = malloc(size);
	int i, distinct = 0, err = 0, out = -1;
	int fd = open(from, O_RDONLY | flags);

	if (!buf || fd < 0)
		return die(from);
	if (file) {
		out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (out < 0)
			return die(file);
	}
	while ((!count || reads < count) && (!seconds || now_ms() < start + seconds * 1000)) {
		ssize_t got = read(fd, buf, size);

		reads++;
		if (got < 0 && errno == EAGAIN && (flags & O_NONBLOCK)) {
			eagain++;
			continue;
		}
		if (got < 0 && errno == ETIMEDOUT && patient)
			continue;
		if (got <= 0) {
			err = got ? errno : -1;
			break;
		}
		for (i = 0; i < got; i++)
			seen[buf[i]] = 1;
		bytes += got;
		if (now_ms() - last > longest)
			longest = now_ms() - last;
		last = now_ms();
		if (samples)
			sample(buf, got);
		if (out >= 0 && write(out, buf, got) != got)
			return die(file);
	}
	for (i = 0; i < 256; i++)
		distinct += seen[i];
	if (sample_file && keep_samples(sample_file))
		return die(sample_file);
	/* One write: the lines of several readers must not mix. */
	printf("reads=%ld bytes=%ld eagain=%ld distinct=%d longest=%ld ms=%ld error=%s\n",
	       reads, bytes, eagain, distinct, longest, now_ms() - start,
	       err < 0 ? "end-of-file" : err ? name_of(err) : "none");
	fflush(stdout);
	return !!err;
}

int main(int argc, char **argv)
{
	int opt, flags = 0, readers = 1, bad = 0, status, i;
	const char *file = NULL, *from = "/dev/hwrng";
	uid_t uid = 0;

	if (argc == 4 && !strcmp(argv[1], "hog"))
		return hog(atoi(argv[2]), atoi(argv[3]));
	if (argc > 2 && !strcmp(argv[1], "twice"))
		return duplicates(argv + 2);
	while ((opt = getopt(argc, argv, "nwp:o:f:u:t:s:")) != -1) {
		if (opt == 'n')
			flags = O_NONBLOCK;
		else if (opt == 'w')
			patient = 1;
		else if (opt == 'p')
			readers = atoi(optarg);
		else if (opt == 'o')
			file = optarg;
		else if (opt == 'f')
			from = optarg;
		else if (opt == 'u')
			uid = atoi(optarg);
		else if (opt == 't')
			seconds = atol(optarg);
		else if (opt == 's')
			sample_file = optarg;
		else
			return 2;
	}
	if (argc != optind + 2 || atol(argv[optind]) < 1) {
		fprintf(stderr, "usage: hwread [OPTION...] SIZE COUNT\n");
		return 2;
	}
	if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
		return die("another user");
	if (sample_file) {
		samples = malloc(SAMPLES * sizeof(*samples));
		if (!samples)
			return die("memory");
	}
	for (i = 0; i < readers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return die("fork");
		if (!pid)
			exit(reader(from, flags, atol(argv[optind]), atol(argv[optind + 1]),
				    file));
	}
	while (wait(&status) > 0)
		bad |= !WIFEXITED(status) || WEXITSTATUS(status);
	return bad;
}
