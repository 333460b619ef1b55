/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "browser.h"
#include "base/ref.h"
#include "dtls/dtls.h"
#include "ice/agent.h"
#include "srtp/srtp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MTU = 1200, AUDIO_BYTES = 160, FRAME_US = 20000 };

struct browser {
	int fd, port;
	struct sdp_browser said;
	struct addr local, peer; /* peer.family 0: no pair yet */
	struct ice_agent *agent;
	struct dtls *dtls;
	struct srtp_context *in, *out;
	size_t early_len;   /* of a hello that came before there was a pair, */
	uint8_t early[MTU]; /* which waits for it */
	int64_t next_audio_us;
	uint16_t seq;
	uint32_t ssrc;
	uint64_t heard_ns;
};

static int64_t now_us(void)
{
	return (int64_t)(mono_ns() / 1000);
}

/* One for all: who makes many calls in a page has one, too. */
static struct dtls_cert *own_cert(void)
{
	static struct dtls_cert *cert;
	struct dtls_cert_options options = { .ciphers = DTLS_DEFAULT_CIPHERS, .name = "browser" };

	if (!cert)
		cert = dtls_cert_new(&options, (int64_t)(clock_ns(CLOCK_REALTIME) / 1000), NULL);
	if (!cert)
		die("cannot make a certificate");
	return cert;
}

/* ---- making one ---- */

static void make_up(struct sdp_browser *said)
{
	fingerprint_print(dtls_cert_fingerprint(own_cert(), DTLS_SHA256), said->fingerprint);
	snprintf(said->ufrag, sizeof said->ufrag, "%04x", rnd32() & 0xffff);
	snprintf(said->pwd, sizeof said->pwd, "%08x%08x%08x", rnd32(), rnd32(), rnd32());
}

struct browser *browser_new(struct sdp_browser *ret_said)
{
	struct browser *b = xcalloc(1, sizeof *b);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;

	b->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (b->fd < 0 || bind(b->fd, (struct sockaddr *)&a, len) ||
		getsockname(b->fd, (struct sockaddr *)&a, &len))
		die("a browser's socket: %s", strerror(errno));
	b->port = ntohs(a.sin_port);
	b->ssrc = rnd32();
	make_up(&b->said);
	*ret_said = b->said;
	return b;
}

void browser_free(struct browser *b)
{
	if (!b)
		return;
	ice_agent_free(b->agent);
	dtls_free(b->dtls);
	srtp_context_free(b->in);
	srtp_context_free(b->out);
	close(b->fd);
	free(b);
}

int browser_fd(const struct browser *b)
{
	return b->fd;
}

int browser_port(const struct browser *b)
{
	return b->port;
}

uint64_t browser_heard_ns(const struct browser *b)
{
	return b->heard_ns;
}

const char *browser_state(const struct browser *b)
{
	if (!b->agent)
		return "waits for the answer";
	if (!b->peer.family)
		return ice_agent_state(b->agent) == ICE_FAILED ? "ICE failed" : "ICE checks";
	if (!b->out)
		return dtls_state(b->dtls) == DTLS_FAILED ? "DTLS failed" : "DTLS handshake";
	return b->heard_ns ? "heard audio" : "waits for audio";
}

/* ---- ICE and DTLS ---- */

/* What cannot be sent counts as lost on its way. */
static void send_to(const struct browser *b, const struct addr *to, const void *data, size_t len)
{
	union sock sock;
	socklen_t sock_len = addr_to_sock(to, &sock);

	(void)!sendto(b->fd, data, len, 0, &sock.sa, sock_len);
}

static void on_check(
	void *arg, unsigned local, const struct addr *to, const uint8_t *data, size_t len)
{
	(void)local;
	send_to(arg, to, data, len);
}

static void on_handshake(void *arg, const uint8_t *data, size_t len)
{
	const struct browser *b = arg;

	if (b->peer.family)
		send_to(b, &b->peer, data, len);
}

static void on_event(void *arg, const struct ice_event *event)
{
	struct browser *b = arg;

	if (event->type != ICE_EVENT_PAIR)
		return;
	b->peer = event->remote;
	dtls_start(b->dtls, now_us());
	if (b->early_len)
		dtls_receive(b->dtls, b->early, b->early_len, now_us());
	b->early_len = 0;
}

static struct ice_params *make_params(const struct browser *b, const struct sdp_info *answer)
{
	struct ice_params *p = ice_params_new();

	p->generation = 1;
	p->controlling = p->consent = p->remote_ended = true;
	p->peer_lite = answer->ice_lite;
	p->components = p->local_count = p->remote_count = 1;
	p->tie_breaker = (uint64_t)rnd32() << 32 | rnd32();
	for (int i = 0; i < ICE_SECRET_BYTES; i++)
		p->secret[i] = (uint8_t)rnd32();
	p->local_ufrag = g_strdup(b->said.ufrag);
	p->local_pwd = g_strdup(b->said.pwd);
	p->remote_ufrag = g_strdup(answer->ufrag);
	p->remote_pwd = g_strdup(answer->pwd);
	p->locals[0] = (struct ice_local){
		.component = 1, .family = ADDR_IP4, .priority = ice_priority(ICE_HOST, 0, 1)
	};
	p->remotes = g_new0(struct ice_candidate, 1);
	p->remotes[0] = (struct ice_candidate){ .foundation = "1",
		.component = 1,
		.priority = ice_priority(ICE_HOST, 0, 1),
		.addr = b->local };
	p->remotes[0].addr.port = (uint16_t)answer->port;
	return p;
}

void browser_start(struct browser *b, const struct sdp_info *answer)
{
	static const struct ice_ops ops = { .send = on_check, .event = on_event };
	struct fingerprint_set peer = { .count = 1 };
	union sock loopback = { .in = { .sin_family = AF_INET } };
	struct ice_params *params;

	loopback.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b->local = addr_of_sock(&loopback);
	if (fingerprint_parse(str_of(answer->fingerprint), &peer.all[0]))
		die("the answer's fingerprint is none: %s", answer->fingerprint);
	b->dtls = dtls_new(own_cert(), strcmp(answer->setup, "active") ? DTLS_CLIENT : DTLS_SERVER,
		MTU, on_handshake, b);
	if (!b->dtls)
		die("cannot begin DTLS");
	dtls_set_peer(b->dtls, &peer);
	params = make_params(b, answer);
	b->agent = ice_agent_new(params, &ops, b);
	ref_drop(params);
	ice_agent_start(b->agent, now_us());
}

static void take_keys(struct browser *b)
{
	struct srtp_params in, out;

	if (b->out || !dtls_keys(b->dtls, &in, &out))
		return;
	b->in = srtp_context_new(&in, SRTP_UNPROTECT, NULL);
	b->out = srtp_context_new(&out, SRTP_PROTECT, NULL);
	if (!b->in || !b->out)
		die("the agreed keys cannot be used");
	b->next_audio_us = now_us();
}

/* ---- audio ---- */

static void send_audio(struct browser *b)
{
	uint8_t packet[12 + AUDIO_BYTES + SRTP_MAX_TRAILER] = { 0x80, 0 };
	uint16_t seq = htons(b->seq);
	uint32_t stamp = htonl((uint32_t)b->seq * AUDIO_BYTES), ssrc = htonl(b->ssrc);
	size_t len = 12 + AUDIO_BYTES;

	memcpy(packet + 2, &seq, 2);
	memcpy(packet + 4, &stamp, 4);
	memcpy(packet + 8, &ssrc, 4);
	memset(packet + 12, 0xd5, AUDIO_BYTES);
	b->seq++;
	if (srtp_context_rtp(b->out, packet, &len, sizeof packet) == SRTP_OK)
		send_to(b, &b->peer, packet, len);
}

static void hear(struct browser *b, uint8_t *data, size_t len)
{
	bool rtcp = len > 1 && data[1] >= 192 && data[1] < 224;

	if (b->in && !rtcp && srtp_context_rtp(b->in, data, &len, len) == SRTP_OK && !b->heard_ns)
		b->heard_ns = mono_ns();
}

static void take_handshake(struct browser *b, const uint8_t *data, size_t len)
{
	if (b->peer.family) {
		dtls_receive(b->dtls, data, len, now_us());
	} else if (dtls_is_hello(data, len) && len <= sizeof b->early) {
		memcpy(b->early, data, len);
		b->early_len = len;
	}
}

static void take(struct browser *b, uint8_t *data, size_t len, const union sock *from)
{
	struct addr addr = addr_of_sock(from);

	if (data[0] < 4)
		ice_agent_receive(b->agent, 0, &addr, data, len, now_us());
	else if (data[0] >= 20 && data[0] < 64)
		take_handshake(b, data, len);
	else if (data[0] >> 6 == 2)
		hear(b, data, len);
}

void browser_run(struct browser *b)
{
	uint8_t data[2048];
	union sock from;
	ssize_t len;

	if (!b->agent)
		return;
	for (socklen_t n = sizeof from;
		(len = recvfrom(b->fd, data, sizeof data, 0, &from.sa, &n)) > 0; n = sizeof from)
		take(b, data, (size_t)len, &from);
	if (ice_agent_next_us(b->agent) >= 0 && ice_agent_next_us(b->agent) <= now_us())
		ice_agent_run(b->agent, now_us());
	if (dtls_due_us(b->dtls) >= 0 && dtls_due_us(b->dtls) <= now_us())
		dtls_timeout(b->dtls, now_us());
	take_keys(b);
	if (b->out && b->next_audio_us <= now_us()) {
		send_audio(b);
		b->next_audio_us += FRAME_US;
	}
}
