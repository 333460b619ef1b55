/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring; see mixer.h. */
#include "media/mixer.h"

#include <string.h>

#include <glib.h>

struct mixer {
	uint8_t channels;
	uint64_t read;        /* place of the sample that is taken next; from 1 */
	size_t length, ahead; /* samples */
	int16_t ring[];       /* zero but for what waits to be taken */
};

struct mixer *mixer_new(
	const struct codec_audio *audio, size_t packet_samples, size_t length, size_t ahead)
{
	struct mixer *m;

	length = MAX(length, 2 * packet_samples);
	m = g_malloc0(sizeof(*m) + length * audio->channels * sizeof(m->ring[0]));
	m->channels = audio->channels;
	m->read = 1;
	m->length = length;
	m->ahead = MIN(ahead, length - packet_samples);
	return m;
}

void mixer_free(struct mixer *m)
{
	g_free(m);
}

int16_t mixer_sum(int16_t a, int16_t b)
{
	return (int16_t)CLAMP(a + b, INT16_MIN, INT16_MAX);
}

static int16_t *place(struct mixer *m, uint64_t at)
{
	return m->ring + at % m->length * m->channels;
}

/* Up to where the ring begins anew. */
static size_t run_of(const struct mixer *m, uint64_t at, size_t count)
{
	return MIN(count, m->length - (size_t)(at % m->length));
}

bool mixer_add(struct mixer *m, uint64_t *at, const int16_t *samples, size_t count)
{
	/* Further ahead than anybody gets: the place is one in another mixer. */
	uint64_t to = !*at || *at > m->read + m->length ? m->read + m->ahead : MAX(*at, m->read);

	*at = to;
	if (to + count > m->read + m->length)
		return false;
	*at += count;
	while (count) {
		size_t n = run_of(m, to, count);
		int16_t *out = place(m, to);

		for (size_t i = 0; i < n * m->channels; i++)
			out[i] = mixer_sum(out[i], samples[i]);
		samples += n * m->channels;
		to += n;
		count -= n;
	}
	return true;
}

void mixer_take(struct mixer *m, int16_t *out, size_t count)
{
	while (count) {
		size_t n = run_of(m, m->read, count);
		size_t bytes = n * m->channels * sizeof(*out);
		int16_t *from = place(m, m->read);

		if (out) {
			memcpy(out, from, bytes);
			out += n * m->channels;
		}
		memset(from, 0, bytes);
		m->read += n;
		count -= n;
	}
}
