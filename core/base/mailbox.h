/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages between threads: many senders, one reader, no lock. A message is a closure: its
 * `run` is called once on the reader's thread and owns the message from then on.
 *
 * Waking a sleeping thread costs more than all else a message does, so a sender says whether
 * the reader must know at once (WAKE_NOW) or at its next wake-up (WAKE_LATER): the sender's
 * loop then wakes it within MAILBOX_LATER_US if nothing else has.
 */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

enum { MAILBOX_LATER_US = 10 * 1000 };

enum wake { WAKE_NOW, WAKE_LATER };

struct message {
	struct message *next; /* of the mailbox while it is there */
	void (*run)(struct message *message);
};

struct mailbox;

struct mailbox *mailbox_new(void);      /* owned by the reader; NULL: no descriptors left */
void mailbox_free(struct mailbox *box); /* messages still in it are run first */
/* The message is the reader's from here on. [any] */
void mailbox_post(struct mailbox *box, struct message *message, enum wake wake);
/* Wakes the reader if something was posted with WAKE_LATER and not read yet. [any] */
void mailbox_flush(struct mailbox *box);
/* Readable when there is something to read: for the reader's poll. */
int mailbox_fd(const struct mailbox *box);
/* Runs what is there, oldest first; returns how many. [reader] */
unsigned mailbox_run(struct mailbox *box);
/* Is something posted and not run yet? [any] */
bool mailbox_pending(const struct mailbox *box);

#endif
