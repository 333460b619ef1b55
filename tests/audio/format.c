/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio.h"

#include <stdlib.h>

#include "codec/format.h"

bool format_parse(struct format *f, const char *text)
{
	g_auto(GStrv) part = g_strsplit(text, "/", 6);
	unsigned count = g_strv_length(part);

	if (count < 5)
		return false;
	*f = (struct format){ .pt = (uint8_t)atoi(part[0]), .codec = codec_find(str_of(part[1])) };
	g_strlcpy(f->fmtp, count > 5 ? part[5] : "", sizeof(f->fmtp));
	f->params = (struct codec_params){
		.clock_hz = (uint32_t)atoi(part[2]),
		.channels = (uint8_t)atoi(part[3]),
		.ptime_ms = (uint16_t)atoi(part[4]),
	};
	return f->codec && f->params.clock_hz && f->params.channels;
}

struct codec_audio format_audio(const struct format *f)
{
	return (struct codec_audio){ codec_sample_hz(f->codec, f->params.clock_hz),
		f->params.channels };
}

bool format_is_event(const struct format *f)
{
	return f->codec->flags & CODEC_EVENT;
}
