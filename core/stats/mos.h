/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How good a stream sounds, estimated from what reports say of it (ITU-T G.107, simplified). */
#ifndef STATS_MOS_H
#define STATS_MOS_H

#include <stdint.h>

enum { MOS_MIN = 10, MOS_MAX = 45 };

/*
 * Mean opinion score times ten, rounded down: MOS_MIN to MOS_MAX. `rtt_us` is from end to end.
 * Never rises with any of the three. [any]
 */
unsigned mos_g107(uint32_t rtt_us, uint32_t jitter_ms, unsigned loss_percent);

#endif
