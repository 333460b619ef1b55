/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of stored media: files opened with care, content fetched from a database as a whole. */
#include "media/clip_source.h"

#include "base/list.h"
#include "base/ref.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const struct media_store *the_store;

void clip_source_add_store(const struct media_store *store)
{
	if (!store || !the_store)
		the_store = store;
}

/* ---- sources ---- */

static struct clip_source *source_new(struct str bytes, enum clip_kind kind)
{
	struct clip_source *source = ref_alloc(sizeof(*source) + bytes.len + 1, NULL);

	source->kind = kind;
	source->len = bytes.len;
	if (bytes.len)
		memcpy(source->bytes, bytes.s, bytes.len);
	return source;
}

struct clip_source *clip_source_file(struct str path)
{
	return source_new(path, CLIP_FILE);
}

struct clip_source *clip_source_blob(struct str content)
{
	return source_new(content, CLIP_BLOB);
}

struct clip_source *clip_source_database(uint64_t id)
{
	struct clip_source *source = source_new(STR_NULL, CLIP_DATABASE);

	source->id = id;
	return source;
}

bool clip_source_equal(const struct clip_source *a, const struct clip_source *b)
{
	if (!a || !b)
		return a == b;
	return a == b || (a->kind == b->kind && a->id == b->id && a->len == b->len &&
				 !memcmp(a->bytes, b->bytes, a->len));
}

const char *clip_kind_name(enum clip_kind kind)
{
	static const char *const names[] = {
		[CLIP_FILE] = "file",
		[CLIP_BLOB] = "blob",
		[CLIP_DATABASE] = "database",
	};

	return names[kind];
}

char *clip_source_text(const struct clip_source *source)
{
	GString *text = g_string_new(clip_kind_name(source->kind));

	if (source->kind == CLIP_DATABASE) {
		g_string_append(text, " (used query '");
		if (the_store)
			the_store->print_query(source->id, text);
		g_string_append(text, "')");
	}
	return g_string_free(text, FALSE);
}

bool clip_identity_same(const struct clip_identity *a, const struct clip_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
	       !memcmp(a->hash, b->hash, sizeof(a->hash));
}

/* ---- read by a player [helper] ---- */

static int read_part(struct str content, int64_t at, uint8_t *out, size_t len)
{
	if (at < 0 || (uint64_t)at >= content.len)
		return 0;
	len = MIN(MIN(len, content.len - (size_t)at), (size_t)INT_MAX);
	memcpy(out, content.s + at, len);
	return (int)len;
}

static int read_blob(const struct player_input *input, int64_t at, uint8_t *out, size_t len)
{
	const struct clip_input *in = container_of(input, struct clip_input, input);

	return read_part((struct str){ in->source->bytes, in->source->len }, at, out, len);
}

static int read_content(const struct player_input *input, int64_t at, uint8_t *out, size_t len)
{
	const struct clip_input *in = container_of(input, struct clip_input, input);

	return read_part((struct str){ in->content, in->content_bytes }, at, out, len);
}

static int read_file(const struct player_input *input, int64_t at, uint8_t *out, size_t len)
{
	const struct clip_input *in = container_of(input, struct clip_input, input);
	ssize_t n = pread(in->fd, out, MIN(len, (size_t)INT_MAX), at);

	return n < 0 ? -errno : (int)n;
}

/* ---- files [helper] ---- */

static int give_up(char *error, const char *reason)
{
	g_strlcpy(error, reason, PLUGIN_ERROR_BYTES);
	return -1;
}

static bool is_inside(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strncmp(path, folder, len) && (path[len] == '/' || !strcmp(folder, "/"));
}

/*
 * Where the descriptor leads counts, not what the path was like a moment ago; and until that is
 * known to be a plain file nothing is opened that would notice.
 */
static int open_found(struct clip_input *in, const char *media_dir, int found, char *error)
{
	char self[64], path[PATH_MAX];
	struct stat st;
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	len = readlink(self, path, sizeof(path) - 1);
	if (fstat(found, &st) < 0 || len < 0)
		return give_up(error, g_strerror(errno));
	path[len] = '\0';
	if (!S_ISREG(st.st_mode))
		return give_up(error, "not a plain file");
	if (media_dir && !is_inside(path, media_dir))
		return give_up(error, "outside of --media-dir");
	in->fd = open(self, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return give_up(error, g_strerror(errno));
	in->input.size_bytes = st.st_size;
	in->identity = (struct clip_identity){
		.device = st.st_dev,
		.inode = st.st_ino,
		.size = st.st_size,
		.changed = st.st_mtim,
	};
	return 0;
}

static int open_file(struct clip_input *in, const char *media_dir, char *error)
{
	const char *name = in->source->bytes;
	g_autofree char *path = media_dir && *name != '/' ? g_build_filename(media_dir, name, NULL)
							  : g_strdup(name);
	int found, ret;

	if (strlen(name) != in->source->len)
		return give_up(error, "no file name");
	found = open(path, O_PATH | O_CLOEXEC);
	if (found < 0)
		return give_up(error, g_strerror(errno));
	ret = open_found(in, media_dir, found, error);
	close(found);
	return ret;
}

/* ---- databases [helper] ---- */

struct fetching {
	struct media_request request;
	const struct clip_limits *limits;
};

static bool is_wanted(const struct media_request *request)
{
	const struct fetching *f = container_of(request, struct fetching, request);

	return f->limits->wanted(f->limits);
}

static void hash_content(struct clip_input *in)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize len = sizeof(in->identity.hash);

	g_checksum_update(sum, (const guchar *)in->content, (gssize)in->content_bytes);
	g_checksum_get_digest(sum, in->identity.hash, &len);
}

static int fetch(struct clip_input *in, const struct clip_limits *limits, char *error)
{
	struct fetching f = {
		.request = {
			.id = in->source->id,
			.max_bytes = MIN(limits->max_bytes, (size_t)MEDIA_STORE_MAX_BYTES),
			.wanted = is_wanted,
		},
		.limits = limits,
	};

	if (!the_store)
		return give_up(error, "no plugin fetches media from a database");
	/* Of what piled up while it did not answer. */
	if (!limits->wanted(limits))
		return give_up(error, "nobody waits for it any more");
	if (the_store->fetch(&f.request, &in->content, &in->content_bytes, error) < 0) {
		in->content = NULL;
		in->content_bytes = 0;
		return -1;
	}
	in->input.size_bytes = (int64_t)in->content_bytes;
	hash_content(in);
	return 0;
}

/* ---- inputs ---- */

int clip_input_open(struct clip_input *in, const struct clip_source *source,
	const struct clip_limits *limits, char *error)
{
	*in = (struct clip_input){ .source = source, .fd = -1 };
	switch (source->kind) {
	case CLIP_FILE:
		in->input.read = read_file;
		return open_file(in, limits->media_dir, error);
	case CLIP_BLOB:
		in->input.read = read_blob;
		in->input.size_bytes = (int64_t)source->len;
		return 0;
	case CLIP_DATABASE:
		in->input.read = read_content;
		return fetch(in, limits, error);
	}
	return give_up(error, "of no known kind");
}

void clip_input_close(struct clip_input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	g_free(in->content);
	in->fd = -1;
	in->content = NULL;
	in->content_bytes = 0;
}
