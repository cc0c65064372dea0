// SPDX-License-Identifier: GPL-2.0
/*
 * hwbench - reads random bytes in the guest for some seconds and counts them.
 *
 *   hwbench SECONDS FILE	reads of 64 bytes
 *   hwbench SECONDS rng:NAME	the kernel's own generator of that name, through AF_ALG
 *
 * Prints "BYTES NANOSECONDS". Linked statically: the guest has no C library.
 */
#include <fcntl.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int open_rng(const char *name)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG };
	int bound = socket(AF_ALG, SOCK_SEQPACKET, 0);

	snprintf((char *)address.salg_type, sizeof(address.salg_type), "rng");
	snprintf((char *)address.salg_name, sizeof(address.salg_name), "%s",
		 name);
	if (bound < 0 ||
	    bind(bound, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	return accept(bound, NULL, 0);
}

int main(int argc, char **argv)
{
	long long begun, took, bytes = 0;
	char out[64];
	ssize_t got;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: hwbench SECONDS FILE|rng:NAME\n");
		return 2;
	}
	fd = strncmp(argv[2], "rng:", 4) ? open(argv[2], O_RDONLY) :
		open_rng(argv[2] + 4);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	begun = now();
	do {
		got = read(fd, out, sizeof(out));
		if (got <= 0) {
			perror(argv[2]);
			return 1;
		}
		bytes += got;
		took = now() - begun;
	} while (took < atoll(argv[1]) * 1000000000ll);
	printf("%lld %lld\n", bytes, took);
	return 0;
}
