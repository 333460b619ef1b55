/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checksums against a plain reckoning of them, headers against their bytes. */
#include "net/udp_header.h"

#include <glib.h>
#include <string.h>

/* RFC 1071, two bytes at a time. */
static uint16_t plain_sum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t fast_sum(const uint8_t *bytes, size_t len)
{
	return ntohs(inet_sum_fold(inet_sum(bytes, len, 0)));
}

static void test_example_of_the_rfc(void)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	g_assert_cmphex(fast_sum(bytes, sizeof(bytes)), ==, 0xddf2);
}

static void test_all_lengths_and_places(void)
{
	uint8_t bytes[600];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)g_test_rand_int();
	for (size_t len = 0; len <= 512; len++)
		for (size_t at = 0; at < 9; at++)
			g_assert_cmphex(fast_sum(bytes + at, len), ==, plain_sum(bytes + at, len));
}

static void test_carries(void)
{
	uint8_t bytes[256];

	memset(bytes, 0xff, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++)
		g_assert_cmphex(fast_sum(bytes, len), ==, plain_sum(bytes, len));
}

static void test_parts(void)
{
	uint8_t bytes[64];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 2) {
		uint64_t sum = inet_sum(bytes, cut, 0);

		sum = inet_sum(bytes + cut, sizeof(bytes) - cut, sum);
		g_assert_cmphex(ntohs(inet_sum_fold(sum)), ==, plain_sum(bytes, sizeof(bytes)));
	}
}

static const struct udp_origin from4 = {
	.local = { .family = ADDR_IP4, .port = 0x7531, .ip = { 192, 0, 2, 1 } },
	.tos = 184,
	.hops = 61,
};
static const struct udp_origin from6 = {
	.local = { .family = ADDR_IP6, .port = 0x7531, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	.tos = 184,
	.hops = 61,
};
static const struct addr to4 = { .family = ADDR_IP4, .port = 0x1234, .ip = { 198, 51, 100, 9 } };
static const struct addr to6 = {
	.family = ADDR_IP6, .port = 0x1234, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 9 }
};

/* The sum over pseudo-header, header and payload is all ones when the checksum is right. */
static uint16_t sum_of_datagram(
	const uint8_t *udp, size_t len, const uint8_t *addrs, size_t addrs_len)
{
	uint8_t all[2048] = { 0 };

	memcpy(all, addrs, addrs_len);
	all[addrs_len] = (uint8_t)(len >> 8);
	all[addrs_len + 1] = (uint8_t)len;
	all[addrs_len + 3] = IPPROTO_UDP;
	memcpy(all + addrs_len + 4, udp, len);
	return plain_sum(all, addrs_len + 4 + len);
}

static void test_ip4(void)
{
	static const uint8_t expected[] = {
		0x45, 184, 0, 28 + 5, 0, 0, 0x40, 0, 61, 17, 0, 0, /* IP */
		192, 0, 2, 1, 198, 51, 100, 9,                     /* addresses */
		0x75, 0x31, 0x12, 0x34, 0, 8 + 5,                  /* UDP */
	};
	uint8_t packet[UDP_IP4_BYTES + 5] = { 0 };
	union sock to;

	addr_to_sock(&to4, &to);
	memcpy(packet + UDP_IP4_BYTES, "hello", 5);
	g_assert_cmpuint(udp_headers_bytes(&from4.local), ==, UDP_IP4_BYTES);
	udp_headers_write(packet + UDP_IP4_BYTES, 5, &from4, &to);
	g_assert_cmpmem(packet, sizeof(expected), expected, sizeof(expected));
	g_assert_cmpmem(packet + UDP_IP4_BYTES, 5, "hello", 5);
	g_assert_cmphex(sum_of_datagram(packet + 20, 8 + 5, packet + 12, 8), ==, 0xffff);
}

static void test_ip6(void)
{
	static const uint8_t expected[] = {
		0x6b, 0x80, 0, 0, 0, 8 + 5, 17, 61, /* IP: 0xb8 is the class */
	};
	uint8_t packet[UDP_IP6_BYTES + 5] = { 0 };
	union sock to;

	addr_to_sock(&to6, &to);
	memcpy(packet + UDP_IP6_BYTES, "hello", 5);
	g_assert_cmpuint(udp_headers_bytes(&from6.local), ==, UDP_IP6_BYTES);
	udp_headers_write(packet + UDP_IP6_BYTES, 5, &from6, &to);
	g_assert_cmpmem(packet, sizeof(expected), expected, sizeof(expected));
	g_assert_cmpmem(packet + 8, 16, from6.local.ip, 16);
	g_assert_cmpmem(packet + 24, 16, to6.ip, 16);
	g_assert_cmpmem(packet + 40, 6, "\x75\x31\x12\x34\0\x0d", 6);
	g_assert_cmphex(sum_of_datagram(packet + 40, 8 + 5, packet + 8, 32), ==, 0xffff);
}

static void test_checksums_of_all_lengths(void)
{
	uint8_t packet[UDP_IP6_BYTES + 400];
	uint8_t *payload = packet + UDP_IP6_BYTES;
	union sock sock4, sock6;

	addr_to_sock(&to4, &sock4);
	addr_to_sock(&to6, &sock6);
	for (unsigned i = 0; i < 400; i++)
		payload[i] = (uint8_t)g_test_rand_int();
	for (size_t len = 0; len <= 400; len++) {
		udp_headers_write(payload, len, &from4, &sock4);
		g_assert_cmphex(sum_of_datagram(payload - 8, len + 8, payload - 16, 8), ==, 0xffff);
		udp_headers_write(payload, len, &from6, &sock6);
		g_assert_cmphex(
			sum_of_datagram(payload - 8, len + 8, payload - 40, 32), ==, 0xffff);
	}
}

static void test_header_alone_is_the_same(void)
{
	uint8_t packet[UDP_IP6_BYTES + 50] = { 0 }, header[UDP_HEADER_BYTES];
	uint8_t *payload = packet + UDP_IP6_BYTES;
	union sock sock4, sock6;

	addr_to_sock(&to4, &sock4);
	addr_to_sock(&to6, &sock6);
	for (size_t len = 0; len <= 50; len++) {
		if (len)
			payload[len - 1] = (uint8_t)g_test_rand_int();
		udp_headers_write(payload, len, &from4, &sock4);
		udp_header_write(header, payload, len, &from4.local, &sock4);
		g_assert_cmpmem(payload - 8, 8, header, 8);
		udp_headers_write(payload, len, &from6, &sock6);
		udp_header_write(header, payload, len, &from6.local, &sock6);
		g_assert_cmpmem(payload - 8, 8, header, 8);
	}
}

/* 0 would mean that there is none. */
static void test_checksum_is_never_0(void)
{
	uint8_t packet[UDP_IP4_BYTES + 2];
	uint8_t *payload = packet + UDP_IP4_BYTES, *check = payload - 2;
	unsigned seen = 0;
	union sock to;

	addr_to_sock(&to4, &to);
	for (unsigned word = 0; word <= 0xffff; word++) {
		payload[0] = (uint8_t)(word >> 8);
		payload[1] = (uint8_t)word;
		udp_headers_write(payload, 2, &from4, &to);
		g_assert_true(check[0] || check[1]);
		seen += check[0] == 0xff && check[1] == 0xff;
	}
	g_assert_cmpuint(seen, >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/udp-header/rfc-1071", test_example_of_the_rfc);
	g_test_add_func("/net/udp-header/lengths", test_all_lengths_and_places);
	g_test_add_func("/net/udp-header/carries", test_carries);
	g_test_add_func("/net/udp-header/parts", test_parts);
	g_test_add_func("/net/udp-header/ip4", test_ip4);
	g_test_add_func("/net/udp-header/ip6", test_ip6);
	g_test_add_func("/net/udp-header/checksums", test_checksums_of_all_lengths);
	g_test_add_func("/net/udp-header/alone", test_header_alone_is_the_same);
	g_test_add_func("/net/udp-header/never-0", test_checksum_is_never_0);
	return g_test_run();
}
