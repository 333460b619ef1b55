/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reordering: a short list kept in order; nearly always one packet goes in and comes out again. */
#include "rtp/sequencer.h"

#include "rtp/rtp.h"
#include "rtp/seq.h"

#include <string.h>

static void remove_at(struct sequencer *s, unsigned at)
{
	s->held--;
	memmove(&s->queue[at], &s->queue[at + 1], (s->held - at) * sizeof(s->queue[0]));
}

void sequencer_clear(struct sequencer *s)
{
	while (s->held)
		buf_put(s->queue[--s->held].buf);
	*s = (struct sequencer){ 0 };
}

/* Where it belongs; false: there is one of that number. */
static bool place_of(const struct sequencer *s, uint16_t seq, unsigned *ret)
{
	unsigned at = s->held;

	while (at && seq_diff(seq, s->queue[at - 1].seq) < 0)
		at--;
	if (at && s->queue[at - 1].seq == seq)
		return false;
	*ret = at;
	return true;
}

static void begin(struct sequencer *s, const struct sequencer_packet *first)
{
	sequencer_clear(s);
	s->started = true;
	s->next = first->seq;
	s->last_timestamp = first->timestamp;
	s->queue[s->held++] = *first;
}

enum sequencer_verdict sequencer_put(struct sequencer *s, struct buf *buf)
{
	struct sequencer_packet packet = { buf, rtp_timestamp(buf->data), rtp_seq(buf->data) };
	int ahead = seq_diff(packet.seq, s->next);
	unsigned at;

	if (!s->started) {
		begin(s, &packet);
		return SEQUENCER_TAKEN;
	}
	if (ahead < 0 && ahead > -SEQUENCER_WINDOW)
		return SEQUENCER_LATE;
	if (ahead < 0 || ahead >= SEQUENCER_WINDOW) {
		begin(s, &packet);
		return SEQUENCER_RESET;
	}
	if (!place_of(s, packet.seq, &at))
		return SEQUENCER_LATE;
	memmove(&s->queue[at + 1], &s->queue[at], (s->held - at) * sizeof(s->queue[0]));
	s->queue[at] = packet;
	s->held++;
	return SEQUENCER_TAKEN;
}

/* Has what is missing been waited for long enough? */
static bool is_overdue(const struct sequencer *s, uint32_t clock_hz)
{
	uint32_t newest = s->queue[s->held - 1].timestamp;
	int64_t span = timestamp_diff(newest, s->last_timestamp);

	return s->held >= SEQUENCER_HELD || span * 1000 >= (int64_t)clock_hz * SEQUENCER_WAIT_MS;
}

bool sequencer_get(
	struct sequencer *s, uint32_t clock_hz, struct sequencer_packet *ret, unsigned *ret_lost)
{
	if (!s->held || (s->queue[0].seq != s->next && !is_overdue(s, clock_hz)))
		return false;
	*ret = s->queue[0];
	*ret_lost = (uint16_t)(ret->seq - s->next);
	s->next = (uint16_t)(ret->seq + 1);
	s->last_timestamp = ret->timestamp;
	remove_at(s, 0);
	return true;
}

struct buf *sequencer_pop(struct sequencer *s, unsigned *ret_lost)
{
	struct sequencer_packet oldest = s->queue[0];

	if (!s->held)
		return NULL;
	if (ret_lost)
		*ret_lost = (uint16_t)(oldest.seq - s->next);
	s->next = (uint16_t)(oldest.seq + 1);
	s->last_timestamp = oldest.timestamp;
	remove_at(s, 0);
	return oldest.buf;
}
