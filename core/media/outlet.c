/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The other end of transcoding: numbers and times of what is sent. Each packet leaves when its
 * timestamp says, counted from one that left before; one that is late leaves at once. Where that
 * happens often, or one is very late soon after another, it moves that reckoning back, so that what
 * follows waits and there are no bursts to catch up; where all of a row come early, the source has a
 * fast clock or was late for a while, and the reckoning moves forward.
 */
#include "media/outlet.h"

#include "media/packet.h"
#include "rtp/seq.h"

static const int64_t ANEW_US = 1000000; /* further off, the reckoning begins anew */
static const int64_t EARLY_US = 5000;   /* well before its time */
static const int64_t STEP_US = 5000;    /* how far the reckoning moves forward at a time */
static const int64_t STALL_US = 10000;  /* so late is no fault of a system that is not overloaded */
static const int64_t SOON_US = 500;     /* due now */

enum {
	EARLY_RUN = 25,
	LATE_COUNTS = 8,    /* as much as so many that were not */
	LATE_ENOUGH = 32,   /* four in a row, or more than one of nine in the long run */
	LATE_AT_FIRST = 48, /* one of the first two dozen is enough */
};

static void on_due(struct wheel_timer *timer, int64_t now_us);

void outlet_init(struct outlet *o, uint64_t seed)
{
	*o = (struct outlet){ .random = seed | 1 };
	wheel_timer_init(&o->timer, on_due);
}

/* xorshift64*; seeded from the system's randomness. */
uint32_t outlet_random(struct outlet *o)
{
	o->random ^= o->random >> 12;
	o->random ^= o->random << 25;
	o->random ^= o->random >> 27;
	return (uint32_t)(o->random * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static uint32_t random_ssrc(struct outlet *o)
{
	uint32_t ssrc;

	do {
		ssrc = outlet_random(o);
	} while (!ssrc);
	return ssrc;
}

struct outlet_ssrc *outlet_find_in(struct outlet *o, uint32_t ssrc)
{
	for (unsigned i = 0; i < o->count; i++)
		if (o->ssrc[i].in == ssrc)
			return &o->ssrc[i];
	return NULL;
}

struct outlet_ssrc *outlet_find_out(struct outlet *o, uint32_t ssrc)
{
	for (unsigned i = 0; i < o->count; i++)
		if (o->ssrc[i].out == ssrc)
			return &o->ssrc[i];
	return NULL;
}

struct outlet_ssrc *outlet_select(struct outlet *o, uint32_t ssrc, uint16_t seq, uint32_t timestamp)
{
	struct outlet_ssrc *known = outlet_find_in(o, ssrc);
	struct outlet_ssrc s = {
		.in = ssrc,
		.next_seq = seq,
		.next_timestamp = timestamp,
		.anchor_in = timestamp,
		.anchor_out = timestamp,
	};
	unsigned at;

	if (known == o->ssrc && known)
		return known;
	if (known) {
		s = *known;
		at = (unsigned)(known - o->ssrc);
	} else {
		s.out = random_ssrc(o);
		at = o->count < OUTLET_SSRCS ? o->count++ : OUTLET_SSRCS - 1;
	}
	memmove(&o->ssrc[1], &o->ssrc[0], at * sizeof(o->ssrc[0]));
	o->ssrc[0] = s;
	return &o->ssrc[0];
}

uint32_t outlet_timestamp(const struct outlet_ssrc *s, uint32_t timestamp)
{
	int64_t ahead = timestamp_diff(timestamp, s->anchor_in);

	if (s->clock_in && s->clock_in != s->clock_out)
		ahead = ahead * s->clock_out / s->clock_in;
	return s->anchor_out + (uint32_t)ahead;
}

static void send_now(struct outlet *o, struct buf *buf, int64_t now_us)
{
	static const union sock nobody;
	struct packet packet = {
		.buf = buf,
		.in = o->source,
		.from = &nobody,
		.now_us = now_us,
		.kind = DATAGRAM_RTP,
	};

	media_send(&packet, o->sink);
}

static struct wheel *wheel_of(const struct outlet *o)
{
	return loop_wheel(media_worker_loop(o->sink->set->state->worker));
}

static void send_oldest(struct outlet *o, int64_t now_us)
{
	struct buf *buf = o->queue[o->first].buf;

	o->first = (o->first + 1) % OUTLET_QUEUE;
	o->queued--;
	send_now(o, buf, now_us);
}

static void on_due(struct wheel_timer *timer, int64_t now_us)
{
	struct outlet *o = container_of(timer, struct outlet, timer);

	while (o->queued && o->queue[o->first].due_us <= now_us + SOON_US)
		send_oldest(o, now_us);
	if (o->queued)
		wheel_set(wheel_of(o), &o->timer, o->queue[o->first].due_us);
}

static struct outlet_waiting *waiting(struct outlet *o, unsigned place)
{
	return &o->queue[(o->first + place) % OUTLET_QUEUE];
}

static bool waits(struct outlet *o, uint32_t ssrc)
{
	for (unsigned i = 0; i < o->queued; i++)
		if (rtp_ssrc(waiting(o, i)->buf->data) == ssrc)
			return true;
	return false;
}

/* Before what is due later; but not before what was sent under its own SSRC. */
static void put_to_wait(struct outlet *o, struct buf *buf, int64_t due_us)
{
	uint32_t ssrc = rtp_ssrc(buf->data);
	unsigned at = o->queued++;

	for (; at && waiting(o, at - 1)->due_us > due_us; at--) {
		if (rtp_ssrc(waiting(o, at - 1)->buf->data) == ssrc) {
			due_us = waiting(o, at - 1)->due_us;
			break;
		}
		*waiting(o, at) = *waiting(o, at - 1);
	}
	*waiting(o, at) = (struct outlet_waiting){ buf, due_us };
	if (!at)
		wheel_set(wheel_of(o), &o->timer, due_us);
}

static void reckon(struct outlet_pace *p, const struct outlet_packet *packet, int64_t due_us)
{
	p->running = true;
	p->timestamp = packet->timestamp;
	p->clock_hz = packet->clock_hz;
	p->us = due_us;
}

static void forget_late(struct outlet_pace *p, unsigned lateness)
{
	p->lateness = lateness;
	p->least_late_us = 0;
}

/* One packet that was not late. */
static void was_in_time(struct outlet_pace *p)
{
	if (p->lateness && !--p->lateness)
		forget_late(p, 0);
}

/*
 * How far the reckoning moves back for one that was late. Few of many do not spoil the even pace of
 * the others: when it happens again and again, or at the beginning, it moves by the least that was
 * missing.
 */
static int64_t put_off(struct outlet_pace *p, int64_t late_us)
{
	int64_t by_us;

	if (p->lateness && late_us > STALL_US) {
		forget_late(p, 0);
		return late_us;
	}
	if (!p->least_late_us || late_us < p->least_late_us)
		p->least_late_us = late_us;
	p->lateness += LATE_COUNTS;
	if (p->lateness < LATE_ENOUGH)
		return 0;
	by_us = p->least_late_us;
	forget_late(p, p->lateness - LATE_ENOUGH);
	return by_us;
}

/* When a packet of that timestamp leaves. */
static int64_t pace(struct outlet_pace *p, const struct outlet_packet *packet, int64_t now_us)
{
	int64_t ticks = timestamp_diff(packet->timestamp, p->timestamp);
	int64_t due_us = p->us + (p->running ? ticks * 1000000 / p->clock_hz : 0);

	if (packet->made_up && due_us < now_us)
		return now_us;
	if (!p->running || due_us > now_us + ANEW_US || due_us < now_us - ANEW_US) {
		due_us = now_us;
		forget_late(p, LATE_AT_FIRST);
	}
	if (due_us < now_us) {
		p->early = 0;
		reckon(p, packet, due_us + put_off(p, now_us - due_us));
		return now_us;
	}
	was_in_time(p);
	if (due_us < now_us + EARLY_US) {
		p->early = 0;
	} else if (++p->early >= EARLY_RUN) {
		p->early = 0;
		due_us -= STEP_US;
	}
	reckon(p, packet, due_us);
	return due_us;
}

static void count_sent(
	struct outlet *o, const struct outlet_packet *packet, uint16_t seq, int64_t now_us)
{
	const struct sent_packet sent = {
		.in = o->ssrc[0].in,
		.out = o->ssrc[0].out,
		.timestamp = packet->timestamp,
		.bytes = packet->buf->len,
		.seq = seq,
		.payload_type = packet->payload_type,
		.now_us = now_us,
	};

	stream_stats_sent(o->sink->stats, &sent);
}

void outlet_send(struct outlet *o, const struct outlet_packet *packet, int64_t now_us)
{
	struct outlet_ssrc *s = &o->ssrc[0];
	struct rtp_header header = {
		.marker = packet->marker,
		.payload_type = packet->payload_type,
		.seq = s->next_seq,
		.timestamp = packet->timestamp,
		.ssrc = s->out,
	};
	int64_t due_us;

	due_us = packet->at_once ? now_us : pace(&s->pace, packet, now_us);
	rtp_write(packet->buf->data, &header);
	s->next_seq++;
	s->packets++;
	s->octets += packet->buf->len - RTP_HEADER_BYTES;
	count_sent(o, packet, header.seq, now_us);
	if (due_us <= now_us + SOON_US && !waits(o, s->out)) {
		send_now(o, packet->buf, now_us);
		return;
	}
	if (o->queued == OUTLET_QUEUE)
		send_oldest(o, now_us);
	put_to_wait(o, packet->buf, due_us);
}

static void renumber(uint8_t *data, uint16_t seq, uint32_t timestamp, uint32_t ssrc)
{
	uint32_t fields[2] = { htonl(timestamp), htonl(ssrc) };
	uint16_t number = htons(seq);

	memcpy(data + 2, &number, sizeof(number));
	memcpy(data + 4, fields, sizeof(fields));
}

void outlet_relay(struct outlet *o, struct packet *packet, uint16_t seq, uint32_t timestamp)
{
	struct outlet_ssrc *s = &o->ssrc[0];
	const struct outlet_packet sent = {
		.buf = packet->buf,
		.payload_type = packet->buf->data[1] & 0x7f,
		.timestamp = timestamp,
	};

	outlet_flush(o);
	renumber(packet->buf->data, seq, timestamp, s->out);
	if (seq_diff(seq, s->next_seq) >= 0)
		s->next_seq = (uint16_t)(seq + 1);
	s->packets++;
	s->octets += packet->buf->len - RTP_HEADER_BYTES;
	count_sent(o, &sent, seq, packet->now_us);
	media_send(packet, o->sink);
}

void outlet_flush(struct outlet *o)
{
	int64_t now_us = loop_now_us(media_worker_loop(o->sink->set->state->worker));

	if (!o->queued)
		return;
	wheel_clear(wheel_of(o), &o->timer);
	while (o->queued)
		send_oldest(o, now_us);
}

void outlet_move(struct outlet *to, struct outlet *from)
{
	struct stream *source = to->source, *sink = to->sink;
	bool mixed = to->mixed;
	bool waits = from->queued > 0;

	if (waits)
		wheel_clear(wheel_of(from), &from->timer);
	*to = *from;
	to->source = source;
	to->sink = sink;
	to->mixed = mixed;
	wheel_timer_init(&to->timer, on_due);
	from->queued = 0;
	if (waits)
		wheel_set(wheel_of(to), &to->timer, to->queue[to->first].due_us);
}
