/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of writers and sinks. */
#include "record/writers.h"

#include <string.h>

enum { WRITERS_MAX = 16, SINKS_MAX = 8 };

static const struct writer *writers[WRITERS_MAX];
static unsigned writer_count;
static const struct sink *sinks[SINKS_MAX];
static unsigned sink_count;

void writers_add(const struct writer *writer)
{
	if (writer_count < WRITERS_MAX && !writer_find(writer->name))
		writers[writer_count++] = writer;
}

void sinks_add(const struct sink *sink)
{
	if (sink_count < SINKS_MAX && !sink_find(sink->name))
		sinks[sink_count++] = sink;
}

void writers_clear(void)
{
	writer_count = 0;
	sink_count = 0;
}

const struct sink *sink_find(const char *name)
{
	for (unsigned i = 0; i < sink_count; i++)
		if (strcmp(sinks[i]->name, name) == 0)
			return sinks[i];
	return NULL;
}

const struct writer *writer_find(const char *name)
{
	for (unsigned i = 0; i < writer_count; i++)
		if (!strcmp(writers[i]->name, name))
			return writers[i];
	return NULL;
}

const struct writer *writer_of_file(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (unsigned i = 0; dot && i < writer_count; i++)
		if (!strcmp(writers[i]->extension, dot + 1))
			return writers[i];
	return NULL;
}
