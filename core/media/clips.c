/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading is one job that opens and decodes the beginning, then another one for the rest. A file
 * is opened by every load, so that one that was changed is not mistaken for what is in memory
 * under its name; when it is the same, the clip that is there is used.
 */
#include "media/clips.h"

#include "api/plugin.h"
#include "base/clock.h"
#include "base/helper.h"
#include "base/list.h"
#include "base/ref.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_SAMPLES = 4096,
	BEGINNING_MS = 500, /* decoded before it is said to be playable */
};

static const int64_t PATIENCE_US = 3000000; /* until a beginning must be there */

/* What tells that a file is still the one that was read. */
struct file_identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/* A clip and the file that it was made of. */
struct entry_file {
	struct clip *clip; /* reference; NULL: none */
	struct file_identity file;
};

struct entry {
	struct list link;
	struct clip_source *source; /* reference */
	struct entry_file had;      /* another reference to the clip is whoever plays it */
	int64_t unused_us;          /* since when nobody does; 0: somebody does */
};

struct clips {
	struct helper_pool *helpers;
	char *media_dir; /* without links; NULL: any file */
	size_t max_bytes;
	bool keeps;      /* clips that nobody plays stay … */
	int64_t keep_us; /* … for so long; 0: for good */
	struct list entries;
	struct list loads; /* whose beginning somebody waits for */
	atomic_bool stopping;
};

/* One load, from its beginning to the end of its file. */
struct load {
	struct job job;
	struct clips *clips;
	struct clip_source *source; /* reference */
	struct clip *clip;          /* reference */
	struct player_input input;
	struct file_identity file;
	struct entry_file known;
	struct list link; /* in clips->loads */
	int64_t since_us;
	int fd;      /* -1: a blob, or closed */
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

/* ---- sources ---- */

static struct clip_source *source_new(struct str bytes, bool is_blob)
{
	struct clip_source *source = ref_alloc(sizeof(*source) + bytes.len + 1, NULL);

	source->is_blob = is_blob;
	source->len = bytes.len;
	if (bytes.len)
		memcpy(source->bytes, bytes.s, bytes.len);
	return source;
}

struct clip_source *clip_source_file(struct str path)
{
	return source_new(path, false);
}

struct clip_source *clip_source_blob(struct str content)
{
	return source_new(content, true);
}

bool clip_source_equal(const struct clip_source *a, const struct clip_source *b)
{
	if (!a || !b)
		return a == b;
	return a == b || (a->is_blob == b->is_blob && a->len == b->len &&
				 !memcmp(a->bytes, b->bytes, a->len));
}

static int read_blob(const struct player_input *input, int64_t at, uint8_t *out, size_t len)
{
	const struct load *load = container_of(input, struct load, input);
	const struct clip_source *source = load->source;

	if (at < 0 || (uint64_t)at >= source->len)
		return 0;
	len = MIN(MIN(len, source->len - (size_t)at), (size_t)INT_MAX);
	memcpy(out, source->bytes + at, len);
	return (int)len;
}

static int read_file(const struct player_input *input, int64_t at, uint8_t *out, size_t len)
{
	const struct load *load = container_of(input, struct load, input);
	ssize_t n = pread(load->fd, out, MIN(len, (size_t)INT_MAX), at);

	return n < 0 ? -errno : (int)n;
}

/* ---- files [helper] ---- */

static bool is_inside(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strncmp(path, folder, len) && (path[len] == '/' || !strcmp(folder, "/"));
}

static int give_up(struct load *load, const char *reason)
{
	g_strlcpy(load->error, reason, sizeof(load->error));
	return -1;
}

/*
 * Where the descriptor leads counts, not what the path was like a moment ago; and until that is
 * known to be a plain file nothing is opened that would notice.
 */
static int open_found(struct load *load, int found)
{
	char self[64], path[PATH_MAX];
	struct stat st;
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	len = readlink(self, path, sizeof(path) - 1);
	if (fstat(found, &st) < 0 || len < 0)
		return give_up(load, g_strerror(errno));
	path[len] = '\0';
	if (!S_ISREG(st.st_mode))
		return give_up(load, "not a plain file");
	if (load->clips->media_dir && !is_inside(path, load->clips->media_dir))
		return give_up(load, "outside of --media-dir");
	load->fd = open(self, O_RDONLY | O_CLOEXEC);
	if (load->fd < 0)
		return give_up(load, g_strerror(errno));
	load->input.size_bytes = st.st_size;
	load->file = (struct file_identity){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
	return 0;
}

static int open_file(struct load *load)
{
	const char *folder = load->clips->media_dir, *name = load->source->bytes;
	g_autofree char *path = folder && *name != '/' ? g_build_filename(folder, name, NULL)
						       : g_strdup(name);
	int found, ret;

	if (strlen(name) != load->source->len)
		return give_up(load, "no file name");
	found = open(path, O_PATH | O_CLOEXEC);
	if (found < 0)
		return give_up(load, g_strerror(errno));
	ret = open_found(load, found);
	close(found);
	return ret;
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
	if (load->fd >= 0)
		close(load->fd);
	load->state = NULL;
	load->fd = -1;
	clip_finish(load->clip);
}

static bool same_file(const struct file_identity *a, const struct file_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Is it the file that a clip was made of already? */
static bool is_known(const struct load *load)
{
	return load->known.clip && same_file(&load->known.file, &load->file);
}

static bool open_input(struct load *load)
{
	struct player_info info;

	if (load->source->is_blob) {
		load->input.read = read_blob;
		load->input.size_bytes = (int64_t)load->source->len;
	} else {
		load->input.read = read_file;
		if (open_file(load) < 0)
			return false;
		if (is_known(load))
			return true;
	}
	if (the_player->open(
		    &load->input, load->clip->sample_hz, &info, &load->state, load->error) < 0) {
		load->state = NULL;
		if (!*load->error)
			give_up(load, "not understood");
		return false;
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
	if (load->state || load->fd >= 0)
		close_input(load);
	ref_drop(load->clip);
	ref_drop(load->known.clip);
	ref_drop(load->source);
	g_free(load);
}

static void done_going_on(struct job *job)
{
	load_free(container_of(job, struct load, job));
}

/* The latest of that source and rate; `file`: made of that one; NULL: of any. */
static struct entry *find_entry(const struct clips *clips, const struct clip_source *source,
	uint32_t sample_hz, const struct file_identity *file)
{
	for (struct list *it = clips->entries.prev; it != &clips->entries; it = it->prev) {
		struct entry *e = container_of(it, struct entry, link);

		if (e->had.clip->sample_hz == sample_hz && clip_source_equal(e->source, source) &&
			(!file || same_file(&e->had.file, file)))
			return e;
	}
	return NULL;
}

static void keep(const struct load *load)
{
	struct entry *e = g_new0(struct entry, 1);

	e->source = ref_take(load->source);
	e->had.file = load->file;
	e->had.clip = ref_take(load->clip);
	list_append(&load->clips->entries, &e->link);
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

static void done_beginning(struct job *job)
{
	struct load *load = container_of(job, struct load, job);
	struct entry *twin;

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
	twin = find_entry(load->clips, load->source, load->clip->sample_hz, &load->file);
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
	size_t bytes = 0;

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
	load->source = ref_take(source);
	load->clip = clip_new(sample_hz);
	load->fd = -1;
	list_init(&load->link);
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
	helper_run(clips->helpers, &load->job);
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
	free(folder);
	*ret_clips = clips;
	return 0;
}

void clips_stop(struct clips *clips)
{
	if (clips)
		atomic_store_explicit(&clips->stopping, true, memory_order_relaxed);
}

void clips_sweep(struct clips *clips)
{
	int64_t now_us = clock_mono_us();

	/* A helper may hang in a file system; who waits must not. */
	list_each_safe(it, &clips->loads)
	{
		struct load *load = container_of(it, struct load, link);

		if (now_us - load->since_us > PATIENCE_US)
			tell(load, NULL, "reading it takes too long");
	}
	list_each_safe(it, &clips->entries)
	{
		struct entry *e = container_of(it, struct entry, link);

		if (ref_count(e->had.clip) > 1)
			e->unused_us = 0;
		else if (!e->unused_us)
			e->unused_us = now_us;
		if (e->unused_us &&
			(!clips->keeps || e->source->is_blob ||
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
