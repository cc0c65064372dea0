// SPDX-License-Identifier: GPL-2.0
/*
 * hwtick - a periodic load in the guest, until a signal ends it.
 *
 *   hwtick MICROSECONDS	the period of a timer, whose handler works for a moment
 *
 * Linked statically: the guest has no C library.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static void tick(int signal)
{
	unsigned int i;

	(void)signal;
	for (i = 0; i < 200; i++)
		asm volatile("" : : "r" (i));
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = tick };
	struct itimerval every;

	if (argc != 2 || atoi(argv[1]) <= 0) {
		fprintf(stderr, "usage: hwtick MICROSECONDS\n");
		return 2;
	}
	every.it_interval.tv_sec = atoi(argv[1]) / 1000000;
	every.it_interval.tv_usec = atoi(argv[1]) % 1000000;
	every.it_value = every.it_interval;
	if (sigaction(SIGALRM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &every, NULL)) {
		perror("hwtick");
		return 1;
	}
	for (;;)
		pause();
}
