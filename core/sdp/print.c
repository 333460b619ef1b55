/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body being written, line by line, into one buffer that grows. */
#include "sdp/edit.h"
#include "sdp/sdp_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <glib.h>

enum { FIRST_BYTES = 2048 };

struct sdp_writer {
	char *text;
	size_t len, size;            /* bytes */
	const struct sdp_edit *edit; /* NULL: attributes are written as they are */
};

struct sdp_writer *sdp_writer_new(void)
{
	struct sdp_writer *w = g_new0(struct sdp_writer, 1);

	w->size = FIRST_BYTES;
	w->text = g_malloc(w->size);
	return w;
}

void sdp_writer_free(struct sdp_writer *w)
{
	if (!w)
		return;
	g_free(w->text);
	g_free(w);
}

static void make_room(struct sdp_writer *w, size_t bytes)
{
	if (w->size - w->len >= bytes)
		return;
	w->size = MAX(w->size * 2, w->len + bytes);
	w->text = g_realloc(w->text, w->size);
}

static void put(struct sdp_writer *w, const char *s, size_t len)
{
	make_room(w, len);
	if (len)
		memcpy(w->text + w->len, s, len);
	w->len += len;
}

static void put_end(struct sdp_writer *w)
{
	put(w, "\r\n", 2);
}

static __attribute__((format(printf, 2, 0))) void put_formatted(
	struct sdp_writer *w, const char *fmt, va_list args)
{
	size_t room = w->size - w->len;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(w->text + w->len, room, fmt, args);
	if (len > 0 && (size_t)len >= room) {
		make_room(w, (size_t)len + 1);
		vsnprintf(w->text + w->len, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	if (len > 0)
		w->len += (size_t)len;
}

void sdp_write_line(struct sdp_writer *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_formatted(w, fmt, args);
	va_end(args);
	put_end(w);
}

void sdp_writer_edit(struct sdp_writer *w, const struct sdp_edit *edit)
{
	w->edit = edit;
}

/* The attribute that begins at `start` is complete but for its end. */
static void end_attr(struct sdp_writer *w, size_t start)
{
	struct str text = { w->text + start + 2, w->len - start - 2 }, instead;

	switch (w->edit ? sdp_edit_attr(w->edit, text, &instead) : SDP_EDIT_KEEP) {
	case SDP_EDIT_REMOVE:
		w->len = start;
		return;
	case SDP_EDIT_REPLACE:
		w->len = start + 2;
		put(w, instead.s, instead.len);
		break;
	case SDP_EDIT_KEEP:
		break;
	}
	put_end(w);
}

void sdp_write_added(struct sdp_writer *w)
{
	value_each (item, w->edit ? w->edit->add : NULL) {
		put(w, "a=", 2);
		put(w, value_str(item).s, value_str(item).len);
		put_end(w);
	}
}

void sdp_write_attr(struct sdp_writer *w, const char *name, const char *fmt, ...)
{
	size_t start = w->len;
	va_list args;

	put(w, "a=", 2);
	put(w, name, strlen(name));
	if (fmt) {
		put(w, ":", 1);
		va_start(args, fmt);
		put_formatted(w, fmt, args);
		va_end(args);
	}
	end_attr(w, start);
}

void sdp_write_attr_text(struct sdp_writer *w, struct str text)
{
	size_t start = w->len;

	put(w, "a=", 2);
	put(w, text.s, text.len);
	end_attr(w, start);
}

void sdp_write_bandwidth(struct sdp_writer *w, const struct sdp_bandwidth *bandwidth,
	const enum sdp_bandwidth_type *types, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (bandwidth->has[types[i]])
			sdp_write_line(w, "b=%s:%" PRIu64, sdp_bandwidth_name(types[i]),
				bandwidth->value[types[i]]);
	}
}

struct str sdp_writer_text(const struct sdp_writer *w)
{
	return (struct str){ w->text, w->len };
}
