/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control's side of a session, for session.c and session_run.c. */
#ifndef MEDIA_SESSION_PRIV_H
#define MEDIA_SESSION_PRIV_H

#include "base/list.h"
#include "media/session.h"

#include <glib.h>

struct session {
	struct session_state *state;
	struct mailbox *control;
	struct media_worker *worker;     /* who has it, or gets it next */
	struct stream_set *latest;       /* the last one made; NULL before */
	GQueue held;                     /* struct stream_set: wait until a move is over */
	GQueue held_messages;            /* struct message for the worker: likewise */
	struct list offloaded;           /* struct offloaded, by of_session */
	bool moving;                     /* on its way between two workers */
	bool dropping;                   /* to be dropped as soon as a move is over */
	session_recalled_fn on_recalled; /* NULL: nobody waits for it */
	void *recalled_arg;
	session_dropped_fn on_dropped;
	void *dropped_arg;
};

#endif
