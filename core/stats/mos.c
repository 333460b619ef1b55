/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The E-model with all but delay and loss at their defaults. */
#include "stats/mos.h"

/*
 * What loss leaves of the rating. The approximation is a parabola, good for the loss that calls
 * survive; left of its lowest point it would rise again, so from there on a line leads to 0.
 */
static double rating_of_loss(unsigned loss_percent)
{
	const double best = 93.2, lowest = 77.5;
	double r = loss_percent > 93 ? 0 : best - loss_percent;
	double at = r > lowest ? r : lowest;
	double rating = 0.18 * at * at - 27.9 * at + 1126.62;

	return r > lowest ? rating : rating * r / lowest;
}

static double impairment_of_delay(uint32_t rtt_us, uint32_t jitter_ms)
{
	const double noticed_ms = 177.3;
	double delay_ms = rtt_us / 2000.0 + jitter_ms;
	double impairment = 0.024 * delay_ms;

	return delay_ms > noticed_ms ? impairment + 0.11 * (delay_ms - noticed_ms) : impairment;
}

unsigned mos_g107(uint32_t rtt_us, uint32_t jitter_ms, unsigned loss_percent)
{
	double r = rating_of_loss(loss_percent) - impairment_of_delay(rtt_us, jitter_ms);
	double mos;

	if (r < 0)
		return MOS_MIN;
	if (r > 100)
		return MOS_MAX;
	mos = 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
	/* The cubic dips below 1 for small ratings. */
	return mos < 1 ? MOS_MIN : (unsigned)(mos * 10);
}
