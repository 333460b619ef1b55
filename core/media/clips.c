/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading is one job that opens and decodes the beginning, then another one for the rest. A file
 * is opened by every load, and what is in a database fetched, so that what was changed is not
 * mistaken for what is in memory under its name; when it is the same, the clip that is there is
 * used.
 */
#include "media/clips.h"

#include "base/clock.h"
#include "base/helper.h"
#include "base/list.h"
#include "base/log.h"
#include "base/ref.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>

enum {
	READ_SAMPLES = 4096,
	BEGINNING_MS = 500, /* decoded before it is said to be playable */
};

static const int64_t PATIENCE_US = 3000000; /* until a beginning must be there */

/* A clip and what it was made of. */
struct made {
	struct clip *clip; /* reference; NULL: none */
	struct clip_identity of;
};

struct entry {
	struct list link;
	struct clip_source *source; /* reference */
	struct made had;            /* another reference to the clip is whoever plays it */
	int64_t unused_us;          /* since when nobody does; 0: somebody does */
};

struct clips {
	struct helper_pool *helpers;
	char *media_dir; /* without links; NULL: any file */
	size_t max_bytes;
	bool keeps;      /* clips that nobody plays stay … */
	int64_t keep_us; /* … for so long; 0: for good */
	struct list entries;
	struct list loads;            /* whose beginning somebody waits for */
	_Atomic size_t fetched_bytes; /* content from a database that is being decoded */
	unsigned loading;             /* loads there are */
	/*
	 * Fetches from a database leave a helper to files, and each has room for what it may bring.
	 * The others wait for their turn without a helper.
	 */
	struct list queue; /* loads, in order */
	unsigned fetching, most_fetching;
	size_t reserved_bytes;
	atomic_bool stopping;
};

/* One load, from its beginning to the end of its content. */
struct load {
	struct job job;
	struct clips *clips;
	struct clip_source *source; /* reference */
	struct clip *clip;          /* reference */
	struct clip_limits limits;
	struct clip_input in;
	struct made known;
	struct list link;      /* in clips->loads */
	struct list turn;      /* in clips->queue; empty: not there */
	size_t reserved_bytes; /* in memory, for what it fetches … */
	bool is_fetching;      /* … now */
	int64_t since_us;
	void *state; /* of the player; NULL: not open */
	clip_ready_fn ready;
	void *arg;
	char error[PLUGIN_ERROR_BYTES]; /* "": none */
};

static const struct player *the_player;

void clips_add_player(const struct player *player)
{
	if (!player || !the_player)
		the_player = player;
}

bool clips_available(void)
{
	return the_player != NULL;
}

/* ---- decoding [helper] ---- */

/* False: that was all. */
static bool decode_some(struct load *load)
{
	int16_t samples[READ_SAMPLES];
	int n = the_player->read(load->state, samples, READ_SAMPLES);

	return n > 0 && clip_add(load->clip, samples, (size_t)n);
}

static void close_input(struct load *load)
{
	if (load->state)
		the_player->close(load->state);
	load->state = NULL;
	atomic_fetch_sub(&load->clips->fetched_bytes, load->in.content_bytes);
	clip_input_close(&load->in);
	clip_finish(load->clip);
}

/* Is it what a clip was made of already? */
static bool is_known(const struct load *load)
{
	return load->known.clip && clip_identity_same(&load->known.of, &load->in.identity);
}

static bool is_patient(const struct load *load)
{
	return clock_mono_us() - load->since_us <= PATIENCE_US;
}

static bool is_wanted(const struct clip_limits *limits)
{
	const struct load *load = container_of(limits, struct load, limits);

	return is_patient(load) &&
	       !atomic_load_explicit(&load->clips->stopping, memory_order_relaxed);
}

static bool give_up(struct load *load, const char *reason)
{
	g_strlcpy(load->error, reason, sizeof(load->error));
	return false;
}

static bool open_input(struct load *load)
{
	struct player_info info;

	if (clip_input_open(&load->in, load->source, &load->limits, load->error) < 0)
		return false;
	atomic_fetch_add(&load->clips->fetched_bytes, load->in.content_bytes);
	if (is_known(load))
		return true;
	if (the_player->open(
		    &load->in.input, load->clip->sample_hz, &info, &load->state, load->error) < 0) {
		load->state = NULL;
		return *load->error ? false : give_up(load, "not understood");
	}
	load->clip->duration_ms = info.duration_ms;
	load->clip->file_hz = info.file_hz ? info.file_hz : load->clip->sample_hz;
	return true;
}

static void begin(struct job *job)
{
	struct load *load = container_of(job, struct load, job);
	size_t enough = (size_t)load->clip->sample_hz * BEGINNING_MS / 1000;

	if (!open_input(load)) {
		close_input(load);
		return;
	}
	if (is_known(load)) {
		close_input(load);
		return;
	}
	while (atomic_load_explicit(&load->clip->ready, memory_order_relaxed) < enough)
		if (!decode_some(load)) {
			close_input(load);
			break;
		}
	if (!atomic_load_explicit(&load->clip->ready, memory_order_relaxed))
		give_up(load, "nothing in it can be decoded");
}

/* Nobody but the table and this load has it any more: the rest is not wanted. */
static bool is_forsaken(const struct load *load)
{
	return ref_count(load->clip) <= 2;
}

static void go_on(struct job *job)
{
	struct load *load = container_of(job, struct load, job);

	while (!is_forsaken(load) &&
		!atomic_load_explicit(&load->clips->stopping, memory_order_relaxed) &&
		decode_some(load))
		continue;
	close_input(load);
}

/* ---- loads [control] ---- */

static void load_free(struct load *load)
{
	close_input(load);
	ref_drop(load->clip);
	ref_drop(load->known.clip);
	ref_drop(load->source);
	load->clips->loading--;
	g_free(load);
}

static void done_going_on(struct job *job)
{
	load_free(container_of(job, struct load, job));
}

/* The latest of that source and rate; `of`: made of just that; NULL: of anything. */
static struct entry *find_entry(const struct clips *clips, const struct clip_source *source,
	uint32_t sample_hz, const struct clip_identity *of)
{
	for (struct list *it = clips->entries.prev; it != &clips->entries; it = it->prev) {
		struct entry *e = container_of(it, struct entry, link);

		if (e->had.clip->sample_hz == sample_hz && clip_source_equal(e->source, source) &&
			(!of || clip_identity_same(&e->had.of, of)))
			return e;
	}
	return NULL;
}

static void keep(const struct load *load)
{
	struct entry *e = g_new0(struct entry, 1);

	e->source = ref_take(load->source);
	e->had.of = load->in.identity;
	e->had.clip = ref_take(load->clip);
	list_append(&load->clips->entries, &e->link);
}

/* Left of the bound, where all that are under way bring as much as they may. */
static size_t room(const struct clips *clips)
{
	size_t used = clips_bytes(clips) + clips->reserved_bytes;

	return clips->max_bytes - MIN(used, clips->max_bytes);
}

/* One alone takes what room there is. */
static bool may_fetch(const struct clips *clips)
{
	return !clips->fetching ||
	       (clips->fetching < clips->most_fetching && room(clips) >= MEDIA_STORE_MAX_BYTES);
}

static void begin_fetches(struct clips *clips)
{
	while (!list_empty(&clips->queue) && may_fetch(clips)) {
		struct load *load = container_of(clips->queue.next, struct load, turn);

		list_remove(&load->turn);
		load->limits.max_bytes = MIN(room(clips), (size_t)MEDIA_STORE_MAX_BYTES);
		load->reserved_bytes = load->limits.max_bytes;
		load->is_fetching = true;
		clips->reserved_bytes += load->reserved_bytes;
		clips->fetching++;
		helper_run(clips->helpers, &load->job);
	}
}

static void end_fetch(struct load *load)
{
	if (!load->is_fetching)
		return;
	load->is_fetching = false;
	load->clips->fetching--;
	load->clips->reserved_bytes -= load->reserved_bytes;
	begin_fetches(load->clips);
}

/* Once; `load` is the caller's. */
static void tell(struct load *load, struct clip *clip, const char *error)
{
	clip_ready_fn ready = load->ready;

	load->ready = NULL;
	list_remove(&load->link);
	if (ready)
		ready(clip, error, load->arg);
}

static const char too_long[] = "reading it takes too long";

/* Of what somebody was told already that it takes too long. */
static void log_end(const struct load *load)
{
	g_autofree char *from = clip_source_text(load->source);

	log_msg(LOG_L_NOTICE, "Loading from %s, which nobody waits for any more, has ended: %s",
		from, *load->error ? load->error : "it is there");
}

static void done_beginning(struct job *job)
{
	struct load *load = container_of(job, struct load, job);
	struct entry *twin;

	end_fetch(load);
	if (*load->error && load->ready && !is_patient(load))
		tell(load, NULL, too_long);
	if (!load->ready)
		log_end(load);
	if (*load->error) {
		tell(load, NULL, load->error);
		load_free(load);
		return;
	}
	if (is_known(load)) {
		tell(load, load->known.clip, NULL);
		load_free(load);
		return;
	}
	/* Another load may have brought the same meanwhile. */
	twin = find_entry(load->clips, load->source, load->clip->sample_hz, &load->in.identity);
	if (twin) {
		tell(load, twin->had.clip, NULL);
		load_free(load);
		return;
	}
	keep(load);
	tell(load, load->clip, NULL);
	if (!load->state) { /* that was all of it */
		load_free(load);
		return;
	}
	load->job.work = go_on;
	load->job.done = done_going_on;
	helper_run(load->clips->helpers, &load->job);
}

size_t clips_bytes(const struct clips *clips)
{
	size_t bytes = atomic_load(&clips->fetched_bytes);

	list_each (it, &clips->entries)
		bytes += clip_bytes(container_of(it, struct entry, link)->had.clip);
	return bytes;
}

static void forget(struct entry *e)
{
	list_remove(&e->link);
	ref_drop(e->had.clip);
	ref_drop(e->source);
	g_free(e);
}

/* Those that are kept for later make room, who was not played for longest first. */
static void make_room(struct clips *clips)
{
	while (clips_bytes(clips) > clips->max_bytes) {
		struct entry *oldest = NULL;

		list_each (it, &clips->entries) {
			struct entry *e = container_of(it, struct entry, link);

			if (ref_count(e->had.clip) == 1 &&
				(!oldest || e->unused_us < oldest->unused_us))
				oldest = e;
		}
		if (!oldest)
			return;
		forget(oldest);
	}
}

static const char *why_not(struct clips *clips)
{
	if (atomic_load_explicit(&clips->stopping, memory_order_relaxed))
		return "the daemon is ending";
	if (!the_player)
		return "no plugin reads stored media";
	make_room(clips);
	return clips_bytes(clips) > clips->max_bytes ? "too many stored media in memory" : NULL;
}

static struct load *load_new(struct clips *clips, struct clip_source *source, uint32_t sample_hz)
{
	struct load *load = g_new0(struct load, 1);
	const struct entry *known;

	load->clips = clips;
	clips->loading++;
	load->source = ref_take(source);
	load->clip = clip_new(sample_hz);
	load->in.fd = -1;
	load->limits = (struct clip_limits){
		.media_dir = clips->media_dir,
		.max_bytes = room(clips), /* of what is not queued */
		.wanted = is_wanted,
	};
	list_init(&load->link);
	list_init(&load->turn);
	load->since_us = clock_mono_us();
	known = find_entry(clips, source, sample_hz, NULL);
	if (known) {
		load->known = known->had;
		ref_take(load->known.clip);
	}
	load->job.work = begin;
	load->job.done = done_beginning;
	return load;
}

void clips_load(struct clips *clips, struct clip_source *source, uint32_t sample_hz,
	clip_ready_fn fn, void *arg)
{
	const char *reason = why_not(clips);
	struct load *load;

	if (reason) {
		fn(NULL, reason, arg);
		return;
	}
	load = load_new(clips, source, sample_hz);
	load->ready = fn;
	load->arg = arg;
	list_append(&clips->loads, &load->link);
	if (source->kind != CLIP_DATABASE) {
		helper_run(clips->helpers, &load->job);
		return;
	}
	list_append(&clips->queue, &load->turn);
	begin_fetches(clips);
}

struct clip *clips_load_now(
	struct clips *clips, struct clip_source *source, uint32_t sample_hz, struct err *err)
{
	const char *reason = why_not(clips);
	struct clip *clip = NULL;
	struct load *load;

	if (reason) {
		err_set(err, ENOTSUP, "%s", reason);
		return NULL;
	}
	load = load_new(clips, source, sample_hz);
	begin(&load->job);
	while (load->state && decode_some(load))
		continue;
	if (load->state)
		close_input(load);
	if (*load->error) {
		err_set(err, EINVAL, "%s", load->error);
	} else if (is_known(load)) {
		clip = ref_take(load->known.clip);
	} else {
		keep(load);
		clip = ref_take(load->clip);
	}
	load_free(load);
	return clip;
}

/* ---- the table ---- */

int clips_new(struct helper_pool *helpers, const char *media_dir, size_t max_bytes,
	struct clips **ret_clips, struct err *err)
{
	char *folder = media_dir ? realpath(media_dir, NULL) : NULL;
	struct clips *clips;

	if (media_dir && !folder)
		return err_set(err, errno, "Failed to open --media-dir '%s': %s", media_dir,
			g_strerror(errno));
	clips = g_new0(struct clips, 1);
	clips->helpers = helpers;
	clips->media_dir = g_strdup(folder);
	clips->max_bytes = max_bytes;
	list_init(&clips->entries);
	list_init(&clips->loads);
	list_init(&clips->queue);
	clips->most_fetching = MAX(helper_threads(helpers), 2) - 1;
	free(folder);
	*ret_clips = clips;
	return 0;
}

void clips_stop(struct clips *clips)
{
	if (!clips)
		return;
	atomic_store_explicit(&clips->stopping, true, memory_order_relaxed);
	list_each_safe(it, &clips->queue)
	{
		struct load *load = container_of(it, struct load, turn);

		list_remove(&load->turn);
		tell(load, NULL, "the daemon is ending");
		load_free(load);
	}
}

unsigned clips_loading(const struct clips *clips)
{
	return clips ? clips->loading : 0;
}

void clips_sweep(struct clips *clips)
{
	int64_t now_us = clock_mono_us();

	/* A helper may hang in a file system; who waits must not. */
	list_each_safe(it, &clips->loads)
	{
		struct load *load = container_of(it, struct load, link);

		if (is_patient(load))
			continue;
		tell(load, NULL, too_long);
		if (!list_empty(&load->turn)) {
			list_remove(&load->turn);
			load_free(load);
		}
	}
	list_each_safe(it, &clips->entries)
	{
		struct entry *e = container_of(it, struct entry, link);

		if (ref_count(e->had.clip) > 1)
			e->unused_us = 0;
		else if (!e->unused_us)
			e->unused_us = now_us;
		if (e->unused_us &&
			(!clips->keeps || e->source->kind != CLIP_FILE ||
				(clips->keep_us && now_us - e->unused_us >= clips->keep_us)))
			forget(e);
	}
}

void clips_keep(struct clips *clips, int64_t keep_us)
{
	clips->keeps = true;
	clips->keep_us = keep_us;
}

unsigned clips_count(const struct clips *clips)
{
	unsigned count = 0;

	list_each (it, &clips->entries)
		count++;
	return count;
}

void clips_free(struct clips *clips)
{
	if (!clips)
		return;
	list_each_safe(it, &clips->entries) forget(container_of(it, struct entry, link));
	g_free(clips->media_dir);
	g_free(clips);
}
