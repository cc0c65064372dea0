// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - the only program of the machine of tests/core-test
 *
 * Reads /dev/hwrng from the sources of source.c, before and after events, and prints lines "NAME
 * VALUE": whether the core had kept the rest of the 64 bytes of a call, and what a reader got. At
 * the end it reads one byte, prints "snapshot", and waits for a VM fork, which only a copy of this
 * machine gets. Then it prints the next 64 bytes, as "copy HEX", and "end".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PIECE		64	/* what the core asks for */
#define CURRENT		"/sys/class/misc/hw_random/rng_current"
#define PARAMETER	"/sys/module/core_source/parameters/"

static int rng;

static void die(const char *what)
{
	printf("failed %s: %s\n", what, strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
}

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		die(path);
	close(fd);
}

static unsigned int number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1)
		die(path);
	close(fd);
	return atoi(text);
}

static unsigned int calls(void)
{
	return number(PARAMETER "calls");
}

static void take(unsigned char *bytes, int count)
{
	if (read(rng, bytes, count) != count)
		die("/dev/hwrng");
}

/* Makes a source current and empties the core: the next read() calls the source. */
static void choose(const char *name)
{
	unsigned char bytes[PIECE];
	unsigned int before;

	put(CURRENT, name);
	before = calls();
	do
		take(bytes, 1);
	while (calls() == before);
	take(bytes, PIECE - 1);
}

/* Reads a byte; whether the core had it. */
static int kept(void)
{
	const unsigned int before = calls();
	unsigned char byte;

	take(&byte, 1);
	return calls() == before;
}

/* Freezes all tasks for a moment. */
static void sleep_once(void)
{
	put("/sys/power/pm_test", "freezer");
	put("/sys/power/state", "freeze");
}

/* How many bytes are core-a's. */
static int from_a(const unsigned char *bytes, int count)
{
	int n = 0;

	while (count--)
		n += bytes[count] >> 6 == 1;
	return n;
}

static void events(void)
{
	unsigned char bytes[PIECE];
	unsigned int before;

	choose("core-a");
	kept();
	printf("kept_without_event %d\n", kept());

	choose("core-a");
	kept();
	put(PARAMETER "fork", "1");
	printf("kept_after_fork %d\n", kept());

	/* The first call of the source ends after the fork. */
	choose("core-a");
	put(PARAMETER "fork", "2");
	before = calls();
	take(bytes, 1);
	printf("calls_in_fork %u\n", calls() - before);
	printf("kept_in_fork %d\n", kept());

	choose("core-a");
	kept();
	sleep_once();
	printf("kept_after_sleep %d\n", kept());
	printf("kept_again_after_sleep %d\n", kept());

	choose("core-a");
	kept();
	put(CURRENT, "core-b");
	take(bytes, PIECE - 1);
	printf("from_a_after_b %d\n", from_a(bytes, PIECE - 1));

	choose("core-a");
	kept();
	put(CURRENT, "none");
	printf("read_none %zd\n", read(rng, bytes, 1));
	put(CURRENT, "core-b");
	take(bytes, PIECE - 1);
	printf("from_a_after_none %d\n", from_a(bytes, PIECE - 1));

	put(CURRENT, "core-any");
	take(bytes, PIECE);
	kept();
	printf("kept_any_size %d\n", kept());
}

static void copies(void)
{
	unsigned char bytes[PIECE];
	unsigned int forks;
	int i;

	choose("core-a");
	kept();
	forks = number(PARAMETER "forks");
	printf("snapshot\n");
	fflush(stdout);
	while (number(PARAMETER "forks") == forks)
		usleep(1000);
	take(bytes, PIECE);
	printf("copy ");
	for (i = 0; i < PIECE; i++)
		printf("%02x", bytes[i]);
	printf("\nend\n");
	fflush(stdout);
}

int main(void)
{
	mkdir("/proc", 0555);
	mkdir("/sys", 0555);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mknod("/dev/hwrng", S_IFCHR | 0600, makedev(10, 183));
	rng = open("/dev/hwrng", O_RDONLY);
	if (rng < 0)
		die("/dev/hwrng");
	events();
	copies();
	reboot(RB_POWER_OFF);
	return 1;
}
