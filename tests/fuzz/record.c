/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded packets of any kind made into audio. The input is packets: a byte that picks the stream
 * and what of the header is believable, a byte for the payload type, one for the length, one for
 * the time that passes. What is written goes on without an end in between, and no longer than the
 * time that passed allows.
 */
#include "record/audio.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "../mock/coder.h"
#include "rtp/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAMS = 3, STEP_BYTES = 4, START_US = 50000000, LONGEST_S = 8 };

static const struct {
	uint8_t type;
	const char *name;
	uint32_t clock_hz;
} kinds[] = {
	{ 0, "PCMU", 8000 },
	{ 9, "G722", 8000 },
	{ 13, "CN", 8000 },
	{ 96, "opus", 48000 },
	{ 97, "L16", 16000 },
	{ 98, "PCMU", 0 },
	{ 99, "none-such", 8000 },
	{ 100, "G726-32", 44100 },
	{ 101, "telephone-event", 8000 },
};

static struct sink_format formats[G_N_ELEMENTS(kinds)];
static struct sink_stream streams[STREAMS];

static struct {
	bool open;
	struct writer_format format;
	uint64_t samples, fail_at; /* fail_at 0: never */
} file;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static int open_file(int fd, const struct writer_format *format, void **ret_file)
{
	(void)fd;
	check(!file.open && format->channels >= 1 && format->channels <= WRITER_MAX_CHANNELS);
	file.open = true;
	file.format = *format;
	*ret_file = &file;
	return 0;
}

static int take(void *arg, const int16_t *samples, size_t count)
{
	volatile int16_t last;

	(void)arg;
	check(file.open && count);
	last = samples[count * file.format.channels - 1];
	(void)last;
	file.samples += count;
	return file.fail_at && file.samples > file.fail_at ? -28 : 0;
}

static int flush(void *arg)
{
	(void)arg;
	check(file.open);
	return 0;
}

static int close_file(void *arg)
{
	(void)arg;
	check(file.open);
	file.open = false;
	return 0;
}

static const uint32_t rates[] = { 8000, 16000, 48000, 0 };
static const struct writer writer = {
	.name = "none",
	.max_channels = 2,
	.rates = rates,
	.open = open_file,
	.audio = take,
	.flush = flush,
	.close = close_file,
};

static void prepare(void)
{
	if (formats[0].name.s)
		return;
	mock_coder_load_all();
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		formats[i] = (struct sink_format){
			.payload_type = kinds[i].type,
			.name = str_of(kinds[i].name),
			.codec = codec_find(str_of(kinds[i].name)),
			.params = { .clock_hz = kinds[i].clock_hz, .channels = i == 3 ? 2 : 1 },
		};
	for (unsigned i = 0; i < STREAMS; i++)
		streams[i] = (struct sink_stream){ i + 1, i, true, G_N_ELEMENTS(kinds), formats };
}

/* A header that goes on from the latest one, unless the input says otherwise. */
static void put(struct audio *a, const uint8_t *step, const uint8_t *payload, size_t len,
	int64_t now_us, struct rtp_header *h)
{
	bool raw = step[0] & 4;
	size_t header = raw ? 0 : RTP_HEADER_BYTES;
	g_autofree uint8_t *bytes = g_malloc(header + len);
	const struct sink_packet p = {
		.datagram = { .data = bytes, .len = header + len },
		.mono_us = now_us,
		.rtcp = (step[0] & 0xf8) == 0xf8,
		.stream = &streams[step[0] % STREAMS],
		.slots = STREAMS,
	};

	h->payload_type = kinds[step[1] % G_N_ELEMENTS(kinds)].type;
	h->seq = (uint16_t)(h->seq + (step[0] & 8 ? step[1] * 256 : 1));
	h->timestamp += step[0] & 16 ? (uint32_t)step[1] << 24 : 160;
	h->ssrc += step[0] & 32 ? 1 : 0;
	if (!raw)
		rtp_write(bytes, h);
	if (len)
		memcpy(bytes + header, payload, len);
	audio_put(a, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_header headers[STREAMS] = { { .ssrc = 1 }, { .ssrc = 2 }, { .ssrc = 3 } };
	struct audio *a;
	int64_t now_us = START_US;
	uint64_t most;
	int ret;

	prepare();
	memset(&file, 0, sizeof(file));
	file.fail_at = size && data[0] & 64 ? 4000 : 0;
	a = audio_new(&writer, -1);
	while (size > STEP_BYTES) {
		size_t len = MIN((size_t)data[2], size - STEP_BYTES);

		now_us += data[3] & 128 ? (data[3] & 127) * 50000 : data[3] * 500;
		put(a, data, data + STEP_BYTES, len, now_us, &headers[data[0] % STREAMS]);
		if (data[1] & 128)
			audio_advance(a, now_us);
		data += STEP_BYTES + len;
		size -= STEP_BYTES + len;
	}
	ret = audio_finish(a);
	check(ret == 0 || (file.fail_at && ret == -28));
	most = (uint64_t)(now_us - START_US) / 1000 * file.format.sample_hz / 1000 +
	       (uint64_t)LONGEST_S * file.format.sample_hz;
	check(file.samples <= most);
	audio_undecoded(a);
	audio_free(a);
	check(!file.open);
	return 0;
}
