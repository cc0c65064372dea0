// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - the only program of the machines of tests/series-test
 *
 * Tries the driver of the kernel tree as a user would, as modules if
 * /havege_rng.ko is there. Prints TAP lines, the kernel's log as comments, and
 * "end". It reboots the machine.
 *
 * With the argument "copies" it loads the driver, reads one byte, prints
 * "snapshot", and waits for a line, which only a copy of this machine gets. Then
 * it prints the next 64 bytes, as "copy HEX".
 */
#include <dirent.h>
#include <errno.h>
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
#include <termios.h>
#include <unistd.h>

#define READ_ALL	3	/* see syslog(2) */
#define LOG_BYTES	1048576
#define TIMEOUTS	12	/* of a read, 5 s each */
#define LOADS		8	/* an emulated machine may show too little noise */
#define STATE	"/sys/devices/faux/havege_rng/"
#define PARAMS	"/sys/module/havege_rng/parameters/"

static char *log_text;

static void result(int ok, const char *text)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", text);
	fflush(stdout);
}

static const char *line_of(const char *path)
{
	static char line[256];
	FILE *f = fopen(path, "r");

	line[0] = 0;
	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = 0;
		fclose(f);
	}
	line[strcspn(line, "\n")] = 0;
	return line;
}

static int write_line(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY);
	const int rc = fd < 0 || write(fd, text, strlen(text)) < 0 ? errno : 0;

	close(fd);
	return rc;
}

static void read_log(void)
{
	const int length = klogctl(READ_ALL, log_text, LOG_BYTES - 1);

	log_text[length < 0 ? 0 : length] = 0;
}

static int load(const char *path)
{
	const int fd = open(path, O_RDONLY);
	const int rc = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;

	close(fd);
	return rc;
}

/* Reads all of them; -1 with an error. A slow machine may time out a few times. */
static int read_bytes(size_t count)
{
	const int fd = open("/hwrng", O_RDONLY);
	unsigned char bytes[64];
	unsigned int late = 0;
	size_t got = 0;

	while (got < count) {
		const ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n > 0)
			got += n;
		else if (!n || errno != ETIMEDOUT || ++late > TIMEOUTS)
			break;
	}
	close(fd);
	return got < count ? -1 : 0;
}

/* The names in a directory, sorted, with a space after each. */
static const char *names_in(const char *path)
{
	static char names[1024];
	struct dirent **entries;
	const int n = scandir(path, &entries, NULL, alphasort);
	int i;

	names[0] = 0;
	for (i = 0; i < n; i++)
		if (entries[i]->d_name[0] != '.') {
			strcat(names, entries[i]->d_name);
			strcat(names, " ");
		}
	return names;
}

static void try_driver(void)
{
	result(!strcmp(line_of("/sys/class/misc/hw_random/rng_current"),
		       "havege"), "havege is the current source");
	result(!read_bytes(1024), "1 KiB of /dev/hwrng");
	result(*line_of(STATE "status") && *line_of(STATE "geometry/source"),
	       "the state files are there");
	result(!strcmp(names_in(PARAMS), "contribute cpus fill_threshold mode "),
	       "four parameters");
	result(!write_line(PARAMS "fill_threshold", "20000") &&
	       !strcmp(line_of(PARAMS "fill_threshold"), "20000"),
	       "fill_threshold takes a good value");
	result(write_line(PARAMS "fill_threshold", "1") == ERANGE &&
	       !strcmp(line_of(PARAMS "fill_threshold"), "20000"),
	       "and keeps it when a bad one is written");
	result(!write_line(PARAMS "cpus", "0") && !read_bytes(64),
	       "it collects on CPU 0");
	result(!write_line(PARAMS "cpus", "0-1") && !read_bytes(64),
	       "and on two CPUs");
}

static int load_driver(void)
{
	int rc = ENODEV, tries;

	/* In some kernels that is a module, too. */
	load("/libsha256.ko");
	for (tries = 0; rc == ENODEV && tries < LOADS; tries++)
		rc = load("/havege_rng.ko");
	printf("# %d tries\n", tries);
	result(!rc, "the module loads");
	return !rc;
}

static void be_copied(void)
{
	struct termios line;
	unsigned char bytes[64];
	int fd, i;

	/* The line that a copy gets must not be echoed into its output. */
	tcgetattr(0, &line);
	line.c_lflag &= ~ECHO;
	tcsetattr(0, TCSANOW, &line);
	fd = open("/hwrng", O_RDONLY);
	if (read(fd, bytes, 1) != 1)
		return;
	printf("snapshot\n");
	fflush(stdout);
	if (read(0, bytes, 1) != 1 || read(fd, bytes, 64) != 64)
		return;
	printf("copy ");
	for (i = 0; i < 64; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static void try_modules(void)
{
	if (!load_driver())
		return;
	try_driver();
	result(!load("/havege_kunit.ko"), "the module of the tests loads");
	read_log();
	result(!!strstr(log_text, "ok 1 havege_math"),
	       "and runs the suite that the command line names");
	result(!syscall(SYS_delete_module, "havege_kunit", O_NONBLOCK) &&
	       !syscall(SYS_delete_module, "havege_rng", O_NONBLOCK) &&
	       access(STATE, F_OK), "both unload");
}

int main(int argc, char **argv)
{
	static const char * const bad[] = {
		"WARNING", "BUG", "Oops", "Call Trace", "cut here",
		"INFO: ", "UBSAN", "KASAN:", "possible recursive",
		"not ok ", NULL
	};
	unsigned int i, found = 0;
	char *line, *own;

	log_text = malloc(LOG_BYTES);
	mkdir("/proc", 0555);
	mkdir("/sys", 0555);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mknod("/hwrng", S_IFCHR | 0400, makedev(10, 183));
	if (argc > 1 && !strcmp(argv[1], "copies")) {
		if (load_driver())
			be_copied();
	} else if (access("/havege_rng.ko", F_OK)) {
		try_driver();
	} else {
		try_modules();
	}
	read_log();
	/* KCSAN reports this race of the kernel itself. */
	own = strstr(log_text, "BUG: KCSAN: data-race in lapic_cal_handler");
	if (own)
		memcpy(own, "bug", 3);
	for (i = 0; bad[i]; i++)
		found += !!strstr(log_text, bad[i]);
	result(!found, "the log has no warning");
	for (line = strtok(log_text, "\n"); line; line = strtok(NULL, "\n"))
		printf("# %s\n", line);
	printf("end\n");
	fflush(stdout);
	/* Give the console time to print. */
	sleep(1);
	reboot(RB_AUTOBOOT);
	return 1;
}
