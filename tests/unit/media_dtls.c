/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DTLS-SRTP between X and us, as server and as client; Y does not speak it. */
#include "media/dtls.h"

#include <string.h>

#include <glib.h>

#include "../mock/dtls.h"
#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "media/secure.h"
#include "rtp/rtp.h"
#include "srtp/srtp.h"

enum { MTU = 1200, PAYLOAD = 160, PACKET = RTP_HEADER_BYTES + PAYLOAD, ROOM = 512 };

static const struct addr elsewhere = { ADDR_IP4, 5555, { 192, 0, 2, 99 } };

static struct mock_media m;
static int64_t now_us;

struct outbox {
	GQueue packets; /* GBytes */
	unsigned sent;
};

/* A peer outside; certificate 1 of the mock ones, ours is 0. */
struct peer {
	struct addr addr;
	struct dtls *dtls;
	struct outbox *outbox; /* stays where it is when the peer is copied */
	struct srtp_context *in, *out;
};

static struct peer x;

static void on_peer_sends(void *arg, const uint8_t *data, size_t len)
{
	struct outbox *outbox = arg;

	outbox->sent++;
	g_queue_push_tail(&outbox->packets, g_bytes_new(data, len));
}

static void peer_open(struct peer *peer, enum dtls_role role)
{
	struct fingerprint_set ours = mock_fingerprints(mock_cert(0), DTLS_SHA256);

	*peer = (struct peer){ .addr = mock_peer_x, .outbox = g_new0(struct outbox, 1) };
	peer->dtls = dtls_new(mock_cert(1), role, MTU, on_peer_sends, peer->outbox);
	dtls_set_peer(peer->dtls, &ours);
}

static void peer_close(struct peer *peer)
{
	dtls_free(peer->dtls);
	g_queue_clear_full(&peer->outbox->packets, (GDestroyNotify)g_bytes_unref);
	g_free(peer->outbox);
	srtp_context_free(peer->in);
	srtp_context_free(peer->out);
}

static struct plan *make_plan(uint32_t generation, bool active, unsigned peer_cert)
{
	struct plan *plan = mock_media_plan(&m);
	struct plan_dtls dtls = {
		.generation = generation, .active = active, .mtu = MTU, .cert = mock_cert(0)
	};

	if (peer_cert)
		dtls.peer = mock_fingerprints(mock_cert(peer_cert), DTLS_SHA256);
	plan->streams[0].secured = true;
	plan->streams[0].dtls = plan_dtls_new(&dtls);
	return plan;
}

static void set_time(int64_t us)
{
	now_us = us;
	clock_set_mock(now_us, now_us);
}

static void begin(struct plan *(*make)(void))
{
	set_time(1000000);
	mock_media_open(&m);
	mock_media_apply(&m, make(), NULL);
}

static struct plan *as_server(void)
{
	return make_plan(1, false, 1);
}

static struct plan *as_client(void)
{
	return make_plan(1, true, 1);
}

static struct plan *as_server_untold(void)
{
	return make_plan(1, false, 0);
}

static struct plan *as_server_wrong(void)
{
	return make_plan(1, false, 2);
}

static void end(void)
{
	struct mock_datagram *rest;

	while ((rest = mock_pop()) != NULL)
		g_free(rest);
	peer_close(&x);
	mock_media_close(&m);
	clock_set_mock(-1, 0);
}

static bool deliver_to_us(struct peer *peer)
{
	g_autoptr(GBytes) bytes = g_queue_pop_head(&peer->outbox->packets);
	size_t len;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	if (bytes)
		mock_media_send(&m, &peer->addr, 0, data, len);
	return bytes != NULL;
}

static bool deliver_to_peer(struct peer *peer)
{
	struct mock_datagram *d = mock_pop_to(&peer->addr);

	if (!d)
		return false;
	dtls_receive(peer->dtls, d->bytes, d->len, now_us);
	g_free(d);
	return true;
}

static void take_keys(struct peer *peer)
{
	struct srtp_params in, out;

	srtp_context_free(peer->in);
	srtp_context_free(peer->out);
	peer->in = peer->out = NULL;
	if (!dtls_keys(peer->dtls, &in, &out))
		return;
	peer->in = srtp_context_new(&in, SRTP_UNPROTECT, NULL);
	peer->out = srtp_context_new(&out, SRTP_PROTECT, NULL);
}

static void pump(struct peer *peer)
{
	while (deliver_to_us(peer) || deliver_to_peer(peer)) {
	}
	take_keys(peer);
}

/* Time for timers of the worker. */
static void advance(int64_t us)
{
	set_time(now_us + us);
	media_worker_turn(m.worker);
	mailbox_run(m.control);
}

static size_t make_rtp(uint8_t *packet, uint16_t seq)
{
	struct rtp_header h = { .seq = seq, .timestamp = seq * 160u, .ssrc = 7 };

	rtp_write(packet, &h);
	memset(packet + RTP_HEADER_BYTES, seq & 0xff, PAYLOAD);
	return PACKET;
}

static void send_x(struct srtp_context *context, uint16_t seq)
{
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, seq);

	if (context)
		g_assert_cmpint(srtp_context_rtp(context, packet, &len, ROOM), ==, SRTP_OK);
	mock_media_send(&m, &x.addr, 0, packet, len);
}

static void assert_passes_to_y(uint16_t seq)
{
	struct mock_datagram *d;
	uint8_t want[PACKET];

	make_rtp(want, seq);
	send_x(x.out, seq);
	d = mock_pop_to(&mock_peer_y);
	g_assert_nonnull(d);
	g_assert_cmpmem(d->bytes, d->len, want, PACKET);
	g_free(d);
}

static void assert_passes_to_x(uint16_t seq)
{
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, seq);
	struct mock_datagram *d;

	mock_media_send(&m, &mock_peer_y, 2, packet, len);
	d = mock_pop_to(&x.addr);
	g_assert_nonnull(d);
	memcpy(packet, d->bytes, d->len);
	len = d->len;
	g_free(d);
	g_assert_cmpint(srtp_context_rtp(x.in, packet, &len, len), ==, SRTP_OK);
	g_assert_cmpuint(len, ==, PACKET);
}

static uint64_t drops(enum reason reason)
{
	return m.stats[0]->counts.drops[reason];
}

/* How many events of the type there were, and the reason of the last one. */
static unsigned count_events(enum media_event_type type, enum reason *ret_reason)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m.event_count; i++)
		if (m.events[i].type == type) {
			count++;
			if (ret_reason)
				*ret_reason = m.events[i].reason;
		}
	return count;
}

static void test_as_server(void)
{
	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	send_x(NULL, 1);
	g_assert_cmpuint(drops(REASON_DTLS_NO_KEY), ==, 1);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_UP, NULL), ==, 1);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	g_assert_cmpint(m.stats[0]->counts.dtls_state, ==, DTLS_UP + 1);
	assert_passes_to_y(2);
	assert_passes_to_x(3);
	end();
}

enum { HEADERS_BYTES = 13 + 12, LENGTH_AT = 11, SEQUENCE_AT = 10, PART_AT = 13 + 6 };

/* That part of a message of one record as a record of its own. */
static size_t cut_part(
	uint8_t *out, const uint8_t *message, unsigned from, unsigned len, uint8_t sequence)
{
	memcpy(out, message, HEADERS_BYTES);
	memcpy(out + HEADERS_BYTES, message + HEADERS_BYTES + from, len);
	out[SEQUENCE_AT] = sequence;
	out[LENGTH_AT] = (uint8_t)((len + 12) >> 8);
	out[LENGTH_AT + 1] = (uint8_t)(len + 12);
	out[PART_AT + 1] = (uint8_t)(from >> 8);
	out[PART_AT + 2] = (uint8_t)from;
	out[PART_AT + 4] = (uint8_t)(len >> 8);
	out[PART_AT + 5] = (uint8_t)len;
	return HEADERS_BYTES + len;
}

/* As browsers do, whose hellos hold the key of a large method. */
static void test_hello_in_two_parts(void)
{
	enum { FIRST_PART = 100 };
	const uint8_t *hello;
	uint8_t part[ROOM];
	GBytes *bytes;
	size_t len;

	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	bytes = g_queue_pop_head(&x.outbox->packets);
	hello = g_bytes_get_data(bytes, &len);
	g_assert_cmpuint(len, <, ROOM);
	for (unsigned again = 0; again < 2; again++) {
		size_t size = cut_part(part, hello, 0, FIRST_PART, (uint8_t)(40 + 2 * again));

		mock_media_send(&m, &x.addr, 0, part, size);
		size = cut_part(part, hello, FIRST_PART, (unsigned)len - HEADERS_BYTES - FIRST_PART,
			(uint8_t)(41 + 2 * again));
		mock_media_send(&m, &x.addr, 0, part, size);
	}
	g_bytes_unref(bytes);
	pump(&x);
	g_assert_cmpuint(drops(REASON_DTLS_BUSY), ==, 0);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	end();
}

static void test_as_client(void)
{
	begin(as_client);
	peer_open(&x, DTLS_SERVER);
	advance(2000);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	assert_passes_to_y(2);
	assert_passes_to_x(3);
	end();
}

static void test_client_sends_again(void)
{
	struct mock_datagram *d;
	unsigned lost = 0;

	begin(as_client);
	peer_open(&x, DTLS_SERVER);
	for (unsigned i = 0; i < 30; i++) {
		advance(100000);
		while ((d = mock_pop_to(&x.addr)) != NULL) {
			g_free(d);
			lost++;
		}
	}
	/* After 0.4, 1.2 and 2.8 s, and the first one. */
	g_assert_cmpuint(lost, ==, 4);
	advance(DTLS_LAST_RETRY_US);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	end();
}

static void test_client_goes_on_trying(void)
{
	struct mock_datagram *d;
	enum reason reason = 0;

	begin(as_client);
	peer_open(&x, DTLS_SERVER);
	for (unsigned i = 0; i < 340; i++) {
		advance(100000);
		while ((d = mock_pop_to(&x.addr)) != NULL)
			g_free(d);
	}
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_FAILED, &reason), ==, 1);
	g_assert_cmpint(reason, ==, REASON_DTLS_TIMEOUT);
	for (unsigned i = 0; i < 40; i++) {
		advance(100000);
		pump(&x);
	}
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	end();
}

static void test_wrong_fingerprint(void)
{
	enum reason reason = 0;

	begin(as_server_wrong);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_FAILED);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_FAILED, &reason), ==, 1);
	g_assert_cmpint(reason, ==, REASON_DTLS_FINGERPRINT);
	g_assert_cmpint(m.stats[0]->counts.dtls_reason, ==, REASON_DTLS_FINGERPRINT);
	g_assert_cmpint(m.stats[0]->counts.dtls_state, ==, DTLS_FAILED + 1);
	send_x(NULL, 1);
	g_assert_cmpuint(drops(REASON_DTLS_NO_KEY), ==, 1);
	g_assert_null(mock_pop());
	/* Who failed is not believed any more, and does not keep out the next one. */
	g_assert_cmpint(mock_media_stream(&m, 0)->source_state, ==, SOURCE_NONE);
	end();
}

/* The answer, which says who it is, comes when the handshake is over. */
static void test_told_late(void)
{
	begin(as_server_untold);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	send_x(x.out, 1);
	g_assert_cmpuint(drops(REASON_DTLS_NO_KEY), ==, 1);
	mock_media_apply(&m, as_server(), NULL);
	mailbox_run(m.control);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_UP, NULL), ==, 1);
	assert_passes_to_y(2);
	end();
}

static void test_survives_plans(void)
{
	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	deliver_to_us(&x);
	mock_media_apply(&m, as_server(), NULL);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	assert_passes_to_y(1);
	mock_media_apply(&m, as_server(), NULL);
	assert_passes_to_y(2);
	assert_passes_to_x(3);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_UP, NULL), ==, 1);
	end();
}

/* Media go on with the keys before until there are new ones. */
static void test_begun_anew(void)
{
	struct peer next;

	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	assert_passes_to_y(1);
	mock_media_apply(&m, make_plan(2, false, 1), NULL);
	g_assert_null(
		mock_pop_to(&x.addr)); /* the one before is not closed: it may be all it has */
	assert_passes_to_y(2);
	assert_passes_to_x(3);
	peer_open(&next, DTLS_CLIENT);
	dtls_start(next.dtls, now_us);
	pump(&next);
	g_assert_cmpint(dtls_state(next.dtls), ==, DTLS_UP);
	assert_passes_to_y(4); /* on its way when the keys changed */
	peer_close(&x);
	x = next;
	assert_passes_to_y(5);
	assert_passes_to_x(6);
	end();
}

static void test_hello_from_elsewhere(void)
{
	struct plan *plan;

	begin(as_server);
	plan = as_server();
	plan->streams[0].sources = PLAN_SOURCES_SIGNALLED;
	mock_media_apply(&m, plan, NULL);
	peer_open(&x, DTLS_CLIENT);
	x.addr = elsewhere;
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_HANDSHAKING);
	g_assert_cmpuint(drops(REASON_UNSIGNALLED_SOURCE), ==, x.outbox->sent);
	g_assert_null(mock_pop());
	end();
}

/* Somebody else is first and then says nothing: the signalled one takes the place. */
static void test_hellos_race(void)
{
	struct peer other;

	begin(as_server);
	peer_open(&other, DTLS_CLIENT);
	other.addr = elsewhere;
	dtls_start(other.dtls, now_us);
	deliver_to_us(&other);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 1);
	peer_open(&x, DTLS_CLIENT);
	advance(DTLS_ANEW_US);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	assert_passes_to_y(1);
	peer_close(&other);
	end();
}

/* Both are where nobody was signalled: nothing but the certificate tells them apart. */
static const struct addr real = { ADDR_IP4, 6666, { 192, 0, 2, 98 } };

static struct peer somebody(const struct addr *addr)
{
	struct peer peer;

	peer_open(&peer, DTLS_CLIENT);
	peer.addr = *addr;
	dtls_start(peer.dtls, now_us);
	return peer;
}

/* Its hello, and never more: once the cookie-less server has answered, it is silent. */
static void hello_of(struct peer *peer)
{
	struct mock_datagram *d;

	while (deliver_to_us(peer)) {
	}
	while ((d = mock_pop_to(&peer->addr)) != NULL)
		g_free(d);
}

/* Somebody that fits as well begins first, and never ends; whoever verifies is the peer. */
static void test_rival_wins(void)
{
	struct peer other;
	enum reason reason = 0;

	begin(as_server);
	other = somebody(&elsewhere);
	hello_of(&other);
	x = somebody(&real);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_UP, NULL), ==, 1);
	g_assert_cmpuint(count_events(MEDIA_EVENT_SOURCE_CHANGED, &reason), ==, 1);
	g_assert_cmpint(reason, ==, REASON_SOURCE_PROVEN);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	assert_passes_to_y(1);
	assert_passes_to_x(2);
	/* Nothing of the other one is left. */
	set_time(now_us + DTLS_FIRST_RETRY_US);
	dtls_timeout(other.dtls, now_us);
	pump(&other);
	g_assert_cmpint(dtls_state(other.dtls), ==, DTLS_HANDSHAKING);
	advance(DTLS_HANDSHAKE_US);
	assert_passes_to_y(3);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_FAILED, NULL), ==, 0);
	peer_close(&other);
	end();
}

/* The real one was first: who comes after changes nothing, whatever certificate it has. */
static void test_rival_loses(void)
{
	struct peer other;

	begin(as_server);
	x = somebody(&real);
	deliver_to_us(&x);
	other = (struct peer){ .addr = elsewhere, .outbox = g_new0(struct outbox, 1) };
	other.dtls = dtls_new(mock_cert(2), DTLS_CLIENT, MTU, on_peer_sends, other.outbox);
	dtls_start(other.dtls, now_us);
	pump(&other);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 1);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_FAILED, NULL), ==, 1);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	g_assert_cmpuint(count_events(MEDIA_EVENT_SOURCE_CHANGED, NULL), ==, 0);
	assert_passes_to_y(1);
	peer_close(&other);
	end();
}

/* Both are done before the answer tells whose certificate counts. */
static void test_rivals_told_late(void)
{
	struct peer other;

	begin(as_server_untold);
	other = (struct peer){ .addr = elsewhere, .outbox = g_new0(struct outbox, 1) };
	other.dtls = dtls_new(mock_cert(2), DTLS_CLIENT, MTU, on_peer_sends, other.outbox);
	dtls_start(other.dtls, now_us);
	pump(&other);
	x = somebody(&real);
	pump(&x);
	mock_media_apply(&m, as_server(), NULL);
	mailbox_run(m.control);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_UP, NULL), ==, 1);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_FAILED, NULL), ==, 0);
	take_keys(&x);
	assert_passes_to_y(1);
	assert_passes_to_x(2);
	peer_close(&other);
	end();
}

/* As many as are allowed; the next one gets the place of one that has had its time. */
static void test_rivals_bounded(void)
{
	struct peer others[1 + DTLS_MAX_RIVALS];
	struct addr addr = elsewhere;

	begin(as_server);
	for (unsigned i = 0; i <= DTLS_MAX_RIVALS; i++, addr.port++) {
		others[i] = somebody(&addr);
		hello_of(&others[i]);
	}
	g_assert_cmpuint(m.state->dtls_half_open, ==, 1 + DTLS_MAX_RIVALS);
	x = somebody(&real);
	hello_of(&x);
	g_assert_cmpuint(drops(REASON_DTLS_HALF_OPEN), ==, 1);
	advance(DTLS_RIVAL_US);
	dtls_timeout(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	assert_passes_to_y(1);
	for (unsigned i = 0; i <= DTLS_MAX_RIVALS; i++)
		peer_close(&others[i]);
	end();
}

/* What is known of it goes along, or to nobody, when the session moves or ends. */
static void test_rivals_moved(void)
{
	struct peer other;

	begin(as_server);
	other = somebody(&elsewhere);
	hello_of(&other);
	x = somebody(&real);
	hello_of(&x);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 2);
	mock_media_apply(&m, as_server(), NULL);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 2);
	stream_set_detach_ports(m.state->set);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	stream_set_attach_ports(m.state->set, m.worker);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 1);
	advance(DTLS_FIRST_RETRY_US);
	dtls_timeout(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	peer_close(&other);
	end();
}

/* The part of `hello` from `at` on, `bytes` of it, as a record of its own. */
static void send_part(GBytes *hello, size_t at, size_t bytes, uint8_t record)
{
	enum { HEADERS = 13 + 12, SEQUENCE = 10, LENGTH = 11, OFFSET = 19, PART = 22 };
	const uint8_t *whole = g_bytes_get_data(hello, NULL);
	uint8_t data[1500];

	memcpy(data, whole, HEADERS);
	memcpy(data + HEADERS, whole + HEADERS + at, bytes);
	data[SEQUENCE] = record;
	data[LENGTH] = (uint8_t)((bytes + 12) >> 8);
	data[LENGTH + 1] = (uint8_t)(bytes + 12);
	data[OFFSET + 1] = (uint8_t)(at >> 8);
	data[OFFSET + 2] = (uint8_t)at;
	data[PART + 1] = (uint8_t)(bytes >> 8);
	data[PART + 2] = (uint8_t)bytes;
	mock_media_send(&m, &x.addr, 0, data, HEADERS + bytes);
}

/* A hello with large keys does not fit a datagram: its parts are not hellos of their own. */
static void test_hello_in_parts(void)
{
	g_autoptr(GBytes) hello = NULL;
	size_t body;

	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	hello = g_queue_pop_head(&x.outbox->packets);
	body = g_bytes_get_size(hello) - 25;
	send_part(hello, 0, 50, 0);
	send_part(hello, 50, 50, 1);
	send_part(hello, 100, body - 100, 2);
	pump(&x);
	/* Ours took the numbers of its next records, which it sends again under others. */
	set_time(now_us + DTLS_FIRST_RETRY_US);
	dtls_timeout(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	assert_passes_to_y(1);
	end();
}

static void test_half_open_cap(void)
{
	begin(as_server);
	m.state->dtls_half_open = DTLS_MAX_HALF_OPEN_CALL;
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpuint(drops(REASON_DTLS_HALF_OPEN), ==, x.outbox->sent);
	m.state->dtls_half_open = 0;
	set_time(now_us + DTLS_FIRST_RETRY_US);
	dtls_timeout(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	end();
}

/* With keys that serve on, and nothing of the library. */
static void test_retired(void)
{
	struct peer next;

	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	advance(DTLS_LINGER_US);
	assert_passes_to_y(1);
	assert_passes_to_x(2);
	/* The peer has begun anew without a word. */
	peer_open(&next, DTLS_CLIENT);
	dtls_start(next.dtls, now_us);
	deliver_to_us(&next);
	assert_passes_to_y(3);
	pump(&next);
	g_assert_cmpint(dtls_state(next.dtls), ==, DTLS_UP);
	peer_close(&x);
	x = next;
	assert_passes_to_y(4);
	assert_passes_to_x(5);
	/* It is told when the call is over. */
	advance(DTLS_LINGER_US);
	media_dtls_close(m.state->set);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_CLOSED);
	end();
}

/* As long as it may be asked for: the hello of an established one changes nothing. */
static void test_not_retired_yet(void)
{
	struct peer next;

	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	advance(DTLS_LINGER_US - 100000);
	peer_open(&next, DTLS_CLIENT);
	dtls_start(next.dtls, now_us);
	deliver_to_us(&next);
	pump(&next);
	g_assert_cmpint(dtls_state(next.dtls), ==, DTLS_HANDSHAKING);
	dtls_close(x.dtls);
	pump(&x);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_CLOSED, NULL), ==, 1);
	peer_close(&next);
	end();
}

static void test_no_hello(void)
{
	const uint8_t record[20] = { 23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };

	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	mock_media_send(&m, &x.addr, 0, record, sizeof(record));
	g_assert_cmpuint(drops(REASON_DTLS_NO_HELLO), ==, 1);
	end();
}

/* What is of no association, or of nobody knows whom, moves nothing. */
static void test_noise_teaches_nothing(void)
{
	static const uint8_t record[20] = { 23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };
	struct plan *plan;

	begin(as_server);
	plan = as_server();
	plan->streams[0].learn = PLAN_LEARN_IMMEDIATE;
	plan->streams[0].sources = PLAN_SOURCES_LEARNED;
	plan->streams[0].follow = true;
	plan->streams[0].signal_gen++;
	mock_media_apply(&m, plan, NULL);
	peer_open(&x, DTLS_CLIENT);
	mock_media_send(&m, &elsewhere, 0, record, sizeof(record));
	g_assert_cmpuint(drops(REASON_DTLS_NO_HELLO), ==, 1);
	g_assert_false(m.stats[0]->counts.seen);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	assert_passes_to_y(1);
	advance(5000000);
	mock_media_send(&m, &elsewhere, 0, record, sizeof(record));
	g_assert_cmpuint(drops(REASON_WRONG_SOURCE), ==, 1);
	assert_passes_to_x(2);
	end();
}

static void test_closed_by_peer(void)
{
	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	dtls_close(x.dtls);
	pump(&x);
	g_assert_cmpuint(count_events(MEDIA_EVENT_DTLS_CLOSED, NULL), ==, 1);
	/* It may come again. */
	peer_close(&x);
	peer_open(&x, DTLS_CLIENT);
	advance(DTLS_ANEW_US);
	dtls_start(x.dtls, now_us);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	assert_passes_to_y(1);
	end();
}

static void test_peer_is_told_of_the_end(void)
{
	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	pump(&x);
	media_dtls_close(m.state->set);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_CLOSED);
	end();
}

/* In the middle of a handshake; datagrams that wait for their turn are lost. */
static void test_moved(void)
{
	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	deliver_to_us(&x);
	stream_set_detach_ports(m.state->set);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	stream_set_attach_ports(m.state->set, m.worker);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 1);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	g_assert_cmpuint(m.state->dtls_half_open, ==, 0);
	assert_passes_to_y(1);
	end();
}

/* What does not fit a turn waits for the next one. */
static void test_turns(void)
{
	begin(as_server);
	peer_open(&x, DTLS_CLIENT);
	dtls_start(x.dtls, now_us);
	media_worker_turn(m.worker);
	dtls_work_spend(media_worker_dtls(m.worker));
	deliver_to_us(&x);
	g_assert_null(mock_pop_to(&x.addr));
	advance(2 * WHEEL_TICK_US);
	pump(&x);
	g_assert_cmpint(dtls_state(x.dtls), ==, DTLS_UP);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dtls/server", test_as_server);
	g_test_add_func("/dtls/client", test_as_client);
	g_test_add_func("/dtls/hello-in-two-parts", test_hello_in_two_parts);
	g_test_add_func("/dtls/again", test_client_sends_again);
	g_test_add_func("/dtls/goes-on", test_client_goes_on_trying);
	g_test_add_func("/dtls/wrong-fingerprint", test_wrong_fingerprint);
	g_test_add_func("/dtls/told-late", test_told_late);
	g_test_add_func("/dtls/survives", test_survives_plans);
	g_test_add_func("/dtls/anew", test_begun_anew);
	g_test_add_func("/dtls/elsewhere", test_hello_from_elsewhere);
	g_test_add_func("/dtls/race", test_hellos_race);
	g_test_add_func("/dtls/rival-wins", test_rival_wins);
	g_test_add_func("/dtls/rival-loses", test_rival_loses);
	g_test_add_func("/dtls/rivals-told-late", test_rivals_told_late);
	g_test_add_func("/dtls/rivals-bounded", test_rivals_bounded);
	g_test_add_func("/dtls/rivals-moved", test_rivals_moved);
	g_test_add_func("/dtls/hello-in-parts", test_hello_in_parts);
	g_test_add_func("/dtls/half-open", test_half_open_cap);
	g_test_add_func("/dtls/no-hello", test_no_hello);
	g_test_add_func("/dtls/retired", test_retired);
	g_test_add_func("/dtls/not-retired-yet", test_not_retired_yet);
	g_test_add_func("/dtls/noise", test_noise_teaches_nothing);
	g_test_add_func("/dtls/closed", test_closed_by_peer);
	g_test_add_func("/dtls/end", test_peer_is_told_of_the_end);
	g_test_add_func("/dtls/moved", test_moved);
	g_test_add_func("/dtls/turns", test_turns);
	return g_test_run();
}
