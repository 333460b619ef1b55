/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and numbers of SDP that are the same in every body: transports, media types, directions
 * and static payload types. */
#include "sdp/sdp_priv.h"

#include <glib.h>

static const struct sdp_transport_info transports[] = {
	[SDP_RTP_AVP] = { .name = "RTP/AVP", .rtp = true },
	[SDP_RTP_SAVP] = { .name = "RTP/SAVP", .rtp = true, .srtp = true },
	[SDP_RTP_AVPF] = { .name = "RTP/AVPF", .rtp = true, .feedback = true },
	[SDP_RTP_SAVPF] = { .name = "RTP/SAVPF", .rtp = true, .srtp = true, .feedback = true },
	[SDP_UDP_TLS_RTP_SAVP] = { .name = "UDP/TLS/RTP/SAVP",
		.rtp = true,
		.srtp = true,
		.dtls = true },
	[SDP_UDP_TLS_RTP_SAVPF] = { .name = "UDP/TLS/RTP/SAVPF",
		.rtp = true,
		.srtp = true,
		.feedback = true,
		.dtls = true },
	[SDP_UDPTL] = { .name = "udptl" },
	[SDP_TRANSPORT_OTHER] = { .name = NULL },
};

static const char *const media_types[] = {
	[SDP_AUDIO] = "audio",
	[SDP_VIDEO] = "video",
	[SDP_IMAGE] = "image",
	[SDP_MESSAGE] = "message",
	[SDP_TEXT] = "text",
	[SDP_APPLICATION] = "application",
};

static const char *const directions[] = {
	[SDP_SENDRECV] = "sendrecv",
	[SDP_SENDONLY] = "sendonly",
	[SDP_RECVONLY] = "recvonly",
	[SDP_INACTIVE] = "inactive",
};

static const char *const bandwidth_types[] = {
	[SDP_BW_AS] = "AS",
	[SDP_BW_RR] = "RR",
	[SDP_BW_RS] = "RS",
	[SDP_BW_CT] = "CT",
	[SDP_BW_TIAS] = "TIAS",
};

/*
 * RFC 3551, but for 10 and 11: there the RFC has two channels and one, and the clients of this
 * protocol have always been shown one and two.
 */
static const struct {
	const char *name;
	uint32_t clock_hz;
	uint8_t channels;
} static_formats[] = {
	[0] = { "PCMU", 8000, 1 },
	[3] = { "GSM", 8000, 1 },
	[4] = { "G723", 8000, 1 },
	[5] = { "DVI4", 8000, 1 },
	[6] = { "DVI4", 16000, 1 },
	[7] = { "LPC", 8000, 1 },
	[8] = { "PCMA", 8000, 1 },
	[9] = { "G722", 8000, 1 },
	[10] = { "L16", 44100, 1 },
	[11] = { "L16", 44100, 2 },
	[12] = { "QCELP", 8000, 1 },
	[13] = { "CN", 8000, 1 },
	[14] = { "MPA", 90000, 1 },
	[15] = { "G728", 8000, 1 },
	[16] = { "DVI4", 11025, 1 },
	[17] = { "DVI4", 22050, 1 },
	[18] = { "G729", 8000, 1 },
	[25] = { "CelB", 90000, 1 },
	[26] = { "JPEG", 90000, 1 },
	[28] = { "nv", 90000, 1 },
	[31] = { "H261", 90000, 1 },
	[32] = { "MPV", 90000, 1 },
	[33] = { "MP2T", 90000, 1 },
	[34] = { "H263", 90000, 1 },
};

const struct sdp_transport_info *sdp_transport_info(enum sdp_transport transport)
{
	return &transports[transport];
}

enum sdp_transport sdp_transport_find(struct str text)
{
	unsigned i;

	for (i = 0; i < SDP_TRANSPORT_OTHER; i++) {
		if (str_is_nocase(text, transports[i].name))
			return (enum sdp_transport)i;
	}
	return SDP_TRANSPORT_OTHER;
}

enum sdp_media_type sdp_media_type_find(struct str text)
{
	unsigned i;

	for (i = 0; i < SDP_OTHER; i++) {
		if (str_is_nocase(text, media_types[i]))
			return (enum sdp_media_type)i;
	}
	return SDP_OTHER;
}

const char *sdp_direction_name(enum sdp_direction direction)
{
	return directions[direction];
}

const char *sdp_bandwidth_name(enum sdp_bandwidth_type type)
{
	return bandwidth_types[type];
}

bool sdp_static_format(uint8_t payload_type, struct sdp_format *ret_format)
{
	if (payload_type >= G_N_ELEMENTS(static_formats) || !static_formats[payload_type].name)
		return false;
	*ret_format = (struct sdp_format){
		.payload_type = payload_type,
		.encoding = str_of(static_formats[payload_type].name),
		.clock_hz = static_formats[payload_type].clock_hz,
		.channels = static_formats[payload_type].channels,
	};
	return true;
}
