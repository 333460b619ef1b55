/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Headers of packets that leave through a raw socket. Last step of the packet path of the steered
 * engine, for each packet.
 */
#include "net/udp_header.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

#include <glib.h>

G_STATIC_ASSERT(sizeof(struct iphdr) + sizeof(struct udphdr) == UDP_IP4_BYTES);
G_STATIC_ASSERT(sizeof(struct ip6_hdr) + sizeof(struct udphdr) == UDP_IP6_BYTES);

static uint64_t add(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

static uint64_t load(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Eight bytes at a time: folding a wide sum of them is the sum of their halves and quarters. */
uint64_t inet_sum(const uint8_t *bytes, size_t len, uint64_t sum)
{
	uint64_t rest = 0;

	for (; len >= 4 * sizeof(rest); bytes += 4 * sizeof(rest), len -= 4 * sizeof(rest)) {
		sum = add(sum, load(bytes));
		sum = add(sum, load(bytes + 8));
		sum = add(sum, load(bytes + 16));
		sum = add(sum, load(bytes + 24));
	}
	for (; len >= sizeof(rest); bytes += sizeof(rest), len -= sizeof(rest))
		sum = add(sum, load(bytes));
	memcpy(&rest, bytes, len);
	return add(sum, rest);
}

uint16_t inet_sum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

unsigned udp_headers_bytes(const struct addr *local)
{
	return local->family == ADDR_IP6 ? UDP_IP6_BYTES : UDP_IP4_BYTES;
}

/* RFC 768, RFC 8200 8.1: a sum that happens to be 0 is told as its other form. */
static uint16_t checksum_of(uint64_t wide_sum)
{
	uint16_t sum = inet_sum_fold(wide_sum);

	return sum == 0xffff ? sum : (uint16_t)~sum;
}

static uint16_t checksum(const uint8_t *udp, size_t len, uint64_t addresses)
{
	const uint8_t pseudo[4] = { 0, IPPROTO_UDP, (uint8_t)(len >> 8), (uint8_t)len };

	return checksum_of(inet_sum(udp, len, inet_sum(pseudo, 4, addresses)));
}

static void write_udp(
	uint8_t *payload, size_t len, uint16_t from_port, uint16_t to_port_be, uint64_t addresses)
{
	struct udphdr udp = {
		.source = htons(from_port),
		.dest = to_port_be,
		.len = htons((uint16_t)(len + sizeof(udp))),
	};
	uint8_t *at = payload - sizeof(udp);

	memcpy(at, &udp, sizeof(udp));
	udp.check = checksum(at, len + sizeof(udp), addresses);
	memcpy(at, &udp, sizeof(udp));
}

/* The identification of packets that are not to be fragmented is 0 (RFC 6864). */
static void write_ip4(
	uint8_t *payload, size_t len, const struct udp_origin *origin, const struct sockaddr_in *to)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tos = origin->tos,
		.tot_len = htons((uint16_t)(len + UDP_IP4_BYTES)),
		.frag_off = htons(IP_DF),
		.ttl = origin->hops,
		.protocol = IPPROTO_UDP,
		.daddr = to->sin_addr.s_addr,
	};
	uint8_t *at = payload - UDP_IP4_BYTES;

	memcpy(&ip.saddr, origin->local.ip, sizeof(ip.saddr));
	memcpy(at, &ip, sizeof(ip));
	write_udp(payload, len, origin->local.port, to->sin_port,
		inet_sum(at + offsetof(struct iphdr, saddr), 2 * sizeof(ip.saddr), 0));
}

static void write_ip6(uint8_t *payload, size_t len, const struct udp_origin *origin,
	const struct sockaddr_in6 *to)
{
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6u << 28 | (uint32_t)origin->tos << 20),
		.ip6_plen = htons((uint16_t)(len + UDP_HEADER_BYTES)),
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = origin->hops,
		.ip6_dst = to->sin6_addr,
	};
	uint8_t *at = payload - UDP_IP6_BYTES;

	memcpy(&ip.ip6_src, origin->local.ip, sizeof(ip.ip6_src));
	memcpy(at, &ip, sizeof(ip));
	write_udp(payload, len, origin->local.port, to->sin6_port,
		inet_sum(at + offsetof(struct ip6_hdr, ip6_src), 2 * sizeof(ip.ip6_src), 0));
}

void udp_headers_write(
	uint8_t *payload, size_t len, const struct udp_origin *origin, const union sock *to)
{
	if (origin->local.family == ADDR_IP6)
		write_ip6(payload, len, origin, &to->in6);
	else
		write_ip4(payload, len, origin, &to->in);
}

void udp_header_write(uint8_t *header, const uint8_t *payload, size_t len, const struct addr *local,
	const union sock *to)
{
	bool ip6 = local->family == ADDR_IP6;
	size_t ip_bytes = ip6 ? 16 : 4, udp_len = len + UDP_HEADER_BYTES;
	const uint8_t *to_ip = ip6 ? to->in6.sin6_addr.s6_addr : (const uint8_t *)&to->in.sin_addr;
	const uint8_t pseudo[4] = { 0, IPPROTO_UDP, (uint8_t)(udp_len >> 8), (uint8_t)udp_len };
	struct udphdr udp = {
		.source = htons(local->port),
		.dest = ip6 ? to->in6.sin6_port : to->in.sin_port,
		.len = htons((uint16_t)udp_len),
	};
	uint64_t sum = inet_sum(local->ip, ip_bytes, inet_sum(to_ip, ip_bytes, 0));

	sum = inet_sum(pseudo, sizeof(pseudo), sum);
	memcpy(header, &udp, sizeof(udp));
	sum = inet_sum(payload, len, inet_sum(header, sizeof(udp), sum));
	udp.check = checksum_of(sum);
	memcpy(header, &udp, sizeof(udp));
}
