/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control's side of recordings: names, what is to be done when, and how they ended. */
#include "record/recorder.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/ref.h"
#include "media/tap.h"
#include "record/names.h"
#include "record/record_priv.h"
#include "stats/counter.h"

/* The worker has the plan without the tap by then, however late it reads its messages. */
static const int64_t END_AFTER_US = 200000;

struct recorder *recorder_new(const struct recorder_settings *settings, struct helper_pool *helpers)
{
	struct recorder *recorder = g_new0(struct recorder, 1);

	recorder->settings = *settings;
	recorder->settings.folder = g_strdup(settings->folder);
	recorder->helpers = helpers;
	recorder->list = g_ptr_array_new();
	return recorder;
}

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	g_ptr_array_free(recorder->list, TRUE);
	g_free(recorder->settings.folder);
	g_free(recorder);
}

unsigned recorder_busy(const struct recorder *recorder)
{
	return recorder->list->len;
}

/* ---- a recording ---- */

static void destroy(void *object)
{
	struct recording *r = object;

	recording_clear_work(r);
	g_ptr_array_free(r->items, TRUE);
	ref_drop(r->tap);
	arena_free(r->arena);
	g_free(r->stem);
	g_free(r->path);
	g_free(r->file_path);
	g_free(r->tmp_path);
	g_free(r->meta_path);
	g_free((char *)r->log.call_id.s);
}

static void make_tag(char *tag)
{
	uint64_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		n = (uint64_t)clock_wall_us();
	g_snprintf(tag, NAME_TAG_BYTES, "%016llx", (unsigned long long)n);
}

/* Where the client wants it, in the folder; else in the usual place. */
static int find_name(struct recording *r, const struct recording_request *q, const char *tag,
	char **ret_relative, struct err *err)
{
	const struct recorder_settings *s = r->settings;
	const struct name_parts parts = { q->call_id, q->label, q->metadata, tag, clock_wall_us() };
	g_autofree char *name = NULL, *path = NULL;
	struct str dir;
	int ret = 0;

	if (q->file.s)
		return name_beneath(s->folder, q->file, ret_relative, err);
	if (q->pattern.s)
		ret = name_expand(q->pattern, &parts, &name, err);
	if (ret < 0)
		return ret;
	dir = q->dir.s ? q->dir : str_of(s->sink->folder);
	path = g_strdup_printf("%.*s/%s.%s", STR_ARG(dir), name ? name : r->stem, s->extension);
	/* A NUL ends what is printed, so the folder is looked at for itself, too. */
	if (q->dir.s) {
		g_autofree char *folder = NULL;

		ret = name_beneath(s->folder, q->dir, &folder, err);
	}
	return ret < 0 ? ret : name_beneath(s->folder, str_of(path), ret_relative, err);
}

/* What is in these folders is the daemon's: at start it takes it for what was left behind. */
static int find_place(struct recording *r, const struct recording_request *q, const char *tag,
	char **ret_relative, struct err *err)
{
	g_autofree char *relative = NULL;
	int ret = find_name(r, q, tag, &relative, err);

	if (ret < 0)
		return ret;
	if (g_str_has_prefix(relative, "tmp/") || g_str_has_prefix(relative, "metadata/"))
		return err_set(err, EINVAL,
			"recording cannot go to '%s': that folder is the daemon's", relative);
	*ret_relative = g_steal_pointer(&relative);
	return 0;
}

static void keep_request(struct recording *r, const struct recording_request *q)
{
	r->arena = arena_new(200);
	r->request = (struct recording_request){
		.call_id = arena_str(r->arena, q->call_id),
		.label = arena_str(r->arena, q->label),
		.metadata = arena_str(r->arena, q->metadata),
		.file = arena_str(r->arena, q->file),
		.dir = arena_str(r->arena, q->dir),
		.pattern = arena_str(r->arena, q->pattern),
	};
}

int recording_new(struct recorder *recorder, const struct recording_request *request,
	struct recording **ret_recording, struct err *err)
{
	struct recording *r = ref_alloc(sizeof(*r), destroy);
	const char *folder = recorder->settings.folder;
	g_autofree char *relative = NULL;
	char tag[NAME_TAG_BYTES];
	int ret;

	make_tag(tag);
	r->recorder = recorder;
	r->settings = &recorder->settings;
	r->fd = r->meta_fd = -1;
	r->items = g_ptr_array_new_with_free_func(item_free);
	r->given = g_ptr_array_new_with_free_func(item_free);
	r->stem = name_stem(request->call_id, tag);
	ret = find_place(r, request, tag, &relative, err);
	if (ret < 0) {
		ref_drop(r);
		return ret;
	}
	r->path = g_strdup_printf("%s/%s", folder, relative);
	r->file_path = g_strdup(r->path);
	r->tmp_path = g_strdup_printf("%s/tmp/rtpengine-meta-%s.tmp", folder, r->stem);
	r->meta_path = g_strdup_printf("%s/metadata/rtpengine-meta-%s.txt", folder, r->stem);
	keep_request(r, request);
	r->tap = tap_new(TAP_RING_BYTES);
	*ret_recording = r;
	return 0;
}

const struct recording_request *recording_request(const struct recording *r)
{
	return &r->request;
}

void recording_begin(struct recording *r, const struct log_context *log)
{
	r->log = *log;
	r->log.call_id.s = g_memdup2(log->call_id.s, log->call_id.len);
	r->listed = true;
	r->began_wall_us = clock_wall_us();
	g_ptr_array_add(r->recorder->list, ref_take(r));
}

struct tap *recording_tap(const struct recording *r)
{
	return r->tap;
}

const char *recording_path(const struct recording *r)
{
	return r->path;
}

bool recording_wants_layouts(const struct recording *r)
{
	return r->settings->sink->streams;
}

static struct item *add_item(struct recording *r, enum item_kind kind)
{
	struct item *item = g_new0(struct item, 1);

	item->kind = kind;
	g_ptr_array_add(r->items, item);
	return item;
}

void recording_add_layout(struct recording *r, struct record_layout *layout)
{
	add_item(r, ITEM_LAYOUT)->layout = layout;
}

static void append_ms(GString *out, int64_t wall_us)
{
	g_string_append_printf(
		out, "%lld.%03d", (long long)(wall_us / 1000), (int)(wall_us % 1000));
}

void recording_add_body(
	struct recording *r, struct str label, int64_t started_wall_us, bool answer, struct str sdp)
{
	struct item *item = add_item(r, ITEM_BODY);
	GString *text = g_string_new(NULL);

	if (label.s)
		g_string_append_printf(text, "\nLabel: %.*s", STR_ARG(label));
	g_string_append(text, "\nTimestamp started ms: ");
	append_ms(text, started_wall_us);
	g_string_append_printf(text, "\nSDP mode: %s\nSDP before RTP packet: %llu\n\n",
		answer ? "answer" : "offer", (unsigned long long)tap_count(r->tap) + 1);
	g_string_append_len(text, sdp.s, (gssize)sdp.len);
	item->text = g_string_free(text, FALSE);
}

void recording_set_metadata(struct recording *r, struct str metadata)
{
	add_item(r, ITEM_METADATA)->text = g_strndup(metadata.s ? metadata.s : "", metadata.len);
}

void recording_note_pause(struct recording *r, bool paused)
{
	struct item *item = add_item(r, paused ? ITEM_PAUSE : ITEM_RESUME);
	int64_t now_us = clock_wall_us();
	time_t seconds = now_us / 1000000;
	GString *text = g_string_new(
		paused ? "\nRecording paused at: " : "\nRecording resumed at: ");
	char local[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(local, sizeof(local), "%Y-%m-%dT%H:%M:%S", &tm);
	g_string_append_printf(text, "%s (", local);
	append_ms(text, now_us);
	g_string_append(text, " ms)\n");
	item->text = g_string_free(text, FALSE);
}

void recording_discard(struct recording *r)
{
	add_item(r, ITEM_DISCARD);
	if (r->listed)
		return;
	r->listed = true;
	g_ptr_array_add(r->recorder->list, ref_take(r));
}

void recording_end(struct recording *r)
{
	if (r->ending)
		return;
	r->ending = true;
	r->end_at_us = clock_mono_us() + END_AFTER_US;
}

void recording_read_status(const struct recording *r, struct recording_status *ret)
{
	*ret = r->status;
	ret->lost = MAX(ret->lost, tap_dropped(r->tap));
	if (ret->state != RECORDING_RUNNING)
		return;
	ret->packets = tap_count(r->tap);
	if (r->ending)
		ret->state = RECORDING_ENDING;
}

/* ---- jobs ---- */

static void work(struct job *job)
{
	recording_work(container_of(job, struct recording, job));
}

/* ", 3 NAME", but nothing of none. */
static void add_number(GString *out, unsigned long long number, const char *name)
{
	if (number)
		g_string_append_printf(out, ", %llu %s", number, name);
}

static void log_end(const struct recording *r)
{
	const struct recording_status *s = &r->status;
	const struct log_context *before = log_set_context(&r->log);
	enum log_level level = s->state == RECORDING_TRUNCATED || s->lost ? LOG_L_WARNING
									  : LOG_L_INFO;
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_printf(text, "%llu packets", (unsigned long long)s->packets);
	add_number(text, s->lost, "lost");
	add_number(text, s->gaps, "gaps");
	add_number(text, s->undecoded, "not decoded");
	add_number(text, s->pauses, "pauses");
	log_msg(level, "Recording '" MARKED("%s") "' %s%s%s: %s", MARK(r->path),
		recording_state_name(s->state), s->why[0] ? " because " : "", s->why, text->str);
	log_set_context(before);
}

static void done(struct job *job)
{
	struct recording *r = container_of(job, struct recording, job);

	r->busy = false;
	r->status = r->found;
	if (strcmp(r->path, r->file_path) != 0) {
		g_free(r->path);
		r->path = g_strdup(r->file_path);
	}
	if (!r->done || r->items->len)
		return;
	log_end(r);
	r->listed = false;
	g_ptr_array_remove_fast(r->recorder->list, r);
	ref_drop(r);
}

static void prepare_job(struct recording *r, bool last)
{
	GPtrArray *empty = r->given;

	r->given = r->items;
	r->items = empty;
	r->busy = true;
	r->last = last;
	r->now_us = clock_mono_us();
	r->wall_us = clock_wall_us();
	r->job.work = work;
	r->job.done = done;
}

static bool has_work(const struct recording *r)
{
	return r->items->len || tap_peek(r->tap) || r->status.state == RECORDING_RUNNING;
}

void recorder_tick(struct recorder *recorder)
{
	int64_t now_us = clock_mono_us();

	/* A job that is done may leave the list, but only when the mailbox is run. */
	for (unsigned i = 0; i < recorder->list->len; i++) {
		struct recording *r = recorder->list->pdata[i];
		bool last = r->ending && now_us >= r->end_at_us;

		if (r->busy || (!last && !has_work(r)))
			continue;
		prepare_job(r, last);
		helper_run(recorder->helpers, &r->job);
	}
}

void recorder_stop(struct recorder *recorder)
{
	while (recorder->list->len) {
		struct recording *r = recorder->list->pdata[recorder->list->len - 1];

		prepare_job(r, true);
		work(&r->job);
		done(&r->job);
	}
}
