/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rtp/rtcp.h"
#include "rtp/rtp.h"

enum { RTCP_EVERY_US = 500000, SR_BYTES = 28, BLOCK_BYTES = 24, BESIDE_LATER = 25 };

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int bound_socket(const char *host, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, room = 1 << 20;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	sin.sin_addr.s_addr = inet_addr(host);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool open_ports(struct party *p, const char *host)
{
	for (unsigned i = 0; i < 500; i++) {
		p->port = (uint16_t)(g_random_int_range(16384, 32000) * 2);
		p->rtp = bound_socket(host, p->port);
		if (p->rtp < 0)
			continue;
		p->rtcp = bound_socket(host, (uint16_t)(p->port + 1));
		if (p->rtcp >= 0)
			return true;
		close(p->rtp);
	}
	p->rtp = -1;
	return false;
}

bool party_open(struct party *p, const char *host, GString *error)
{
	if (!p->options.format_count) {
		g_string_assign(error, "no format");
		return false;
	}
	if (!open_ports(p, host)) {
		g_string_assign(error, "no ports");
		return false;
	}
	p->got = g_array_new(FALSE, FALSE, sizeof(struct incoming));
	p->script = script_make(&p->options);
	return true;
}

void party_close(struct party *p)
{
	if (p->rtp >= 0) {
		close(p->rtp);
		close(p->rtcp);
	}
	script_free(p->script);
	for (unsigned i = 0; p->got && i < p->got->len; i++)
		g_free(g_array_index(p->got, struct incoming, i).payload);
	if (p->got)
		g_array_free(p->got, TRUE);
	g_free(p);
}

/* ---- sent ---- */

static void put_u32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static const struct incoming *latest(const struct party *p)
{
	return p->got->len ? &g_array_index(p->got, struct incoming, p->got->len - 1) : NULL;
}

/* About what is received: how much of the present SSRC, and which number was the highest. */
static void write_block(const struct party *p, uint8_t *at, int64_t now)
{
	const struct incoming *last = latest(p);
	int64_t lowest = INT64_MAX, highest = INT64_MIN;
	unsigned count = 0;

	memset(at, 0, BLOCK_BYTES);
	for (unsigned i = 0; i < p->got->len; i++) {
		const struct incoming *in = &g_array_index(p->got, struct incoming, i);

		if (in->epoch != last->epoch)
			continue;
		count++;
		lowest = MIN(lowest, in->seq);
		highest = MAX(highest, in->seq);
	}
	put_u32(at, last->ssrc);
	put_u32(at + 4, (uint32_t)MAX(highest - lowest + 1 - count, 0));
	put_u32(at + 8, (uint32_t)highest);
	put_u32(at + 12, 8); /* some jitter */
	put_u32(at + 16, p->last_sr);
	if (p->last_sr)
		put_u32(at + 20, (uint32_t)((now - p->last_sr_us) * 65536 / 1000000));
}

static void send_rtcp(struct party *p, int64_t now)
{
	static const char name[8] = "\x01\x05"
				    "audio";
	const struct outgoing *o = &g_array_index(p->script, struct outgoing, p->next - 1);
	uint8_t packet[SR_BYTES + BLOCK_BYTES + 16] = { 0x80, RTCP_SR, 0, SR_BYTES / 4 - 1 };
	size_t len = SR_BYTES;
	int64_t since_us = now - p->start_us - o->due_us;

	put_u32(packet + 4, o->ssrc);
	put_u32(packet + 8, (uint32_t)(now / 1000000 + 2208988800));
	put_u32(packet + 12, (uint32_t)(((uint64_t)(now % 1000000) << 32) / 1000000));
	put_u32(packet + 16,
		o->timestamp + (uint32_t)(since_us * o->format->params.clock_hz / 1000000));
	put_u32(packet + 20, p->sent);
	put_u32(packet + 24, p->sent_octets);
	if (latest(p)) {
		packet[0] |= 1;
		packet[3] = (SR_BYTES + BLOCK_BYTES) / 4 - 1;
		write_block(p, packet + len, now);
		len += BLOCK_BYTES;
	}
	packet[len] = 0x81;
	packet[len + 1] = RTCP_SDES;
	packet[len + 3] = 3;
	put_u32(packet + len + 4, o->ssrc);
	memcpy(packet + len + 8, name, sizeof(name));
	sendto(p->rtcp, packet, len + 16, 0, (struct sockaddr *)&p->to_rtcp, sizeof(p->to_rtcp));
}

static ssize_t send_rtp(
	const struct party *p, const struct rtp_header *h, const uint8_t *payload, size_t len)
{
	uint8_t packet[RTP_HEADER_BYTES + CODEC_MAX_PAYLOAD + 100];

	rtp_write(packet, h);
	memcpy(packet + RTP_HEADER_BYTES, payload, len);
	return sendto(p->rtp, packet, RTP_HEADER_BYTES + len, 0, (const struct sockaddr *)&p->to,
		sizeof(p->to));
}

/* The same as it was a while ago, under the next SSRC. */
static void send_beside(const struct party *p, struct rtp_header h)
{
	const struct outgoing *before;

	if (p->next <= BESIDE_LATER)
		return;
	before = &g_array_index(p->script, struct outgoing, p->next - BESIDE_LATER);
	h.ssrc++;
	send_rtp(p, &h, before->payload, before->len);
}

static void send_packet(struct party *p, const struct outgoing *o, int64_t now)
{
	const struct rtp_header h = {
		.payload_type = o->format->pt,
		.marker = o->marker,
		.seq = o->seq,
		.timestamp = o->timestamp,
		.ssrc = o->ssrc,
	};

	if (send_rtp(p, &h, o->payload, o->len) < 0)
		return;
	if (p->beside_s > 0 && o->due_us >= (int64_t)(p->beside_s * 1e6))
		send_beside(p, h);
	p->sent++;
	p->sent_octets += o->len;
	if (!p->first_sent_us)
		p->first_sent_us = now;
}

int64_t party_send_due(struct party *p, int64_t now)
{
	while (p->next < p->script->len) {
		const struct outgoing *o = &g_array_index(p->script, struct outgoing, p->next);
		int64_t due_us = p->start_us + o->due_us;

		if (due_us > now)
			break;
		p->late_ms = MAX(p->late_ms, (double)(now - due_us) / 1000);
		p->next++;
		if (!o->lost)
			send_packet(p, o, now);
	}
	if (p->sends_rtcp && p->next && !party_ended(p) && now >= p->next_rtcp_us) {
		if (p->next_rtcp_us)
			send_rtcp(p, now);
		p->next_rtcp_us = now + RTCP_EVERY_US;
	}
	return party_ended(p)
		       ? INT64_MAX
		       : p->start_us + g_array_index(p->script, struct outgoing, p->next).due_us;
}

bool party_ended(const struct party *p)
{
	return p->next == p->script->len;
}

/* ---- received ---- */

static int64_t arrival_us(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec ts;

			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
		}
	return now_us();
}

static ssize_t receive(int fd, uint8_t *data, size_t size, int64_t *ret_at_us)
{
	char control[256];
	struct iovec iov = { data, size };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len >= 0)
		*ret_at_us = arrival_us(&msg);
	return len;
}

static void keep(struct party *p, const struct rtp_header *h, const uint8_t *data, int64_t at_us)
{
	const struct incoming *last = latest(p);
	struct incoming in;

	if (last && p->only_first && last->ssrc != h->ssrc)
		return;
	in = (struct incoming){
		.at_us = at_us,
		.payload = g_memdup2(data + h->payload_offset, h->payload_len),
		.len = (uint32_t)h->payload_len,
		.timestamp = h->timestamp,
		.ssrc = h->ssrc,
		.seq = h->seq,
		.pt = h->payload_type,
		.marker = h->marker,
	};

	if (last) {
		in.epoch = last->epoch + (last->ssrc != h->ssrc);
		if (last->ssrc == h->ssrc)
			in.seq = last->seq + (int16_t)(h->seq - (uint16_t)last->seq);
	} else {
		p->first_got_us = at_us;
	}
	g_array_append_val(p->got, in);
}

void party_read_rtp(struct party *p)
{
	uint8_t data[65536];
	struct rtp_header h;
	int64_t at_us;
	ssize_t len;

	while ((len = receive(p->rtp, data, sizeof(data), &at_us)) >= 0)
		if (rtp_parse(data, (size_t)len, &h) == 0)
			keep(p, &h, data, at_us);
}

static uint32_t clock_of(const struct party *p, uint8_t pt)
{
	for (unsigned i = 0; i < p->options.format_count; i++)
		if (p->options.formats[i].pt == pt)
			return p->options.formats[i].params.clock_hz;
	return 8000;
}

static void see_sender(struct party *p, const struct rtcp_packet *packet, int64_t at_us)
{
	struct rtcp_seen *r = &p->reports;
	const struct incoming *last = latest(p);
	struct rtcp_sender_info info;
	int64_t ntp_us;
	int32_t ticks;
	unsigned count = 0;

	if (!rtcp_sender_info(packet, &info))
		return;
	r->sender_reports++;
	r->packets = info.packets;
	r->octets = info.octets;
	p->last_sr = info.ntp_sec << 16 | info.ntp_frac >> 16;
	p->last_sr_us = at_us;
	if (!last || last->ssrc != packet->ssrc) {
		r->wrong_ssrc++;
		return;
	}
	/* Of what is here by now, what was here by then. */
	for (unsigned i = 0; i < p->got->len; i++) {
		const struct incoming *in = &g_array_index(p->got, struct incoming, i);

		count += in->epoch == last->epoch && in->at_us <= at_us;
	}
	r->packets_off = MAX(r->packets_off, abs((int)(info.packets - count)));
	ntp_us = ((int64_t)info.ntp_sec - 2208988800) * 1000000 +
		 (int64_t)((uint64_t)info.ntp_frac * 1000000 >> 32);
	ticks = (int32_t)(info.rtp_timestamp - last->timestamp);
	r->timestamp_off_ms = MAX(
		r->timestamp_off_ms, ABS(ticks * 1000.0 / clock_of(p, last->pt) -
					     (double)(ntp_us - last->at_us) / 1000));
}

static void see_block(struct party *p, const struct rtcp_report *block)
{
	bool ours = false;

	for (unsigned i = 0; i < p->next; i++)
		ours |= g_array_index(p->script, struct outgoing, i).ssrc == block->ssrc;
	p->reports.wrong_ssrc += !ours;
	p->reports.blocks++;
	p->reports.lost = (unsigned)block->cumulative_lost;
	p->reports.fraction = block->fraction_lost;
	p->reports.highest = block->highest_seq;
	p->reports.jitter = block->jitter;
}

void party_read_rtcp(struct party *p)
{
	uint8_t data[65536];
	struct rtcp_packet packet;
	struct rtcp_report block;
	int64_t at_us;
	ssize_t len;

	while ((len = receive(p->rtcp, data, sizeof(data), &at_us)) >= 0) {
		size_t offset = 0;

		party_read_rtp(p); /* what came before it */
		while (rtcp_next(data, (size_t)len, &offset, &packet) > 0) {
			see_sender(p, &packet, at_us);
			for (unsigned i = 0; rtcp_report(&packet, i, &block); i++)
				see_block(p, &block);
		}
	}
}
