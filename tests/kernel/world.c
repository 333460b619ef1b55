/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets in namespaces. */
#include "world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { WAIT_MS = 300 };

void world_enter(const char *ns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static socklen_t to_sock(const char *ip, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, ip, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, ip, &in6->sin6_addr) != 1)
		abort();
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

int world_socket(const char *ns, const char *ip, uint16_t port)
{
	struct timeval wait = { .tv_usec = WAIT_MS * 1000 };
	int home = open("/proc/self/ns/net", O_RDONLY), on = 1, fd;
	struct sockaddr_storage local;
	socklen_t len = to_sock(ip, port, &local);

	if (ns)
		world_enter(ns);
	fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (home < 0 || setns(home, CLONE_NEWNET) < 0 ||
		bind(fd, (const struct sockaddr *)&local, len) < 0) {
		perror(ip);
		exit(1);
	}
	close(home);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (local.ss_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
	if (local.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWINFO, &on, sizeof(on));
	return fd;
}

void world_send(int fd, const char *ip, uint16_t port, const void *data, size_t len)
{
	struct sockaddr_storage to;
	socklen_t to_len = to_sock(ip, port, &to);

	if (sendto(fd, data, len, 0, (const struct sockaddr *)&to, to_len) != (ssize_t)len)
		perror("sendto");
}

static void print_from(const struct sockaddr_storage *from, struct datagram *d)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	char text[INET6_ADDRSTRLEN];

	if (from->ss_family == AF_INET)
		snprintf(d->from, sizeof(d->from), "%s:%u",
			inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)), ntohs(in->sin_port));
	else
		snprintf(d->from, sizeof(d->from), "[%s]:%u",
			inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)),
			ntohs(in6->sin6_port));
}

static void read_tos(struct msghdr *message, struct datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
			d->tos = *(uint8_t *)CMSG_DATA(c);
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)
			memcpy(&d->tos, CMSG_DATA(c), sizeof(d->tos));
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_FLOWINFO)
			memcpy(&d->flow_label, CMSG_DATA(c), sizeof(d->flow_label));
	}
}

const struct datagram *world_receive(int fd)
{
	static struct datagram d;
	struct sockaddr_storage from;
	char control[128] __attribute__((aligned(8)));
	struct iovec iov = { d.data, sizeof(d.data) };
	struct msghdr message = { &from, sizeof(from), &iov, 1, control, sizeof(control), 0 };
	ssize_t got = recvmsg(fd, &message, 0);

	d.len = got > 0 ? (size_t)got : 0;
	d.from[0] = 0;
	d.tos = -1;
	d.flow_label = 0;
	if (got > 0) {
		print_from(&from, &d);
		read_tos(&message, &d);
	}
	return &d;
}

/* A message about queue 0 with one attribute. */
static void tell_queue(int fd, uint8_t command, uint16_t type, const void *data, uint16_t len)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg queue;
		struct nlattr attr;
		uint8_t data[16];
	} m = {
		.head = { .nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | command),
			.nlmsg_flags = NLM_F_REQUEST },
		.attr = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type },
	};

	memcpy(m.data, data, len);
	m.head.nlmsg_len = (uint32_t)(offsetof(__typeof__(m), data) + len);
	if (send(fd, &m, NLMSG_ALIGN(m.head.nlmsg_len), 0) < 0)
		perror("queue");
}

int world_queue(void)
{
	struct timeval wait = { .tv_usec = WAIT_MS * 1000 };
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND, .pf = htons(AF_INET) };
	struct nfqnl_msg_config_params params = { .copy_mode = NFQNL_COPY_META };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	tell_queue(fd, NFQNL_MSG_CONFIG, NFQA_CFG_CMD, &bind, sizeof(bind));
	tell_queue(fd, NFQNL_MSG_CONFIG, NFQA_CFG_PARAMS, &params, sizeof(params));
	return fd;
}

bool world_let_in(int queue)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	struct nfqnl_msg_packet_hdr packet;
	uint8_t data[4096];
	ssize_t got = recv(queue, data, sizeof(data), 0);
	const size_t at = NLMSG_HDRLEN + sizeof(struct nfgenmsg) + NLA_HDRLEN;

	/* Its header is the first attribute. */
	if (got < (ssize_t)(at + sizeof(packet)))
		return false;
	memcpy(&packet, data + at, sizeof(packet));
	verdict.id = packet.packet_id;
	tell_queue(queue, NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &verdict, sizeof(verdict));
	return true;
}

struct forward_addr world_addr(const char *ip, uint16_t port)
{
	struct forward_addr a = { .family = 4, .port = htons(port) };

	if (inet_pton(AF_INET, ip, a.ip) == 1)
		return a;
	a.family = 6;
	if (inet_pton(AF_INET6, ip, a.ip) != 1)
		abort();
	return a;
}

size_t world_rtp(uint8_t *data, uint8_t type, uint16_t sequence, uint32_t timestamp, uint32_t ssrc,
	size_t payload_len)
{
	uint16_t seq = htons(sequence);
	uint32_t ts = htonl(timestamp), id = htonl(ssrc);

	data[0] = 0x80;
	data[1] = type;
	memcpy(data + 2, &seq, sizeof(seq));
	memcpy(data + 4, &ts, sizeof(ts));
	memcpy(data + 8, &id, sizeof(id));
	for (size_t i = 0; i < payload_len; i++)
		data[12 + i] = (uint8_t)(i ^ sequence);
	return 12 + payload_len;
}

struct setting world_relay(
	struct forward_addr local, struct forward_addr from, struct forward_addr peer)
{
	return (struct setting){
		.target = { .id = 4711, .local = local, .flags = FORWARD_TARGET_RTP },
		.sinks = 1,
		.sink = { { .local = from,
			.peer = peer,
			.flags = FORWARD_SINK_RTP,
			.payloads = 3 } },
		.ssrcs = 1,
		.ssrc = { { .ssrc = 0x1234 } },
		.payloads = 2,
		.payload = { { .clock_hz = 8000 }, { .type = 96, .clock_hz = 8000 } },
	};
}
