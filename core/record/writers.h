/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file formats and methods of recordings there are. Plugins add theirs before any other thread exists;
 * then nothing changes and any thread may look.
 */
#ifndef RECORD_WRITERS_H
#define RECORD_WRITERS_H

#include "api/sink.h"

/* They must live until writers_clear; beyond a bound, and of two of a name, one is left out. */
void writers_add(const struct writer *writer);      /* [main] */
void sinks_add(const struct sink *sink);            /* [main] */
void writers_clear(void);                           /* [main], when nobody looks any more */
const struct writer *writer_find(const char *name); /* NULL: there is none */
const struct sink *sink_find(const char *name);     /* likewise */
/* By the ending of a file's name. NULL: there is none. */
const struct writer *writer_of_file(const char *path);

#endif
