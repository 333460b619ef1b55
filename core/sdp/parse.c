/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A body read line by line. Two passes over one copy of the text: the first finds how many
 * sections and attributes there are, so that the second fills arrays of the right size. What the
 * attributes of a media section mean is worked out at the end (media.c).
 */
#include "sdp/sdp.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/ref.h"
#include "sdp/sdp_priv.h"

#include <errno.h>

enum {
	ORIGIN_TOKENS = 6,
	FORMATS_GUESSED = 8, /* per section, to size the memory */
};

/* The tree with the memory it lives in. */
struct parsed {
	struct sdp sdp; /* first: callers have a pointer to it */
	struct arena *arena;
};

struct lines {
	struct str rest;
	unsigned number; /* of the line read last, from 1 */
};

struct line_counts {
	unsigned sessions, media, attrs;
};

struct reader {
	struct parsed *parsed;
	struct lines lines;
	struct sdp_session *sessions, *session; /* all; the one being read */
	struct sdp_media *media_list, *media;   /* all; the one being read or NULL */
	struct sdp_attr *attr_list;
	unsigned attr_count;
	bool has_origin;     /* in this session part */
	bool has_connection; /* at this level */
};

/*
 * A blank line ends the body, and so does a single left-over byte: some clients count the end of
 * a C string as part of it.
 */
static bool next_line(struct lines *lines, struct str *ret_line)
{
	struct str line;

	if (lines->rest.len < 2 || lines->rest.s[0] == '\r' || lines->rest.s[0] == '\n')
		return false;
	if (!str_cut(&lines->rest, '\n', &line))
		return false;
	if (line.s[line.len - 1] == '\r')
		line.len--;
	lines->number++;
	*ret_line = line;
	return true;
}

/* NULL, or why the body is refused. */
static const char *count_lines(struct str body, struct line_counts *counts)
{
	struct lines lines = { .rest = body };
	struct str line;

	while (next_line(&lines, &line)) {
		counts->sessions += line.s[0] == 'v';
		counts->media += line.s[0] == 'm';
		counts->attrs += line.s[0] == 'a';
	}
	if (counts->sessions > SDP_MAX_SESSIONS)
		return "too many session parts";
	if (counts->media > SDP_MAX_MEDIA)
		return "too many media sections";
	if (counts->attrs > SDP_MAX_ATTRS)
		return "too many attributes";
	/* The part of a fragment that begins without v=. */
	counts->sessions++;
	return NULL;
}

static struct sdp_attrs *current_attrs(struct reader *reader)
{
	return reader->media ? &reader->media->attrs : &reader->session->attrs;
}

static void begin_section(struct reader *reader)
{
	current_attrs(reader)->attr = reader->attr_list + reader->attr_count;
	reader->has_connection = false;
}

static void begin_session(struct reader *reader)
{
	reader->session = reader->sessions + reader->parsed->sdp.session_count++;
	reader->media = NULL;
	reader->has_origin = false;
	begin_section(reader);
}

static const char *read_version(struct reader *reader, struct str value)
{
	if (!str_is(value, "0"))
		return "unknown version";
	if (reader->lines.number > 1)
		begin_session(reader);
	return NULL;
}

static const char *read_origin(struct reader *reader, struct str value)
{
	struct sdp_origin *origin = &reader->parsed->sdp.origin;
	struct str token[ORIGIN_TOKENS];
	unsigned i;

	if (reader->has_origin)
		return "second o=";
	reader->has_origin = true;
	for (i = 0; i < ORIGIN_TOKENS; i++) {
		if (!str_token(&value, &token[i]))
			return "o= needs six fields";
	}
	if (reader->session != reader->sessions)
		return NULL;
	origin->username = token[0];
	origin->session_id = token[1];
	if (!sdp_read_uint(token[2], UINT64_MAX, &origin->version))
		origin->version = 0;
	origin->family = token[4];
	origin->address = token[5];
	return NULL;
}

static const char *read_connection(struct reader *reader, struct str value)
{
	struct str net, family, text;
	struct addr addr;

	if (reader->has_connection)
		return "second c=";
	if (!str_token(&value, &net) || !str_is_nocase(net, "IN"))
		return "c= of an unknown network";
	if (!str_token(&value, &family) || !str_token(&value, &text) ||
		!addr_parse_sdp(family, text, &addr) || sdp_trim(value).len)
		return "c= without a literal address";
	reader->has_connection = true;
	if (reader->media) {
		reader->media->has_connection = true;
		reader->media->connection = addr;
	} else {
		reader->session->has_connection = true;
		reader->session->connection = addr;
	}
	return NULL;
}

static void read_bandwidth(struct reader *reader, struct str value)
{
	struct sdp_bandwidth *bandwidth = reader->media ? &reader->media->bandwidth
							: &reader->session->bandwidth;
	struct str type;
	unsigned i;

	if (!str_cut(&value, ':', &type))
		return;
	for (i = 0; i < SDP_BW_COUNT; i++) {
		if (!str_is(type, sdp_bandwidth_name(i)) || bandwidth->has[i])
			continue;
		bandwidth->has[i] = sdp_read_uint(
			sdp_trim(value), UINT64_MAX, &bandwidth->value[i]);
	}
}

static void read_attr(struct reader *reader, struct str text)
{
	struct sdp_attr attr = { .text = text, .value = text };

	str_cut(&attr.value, ':', &attr.name);
	attr.id = sdp_attr_find(attr.name, attr.value);
	if (!sdp_attr_valid(attr.id, attr.value)) {
		log_debug("SDP line %u: a=%.*s dropped, its value makes no sense",
			reader->lines.number, STR_ARG(attr.name));
		return;
	}
	reader->attr_list[reader->attr_count++] = attr;
	current_attrs(reader)->count++;
}

static const char *read_media(struct reader *reader, struct str value)
{
	unsigned place = reader->parsed->sdp.media_count++;
	struct sdp_media *media = reader->media_list + place;

	media->place = place;
	media->session = reader->session;
	media->has_connection = reader->session->has_connection;
	media->connection = reader->session->connection;
	reader->media = media;
	begin_section(reader);
	return sdp_media_read_line(value, media);
}

/* Lines that a session part has once; of several the first counts. */
static const char *read_text(struct reader *reader, struct str value, struct str *field)
{
	if (reader->media)
		return "line of the session part in a media section";
	if (!field->s)
		*field = value;
	return NULL;
}

static const char *read_info(struct reader *reader, struct str value)
{
	struct str *field = reader->media ? &reader->media->info : &reader->session->info;

	if (!field->s)
		*field = value;
	return NULL;
}

/* NULL, or why the body is refused. */
static const char *read_line(struct reader *reader, struct str line)
{
	struct str value = str_skip(line, 2);

	if (line.len < 2 || line.s[1] != '=')
		return "no '=' behind the type";
	/* Forbidden by RFC 8866, and whatever prints with %s would cut there. */
	if (memchr(line.s, 0, line.len))
		return "zero byte";
	switch (line.s[0]) {
	case 'v':
		return read_version(reader, value);
	case 'o':
		if (reader->media)
			return "o= in a media section";
		return read_origin(reader, value);
	case 's':
		return read_text(reader, value, &reader->session->name);
	case 'u':
		return read_text(reader, value, &reader->session->uri);
	case 'e':
		return read_text(reader, value, &reader->session->email);
	case 'p':
		return read_text(reader, value, &reader->session->phone);
	case 't':
		return read_text(reader, value, &reader->session->timing);
	case 'i':
		return read_info(reader, value);
	case 'c':
		return read_connection(reader, value);
	case 'm':
		return read_media(reader, value);
	case 'b':
		read_bandwidth(reader, value);
		return NULL;
	case 'a':
		read_attr(reader, value);
		return NULL;
	case 'r':
	case 'z':
	case 'k':
		return NULL;
	}
	return "unknown type of line";
}

static const char *read_lines(struct reader *reader, bool fragment)
{
	const char *why;
	struct str line;

	begin_session(reader);
	while (next_line(&reader->lines, &line)) {
		if (reader->lines.number == 1 && !fragment && line.s[0] != 'v')
			return "v= is not first";
		why = read_line(reader, line);
		if (why)
			return why;
	}
	if (!reader->lines.number && !fragment)
		return "empty";
	return NULL;
}

static void destroy_parsed(void *object)
{
	struct parsed *parsed = object;

	/* There may be keys in it. */
	if (parsed->sdp.raw.len)
		explicit_bzero((char *)parsed->sdp.raw.s, parsed->sdp.raw.len);
	arena_free(parsed->arena);
}

static struct parsed *new_parsed(struct str body, const struct line_counts *counts)
{
	struct parsed *parsed = ref_alloc(sizeof(*parsed), destroy_parsed);

	parsed->arena = arena_new(
		body.len + 64 + counts->sessions * sizeof(struct sdp_session) +
		counts->attrs * sizeof(struct sdp_attr) +
		counts->media *
			(sizeof(struct sdp_media) + FORMATS_GUESSED * sizeof(struct sdp_format)));
	parsed->sdp.raw = arena_str(parsed->arena, body);
	return parsed;
}

static const char *read_body(
	struct parsed *parsed, const struct line_counts *counts, bool fragment, unsigned *line)
{
	struct arena *arena = parsed->arena;
	struct reader reader = {
		.parsed = parsed,
		.lines = { .rest = parsed->sdp.raw },
		.sessions = arena_new_array(arena, struct sdp_session, counts->sessions),
		.media_list = arena_new_array(arena, struct sdp_media, counts->media),
		.attr_list = arena_new_array(arena, struct sdp_attr, counts->attrs),
	};
	const char *why = read_lines(&reader, fragment);

	*line = reader.lines.number;
	if (why)
		return why;
	sdp_media_resolve(arena, reader.media_list, parsed->sdp.media_count);
	parsed->sdp.sessions = reader.sessions;
	parsed->sdp.media = reader.media_list;
	return NULL;
}

int sdp_parse(struct str body, bool fragment, struct sdp **ret_sdp, struct err *err)
{
	struct line_counts counts = { 0 };
	struct parsed *parsed = NULL;
	const char *why;
	unsigned line = 0;

	if (body.len > SDP_MAX_BYTES)
		why = "too long";
	else
		why = count_lines(body, &counts);
	if (!why) {
		parsed = new_parsed(body, &counts);
		why = read_body(parsed, &counts, fragment, &line);
	}
	if (why) {
		log_debug("SDP line %u: %s", line, why);
		ref_drop(parsed);
		return err_set(err, EINVAL, "Failed to parse SDP");
	}
	*ret_sdp = &parsed->sdp;
	return 0;
}

void sdp_name_format(struct sdp *sdp, const struct sdp_format *format, const struct sdp_format *as)
{
	struct arena *arena = ((struct parsed *)sdp)->arena;
	/* The parser's own; const for those who share it. */
	struct sdp_format *f = (struct sdp_format *)format;

	f->encoding = arena_str(arena, as->encoding);
	f->clock_hz = as->clock_hz;
	f->channels = as->channels;
	if (!f->fmtp.s)
		f->fmtp = arena_str(arena, as->fmtp);
}
