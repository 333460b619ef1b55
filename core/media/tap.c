/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring behind a tap. A packet lies in one piece; what is left at the end is skipped. */
#include "media/tap.h"

#include "base/ref.h"
#include "media/packet.h"

#include <glib.h>

enum { SKIP = UINT32_MAX }; /* as a length: nothing more up to the end of the ring */

struct tap {
	size_t size; /* of `ring` */
	uint8_t *ring;
	atomic_bool closed;
	/* Bytes ever written and read; the worker writes the first, the reader the second. */
	atomic_size_t written;
	atomic_uint_least64_t dropped, count; /* the worker writes them */
	uint32_t lost;                        /* not told of yet [media] */
	char apart[64];                       /* two threads, two cache lines */
	atomic_size_t read;
};

static void destroy(void *object)
{
	g_free(((struct tap *)object)->ring);
}

struct tap *tap_new(size_t bytes)
{
	struct tap *tap = ref_alloc(sizeof(*tap), destroy);

	tap->size = bytes;
	tap->ring = g_malloc(bytes);
	return tap;
}

static struct tap_packet *at(const struct tap *tap, size_t position)
{
	return (struct tap_packet *)(void *)(tap->ring + (position & (tap->size - 1)));
}

/* With the skipped end of the ring before it, if need be. False: it does not fit. */
static bool find_room(struct tap *tap, size_t need, size_t *written)
{
	size_t used = *written - atomic_load_explicit(&tap->read, memory_order_acquire);
	size_t to_end = tap->size - (*written & (tap->size - 1));

	if (need <= to_end)
		return need <= tap->size - used;
	if (to_end + need > tap->size - used)
		return false;
	at(tap, *written)->len = SKIP;
	*written += to_end;
	return true;
}

static size_t room_of(size_t len)
{
	return (sizeof(struct tap_packet) + len + 7) & ~(size_t)7;
}

static void add_one(atomic_uint_least64_t *number)
{
	atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

void tap_put(struct tap *tap, const struct packet *packet)
{
	size_t written = atomic_load_explicit(&tap->written, memory_order_relaxed);
	size_t need = room_of(packet->buf->len);
	struct tap_packet *p;

	if (atomic_load_explicit(&tap->closed, memory_order_relaxed))
		return;
	if (!find_room(tap, need, &written)) {
		tap->lost++;
		add_one(&tap->dropped);
		reason_count(REASON_RECORD_QUEUE_FULL);
		return;
	}
	p = at(tap, written);
	p->len = packet->buf->len;
	p->lost_before = tap->lost;
	p->stream_id = packet->in->plan->id;
	p->layout = packet->in->plan->tap_layout;
	p->now_us = packet->now_us;
	p->received_us = packet->port->received_us;
	p->from = addr_of_sock(packet->from);
	p->to = packet->port->local;
	p->rtcp = packet->kind == DATAGRAM_RTCP;
	memcpy(p->data, packet->buf->data, packet->buf->len);
	tap->lost = 0;
	add_one(&tap->count);
	atomic_store_explicit(&tap->written, written + need, memory_order_release);
}

/* Where the packet at `position` is: a skipped end is only written together with what follows it. */
static size_t beyond_skip(const struct tap *tap, size_t position)
{
	if (at(tap, position)->len == SKIP)
		position += tap->size - (position & (tap->size - 1));
	return position;
}

const struct tap_packet *tap_peek(const struct tap *tap)
{
	size_t read = atomic_load_explicit(&tap->read, memory_order_relaxed);
	size_t written = atomic_load_explicit(&tap->written, memory_order_acquire);

	return read == written ? NULL : at(tap, beyond_skip(tap, read));
}

void tap_next(struct tap *tap)
{
	size_t read = atomic_load_explicit(&tap->read, memory_order_relaxed);

	read = beyond_skip(tap, read);
	read += room_of(at(tap, read)->len);
	atomic_store_explicit(&tap->read, read, memory_order_release);
}

void tap_close(struct tap *tap)
{
	atomic_store_explicit(&tap->closed, true, memory_order_relaxed);
}

uint64_t tap_count(const struct tap *tap)
{
	return atomic_load_explicit(&tap->count, memory_order_relaxed);
}

uint64_t tap_dropped(const struct tap *tap)
{
	return atomic_load_explicit(&tap->dropped, memory_order_relaxed);
}
