/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two phones and what the daemon says of them. */
#include "talk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { UNTIL_PACKETS = 1500, PORT_A = 5000, PORT_B = 7000 };

static const char *family_word(const struct phone *p)
{
	return strchr(p->ip, ':') ? "IP6" : "IP4";
}

static void open_phone(struct phone *p)
{
	p->rtp = world_socket(p->ns, p->ip, p->port);
	p->rtcp = world_socket(p->ns, p->ip, (uint16_t)(p->port + 1));
	p->ssrc = p->port * 0x10001u;
}

/* The port in the first m= line of a reply's body, 0: there is none. */
static uint16_t port_of(const struct value *answer)
{
	struct str sdp = value_get_str(answer, "sdp");
	const char *line = sdp.len ? strstr(sdp.s, "m=audio ") : NULL;
	unsigned port = 0;

	if (line)
		sscanf(line, "m=audio %u", &port);
	return (uint16_t)port;
}

/* `to` gets what the daemon makes of the body of `from`. */
static bool exchange(struct talk *t, const char *command, const char *keys,
	const struct phone *from, struct phone *to)
{
	const struct value *answer = engine_ask(t->engine,
		"\"command\":\"%s\",\"call-id\":\"%s\",\"from-tag\":\"a\"%s,\"replace\":["
		"\"origin\"],"
		"\"sdp\":\"v=0\\r\\no=- 1 1 IN %s %s\\r\\ns=-\\r\\nc=IN %s %s\\r\\nt=0 0\\r\\n"
		"m=audio %u RTP/AVP 0 96 101\\r\\na=rtpmap:0 PCMU/8000\\r\\n"
		"a=rtpmap:96 opus/48000/2\\r\\na=rtpmap:101 telephone-event/8000\\r\\n"
		"a=ptime:20\\r\\n\"",
		command, t->id, keys, family_word(from), from->ip, family_word(from), from->ip,
		from->port);

	if (!engine_ok(answer))
		return false;
	to->to = port_of(answer);
	return to->to != 0;
}

bool talk_signal(struct talk *t)
{
	char keys[512];

	snprintf(keys, sizeof(keys), ",\"direction\":[\"a\",\"b\"]%s", t->keys);
	return exchange(t, "offer", keys, &t->phone[0], &t->phone[1]) &&
	       exchange(t, "answer", ",\"to-tag\":\"b\"", &t->phone[1], &t->phone[0]);
}

bool talk_begin(struct talk *t, struct engine *e, const char *id, int family, const char *keys)
{
	static const struct phone four[2] = {
		{ .ns = "a", .ip = "10.1.0.2", .gate = "10.1.0.1", .port = PORT_A },
		{ .ns = "b", .ip = "10.2.0.2", .gate = "10.2.0.1", .port = PORT_B },
	};
	static const struct phone six[2] = {
		{ .ns = "a", .ip = "fd01::2", .gate = "fd01::1", .port = PORT_A },
		{ .ns = "b", .ip = "fd02::2", .gate = "fd02::1", .port = PORT_B },
	};

	*t = (struct talk){ .engine = e, .id = id, .keys = keys };
	memcpy(t->phone, family == 4 ? four : six, sizeof(t->phone));
	open_phone(&t->phone[0]);
	open_phone(&t->phone[1]);
	return talk_signal(t);
}

long long talk_end(struct talk *t)
{
	const struct value *answer = engine_ask(
		t->engine, "\"command\":\"delete\",\"call-id\":\"%s\",\"from-tag\":\"a\"", t->id);

	for (unsigned i = 0; i < 2; i++) {
		close(t->phone[i].rtp);
		close(t->phone[i].rtcp);
	}
	if (!engine_ok(answer))
		return -1;
	return value_int(engine_at(answer, "totals/RTP/packets"), -1);
}

bool talk_ask(struct talk *t, const char *command, const char *keys)
{
	return engine_ok(
		engine_ask(t->engine, "\"command\":\"%s\",\"call-id\":\"%s\",\"from-tag\":\"a\"%s",
			command, t->id, keys));
}

void talk_send(struct talk *t, unsigned from)
{
	struct phone *p = &t->phone[from];
	uint8_t data[TALK_RTP_BYTES];
	size_t len;

	p->seq++;
	len = world_rtp(data, 0, p->seq, p->seq * 160u, p->ssrc, TALK_RTP_BYTES - 12);
	world_send(p->rtp, p->gate, p->to, data, len);
}

void talk_pace(unsigned us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000L };

	nanosleep(&t, NULL);
}

static bool arrives(struct talk *t, unsigned from)
{
	const struct phone *p = &t->phone[from];
	const struct datagram *d = world_receive(t->phone[!from].rtp);
	uint8_t wanted[TALK_RTP_BYTES];
	size_t len = world_rtp(wanted, 0, p->seq, p->seq * 160u, p->ssrc, TALK_RTP_BYTES - 12);

	return CHECK_INT(d->len, len) && CHECK(!memcmp(d->data, wanted, len));
}

bool talk_pass(struct talk *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned from = 0; from < 2; from++) {
			talk_send(t, from);
			if (!arrives(t, from))
				return false;
		}
		talk_pace(TALK_PACE_US);
	}
	return true;
}

static void drain(int fd)
{
	uint8_t data[16];

	while (recv(fd, data, sizeof(data), MSG_DONTWAIT) >= 0)
		continue;
}

void talk_drain(struct talk *t)
{
	for (unsigned i = 0; i < 2; i++) {
		drain(t->phone[i].rtp);
		drain(t->phone[i].rtcp);
	}
}

/* What query says of the stream that a phone sends; NULL: nothing. */
static const struct value *stream_of(struct talk *t, unsigned from)
{
	const struct value *answer = engine_ask(
		t->engine, "\"command\":\"query\",\"call-id\":\"%s\"", t->id);

	return engine_at(answer, from ? "tags/b/medias/0/streams/0" : "tags/a/medias/0/streams/0");
}

const char *talk_path(struct talk *t, unsigned from)
{
	static char name[64];
	const struct value *path = engine_at(stream_of(t, from), "path");
	struct str now = value_get_str(path, "now"), why = value_get_str(path, "reason");

	if (!now.len)
		now = STR_LIT("nothing");
	snprintf(name, sizeof(name), "%.*s", STR_ARG(why.len ? why : now));
	return name;
}

long long talk_number(struct talk *t, unsigned from, const char *path)
{
	return value_int(engine_at(stream_of(t, from), path), -1);
}

bool talk_until(struct talk *t, const char *path)
{
	char last[64] = "";

	for (unsigned i = 0; i < UNTIL_PACKETS; i += 5) {
		if (!talk_pass(t, 5))
			return false;
		snprintf(last, sizeof(last), "%s", talk_path(t, 0));
		if (!strcmp(last, path) && !strcmp(talk_path(t, 1), path))
			return true;
	}
	printf("# still %s, and %s, not %s\n", last, talk_path(t, 1), path);
	return CHECK(false);
}
