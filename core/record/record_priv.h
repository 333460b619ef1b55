/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recording, between control's side of it (recorder.c) and the helpers' (work.c). While `busy`
 * a job is under way, and what is marked so below belongs to that; all else is control's.
 */
#ifndef RECORD_RECORD_PRIV_H
#define RECORD_RECORD_PRIV_H

#include "record/recorder.h"

#include <glib.h>

enum item_kind {
	ITEM_LAYOUT,
	ITEM_BODY,
	ITEM_PAUSE,
	ITEM_RESUME,
	ITEM_METADATA, /* for the end; the latest counts */
	ITEM_DISCARD,
};

/* What control has to say of a recording. Packets up to then are recorded before it. */
struct item {
	enum item_kind kind;
	struct record_layout *layout; /* owned */
	char *text;                   /* for the metadata file; owned, may be NULL */
};

struct recording {
	struct recorder *recorder;
	const struct recorder_settings *settings;
	struct arena *arena; /* of `request` */
	struct recording_request request;
	struct tap *tap;   /* reference */
	char *stem, *path; /* as of the latest job */
	char *meta_path;
	struct log_context log; /* call_id is owned */
	bool listed;            /* among the recorder's */
	bool ending;
	int64_t end_at_us;              /* monotonic; of `ending` */
	GPtrArray *items;               /* not given to a job yet */
	struct recording_status status; /* as of the latest job */

	/* A job's. */
	struct job job;
	bool busy;
	bool last; /* it is the last one */
	bool discard;
	int64_t now_us, wall_us;
	int64_t began_wall_us;
	char *metadata;             /* NULL: none */
	char *file_path, *tmp_path; /* they change when there are such files already */
	GPtrArray *given;           /* items */
	bool opened;
	int fd, meta_fd; /* negative: not open */
	bool made;       /* the file; whatever became of it since */
	void *file;      /* the sink's; NULL: not open */
	bool held;       /* the sink has waited as long as it wants to */
	bool done;       /* the end was written */
	GQueue layouts;  /* struct record_layout, the oldest first */
	struct sink_report report;
	struct recording_status found;
};

struct recorder {
	struct recorder_settings settings;
	struct helper_pool *helpers;
	GPtrArray *list; /* struct recording: a reference of each that is not at its end */
};

/* work.c: the steps of a job. [helper] */
void recording_work(struct recording *r);
/* Frees what jobs have; the files are left as they are. */
void recording_clear_work(struct recording *r);
void item_free(gpointer item);
void layout_free(struct record_layout *layout); /* NULL is fine */

/* files.c. 0 or a descriptor, or -errno. */
int record_make_folder(const struct recorder_settings *s, const char *path);
/*
 * A new file, and the folders it is in. If there is one of that name, *path gets a number before
 * its extension.
 */
int record_create(const struct recorder_settings *s, char **path);
/* Mode and owner as configured. 0 or -errno. */
int record_give(const struct recorder_settings *s, int fd);
/* Makes the folder that it goes to, if it is not there. 0 or -errno. */
int record_move(const struct recorder_settings *s, const char *from, const char *to);
/* All of it, or -errno. */
int record_append(int fd, const char *text, size_t len);

/* metadata.c: when the first sample was taken, so that all other times have a place in the file. */
void metadata_audio(GString *out, int64_t begin_wall_us);
/*
 * The text at the end (spec daemon 10.1). Of one that was left behind nothing was
 * counted.
 */
void metadata_end(GString *out, int64_t began_wall_us, int64_t ended_wall_us,
	const struct recording_status *status, bool counted, const char *metadata);

#endif
