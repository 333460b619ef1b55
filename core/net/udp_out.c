/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw sockets of UDP, to which the system adds the headers below. */
#include "net/udp_out.h"

#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

/*
 * Such a socket is given a copy of each datagram to the address it is bound to: so it is bound to
 * one that nothing is sent to, IPv4's dummy (RFC 7600) or one of the discard prefix (RFC 6666).
 * Each datagram has its own source.
 */
static const struct addr nobodys4 = { .family = ADDR_IP4, .ip = { 192, 0, 0, 8 } };
static const struct addr nobodys6 = { .family = ADDR_IP6, .ip = { 1, [15] = 1 } };

int udp_out_open(bool ip6, int *ret_fd, struct err *err)
{
	const int on = 1;
	union sock sock;
	socklen_t len = addr_to_sock(ip6 ? &nobodys6 : &nobodys4, &sock);
	int fd = socket(
		ip6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0 ||
		setsockopt(fd, ip6 ? SOL_IPV6 : SOL_IP, ip6 ? IPV6_FREEBIND : IP_FREEBIND, &on,
			sizeof(on)) < 0 ||
		bind(fd, &sock.sa, len) < 0) {
		int rc = err_set(err, errno, "opening a raw socket: %s", g_strerror(errno));

		if (fd >= 0)
			close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

static void add_control(struct msghdr *message, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)((uint8_t *)message->msg_control +
						       message->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	message->msg_controllen += CMSG_SPACE(len);
}

/* Source address and type of service. */
static void add_origin(struct msghdr *message, const struct udp_origin *origin)
{
	const int tos = origin->tos;
	struct in_pktinfo info4 = { 0 };
	struct in6_pktinfo info6 = { 0 };

	if (origin->local.family == ADDR_IP6) {
		memcpy(&info6.ipi6_addr, origin->local.ip, sizeof(info6.ipi6_addr));
		add_control(message, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
		add_control(message, SOL_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	} else {
		memcpy(&info4.ipi_spec_dst, origin->local.ip, sizeof(info4.ipi_spec_dst));
		add_control(message, SOL_IP, IP_PKTINFO, &info4, sizeof(info4));
		add_control(message, SOL_IP, IP_TOS, &tos, sizeof(tos));
	}
}

int udp_out_send(int fd, const struct udp_origin *origin, const uint8_t *payload, size_t len,
	const union sock *to)
{
	uint8_t header[UDP_HEADER_BYTES];
	_Alignas(struct cmsghdr) uint8_t
		control[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec parts[] = {
		{ .iov_base = header, .iov_len = sizeof(header) },
		{ .iov_base = (uint8_t *)payload, .iov_len = len },
	};
	union sock without_port = *to; /* the system takes a port for a protocol */
	bool ip6 = origin->local.family == ADDR_IP6;
	struct msghdr message = {
		.msg_name = &without_port,
		.msg_namelen = ip6 ? sizeof(to->in6) : sizeof(to->in),
		.msg_iov = parts,
		.msg_iovlen = G_N_ELEMENTS(parts),
		.msg_control = control,
	};

	if (len > UDP_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (ip6)
		without_port.in6.sin6_port = 0;
	udp_header_write(header, payload, len, &origin->local, to);
	add_origin(&message, origin);
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
