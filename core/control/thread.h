/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control thread: a GMainContext that serves the listeners, what workers send, and the
 * clock. It owns all calls.
 */
#ifndef CONTROL_THREAD_H
#define CONTROL_THREAD_H

#include "call/call.h"
#include "control/command.h"

#include <glib.h>

struct control_thread;

/* What workers answer to: make it first. NULL: no descriptors left. [main] */
struct control_thread *control_thread_new(void);
struct mailbox *control_thread_mailbox(struct control_thread *thread);
GMainContext *control_thread_context(struct control_thread *thread);
/* `calls` and `workers` are borrowed. 0 or -errno. [main] */
int control_thread_start(struct control_thread *thread, struct call_table *calls,
	struct media_worker *const *workers, unsigned worker_count);
/* Ends and joins it. [main] */
void control_thread_stop(struct control_thread *thread);
void control_thread_free(struct control_thread *thread); /* stopped; NULL is fine */

#endif
