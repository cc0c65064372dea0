// SPDX-License-Identifier: GPL-2.0
/*
 * havege-egd - serves /dev/hwrng by the protocol of the Entropy Gathering
 * Daemon, to QEMU's rng-egd and to older programs
 *
 *   havege-egd [-r RATE] [-c CLIENTS] [-s SYSFS] <SOURCE
 *
 * systemd starts it on the first connection (havege-egd.socket). The listening
 * sockets are descriptors 3 and up (LISTEN_FDS), the source is standard input.
 * So the daemon opens only two files of sysfs, and needs no privilege. It exits
 * if a socket is neither a unix socket nor bound to a loopback address.
 *
 * It serves only bytes of havege_rng in mode=conditioned: before and after each
 * read from the source it checks the current source and the mode. Otherwise it
 * serves nothing. It reads nothing in advance and wipes all sent bytes: a copy
 * of this machine finds no ready bytes here.
 *
 * The protocol: the first byte of a request is the command.
 *
 *   0		number of ready bits: 32 bits, the highest byte first
 *   1 N	up to N bytes, at once: their number (a byte) and the bytes
 *   2 N	N bytes, as soon as they are ready
 *   3 B B N ...	N bytes for the pool: read and dropped
 *   4		the server's process ID: its length (a byte) and its digits
 *
 * Any other command ends the connection.
 *
 * Limits against misuse:
 * - All clients together may use RATE bytes a second (16 KiB), in turn. A
 *   request counts as 16 bytes at least, a connection as 64.
 * - A client that sends half a request, or does not take its answer, is dropped
 *   after 10 seconds.
 * - At most CLIENTS clients (128) are connected. A new one beyond that replaces
 *   the client that has been idle for longest, clients without a request first.
 *   It is rejected if all clients have made a request within 5 s. An idle
 *   client stays otherwise: QEMU makes few requests, and does not reconnect.
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
#define REQUEST_COST	16		/* least cost of a request, bytes */
#define ACCEPT_COST	64		/* cost of a connection, bytes */
#define STALL_MS	10000		/* limit for half a request and for an untaken answer */
#define IDLE_MS		5000		/* a client idle for this long may be replaced */
#define EMPTY_MS	20		/* between two reads of an empty source */
#define BROKEN_MS	1000		/* between two checks of an unusable source */
#define LISTENERS_MAX	8
#define LISTEN_FIRST	3		/* first listening socket, by systemd */
#define SOURCE		0
#define ANSWER_MAX	(1 + 255)
#define TEXT_MAX	64		/* longest line of a sysfs file, bytes */
#define USAGE		"usage: havege-egd [-r RATE] [-c CLIENTS] [-s SYSFS] <SOURCE"

struct client {
	int fd;				/* -1: free place */
	long long since;			/* ms, time of its last progress */
	bool asked;			/* it has sent a whole request before */
	unsigned char request[4];
	unsigned int has;		/* bytes of the request received */
	unsigned int skip;		/* bytes to drop */
	bool now;			/* answer at once, with fewer bytes if need be */
	unsigned int want;		/* bytes missing from the source */
	unsigned int size;		/* bytes of the answer so far */
	unsigned int sent;
	unsigned char answer[ANSWER_MAX];
};

static struct client *clients;
static unsigned int places = CLIENTS_DEFAULT;
static unsigned int turn;		/* the client to serve first */
static int listeners;
static long long rate = RATE_DEFAULT;
static long long credit;		/* bytes that may be requested now; negative: a debt */
static const char *sysfs = "/sys";
static const char *complaint;		/* the last log line about the source */
static long long source_at;		/* ms, time of the next check of the source */

/* Log a line once, until it changes. NULL: the source is usable again. */
static void egd_complain(const char *text)
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

/* Read the line of a sysfs file. Empty if there is none. */
static void egd_line_of(const char *name, char line[TEXT_MAX])
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

/* Why the source may not be served; NULL: it may. */
static const char *objection(void)
{
	char line[TEXT_MAX];

	egd_line_of("class/misc/hw_random/rng_current", line);
	if (strcmp(line, "havege"))
		return "nothing is served: havege is not the current source (rng_current)";
	egd_line_of("module/havege_rng/parameters/mode", line);
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
	egd_line_of("devices/havege_rng/fill_level", line);
	bits = strtoul(line, NULL, 10);
	return bits < UINT_MAX ? bits : UINT_MAX;
}

/* Read up to size bytes into buf. Return: bytes read; 0: retry at source_at. */
static unsigned int egd_take(unsigned char *buf, unsigned int size, long long now)
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
		/* The source may have changed since the first check. */
		if (n > 0)
			why = objection();
	}
	if (why) {
		explicit_bzero(buf, size);
		egd_complain(why);
		source_at = now + BROKEN_MS;
		return 0;
	}
	if (n <= 0) {
		source_at = now + EMPTY_MS;
		return 0;
	}
	egd_complain(NULL);
	return n;
}

/* --- clients ------------------------------------------------------------------------------ */

static void drop(struct client *c)
{
	close(c->fd);
	explicit_bzero(c, sizeof(*c));
	c->fd = -1;
}

/* Length of a request that begins with this byte; 0: unknown command. */
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

/* Whether the client has to make progress. */
static bool stalls(const struct client *c)
{
	return sending(c) || c->has || c->skip;
}

static void egd_begin(struct client *c)
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
		/* The answer begins with the number of bytes. */
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

/* Read the rest of a request, and no byte more. Return: false to disconnect. */
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
	egd_begin(c);
	return true;
}

static void egd_fill(struct client *c, long long now)
{
	unsigned int n = egd_take(c->answer + c->size, c->want, now);

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

/* One step of each state, at most one request. Return: false to disconnect. */
static bool serve(struct client *c, short events, long long now)
{
	if (events & (POLLERR | POLLNVAL))
		return false;
	/* Both ends are closed: no answer can be sent. */
	if (events & POLLHUP)
		return false;
	if (asking(c) && credit > 0 && (events & POLLIN)) {
		c->since = now;
		if (!hear(c))
			return false;
	}
	if (c->want)
		egd_fill(c, now);
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

/* A place for a new client: a free one, or that of an idle client. */
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

/*
 * --- main loop
 * ----------------------------------------------------------------------------
 */

static void earn(long long now)
{
	static long long last;
	/* Save up to a quarter of a second. */
	long long most = rate / 4;
	long long earned;

	if (!last) {
		last = now;
		credit = most;
		return;
	}
	/* Keep the time of a fraction of a byte for the next call. */
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

/* Fill in the events. Return: the timeout, ms. */
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

static void egd_run(void)
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
		/*
		 * A new client gets its turn whatever the others have
		 * requested.
		 */
		open = credit > 0;
		for (i = 0; i < places; i++) {
			unsigned int k = (first + i) % places;
			struct client *c = &clients[k];

			if (c->fd < 0)
				continue;
			/*
			 * A client that waits for credit is the next to be
			 * served.
			 */
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

/* Whether a socket is reachable only from this machine. */
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
	/* All clients get their turn well before half a request times out. */
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
	egd_complain(objection());
	egd_run();
}
