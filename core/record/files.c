/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders and files as the operator wants them. They block. */
#include "record/record_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_TRIED = 100 };

static int give(const struct recorder_settings *s, int fd, mode_t mode)
{
	if ((s->uid != (uid_t)-1 || s->gid != (gid_t)-1) && fchown(fd, s->uid, s->gid) < 0)
		return -errno;
	return mode && fchmod(fd, mode) < 0 ? -errno : 0;
}

int record_give(const struct recorder_settings *s, int fd)
{
	return give(s, fd, s->file_mode);
}

/* One that is there already is left as it is. */
static int make_one(const struct recorder_settings *s, const char *path)
{
	int fd, ret;

	if (mkdir(path, 0777) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = give(s, fd, s->dir_mode);
	close(fd);
	return ret;
}

int record_make_folder(const struct recorder_settings *s, const char *path)
{
	g_autofree char *part = g_strdup(path);

	for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
		int ret;

		*slash = '\0';
		ret = make_one(s, part);
		if (ret < 0)
			return ret;
		*slash = '/';
	}
	return make_one(s, path);
}

static char *numbered(const char *path, unsigned number)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');

	if (!dot || dot < slash)
		return g_strdup_printf("%s-%u", path, number);
	return g_strdup_printf("%.*s-%u%s", (int)(dot - path), path, number, dot);
}

static int create_first_free(char **path)
{
	for (unsigned n = 0; n < NAMES_TRIED; n++) {
		char *name = n ? numbered(*path, n) : g_strdup(*path);
		int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

		if (fd >= 0) {
			g_free(*path);
			*path = name;
			return fd;
		}
		g_free(name);
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int record_create(const struct recorder_settings *s, char **path)
{
	g_autofree char *folder = g_path_get_dirname(*path);
	int ret = record_make_folder(s, folder), fd;

	if (ret < 0)
		return ret;
	fd = create_first_free(path);
	ret = fd < 0 ? fd : record_give(s, fd);
	if (fd >= 0 && ret < 0) {
		unlink(*path);
		close(fd);
	}
	return ret < 0 ? ret : fd;
}

int record_move(const struct recorder_settings *s, const char *from, const char *to)
{
	g_autofree char *folder = g_path_get_dirname(to);
	int ret;

	if (rename(from, to) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	ret = record_make_folder(s, folder);
	return !ret && rename(from, to) < 0 ? -errno : ret;
}

int record_append(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}
