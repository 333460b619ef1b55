/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples in pieces that never move, so that they can be read while there come more. */
#include "media/clip.h"

#include "base/ref.h"

#include <glib.h>
#include <string.h>

static void destroy_clip(void *object)
{
	struct clip *clip = object;

	for (unsigned i = 0; i < CLIP_MAX_PIECES; i++)
		g_free(clip->pieces[i]);
}

struct clip *clip_new(uint32_t sample_hz)
{
	struct clip *clip = ref_alloc(sizeof(*clip), destroy_clip);

	clip->sample_hz = clip->file_hz = sample_hz;
	clip->duration_ms = -1;
	return clip;
}

bool clip_add(struct clip *clip, const int16_t *samples, size_t count)
{
	size_t ready = atomic_load_explicit(&clip->ready, memory_order_relaxed);

	while (count) {
		size_t piece = ready / CLIP_PIECE_SAMPLES, at = ready % CLIP_PIECE_SAMPLES;
		size_t n = MIN(count, CLIP_PIECE_SAMPLES - at);

		if (piece == CLIP_MAX_PIECES)
			break;
		if (!clip->pieces[piece])
			clip->pieces[piece] = g_new(int16_t, CLIP_PIECE_SAMPLES);
		memcpy(clip->pieces[piece] + at, samples, n * sizeof(*samples));
		samples += n;
		count -= n;
		ready += n;
	}
	atomic_store_explicit(&clip->ready, ready, memory_order_release);
	return !count;
}

void clip_finish(struct clip *clip)
{
	atomic_store_explicit(&clip->complete, true, memory_order_release);
}

size_t clip_read(const struct clip *clip, size_t at, int16_t *out, size_t count)
{
	size_t ready = atomic_load_explicit(&clip->ready, memory_order_acquire), done = 0;

	if (at >= ready)
		return 0;
	count = MIN(count, ready - at);
	while (done < count) {
		size_t from = (at + done) % CLIP_PIECE_SAMPLES;
		size_t n = MIN(count - done, CLIP_PIECE_SAMPLES - from);

		memcpy(out + done, clip->pieces[(at + done) / CLIP_PIECE_SAMPLES] + from,
			n * sizeof(*out));
		done += n;
	}
	return count;
}

bool clip_ends(const struct clip *clip, size_t at)
{
	return atomic_load_explicit(&clip->complete, memory_order_acquire) &&
	       at >= atomic_load_explicit(&clip->ready, memory_order_acquire);
}

size_t clip_bytes(const struct clip *clip)
{
	size_t ready = atomic_load_explicit(&clip->ready, memory_order_relaxed);

	return sizeof(*clip) + (ready + CLIP_PIECE_SAMPLES - 1) / CLIP_PIECE_SAMPLES *
				       CLIP_PIECE_SAMPLES * sizeof(int16_t);
}

int64_t clip_duration_ms(const struct clip *clip)
{
	if (clip->duration_ms >= 0)
		return clip->duration_ms;
	if (!atomic_load_explicit(&clip->complete, memory_order_acquire))
		return -1;
	return (int64_t)atomic_load_explicit(&clip->ready, memory_order_acquire) * 1000 /
	       clip->sample_hz;
}
