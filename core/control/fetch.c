/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads of clips, or another thing, gathered; each keeps the fetch until it has come back. */
#include "control/fetch.h"

#include "base/ref.h"

#include <glib.h>

struct fetch {
	unsigned count, outstanding;
	struct clip *clips[PLAY_MAX_RATES]; /* references */
	char *error;                        /* of the first that failed; NULL: none */
	bool abandoned;
	fetch_done_fn done; /* NULL: nobody waits */
	void *arg;
};

static void destroy(struct fetch *f)
{
	for (unsigned i = 0; i < f->count; i++)
		ref_drop(f->clips[i]);
	g_free(f->error);
	g_free(f);
}

void fetch_come(void *fetch)
{
	struct fetch *f = fetch;
	fetch_done_fn done = f->done;

	if (--f->outstanding)
		return;
	if (f->abandoned) {
		destroy(f);
		return;
	}
	f->done = NULL;
	if (done)
		done(f->arg);
}

static void on_clip(struct clip *clip, const char *error, void *arg)
{
	struct fetch *f = arg;

	if (clip)
		f->clips[f->count++] = ref_take(clip);
	else if (!f->error)
		f->error = g_strdup(error);
	fetch_come(f);
}

static void load_now(struct fetch *f, struct clips *clips, struct clip_source *source,
	const struct play_rates *rates)
{
	struct err err;

	for (unsigned i = 0; i < rates->count && !f->error; i++) {
		f->clips[f->count] = clips_load_now(clips, source, rates->sample_hz[i], &err);
		if (f->clips[f->count])
			f->count++;
		else
			f->error = g_strdup(err.text);
	}
}

struct fetch *fetch_new(
	struct clips *clips, struct clip_source *source, const struct play_rates *rates, bool now)
{
	struct fetch *f = g_new0(struct fetch, 1);

	if (!clips) {
		f->error = g_strdup("playing is switched off (--media-num-threads)");
	} else if (now) {
		load_now(f, clips, source, rates);
	} else {
		f->outstanding = rates->count;
		for (unsigned i = 0; i < rates->count; i++)
			clips_load(clips, source, rates->sample_hz[i], on_clip, f);
	}
	return f;
}

struct fetch *fetch_other(void)
{
	struct fetch *f = g_new0(struct fetch, 1);

	f->outstanding = 1;
	return f;
}

bool fetch_is_done(const struct fetch *fetch)
{
	return !fetch->outstanding;
}

void fetch_on_done(struct fetch *fetch, fetch_done_fn fn, void *arg)
{
	fetch->done = fn;
	fetch->arg = arg;
}

struct clip *fetch_clip(uint32_t sample_hz, void *arg)
{
	const struct fetch *f = arg;

	for (unsigned i = 0; i < f->count; i++)
		if (f->clips[i]->sample_hz == sample_hz)
			return f->clips[i];
	return NULL;
}

const char *fetch_error(const struct fetch *fetch)
{
	return fetch->error;
}

void fetch_free(struct fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->outstanding)
		fetch->abandoned = true;
	else
		destroy(fetch);
}
