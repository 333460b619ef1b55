/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that scripts send and expect. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mock/network.h"
#include "rtp/rtcp.h"
#include "rtp/rtp.h"
#include "srtp/sdes.h"
#include "srtp/srtp.h"
#include "rtp/telephone_event.h"

/* The value of "key=value" among `words`, or NULL. */
static const char *option(char *const *words, const char *key)
{
	size_t len = strlen(key);

	for (; *words; words++)
		if (!strncmp(*words, key, len) && (*words)[len] == '=')
			return *words + len + 1;
	return NULL;
}

static unsigned long number(char *const *words, const char *key, unsigned long otherwise)
{
	const char *text = option(words, key);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static struct srtp_context *find_key(struct script *s, const char *key)
{
	g_auto(GStrv) parts = g_strsplit(key, ":", 2);
	g_autofree char *line = g_strv_length(parts) == 2
					? g_strdup_printf("1 %s inline:%s", parts[0], parts[1])
					: NULL;
	struct srtp_context *context = g_hash_table_lookup(s->keys, key);
	struct sdes_crypto crypto;

	if (context || !line || sdes_parse(str_of(line), &crypto) < 0)
		return context;
	context = srtp_context_new(&crypto.params, SRTP_PROTECT, NULL);
	g_hash_table_insert(s->keys, g_strdup(key), context);
	return context;
}

/* key=SUITE:KEY: as its sender protects it. */
static void protect(struct script *s, char *const *words, enum packet_kind kind)
{
	GByteArray *bytes = s->sent[kind];
	const char *key = option(words, "key");
	struct srtp_context *context = key ? find_key(s, key) : NULL;
	size_t len = bytes->len;
	enum srtp_result result;

	if (key && !context)
		script_fail(s, "key=SUITE:KEY");
	if (!context)
		return;
	g_byte_array_set_size(bytes, bytes->len + SRTP_MAX_TRAILER);
	result = kind == PACKET_RTCP ? srtp_context_rtcp(context, bytes->data, &len, bytes->len)
				     : srtp_context_rtp(context, bytes->data, &len, bytes->len);
	if (result != SRTP_OK)
		script_fail(s, "%s", srtp_result_text(result));
	g_byte_array_set_size(bytes, (guint)len);
}

/* FROM -> TO …: sends, and lets the world do its part. */
static void deliver(struct script *s, char *const *words, enum packet_kind kind)
{
	GByteArray *bytes = s->sent[kind];
	struct addr from, to;

	if (g_strv_length((char **)words) < 3 || strcmp(words[1], "->")) {
		script_fail(s, "FROM -> TO");
		return;
	}
	if (!script_addr(s, words[0], &from) || !script_addr(s, words[2], &to))
		return;
	if (!mock_send(&from, &to, bytes->data, bytes->len))
		script_fail(s, "no port is open at %s", words[2]);
	world_run(&s->world);
}

/* CODE,VOLUME,DURATION[,end] */
static void event_payload(struct script *s, const char *text, uint8_t *ret)
{
	unsigned code, volume, duration;
	struct telephone_event e = { .end = g_str_has_suffix(text, ",end") };

	if (sscanf(text, "%u,%u,%u", &code, &volume, &duration) != 3)
		script_fail(s, "an event is CODE,VOLUME,DURATION: %s", text);
	e.code = (uint8_t)code;
	e.volume = (uint8_t)volume;
	e.duration = (uint16_t)duration;
	telephone_event_write(ret, &e);
}

void statement_rtp(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", -1);
	const char *payload = option(words, "payload");
	struct rtp_header h = {
		.payload_type = (uint8_t)number(words, "pt", 0),
		.marker = number(words, "marker", 0),
		.seq = (uint16_t)number(words, "seq", s->next_seq),
		.ssrc = (uint32_t)number(words, "ssrc", 0x1234abcd),
	};
	uint8_t header[RTP_HEADER_BYTES], event[TELEPHONE_EVENT_BYTES];

	h.timestamp = (uint32_t)number(words, "ts", h.seq * 160u);
	s->next_seq = (uint16_t)(h.seq + 1);
	rtp_write(header, &h);
	g_byte_array_set_size(s->sent[PACKET_RTP], 0);
	g_byte_array_append(s->sent[PACKET_RTP], header, sizeof(header));
	if (option(words, "event")) {
		event_payload(s, option(words, "event"), event);
		g_byte_array_append(s->sent[PACKET_RTP], event, sizeof(event));
	} else {
		payload = payload ? payload : "some sound";
		g_byte_array_append(
			s->sent[PACKET_RTP], (const guint8 *)payload, (guint)strlen(payload));
	}
	if (option(words, "len"))
		g_byte_array_set_size(
			s->sent[PACKET_RTP], RTP_HEADER_BYTES + (guint)number(words, "len", 0));
	protect(s, words, PACKET_RTP);
	deliver(s, words, PACKET_RTP);
}

static const struct {
	const char *name;
	uint8_t type, count;
	unsigned bytes;
} rtcp_kinds[] = {
	{ "sr", RTCP_SR, 0, 28 },
	{ "rr", RTCP_RR, 1, 32 },
	{ "sdes", RTCP_SDES, 1, 12 },
	{ "bye", RTCP_BYE, 1, 8 },
	{ "app", RTCP_APP, 0, 12 },
	{ "rtpfb", RTCP_RTPFB, 1, 16 },
	{ "psfb", RTCP_PSFB, 1, 12 },
	{ "xr", RTCP_XR, 0, 44 },
};

static void put(uint8_t *at, unsigned bytes, unsigned long value)
{
	while (bytes--) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static unsigned long reported(const struct script *s, char *const *words)
{
	const char *about = option(words, "about");

	return about && !strcmp(about, "latest") ? s->latest_ssrc : number(words, "about", 0);
}

enum { XR_TIME_BYTES = 20, XR_DLRR_BYTES = 24 };

/* A block's kind and words behind its header, and the packet's bytes. */
static unsigned fill_xr(const struct script *s, uint8_t *packet, char *const *words)
{
	const char *kind = option(words, "xr");
	uint8_t *block = packet + 8;

	if (kind && !strcmp(kind, "rrtr")) {
		put(block, 1, RTCP_XR_REFERENCE_TIME);
		put(block + 2, 2, 2);
		put(block + 4, 4, number(words, "ntp", 0) >> 16);
		put(block + 8, 2, number(words, "ntp", 0));
		return XR_TIME_BYTES;
	}
	if (kind && !strcmp(kind, "dlrr")) {
		put(block, 1, RTCP_XR_DLRR);
		put(block + 2, 2, 3);
		put(block + 4, 4, reported(s, words));
		put(block + 8, 4, number(words, "lsr", 0));
		put(block + 12, 4, number(words, "dlsr", 0));
		return XR_DLRR_BYTES;
	}
	put(block, 1, RTCP_XR_VOIP_METRICS);
	put(block + 2, 2, 8);
	put(block + 4, 4, reported(s, words));
	put(block + 16, 2, number(words, "delay", 0));
	return 44;
}

/* ntp: middle bits of an SR's time; about, lost, jitter …: a report block; delay: XR VoIP. */
static unsigned fill_rtcp(
	const struct script *s, uint8_t *packet, unsigned bytes, char *const *words)
{
	uint8_t *block = packet + 8;

	if (packet[1] == RTCP_SR) {
		put(packet + 8, 4, number(words, "ntp", 0) >> 16);
		put(packet + 12, 2, number(words, "ntp", 0));
	} else if (packet[1] == RTCP_RR) {
		put(block, 4, reported(s, words));
		put(block + 4, 1, number(words, "fraction", 0));
		put(block + 5, 3, number(words, "lost", 0));
		put(block + 12, 4, number(words, "jitter", 0));
		put(block + 16, 4, number(words, "lsr", 0));
		put(block + 20, 4, number(words, "dlsr", 0));
	} else if (packet[1] == RTCP_XR) {
		return fill_xr(s, packet, words);
	}
	return bytes;
}

static void append_rtcp(const struct script *s, GByteArray *out, unsigned kind, char *const *words)
{
	uint8_t packet[64] = { 0 };
	unsigned bytes = rtcp_kinds[kind].bytes;
	unsigned long ssrc = number(words, "ssrc", 0x1234abcd);

	packet[0] = (uint8_t)(0x80 | rtcp_kinds[kind].count);
	packet[1] = rtcp_kinds[kind].type;
	put(packet + 4, 4, ssrc);
	bytes = fill_rtcp(s, packet, bytes, words);
	packet[3] = (uint8_t)(bytes / 4 - 1);
	g_byte_array_append(out, packet, bytes);
}

void statement_rtcp(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", -1);
	const char *types = option(words, "types");
	g_auto(GStrv) names = g_strsplit(types ? types : "sr", ",", -1);

	g_byte_array_set_size(s->sent[PACKET_RTCP], 0);
	for (char **name = names; *name; name++)
		for (unsigned i = 0; i < G_N_ELEMENTS(rtcp_kinds); i++)
			if (!strcmp(*name, rtcp_kinds[i].name))
				append_rtcp(s, s->sent[PACKET_RTCP], i, words);
	protect(s, words, PACKET_RTCP);
	deliver(s, words, PACKET_RTCP);
}

/* hex=…, or len=… and byte=… for many of the same. */
void statement_raw(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", -1);
	const char *hex = option(words, "hex");
	unsigned long len = number(words, "len", 0);
	GByteArray *out = s->sent[PACKET_RAW];

	g_byte_array_set_size(out, 0);
	for (; hex && g_ascii_isxdigit(hex[0]) && g_ascii_isxdigit(hex[1]); hex += 2) {
		uint8_t byte = (uint8_t)(g_ascii_xdigit_value(hex[0]) * 16 +
					 g_ascii_xdigit_value(hex[1]));

		g_byte_array_append(out, &byte, 1);
	}
	for (; len; len--) {
		uint8_t byte = (uint8_t)number(words, "byte", 0x80);

		g_byte_array_append(out, &byte, 1);
	}
	deliver(s, words, PACKET_RAW);
}

/* --- expecting --- */

static char *types_of(const struct mock_datagram *d)
{
	GString *out = g_string_new(NULL);
	struct rtcp_packet packet;
	size_t offset = 0;

	while (rtcp_next(d->bytes, d->len, &offset, &packet) > 0)
		for (unsigned i = 0; i < G_N_ELEMENTS(rtcp_kinds); i++)
			if (packet.type == rtcp_kinds[i].type)
				g_string_append_printf(
					out, "%s%s", out->len ? "," : "", rtcp_kinds[i].name);
	return g_string_free(out, FALSE);
}

static void expect_field(struct script *s, char *const *words, const char *key, unsigned long got)
{
	if (number(words, key, got) != got)
		script_fail(s, "%s: expected %s, got %lu", key, option(words, key), got);
}

/* A header, and the same byte from there on. */
static void expect_fill(struct script *s, const struct mock_datagram *d, unsigned long byte)
{
	for (size_t i = RTP_HEADER_BYTES; i < d->len; i++)
		if (d->bytes[i] != byte) {
			script_fail(s, "byte %zu is 0x%02x", i, d->bytes[i]);
			return;
		}
}

static void expect_hex(struct script *s, const struct mock_datagram *d, const char *hex)
{
	g_autoptr(GString) got = g_string_new(NULL);

	for (size_t i = 0; i < d->len; i++)
		g_string_append_printf(got, "%02x", d->bytes[i]);
	if (strcmp(got->str, hex))
		script_fail(s, "expected %s, got %s", hex, got->str);
}

static void expect_begin(struct script *s, const struct mock_datagram *d, const char *hex)
{
	struct mock_datagram *start = g_memdup2(d, sizeof(*d) + d->len);

	start->len = MIN(start->len, strlen(hex) / 2);
	expect_hex(s, start, hex);
	g_free(start);
}

static void expect_event(struct script *s, const struct mock_datagram *d, const char *text)
{
	uint8_t wanted[TELEPHONE_EVENT_BYTES];
	struct telephone_event e;

	event_payload(s, text, wanted);
	if (!telephone_event_parse(d->bytes + RTP_HEADER_BYTES, d->len - RTP_HEADER_BYTES, &e))
		script_fail(s, "no event: %zu bytes", d->len);
	else if (memcmp(d->bytes + RTP_HEADER_BYTES, wanted, sizeof(wanted)))
		script_fail(s, "expected event %s, got %u,%u,%u%s", text, e.code, e.volume,
			e.duration, e.end ? ",end" : "");
}

/* Any of them; what is not named may be anything. */
static bool expect_rtp_fields(struct script *s, char *const *words, const struct mock_datagram *d)
{
	static const char *const keys[] = { "seq", "ssrc", "pt", "ts", "after", "marker", "event" };
	bool any = false;

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		any |= option(words, keys[i]) != NULL;
	if (!any)
		return false;
	expect_field(s, words, "seq", rtp_seq(d->bytes));
	s->latest_ssrc = rtp_ssrc(d->bytes);
	expect_field(s, words, "ssrc", s->latest_ssrc);
	expect_field(s, words, "pt", d->bytes[1] & 0x7f);
	expect_field(s, words, "ts", rtp_timestamp(d->bytes));
	expect_field(s, words, "after", rtp_timestamp(d->bytes) - s->latest_timestamp);
	s->latest_timestamp = rtp_timestamp(d->bytes);
	expect_field(s, words, "marker", d->bytes[1] >> 7);
	if (option(words, "event"))
		expect_event(s, d, option(words, "event"));
	return true;
}

static void check_packet(
	struct script *s, char *const *words, enum packet_kind kind, const struct mock_datagram *d)
{
	const GByteArray *sent = s->sent[kind];
	const char *types = option(words, "types");

	if (option(words, "hex")) {
		expect_hex(s, d, option(words, "hex"));
	} else if (option(words, "begins")) {
		expect_begin(s, d, option(words, "begins"));
	} else if (kind == PACKET_RTP && option(words, "fill")) {
		expect_fill(s, d, number(words, "fill", 0));
	} else if (kind == PACKET_RTP && expect_rtp_fields(s, words, d)) {
		return;
	} else if (kind == PACKET_RTCP && types) {
		g_autofree char *got = types_of(d);

		if (strcmp(got, types))
			script_fail(s, "expected types %s, got %s", types, got);
	} else if (d->len != sent->len || memcmp(d->bytes, sent->data, d->len)) {
		script_fail(s, "not the %zu bytes that were sent last but %zu others",
			(size_t)sent->len, d->len);
	}
}

static void expect_nothing(struct script *s)
{
	g_autofree struct mock_datagram *d = mock_pop();
	char from[ADDR_TEXT], to[ADDR_TEXT];

	if (d)
		script_fail(s, "%zu bytes were sent from %s to %s", d->len,
			addr_print(&d->from, from), addr_print(&d->to, to));
}

static bool read_kind(const char *word, enum packet_kind *ret)
{
	static const char *const names[PACKET_KINDS] = { "rtp", "rtcp", "raw" };

	for (unsigned i = 0; i < PACKET_KINDS; i++)
		if (!g_strcmp0(word, names[i])) {
			*ret = i;
			return true;
		}
	return false;
}

/* nothing | KIND at ADDRESS from PORT [what is in it] */
void statement_expect(struct script *s, const char *rest)
{
	g_auto(GStrv) words = g_strsplit(rest, " ", -1);
	g_autofree struct mock_datagram *d = NULL;
	char text[ADDR_TEXT];
	struct addr at, from;
	enum packet_kind kind;

	if (!strcmp(rest, "nothing")) {
		expect_nothing(s);
		return;
	}
	if (g_strv_length(words) < 5 || !read_kind(words[0], &kind)) {
		script_fail(s, "expect KIND at ADDRESS from PORT");
		return;
	}
	if (!script_addr(s, words[2], &at) || !script_addr(s, words[4], &from))
		return;
	d = mock_pop_to(&at);
	if (!d) {
		expect_nothing(s);
		script_fail(s, "nothing was sent to %s", words[2]);
	} else if (!addr_equal(&d->from, &from)) {
		script_fail(s, "came from %s", addr_print(&d->from, text));
	} else {
		check_packet(s, words, kind, d);
	}
}
