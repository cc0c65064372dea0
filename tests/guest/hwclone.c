// SPDX-License-Identifier: GPL-2.0
/*
 * hwclone - reads /dev/hwrng in a machine that the host copies, from the copy's first moment on.
 *
 *   hwclone [-r] [-o ODD] [-k PID] NAME BYTES
 *	Reads ODD bytes and prints "# snapshot NAME". Spins until this machine is a copy, or the
 *	host tells the original to go on. Then reads BYTES, in turn 16 and 64 at a time.
 *	-r: reads 16 bytes at a time instead of spinning; -k: kills that process before it reads.
 *	First of all it reads 32 bytes of the kernel's own pool, and prints "# pool NAME HEX".
 *	At the end it prints
 *	  # clone NAME number=N before=STATUS cut=C bytes=B late=L ms=T error=NAME
 *	and the bytes in lines "# bytes NAME HEX", in the order of the reads. The original has the
 *	number 0 and the exit code 0, a copy the exit code 1.
 *
 * A file of QEMU's fw_cfg has the machine's number, three digits, which the host sets for each
 * copy. A copy sees its number from its first instruction on, without an interrupt or a driver.
 * The original's number stays: for it the host writes to the scratch register of the second
 * serial port. Other machines than x86 have no such register: there the host ends the original.
 *
 * hwclone looks at the number after each read. The read during which it changed began in the
 * original. Its bytes may be in the original, too: C counts them, and they are left out. All other
 * reads began in the copy. A read that times out (ETIMEDOUT) counts in L and is tried again, for
 * two minutes.
 *
 * Linked statically: the guest has no C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FW_CFG_DIR	0x19

#ifdef __x86_64__
#define FW_CFG_SELECT	0x510
#define FW_CFG_DATA	0x511
#define SCRATCH		0x2ff

static int open_fw_cfg(void)
{
	return iopl(3);
}

static void fw_cfg_select(int key)
{
	outw(key, FW_CFG_SELECT);
}

static unsigned char fw_cfg_byte(void)
{
	return inb(FW_CFG_DATA);
}

static unsigned char message(void)
{
	return inb(SCRATCH);
}
#else
/* QEMU's machine "virt". */
#define FW_CFG_BASE	0x09020000
#define FW_CFG_SELECT	8

static unsigned char *fw_cfg;

static int open_fw_cfg(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, FW_CFG_BASE);

	fw_cfg = p;
	return p == MAP_FAILED ? -1 : 0;
}

static void fw_cfg_select(int key)
{
	unsigned int big = __builtin_bswap16(key);

	asm volatile("strh %w0, [%1]" : : "r" (big), "r" (fw_cfg + FW_CFG_SELECT) : "memory");
}

static unsigned char fw_cfg_byte(void)
{
	unsigned int value;

	asm volatile("ldrb %w0, [%1]" : "=r" (value) : "r" (fw_cfg) : "memory");
	return value;
}

static unsigned char message(void)
{
	return 0;
}
#endif

static int selector = -1;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static unsigned int big_endian(int bytes)
{
	unsigned int value = 0;

	while (bytes--)
		value = value << 8 | fw_cfg_byte();
	return value;
}

static void find_selector(void)
{
	unsigned int files, key, i;
	char name[56];

	fw_cfg_select(FW_CFG_DIR);
	for (files = big_endian(4); files; files--) {
		big_endian(4);
		key = big_endian(2);
		big_endian(2);
		for (i = 0; i < sizeof(name); i++)
			name[i] = fw_cfg_byte();
		if (!strncmp(name, "opt/havege/clone", sizeof(name)))
			selector = key;
	}
}

/* The machine's number, and in the low byte the host's message. */
static unsigned int machine(void)
{
	unsigned int number = 0;
	int i;

	fw_cfg_select(selector);
	for (i = 0; i < 3; i++)
		number = number * 10 + (fw_cfg_byte() & 15);
	return number << 8 | message();
}

static int die(const char *what)
{
	fprintf(stderr, "hwclone: %s: %s\n", what, strerror(errno));
	return 2;
}

int main(int argc, char **argv)
{
	int opt, fd, state, on = 0, odd = 0, late = 0, turn = 0, err = 0;
	char status[32] = "?";
	unsigned char some[64], pool[32], *all;
	unsigned int was, is;
	pid_t victim = 0;
	long bytes, got = 0, cut = 0, n, i, start;

	while ((opt = getopt(argc, argv, "ro:k:")) != -1) {
		if (opt == 'r')
			on = 1;
		else if (opt == 'o')
			odd = atoi(optarg);
		else if (opt == 'k')
			victim = atoi(optarg);
		else
			return 2;
	}
	if (argc != optind + 2 || odd < 0 || odd > 64) {
		fprintf(stderr, "usage: hwclone [-r] [-o ODD] [-k PID] NAME BYTES\n");
		return 2;
	}
	bytes = atol(argv[optind + 1]);
	all = malloc(bytes + sizeof(some));
	/* Touch all pages: a page fault would give the module time. */
	if (!all || bytes < 1)
		return die("memory");
	memset(all, 1, bytes + sizeof(some));
	if (open_fw_cfg())
		return die("fw_cfg");
	find_selector();
	if (selector < 0)
		return die("no opt/havege/clone in fw_cfg");
	fd = open("/dev/hwrng", O_RDONLY);
	state = open("/sys/devices/havege_rng/status", O_RDONLY);
	if (fd < 0 || state < 0)
		return die("open");
	if (odd && read(fd, some, odd) != odd)
		return die("reading before");
	was = machine();
	printf("# snapshot %s\n", argv[optind]);
	fflush(stdout);

	do {
		n = pread(state, status, sizeof(status) - 1, 0);
		if (n > 0)
			status[n - 1] = '\0';
		n = on ? read(fd, some, 16) : 0;
		is = machine();
	} while (is == was);
	if (getrandom(pool, sizeof(pool), 0) != sizeof(pool))
		return die("getrandom");
	if (n > 0)
		cut = n;
	if (victim > 0)
		kill(victim, SIGKILL);

	start = now_ms();
	while (got < bytes && now_ms() - start < 120000) {
		n = read(fd, all + got, turn++ % 2 ? 64 : 16);
		err = n < 0 ? errno : n ? 0 : -1;
		if (!err)
			got += n;
		else if (err == ETIMEDOUT)
			late++;
		else
			break;
	}
	printf("# clone %s number=%u before=%s cut=%ld bytes=%ld late=%d ms=%ld error=%s\n",
	       argv[optind], machine() >> 8, status, cut, got, late, now_ms() - start,
	       err ? err < 0 ? "end-of-file" : strerror(err) : "none");
	printf("# pool %s ", argv[optind]);
	for (i = 0; i < (long)sizeof(pool); i++)
		printf("%02x", pool[i]);
	printf("\n");
	for (i = 0; i < got; i++) {
		if (i % 32 == 0)
			printf("%s# bytes %s ", i ? "\n" : "", argv[optind]);
		printf("%02x", all[i]);
	}
	printf("\n");
	return machine() >> 8 ? 1 : 0;
}
