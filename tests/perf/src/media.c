/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, RTP_HEADER = 12, TEST_PAYLOAD = 160, PACKET_MAX = 640, DRAIN_NS = 2000000 };

/* What a numbered test packet carries; a fixed pattern fills the rest of 160 bytes. */
struct stamp {
	uint64_t sent; /* CLOCK_REALTIME ns */
	uint32_t leg, number;
	uint32_t window;
};

static uint8_t pattern[256][TEST_PAYLOAD];

void media_open(struct media *m, int sockets, int tick_us, int first_port)
{
	int on = 1, size = 16 << 20, port = first_port;

	memset(m, 0, sizeof *m);
	m->nsock = sockets;
	m->tick_ns = (uint64_t)tick_us * 1000;
	m->nslots = 20000 / tick_us;
	m->slot = xcalloc((size_t)m->nslots, sizeof *m->slot);
	for (int i = 0; i < 256; i++)
		for (int k = 0; k < TEST_PAYLOAD; k++)
			pattern[i][k] = (uint8_t)rnd32();
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < sockets; i++) {
			int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
			struct sockaddr_in a = { .sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
			if (fd < 0)
				die("socket: %s", strerror(errno));
			if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
				setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
			setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
			setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
			do {
				if (port > first_port + 2000)
					die("no free ports from %d", first_port);
				a.sin_port = htons((uint16_t)port);
				port += 2;
			} while (bind(fd, (struct sockaddr *)&a, sizeof a));
			m->fd[side][i] = fd;
			m->port[side][i] = port - 2;
		}
	prctl(PR_SET_TIMERSLACK, 1);
}

void media_close(struct media *m)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < m->nsock; i++)
			close(m->fd[side][i]);
	for (int i = 0; i < m->nslots; i++)
		free(m->slot[i].leg);
	free(m->slot);
}

static int slot_order(const struct leg *l)
{
	return l->side * GEN_SOCKETS_MAX + l->sock;
}

static void wheel_add(struct media *m, struct leg *l)
{
	struct slot *s = &m->slot[l->slot = (uint16_t)(rnd32() % (uint32_t)m->nslots)];
	int i;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 8;
		s->leg = realloc(s->leg, (size_t)s->cap * sizeof *s->leg);
		if (!s->leg)
			die("out of memory");
	}
	/* kept in socket order, so that one call sends a run of them */
	for (i = s->n++; i > 0 && slot_order(s->leg[i - 1]) > slot_order(l); i--)
		s->leg[i] = s->leg[i - 1];
	s->leg[i] = l;
	m->nlegs++;
}

void media_add(struct media *m, const struct call *c, const struct plan *p,
	const struct clip *const clips[2], int variant, struct leg *out[2])
{
	static uint32_t next_id = 1;
	struct leg *l[2];
	for (int side = 0; side < 2; side++) {
		l[side] = xcalloc(1, sizeof **l);
		l[side]->side = (uint8_t)side;
		for (int i = 0; i < m->nsock; i++)
			if (m->port[side][i] == c->side[side].gen_port)
				l[side]->sock = (uint8_t)i;
		l[side]->codec = p->codec[side];
		l[side]->clip = clips ? clips[side] : NULL;
		l[side]->variant = variant;
		l[side]->id = next_id++;
		l[side]->ssrc = rnd32();
		l[side]->seq = (uint16_t)rnd32();
		l[side]->ts = rnd32();
		l[side]->pt = (uint8_t)c->side[side].pt;
		l[side]->port = (uint16_t)c->side[side].port;
		if (p->suite && side == 1) {
			l[side]->tx = sdes_new(p->suite, c->side[side].tx_key);
			l[side]->rx = sdes_new(p->suite, c->side[side].rx_key);
		}
		m->by_port[l[side]->port] = l[side];
	}
	for (int side = 0; side < 2; side++) {
		l[side]->peer = l[!side];
		wheel_add(m, l[side]);
		if (out)
			out[side] = l[side];
	}
}

void media_remove(struct media *m, struct leg *l)
{
	struct slot *s = &m->slot[l->slot];
	int i, k;
	for (i = k = 0; i < s->n; i++)
		if (s->leg[i] != l)
			s->leg[k++] = s->leg[i];
	s->n = k;
	m->nlegs--;
	if (m->by_port[l->port] == l)
		m->by_port[l->port] = NULL;
	if (l->tx)
		sdes_free(l->tx);
	if (l->rx)
		sdes_free(l->rx);
	free(l->cap);
	free(l);
}

/* ---- sending ---- */

static int build(struct media *m, struct leg *l, uint8_t *p, uint64_t now)
{
	uint16_t seq = htons(l->seq++);
	uint32_t ts = htonl(l->ts), ssrc = htonl(l->ssrc);
	int len = RTP_HEADER;

	p[0] = 0x80;
	p[1] = (uint8_t)(l->pt | (l->sent ? 0 : 0x80));
	memcpy(p + 2, &seq, 2);
	memcpy(p + 4, &ts, 4);
	memcpy(p + 8, &ssrc, 4);
	l->ts += (uint32_t)l->codec->ts_step;
	if (l->clip) {
		unsigned i = l->sent % CLIP_FRAMES;
		memcpy(p + len, l->clip->frame[i].data, l->clip->frame[i].len);
		len += l->clip->frame[i].len;
	} else {
		struct stamp s = { now, l->id, l->sent, (uint32_t)m->window };
		memcpy(p + len, pattern[l->id & 255], TEST_PAYLOAD);
		memcpy(p + len, &s, sizeof s);
		len += TEST_PAYLOAD;
	}
	if (l->tx)
		len = sdes_seal(l->tx, p, len);
	l->sent++;
	l->tx_win++;
	l->last_tx = now;
	return len;
}

static void send_slot(struct media *m, const struct slot *s)
{
	static uint8_t buf[BATCH][PACKET_MAX];
	static struct sockaddr_in to[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr mm[BATCH];

	for (int i = 0, n; i < s->n; i += n) {
		struct leg *first = s->leg[i];
		uint64_t now = clock_ns(CLOCK_REALTIME);
		for (n = 0; n < BATCH && i + n < s->n; n++) {
			struct leg *l = s->leg[i + n];
			if (slot_order(l) != slot_order(first))
				break;
			iov[n].iov_base = buf[n];
			iov[n].iov_len = (size_t)build(m, l, buf[n], now);
			to[n].sin_family = AF_INET;
			to[n].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			to[n].sin_port = htons(l->port);
			mm[n].msg_hdr = (struct msghdr){ .msg_name = &to[n],
				.msg_namelen = sizeof to[n],
				.msg_iov = &iov[n],
				.msg_iovlen = 1 };
		}
		for (int done = 0, r; done < n; done += r) {
			r = sendmmsg(m->fd[first->side][first->sock], mm + done,
				(unsigned)(n - done), MSG_DONTWAIT);
			if (r <= 0) { /* one packet is lost here, by our fault */
				m->tx_errors++;
				r = 1;
			}
		}
		m->tx += (uint64_t)n;
	}
}

/* ---- receiving ---- */

static bool seen_before(struct media *m, struct leg *l, uint32_t number)
{
	int32_t d = (int32_t)(number - l->top);
	if (!l->started || d > 0) {
		l->seen = !l->started || d > 63 ? 1 : l->seen << d | 1;
		l->started = true;
		l->top = number;
		return false;
	}
	if (d > -64 && !(l->seen >> -d & 1)) {
		l->seen |= 1ull << -d;
		m->reordered++;
		return false;
	}
	m->duplicate++;
	return true;
}

static void got_test_packet(struct media *m, struct leg *l, const uint8_t *p, int len, uint64_t at)
{
	struct stamp s;
	const uint8_t *want = pattern[l->peer->id & 255];
	if (len != RTP_HEADER + TEST_PAYLOAD) {
		m->corrupt++;
		return;
	}
	memcpy(&s, p + RTP_HEADER, sizeof s);
	if (s.leg != l->peer->id ||
		memcmp(p + RTP_HEADER + sizeof s, want + sizeof s, TEST_PAYLOAD - sizeof s)) {
		m->corrupt++;
		return;
	}
	if (seen_before(m, l, s.number) || s.window != (uint32_t)m->window)
		return;
	l->rx_win++;
	m->rx++;
	if (at > s.sent)
		hist_add(&m->latency, at - s.sent);
}

static void note_time(struct leg *l, uint32_t ts, uint64_t at)
{
	struct timing *t = l->timing;
	if (!t->n) {
		t->first_at = at;
		t->first_ts = ts;
	}
	if (t->n == TIMING_PACKETS)
		return;
	double due_us = (double)(int32_t)(ts - t->first_ts) * 20000 / l->codec->ts_step;
	t->off_us[t->n++] = (float)((double)(int64_t)(at - t->first_at) / 1e3 - due_us);
}

static void got_audio(struct media *m, struct leg *l, const uint8_t *p, int len, uint64_t at)
{
	uint16_t seq = (uint16_t)(p[2] << 8 | p[3]);
	uint32_t ts, ssrc;
	memcpy(&ts, p + 4, 4);
	memcpy(&ssrc, p + 8, 4);
	ts = ntohl(ts);
	if (l->started && m->window &&
		(ssrc != l->in_ssrc || seq != (uint16_t)(l->in_seq + 1) ||
			ts != l->in_ts + (uint32_t)l->codec->ts_step || (p[1] & 0x7f) != l->pt))
		m->header_bad++;
	l->started = true;
	l->in_ssrc = ssrc;
	l->in_seq = seq;
	l->in_ts = ts;
	if (m->window) {
		l->rx_win++;
		m->rx++;
		m->rx_bytes[l->side] += (uint64_t)(len - RTP_HEADER);
		if (l->timing)
			note_time(l, ts, at);
		if (l->peer->last_tx && at > l->peer->last_tx)
			hist_add(&m->latency, at - l->peer->last_tx);
	}
	if (l->cap && m->capture && l->cap->n < CAPTURE_PACKETS &&
		len - RTP_HEADER <= PAYLOAD_MAX) {
		l->cap->p[l->cap->n].len = (uint16_t)(len - RTP_HEADER);
		memcpy(l->cap->p[l->cap->n++].data, p + RTP_HEADER, (size_t)(len - RTP_HEADER));
	}
}

static void got_packet(struct media *m, int src_port, uint8_t *p, int len, uint64_t at)
{
	struct leg *l = m->by_port[src_port];
	/* RTCP may share the port: types 64..95 after the marker bit is taken off. */
	if (len >= 2 && (p[1] & 0x7f) >= 64 && (p[1] & 0x7f) <= 95)
		return;
	if (!l || len < RTP_HEADER) {
		m->unknown++;
		return;
	}
	if (l->rx && (len = sdes_open(l->rx, p, len)) < RTP_HEADER) {
		m->auth_failed++;
		return;
	}
	if (l->clip)
		got_audio(m, l, p, len, at);
	else
		got_test_packet(m, l, p, len, at);
}

static void receive_all(struct media *m)
{
	static uint8_t buf[BATCH][PACKET_MAX];
	static struct sockaddr_in from[BATCH];
	static char control[BATCH][96];
	static struct iovec iov[BATCH];
	static struct mmsghdr mm[BATCH];

	for (int f = 0; f < 2 * m->nsock; f++) {
		int fd = m->fd[f & 1][f / 2], n;
		do {
			for (int i = 0; i < BATCH; i++) {
				iov[i] = (struct iovec){ buf[i], PACKET_MAX };
				mm[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
					.msg_namelen = sizeof from[i],
					.msg_iov = &iov[i],
					.msg_iovlen = 1,
					.msg_control = control[i],
					.msg_controllen = sizeof control[i] };
			}
			n = recvmmsg(fd, mm, BATCH, MSG_DONTWAIT, NULL);
			for (int i = 0; i < n; i++) {
				uint64_t at = 0;
				for (struct cmsghdr *c = CMSG_FIRSTHDR(&mm[i].msg_hdr); c;
					c = CMSG_NXTHDR(&mm[i].msg_hdr, c)) {
					if (c->cmsg_level != SOL_SOCKET)
						continue;
					if (c->cmsg_type == SCM_TIMESTAMPNS) {
						struct timespec t;
						memcpy(&t, CMSG_DATA(c), sizeof t);
						at = (uint64_t)t.tv_sec * NS_PER_S +
						     (uint64_t)t.tv_nsec;
					} else if (c->cmsg_type == SO_RXQ_OVFL) {
						uint32_t
							total; /* drops since the socket was made */
						memcpy(&total, CMSG_DATA(c), sizeof total);
						m->overflow += total - m->drops[f];
						m->drops[f] = total;
					}
				}
				got_packet(
					m, ntohs(from[i].sin_port), buf[i], (int)mm[i].msg_len, at);
			}
		} while (n == BATCH);
	}
}

void media_run(struct media *m, double seconds)
{
	uint64_t now = mono_ns(), next_drain = now;
	if (!m->next_tick || now > m->next_tick + NS_PER_S / 10)
		m->next_tick = now; /* first run, or after a pause for signalling */
	uint64_t end = m->next_tick + (uint64_t)(seconds * 1e9);

	while (m->next_tick < end) {
		now = mono_ns();
		if (now < m->next_tick) {
			sleep_until_ns(m->next_tick);
			now = mono_ns();
		}
		hist_add(&m->lateness, now - m->next_tick);
		if (now - m->next_tick > NS_PER_S) { /* hopeless: give up the lost time */
			m->skipped += (now - m->next_tick) / m->tick_ns;
			end += now - m->next_tick;
			m->next_tick = now;
		}
		send_slot(m, &m->slot[m->cursor]);
		m->cursor = (m->cursor + 1) % (unsigned)m->nslots;
		m->next_tick += m->tick_ns;
		if (now >= next_drain) {
			receive_all(m);
			if (m->hook)
				m->hook(m->hook_arg);
			next_drain = now + DRAIN_NS;
		}
	}
}

void media_drain(struct media *m, double seconds)
{
	for (uint64_t end = mono_ns() + (uint64_t)(seconds * 1e9); mono_ns() < end;) {
		receive_all(m);
		sleep_until_ns(mono_ns() + DRAIN_NS);
	}
}

void media_start_window(struct media *m)
{
	receive_all(m);
	m->tx = m->rx = m->rx_bytes[0] = m->rx_bytes[1] = 0;
	m->duplicate = m->reordered = m->corrupt = m->header_bad = m->unknown = m->auth_failed = 0;
	m->overflow = m->tx_errors = m->skipped = 0;
	memset(&m->latency, 0, sizeof m->latency);
	memset(&m->lateness, 0, sizeof m->lateness);
	for (int i = 0; i < m->nslots; i++)
		for (int k = 0; k < m->slot[i].n; k++)
			m->slot[i].leg[k]->tx_win = m->slot[i].leg[k]->rx_win = 0;
	m->window++;
}

const char *media_invalid(const struct media *m)
{
	static char why[160];
	why[0] = 0;
	if (m->overflow)
		snprintf(why, sizeof why, "generator's receive buffer overflowed");
	else if (m->tx_errors)
		snprintf(why, sizeof why, "generator could not send %llu packets",
			(unsigned long long)m->tx_errors);
	else if (m->skipped)
		snprintf(why, sizeof why, "generator fell behind by more than 1 s");
	else if (hist_us(&m->lateness, 99) > 5000)
		snprintf(why, sizeof why, "generator late: p99 %.1f ms",
			hist_us(&m->lateness, 99) / 1e3);
	return why;
}
