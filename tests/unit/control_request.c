/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests that wait for a file: their order, their repeats, their bound, and their end. The pool of
 * helpers has been stopped: what a request waits for is there when control reads its messages.
 */
#include "control/command.h"

#include "../mock/codecs.h"
#include "../mock/world.h"
#include "api/player.h"
#include "base/helper.h"
#include "media/clips.h"
#include "stats/reason.h"

enum { MAX_WAITING = 1024 }; /* as in request.c */

static struct world w;
static struct helper_pool *pool;
static struct clips *clips;

/* ---- a player of silence ---- */

static int open_silence(const struct player_input *input, uint32_t sample_hz,
	struct player_info *ret_info, void **ret_state, char *error)
{
	(void)error;
	*ret_info = (struct player_info){ .duration_ms = 1000, .file_hz = sample_hz };
	*ret_state = (void *)input;
	return 0;
}

static int read_silence(void *state, int16_t *out, size_t max)
{
	(void)state;
	memset(out, 0, max * sizeof(*out));
	return (int)max;
}

static void close_silence(void *state)
{
	(void)state;
}

static const struct player player = {
	.name = "silence", .open = open_silence, .read = read_silence, .close = close_silence
};

/* ---- who asks ---- */

struct asker {
	GString *got;  /* all answers */
	unsigned none; /* how often there was to be none */
};

struct later {
	struct answer_to to;
	struct asker *asker;
};

static void send_later(struct answer_to *to, struct str answer)
{
	struct later *later = container_of(to, struct later, to);

	if (answer.s)
		g_string_append_len(later->asker->got, answer.s, (gssize)answer.len);
	else
		later->asker->none++;
	g_free(later);
}

static struct answer_to *answer_later(void *arg)
{
	struct later *later = g_new0(struct later, 1);

	later->to.send = send_later;
	later->asker = arg;
	return &later->to;
}

/* False: the answer comes later, or never. */
static bool ask(struct asker *asker, const char *cookie, const char *document)
{
	g_autofree char *text = g_strconcat(cookie, " ", document, NULL);

	return request_take(&w.control, str_of(text), &w.client, answer_later, asker, asker->got);
}

static void asker_init(struct asker *asker)
{
	*asker = (struct asker){ .got = g_string_new(NULL) };
}

/* ---- around a test ---- */

static const char play[] = "d7:command10:play media7:call-id1:c8:from-tag1:a4:blob1:be";
static const char list_of_call[] = "d7:command4:list7:call-id1:c5:limiti0ee";
static const char played[] = "d8:durationi1000e6:result2:oke";
static const char listed[] = "d5:callsle6:result2:oke";

static void open_all(void)
{
	static const char body[] = "v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
				   "c=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n";
	g_autofree char *offer = g_strdup_printf("d7:command5:offer7:call-id1:c8:from-tag1:a3:sdp"
						 "%zu:%se",
		strlen(body), body);
	g_autofree char *answer = g_strdup_printf("d7:command6:answer7:call-id1:c8:from-tag1:a"
						  "6:to-tag1:b3:sdp%zu:%se",
		strlen(body), body);
	struct asker asker;
	struct err err;

	mock_codecs_add();
	clips_add_player(&player);
	world_defaults(&w);
	world_open(&w);
	pool = helper_pool_new(1, w.control_box);
	helper_pool_stop(pool);
	g_assert_cmpint(clips_new(pool, NULL, 1 << 20, &clips, &err), ==, 0);
	w.settings.clips = clips;
	asker_init(&asker);
	g_assert_true(ask(&asker, "o", offer) && ask(&asker, "a", answer));
	g_string_free(asker.got, TRUE);
	world_run(&w);
}

static void close_all(void)
{
	requests_drop(&w.control);
	clips_stop(clips);
	world_run(&w);
	world_end_calls(&w);
	clips_sweep(clips);
	world_run(&w);
	clips_free(clips);
	helper_pool_free(pool);
	g_assert_cmpuint(world_leaks(&w), ==, 0);
	world_close(&w);
	clips_add_player(NULL);
}

static void assert_got(struct asker *asker, const char *text)
{
	g_assert_cmpstr(asker->got->str, ==, text);
	g_string_free(asker->got, TRUE);
}

/* ---- tests ---- */

static void test_order(void)
{
	struct asker a, other;

	open_all();
	asker_init(&a);
	asker_init(&other);
	g_assert_false(ask(&a, "1", play));
	g_assert_false(ask(&a, "2", list_of_call));
	g_assert_false(ask(&a, "3", play));
	g_assert_true(ask(&other, "4", "d7:command4:pinge")); /* of no call */
	world_run(&w);
	assert_got(&other, "4 d6:result4:ponge");
	g_autofree char *all = g_strconcat("1 ", played, "2 ", listed, "3 ", played, NULL);
	assert_got(&a, all);
	close_all();
}

static void test_repeats(void)
{
	struct asker a, other;

	open_all();
	asker_init(&a);
	asker_init(&other);
	g_assert_false(ask(&a, "same", play));
	g_assert_false(ask(&a, "same", play));
	g_assert_false(ask(&other, "same", "d7:command4:pinge"));
	world_run(&w);
	g_assert_true(ask(&other, "same", play)); /* from store */
	g_autofree char *once = g_strconcat("same ", played, NULL);
	g_autofree char *twice = g_strconcat(once, once, NULL);
	assert_got(&a, twice);
	assert_got(&other, twice);
	close_all();
}

static void test_bound(void)
{
	uint64_t refused = reason_total(REASON_NG_WAITING);
	struct asker a, last;

	open_all();
	asker_init(&a);
	asker_init(&last);
	g_assert_false(ask(&a, "first", play));
	for (unsigned i = 1; i < MAX_WAITING; i++) {
		g_autofree char *cookie = g_strdup_printf("c%u", i);

		g_assert_false(ask(&a, i % 2 ? cookie : "first", list_of_call));
	}
	g_assert_false(ask(&last, "first", play)); /* a repeat too many: no answer */
	g_assert_true(ask(&last, "last", list_of_call));
	g_assert_cmpuint(reason_total(REASON_NG_WAITING) - refused, ==, 1);
	assert_got(&last, "last d6:result5:error12:error-reason29:Too many requests are waitinge");
	world_run(&w);
	asker_init(&last);
	g_assert_true(ask(&last, "again", list_of_call));
	g_string_free(last.got, TRUE);
	g_string_free(a.got, TRUE);
	close_all();
}

static void test_end(void)
{
	struct asker a;

	open_all();
	asker_init(&a);
	g_assert_false(ask(&a, "1", play));
	g_assert_false(ask(&a, "2", list_of_call));
	g_assert_false(ask(&a, "2", list_of_call));
	requests_drop(&w.control);
	g_assert_cmpuint(a.none, ==, 3);
	assert_got(&a, "");
	close_all();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/control/request/order", test_order);
	g_test_add_func("/control/request/repeats", test_repeats);
	g_test_add_func("/control/request/bound", test_bound);
	g_test_add_func("/control/request/end", test_end);
	return g_test_run();
}
