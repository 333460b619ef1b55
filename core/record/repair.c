/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before the first recording: the folders, and what a daemon that was killed left in them. */
#include "record/record_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "record/names.h"
#include "record/writers.h"

enum { META_MAX_BYTES = 1024 * 1024 };

/* Missing ones above it are made, too; only the owner gets in unless the mode is configured. */
static int make_spool(const struct recorder_settings *s)
{
	struct recorder_settings only_owner = *s;
	g_autofree char *above = g_path_get_dirname(s->folder);
	int ret = record_make_folder(s, above);

	if (!only_owner.dir_mode)
		only_owner.dir_mode = 0700;
	return ret < 0 ? ret : record_make_folder(&only_owner, s->folder);
}

int recorder_prepare(const struct recorder_settings *s, struct err *err)
{
	const char *const names[] = { s->sink->folder, "metadata", "tmp" };
	int ret = make_spool(s);

	for (unsigned i = 0; !ret && i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(s->folder, names[i], NULL);

		ret = record_make_folder(s, path);
		if (!ret && access(path, W_OK | X_OK) < 0)
			ret = -errno;
	}
	return ret < 0 ? err_set(err, -ret, "Error while setting up spool directory \"%s\".\n%s",
				 s->folder, g_strerror(-ret))
		       : 0;
}

int recorder_check(const struct recorder_settings *s, struct err *err)
{
	const char *const names[] = { s->sink->folder, "metadata", "tmp" };
	bool owned = s->uid != (uid_t)-1 || s->gid != (gid_t)-1;

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = g_build_filename(s->folder, names[i], "rtpengine-trial", NULL);
		int fd = record_create(s, &path);

		if (fd >= 0) {
			unlink(path);
			close(fd);
		}
		g_free(path);
		if (fd < 0)
			return err_set(err, -fd, "Recordings cannot be put into \"%s/%s\": %s%s",
				s->folder, names[i], g_strerror(-fd),
				owned ? " (--recording-chown and --recording-chgrp may need "
					"rights that the daemon's user does not have)"
				      : "");
	}
	return 0;
}

static int repair_file(const char *path)
{
	const struct writer *writer = writer_of_file(path);
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = writer && writer->repair ? writer->repair(fd) : 0;
	close(fd);
	return ret;
}

/*
 * The first line tells which file it is about; it must be one of the folder. When its first party
 * came stands with the first body, if there is one.
 */
static char *find_recorded(const struct recorder_settings *s, int fd, int64_t *began_us)
{
	static const char started[] = "\nTimestamp started ms: ";
	g_autofree char *text = g_malloc0(META_MAX_BYTES + 1);
	g_autofree char *relative = NULL;
	const char *at;
	struct str rest, line;
	struct err err;

	if (pread(fd, text, META_MAX_BYTES, 0) <= 0)
		return NULL;
	at = strstr(text, started);
	if (at)
		*began_us = g_ascii_strtoll(at + strlen(started), NULL, 10) * 1000;
	rest = str_of(text);
	if (!str_cut(&rest, '\n', &line) || name_beneath(s->folder, line, &relative, &err) < 0)
		return NULL;
	return g_build_filename(s->folder, relative, NULL);
}

static void end_metadata(const struct recorder_settings *s, int fd, const char *tmp,
	const char *name, int64_t began_us, const struct recording_status *status)
{
	g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".tmp"));
	g_autofree char *to = g_strdup_printf("%s/metadata/%s.txt", s->folder, stem);
	g_autoptr(GString) text = g_string_new(NULL);
	int64_t ended_us = clock_wall_us();
	struct stat st;

	if (fstat(fd, &st) == 0)
		ended_us = (int64_t)st.st_mtime * 1000000;
	metadata_end(text, MIN(began_us, ended_us), ended_us, status, false, NULL);
	if (lseek(fd, 0, SEEK_END) < 0 || record_append(fd, text->str, text->len) < 0 ||
		record_move(s, tmp, to) < 0)
		log_err("Metadata of a recording could not be put at '" MARKED("%s") "'", MARK(to));
}

/* False: it belongs to another daemon that lives, or is none. */
static bool repair_one(const struct recorder_settings *s, const char *name)
{
	g_autofree char *tmp = g_strdup_printf("%s/tmp/%s", s->folder, name);
	g_autofree char *path = NULL;
	int64_t began_us = INT64_MAX;
	struct recording_status status = { .state = RECORDING_TRUNCATED };
	int fd = open(tmp, O_RDWR | O_NOFOLLOW | O_CLOEXEC), ret;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	path = find_recorded(s, fd, &began_us);
	ret = path ? repair_file(path) : -ENOENT;
	g_snprintf(status.why, sizeof(status.why), "the daemon ended before it%s%s",
		ret < 0 ? ", and the file cannot be repaired: " : "",
		ret < 0 ? g_strerror(-ret) : "");
	log_warn("Recording '" MARKED("%s") "' truncated because %s", MARK(path ? path : name),
		status.why);
	end_metadata(s, fd, tmp, name, began_us, &status);
	close(fd);
	return true;
}

unsigned recorder_repair(const struct recorder_settings *s)
{
	g_autofree char *folder = g_build_filename(s->folder, "tmp", NULL);
	GDir *dir = g_dir_open(folder, 0, NULL);
	unsigned count = 0;
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_prefix(name, "rtpengine-meta-") && g_str_has_suffix(name, ".tmp"))
			count += repair_one(s, name);
	if (dir)
		g_dir_close(dir);
	return count;
}
