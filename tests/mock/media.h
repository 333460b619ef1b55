/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A media worker with one session on the mock network, without the call above it: two streams,
 * X and Y, each sending to the other's peer, by a plan that the test may change before it is
 * applied.
 */
#ifndef MOCK_MEDIA_H
#define MOCK_MEDIA_H

#include "media/stream.h"
#include "net/ports.h"

enum { MOCK_MEDIA_PORTS = 6, MOCK_MEDIA_EVENTS = 32 };

struct mock_media {
	struct mailbox *control;
	struct media_worker *worker;
	struct port_pool *pool;
	struct lease *leases[MOCK_MEDIA_PORTS]; /* three pairs; X has [0], Y [2] */
	struct stream_stats *stats[2];
	struct session_state *state;
	struct media_event events[MOCK_MEDIA_EVENTS];
	unsigned event_count;
};

extern const struct addr mock_peer_x, mock_peer_y;

void mock_media_open(struct mock_media *m);
void mock_media_close(struct mock_media *m);
/* Streams 1 (X) and 2 (Y): RTP, answered, signalled peers, all sources checked. */
struct plan *mock_media_plan(struct mock_media *m);
/* Takes `plan`. What it replaces is freed, unless `ret_before` wants it. */
void mock_media_apply(struct mock_media *m, struct plan *plan, struct stream_set **ret_before);
struct stream *mock_media_stream(struct mock_media *m, unsigned index);
/* An RTP packet to X's or Y's port, carried through; then events are read. */
void mock_media_rtp(struct mock_media *m, const struct addr *from, unsigned stream, uint16_t seq);
void mock_media_send(struct mock_media *m, const struct addr *from, unsigned lease,
	const void *bytes, size_t len);
const struct addr *mock_media_local(const struct mock_media *m, unsigned lease);

#endif
