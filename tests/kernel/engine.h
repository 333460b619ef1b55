/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon in the guest: started, asked, ended. */
#ifndef KERNEL_ENGINE_H
#define KERNEL_ENGINE_H

#include "api/dict.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct engine {
	uint16_t port; /* of NG, on loopback; 0: the usual one */
	pid_t pid;     /* 0: none runs */
	int status;    /* of one that has ended, as waitpid tells it */
	int fd;
	unsigned serial;
	struct dict *reply;
};

/*
 * With options as a daemon at work has them, and those that follow, up to NULL. Waits until it
 * answers; false: it has ended instead. What it says goes to a file.
 */
bool engine_start(struct engine *e, ...) __attribute__((sentinel));
/* Its exit status; -1: it died of a signal, as it must of SIGKILL. */
int engine_stop(struct engine *e, int number);
/*
 * One command in JSON, without the braces around it. The answer, or NULL where there was none;
 * good until the next one.
 */
const struct value *engine_ask(struct engine *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Of an answer, down a path like "tags/a/medias/0"; NULL: there is no such thing. */
const struct value *engine_at(const struct value *v, const char *path);
bool engine_ok(const struct value *answer); /* its result; says what it is otherwise */
/* Did it log this? / A counter or reason of the Totals it logs in the end. */
bool engine_said(const struct engine *e, const char *text);
long long engine_total(const struct engine *e, const char *name);
/* CPU time that it has used so far, by all its threads. */
uint64_t engine_cpu_ns(const struct engine *e);

#endif
