// SPDX-License-Identifier: GPL-2.0
/*
 * hwmem ADDRESS - inverts 16 bytes of physical memory, through /dev/mem: what a hypervisor does to
 * the VM generation ID of a copy. ADDRESS may be above 4 GiB on a 32-bit kernel, where busybox's
 * devmem fails.
 *
 * It maps the memory cached, as the module does: on x86 a second mapping must be of the same kind.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const long page = sysconf(_SC_PAGESIZE);
	unsigned long long address;
	unsigned char *map;
	int fd, i;

	if (argc != 2) {
		fprintf(stderr, "usage: hwmem ADDRESS\n");
		return 2;
	}
	address = strtoull(argv[1], NULL, 0);
	fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("/dev/mem");
		return 1;
	}
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, address & -(off_t)page);
	if (map == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (i = 0; i < 16; i++)
		map[address % page + i] ^= 0xff;
	return 0;
}
