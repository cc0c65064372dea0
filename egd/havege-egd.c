// SPDX-License-Identifier: GPL-2.0
/*
 * havege-egd - /dev/hwrng for those who speak the protocol of the Entropy Gathering Daemon:
 * QEMU's rng-egd, and older programs that were written for it.
 *
 *   havege-egd [-r RATE] [-c CLIENTS] [-s SYSFS] <SOURCE
 *
 * It is started by systemd when somebody connects (havege-egd.socket): the sockets that it
 * listens on are descriptors 3 and up (LISTEN_FDS), the source is its standard input. So it opens
 * nothing but two files of sysfs, and has no need of a privilege. It listens where it is told to,
 * but for one thing: a socket that is neither a unix one nor bound to a loopback address ends it.
 *
 * Served are bytes of havege_rng in mode=conditioned, and no others: before and after each read
 * from the source it looks who is the current source, and in which mode. While that is another
 * one, nothing is handed out. Nothing is read before it is asked for, and what was sent is wiped:
 * a copy of this machine finds nothing here that was ready.
 *
 * The protocol: a byte says what is wanted.
 *
 *   0		how many bits are ready: 32 bits, the highest byte first
 *   1 N	up to N bytes, at once: their number (a byte) and the bytes
 *   2 N	N bytes, as soon as they are there
 *   3 B B N ...	N bytes for the pool: read, and thrown away
 *   4		the server's process id: its length (a byte) and its digits
 *
 * All others end the connection.
 *
 * Who does harm: requests and connections cost, and are let in as RATE bytes a second allow, all
 * clients together (16 KiB; a request counts for 16 bytes at least, a connection for 64), by turns.
 * Half a request, or an answer that is not taken, is waited for 10 seconds. There are CLIENTS (128)
 * at most; one that comes when all places are taken gets that of the one that has been idle for
 * longest, those first who never asked for anything; or none, if all of them have asked within 5 s.
 * One that is idle stays otherwise: QEMU asks once in a while, and does not connect again.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RATE_DEFAULT	16384		/* bytes a second */
#define RATE_MAX	(16 * 1024 * 1024)
#define CLIENTS_DEFAULT	128
#define CLIENTS_MAX	4096
#define REQUEST_COST	16		/* bytes that a request counts for at least */
#define ACCEPT_COST	64		/* and a connection */
#define STALL_MS	10000		/* for half a request, or an answer nobody takes */
#define IDLE_MS		5000		/* to ask for nothing, and lose one's place */
#define EMPTY_MS	20		/* between two looks at a source that has nothing */
#define BROKEN_MS	1000		/* and at one that fails, or is not ours */
#define LISTENERS_MAX	8
#define LISTEN_FIRST	3		/* as systemd hands them over */
#define SOURCE		0
#define ANSWER_MAX	(1 + 255)
#define TEXT_MAX	64		/* of what a file of sysfs says */
#define USAGE		"usage: havege-egd [-r RATE] [-c CLIENTS] [-s SYSFS] <SOURCE"

struct client {
	int fd;				/* -1: a free place */
	long long since;			/* ms, when it last got on */
	bool asked;			/* it has sent a whole request before */
	unsigned char request[4];
	unsigned int has;		/* bytes of it that are here */
	unsigned int skip;		/* bytes to be thrown away */
	bool now;			/* it does not want to wait for bytes */
	unsigned int want;		/* bytes that are to come from the source */
	unsigned int size;		/* bytes of the answer that are here */
	unsigned int sent;
	unsigned char answer[ANSWER_MAX];
};

static struct client *clients;
static unsigned int places = CLIENTS_DEFAULT;
static unsigned int turn;		/* whose it is to be first */
static int listeners;
static long long rate = RATE_DEFAULT;
static long long credit;		/* bytes that may be asked for now, or a debt */
static const char *sysfs = "/sys";
static const char *complaint;		/* the last one about the source */
static long long source_at;		/* ms, when to look at it again */

/* Once, until something else is the matter; NULL: all is well again. */
static void complain(const char *text)
{
	if (complaint == text)
		return;
	warnx("%s", text ? text : "serving again");
	complaint = text;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* --- the source --------------------------------------------------------------------------- */

/* The line that is in a file of sysfs; empty where there is none. */
static void line_of(const char *name, char line[TEXT_MAX])
{
	char path[PATH_MAX];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, line, TEXT_MAX - 1);
		close(fd);
	}
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* What keeps us from handing out what the source has; NULL: nothing. */
static const char *objection(void)
{
	char line[TEXT_MAX];

	line_of("class/misc/hw_random/rng_current", line);
	if (strcmp(line, "havege"))
		return "nothing is served: havege is not the current source (rng_current)";
	line_of("module/havege_rng/parameters/mode", line);
	if (strcmp(line, "conditioned"))
		return "nothing is served: havege_rng is not in mode=conditioned";
	return NULL;
}

static unsigned int bits_ready(void)
{
	char line[TEXT_MAX];
	unsigned long bits;

	if (objection())
		return 0;
	line_of("devices/havege_rng/fill_level", line);
	bits = strtoul(line, NULL, 10);
	return bits < UINT_MAX ? bits : UINT_MAX;
}

/* Up to size bytes into buf: how many. None: not before source_at. */
static unsigned int take(unsigned char *buf, unsigned int size, long long now)
{
	const char *why = objection();
	ssize_t n = 0;

	if (now < source_at)
		return 0;
	if (!why) {
		n = read(SOURCE, buf, size);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			why = errno == ENODEV ? "/dev/hwrng: no source" :
			      errno == EIO ? "/dev/hwrng: the source has failed" :
			      errno == ETIMEDOUT ? "/dev/hwrng: nothing came in time" :
			      "/dev/hwrng cannot be read";
		/* Another one may have come in between. */
		if (n > 0)
			why = objection();
	}
	if (why) {
		explicit_bzero(buf, size);
		complain(why);
		source_at = now + BROKEN_MS;
		return 0;
	}
	if (n <= 0) {
		source_at = now + EMPTY_MS;
		return 0;
	}
	complain(NULL);
	return n;
}

/* --- clients ------------------------------------------------------------------------------ */

static void drop(struct client *c)
{
	close(c->fd);
	explicit_bzero(c, sizeof(*c));
	c->fd = -1;
}

/* Bytes of a request that begins like this; 0: there is no such. */
static unsigned int length_of(unsigned char command)
{
	static const unsigned char length[] = { 1, 2, 2, 4, 1 };

	return command < sizeof(length) ? length[command] : 0;
}

static bool sending(const struct client *c)
{
	return !c->want && c->sent < c->size;
}

static bool asking(const struct client *c)
{
	return !c->want && c->sent == c->size;
}

/* It has begun something and is expected to get on with it. */
static bool stalls(const struct client *c)
{
	return sending(c) || c->has || c->skip;
}

static void begin(struct client *c)
{
	unsigned int number = c->request[1];
	unsigned int bits;

	c->now = c->request[0] == 1;
	switch (c->request[0]) {
	case 0:
		number = 0;
		bits = htonl(bits_ready());
		memcpy(c->answer, &bits, sizeof(bits));
		c->size = sizeof(bits);
		break;
	case 1:
		/* In front of them comes their number. */
		c->answer[0] = 0;
		c->size = 1;
		c->want = number;
		break;
	case 2:
		c->want = number;
		break;
	case 3:
		c->skip = c->request[3];
		number = c->skip;
		break;
	case 4:
		c->size = 1 + sprintf((char *)c->answer + 1, "%d", (int)getpid());
		c->answer[0] = c->size - 1;
		number = 0;
		break;
	}
	credit -= number > REQUEST_COST ? number : REQUEST_COST;
	c->asked = true;
	c->has = 0;
}

/* Reads on in its request, and not one byte further; false: it is gone, or does wrong. */
static bool hear(struct client *c)
{
	unsigned char away[255];
	unsigned int length;
	ssize_t n;

	do {
		if (c->skip) {
			n = recv(c->fd, away, c->skip, 0);
			if (n > 0)
				c->skip -= n;
		} else {
			length = c->has ? length_of(c->request[0]) : 1;
			n = recv(c->fd, c->request + c->has, length - c->has, 0);
			if (n > 0)
				c->has += n;
		}
		if (!n)
			return false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (c->has && !length_of(c->request[0]))
			return false;
	} while (!c->has || c->has < length_of(c->request[0]));
	begin(c);
	return true;
}

static void fill(struct client *c, long long now)
{
	unsigned int n = take(c->answer + c->size, c->want, now);

	c->size += n;
	c->want -= n;
	if (c->now) {
		c->answer[0] = n;
		c->want = 0;
		c->now = false;
	}
}

static bool answer(struct client *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->size - c->sent, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	explicit_bzero(c->answer + c->sent, n);
	c->sent += n;
	if (c->sent == c->size) {
		c->sent = 0;
		c->size = 0;
	}
	return true;
}

/* One step of each of its states, at most one request; false: it is to go. */
static bool serve(struct client *c, short events, long long now)
{
	if (events & (POLLERR | POLLNVAL))
		return false;
	/* Both ends are closed: there is nobody to answer. */
	if (events & POLLHUP)
		return false;
	if (asking(c) && credit > 0 && (events & POLLIN)) {
		c->since = now;
		if (!hear(c))
			return false;
	}
	if (c->want)
		fill(c, now);
	if (c->want) {
		c->since = now;
		return true;
	}
	if (sending(c)) {
		unsigned int before = c->sent;

		if (!answer(c))
			return false;
		if (c->sent != before)
			c->since = now;
	}
	return !stalls(c) || now - c->since < STALL_MS;
}

/* A place for one who comes: a free one, or that of somebody who does not use it. */
static struct client *place(long long now)
{
	struct client *worst = NULL;
	unsigned int i;

	for (i = 0; i < places; i++) {
		struct client *c = &clients[i];

		if (c->fd < 0)
			return c;
		if (!asking(c) || now - c->since < IDLE_MS)
			continue;
		if (!worst || c->asked < worst->asked ||
		    (c->asked == worst->asked && c->since < worst->since))
			worst = c;
	}
	if (worst)
		drop(worst);
	return worst;
}

static void welcome(int listener, long long now)
{
	struct client *c;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	credit -= ACCEPT_COST;
	if (fd < 0)
		return;
	c = place(now);
	if (!c) {
		close(fd);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->since = now;
}

/* --- all of it ---------------------------------------------------------------------------- */

static void earn(long long now)
{
	static long long last;
	/* A quarter of a second's worth is saved. */
	long long most = rate / 4;
	long long earned;

	if (!last) {
		last = now;
		credit = most;
		return;
	}
	/* What is less than a byte is earned another time. */
	earned = (now - last) * rate / 1000;
	if (!earned)
		return;
	last = now;
	credit = credit + earned < most ? credit + earned : most;
}

static void sooner(int *timeout, long long ms)
{
	if (ms < 0)
		ms = 0;
	if (*timeout < 0 || ms < *timeout)
		*timeout = ms;
}

/* What to wait for, and for how long. */
static int prepare(struct pollfd *fds, long long now)
{
	int timeout = -1;
	unsigned int i;
	int l;

	for (l = 0; l < listeners; l++) {
		fds[l].fd = LISTEN_FIRST + l;
		fds[l].events = credit > 0 ? POLLIN : 0;
	}
	if (credit <= 0)
		sooner(&timeout, -credit * 1000 / rate + 1);
	for (i = 0; i < places; i++) {
		struct client *c = &clients[i];

		fds[listeners + i].fd = c->fd;
		fds[listeners + i].events = 0;
		fds[listeners + i].revents = 0;
		if (c->fd < 0)
			continue;
		if (asking(c) && credit > 0)
			fds[listeners + i].events = POLLIN;
		if (sending(c))
			fds[listeners + i].events = POLLOUT;
		if (c->want)
			sooner(&timeout, source_at - now);
		else if (stalls(c))
			sooner(&timeout, c->since + STALL_MS - now);
	}
	return timeout;
}

static void run(void)
{
	struct pollfd *fds = calloc(listeners + places, sizeof(*fds));
	long long now = now_ms();

	if (!fds)
		errx(1, "no memory");
	earn(now);
	for (;;) {
		unsigned int i, first = turn;
		bool open;
		int l;

		if (poll(fds, listeners + places, prepare(fds, now)) < 0 && errno != EINTR)
			err(1, "poll");
		now = now_ms();
		earn(now);
		/* One who comes has a turn, too, whatever the others have asked for. */
		open = credit > 0;
		for (i = 0; i < places; i++) {
			unsigned int k = (first + i) % places;
			struct client *c = &clients[k];

			if (c->fd < 0)
				continue;
			/* Whoever could not be heard for want of credit is the next to be. */
			if (credit > 0)
				turn = (k + 1) % places;
			if (!serve(c, fds[listeners + k].revents, now))
				drop(c);
		}
		for (l = 0; l < listeners; l++) {
			if (open && (fds[l].revents & POLLIN))
				welcome(LISTEN_FIRST + l, now);
		}
	}
}

/* Within this machine, or not at all. */
static bool is_local(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	const struct sockaddr_in6 *v6 = (void *)&address;
	const struct sockaddr_in *v4 = (void *)&address;
	int listens = 0;
	socklen_t length = sizeof(listens);

	memset(&address, 0, sizeof(address));
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) || !listens ||
	    getsockname(fd, (void *)&address, &size))
		errx(1, "descriptor %d is no socket that listens", fd);
	switch (address.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	default:
		return false;
	}
}

static void find_listeners(void)
{
	const char *pid = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
	int fd, flags;

	if (!pid || !number || atol(pid) != getpid())
		errx(1, "to be started by systemd, with its sockets (havege-egd.socket)");
	listeners = atoi(number);
	if (listeners < 1 || listeners > LISTENERS_MAX)
		errx(1, "%s sockets; there can be 1 to %d", number, LISTENERS_MAX);
	for (fd = LISTEN_FIRST; fd < LISTEN_FIRST + listeners; fd++) {
		if (!is_local(fd))
			errx(1, "descriptor %d: no unix socket, nor on a loopback address", fd);
		flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
			err(1, "descriptor %d", fd);
	}
}

static long to_number(const char *text, long least, long most)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < least || n > most)
		errx(1, "'%s' is not a number from %ld to %ld", text, least, most);
	return n;
}

int main(int argc, char **argv)
{
	unsigned int i;
	int option, flags;

	while ((option = getopt(argc, argv, "r:c:s:")) != -1) {
		switch (option) {
		case 'r':
			rate = to_number(optarg, 1024, RATE_MAX);
			break;
		case 'c':
			places = to_number(optarg, 1, CLIENTS_MAX);
			break;
		case 's':
			sysfs = optarg;
			break;
		default:
			errx(1, USAGE);
		}
	}
	if (optind != argc)
		errx(1, USAGE);
	/* All of them have their turn well before half a request is too old. */
	if (rate < 64LL * places)
		errx(1, "%lld bytes a second are too few for %u clients", rate, places);
	find_listeners();
	flags = fcntl(SOURCE, F_GETFL);
	if (flags < 0 || fcntl(SOURCE, F_SETFL, flags | O_NONBLOCK))
		err(1, "standard input");
	clients = calloc(places, sizeof(*clients));
	if (!clients)
		errx(1, "no memory");
	for (i = 0; i < places; i++)
		clients[i].fd = -1;
	complain(objection());
	run();
}
