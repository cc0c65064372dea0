// SPDX-License-Identifier: GPL-2.0
/*
 * hwread - reads /dev/hwrng in the test guest in the ways busybox dd cannot.
 *
 *   hwread [-n] [-p READERS] [-o FILE] [-f FILE] [-u UID] SIZE COUNT
 *	COUNT times read(SIZE), 0 = until an error; -n: O_NONBLOCK, and EAGAIN is counted and
 *	not an error. One line per reader:
 *	  reads=R bytes=B eagain=E distinct=D ms=T error=NAME
 *	where D is how many byte values were seen and NAME is "none" when all went well.
 *	-o: the bytes, one reader only; -f: another file than /dev/hwrng; -u: as that user,
 *	with no groups.
 *   hwread hog CPU SECONDS
 *	keeps CPU busy under SCHED_FIFO, so that nothing of normal priority runs there. Ends
 *	by itself after SECONDS, so that a test that loses it does not hang the guest.
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

/* Those a read can end with; older C libraries cannot name them. */
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
	struct sched_param sp = { .sched_priority = 50 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return die("affinity");
	if (sched_setscheduler(0, SCHED_FIFO, &sp))
		return die("SCHED_FIFO");
	alarm(seconds);
	for (;;)
		;
}

static int reader(const char *from, int flags, size_t size, long count, const char *file)
{
	long reads = 0, bytes = 0, eagain = 0, start = now_ms();
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
	while (!count || reads < count) {
		ssize_t got = read(fd, buf, size);

		reads++;
		if (got < 0 && errno == EAGAIN && (flags & O_NONBLOCK)) {
			eagain++;
			continue;
		}
		if (got <= 0) {
			err = got ? errno : -1;
			break;
		}
		for (i = 0; i < got; i++)
			seen[buf[i]] = 1;
		bytes += got;
		if (out >= 0 && write(out, buf, got) != got)
			return die(file);
	}
	for (i = 0; i < 256; i++)
		distinct += seen[i];
	/* One write, so that the lines of several readers do not mix. */
	printf("reads=%ld bytes=%ld eagain=%ld distinct=%d ms=%ld error=%s\n",
	       reads, bytes, eagain, distinct, now_ms() - start,
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
	while ((opt = getopt(argc, argv, "np:o:f:u:")) != -1) {
		if (opt == 'n')
			flags = O_NONBLOCK;
		else if (opt == 'p')
			readers = atoi(optarg);
		else if (opt == 'o')
			file = optarg;
		else if (opt == 'f')
			from = optarg;
		else if (opt == 'u')
			uid = atoi(optarg);
		else
			return 2;
	}
	if (argc != optind + 2 || atol(argv[optind]) < 1) {
		fprintf(stderr, "usage: hwread [OPTION...] SIZE COUNT\n");
		return 2;
	}
	if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
		return die("another user");
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
