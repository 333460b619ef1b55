/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets held back. They stand in a ring of bytes, each behind a head; one that does not fit
 * before the end stands at the beginning.
 */
#include "media/delay.h"

#include "media/packet.h"
#include "stats/counter.h"

#include <glib.h>

enum {
	BYTES_PER_MS = 250, /* 2 Mbit/s */
	LEAST_BYTES = 65536,
	HEAD_ALIGNMENT = 8,
};

/* What a waiting packet needs to go on. */
struct waiting {
	int64_t due_us;
	union sock from;
	uint32_t sealed_generation;
	uint16_t len, sealed_len; /* the sealed packet stands behind the open one */
	uint8_t kind;             /* enum datagram_kind */
};

_Static_assert(BUF_PAYLOAD <= UINT16_MAX, "lengths of 16 bits");

struct delay {
	struct wheel_timer timer; /* set while packets wait */
	struct stream *stream;
	uint32_t delay_us;
	unsigned count;
	size_t size, read, write;
	size_t end; /* of what stands before the beginning, while `wrapped` */
	bool wrapped;
	_Alignas(HEAD_ALIGNMENT) uint8_t ring[];
};

static void on_due(struct wheel_timer *timer, int64_t now_us);

struct delay *delay_new(struct stream *stream, uint32_t delay_us)
{
	size_t size = MAX((size_t)delay_us / 1000 * BYTES_PER_MS, (size_t)LEAST_BYTES);
	/* Not cleared: memory that is never used should stay untouched. */
	struct delay *delay = g_malloc(sizeof(*delay) + size);

	*delay = (struct delay){ .stream = stream, .delay_us = delay_us, .size = size };
	wheel_timer_init(&delay->timer, on_due);
	return delay;
}

void delay_free(struct delay *delay)
{
	g_free(delay);
}

static struct wheel *wheel_of(const struct stream *stream)
{
	return loop_wheel(media_worker_loop(stream->set->state->worker));
}

static size_t room_of(size_t len)
{
	size_t bytes = sizeof(struct waiting) + len;

	return (bytes + HEAD_ALIGNMENT - 1) / HEAD_ALIGNMENT * HEAD_ALIGNMENT;
}

/* Where `bytes` can stand; NULL: it is full. */
static uint8_t *make_room(struct delay *d, size_t bytes)
{
	uint8_t *at;

	if (d->count == DELAY_MAX_PACKETS)
		return NULL;
	if (!d->wrapped && bytes > d->size - d->write) {
		d->end = d->write;
		d->write = 0;
		d->wrapped = true;
	}
	if (d->wrapped && bytes > d->read - d->write)
		return NULL;
	at = d->ring + d->write;
	d->write += bytes;
	d->count++;
	return at;
}

static struct waiting *oldest(struct delay *d)
{
	return (struct waiting *)(d->ring + d->read);
}

static void remove_oldest(struct delay *d)
{
	d->read += room_of((size_t)oldest(d)->len + oldest(d)->sealed_len);
	d->count--;
	if (!d->count) {
		d->read = d->write = 0;
		d->wrapped = false;
	} else if (d->wrapped && d->read == d->end) {
		d->read = 0;
		d->wrapped = false;
	}
}

static void set_timer(struct delay *d, struct wheel *wheel)
{
	if (d->count)
		wheel_set(wheel, &d->timer, oldest(d)->due_us);
}

void media_delay(struct packet *packet)
{
	struct delay *d = packet->in->delay;
	uint8_t *at = make_room(d, room_of((size_t)packet->buf->len + packet->sealed_len));
	struct waiting head = {
		.due_us = packet->now_us + d->delay_us,
		.from = *packet->from,
		.sealed_generation = packet->sealed_generation,
		.len = (uint16_t)packet->buf->len,
		.sealed_len = (uint16_t)packet->sealed_len,
		.kind = (uint8_t)packet->kind,
	};

	if (!at) {
		media_drop(packet, REASON_DELAY_FULL);
		return;
	}
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), packet->buf->data, head.len);
	if (head.sealed_len)
		memcpy(at + sizeof(head) + head.len, packet->sealed, head.sealed_len);
	buf_put(packet->buf);
	if (d->count == 1)
		set_timer(d, wheel_of(packet->in));
}

static void release_oldest(struct delay *d, int64_t now_us)
{
	struct waiting head = *oldest(d);
	struct packet packet = {
		.buf = buf_get(media_worker_pool(d->stream->set->state->worker)),
		.in = d->stream,
		.from = &head.from,
		.now_us = now_us,
		.kind = (enum datagram_kind)head.kind,
		.sealed_len = head.sealed_len,
		.sealed_generation = head.sealed_generation,
	};
	const uint8_t *at = (uint8_t *)oldest(d) + sizeof(head);

	if (packet.buf) {
		memcpy(packet.buf->data, at, head.len);
		packet.buf->len = head.len;
	}
	/* The ring takes in nothing while the packet is delivered. */
	if (head.sealed_len)
		packet.sealed = at + head.len;
	remove_oldest(d);
	if (packet.buf)
		media_deliver(&packet);
	else
		media_count_drop(&packet, d->stream, REASON_NO_BUFFER);
}

static void on_due(struct wheel_timer *timer, int64_t now_us)
{
	struct delay *d = container_of(timer, struct delay, timer);

	while (d->count && oldest(d)->due_us <= now_us)
		release_oldest(d, now_us);
	set_timer(d, wheel_of(d->stream));
}

/* By way of the stream that has taken its stream's place. */
static void release_all(struct delay *d, struct stream *stream)
{
	struct loop *loop = media_worker_loop(stream->set->state->worker);

	d->stream = stream;
	while (d->count)
		release_oldest(d, loop_now_us(loop));
}

void delay_inherit(struct stream_set *before, struct stream_set *next)
{
	for (unsigned i = 0; before && i < before->plan->stream_count; i++) {
		struct stream *old = &before->streams[i], *stream;
		struct delay *d = old->delay;

		if (!d)
			continue;
		stream = stream_set_find(next, old->plan->id);
		if (stream && stream->delay && stream->delay->delay_us == d->delay_us) {
			old->delay = stream->delay;
			stream->delay = d;
			d->stream = stream;
			continue;
		}
		wheel_clear(wheel_of(old), &d->timer);
		if (stream)
			release_all(d, stream);
	}
}

void delay_stop(struct stream_set *set, struct media_worker *worker)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].delay)
			wheel_clear(loop_wheel(media_worker_loop(worker)),
				&set->streams[i].delay->timer);
}

void delay_start(struct stream_set *set, struct media_worker *worker)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].delay)
			set_timer(set->streams[i].delay, loop_wheel(media_worker_loop(worker)));
}
