/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a sink plugin offers: a method of recording, given to the daemon by host.add_sink. The daemon
 * copies a call's packets where they are believed and decrypted, and keeps names, files, times and
 * what is told of a recording; the sink makes of the packets what is in its file, by a writer
 * (writer.h) or itself.
 *
 * Functions return 0 or -errno and may block [helpers]; one recording is used by one thread at a
 * time. After a failure only `report` and `close` may follow; what was written up to the latest
 * `advance` can be opened by others whatever happens.
 */
#ifndef API_SINK_H
#define API_SINK_H

#include "api/codec.h"
#include "api/writer.h"

/* A payload type, as a section has it. */
struct sink_format {
	uint8_t payload_type;
	struct str name;           /* of the codec */
	const struct codec *codec; /* NULL: nobody knows it */
	struct codec_params params;
};

/* What is received on one port, or two. */
struct sink_stream {
	uint32_t id;   /* the same as long as the stream is */
	unsigned slot; /* its party's channel, from 0 */
	bool audio;    /* RTP with audio */
	unsigned format_count;
	struct sink_format *formats;
};

/* Good during the call. */
struct sink_packet {
	struct writer_packet datagram;
	int64_t mono_us; /* received, by a clock that nobody sets */
	bool rtcp;
	/* Only where the sink asks for it: */
	const struct sink_stream *stream; /* it came on, as signalled then; NULL: nobody knows */
	unsigned slots;                   /* channels of the call, as known by now */
	uint32_t best_hz; /* likewise, the highest rate of codecs agreed upon; 0: none */
};

struct sink_report {
	uint64_t undecoded; /* packets that nothing could be heard of */
	bool has_begin;     /* the file has a beginning in time: */
	int64_t begin_us;   /* monotonic */
};

struct sink {
	const char *name;   /* of the method: --recording-method */
	const char *folder; /* beneath --recording-dir, unless a client wants another */
	bool streams;       /* packets come with what is known of their streams */
	unsigned hold_ms; /* the first packet is given so long after it came: more is known then */
	/*
	 * Once, when all plugins are there and before the first recording: by options, what its
	 * files are called behind the dot. Negative with what ends the daemon in `error`
	 * (PLUGIN_ERROR_BYTES). [main]
	 */
	int (*prepare)(const char **ret_extension, char *error);
	/* The descriptor is open for reading and writing, empty, seekable, and the caller's. */
	int (*open)(int fd, void **ret_recording);
	int (*packet)(void *recording, const struct sink_packet *packet);
	/* Several times a second; `now_us` is monotonic. */
	int (*advance)(void *recording, int64_t now_us);
	/* What is left, and the file's end. Not after a failure; only what may follow one follows. */
	int (*finish)(void *recording);
	/* At any time; NULL: there is nothing to tell. */
	void (*report)(const void *recording, struct sink_report *ret);
	void (*close)(void *recording);
};

#endif
