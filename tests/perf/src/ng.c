/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ng.h"
#include "bencode.h"
#include "util.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_MSG = 16384, TRIES = 6 };
#define RETRY_NS (500 * 1000000ull)

struct request {
	bool used;
	uint32_t serial;
	int tries;
	uint64_t first, last;
	ng_reply_fn *cb;
	void *arg;
	size_t len;
	char msg[MAX_MSG];
};

struct ng {
	int fd, max, busy;
	uint32_t serial, session;
	uint64_t retransmits, next_scan;
	struct request *req;
	int *free_slot;
};

struct ng *ng_open(const char *ip, int port, int max)
{
	struct ng *ng = xcalloc(1, sizeof *ng);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int size = 4 << 20;

	inet_pton(AF_INET, ip, &a.sin_addr);
	ng->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ng->fd < 0 || connect(ng->fd, (struct sockaddr *)&a, sizeof a))
		die("control socket: %s", strerror(errno));
	setsockopt(ng->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	ng->max = max;
	ng->session = (uint32_t)mono_ns() ^ (uint32_t)getpid();
	ng->req = xcalloc((size_t)max, sizeof *ng->req);
	ng->free_slot = xcalloc((size_t)max, sizeof(int));
	for (int i = 0; i < max; i++)
		ng->free_slot[i] = max - 1 - i;
	return ng;
}

void ng_close(struct ng *ng)
{
	close(ng->fd);
	free(ng->req);
	free(ng->free_slot);
	free(ng);
}

int ng_fd(const struct ng *ng)
{
	return ng->fd;
}

int ng_outstanding(const struct ng *ng)
{
	return ng->busy;
}
uint64_t ng_retransmits(const struct ng *ng)
{
	return ng->retransmits;
}

static void transmit(struct ng *ng, struct request *r)
{
	/* A refused or full socket is handled like a lost datagram: by a retransmission. */
	if (send(ng->fd, r->msg, r->len, 0) < 0 && errno != ECONNREFUSED && errno != EAGAIN)
		die("control send: %s", strerror(errno));
	r->last = mono_ns();
	r->tries++;
}

void ng_send(struct ng *ng, const char *msg, size_t len, ng_reply_fn *cb, void *arg)
{
	if (ng->busy == ng->max)
		die("too many outstanding requests");
	int slot = ng->free_slot[ng->max - 1 - ng->busy];
	struct request *r = &ng->req[slot];
	ng->busy++;
	r->used = true;
	r->serial = ng->serial++;
	r->tries = 0;
	r->cb = cb;
	r->arg = arg;
	int n = snprintf(r->msg, sizeof r->msg, "%08x-%x-%x ", ng->session, r->serial, slot);
	if ((size_t)n + len > sizeof r->msg)
		die("control message too long");
	memcpy(r->msg + n, msg, len);
	r->len = (size_t)n + len;
	r->first = mono_ns();
	transmit(ng, r);
}

static void finish(struct ng *ng, int slot, const char *reply, size_t len)
{
	struct request *r = &ng->req[slot];
	r->used = false;
	ng->busy--;
	ng->free_slot[ng->max - 1 - ng->busy] = slot;
	if (r->cb)
		r->cb(r->arg, reply, len, mono_ns() - r->first);
}

static void handle(struct ng *ng, char *p, size_t n)
{
	unsigned session, serial, slot;
	int used = 0;
	p[n] = 0;
	if (sscanf(p, "%x-%x-%x %n", &session, &serial, &slot, &used) != 3 || !used)
		return;
	if (session != ng->session || slot >= (unsigned)ng->max || !ng->req[slot].used ||
		ng->req[slot].serial != serial)
		return; /* answer to a retransmission */
	finish(ng, (int)slot, p + used, n - (size_t)used);
}

void ng_poll(struct ng *ng)
{
	static char buf[65536];
	ssize_t n;
	/* One at a time: a callback may send the next request. */
	for (int i = 0; i < 256 && (n = recv(ng->fd, buf, sizeof buf - 1, 0)) > 0; i++)
		handle(ng, buf, (size_t)n);

	uint64_t now = mono_ns();
	if (now < ng->next_scan)
		return;
	ng->next_scan = now + RETRY_NS / 10;
	for (int i = 0; i < ng->max; i++) {
		struct request *r = &ng->req[i];
		if (!r->used || now - r->last < RETRY_NS)
			continue;
		if (r->tries == TRIES) {
			finish(ng, i, NULL, 0);
			continue;
		}
		ng->retransmits++;
		transmit(ng, r);
	}
}

void ng_wait(struct ng *ng, int timeout_ms)
{
	struct pollfd p = { .fd = ng->fd, .events = POLLIN };
	poll(&p, 1, timeout_ms);
	ng_poll(ng);
}

struct copy {
	char *out;
	size_t cap, len;
	bool done;
};

static void copy_cb(void *arg, const char *reply, size_t len, uint64_t rtt)
{
	struct copy *c = arg;
	(void)rtt;
	c->done = true;
	c->len = reply && len < c->cap ? len : 0;
	memcpy(c->out, reply ? reply : "", c->len);
	c->out[c->len] = 0;
}

size_t ng_call(struct ng *ng, const char *msg, size_t len, char *out, size_t cap)
{
	struct copy c = { out, cap, 0, false };
	ng_send(ng, msg, len, copy_cb, &c);
	while (!c.done)
		ng_wait(ng, 50);
	return c.len;
}

bool ng_result_is(const char *reply, size_t len, const char *want)
{
	const char *v;
	size_t n;
	return reply && be_get(reply, len, "result", &v, &n) && n == strlen(want) &&
	       !memcmp(v, want, n);
}
