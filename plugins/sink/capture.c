/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recording method pcap (spec daemon 10.1): all packets of a call, as they are, to a pcap writer. */
#include "api/host.h"
#include "api/plugin.h"
#include "api/sink.h"

#include <errno.h>
#include <string.h>

struct capture {
	void *file; /* the writer's; NULL: it was closed */
};

/* Set at start, constant afterwards. */
static struct {
	const struct host *host;
	const struct writer *writer;
	bool ethernet;
} setup;

static int prepare(const char **ret_extension, char *error)
{
	g_autofree char *format = setup.host->option(setup.host, "recording-format");

	setup.writer = setup.host->find_writer(setup.host, "pcap");
	if (!setup.writer) {
		g_strlcpy(error,
			"Recording as pcap is not possible: no plugin that was loaded writes that",
			PLUGIN_ERROR_BYTES);
		return -ENOTSUP;
	}
	setup.ethernet = g_strcmp0(format, "eth") == 0;
	*ret_extension = setup.writer->extension;
	return 0;
}

static int open_recording(int fd, void **ret_recording)
{
	const struct writer_format format = { .ethernet = setup.ethernet };
	struct capture *self = g_new0(struct capture, 1);
	int ret = setup.writer->open(fd, &format, &self->file);

	if (ret < 0) {
		g_free(self);
		return ret;
	}
	*ret_recording = self;
	return 0;
}

static int packet(void *recording, const struct sink_packet *p)
{
	struct capture *self = recording;

	return setup.writer->packet(self->file, &p->datagram);
}

static int advance(void *recording, int64_t now_us)
{
	struct capture *self = recording;

	(void)now_us;
	return setup.writer->flush(self->file);
}

static int finish(void *recording)
{
	struct capture *self = recording;

	return setup.writer->close(g_steal_pointer(&self->file));
}

static void close_recording(void *recording)
{
	struct capture *self = recording;

	if (self->file)
		setup.writer->close(self->file);
	g_free(self);
}

static const struct sink sink = {
	.name = "pcap",
	.folder = "pcaps",
	.prepare = prepare,
	.open = open_recording,
	.packet = packet,
	.advance = advance,
	.finish = finish,
	.close = close_recording,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	setup.host = host;
	host->add_sink(host, &sink);
	return 0;
}

static const struct plugin_option options[] = {
	{ "recording-format", "raw", "Link layer of pcap recordings" },
	{ 0 },
};

PLUGIN_EXPORT(capture) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_SINK,
	.name = "capture",
	.description = "Recordings of calls as the packets received",
	.options = options,
	.init = init,
};
