/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Audio as WAV: 16-bit PCM. The sizes in its header are those of the file after every flush, so
 * that it can be played while it is written and after a crash.
 */
#include "api/host.h"
#include "api/plugin.h"
#include "api/writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	SAMPLE_BYTES = 2,
	FORMAT_PCM = 1,
	FORMAT_EXTENSIBLE = 0xfffe,
	RIFF_AT = 4,    /* where the size of all that follows stands */
	FORMAT_AT = 20, /* what the "fmt " chunk has */
	CHANNELS_AT = 22,
	/* What stands before the samples, of up to two channels and of more. */
	PLAIN_BYTES = 44,
	EXTENSIBLE_BYTES = 68,
};

struct wav {
	int fd;
	unsigned channels;
	uint32_t header_bytes;
	uint64_t data_bytes;
	bool changed; /* since the header was written */
};

static uint8_t *put16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)number;
	at[1] = (uint8_t)(number >> 8);
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint64_t number)
{
	uint32_t n = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;

	return put16(put16(at, n & 0xffff), n >> 16);
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	memcpy(at, text, 4);
	return at + 4;
}

/* 0 or -errno; never less than all. */
static int write_at(int fd, const void *bytes, size_t len, uint64_t position)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(
			fd, (const char *)bytes + done, len - done, (off_t)(position + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* Both sizes: behind "RIFF", and behind "data", which is last in the header. */
static int write_sizes(int fd, uint32_t header_bytes, uint64_t data_bytes)
{
	uint8_t size[4];
	int ret;

	put32(size, header_bytes - 8 + data_bytes);
	ret = write_at(fd, size, sizeof(size), RIFF_AT);
	if (ret < 0)
		return ret;
	put32(size, data_bytes);
	return write_at(fd, size, sizeof(size), header_bytes - 4);
}

static int write_header(const struct wav *self, uint32_t sample_hz)
{
	static const uint8_t pcm_guid[16] = { 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38,
		0x9b, 0x71 };
	bool plain = self->header_bytes == PLAIN_BYTES;
	unsigned frame = self->channels * SAMPLE_BYTES;
	uint8_t header[EXTENSIBLE_BYTES], *at = header;

	at = put_text(at, "RIFF");
	at = put32(at, self->header_bytes - 8);
	at = put_text(at, "WAVE");
	at = put_text(at, "fmt ");
	at = put32(at, plain ? 16 : 40);
	at = put16(at, plain ? FORMAT_PCM : FORMAT_EXTENSIBLE);
	at = put16(at, self->channels);
	at = put32(at, sample_hz);
	at = put32(at, (uint64_t)sample_hz * frame);
	at = put16(at, frame);
	at = put16(at, 8 * SAMPLE_BYTES);
	if (!plain) {
		at = put16(at, 22);
		at = put16(at, 8 * SAMPLE_BYTES);
		at = put32(at, 0); /* channels belong to no loudspeaker */
		memcpy(at, pcm_guid, sizeof(pcm_guid));
		at += sizeof(pcm_guid);
	}
	at = put_text(at, "data");
	put32(at, 0);
	return write_at(self->fd, header, self->header_bytes, 0);
}

static int open_file(int fd, const struct writer_format *format, void **ret_file)
{
	struct wav *self = g_new0(struct wav, 1);
	int ret;

	self->fd = fd;
	self->channels = format->channels;
	self->header_bytes = format->channels <= 2 ? PLAIN_BYTES : EXTENSIBLE_BYTES;
	ret = write_header(self, format->sample_hz);
	if (ret < 0) {
		g_free(self);
		return ret;
	}
	*ret_file = self;
	return 0;
}

static int flush(void *arg)
{
	struct wav *self = arg;

	if (!self->changed)
		return 0;
	self->changed = false;
	return write_sizes(self->fd, self->header_bytes, self->data_bytes);
}

static int audio(void *arg, const int16_t *samples, size_t count)
{
	struct wav *self = arg;
	size_t bytes = count * self->channels * SAMPLE_BYTES;
	int ret;

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
	g_autofree int16_t *swapped = g_new(int16_t, count * self->channels);

	for (size_t i = 0; i < count * self->channels; i++)
		swapped[i] = GINT16_TO_LE(samples[i]);
	samples = swapped;
#endif
	ret = write_at(self->fd, samples, bytes, self->header_bytes + self->data_bytes);
	if (ret < 0) {
		/* The file ends where its header says. */
		if (ftruncate(self->fd, (off_t)(self->header_bytes + self->data_bytes)) < 0)
			ret = -errno;
		return ret;
	}
	self->data_bytes += bytes;
	self->changed = true;
	return 0;
}

static int close_file(void *arg)
{
	int ret = flush(arg);

	g_free(arg);
	return ret;
}

/* The sizes follow from the file's; half a frame at its end goes. */
static int repair(int fd)
{
	uint8_t head[EXTENSIBLE_BYTES];
	off_t size = lseek(fd, 0, SEEK_END);
	uint32_t header_bytes = PLAIN_BYTES;
	unsigned frame;

	if (size < 0)
		return -errno;
	if (size < PLAIN_BYTES || pread(fd, head, PLAIN_BYTES, 0) != PLAIN_BYTES ||
		memcmp(head, "RIFF", 4) != 0)
		return -EINVAL;
	if (head[FORMAT_AT] == (FORMAT_EXTENSIBLE & 0xff))
		header_bytes = EXTENSIBLE_BYTES;
	frame = head[CHANNELS_AT] * SAMPLE_BYTES;
	if (size < (off_t)header_bytes || !frame)
		return -EINVAL;
	size -= (size - (off_t)header_bytes) % frame;
	if (ftruncate(fd, size) < 0)
		return -errno;
	return write_sizes(fd, header_bytes, (uint64_t)size - header_bytes);
}

static const uint32_t rates[] = { 8000, 16000, 48000, 0 };

static const struct writer writer = {
	.name = "wav",
	.extension = "wav",
	.max_channels = WRITER_MAX_CHANNELS,
	.rates = rates,
	.open = open_file,
	.audio = audio,
	.flush = flush,
	.close = close_file,
	.repair = repair,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_writer(host, &writer);
	return 0;
}

PLUGIN_EXPORT(wav) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_WRITER,
	.name = "wav",
	.description = "Recordings as WAV files",
	.init = init,
};
