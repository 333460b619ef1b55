/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sdp.h"
#include "util.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct text {
	char *p;
	size_t len, cap;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->p + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (t->len >= t->cap)
		die("session description too long");
}

size_t sdp_phone(
	char *buf, size_t cap, int port, const struct sdp_codec *c, int n, const char *crypto)
{
	struct text t = { buf, 0, cap };
	add(&t,
		"v=0\r\no=- %u 1 IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
		"m=audio %d RTP/%sAVP",
		rnd32() & 0x7fffffff, port, crypto ? "S" : "");
	for (int i = 0; i < n; i++)
		add(&t, " %d", c[i].pt);
	add(&t, "\r\n");
	for (int i = 0; i < n; i++) {
		add(&t, "a=rtpmap:%d %s\r\n", c[i].pt, c[i].rtpmap);
		if (c[i].fmtp)
			add(&t, "a=fmtp:%d %s\r\n", c[i].pt, c[i].fmtp);
	}
	if (crypto)
		add(&t, "a=crypto:%s\r\n", crypto);
	add(&t, "a=sendrecv\r\na=ptime:20\r\n");
	return t.len;
}

static void make_up(struct sdp_browser *browser, unsigned a, unsigned b)
{
	struct text t = { browser->fingerprint, 0, sizeof browser->fingerprint };

	snprintf(browser->ufrag, sizeof browser->ufrag, "%04x", a & 0xffff);
	snprintf(browser->pwd, sizeof browser->pwd, "%08x%08x%08x", a, b, a ^ b);
	add(&t, "sha-256");
	for (int i = 0; i < 32; i++)
		add(&t, "%c%02X", i ? ':' : ' ', (a >> (i % 24) ^ (unsigned)i * 37) & 0xff);
}

size_t sdp_chrome_offer(
	char *buf, size_t cap, int port, unsigned id, const struct sdp_browser *browser)
{
	struct text t = { buf, 0, cap };
	unsigned a = id * 2654435761u, b = id * 40503u + 977;
	struct sdp_browser nobody;

	if (!browser) {
		make_up(&nobody, a, b);
		browser = &nobody;
	}
	add(&t,
		"v=0\r\no=- %u%u 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
		"a=extmap-allow-mixed\r\na=msid-semantic: WMS %08x-58d2-4c53-8f1c-0bb4c1%06x\r\n",
		a, b, a, b & 0xffffff);
	add(&t,
		"m=audio %d UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 127.0.0.1\r\n"
		"a=rtcp:9 IN IP4 0.0.0.0\r\n",
		port);
	add(&t,
		"a=candidate:%u 1 udp 2122260223 127.0.0.1 %d typ host generation 0 network-id 1 "
		"network-cost 10\r\n",
		a % 4000000000u, port);
	add(&t,
		"a=candidate:%u 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active generation 0 "
		"network-id 1 network-cost 10\r\n",
		b % 4000000000u);
	add(&t, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\na=fingerprint:%s\r\n",
		browser->ufrag, browser->pwd, browser->fingerprint);
	add(&t,
		"a=setup:actpass\r\na=mid:0\r\n"
		"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
		"a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
		"a=extmap:3 "
		"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
		"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
		"a=sendrecv\r\na=msid:%08x-58d2-4c53-8f1c-0bb4c1%06x "
		"7d5aa6c6-0a5b-4a0e-b1a0-92ac9b%06x\r\n"
		"a=rtcp-mux\r\na=rtcp-rsize\r\n"
		"a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 "
		"minptime=10;useinbandfec=1\r\n"
		"a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 "
		"G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\na=rtpmap:110 "
		"telephone-event/48000\r\n"
		"a=rtpmap:126 telephone-event/8000\r\n",
		a, b & 0xffffff, a & 0xffffff);
	add(&t,
		"a=ssrc:%u cname:%08x%08x\r\na=ssrc:%u msid:%08x-58d2-4c53-8f1c-0bb4c1%06x "
		"7d5aa6c6-0a5b-4a0e-b1a0-92ac9b%06x\r\n",
		a, a, b, a, a, b & 0xffffff, a & 0xffffff);
	return t.len;
}

/* Attributes of ICE and DTLS, which may stand before all sections. */
static bool read_security(const char *line, struct sdp_info *o)
{
	if (!strcmp(line, "a=ice-lite"))
		return o->ice_lite = true;
	return sscanf(line, "a=ice-ufrag:%39s", o->ufrag) == 1 ||
	       sscanf(line, "a=ice-pwd:%79s", o->pwd) == 1 ||
	       sscanf(line, "a=setup:%15s", o->setup) == 1 ||
	       sscanf(line, "a=fingerprint:%127[^\r]", o->fingerprint) == 1;
}

bool sdp_read(
	const char *sdp, size_t len, const char *rtpmap, const char *suite, struct sdp_info *o)
{
	char line[512], name[96], suite_in[64];
	int pt, n;
	bool in_audio = false;

	memset(o, 0, sizeof *o);
	o->pt = -1;
	for (const char *p = sdp, *end = sdp + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t l = (size_t)((nl ? nl : end) - p);
		snprintf(
			line, sizeof line, "%.*s", (int)(l < sizeof line ? l : sizeof line - 1), p);
		p = nl ? nl + 1 : end;
		line[strcspn(line, "\r")] = 0;
		if (!strncmp(line, "m=", 2)) {
			in_audio = !o->port &&
				   sscanf(line, "m=audio %d %*s %d", &o->port, &o->first_pt) == 2;
		} else if (read_security(line, o)) {
			continue;
		} else if (!in_audio) {
			continue;
		} else if (rtpmap && sscanf(line, "a=rtpmap:%d %95s", &pt, name) == 2) {
			if (o->pt < 0 && !strncasecmp(name, rtpmap, strlen(rtpmap)))
				o->pt = pt;
		} else if (suite && sscanf(line, "a=crypto:%7s %63s inline:%n", o->crypto_tag,
					    suite_in, &n) == 2) {
			if (!o->crypto_key[0] && !strcmp(suite_in, suite)) {
				snprintf(o->crypto_key, sizeof o->crypto_key, "%.*s",
					(int)strcspn(line + n, "| "), line + n);
				suite = NULL; /* keep this tag */
			}
		}
	}
	if (rtpmap && o->pt < 0) /* static types may come without an rtpmap */
		o->pt = (!strncasecmp(rtpmap, "PCMU", 4) && o->first_pt == 0)   ? 0
			: (!strncasecmp(rtpmap, "PCMA", 4) && o->first_pt == 8) ? 8
										: -1;
	return o->port > 0;
}
