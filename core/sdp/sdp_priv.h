/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared inside this folder: parse.c reads lines, attr.c values, media.c what they mean. */
#ifndef SDP_SDP_PRIV_H
#define SDP_SDP_PRIV_H

#include "base/arena.h"
#include "sdp/sdp.h"

enum { SDP_MAX_PAYLOAD_TYPE = 127 };

struct sdp_rtpmap {
	uint8_t payload_type;
	struct str name;
	uint32_t clock_hz;
	uint8_t channels;
};

/* Digits and nothing else, up to `max`. */
bool sdp_read_uint(struct str text, uint64_t max, uint64_t *ret_value);
bool sdp_read_payload_type(struct str text, uint8_t *ret_payload_type);
/* Without the blanks around it. */
struct str sdp_trim(struct str text);

const char *sdp_bandwidth_name(enum sdp_bandwidth_type type);

/* Values of attributes. False: the attribute counts as not there. */
bool sdp_read_rtpmap(struct str value, struct sdp_rtpmap *ret_rtpmap);
bool sdp_read_rtcp(struct str value, struct addr *ret_addr);
bool sdp_read_ptime(struct str value, int *ret_ms);
/* Is the value one that this attribute can have? */
bool sdp_attr_valid(enum sdp_attr_id id, struct str value);

/*
 * What stands behind "m=", up to and with the number of formats. NULL, or why it is refused.
 * `media` may be written in part then.
 */
const char *sdp_media_read_line(struct str value, struct sdp_media *media);
/* All that attributes say, once every section has its own. */
void sdp_media_resolve(struct arena *arena, struct sdp_media *media, unsigned count);

#endif
