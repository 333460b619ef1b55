/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing to X on the worker, by a codec whose bytes are the samples, with the clock moved by
 * milliseconds.
 */
#include "media/generator.h"

#include <string.h>

#include <glib.h>

#include "../mock/coder.h"
#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "codec/registry.h"
#include "media/playback.h"
#include "rtp/rtcp.h"
#include "rtp/rtp.h"

extern const struct plugin plugin_export_l16;

enum { HZ = 8000, PT = 96, FRAME = 160, FRAME_US = 20000 };

static struct mock_media m;
static int64_t now_us;

struct got {
	struct rtp_header h;
	int16_t first; /* sample */
	size_t count;
};

static void open_all(void)
{
	now_us = 1000000;
	clock_set_mock(now_us, 0);
	mock_media_open(&m);
	mock_coder_load(&plugin_export_l16);
}

static void close_all(void)
{
	mock_media_close(&m);
	codec_registry_clear();
	clock_set_mock(-1, 0);
}

static void advance(int64_t us)
{
	while (us > 0) {
		int64_t step_us = MIN(us, 1000);

		now_us += step_us;
		us -= step_us;
		clock_set_mock(now_us, now_us);
		media_worker_turn(m.worker);
	}
	mailbox_run(m.control);
}

/* Samples that count up from 1. */
static struct clip *make_clip(uint32_t sample_hz, size_t count)
{
	struct clip *clip = clip_new(sample_hz);

	for (size_t i = 0; i < count; i++) {
		int16_t sample = (int16_t)(i + 1);

		clip_add(clip, &sample, 1);
	}
	return clip;
}

static struct playback *make_playback(uint32_t id, size_t count)
{
	struct clip *clip = make_clip(HZ, count);
	struct playback *p = playback_new(id, clip);

	clip_finish(clip);
	ref_drop(clip);
	return p;
}

static struct plan_format format(uint8_t payload_type, uint16_t ptime_ms)
{
	return (struct plan_format){
		.codec = codec_find(STR_LIT("L16")),
		.payload_type = payload_type,
		.params = { .clock_hz = HZ, .channels = 1, .ptime_ms = ptime_ms },
	};
}

/* A new plan in which this is played to X; NULL: nothing is. */
static void apply(struct playback *p, uint8_t payload_type)
{
	struct plan *plan = mock_media_plan(&m);
	struct plan_format f = format(payload_type, 20);

	plan->streams[0].rtcp = true;
	if (p)
		plan->streams[0].play = plan_play_new(p, &f);
	mock_media_apply(&m, plan, NULL);
}

/* The next RTP packet that X gets; false: there is none. */
static bool get(struct got *ret)
{
	struct mock_datagram *d;

	while ((d = mock_pop_to(&mock_peer_x))) {
		bool is_rtp = datagram_kind(d->bytes, d->len) == DATAGRAM_RTP;

		if (is_rtp) {
			g_assert_cmpint(rtp_parse(d->bytes, d->len, &ret->h), ==, 0);
			ret->first = (int16_t)(d->bytes[12] << 8 | d->bytes[13]);
			ret->count = ret->h.payload_len / 2;
		}
		g_free(d);
		if (is_rtp)
			return true;
	}
	return false;
}

static unsigned count_packets(void)
{
	struct got got;
	unsigned count = 0;

	while (get(&got))
		count++;
	return count;
}

static unsigned count_ends(uint32_t id)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m.event_count; i++)
		count += m.events[i].type == MEDIA_EVENT_PLAY_ENDED && m.events[i].play_id == id;
	return count;
}

static void test_plays(void)
{
	struct playback *p;
	struct got first, got;

	open_all();
	p = make_playback(7, 5 * FRAME + 10);
	apply(p, PT);
	g_assert_true(get(&first));
	g_assert_true(first.h.marker);
	g_assert_cmpint(first.first, ==, 1);
	g_assert_cmpuint(first.count, ==, FRAME);
	g_assert_cmpuint(first.h.payload_type, ==, PT);
	/* A lead of 50 ms: those due by then are sent at once. */
	g_assert_true(get(&got) && get(&got));
	g_assert_false(get(&got));
	for (unsigned i = 3; i < 6; i++) {
		advance(i == 3 ? 10000 : FRAME_US);
		g_assert_true(get(&got));
		g_assert_false(got.h.marker);
		g_assert_cmpuint((uint16_t)(got.h.seq - first.h.seq), ==, i);
		g_assert_cmpuint(got.h.timestamp - first.h.timestamp, ==, i * FRAME);
		g_assert_cmpuint(got.h.ssrc, ==, first.h.ssrc);
		g_assert_cmpint(got.first, ==, (int16_t)(1 + i * FRAME));
	}
	g_assert_cmpuint(count_ends(7), ==, 0);
	advance(10 * FRAME_US);
	g_assert_false(get(&got));
	g_assert_cmpuint(count_ends(7), ==, 1);
	g_assert_true(p->ended);
	apply(NULL, PT);
	ref_drop(p);
	close_all();
}

static void test_reports(void)
{
	struct playback *p;
	struct mock_datagram *d;
	unsigned reports = 0;

	open_all();
	p = make_playback(1, 20 * HZ);
	apply(p, PT);
	advance(15000000);
	while ((d = mock_pop_to(&mock_peer_x))) {
		struct rtcp_sender_info info;
		struct rtcp_packet packet;
		size_t offset = 0;

		if (datagram_kind(d->bytes, d->len) == DATAGRAM_RTCP) {
			g_assert_true(rtcp_valid(d->bytes, d->len));
			g_assert_cmpint(rtcp_next(d->bytes, d->len, &offset, &packet), ==, 1);
			g_assert_true(rtcp_sender_info(&packet, &info));
			g_assert_cmpuint(info.octets, ==, info.packets * FRAME * 2);
			reports++;
		}
		g_free(d);
	}
	g_assert_cmpuint(reports, >=, 3);
	g_assert_cmpuint(reports, <=, 4);
	ref_drop(p);
	close_all();
}

/* Other plans in between change nothing of what is heard. */
static void test_goes_on_over_plans(void)
{
	struct playback *p;
	struct got got, before;

	open_all();
	p = make_playback(1, 50 * FRAME);
	apply(p, PT);
	get(&before);
	for (unsigned i = 1; i < 50; i++) {
		apply(p, i < 20 ? PT : PT + 1); /* a new number: a new encoder, the same stream */
		if (!get(&got)) {
			advance(FRAME_US);
			g_assert_true(get(&got));
		}
		g_assert_cmpint(got.first, ==, (int16_t)(1 + i * FRAME));
		g_assert_cmpuint((uint16_t)(got.h.seq - before.h.seq), ==, 1);
		g_assert_cmpuint(got.h.ssrc, ==, before.h.ssrc);
		g_assert_false(got.h.marker);
		before = got;
	}
	g_assert_cmpuint(before.h.payload_type, ==, PT + 1);
	ref_drop(p);
	close_all();
}

/* Numbers go on, time has passed. */
static void test_another_one(void)
{
	struct playback *one, *two;
	struct got last, got;

	open_all();
	one = make_playback(1, 3 * FRAME);
	two = make_playback(2, 3 * FRAME);
	apply(one, PT);
	while (get(&last))
		continue;
	advance(1000000);
	apply(NULL, PT);
	g_assert_cmpuint(count_packets(), ==, 0);
	advance(1000000);
	apply(two, PT);
	g_assert_true(get(&got));
	g_assert_true(got.h.marker);
	g_assert_cmpint(got.first, ==, 1);
	g_assert_cmpuint(got.h.ssrc, ==, last.h.ssrc);
	g_assert_cmpuint((uint16_t)(got.h.seq - last.h.seq), ==, 1);
	g_assert_cmpuint(got.h.timestamp - last.h.timestamp, ==, 2 * HZ - 2 * FRAME);
	ref_drop(one);
	ref_drop(two);
	close_all();
}

static void assert_rounds(unsigned times, uint64_t most, unsigned packets)
{
	struct playback *p;

	open_all();
	p = make_playback(1, 2 * FRAME);
	p->times = times;
	p->most = most;
	apply(p, PT);
	advance(2000000);
	g_assert_cmpuint(count_packets(), ==, packets);
	g_assert_cmpuint(count_ends(1), ==, 1);
	ref_drop(p);
	close_all();
}

static void test_repeats(void)
{
	assert_rounds(1, 0, 2);
	assert_rounds(3, 0, 6);
	assert_rounds(0, 5 * FRAME, 6); /* begun before it was over */
	assert_rounds(0, 6 * FRAME, 6);
	assert_rounds(2, 60 * FRAME, 4);
	assert_rounds(9, 3 * FRAME, 4);
}

static void test_nothing_to_play(void)
{
	struct playback *p;

	open_all();
	p = make_playback(1, 0);
	p->times = 5;
	apply(p, PT);
	advance(100000);
	g_assert_cmpuint(count_packets(), ==, 0);
	g_assert_cmpuint(count_ends(1), ==, 1);
	ref_drop(p);
	close_all();
}

/* Nothing is sent before there is something to hear, and nothing when it begins after the end. */
static void test_begins_when_there(void)
{
	struct clip *clip;
	struct playback *p;
	struct got got;
	int16_t more[FRAME];

	open_all();
	clip = make_clip(HZ, FRAME);
	p = playback_new(1, clip);
	p->at = FRAME;
	apply(p, PT);
	advance(3 * FRAME_US);
	g_assert_cmpuint(count_packets(), ==, 0);
	for (unsigned i = 0; i < FRAME; i++)
		more[i] = 99;
	clip_add(clip, more, FRAME);
	clip_finish(clip);
	advance(FRAME_US);
	g_assert_true(get(&got));
	g_assert_true(got.h.marker);
	g_assert_cmpint(got.first, ==, 99);
	advance(FRAME_US);
	g_assert_cmpuint(count_packets(), ==, 0);
	g_assert_cmpuint(count_ends(1), ==, 1);
	ref_drop(clip);
	ref_drop(p);
	close_all();
}

/* Time goes on with silence; nothing of the clip is left out. */
static void test_helper_is_behind(void)
{
	struct clip *clip;
	struct playback *p;
	struct got got;
	int16_t more[FRAME];

	open_all();
	clip = make_clip(HZ, 3 * FRAME);
	p = playback_new(1, clip);
	apply(p, PT);
	g_assert_cmpuint(count_packets(), ==, 3);
	advance(3 * FRAME_US);
	while (get(&got))
		g_assert_cmpint(got.first, ==, 0);
	for (unsigned i = 0; i < FRAME; i++)
		more[i] = 99;
	clip_add(clip, more, FRAME);
	clip_finish(clip);
	advance(FRAME_US);
	g_assert_true(get(&got));
	g_assert_cmpint(got.first, ==, 99);
	g_assert_cmpuint(count_ends(1), ==, 0);
	advance(FRAME_US);
	g_assert_cmpuint(count_ends(1), ==, 1);
	ref_drop(clip);
	ref_drop(p);
	close_all();
}

/* What should have been sent meanwhile is not sent all at once. */
static void test_worker_stood_still(void)
{
	struct playback *p;
	struct got last, got;

	open_all();
	p = make_playback(1, 1000 * FRAME);
	apply(p, PT);
	while (get(&last))
		continue;
	now_us += 3000000;
	clock_set_mock(now_us, 0);
	media_worker_turn(m.worker);
	g_assert_true(get(&got));
	g_assert_cmpuint((uint16_t)(got.h.seq - last.h.seq), ==, 1);
	g_assert_cmpuint(got.h.timestamp - last.h.timestamp, >=, 3 * HZ - 2 * FRAME);
	g_assert_cmpuint(count_packets(), <=, 1);
	ref_drop(p);
	close_all();
}

static void test_moves(void)
{
	struct playback *p;

	open_all();
	p = make_playback(1, 100 * FRAME);
	apply(p, PT);
	advance(100000);
	count_packets();
	stream_set_detach_ports(m.state->set);
	advance(100000);
	g_assert_cmpuint(count_packets(), ==, 0);
	stream_set_attach_ports(m.state->set, m.worker);
	advance(100000);
	g_assert_cmpuint(count_packets(), >=, 5);
	ref_drop(p);
	close_all();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/generator/plays", test_plays);
	g_test_add_func("/generator/reports", test_reports);
	g_test_add_func("/generator/goes-on", test_goes_on_over_plans);
	g_test_add_func("/generator/another", test_another_one);
	g_test_add_func("/generator/repeats", test_repeats);
	g_test_add_func("/generator/nothing", test_nothing_to_play);
	g_test_add_func("/generator/begins-when-there", test_begins_when_there);
	g_test_add_func("/generator/helper-behind", test_helper_is_behind);
	g_test_add_func("/generator/stood-still", test_worker_stood_still);
	g_test_add_func("/generator/moves", test_moves);
	return g_test_run();
}
