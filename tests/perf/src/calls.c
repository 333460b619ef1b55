/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calls.h"
#include "bencode.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(
	struct signaller *s, struct call *c, const char *what, const char *reply, size_t len)
{
	const char *why = NULL;
	size_t n = 0;
	s->failed++;
	if (!s->error[0]) {
		if (reply && !be_get(reply, len, "error-reason", &why, &n)) {
			why = reply;
			n = len;
		}
		snprintf(s->error, sizeof s->error, "%s: %.*s", what, (int)(why ? n : 9),
			why ? why : "no answer");
	}
	c->ok = false;
	c->done(c);
}

static void new_key(const char *suite, char *out)
{
	uint8_t raw[30];
	/* 16 bytes of key, and 14 of salt or 12 for GCM */
	int n = strstr(suite, "GCM") ? 28 : 30;
	for (int i = 0; i < n; i++)
		raw[i] = (uint8_t)rnd32();
	EVP_EncodeBlock((uint8_t *)out, raw, n);
}

static void begin(struct be *b, char *buf, size_t cap, const char *cmd, struct call *c, bool to_tag)
{
	*b = (struct be){ buf, 0, cap };
	be_dict(b);
	be_kv(b, "call-id", c->id);
	be_kv(b, "command", cmd);
	be_kv(b, "from-tag", "a");
	if (to_tag)
		be_kv(b, "to-tag", "b");
}

static void send_request(struct signaller *s, struct be *b, ng_reply_fn *cb, struct call *c)
{
	be_end(b);
	if (!be_ok(b))
		die("request too long");
	s->requests++;
	ng_send(s->ng, b->buf, b->len, cb, c);
}

static void add_replace(struct be *b)
{
	be_str(b, "replace");
	be_list(b);
	be_str(b, "origin");
	be_str(b, "session-connection");
	be_end(b);
}

static struct sdp_codec line_of(const struct codec *c, int pt)
{
	return (struct sdp_codec){ pt, c->rtpmap, c->fmtp };
}

static void answer_done(void *arg, const char *reply, size_t len, uint64_t rtt)
{
	struct call *c = arg;
	struct signaller *s = c->sig;
	struct sdp_info in;
	const char *sdp;
	size_t n;

	hist_add(&s->rtt[REQ_ANSWER], rtt);
	if (!ng_result_is(reply, len, "ok") || !be_get(reply, len, "sdp", &sdp, &n)) {
		fail(s, c, "answer", reply, len);
		return;
	}
	const struct codec *codec = s->plan.codec[0];
	if (!sdp_read(sdp, n, s->plan.webrtc ? NULL : codec->rtpmap, NULL, &in) ||
		(!s->plan.webrtc && in.pt != c->side[0].pt) ||
		(s->plan.webrtc && (!memmem(sdp, n, "a=fingerprint:", 14) ||
					   !memmem(sdp, n, "a=candidate:", 12)))) {
		fail(s, c, "answer came without what was offered", sdp, n);
		return;
	}
	c->side[0].port = in.port;
	c->answer = in;
	c->ok = true;
	c->done(c);
}

static void offer_done(void *arg, const char *reply, size_t len, uint64_t rtt)
{
	struct call *c = arg;
	struct signaller *s = c->sig;
	const struct codec *codec = s->plan.codec[1];
	struct sdp_info in;
	struct be b;
	char buf[8192], text[4096], crypto[160];
	const char *sdp;
	size_t n;

	hist_add(&s->rtt[REQ_OFFER], rtt);
	if (!ng_result_is(reply, len, "ok") || !be_get(reply, len, "sdp", &sdp, &n)) {
		fail(s, c, "offer", reply, len);
		return;
	}
	if (!sdp_read(sdp, n, codec->rtpmap, s->plan.suite, &in) || in.pt < 0 ||
		(s->plan.suite && !in.crypto_key[0])) {
		fail(s, c, "offer came out without the codec or suite", sdp, n);
		return;
	}
	c->side[1].port = in.port;
	c->side[1].pt = in.pt;
	if (s->plan.suite) {
		/* The daemon's key decrypts what we receive. */
		snprintf(c->side[1].rx_key, KEY_TEXT, "%.63s", in.crypto_key);
		new_key(s->plan.suite, c->side[1].tx_key);
		snprintf(crypto, sizeof crypto, "%s %s inline:%s", in.crypto_tag, s->plan.suite,
			c->side[1].tx_key);
	}
	struct sdp_codec lines[2] = { line_of(codec, in.pt),
		{ 101, "telephone-event/8000", "0-15" } };
	n = sdp_phone(text, sizeof text, c->side[1].gen_port, lines, s->plan.webrtc ? 2 : 1,
		s->plan.suite ? crypto : NULL);
	begin(&b, buf, sizeof buf, "answer", c, true);
	be_kv(&b, "ICE", s->plan.webrtc ? "force" : "remove");
	add_replace(&b);
	be_str(&b, "sdp");
	be_mem(&b, text, n);
	send_request(s, &b, answer_done, c);
}

void call_setup(struct signaller *s, struct call *c, void (*done)(struct call *))
{
	char buf[8192], text[4096];
	struct be b;
	size_t n;
	const struct plan *p = &s->plan;

	c->sig = s;
	c->done = done;
	snprintf(c->id, sizeof c->id, "bench-%x-%llx", (unsigned)getpid(),
		(unsigned long long)++s->serial);
	c->side[0].pt = p->codec[0]->pt;
	if (p->webrtc) {
		n = sdp_chrome_offer(
			text, sizeof text, c->side[0].gen_port, (unsigned)s->serial, c->browser);
	} else {
		struct sdp_codec line = line_of(p->codec[0], p->codec[0]->pt);
		n = sdp_phone(text, sizeof text, c->side[0].gen_port, &line, 1, NULL);
	}
	begin(&b, buf, sizeof buf, "offer", c, false);
	be_kv(&b, "ICE", "remove");
	if (p->codec[0] != p->codec[1] && !p->webrtc) {
		be_str(&b, "codec");
		be_dict(&b);
		be_str(&b, "mask");
		be_list(&b);
		be_str(&b, p->codec[0]->ng_name);
		be_end(&b);
		be_str(&b, "transcode");
		be_list(&b);
		be_str(&b, p->codec[1]->ng_name);
		be_end(&b);
		be_end(&b);
	}
	if (p->record)
		be_kv(&b, "record-call", "yes");
	add_replace(&b);
	if (p->webrtc) {
		be_str(&b, "rtcp-mux");
		be_list(&b);
		be_str(&b, "demux");
		be_end(&b);
	}
	be_str(&b, "sdp");
	be_mem(&b, text, n);
	be_kv(&b, "transport-protocol", p->suite ? "RTP/SAVP" : "RTP/AVP");
	send_request(s, &b, offer_done, c);
}

static void delete_done(void *arg, const char *reply, size_t len, uint64_t rtt)
{
	struct call *c = arg;
	hist_add(&c->sig->rtt[REQ_DELETE], rtt);
	if (!ng_result_is(reply, len, "ok")) {
		fail(c->sig, c, "delete", reply, len);
		return;
	}
	c->ok = true;
	c->done(c);
}

void call_delete(struct signaller *s, struct call *c, void (*done)(struct call *))
{
	char buf[512];
	struct be b;
	c->sig = s;
	c->done = done;
	begin(&b, buf, sizeof buf, "delete", c, false);
	be_str(&b, "delete-delay");
	be_int(&b, 0);
	send_request(s, &b, delete_done, c);
}

/* ---- many calls ---- */

static int batch_open, batch_ok;

static void batch_done(struct call *c)
{
	batch_open--;
	batch_ok += c->ok;
}

static int batch(struct signaller *s, struct call *c, int n, int window,
	void (*op)(struct signaller *, struct call *, void (*)(struct call *)))
{
	batch_ok = 0;
	for (int i = 0; i < n || batch_open;) {
		if (i < n && batch_open < window) {
			batch_open++;
			op(s, &c[i++], batch_done);
		} else {
			ng_wait(s->ng, 50);
		}
	}
	return batch_ok;
}

int calls_setup(struct signaller *s, struct call *c, int n, int window)
{
	return batch(s, c, n, window, call_setup);
}
int calls_delete(struct signaller *s, struct call *c, int n, int window)
{
	return batch(s, c, n, window, call_delete);
}
