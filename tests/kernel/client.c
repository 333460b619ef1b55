/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests put together byte by byte, so that tests can also damage them. */
#include "client.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { RECEIVE_BYTES = 4 * 1024 * 1024, ANSWER_BYTES = 128 * 1024, WAIT_S = 10 };

static void set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		perror("setsockopt");
}

static void each(const uint8_t *data, size_t len, client_fn *fn, void *arg)
{
	while (len >= NLA_HDRLEN) {
		const struct nlattr *a = (const struct nlattr *)data;
		size_t step = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > len)
			return;
		fn(arg, a->nla_type & NLA_TYPE_MASK, data + NLA_HDRLEN, a->nla_len - NLA_HDRLEN);
		if (step >= len)
			return;
		data += step;
		len -= step;
	}
}

static void take_family(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct client *c = arg;

	if (type == CTRL_ATTR_FAMILY_ID && len == sizeof(c->family))
		memcpy(&c->family, data, len);
}

struct client *client_open(void)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = WAIT_S };
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	set_option(c->fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	set_option(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BYTES);
	set_option(c->fd, SOL_SOCKET, SO_SNDBUFFORCE, RECEIVE_BYTES);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (bind(c->fd, (const struct sockaddr *)&local, sizeof(local)) < 0)
		perror("bind");
	c->family = GENL_ID_CTRL;
	client_begin(c, CTRL_CMD_GETFAMILY, 0);
	client_put(c, CTRL_ATTR_FAMILY_NAME, FORWARD_FAMILY, sizeof(FORWARD_FAMILY));
	if (!client_send(c, take_family, c))
		return c;
	client_close(c);
	return NULL;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	close(c->fd);
	free(c);
}

void client_begin(struct client *c, uint8_t command, uint16_t flags)
{
	struct nlmsghdr head = {
		.nlmsg_type = c->family,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
		.nlmsg_seq = ++c->seq,
	};
	struct genlmsghdr genl = { .cmd = command, .version = 1 };

	memcpy(c->request, &head, sizeof(head));
	memcpy(c->request + NLMSG_HDRLEN, &genl, sizeof(genl));
	c->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

void client_put(struct client *c, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	if (c->len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(c->request))
		abort();
	memcpy(c->request + c->len, &a, sizeof(a));
	memset(c->request + c->len + NLA_HDRLEN, 0, NLA_ALIGN(len));
	if (len)
		memcpy(c->request + c->len + NLA_HDRLEN, data, len);
	c->len += NLA_HDRLEN + NLA_ALIGN(len);
}

void client_put_u32(struct client *c, uint16_t type, uint32_t value)
{
	client_put(c, type, &value, sizeof(value));
}

size_t client_nest(struct client *c, uint16_t type)
{
	size_t nest = c->len;

	client_put(c, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void client_end_nest(struct client *c, size_t nest)
{
	uint16_t len = (uint16_t)(c->len - nest);

	memcpy(c->request + nest, &len, sizeof(len));
}

static void take_sentence(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct client *c = arg;

	if (type == NLMSGERR_ATTR_MSG)
		snprintf(c->sentence, sizeof(c->sentence), "%.*s", (int)len, (const char *)data);
}

/* What an ack, or the end of a dump, says. */
static int take_ack(struct client *c, const struct nlmsghdr *head)
{
	const uint8_t *data = (const uint8_t *)head + NLMSG_HDRLEN;
	size_t len = head->nlmsg_len - NLMSG_HDRLEN, behind = sizeof(int);
	int error;

	memcpy(&error, data, sizeof(error));
	if (head->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = (const struct nlmsgerr *)data;

		behind = sizeof(*e);
		if (!(head->nlmsg_flags & NLM_F_CAPPED))
			behind += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if (head->nlmsg_flags & NLM_F_ACK_TLVS && behind < len)
		each(data + behind, len - behind, take_sentence, c);
	return error;
}

/* True: that was the last message, and *ret what it says. */
static bool take_message(
	struct client *c, const struct nlmsghdr *head, client_fn *fn, void *arg, int *ret)
{
	if (head->nlmsg_seq != c->seq)
		return false;
	if (head->nlmsg_type == NLMSG_ERROR || head->nlmsg_type == NLMSG_DONE) {
		*ret = take_ack(c, head);
		return true;
	}
	if (fn)
		each((const uint8_t *)head + NLMSG_HDRLEN + GENL_HDRLEN,
			head->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, fn, arg);
	return false;
}

int client_send(struct client *c, client_fn *fn, void *arg)
{
	static uint8_t answer[ANSWER_BYTES] __attribute__((aligned(8)));
	uint32_t total = (uint32_t)c->len;
	int ret;

	c->sentence[0] = 0;
	memcpy(c->request, &total, sizeof(total));
	if (send(c->fd, c->request, c->len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = recv(c->fd, answer, sizeof(answer), 0);
		size_t at = 0, len = got > 0 ? (size_t)got : 0;

		if (got < 0)
			return -errno;
		while (at + NLMSG_HDRLEN <= len) {
			const struct nlmsghdr *head = (const struct nlmsghdr *)(answer + at);

			if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > len - at)
				return -EBADMSG;
			if (take_message(c, head, fn, arg, &ret))
				return ret;
			at += NLMSG_ALIGN(head->nlmsg_len);
		}
	}
}

int client_bind(struct client *c, uint32_t table, uint32_t flags, uint32_t hook)
{
	client_begin(c, FORWARD_CMD_BIND, 0);
	client_put_u32(c, FORWARD_A_VERSION, FORWARD_VERSION);
	client_put_u32(c, FORWARD_A_TABLE, table);
	client_put_u32(c, FORWARD_A_HOOK, hook);
	client_put_u32(c, FORWARD_A_FLAGS, flags);
	client_put(c, FORWARD_A_OWNER, "test", sizeof("test"));
	return client_send(c, NULL, NULL);
}

int client_table(struct client *c, uint8_t command, uint32_t table)
{
	client_begin(c, command, 0);
	client_put_u32(c, FORWARD_A_TABLE, table);
	return client_send(c, NULL, NULL);
}

void client_put_target(struct client *c, const struct setting *s)
{
	size_t nest = client_nest(c, FORWARD_A_TARGET);

	client_put(c, FORWARD_TARGET_A_TARGET, &s->target, sizeof(s->target));
	client_put(c, FORWARD_TARGET_A_SINKS, s->sink, s->sinks * sizeof(s->sink[0]));
	client_put(c, FORWARD_TARGET_A_SSRCS, s->ssrc, s->ssrcs * sizeof(s->ssrc[0]));
	client_put(c, FORWARD_TARGET_A_PAYLOADS, s->payload, s->payloads * sizeof(s->payload[0]));
	client_end_nest(c, nest);
}

static unsigned copy_list(void *to, size_t size, const uint8_t *data, size_t len, unsigned max)
{
	if (len > size * max)
		len = size * max;
	memcpy(to, data, len);
	return (unsigned)(len / size);
}

static void take_record(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct record *r = arg;

	if (type == FORWARD_STATS_A_TARGET && len == sizeof(r->counts))
		memcpy(&r->counts, data, len);
	else if (type == FORWARD_STATS_A_SINKS)
		r->sinks = copy_list(r->sink, sizeof(r->sink[0]), data, len, FORWARD_MAX_SINKS);
	else if (type == FORWARD_STATS_A_SSRCS)
		r->ssrcs = copy_list(r->ssrc, sizeof(r->ssrc[0]), data, len, FORWARD_MAX_SSRCS);
	else if (type == FORWARD_STATS_A_PAYLOADS)
		r->payloads = copy_list(
			r->payload, sizeof(r->payload[0]), data, len, FORWARD_MAX_PAYLOADS);
}

static void take_records(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	if (arg && type == FORWARD_A_STATS)
		each(data, len, take_record, arg);
}

static int ask(struct client *c, struct record *ret)
{
	if (ret)
		memset(ret, 0, sizeof(*ret));
	return client_send(c, take_records, ret);
}

int client_set(struct client *c, uint32_t table, const struct setting *s, uint16_t flags,
	struct record *ret)
{
	client_begin(c, FORWARD_CMD_SET, flags);
	client_put_u32(c, FORWARD_A_TABLE, table);
	client_put_target(c, s);
	return ask(c, ret);
}

static int ask_one(struct client *c, uint8_t command, uint32_t table,
	const struct forward_addr *local, struct record *ret)
{
	client_begin(c, command, 0);
	client_put_u32(c, FORWARD_A_TABLE, table);
	client_put(c, FORWARD_A_LOCAL, local, sizeof(*local));
	return ask(c, ret);
}

int client_delete(
	struct client *c, uint32_t table, const struct forward_addr *local, struct record *ret)
{
	return ask_one(c, FORWARD_CMD_DELETE, table, local, ret);
}

int client_read(
	struct client *c, uint32_t table, const struct forward_addr *local, struct record *ret)
{
	return ask_one(c, FORWARD_CMD_READ, table, local, ret);
}

static void count_record(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	*(int *)arg += type == FORWARD_A_STATS;
}

int client_count(struct client *c, uint32_t table)
{
	int count = 0, ret;

	client_begin(c, FORWARD_CMD_READ, NLM_F_DUMP);
	client_put_u32(c, FORWARD_A_TABLE, table);
	ret = client_send(c, count_record, &count);
	return ret ? ret : count;
}
