/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a writer plugin offers: a file format of recordings, given to the daemon by host.add_writer.
 * A writer puts packets into a file, or audio.
 *
 * It gets a descriptor that is open for reading and writing, empty and seekable, and stays the
 * caller's. All of it may block [helpers]; one file is used by one thread at a time. What was
 * written up to the latest `flush` can be opened by others whatever happens next: a writer that
 * fails leaves the file at the end of what is whole.
 */
#ifndef API_WRITER_H
#define API_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITER_MAX_CHANNELS = 8 };

struct writer_format {
	uint32_t sample_hz; /* of audio: one of the writer's rates */
	uint8_t channels;   /* 1 … max_channels */
	bool ethernet;      /* of packets: with an Ethernet header before that of IP */
};

/* A UDP datagram. */
struct writer_packet {
	int64_t wall_us;     /* received: since the epoch */
	uint8_t family;      /* 4 or 6 */
	uint8_t from_ip[16]; /* network order; IPv4 has 4 */
	uint8_t to_ip[16];
	uint16_t from_port, to_port;
	const uint8_t *data;
	size_t len;
};

/* Functions return 0 or -errno; after a failure only `close` may follow. */
struct writer {
	const char *name;      /* of the option that chooses it */
	const char *extension; /* of files, without the dot */
	unsigned max_channels; /* 0: it writes packets */
	const uint32_t *rates; /* that it can do, ascending, 0 behind the last; of audio */
	int (*open)(int fd, const struct writer_format *format, void **ret_file);
	/* `count` samples per channel, interleaved; NULL: it writes packets. */
	int (*audio)(void *file, const int16_t *samples, size_t count);
	int (*packet)(void *file, const struct writer_packet *packet); /* NULL: it writes audio */
	int (*flush)(void *file);
	/* The end, also after a failure: frees `file`, not the descriptor. */
	int (*close)(void *file);
	/* Of a file whose writer ended without `close`; NULL: it needs nothing. */
	int (*repair)(int fd);
};

#endif
