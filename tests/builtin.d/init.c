// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - the only program of the machine of tests/builtin-test.
 *
 * It asks for 32 random bytes, and waits for them as every program does. Then
 * it writes a line to the kernel's log: the log's clock has the other events.
 * It prints lines "NAME VALUE": how long it waited in seconds, and what the
 * kernel's files have; then the kernel's log in lines "log LINE", and "end".
 * It reboots the machine.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define READ_ALL	3	/* see syslog(2) */
#define LOG_BYTES	1048576

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void log_line(const char *line)
{
	int fd;

	mknod("/dev/kmsg", S_IFCHR | 0600, makedev(1, 11));
	fd = open("/dev/kmsg", O_WRONLY);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		perror("/dev/kmsg");
	close(fd);
}

/* Prints the first line of a file; empty if there is no file. */
static void tell(const char *what, const char *path)
{
	char line[256] = "";
	FILE *f = fopen(path, "r");

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = 0;
		fclose(f);
	}
	line[strcspn(line, "\n")] = 0;
	printf("%s %s\n", what, line);
}

static void tell_log(void)
{
	char *log = malloc(LOG_BYTES);
	const int length = log ? klogctl(READ_ALL, log, LOG_BYTES - 1) : -1;
	char *line;

	if (length < 0)
		return;
	log[length] = 0;
	for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		printf("log %s\n", line);
	free(log);
}

int main(void)
{
	unsigned char bytes[32];
	const double begun = now();
	const long got = syscall(SYS_getrandom, bytes, sizeof(bytes), 0);
	const double waited = now() - begun;

	log_line("<6>init: has its bytes\n");
	printf("got %ld\nwaited %.6f\n", got, waited);

	mkdir("/proc", 0555);
	mkdir("/sys", 0555);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	printf("modules %s\n", access("/proc/modules", F_OK) ? "no" : "yes");
	tell("available", "/sys/class/misc/hw_random/rng_available");
	tell("current", "/sys/class/misc/hw_random/rng_current");
	tell("status", "/sys/devices/havege_rng/status");
	tell("fill_threshold",
	     "/sys/module/havege_rng/parameters/fill_threshold");
	tell("cpus", "/sys/module/havege_rng/parameters/cpus");
	tell_log();
	printf("end\n");
	fflush(stdout);
	/* Give the console time to print. */
	fsync(STDOUT_FILENO);
	sleep(1);
	reboot(RB_AUTOBOOT);
	return 1;
}
