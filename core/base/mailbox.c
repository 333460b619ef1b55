/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages between threads. Senders push onto a stack; the reader takes the whole stack at once
 * and turns it round. (Nothing is ever popped singly, so a message that comes back to the top
 * while a sender compares pointers does no harm: the sender's link to it is right again.)
 *
 * Waking. `signalled` is set by the one sender that found it clear, and that sender then writes
 * the eventfd once; the reader clears it only after it has read that write. So it is set exactly
 * while a write is under way or lies unread, the eventfd never holds more than one, and while it
 * is clear the eventfd is empty: no turn of the reader's poll is for nothing.
 *
 * No wake-up is lost. Say a sender has pushed M and then finds `signalled` set. All changes of
 * `signalled` are read-modify-writes with acquire and release, so they have one order, and each
 * sees what came before the earlier ones. The write that `signalled` stands for is still to be
 * read when the sender looks (the reader would have cleared the flag otherwise), so the reader's
 * poll will return, and the reader will clear the flag after the sender looked. That clearing
 * sees M's push, and the reader takes the stack after it: M is found. If the sender finds the
 * flag clear, it writes the eventfd after the reader's last reading of it (which came before the
 * clearing the sender saw), so this write stays until the reader's poll returns for it.
 */
#include "base/mailbox.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib.h>

struct mailbox {
	_Atomic(struct message *) posted; /* newest first; pushed by senders, taken by the reader */
	atomic_bool signalled;            /* see above */
	_Atomic(struct message *) taken;  /* oldest first; changed by the reader alone */
	int fd;
};

struct mailbox *mailbox_new(void)
{
	struct mailbox *box = g_new0(struct mailbox, 1);

	box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->fd < 0) {
		g_free(box);
		return NULL;
	}
	return box;
}

void mailbox_free(struct mailbox *box)
{
	if (!box)
		return;
	while (mailbox_run(box) > 0)
		;
	close(box->fd);
	g_free(box);
}

/* --- senders --- */

static void signal_reader(struct mailbox *box)
{
	if (atomic_exchange_explicit(&box->signalled, true, memory_order_acq_rel))
		return;
	const uint64_t one = 1;
	while (write(box->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void mailbox_post(struct mailbox *box, struct message *message, enum wake wake)
{
	struct message *top = atomic_load_explicit(&box->posted, memory_order_relaxed);

	do
		message->next = top;
	while (!atomic_compare_exchange_weak_explicit(
		&box->posted, &top, message, memory_order_release, memory_order_relaxed));
	if (wake == WAKE_NOW)
		signal_reader(box);
}

/* A stack that is not empty is the mark that WAKE_LATER leaves. */
void mailbox_flush(struct mailbox *box)
{
	if (atomic_load_explicit(&box->posted, memory_order_relaxed))
		signal_reader(box);
}

int mailbox_fd(const struct mailbox *box)
{
	return box->fd;
}

/* `posted` first: who sees it emptied by the reader also sees what take_posted() put in `taken`. */
bool mailbox_pending(const struct mailbox *box)
{
	return atomic_load_explicit(&box->posted, memory_order_acquire) ||
	       atomic_load_explicit(&box->taken, memory_order_relaxed);
}

/* --- reader --- */

/* When the write is still under way, the flag stays: that write will wake us again. */
static void accept_signal(struct mailbox *box)
{
	uint64_t count;

	if (!atomic_load_explicit(&box->signalled, memory_order_relaxed))
		return;
	if (read(box->fd, &count, sizeof(count)) == sizeof(count))
		atomic_exchange_explicit(&box->signalled, false, memory_order_acq_rel);
}

static void take_posted(struct mailbox *box)
{
	struct message *newest = atomic_load_explicit(&box->posted, memory_order_relaxed);
	struct message *oldest = NULL;

	if (!newest)
		return;
	/* Any value but NULL will do, so that mailbox_pending has no gap to look through. */
	atomic_store_explicit(&box->taken, newest, memory_order_relaxed);
	newest = atomic_exchange_explicit(&box->posted, NULL, memory_order_acq_rel);
	while (newest) {
		struct message *older = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = older;
	}
	atomic_store_explicit(&box->taken, oldest, memory_order_relaxed);
}

static unsigned run_taken(struct mailbox *box)
{
	struct message *message;
	unsigned n = 0;

	while ((message = atomic_load_explicit(&box->taken, memory_order_relaxed))) {
		atomic_store_explicit(&box->taken, message->next, memory_order_relaxed);
		message->run(message);
		n++;
	}
	return n;
}

/* A message may call this again: what was taken before it then still runs before what was not. */
unsigned mailbox_run(struct mailbox *box)
{
	accept_signal(box);
	unsigned n = run_taken(box);
	take_posted(box);
	return n + run_taken(box);
}
