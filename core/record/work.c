/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a helper does for a recording: makes its files, moves what is in the tap into them, and
 * ends them. Read recording_work at the end first.
 */
#include "record/record_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "media/tap.h"
#include "stats/reason.h"

enum { META_END_BYTES = 4096 };

void layout_free(struct record_layout *layout)
{
	if (layout)
		arena_free(layout->arena);
}

void item_free(gpointer data)
{
	struct item *item = data;

	layout_free(item->layout);
	g_free(item->text);
	g_free(item);
}

/* Nothing is recorded any more; what is in the file stays. The first reason counts. */
static void fail(struct recording *r, const char *what, int error)
{
	if (r->found.state != RECORDING_RUNNING)
		return;
	r->found.state = RECORDING_TRUNCATED;
	g_snprintf(r->found.why, sizeof(r->found.why), "%s: %s", what, g_strerror(-error));
	tap_close(r->tap);
	reason_count(REASON_RECORD_FAILED);
	log_err("Recording to '" MARKED("%s") "' ended: %s", MARK(r->file_path), r->found.why);
}

/* ---- files ---- */

/* What its end will take is put by, so that a full disk does not keep us from telling of it. */
static void reserve_end(const struct recording *r)
{
	struct stat st;

	if (fstat(r->meta_fd, &st) == 0)
		fallocate(r->meta_fd, FALLOC_FL_KEEP_SIZE, st.st_size, META_END_BYTES);
}

static void return_reserve(const struct recording *r)
{
	struct stat st;

	if (fstat(r->meta_fd, &st) < 0 || ftruncate(r->meta_fd, st.st_size) < 0)
		log_debug("What was put by for metadata could not be given back: %s",
			g_strerror(errno));
}

static int open_metadata(struct recording *r)
{
	g_autofree char *line = NULL;
	int ret;

	r->meta_fd = record_create(r->settings, &r->tmp_path);
	if (r->meta_fd < 0)
		return r->meta_fd;
	if (!r->settings->file_mode && fchmod(r->meta_fd, 0664) < 0)
		return -errno;
	/* Whoever repairs what others left sees by this that we live. */
	if (flock(r->meta_fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	line = g_strdup_printf("%s\n\n", r->file_path);
	ret = record_append(r->meta_fd, line, strlen(line));
	reserve_end(r);
	return ret;
}

static void open_files(struct recording *r)
{
	int ret;

	r->opened = true;
	r->fd = record_create(r->settings, &r->file_path);
	if (r->fd < 0) {
		fail(r, "the file could not be made", r->fd);
		return;
	}
	r->made = true;
	ret = open_metadata(r);
	if (ret < 0)
		fail(r, "the metadata could not be written", ret);
	ret = r->settings->sink->open(r->fd, &r->file);
	if (ret < 0) {
		r->file = NULL;
		fail(r, "the file could not be written", ret);
	}
}

static void take_report(struct recording *r)
{
	const struct sink *sink = r->settings->sink;

	r->found.lost = tap_dropped(r->tap);
	if (r->file && sink->report)
		sink->report(r->file, &r->report);
	r->found.undecoded = r->report.undecoded;
}

static void close_file(struct recording *r)
{
	const struct sink *sink = r->settings->sink;
	int ret = 0;

	if (!r->file)
		return;
	if (r->found.state == RECORDING_RUNNING)
		ret = sink->finish(r->file);
	if (ret < 0)
		fail(r, "the file could not be written", ret);
	take_report(r);
	sink->close(r->file);
	r->file = NULL;
}

static void close_descriptors(struct recording *r)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->meta_fd >= 0)
		close(r->meta_fd);
	r->fd = r->meta_fd = -1;
}

/* Somebody may have deleted it, which writing does not tell. */
static void check_there(struct recording *r)
{
	struct stat st;

	if (r->fd >= 0 && r->found.state == RECORDING_RUNNING && fstat(r->fd, &st) == 0 &&
		!st.st_nlink)
		fail(r, "the file is gone", -ENOENT);
}

static void append_metadata(struct recording *r, const char *text)
{
	int ret = r->meta_fd < 0 ? 0 : record_append(r->meta_fd, text, strlen(text));

	if (ret < 0)
		fail(r, "the metadata could not be written", ret);
	else if (r->meta_fd >= 0)
		reserve_end(r);
}

/* ---- packets ---- */

static struct record_layout *find_layout(const struct recording *r, uint32_t number)
{
	for (GList *l = r->layouts.head; l; l = l->next)
		if (((struct record_layout *)l->data)->number == number)
			return l->data;
	return NULL;
}

static const struct record_layout *newest_layout(const struct recording *r)
{
	return r->layouts.tail ? r->layouts.tail->data : NULL;
}

static const struct sink_stream *find_stream(const struct record_layout *layout, uint32_t id)
{
	for (unsigned i = 0; i < layout->stream_count; i++)
		if (layout->streams[i].id == id)
			return &layout->streams[i];
	return NULL;
}

static void forget_layouts(struct recording *r, uint32_t before)
{
	struct record_layout *l;

	while ((l = g_queue_peek_head(&r->layouts)) && l->number < before) {
		g_queue_pop_head(&r->layouts);
		layout_free(l);
	}
}

/* Is it known what the packet is about? At the end it does not matter any more. */
static bool is_described(const struct recording *r, const struct tap_packet *p)
{
	const struct record_layout *newest = newest_layout(r);

	return r->last || (newest && newest->number >= p->layout);
}

static void describe(struct recording *r, const struct tap_packet *p, struct sink_packet *ret)
{
	const struct record_layout *layout = find_layout(r, p->layout);
	const struct record_layout *newest = newest_layout(r);

	if (!layout)
		return;
	ret->stream = find_stream(layout, p->stream_id);
	ret->slots = newest->slots;
	ret->best_hz = newest->best_hz;
}

static int give(struct recording *r, const struct tap_packet *p)
{
	struct sink_packet s = {
		.mono_us = p->now_us,
		.rtcp = p->rtcp,
		.datagram = {
			.wall_us = p->received_us ? p->received_us
						  : p->now_us + r->wall_us - r->now_us,
			.family = p->from.family,
			.from_port = p->from.port,
			.to_port = p->to.port,
			.data = p->data,
			.len = p->len,
		},
	};

	memcpy(s.datagram.from_ip, p->from.ip, sizeof(p->from.ip));
	memcpy(s.datagram.to_ip, p->to.ip, sizeof(p->to.ip));
	if (r->settings->sink->streams)
		describe(r, p, &s);
	return r->settings->sink->packet(r->file, &s);
}

/* False: later. */
static bool take(struct recording *r, const struct tap_packet *p)
{
	int ret;

	if (r->found.state != RECORDING_RUNNING)
		return true;
	if (r->settings->sink->streams && !is_described(r, p))
		return false;
	ret = give(r, p);
	forget_layouts(r, p->layout);
	if (ret < 0) {
		fail(r, "the file could not be written", ret);
		return true;
	}
	r->found.packets++;
	r->found.gaps += p->lost_before > 0;
	return true;
}

static void drain(struct recording *r)
{
	const int64_t hold_us = (int64_t)r->settings->sink->hold_ms * 1000;
	const struct tap_packet *p = tap_peek(r->tap);

	if (p && !r->held) {
		if (!r->last && r->now_us - p->now_us < hold_us)
			return;
		r->held = true;
	}
	for (; p; p = tap_peek(r->tap)) {
		if (!take(r, p))
			return;
		tap_next(r->tap);
	}
}

static void write_out(struct recording *r)
{
	int ret;

	if (r->found.state != RECORDING_RUNNING)
		return;
	ret = r->settings->sink->advance(r->file, r->now_us);
	if (ret < 0)
		fail(r, "the file could not be written", ret);
}

/* ---- what control said ---- */

static void take_layouts(struct recording *r)
{
	for (unsigned i = 0; i < r->given->len; i++) {
		struct item *item = r->given->pdata[i];

		if (item->layout)
			g_queue_push_tail(&r->layouts, item->layout);
		item->layout = NULL;
	}
}

static void take_item(struct recording *r, struct item *item)
{
	if (item->text && item->kind != ITEM_METADATA)
		append_metadata(r, item->text);
	switch (item->kind) {
	case ITEM_PAUSE:
		r->found.pauses++;
		break;
	case ITEM_METADATA:
		g_free(r->metadata);
		r->metadata = g_steal_pointer(&item->text);
		break;
	case ITEM_DISCARD:
		r->discard = true;
		break;
	case ITEM_BODY:
	case ITEM_RESUME:
	case ITEM_LAYOUT:
		break;
	}
}

static void take_items(struct recording *r)
{
	for (unsigned i = 0; i < r->given->len; i++)
		take_item(r, r->given->pdata[i]);
	g_ptr_array_set_size(r->given, 0);
}

/* ---- the end ---- */

/* Wherever the metadata are by now. */
static void remove_files(struct recording *r)
{
	if (r->made)
		unlink(r->file_path);
	unlink(r->tmp_path);
	unlink(r->meta_path);
	r->found.state = RECORDING_DISCARDED;
}

static void end_metadata(struct recording *r)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int ret, moved;

	if (r->meta_fd < 0)
		return;
	if (r->report.has_begin)
		metadata_audio(text, r->report.begin_us + r->wall_us - r->now_us);
	metadata_end(text, r->began_wall_us, r->wall_us, &r->found, true, r->metadata);
	ret = record_append(r->meta_fd, text->str, text->len);
	return_reserve(r);
	moved = record_move(r->settings, r->tmp_path, r->meta_path);
	if (ret < 0 || moved < 0)
		log_err("Metadata of a recording could not be put at '" MARKED("%s") "': %s",
			MARK(r->meta_path), g_strerror(ret < 0 ? -ret : -moved));
}

static void finish(struct recording *r)
{
	close_file(r);
	check_there(r);
	take_report(r);
	if (r->found.state == RECORDING_RUNNING)
		r->found.state = RECORDING_COMPLETE;
	if (r->discard)
		remove_files(r);
	else
		end_metadata(r);
	close_descriptors(r);
	r->done = true;
}

void recording_clear_work(struct recording *r)
{
	if (r->file)
		r->settings->sink->close(r->file);
	close_descriptors(r);
	forget_layouts(r, UINT32_MAX);
	g_ptr_array_free(r->given, TRUE);
	g_free(r->metadata);
}

static void work(struct recording *r)
{
	if (!r->opened)
		open_files(r);
	take_layouts(r);
	drain(r);
	take_items(r);
	write_out(r);
	check_there(r);
	take_report(r);
	if (r->found.state == RECORDING_TRUNCATED)
		close_file(r); /* what failed stays as it is from here on */
	if (r->last)
		finish(r);
}

/* Of one that is at its end: its files may have become unwanted. */
static void work_afterwards(struct recording *r)
{
	take_items(r);
	if (r->discard)
		remove_files(r);
}

void recording_work(struct recording *r)
{
	const struct log_context *before = log_set_context(&r->log);

	if (r->done)
		work_afterwards(r);
	else
		work(r);
	log_set_context(before);
}
