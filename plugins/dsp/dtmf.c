/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTMF found in audio by spandsp: its receiver with usual thresholds, asked for each change at
 * once. It looks at blocks of 102 samples and wants a digit in two of them.
 */
#include "api/dsp.h"
#include "api/host.h"
#include "api/plugin.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spandsp.h>

struct detector {
	dtmf_rx_state_t *rx;
	int code; /* of the digit that goes on; -1: none */
	uint8_t volume;
};

static int code_of(int digit)
{
	static const char digits[] = "0123456789*#ABCD";
	const char *at = digit ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void on_change(void *user_data, int digit, int level, int delay)
{
	struct detector *d = user_data;

	(void)delay;
	d->code = code_of(digit);
	if (d->code >= 0)
		d->volume = (uint8_t)CLAMP(-level, 0, 63);
}

static int open_detector(void **ret_state)
{
	struct detector *d = g_new0(struct detector, 1);

	d->code = -1;
	d->rx = dtmf_rx_init(NULL, NULL, NULL);
	if (!d->rx) {
		g_free(d);
		return -ENOMEM;
	}
	dtmf_rx_set_realtime_callback(d->rx, on_change, d);
	*ret_state = d;
	return 0;
}

static void close_detector(void *state)
{
	struct detector *d = state;

	dtmf_rx_free(d->rx);
	g_free(d);
}

static int run(void *state, const int16_t *samples, size_t count, uint8_t *ret_volume)
{
	struct detector *d = state;

	dtmf_rx(d->rx, samples, (int)count);
	*ret_volume = d->volume;
	return d->code;
}

static void fill(void *state, size_t count)
{
	struct detector *d = state;

	dtmf_rx_fillin(d->rx, (int)count);
}

static const struct dsp_dtmf detector = {
	.name = "spandsp", .open = open_detector, .close = close_detector, .run = run, .fill = fill
};

/* 100 ms of two tones, then 100 ms of nothing: that digit, then none. */
static bool hears(void *state, double low_hz, double high_hz, int code)
{
	int16_t samples[DSP_DTMF_PIECE];
	int heard = -1, after = 0;
	uint8_t volume;

	for (unsigned n = 0; n < 20; n++) {
		for (unsigned i = 0; i < DSP_DTMF_PIECE; i++) {
			double t = (double)(n * DSP_DTMF_PIECE + i) / DSP_DTMF_HZ;
			double both = sin(2 * M_PI * low_hz * t) + sin(2 * M_PI * high_hz * t);

			samples[i] = n < 10 ? (int16_t)(5000 * both) : 0;
		}
		after = run(state, samples, DSP_DTMF_PIECE, &volume);
		if (n == 9)
			heard = after;
	}
	return heard == code && after == -1;
}

static int self_test(char *error)
{
	void *state;
	bool fine;

	if (open_detector(&state) < 0) {
		g_strlcpy(error, "no detector", PLUGIN_ERROR_BYTES);
		return -1;
	}
	fine = hears(state, 770, 1336, 5) && hears(state, 941, 1209, 10) &&
	       hears(state, 697, 1633, 12) && hears(state, 440, 480, -1);
	close_detector(state);
	if (!fine)
		g_strlcpy(error, "digits are not told", PLUGIN_ERROR_BYTES);
	return fine ? 0 : -1;
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_dtmf(host, &detector);
	return 0;
}

PLUGIN_EXPORT(dtmf) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_DSP,
	.name = "dtmf",
	.description = "Digits found in audio (spandsp)",
	.self_test = self_test,
	.init = init,
};
