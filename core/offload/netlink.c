/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Generic netlink: messages written, sent, and their answers read. */
#include "offload/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	ANSWER_BYTES = 64 * 1024, /* a dump's pieces have 32 kB at most */
	SOCKET_BYTES = 4 * 1024 * 1024,
	ANSWER_WAIT_S = 5,
	ERROR_TEXT = 128,
};

struct netlink {
	int fd;
	uint16_t family;
	uint32_t seq;
	char error[ERROR_TEXT];
	uint8_t answer[ANSWER_BYTES] __attribute__((aligned(8)));
};

/* ---- writing ---- */

static void append(GByteArray *bytes, const void *data, size_t len)
{
	static const uint8_t zero[NLA_ALIGNTO];

	g_byte_array_append(bytes, data, (guint)len);
	g_byte_array_append(bytes, zero, (guint)(NLA_ALIGN(len) - len));
}

void netlink_begin(struct netlink_request *r, uint8_t command, uint16_t flags)
{
	struct nlmsghdr header = { .nlmsg_flags = NLM_F_REQUEST | flags };
	struct genlmsghdr generic = { .cmd = command, .version = 1 };

	r->bytes = g_byte_array_new();
	append(r->bytes, &header, sizeof(header));
	append(r->bytes, &generic, sizeof(generic));
}

void netlink_put(struct netlink_request *r, uint16_t type, const void *data, size_t len)
{
	struct nlattr attr = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	append(r->bytes, &attr, sizeof(attr));
	append(r->bytes, data, len);
}

void netlink_put_u32(struct netlink_request *r, uint16_t type, uint32_t value)
{
	netlink_put(r, type, &value, sizeof(value));
}

size_t netlink_nest_begin(struct netlink_request *r, uint16_t type)
{
	size_t at = r->bytes->len;

	netlink_put(r, type | NLA_F_NESTED, "", 0);
	return at;
}

void netlink_nest_end(struct netlink_request *r, size_t nest)
{
	uint16_t len = (uint16_t)(r->bytes->len - nest);

	memcpy(r->bytes->data + nest, &len, sizeof(len));
}

void netlink_forget(struct netlink_request *r)
{
	if (r->bytes)
		g_byte_array_free(r->bytes, TRUE);
	r->bytes = NULL;
}

/* ---- reading ---- */

bool netlink_next(struct netlink_attrs *attrs, struct netlink_attr *ret)
{
	struct nlattr header;
	size_t whole;

	if (attrs->left < sizeof(header))
		return false;
	memcpy(&header, attrs->at, sizeof(header));
	if (header.nla_len < NLA_HDRLEN || header.nla_len > attrs->left)
		return false;
	ret->type = header.nla_type & NLA_TYPE_MASK;
	ret->data = attrs->at + NLA_HDRLEN;
	ret->len = header.nla_len - (size_t)NLA_HDRLEN;
	whole = MIN((size_t)NLA_ALIGN(header.nla_len), attrs->left);
	attrs->at += whole;
	attrs->left -= whole;
	return true;
}

struct netlink_attrs netlink_inside(const struct netlink_attr *attr)
{
	return (struct netlink_attrs){ attr->data, attr->len };
}

void netlink_copy(const struct netlink_attr *attr, void *to, size_t size)
{
	size_t len = MIN(attr->len, size);

	memcpy(to, attr->data, len);
	memset((char *)to + len, 0, size - len);
}

/* ---- asking ---- */

static void take_error_text(struct netlink *nl, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	size_t skip = sizeof(*e), len = NLMSG_PAYLOAD(h, 0);
	struct netlink_attrs attrs;
	struct netlink_attr attr;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	skip = NLMSG_ALIGN(skip);
	if (skip >= len)
		return;
	attrs = (struct netlink_attrs){ (const uint8_t *)e + skip, len - skip };
	while (netlink_next(&attrs, &attr))
		if (attr.type == NLMSGERR_ATTR_MSG && attr.len) {
			netlink_copy(&attr, nl->error, sizeof(nl->error) - 1);
			nl->error[sizeof(nl->error) - 1] = '\0';
		}
}

/* 1: there is more to come; else how it ended. */
static int take_message(
	struct netlink *nl, const struct nlmsghdr *h, netlink_answer_fn on_answer, void *arg)
{
	const size_t generic = NLMSG_ALIGN(sizeof(struct genlmsghdr));
	size_t len = NLMSG_PAYLOAD(h, 0);
	int error = 0;

	if (h->nlmsg_seq != nl->seq)
		return 1;
	if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
		if (len >= sizeof(error))
			memcpy(&error, NLMSG_DATA(h), sizeof(error));
		if (error && h->nlmsg_type == NLMSG_ERROR)
			take_error_text(nl, h);
		return error < 0 ? error : 0;
	}
	if (on_answer && len >= generic)
		on_answer((struct netlink_attrs){ (const uint8_t *)NLMSG_DATA(h) + generic,
				  len - generic },
			arg);
	return 1;
}

static int take_answers(struct netlink *nl, netlink_answer_fn on_answer, void *arg)
{
	for (;;) {
		ssize_t got = recv(nl->fd, nl->answer, sizeof(nl->answer), MSG_TRUNC);
		const struct nlmsghdr *h = (const struct nlmsghdr *)nl->answer;
		size_t left = (size_t)MAX(got, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (left > sizeof(nl->answer))
			return -EMSGSIZE;
		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			int ret = take_message(nl, h, on_answer, arg);

			if (ret != 1)
				return ret;
		}
	}
}

int netlink_call(
	struct netlink *nl, struct netlink_request *r, netlink_answer_fn on_answer, void *arg)
{
	struct nlmsghdr *h = (struct nlmsghdr *)r->bytes->data;
	ssize_t sent;

	h->nlmsg_len = r->bytes->len;
	h->nlmsg_seq = ++nl->seq;
	if (!h->nlmsg_type)
		h->nlmsg_type = nl->family;
	if ((h->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		h->nlmsg_flags |= NLM_F_ACK;
	nl->error[0] = '\0';
	sent = send(nl->fd, r->bytes->data, r->bytes->len, 0);
	netlink_forget(r);
	if (sent < 0)
		return -errno;
	return take_answers(nl, on_answer, arg);
}

const char *netlink_error_text(const struct netlink *nl)
{
	return nl->error;
}

static void take_family(struct netlink_attrs attrs, void *family)
{
	struct netlink_attr attr;

	while (netlink_next(&attrs, &attr))
		if (attr.type == CTRL_ATTR_FAMILY_ID)
			netlink_copy(&attr, family, sizeof(uint16_t));
}

static int find_family(struct netlink *nl, const char *name)
{
	struct netlink_request r;
	int ret;

	netlink_begin(&r, CTRL_CMD_GETFAMILY, 0);
	((struct nlmsghdr *)r.bytes->data)->nlmsg_type = GENL_ID_CTRL;
	netlink_put(&r, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	ret = netlink_call(nl, &r, take_family, &nl->family);
	if (!ret && !nl->family)
		ret = -ENOENT;
	return ret;
}

static int open_socket(struct netlink *nl)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	int on = 1, bytes = SOCKET_BYTES;

	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	/* Larger than what is allowed to all, where we may; the usual size will mostly do. */
	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (bind(nl->fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return 0;
}

int netlink_open(const char *family, struct netlink **ret)
{
	struct netlink *nl = g_new0(struct netlink, 1);
	int rc = open_socket(nl);

	if (!rc)
		rc = find_family(nl, family);
	if (rc) {
		netlink_close(nl);
		return rc;
	}
	*ret = nl;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->fd >= 0)
		close(nl->fd);
	g_free(nl);
}
