/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, times, addresses and codecs as people read them; see sentence.h. */
#include "call/sentence.h"

#include <inttypes.h>

static const int64_t SECOND_US = 1000000;

enum { MAX_FORMATS_SHOWN = 16 };

static void append_printable(GString *out, struct str text)
{
	for (size_t i = 0; i < MIN(text.len, SENTENCE_MAX_NAME); i++) {
		unsigned char c = (unsigned char)text.s[i];

		if (c < 0x20 || c > 0x7e || c == '\'' || c == '\\')
			g_string_append_printf(out, "\\x%02x", c);
		else
			g_string_append_c(out, (char)c);
	}
	if (text.len > SENTENCE_MAX_NAME)
		g_string_append(out, "...");
}

void sentence_quote(GString *out, struct str text)
{
	g_string_append_c(out, '\'');
	append_printable(out, text);
	g_string_append_c(out, '\'');
}

void sentence_party(GString *out, const struct party *party)
{
	if (!party) {
		g_string_append(out, "a party that has left");
	} else if (party->tag.len) {
		sentence_quote(out, party->tag);
	} else if (party->via_branch.len) {
		g_string_append(out, "the party of branch ");
		sentence_quote(out, party->via_branch);
	} else {
		g_string_append(out, "the party that has not answered");
	}
}

void sentence_time(GString *out, int64_t us)
{
	int64_t s = us / SECOND_US;

	if (us < 0)
		us = s = 0;
	if (us < 10 * SECOND_US)
		g_string_append_printf(out, "%.1f s", (double)(us / 100000) / 10);
	else if (s < 120)
		g_string_append_printf(out, "%" PRId64 " s", s);
	else if (s < 7200)
		g_string_append_printf(out, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else
		g_string_append_printf(out, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
}

void sentence_count(GString *out, uint64_t count, const char *singular)
{
	g_string_append_printf(out, "%" PRIu64 " %s%s", count, singular, count == 1 ? "" : "s");
}

void sentence_addr(GString *out, const struct addr *addr)
{
	char text[ADDR_TEXT];

	if (!addr->family)
		g_string_append(out, "an unknown address");
	else if (addr->port)
		g_string_append(out, addr_print(addr, text));
	else
		g_string_append(out, addr_print_ip(addr, text));
}

void sentence_formats(GString *out, const struct sdp_format *formats, unsigned count)
{
	if (!count)
		g_string_append(out, "none");
	for (unsigned i = 0; i < MIN(count, MAX_FORMATS_SHOWN); i++) {
		const struct sdp_format *f = &formats[i];

		g_string_append(out, i ? ", " : "");
		if (f->encoding.len) {
			append_printable(out, f->encoding);
			g_string_append_printf(out, "/%u", (unsigned)f->clock_hz);
			if (f->channels > 1)
				g_string_append_printf(out, "/%u", f->channels);
			g_string_append_printf(out, " (%u)", f->payload_type);
		} else {
			g_string_append_printf(out, "payload type %u", f->payload_type);
		}
	}
	if (count > MAX_FORMATS_SHOWN)
		g_string_append_printf(out, " and %u more", count - MAX_FORMATS_SHOWN);
}

void sentence_payload_type(GString *out, const struct media *media, int payload_type)
{
	for (unsigned i = 0; media->in && i < media->in->format_count; i++)
		if (media->in->formats[i].payload_type == payload_type) {
			sentence_formats(out, &media->in->formats[i], 1);
			return;
		}
	g_string_append_printf(out, "payload type %d", payload_type);
}
