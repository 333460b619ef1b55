/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a player plugin offers: the content of a stored file as one channel of 16-bit samples in
 * host order. The daemon opens files itself and reads them by the functions handed over, so that a
 * plugin never touches the file system. All of it runs on helper threads, several at a time for
 * different content; it may take its time. [helper]
 */
#ifndef API_PLAYER_H
#define API_PLAYER_H

#include <stddef.h>
#include <stdint.h>

/* Where the content comes from; valid until `close`. */
struct player_input {
	/* Up to `len` bytes from offset `at`: how many, 0 at the end, or negative. */
	int (*read)(const struct player_input *input, int64_t at, uint8_t *out, size_t len);
	int64_t size_bytes;
};

struct player_info {
	int64_t duration_ms; /* as the container says; -1: it does not */
	uint32_t file_hz;    /* rate of the audio in it */
};

struct player {
	const char *name;
	/*
	 * `sample_hz` is what `read` is to give. 0, or negative with the reason in `error`
	 * (PLUGIN_ERROR_BYTES): content that is unknown, without audio, or broken.
	 */
	int (*open)(const struct player_input *input, uint32_t sample_hz,
		struct player_info *ret_info, void **ret_state, char *error);
	/* The next at most `max` samples: how many, 0 at the end; what is broken is the end. */
	int (*read)(void *state, int16_t *out, size_t max);
	void (*close)(void *state);
};

#endif
