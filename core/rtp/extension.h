/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header extensions of an RTP packet, of either form (RFC 8285). [any] */
#ifndef RTP_EXTENSION_H
#define RTP_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a walk through a packet's extensions is. */
struct rtp_extensions {
	uint8_t *at, *end;
	bool two_bytes;
};

struct rtp_extension {
	uint8_t id; /* as a=extmap has it; never 0 */
	uint8_t *element;
	size_t element_len; /* with its header, at most to the end of all */
	const uint8_t *value;
	size_t len;
};

/* False: the packet has none. */
bool rtp_extensions_begin(uint8_t *packet, size_t len, struct rtp_extensions *ret);
/* The next one; false: there is none any more. */
bool rtp_extensions_next(struct rtp_extensions *walk, struct rtp_extension *ret);

#endif
