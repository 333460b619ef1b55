/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * play media and stop media (spec NG 2.12). Reading a file may take its time: the command waits for
 * its beginning and is then carried out on the call as it is by that time.
 */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/command_priv.h"

#include "base/ref.h"
#include "control/fetch.h"

#include <errno.h>

enum { MAX_TIMES = 1000000 };
static const int64_t MAX_MS = INT64_C(1000) * 60 * 60 * 24 * 366;

static int fail(enum clip_kind kind, const char *from, const char *reason, struct err *err)
{
	log_err("Failed to start media playback from %s: %s", from, reason);
	return err_set(err, EINVAL, "Failed to start media playback from %s", clip_kind_name(kind));
}

static int not_started(const struct clip_source *source, const char *reason, struct err *err)
{
	g_autofree char *from = clip_source_text(source);

	return fail(source->kind, from, reason, err);
}

/* The first one present wins (spec NG 2.12). A reference. */
static int find_source(
	const struct play_options *o, struct clip_source **ret_source, struct err *err)
{
	struct clip_source *source = play_source(o);
	const char *fault = source ? NULL : play_source_fault(o);
	enum clip_kind kind = o->blob64.len ? CLIP_BLOB : CLIP_DATABASE;

	if (fault)
		return fail(kind, clip_kind_name(kind), fault, err);
	if (!source)
		return err_set(err, EINVAL, "No media file specified");
	*ret_source = source;
	return 0;
}

/* In the spellings that clients use. */
static int64_t number(const struct value *request, const char *name, int64_t otherwise)
{
	g_autofree char *spaced = g_strdelimit(g_strdup(name), "-", ' ');
	const struct value *v = value_get(request, name);

	return value_int(v ? v : value_get(request, spaced), otherwise);
}

/* How often and for how long: whichever is over first ends it. */
static void read_repeats(struct play_wish *wish, const struct value *request)
{
	int64_t times = number(request, "repeat-times", 0);
	int64_t most_ms = number(request, "repeat-duration", 0);

	wish->most_ms = CLAMP(most_ms, 0, MAX_MS);
	wish->times = times > 0 ? (unsigned)MIN(times, MAX_TIMES) : wish->most_ms ? 0 : 1;
	wish->start_pos = MAX(number(request, "start-pos", 0), 0);
}

static int play(struct command *c, const struct play_wish *wish, struct err *err)
{
	const char *error = fetch_error(c->time.fetch);
	int64_t duration_ms = -1;
	int ret;

	if (error)
		return not_started(wish->source, error, err);
	ret = call_play(
		c->control->calls, &c->o, wish, fetch_clip, c->time.fetch, &duration_ms, err);
	if (ret == -EHOSTUNREACH || ret == -ENOTSUP)
		return not_started(wish->source, err->text, err);
	if (!ret && duration_ms >= 0)
		dict_add_int(c->reply, c->root, "duration", duration_ms);
	return ret;
}

/* By the beginning of what is played, be it now or later. */
static int fetch_and_play(
	struct command *c, struct play_wish *wish, const struct play_rates *rates, struct err *err)
{
	struct clips *clips = call_table_settings(c->control->calls)->clips;
	int ret;

	if (c->time.fetch)
		return play(c, wish, err);
	c->time.fetch = fetch_new(clips, wish->source, rates, !c->time.may_wait);
	if (!fetch_is_done(c->time.fetch))
		return -EINPROGRESS;
	ret = play(c, wish, err);
	fetch_free(c->time.fetch);
	c->time.fetch = NULL;
	return ret;
}

int cmd_play_media(struct command *c, struct err *err)
{
	struct play_wish wish = { .alone = c->o.block_egress, .set = c->o.codec.set };
	struct play_rates rates;
	int ret = call_play_rates(c->control->calls, &c->o, &rates, err);

	if (ret < 0)
		return ret;
	ret = find_source(&c->o.play, &wish.source, err);
	if (ret < 0)
		return ret;
	read_repeats(&wish, c->request);
	ret = rates.count ? fetch_and_play(c, &wish, &rates, err)
			  : not_started(wish.source, "nobody can be played to", err);
	ref_drop(wish.source);
	return ret;
}

int cmd_stop_media(struct command *c, struct err *err)
{
	int64_t position = 0;
	int ret = call_stop_playing(c->control->calls, &c->o, &position, err);

	if (!ret)
		dict_add_int(c->reply, c->root, "last-frame-pos", position);
	return ret;
}
