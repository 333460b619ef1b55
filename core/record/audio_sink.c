/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recording method audio, as a sink like those of plugins. It is here because it takes codecs,
 * concealment and order of packets, which plugins do not see.
 */
#include "record/audio.h"

enum { HOLD_MS = 500 }; /* what a call agrees upon is known then, and with it the file's rate */

/* Set at start, constant afterwards. */
static const struct writer *chosen;

static int prepare(const char **ret_extension, char *error)
{
	(void)error;
	*ret_extension = chosen->extension;
	return 0;
}

static int open_recording(int fd, void **ret_recording)
{
	*ret_recording = audio_new(chosen, fd);
	return 0;
}

static int packet(void *recording, const struct sink_packet *p)
{
	return audio_put(recording, p);
}

static int advance(void *recording, int64_t now_us)
{
	return audio_advance(recording, now_us);
}

static int finish(void *recording)
{
	return audio_finish(recording);
}

static void report(const void *recording, struct sink_report *ret)
{
	struct sink_report r = { .undecoded = audio_undecoded(recording) };

	r.has_begin = audio_begin(recording, &r.begin_us);
	*ret = r;
}

static void close_recording(void *recording)
{
	audio_free(recording);
}

const struct sink *audio_sink(const struct writer *writer)
{
	static const struct sink sink = {
		.name = "audio",
		.folder = "audio",
		.streams = true,
		.hold_ms = HOLD_MS,
		.prepare = prepare,
		.open = open_recording,
		.packet = packet,
		.advance = advance,
		.finish = finish,
		.report = report,
		.close = close_recording,
	};

	chosen = writer;
	return &sink;
}
