/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tones; see tone.h. */
#include "codec/tone.h"

#include <math.h>

struct tone tone_of_digit(uint8_t code, uint8_t volume)
{
	static const uint16_t rows[] = { 697, 770, 852, 941 };
	static const uint16_t columns[] = { 1209, 1336, 1477, 1633 };
	/* By code: row and column of the key. */
	static const uint8_t keys[] = { 0x31, 0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22,
		0x30, 0x32, 0x03, 0x13, 0x23, 0x33 };

	if (code >= sizeof(keys))
		return (struct tone){ .volume = volume };
	return (struct tone){ { rows[keys[code] >> 4], columns[keys[code] & 3] }, volume };
}

static double sine(uint16_t hz, uint32_t sample_hz, uint64_t n)
{
	/* Whole turns are left out, so that precision stays however long it lasts. */
	return sin(2 * M_PI * (double)(n * hz % sample_hz) / sample_hz);
}

void tone_make(const struct tone *tone, const struct codec_audio *audio, uint64_t offset,
	int16_t *out, size_t count)
{
	double loudest = INT16_MAX * pow(10, tone->volume / -20.0);
	double each = tone->hz[0] && tone->hz[1] ? loudest / 2 : loudest;

	for (size_t i = 0; i < count; i++) {
		int16_t sample =
			(int16_t)(each * (sine(tone->hz[0], audio->sample_hz, offset + i) +
						 sine(tone->hz[1], audio->sample_hz, offset + i)));

		for (unsigned c = 0; c < audio->channels; c++)
			*out++ = sample;
	}
}
