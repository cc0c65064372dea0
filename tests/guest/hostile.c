// SPDX-License-Identifier: GPL-2.0
/*
 * hostile - does random things to havege_rng as root, and forbidden ones as an ordinary user.
 *
 *   hostile SEED SECONDS
 *	As root. Workers act at random and at the same time: they write to the module's files,
 *	read its devices in odd ways, get killed in a read, load and unload the module, and take
 *	CPUs offline. The same SEED makes the same choices as far as possible. Prints the sums
 *	every 30 s and at the end. Fails if a worker does not end, or crashes. Leaves all CPUs
 *	online, and the module loaded or not.
 *   hostile -u UID FILE...
 *	As that user, without groups: opens each file and tries to change and remove it. Prints a
 *	line for each success: r, w, c or d, and the file.
 *
 * Linked statically: the guest has no C library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PARAMETERS	"/sys/module/havege_rng/parameters"
#define STATE		"/sys/devices/havege_rng"
#define RAW		"/sys/kernel/debug/havege_rng"
#define CURRENT		"/sys/class/misc/hw_random/rng_current"
/* Seconds that a worker has to notice the end; a read waits up to 5. */
#define GRACE		60
#define BUFFER		16384
#define CPUS_MAX	64

enum { WRITER, READER, VICTIM, LOADER, FLIPPER, KINDS };

static const struct {
	const char *name;
	int count;
} kinds[KINDS] = {
	{ "writers", 2 }, { "readers", 3 }, { "victims", 2 }, { "loaders", 1 }, { "flippers", 1 },
};

/* Calls, and those of them that succeeded. */
static struct {
	unsigned long tried, done;
} *sums;

static unsigned long state;
static time_t end;

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int die(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	return 2;
}

/* xorshift64* */
static unsigned int draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 2685821657736338717UL) >> 32;
}

static unsigned int below(unsigned int n)
{
	return draw() % n;
}

static void seed(unsigned long from)
{
	state = from * 0x9e3779b97f4a7c15UL + 1;
	draw();
}

static void nap(int most_ms)
{
	usleep(below(most_ms + 1) * 1000);
}

static int count(int kind, long ret)
{
	__atomic_add_fetch(&sums[kind].tried, 1, __ATOMIC_RELAXED);
	if (ret >= 0)
		__atomic_add_fetch(&sums[kind].done, 1, __ATOMIC_RELAXED);
	return ret >= 0;
}

/* Without a file to open: let the loader run. */
static int opened(int kind, int fd)
{
	if (!count(kind, fd))
		nap(20);
	return fd >= 0;
}

/* The files that the module has now. */

static char *files[128];
static unsigned int nfiles;

static int take_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (flag == FTW_F && nfiles < COUNT(files))
		files[nfiles++] = strdup(path);
	return 0;
}

static void find_files(void)
{
	while (nfiles)
		free(files[--nfiles]);
	nftw(PARAMETERS, take_file, 8, FTW_PHYS);
	nftw(STATE, take_file, 8, FTW_PHYS);
	if (nfiles < COUNT(files))
		files[nfiles++] = strdup(CURRENT);
}

/* Values */

static const char * const borders[] = {
	"0", "1", "-1", "2", "-2", "7", "8", "64", "511", "512", "513", "1024", "1025", "4096",
	"65536", "131071", "131072", "131073", "2147483647", "2147483648", "4294967295",
	"4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
	"18446744073709551616", "0x200", "010", "+1", "1e3", "1.5", "Y", "N",
};

static const char * const words[] = {
	"havege", "none", "conditioned", "stream", "auto", "on", "enabled", "add", "remove",
	"change", "offline", "online", "0-1", "0,1", "1-", "1-0", "0-4095", "(null)", "%s%s%n",
	"../../..", "\xff\xfe",
};

static size_t value(char *buf)
{
	static const char * const ends[] = { "\n", "", " ", "\n\n", "x", "\n1" };
	size_t len, i;

	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		len = below(64);
		break;
	case 2:
		len = 4094 + below(5);
		break;
	case 3:
		return sprintf(buf, "%s%s", words[below(COUNT(words))], ends[below(COUNT(ends))]);
	case 4:
		return sprintf(buf, "%d%s", (int)draw() >> below(31), ends[below(COUNT(ends))]);
	default:
		return sprintf(buf, "%s%s", borders[below(COUNT(borders))],
			       ends[below(COUNT(ends))]);
	}
	for (i = 0; i < len; i++)
		buf[i] = below(4) ? '0' + below(10) : draw();
	return len;
}

static void work_writer(void)
{
	static char buf[8192];
	size_t len, part;
	int fd;

	find_files();
	fd = open(files[below(nfiles)], (below(4) ? O_WRONLY : O_RDWR) | (below(4) ? 0 : O_TRUNC));
	if (!opened(WRITER, fd))
		return;
	len = value(buf);
	part = below(4) ? len : below(len + 1);
	count(WRITER, write(fd, buf, part));
	if (part < len)
		count(WRITER, write(fd, buf + part, len - part));
	if (!below(4))
		count(WRITER, pwrite(fd, buf, len, (int)draw() >> below(31)));
	if (!below(4))
		count(WRITER, pread(fd, buf, sizeof(buf), below(4096)));
	close(fd);
}

/* Readers */

static char *good;		/* BUFFER bytes; the next page is unmapped */
static char *constant;		/* a read-only page */

static void *address(size_t size)
{
	switch (below(8)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(-4096L - below(4096));
	case 2:
		return constant;
	case 3:
		return good + BUFFER - below(size + 1);
	default:
		return good;
	}
}

static size_t size(void)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 8, 15, 16, 31, 63, 64, 65, 512, 4095, 4096 };

	return below(8) ? sizes[below(COUNT(sizes))] : below(BUFFER + 1);
}

static void vectors(int fd, int kind)
{
	struct iovec v[4];
	unsigned int i, n = 1 + below(COUNT(v));

	for (i = 0; i < n; i++) {
		v[i].iov_len = size() % 4096;
		v[i].iov_base = address(v[i].iov_len);
	}
	count(kind, below(2) ? readv(fd, v, n) : preadv(fd, v, n, below(3) * 4096));
}

/* From one file into another, in the kernel. */
static void pass_on(int fd, int kind)
{
	int ends[2], null;

	if (below(2)) {
		null = open("/dev/null", O_WRONLY);
		count(kind, sendfile(null, fd, NULL, size()));
		close(null);
	} else if (!pipe2(ends, O_NONBLOCK)) {
		count(kind, splice(fd, NULL, ends[1], NULL, size(), SPLICE_F_NONBLOCK));
		close(ends[0]);
		close(ends[1]);
	}
}

static void watch(int fd, int kind)
{
	struct timeval t = { .tv_usec = below(50000) };
	struct pollfd p = { .fd = fd, .events = draw() };
	fd_set set;

	if (below(2)) {
		count(kind, poll(&p, 1, below(50)));
		return;
	}
	FD_ZERO(&set);
	FD_SET(fd, &set);
	count(kind, select(fd + 1, &set, below(2) ? &set : NULL, NULL, &t));
}

static void share(int fd, int kind)
{
	pid_t pid;
	int other;

	if (below(2)) {
		other = dup(fd);
		count(kind, read(other, good, size()));
		/* An open file of raw samples uses memory. */
		if (below(2))
			dup2(other, fd);
		close(other);
		return;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(read(fd, good, size()) < 0);
	}
	count(kind, read(fd, good, size()));
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void map(int fd, int kind)
{
	void *p = mmap(NULL, 4096, below(2) ? PROT_READ : PROT_READ | PROT_WRITE,
		       below(2) ? MAP_SHARED : MAP_PRIVATE, fd, below(2) * 4096);

	count(kind, p == MAP_FAILED ? -1 : 0);
	if (p != MAP_FAILED)
		munmap(p, 4096);
}

/* Requests in the range of /dev/random's, and random ones. */
static void request(int fd, int kind)
{
	count(kind, ioctl(fd, below(2) ? draw() : 0x5200 + below(16), address(64)));
}

static void one_read(int fd, int kind)
{
	size_t n = size();

	switch (below(14)) {
	case 0:
		count(kind, pread(fd, address(n), n, (off_t)draw() << below(33)));
		break;
	case 1:
		count(kind, lseek(fd, (off_t)(int)draw() << below(33), below(6)));
		break;
	case 2:
		watch(fd, kind);
		break;
	case 3:
		map(fd, kind);
		break;
	case 4:
		request(fd, kind);
		break;
	case 5:
		share(fd, kind);
		break;
	case 6:
		vectors(fd, kind);
		break;
	case 7:
		pass_on(fd, kind);
		break;
	case 8:
		count(kind, fcntl(fd, F_SETFL, below(2) ? O_NONBLOCK : O_ASYNC));
		break;
	case 9:
		count(kind, below(2) ? ftruncate(fd, below(100)) : fsync(fd));
		break;
	default:
		count(kind, read(fd, address(n), n));
	}
}

static void work_reader(int kind)
{
	static const char * const others[] = {
		RAW "/raw", RAW "/raw_restart", RAW "/raw_replay", RAW "/raw_overruns",
		STATE "/status", STATE "/geometry/table_kb", PARAMETERS "/cpu", CURRENT,
	};
	static const int flags[] = { 0, O_NONBLOCK, O_RDWR, O_DIRECT, O_APPEND, O_CLOEXEC };
	const char *path = below(2) ? "/dev/hwrng" : others[below(COUNT(others))];
	int fd = open(path, flags[below(COUNT(flags))]);
	unsigned int n = 1 + below(20);

	if (!opened(kind, fd))
		return;
	while (n-- && now() < end)
		one_read(fd, kind);
	close(fd);
}

/* A reader that gets a signal at any time. */
static void work_victim(void)
{
	static const int signals[] = {
		SIGKILL, SIGTERM, SIGINT, SIGUSR1, SIGSEGV, SIGHUP, SIGSTOP,
	};
	const int sig = signals[below(COUNT(signals))];
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		seed(draw());
		for (;;)
			work_reader(VICTIM);
	}
	if (pid < 0)
		return;
	/* The child continues the sequence of this process: skip one. */
	draw();
	nap(200);
	count(VICTIM, kill(pid, sig));
	if (sig == SIGSTOP) {
		nap(50);
		if (below(2))
			kill(pid, SIGCONT);
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

/* Loads and unloads */

static const char * const fine[] = {
	"buffer_size=4", "buffer_size=16", "buffer_size=1024", "cpu=0", "cpu=-1", "cpus=0-1",
	"cpus=0-1", "cpus=1", "mode=stream", "mode=conditioned", "quality=1", "quality=1023",
	"fill_threshold=512", "fill_threshold=32768", "contribute=0", "contribute=1",
	"dcache_kb=8", "dcache_kb=512", "icache_kb=8", "icache_kb=64",
};

static const char * const refused[] = {
	"buffer_size=5", "cpu=999", "cpus=0-999", "mode=x", "quality=0",
	"fill_threshold=9999999999", "dcache_kb=1", "nonsense=1", "cpu", "=",
};

static void work_loader(void)
{
	const int unload = !below(3);
	char *args[8] = { unload ? "rmmod" : "modprobe", "havege_rng" };
	unsigned int i, n = 2;
	int status;
	pid_t pid;

	for (i = below(4); !unload && i; i--)
		args[n++] = (char *)(below(8) ? fine[below(COUNT(fine))] :
				     refused[below(COUNT(refused))]);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execv(unload ? "/bin/rmmod" : "/bin/modprobe", args);
		_exit(127);
	}
	if (pid < 0)
		return;
	if (!below(5)) {
		nap(500);
		kill(pid, below(2) ? SIGKILL : SIGINT);
	}
	waitpid(pid, &status, 0);
	count(LOADER, status ? -1 : 0);
	nap(below(3) ? 300 : 2000);
}

static void plug(int cpu, char how)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return;
	count(FLIPPER, write(fd, &how, 1));
	close(fd);
}

static int cpus(void)
{
	const long n = sysconf(_SC_NPROCESSORS_CONF);

	return n < 1 ? 1 : n > CPUS_MAX ? CPUS_MAX : n;
}

static void work_flipper(void)
{
	plug(below(cpus()), '0' + below(2));
	nap(300);
}

static int worker(int kind)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (now() < end) {
		switch (kind) {
		case WRITER:
			work_writer();
			break;
		case READER:
			work_reader(READER);
			break;
		case VICTIM:
			work_victim();
			break;
		case LOADER:
			work_loader();
			break;
		case FLIPPER:
			work_flipper();
			break;
		}
	}
	return 0;
}

static void say(void)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		printf("%s%s %lu (%lu done)", kind ? ", " : "", kinds[kind].name,
		       sums[kind].tried, sums[kind].done);
	printf("\n");
	fflush(stdout);
}

static int root(unsigned long from, int seconds)
{
	int kind, i, status, running = 0, bad = 0;
	time_t next = now() + 30;

	sums = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	good = mmap(NULL, BUFFER + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sums == MAP_FAILED || good == MAP_FAILED || constant == MAP_FAILED ||
	    munmap(good + BUFFER, 4096))
		return die("memory");
	/* O_ASYNC and pipes send these. */
	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* A shell lets background processes ignore it. */
	signal(SIGINT, SIG_DFL);
	end = now() + seconds;
	for (kind = 0; kind < KINDS; kind++) {
		for (i = 0; i < kinds[kind].count; i++) {
			const pid_t pid = fork();

			if (pid < 0)
				return die("fork");
			if (!pid) {
				seed(from * 64 + kind * 8 + i);
				exit(worker(kind));
			}
			running++;
		}
	}
	while (running && now() < end + GRACE) {
		if (waitpid(-1, &status, WNOHANG) > 0) {
			running--;
			if (status) {
				printf("a worker ended with status %#x\n", status);
				bad = 1;
			}
			continue;
		}
		if (now() >= next) {
			next += 30;
			say();
		}
		usleep(50000);
	}
	for (i = 0; i < cpus(); i++)
		plug(i, '1');
	say();
	if (running)
		printf("%d workers do not end\n", running);
	return bad || running;
}

static int ordinary(uid_t uid, char **paths)
{
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
		return die("another user");
	for (; *paths; paths++) {
		if (open(*paths, O_RDONLY | O_NONBLOCK) >= 0)
			printf("r %s\n", *paths);
		if (open(*paths, O_WRONLY | O_NONBLOCK) >= 0 ||
		    open(*paths, O_RDWR | O_NONBLOCK) >= 0 || !truncate(*paths, 0))
			printf("w %s\n", *paths);
		if (!chmod(*paths, 0666) || !chown(*paths, uid, uid))
			printf("c %s\n", *paths);
		if (!unlink(*paths))
			printf("d %s\n", *paths);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "-u"))
		return ordinary(atoi(argv[2]), argv + 3);
	if (argc == 3)
		return root(strtoul(argv[1], NULL, 0), atoi(argv[2]));
	fprintf(stderr, "usage: hostile SEED SECONDS | hostile -u UID FILE...\n");
	return 2;
}
