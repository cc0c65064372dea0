// SPDX-License-Identifier: GPL-2.0
/*
 * egdtalk - well-behaved and hostile clients of tools/egd/havege-egd.c, for its tests.
 *
 *   egdtalk WHERE get N [SECONDS]	writes N bytes to standard output; waits 10 s
 *   egdtalk WHERE now N			writes up to N bytes that are ready
 *   egdtalk WHERE level | pid		prints the server's answer
 *   egdtalk WHERE CASE			runs a case of `egdtalk cases`; prints what is wrong
 *   egdtalk WHERE hold COUNT SECONDS	COUNT clients that send nothing
 *   egdtalk WHERE crowd COUNT SECONDS	COUNT clients that ask without end, send rubbish,
 *					leave or do not read, and a well-behaved one. Prints
 *	  asked=A served=S longest=MS bytes=B wrong=W
 *					A, S, MS and W are of the well-behaved one, which asks
 *					for 32 bytes each time; B are the bytes of all others
 *   egdtalk WHERE relay FILE COPY	connects FILE, a serial line, with the server; COPY gets
 *					the server's bytes, too
 *   egdtalk listen WHERE[,WHERE]... COMMAND...
 *					runs COMMAND with listening sockets, as systemd does
 *
 * WHERE is a path or a port of 127.0.0.1; with listen also ADDRESS:PORT. Linked statically.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS	10000
#define CROWD_MAX	1024

static const char *where;

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static socklen_t address_of(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_un *path = (void *)address;
	struct sockaddr_in *port = (void *)address;
	const char *colon = strchr(text, ':');
	char host[64];

	memset(address, 0, sizeof(*address));
	if (strchr(text, '/')) {
		path->sun_family = AF_UNIX;
		if (strlen(text) >= sizeof(path->sun_path))
			errx(2, "%s: too long", text);
		memcpy(path->sun_path, text, strlen(text));
		return sizeof(*path);
	}
	snprintf(host, sizeof(host), "127.0.0.1");
	if (colon)
		snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	port->sin_family = AF_INET;
	port->sin_port = htons(atoi(colon ? colon + 1 : text));
	if (!inet_pton(AF_INET, host, &port->sin_addr))
		errx(2, "%s: no address", host);
	return sizeof(*port);
}

/* -1: no server, or none that accepts in time. */
static int try_connect(int flags)
{
	struct sockaddr_storage address;
	socklen_t size = address_of(where, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | flags, 0);
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };

	if (fd < 0)
		err(2, "socket");
	/* Bounds connect() to a server that does not accept. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (void *)&address, size) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connected(void)
{
	int fd = try_connect(0);

	if (fd < 0)
		err(2, "%s", where);
	return fd;
}

static void tell(int fd, const void *what, size_t size)
{
	if (send(fd, what, size, MSG_NOSIGNAL) != (ssize_t)size)
		warn("send");
}

/* Returns the number of bytes that came within ms; ends when the server closes. */
static int hear(int fd, void *to, int size, int ms)
{
	long long end = now_ms() + ms;
	int got = 0;

	while (got < size) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long long left = end - now_ms();
		int n;

		if (left <= 0 || poll(&p, 1, left) <= 0)
			break;
		n = recv(fd, (char *)to + got, size - got, 0);
		if (n <= 0)
			break;
		got += n;
	}
	return got;
}

/* The server closes within ms and sends nothing before. */
static bool closes(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static bool stays(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return !poll(&p, 1, ms);
}

static bool different(const unsigned char *bytes, int size)
{
	int i;

	for (i = 1; i < size; i++)
		if (bytes[i] != bytes[0])
			return true;
	return false;
}

/* --- cases: each returns what is wrong, or NULL ------------------------------------------- */

static const char *case_all(void)
{
	unsigned char bytes[255];
	int fd = connected();

	/* Five requests in one piece: only their answers come, in order. */
	tell(fd, "\2\7\3\0\10\4abcd\1\5\4\0", 14);
	if (hear(fd, bytes, 7, PATIENCE_MS) != 7 || !different(bytes, 7))
		return "2 7 has no answer of 7 bytes";
	if (hear(fd, bytes, 1, PATIENCE_MS) != 1 || bytes[0] > 5 ||
	    hear(fd, bytes + 1, bytes[0], PATIENCE_MS) != bytes[0])
		return "1 5 has no answer of 5 bytes or less";
	if (hear(fd, bytes, 1, PATIENCE_MS) != 1 || !bytes[0] || bytes[0] > 10 ||
	    hear(fd, bytes + 1, bytes[0], PATIENCE_MS) != bytes[0] ||
	    strspn((char *)bytes + 1, "0123456789") < bytes[0])
		return "4 has no number for an answer";
	if (hear(fd, bytes, 4, PATIENCE_MS) != 4)
		return "0 has no answer of 4 bytes";
	return stays(fd, 200) ? NULL : "the server sends more";
}

static const char *case_zero(void)
{
	unsigned char bytes[4];
	int fd = connected();

	tell(fd, "\2\0\1\0\2\3", 6);
	if (hear(fd, bytes, 4, PATIENCE_MS) != 4 || bytes[0])
		return "2 0, 1 0, 2 3 are not answered with a 0 and 3 bytes";
	return stays(fd, 200) ? NULL : "the server sends more";
}

static const char *case_slow(void)
{
	unsigned char bytes[16];
	int fd = connected();

	tell(fd, "\2", 1);
	usleep(1500000);
	tell(fd, "\20", 1);
	return hear(fd, bytes, 16, PATIENCE_MS) == 16 ? NULL : "a slow request is not answered";
}

static const char *case_shut(void)
{
	unsigned char bytes[16];
	int fd = connected();

	tell(fd, "\2\20", 2);
	shutdown(fd, SHUT_WR);
	if (hear(fd, bytes, 16, PATIENCE_MS) != 16)
		return "a client that closes its sending end is not answered";
	return closes(fd, PATIENCE_MS) ? NULL : "the connection is not closed";
}

static const char *case_unknown(void)
{
	int command;

	for (command = 5; command < 256; command++) {
		unsigned char byte = command;
		int fd = connected();

		tell(fd, &byte, 1);
		if (!closes(fd, PATIENCE_MS))
			return "an unknown command does not end the connection";
		close(fd);
	}
	return NULL;
}

/* The request of a web browser, and noise. */
static const char *case_rubbish(void)
{
	static const char web[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	unsigned int seed = 1;
	int i, k;

	for (i = 0; i < 200; i++) {
		unsigned char noise[512];
		int fd = connected();

		for (k = 0; k < (int)sizeof(noise); k++)
			noise[k] = rand_r(&seed) >> 8;
		/* The server may close before all is sent. */
		if (!i)
			memcpy(noise, web, sizeof(web));
		send(fd, noise, i ? sizeof(noise) : sizeof(web), MSG_NOSIGNAL);
		close(fd);
	}
	return case_all();
}

static const char *case_gone(void)
{
	int i;

	for (i = 0; i < 200; i++) {
		int fd = connected();

		tell(fd, "\2\377\2\377", 4);
		close(fd);
	}
	return case_all();
}

/* The server waits for the rest of a request, but not for ever. */
static const char *ends_late(int fd)
{
	long long t = now_ms();

	if (!closes(fd, 30000))
		return "it is not closed within 30 s";
	fprintf(stderr, "closed after %lld ms\n", now_ms() - t);
	return now_ms() - t < 5000 ? "it is closed too early" : NULL;
}

static const char *case_half(void)
{
	int fd = connected();

	tell(fd, "\2", 1);
	return ends_late(fd);
}

static const char *case_halfput(void)
{
	int fd = connected();

	tell(fd, "\3\0\1\377 not 255 bytes", 17);
	return ends_late(fd);
}

static const char *case_deaf(void)
{
	long long end = now_ms() + 90000;
	char requests[512];
	int fd = connected(), i;

	for (i = 0; i < (int)sizeof(requests); i += 2) {
		requests[i] = 2;
		requests[i + 1] = '\377';
	}
	/* Until all buffers are full; then until the server closes. */
	while (now_ms() < end) {
		if (send(fd, requests, sizeof(requests), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			continue;
		if (errno != EAGAIN)
			return NULL;
		usleep(20000);
	}
	return "a client that reads no answer is not closed within 90 s";
}

/* The server keeps idle clients while it has connections left. */
static const char *case_idle(void)
{
	unsigned char bytes[16];
	int fd = connected();

	tell(fd, "\2\1", 2);
	if (hear(fd, bytes, 1, PATIENCE_MS) != 1)
		return "it is not answered";
	if (!stays(fd, 15000))
		return "an idle client is closed";
	tell(fd, "\2\20", 2);
	return hear(fd, bytes, 16, PATIENCE_MS) == 16 ? NULL : "then it is not answered";
}

static const struct {
	const char *name;
	const char *(*run)(void);
	const char *text;
} cases[] = {
	{ "all", case_all, "all commands in one piece are answered in order" },
	{ "zero", case_zero, "requests for 0 bytes are answered" },
	{ "slow", case_slow, "a request that comes in two pieces is answered" },
	{ "shut", case_shut, "a client that closes its sending end is answered, then closed" },
	{ "unknown", case_unknown, "an unknown command ends the connection" },
	{ "rubbish", case_rubbish, "200 clients send rubbish: others are answered" },
	{ "gone", case_gone, "200 clients ask and leave: others are answered" },
	{ "half", case_half, "half a request ends the connection after 10 s" },
	{ "halfput", case_halfput, "half of a put request ends the connection, too" },
	{ "deaf", case_deaf, "a client that reads no answers is closed" },
	{ "idle", case_idle, "an idle client stays and is answered when it asks" },
};

#define CASES	(sizeof(cases) / sizeof(*cases))

/* --- many --------------------------------------------------------------------------------- */

static int hold(int count, int seconds)
{
	int fds[CROWD_MAX], i;

	for (i = 0; i < count && i < CROWD_MAX; i++)
		fds[i] = try_connect(0);
	printf("held\n");
	fflush(stdout);
	sleep(seconds);
	for (i = 0; i < count && i < CROWD_MAX; i++)
		close(fds[i]);
	return 0;
}

/* Client i of a crowd. i % 5: 0 reads answers, 1 does not, 2 sends rubbish, 3 half, 4 leaves. */
static long long annoy(int i, int *fd, unsigned int *seed)
{
	char bytes[4096];
	long long got = 0;
	int k, n;

	if (*fd < 0) {
		*fd = try_connect(SOCK_NONBLOCK);
		if (*fd < 0)
			return 0;
	}
	for (k = 0; k < (int)sizeof(bytes); k++)
		bytes[k] = i % 5 == 2 ? rand_r(seed) >> 8 : k & 1 ? -1 : 2;
	n = send(*fd, bytes, i % 5 == 3 ? 1 : i % 5 == 2 ? 7 : sizeof(bytes), MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		close(*fd);
		*fd = -1;
		return 0;
	}
	if (i % 5 == 0) {
		while ((n = recv(*fd, bytes, sizeof(bytes), 0)) > 0)
			got += n;
	} else if (i % 5 == 4) {
		close(*fd);
		*fd = -1;
	}
	return got;
}

static int crowd(int count, int seconds)
{
	int fds[CROWD_MAX], good = -1, asked = 0, served = 0, wrong = 0, i;
	long long end = now_ms() + seconds * 1000LL, longest = 0, bytes = 0, begun = 0;
	unsigned char answer[32];
	unsigned int seed = 1;
	int has = 0;

	if (count > CROWD_MAX)
		errx(2, "%d are too many", count);
	for (i = 0; i < count; i++)
		fds[i] = -1;
	while (now_ms() < end) {
		for (i = 0; i < count; i++)
			bytes += annoy(i, &fds[i], &seed);
		if (good < 0) {
			/* Not connected, or closed by the server: try again. */
			good = try_connect(SOCK_NONBLOCK);
			begun = begun ? begun : now_ms();
			has = -1;
		}
		if (good >= 0 && has < 0 && send(good, "\2\40", 2, MSG_NOSIGNAL) == 2) {
			has = 0;
			asked++;
		}
		if (good >= 0 && has >= 0) {
			int n = recv(good, answer + has, sizeof(answer) - has, 0);

			if (!n || (n < 0 && errno != EAGAIN)) {
				wrong++;
				close(good);
				good = -1;
			}
			has += n > 0 ? n : 0;
			if (has == sizeof(answer)) {
				wrong += !different(answer, sizeof(answer));
				served++;
				if (now_ms() - begun > longest)
					longest = now_ms() - begun;
				begun = now_ms();
				has = -1;
			}
		}
		usleep(1000);
	}
	/* The request that has no answer yet. */
	if (begun && now_ms() - begun > longest)
		longest = now_ms() - begun;
	printf("asked=%d served=%d longest=%lld bytes=%lld wrong=%d\n", asked, served, longest,
	       bytes, wrong);
	return 0;
}

static int relay(const char *name, const char *copy)
{
	int ends[2] = { connected(), open(name, O_RDWR | O_NOCTTY) };
	int also = open(copy, O_WRONLY | O_CREAT | O_APPEND, 0600);
	char bytes[256];

	if (ends[1] < 0 || also < 0)
		err(2, "%s, %s", name, copy);
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = ends[0], .events = POLLIN },
			{ .fd = ends[1], .events = POLLIN },
		};
		int i;

		if (poll(p, 2, -1) < 0)
			err(2, "poll");
		for (i = 0; i < 2; i++) {
			ssize_t n = p[i].revents ? read(ends[i], bytes, sizeof(bytes)) : -1;

			if (!n || (p[i].revents && n < 0))
				return 0;
			if (n > 0 && (write(ends[!i], bytes, n) != n ||
				      (!i && write(also, bytes, n) != n)))
				err(2, "write");
		}
	}
}

static int listen_and_run(char *names, char **command)
{
	int fd = 3, one = 1;
	char number[16];
	char *name;

	/* COMMAND expects the sockets from descriptor 3 on. */
	for (fd = 3; fd < 256; fd++)
		close(fd);
	fd = 3;
	for (name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		struct sockaddr_storage address;
		socklen_t size = address_of(name, &address);

		if (socket(address.ss_family, SOCK_STREAM, 0) != fd)
			err(2, "socket");
		unlink(name);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, (void *)&address, size) || listen(fd, 128))
			err(2, "%s", name);
		fd++;
	}
	snprintf(number, sizeof(number), "%d", fd - 3);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	execvp(command[0], command);
	err(2, "%s", command[0]);
}

static int get(int count, int seconds)
{
	int fd = connected(), piece;

	for (; count; count -= piece) {
		unsigned char bytes[255], request[2] = { 2 };

		piece = count < 255 ? count : 255;
		request[1] = piece;
		tell(fd, request, 2);
		if (hear(fd, bytes, piece, seconds * 1000) != piece)
			errx(1, "not answered within %d s, or closed", seconds);
		if (write(1, bytes, piece) != piece)
			err(2, "write");
	}
	return 0;
}

static int now(int count)
{
	unsigned char bytes[256], request[2] = { 1, count };
	int fd = connected();

	tell(fd, request, 2);
	if (hear(fd, bytes, 1, PATIENCE_MS) != 1 ||
	    hear(fd, bytes + 1, bytes[0], PATIENCE_MS) != bytes[0])
		errx(1, "not answered");
	return write(1, bytes + 1, bytes[0]) != bytes[0];
}

int main(int argc, char **argv)
{
	unsigned char bytes[256] = "";
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "cases")) {
		for (i = 0; i < CASES; i++)
			printf("%s %s\n", cases[i].name, cases[i].text);
		return 0;
	}
	if (argc < 3)
		errx(2, "usage: egdtalk WHERE COMMAND [ARGUMENT...]; egdtalk.c lists them");
	if (argc > 3 && !strcmp(argv[1], "listen"))
		return listen_and_run(argv[2], argv + 3);
	where = argv[1];
	if (argc > 3 && !strcmp(argv[2], "get"))
		return get(atoi(argv[3]), argc > 4 ? atoi(argv[4]) : 10);
	if (argc > 3 && !strcmp(argv[2], "now"))
		return now(atoi(argv[3]));
	if (argc > 4 && !strcmp(argv[2], "relay"))
		return relay(argv[3], argv[4]);
	if (argc > 4 && !strcmp(argv[2], "hold"))
		return hold(atoi(argv[3]), atoi(argv[4]));
	if (argc > 4 && !strcmp(argv[2], "crowd"))
		return crowd(atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(argv[2], "level")) {
		int fd = connected();

		tell(fd, "\0", 1);
		if (hear(fd, bytes, 4, PATIENCE_MS) != 4)
			errx(1, "not answered");
		printf("%u\n", bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
		return 0;
	}
	if (!strcmp(argv[2], "pid")) {
		int fd = connected();

		tell(fd, "\4", 1);
		if (hear(fd, bytes, 1, PATIENCE_MS) != 1 ||
		    hear(fd, bytes + 1, bytes[0], PATIENCE_MS) != bytes[0])
			errx(1, "not answered");
		printf("%.*s\n", bytes[0], bytes + 1);
		return 0;
	}
	for (i = 0; i < CASES; i++) {
		const char *wrong;

		if (strcmp(argv[2], cases[i].name))
			continue;
		wrong = cases[i].run();
		if (wrong)
			errx(1, "%s", wrong);
		return 0;
	}
	errx(2, "no case '%s'", argv[2]);
}
