/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What libavcodec can do and no other plugin does, or does not where its library is missing
 * (table.c). Builds of the library differ: each direction of each codec is looked up at start.
 */
#include "avcodec.h"

#include "api/host.h"
#include "api/plugin.h"

#include <libavutil/log.h>

struct instance {
	unsigned count;
	struct entry {
		struct codec codec;
		struct codec_decoder decoder;
		struct codec_encoder encoder;
	} entries[]; /* fixed: descriptors point into it */
};

static void probe(const struct host *host, const struct av_row *row, struct entry *e)
{
	e->codec = row->codec;
	e->decoder = av_decoder;
	e->encoder = av_encoder;
	e->decoder.data = e->encoder.data = row;
	if (av_row_decoder(row))
		e->codec.decoder = &e->decoder;
	else
		host->log(host, HOST_DEBUG, "libavcodec has no decoder for %s", row->codec.name);
	if (av_row_encoder(row))
		e->codec.encoder = &e->encoder;
	else
		host->log(host, HOST_DEBUG, "libavcodec has no encoder for %s", row->codec.name);
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	struct instance *self;
	unsigned count = 0;

	(void)error;
	while (av_row_at(count))
		count++;
	self = g_malloc0(sizeof(*self) + count * sizeof(self->entries[0]));
	self->count = count;
	av_log_set_level(AV_LOG_QUIET);
	for (unsigned i = 0; i < count; i++) {
		struct entry *e = &self->entries[i];

		probe(host, av_row_at(i), e);
		if (e->codec.decoder || e->codec.encoder)
			host->add_codec(host, &e->codec);
	}
	*ret_instance = self;
	return 0;
}

static void close_plugin(void *instance)
{
	g_free(instance);
}

PLUGIN_EXPORT(avcodec) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_CODEC,
	.name = "avcodec",
	.description = "Codecs of libavcodec",
	.init = init,
	.close = close_plugin,
};
