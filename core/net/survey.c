/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the system's lists line by line. A number is a byte: whether it was seen in the look under
 * way, in the last one and in the one before, each look moving the bits down by one.
 */
#include "net/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"

enum {
	SEEN_NOW = 4,
	SEEN_LAST = 2,
	SEEN_BEFORE = 1,
	LOOKS_TAKEN = 2,   /* complete ones after which what was seen still counts */
	READ_BYTES = 4096, /* what the system gives at once */
	HEX_WORD = 8,      /* digits of 32 bits */
};

struct survey {
	unsigned addr_count;
	struct survey_addr {
		struct addr addr;
		int claim_fd;
		uint8_t *numbers; /* from claim.ports.first on */
	} * addrs;
	struct claim claim;
	struct claim other, other_now; /* the one yielded to; address family 0: none */
	unsigned other_looks;          /* that `other` still counts for */
	/* The look under way */
	unsigned list; /* index of that being read */
	char text[2 * READ_BYTES];
	size_t text_bytes; /* an unfinished line */
	int fds[3];        /* of the lists; -1: this system has none of that kind */
};

typedef void (*take_line_fn)(struct survey *survey, char *line);

static unsigned number_count(const struct survey *s)
{
	return s->claim.ports.last - s->claim.ports.first + 1u;
}

static void see(struct survey *s, unsigned addr_index, unsigned first, unsigned last)
{
	first = MAX(first, s->claim.ports.first);
	last = MIN(last, s->claim.ports.last);
	for (unsigned n = first; n <= last; n++)
		s->addrs[addr_index].numbers[n - s->claim.ports.first] |= SEEN_NOW;
}

/* Words of hexadecimal digits, each of this machine's byte order. */
static bool parse_ip(const char *hex, size_t digits, struct addr *ret)
{
	*ret = (struct addr){ .family = digits == HEX_WORD ? ADDR_IP4 : ADDR_IP6 };
	if (digits != HEX_WORD && digits != 4 * HEX_WORD)
		return false;
	for (size_t i = 0; i < digits / HEX_WORD; i++) {
		unsigned word;

		if (sscanf(hex + i * HEX_WORD, "%8x", &word) != 1)
			return false;
		memcpy(ret->ip + i * sizeof(word), &word, sizeof(word));
	}
	return true;
}

/* An IPv4 address within an IPv6 one, as sockets of both families have it. */
static void unmap(struct addr *addr)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t ip[4];

	if (addr->family != ADDR_IP6 || memcmp(addr->ip, prefix, sizeof(prefix)) != 0)
		return;
	memcpy(ip, addr->ip + sizeof(prefix), sizeof(ip));
	*addr = (struct addr){ .family = ADDR_IP4 };
	memcpy(addr->ip, ip, sizeof(ip));
}

/* Would a socket bound there keep us from binding that address? [::] may be of both families. */
static bool covers(const struct addr *bound, const struct addr *ours)
{
	if (addr_is_unspecified(bound))
		return bound->family == ADDR_IP6 || bound->family == ours->family;
	return addr_same_ip(bound, ours);
}

/* "  sl: LOCAL:PORT REMOTE:PORT …" */
static void take_socket(struct survey *s, char *line)
{
	char ip[4 * HEX_WORD + 1];
	struct addr bound;
	unsigned port;

	if (sscanf(line, "%*s %32[0-9A-Fa-f]:%x", ip, &port) != 2 || port < s->claim.ports.first ||
		port > s->claim.ports.last || !parse_ip(ip, strlen(ip), &bound))
		return;
	unmap(&bound);
	for (unsigned i = 0; i < s->addr_count; i++)
		if (covers(&bound, &s->addrs[i].addr))
			see(s, i, port, port);
}

static void take_claim(struct survey *s, char *line)
{
	struct claim other;

	if (!claim_parse(line, &other) || !claim_yields(&s->claim, &other) ||
		other.ports.first > s->claim.ports.last || other.ports.last < s->claim.ports.first)
		return;
	for (unsigned i = 0; i < s->addr_count; i++) {
		if (!addr_same_ip(&other.addr, &s->addrs[i].addr))
			continue;
		see(s, i, other.ports.first, other.ports.last);
		if (!s->other_now.addr.family || other.since_us < s->other_now.since_us)
			s->other_now = other;
	}
}

static const struct list {
	const char *path;
	take_line_fn take;
	bool of_sockets;
} lists[] = {
	{ "/proc/net/udp", take_socket, true },
	{ "/proc/net/udp6", take_socket, true },
	{ "/proc/net/unix", take_claim, false },
};

/* All whole lines of the text; what is left moves to its beginning. */
static void take_lines(struct survey *s)
{
	char *line = s->text, *end;

	s->text[s->text_bytes] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		lists[s->list].take(s, line);
		line = end + 1;
	}
	s->text_bytes -= MIN(s->text_bytes, (size_t)(line - s->text));
	/* a line with the byte 0, or longer than any of these lists has */
	if (s->text_bytes > READ_BYTES || memchr(line, '\0', s->text_bytes))
		s->text_bytes = 0;
	memmove(s->text, line, s->text_bytes);
}

/* False: there is no more. */
static bool read_some(struct survey *s)
{
	size_t room = sizeof(s->text) - 1 - s->text_bytes;
	ssize_t n = s->fds[s->list] < 0
			    ? 0
			    : read(s->fds[s->list], s->text + s->text_bytes, MIN(room, READ_BYTES));

	if (n <= 0)
		return false;
	s->text_bytes += (size_t)n;
	take_lines(s);
	return true;
}

static void next_list(struct survey *s)
{
	s->text_bytes = 0;
	if (s->fds[s->list] >= 0)
		lseek(s->fds[s->list], 0, SEEK_SET);
	s->list++;
}

static void end_look(struct survey *s)
{
	for (unsigned a = 0; a < s->addr_count; a++)
		for (unsigned i = 0; i < number_count(s); i++)
			s->addrs[a].numbers[i] >>= 1;
	if (s->other_now.addr.family) {
		s->other = s->other_now;
		s->other_looks = LOOKS_TAKEN;
	} else if (s->other_looks > 0 && --s->other_looks == 0) {
		s->other = (struct claim){ 0 };
	}
	s->other_now = (struct claim){ 0 };
	s->list = 0;
}

bool survey_step(struct survey *s, int64_t budget_us)
{
	int64_t until_us = clock_mono_us() + budget_us;

	do {
		if (!read_some(s))
			next_list(s);
		if (s->list < G_N_ELEMENTS(lists))
			continue;
		end_look(s);
		return true;
	} while (!budget_us || clock_mono_us() < until_us);
	return false;
}

static uint8_t number_of(const struct survey *s, unsigned addr_index, uint16_t port)
{
	return s->addrs[addr_index].numbers[port - s->claim.ports.first];
}

bool survey_is_taken(const struct survey *s, unsigned addr_index, uint16_t port)
{
	return number_of(s, addr_index, port) != 0;
}

bool survey_stays_taken(const struct survey *s, unsigned addr_index, uint16_t port)
{
	const uint8_t both = SEEN_LAST | SEEN_BEFORE;

	return (number_of(s, addr_index, port) & both) == both;
}

const struct claim *survey_claim(const struct survey *s)
{
	return s->other.addr.family ? &s->other : NULL;
}

/* --- beginning and end --- */

/* Kernels without IPv6 have no udp6. */
static int open_lists(struct survey *s, struct err *err)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (lists[i].of_sockets && s->claim.bound)
			continue;
		s->fds[i] = open(lists[i].path, O_RDONLY | O_CLOEXEC);
		if (s->fds[i] < 0 && (errno != ENOENT || i == 0))
			return err_set(
				err, errno, "opening %s: %s", lists[i].path, g_strerror(errno));
	}
	return 0;
}

static int make_claims(struct survey *s, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < s->addr_count; i++) {
		struct claim claim = s->claim;

		claim.addr = s->addrs[i].addr;
		rc = claim_open(&claim, &s->addrs[i].claim_fd, err);
	}
	return rc;
}

int survey_new(const struct addr *addrs, unsigned addr_count, const struct claim *claim,
	struct survey **ret_survey, struct err *err)
{
	struct survey *s = g_new0(struct survey, 1);
	int rc;

	s->claim = *claim;
	s->addr_count = addr_count;
	s->addrs = g_new0(struct survey_addr, addr_count);
	for (unsigned i = 0; i < addr_count; i++)
		s->addrs[i] = (struct survey_addr){
			.addr = addr_with_port(addrs[i], 0),
			.claim_fd = -1,
			.numbers = g_new0(uint8_t, number_count(s)),
		};
	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++)
		s->fds[i] = -1;
	rc = open_lists(s, err);
	if (!rc)
		rc = make_claims(s, err);
	if (rc) {
		survey_free(s);
		return rc;
	}
	*ret_survey = s;
	return 0;
}

void survey_free(struct survey *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	for (unsigned i = 0; i < s->addr_count; i++) {
		if (s->addrs[i].claim_fd >= 0)
			close(s->addrs[i].claim_fd);
		g_free(s->addrs[i].numbers);
	}
	g_free(s->addrs);
	g_free(s);
}
