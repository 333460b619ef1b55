/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recorder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <glib.h>

static unsigned packets;

static int prepare(const char **ret_extension, char *error)
{
	(void)error;
	*ret_extension = "none";
	return 0;
}

static int open_nothing(int fd, void **ret_recording)
{
	(void)fd;
	*ret_recording = g_new0(char, 1);
	return 0;
}

static int take(void *recording, const struct sink_packet *packet)
{
	(void)recording;
	packets++;
	return packet->datagram.len > MOCK_RECORDER_LONGEST ? -EFBIG : 0;
}

static int advance(void *recording, int64_t now_us)
{
	(void)recording;
	(void)now_us;
	return 0;
}

static int finish(void *recording)
{
	(void)recording;
	return 0;
}

static const struct sink sink = {
	.name = "mock",
	.folder = "pcaps",
	.streams = true,
	.prepare = prepare,
	.open = open_nothing,
	.packet = take,
	.advance = advance,
	.finish = finish,
	.close = g_free,
};

unsigned mock_recorder_packets(void)
{
	return packets;
}

void mock_recorder_open(struct mock_recorder *m, struct helper_pool *helpers)
{
	struct recorder_settings settings = {
		.folder = m->folder,
		.sink = &sink,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};
	struct err err;

	sink.prepare(&settings.extension, err.text);
	g_strlcpy(m->folder, "/tmp/recorder-XXXXXX", sizeof(m->folder));
	if (!mkdtemp(m->folder) || recorder_prepare(&settings, &err) < 0)
		abort();
	m->recorder = recorder_new(&settings, helpers);
}

static int remove_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	return type == FTW_F ? unlink(path) : 0;
}

static int remove_any(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void mock_recorder_empty(const struct mock_recorder *m)
{
	nftw(m->folder, remove_file, 8, FTW_PHYS);
}

unsigned mock_recorder_files(const struct mock_recorder *m, const char *folder)
{
	g_autofree char *path = g_build_filename(m->folder, folder, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	unsigned count = 0;

	while (dir && g_dir_read_name(dir))
		count++;
	return count;
}

void mock_recorder_close(struct mock_recorder *m)
{
	if (recorder_busy(m->recorder))
		abort();
	recorder_free(m->recorder);
	nftw(m->folder, remove_any, 8, FTW_DEPTH | FTW_PHYS);
}
