/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: text forms, comparison, the system's form, and the names of hosts. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>

enum {
	HOST_TEXT = 256, /* longest DNS name, and the end of the string */
	PORT_DIGITS = 5,
};

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static struct addr addr_of_ip4(const void *ip)
{
	struct addr addr = { .family = ADDR_IP4 };

	memcpy(addr.ip, ip, 4);
	return addr;
}

static struct addr addr_of_ip6(const void *ip)
{
	struct addr addr = { .family = ADDR_IP6 };

	if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0)
		return addr_of_ip4((const uint8_t *)ip + sizeof(mapped_prefix));
	memcpy(addr.ip, ip, 16);
	return addr;
}

static size_t ip_bytes(const struct addr *addr)
{
	switch (addr->family) {
	case ADDR_IP4:
		return 4;
	case ADDR_IP6:
		return 16;
	default:
		return 0;
	}
}

/* Terminates what system functions are to read. False: too long, or has a NUL inside. */
static bool copy_text(struct str text, char *ret_copy, size_t size)
{
	if (!text.len || text.len >= size || memchr(text.s, '\0', text.len))
		return false;
	memcpy(ret_copy, text.s, text.len);
	ret_copy[text.len] = '\0';
	return true;
}

/* `ret_written` is the family as written, which differs for IPv4-mapped ones. */
static bool parse_literal(struct str text, struct addr *ret_addr, enum addr_family *ret_written)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	if (!copy_text(text, copy, sizeof(copy)))
		return false;
	if (inet_pton(AF_INET, copy, ip) == 1) {
		*ret_addr = addr_of_ip4(ip);
		*ret_written = ADDR_IP4;
		return true;
	}
	if (inet_pton(AF_INET6, copy, ip) == 1) {
		*ret_addr = addr_of_ip6(ip);
		*ret_written = ADDR_IP6;
		return true;
	}
	return false;
}

bool addr_parse_ip(struct str text, struct addr *ret_addr)
{
	enum addr_family written;

	return parse_literal(text, ret_addr, &written);
}

bool addr_parse_sdp(struct str family, struct str text, struct addr *ret_addr)
{
	enum addr_family named, written;
	struct addr addr;

	if (str_is_nocase(family, "IP4"))
		named = ADDR_IP4;
	else if (str_is_nocase(family, "IP6"))
		named = ADDR_IP6;
	else
		return false;
	if (!parse_literal(text, &addr, &written) || written != named)
		return false;
	*ret_addr = addr;
	return true;
}

/* In decimal; where it ends. */
static char *put_number(char *at, unsigned number)
{
	char digits[5], *end = digits + sizeof(digits), *begin = end;

	do
		*--begin = (char)('0' + number % 10);
	while (number /= 10);
	memcpy(at, begin, (size_t)(end - begin));
	return at + (end - begin);
}

/*
 * IPv4 by hand: addresses are printed a dozen times a command, and the library does it by way of
 * sprintf.
 */
static char *put_ip4(char *at, const uint8_t *ip)
{
	for (unsigned i = 0; i < 4; i++) {
		at = put_number(at, ip[i]);
		*at++ = '.';
	}
	*--at = '\0';
	return at;
}

/* Where it ends. */
static char *put_ip(char *at, const struct addr *addr)
{
	if (addr->family == ADDR_IP4)
		return put_ip4(at, addr->ip);
	if (addr->family != ADDR_IP6 || !inet_ntop(AF_INET6, addr->ip, at, INET6_ADDRSTRLEN))
		strcpy(at, "none");
	return at + strlen(at);
}

const char *addr_print_ip(const struct addr *addr, char *text)
{
	put_ip(text, addr);
	return text;
}

const char *addr_print(const struct addr *addr, char *text)
{
	char *at = text;

	if (addr->family == ADDR_IP6)
		*at++ = '[';
	at = put_ip(at, addr);
	if (addr->family == ADDR_IP6)
		*at++ = ']';
	*at++ = ':';
	*put_number(at, addr->port) = '\0';
	return text;
}

const char *addr_sdp_family(const struct addr *addr)
{
	return addr->family == ADDR_IP6 ? "IP6" : "IP4";
}

bool addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, ip_bytes(a)) == 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && addr_same_ip(a, b);
}

bool addr_is_unspecified(const struct addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->ip, zero, ip_bytes(addr)) == 0;
}

bool addr_is_loopback(const struct addr *addr)
{
	if (addr->family == ADDR_IP4)
		return addr->ip[0] == 127;
	return addr->family == ADDR_IP6 &&
	       memcmp(addr->ip, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

struct addr addr_with_port(struct addr addr, uint16_t port)
{
	addr.port = port;
	return addr;
}

static unsigned hash_byte(unsigned hash, uint8_t byte)
{
	return (hash ^ byte) * 16777619u; /* FNV-1a */
}

unsigned addr_hash(const struct addr *addr)
{
	unsigned hash = 2166136261u;
	size_t n = ip_bytes(addr);

	for (size_t i = 0; i < n; i++)
		hash = hash_byte(hash, addr->ip[i]);
	hash = hash_byte(hash, (uint8_t)(addr->port >> 8));
	hash = hash_byte(hash, (uint8_t)addr->port);
	return hash_byte(hash, addr->family);
}

unsigned addr_key_hash(const void *addr)
{
	return addr_hash(addr);
}

int addr_key_equal(const void *a, const void *b)
{
	return addr_equal(a, b);
}

socklen_t addr_to_sock(const struct addr *addr, union sock *ret_sock)
{
	memset(ret_sock, 0, sizeof(*ret_sock));
	if (addr->family == ADDR_IP6) {
		ret_sock->in6.sin6_family = AF_INET6;
		ret_sock->in6.sin6_port = htons(addr->port);
		memcpy(&ret_sock->in6.sin6_addr, addr->ip, 16);
		return sizeof(ret_sock->in6);
	}
	ret_sock->in.sin_family = AF_INET;
	ret_sock->in.sin_port = htons(addr->port);
	memcpy(&ret_sock->in.sin_addr, addr->ip, 4);
	return sizeof(ret_sock->in);
}

struct addr addr_of_sock(const union sock *sock)
{
	switch (sock->sa.sa_family) {
	case AF_INET:
		return addr_with_port(addr_of_ip4(&sock->in.sin_addr), ntohs(sock->in.sin_port));
	case AF_INET6:
		return addr_with_port(
			addr_of_ip6(&sock->in6.sin6_addr), ntohs(sock->in6.sin6_port));
	default:
		return (struct addr){ .family = ADDR_NONE };
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_host_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '.' || c == '_';
}

/*
 * What only looks like an address ("1.2.3", "10") must not reach the resolver, which would
 * read it as one in an old notation.
 */
static bool is_host_name(struct str host)
{
	bool letters = false;

	if (!host.len || host.s[0] == '-' || host.s[0] == '.')
		return false;
	for (size_t i = 0; i < host.len; i++) {
		if (!is_host_char(host.s[i]))
			return false;
		letters = letters || (!is_digit(host.s[i]) && host.s[i] != '.');
	}
	return letters;
}

static bool addr_in(const struct addr *list, unsigned count, const struct addr *addr)
{
	for (unsigned i = 0; i < count; i++) {
		if (addr_equal(&list[i], addr))
			return true;
	}
	return false;
}

static int resolve_name(const char *name, struct addr *ret, unsigned max, unsigned *ret_count)
{
	/* one socket type, or each address comes once per type */
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	unsigned count = 0;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return -ENOENT;
	for (struct addrinfo *info = found; info && count < max; info = info->ai_next) {
		union sock sock = { 0 };
		struct addr addr;

		if (info->ai_addrlen > sizeof(sock))
			continue;
		memcpy(&sock, info->ai_addr, info->ai_addrlen);
		addr = addr_with_port(addr_of_sock(&sock), 0);
		if (addr.family != ADDR_NONE && !addr_in(ret, count, &addr))
			ret[count++] = addr;
	}
	freeaddrinfo(found);
	if (!count)
		return -ENOENT;
	*ret_count = count;
	return 0;
}

int addr_resolve(struct str host, struct addr *ret, unsigned max, unsigned *ret_count)
{
	char name[HOST_TEXT];
	struct addr addr;

	if (!max)
		return -EINVAL;
	if (host.len > 2 && host.s[0] == '[' && host.s[host.len - 1] == ']')
		host = (struct str){ host.s + 1, host.len - 2 };
	if (addr_parse_ip(host, &addr)) {
		ret[0] = addr;
		*ret_count = 1;
		return 0;
	}
	if (!is_host_name(host) || !copy_text(host, name, sizeof(name)))
		return -EINVAL;
	return resolve_name(name, ret, max, ret_count);
}

/* 1 to 65535 in decimal; 0 for anything else. */
static uint16_t parse_port(struct str text)
{
	unsigned port = 0;

	if (!text.len || text.len > PORT_DIGITS)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.s[i]))
			return 0;
		port = port * 10 + (unsigned)(text.s[i] - '0');
	}
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

int addr_parse_listener(struct str text, struct addr *ret, unsigned max, unsigned *ret_count)
{
	const struct addr everywhere[] = { { .family = ADDR_IP4 }, { .family = ADDR_IP6 } };
	const char *colon = text.len ? memrchr(text.s, ':', text.len) : NULL;
	size_t host_len = colon ? (size_t)(colon - text.s) : 0;
	uint16_t port = parse_port(colon ? str_skip(text, host_len + 1) : text);
	unsigned count;
	int rc;

	if (!port || !max)
		return -EINVAL;
	if (colon) {
		rc = addr_resolve((struct str){ text.s, host_len }, ret, max, &count);
		if (rc)
			return rc;
	} else {
		count = max < 2 ? max : 2;
		memcpy(ret, everywhere, count * sizeof(*ret));
	}
	for (unsigned i = 0; i < count; i++)
		ret[i].port = port;
	*ret_count = count;
	return 0;
}
