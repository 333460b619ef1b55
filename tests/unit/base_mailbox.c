/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages between threads: order, ownership, and that no wake-up is lost or made for nothing. */
#include "base/mailbox.h"

#include <poll.h>
#include <unistd.h>

#include <glib.h>

#include "base/list.h"

enum {
	SENDERS = 4,
	PER_SENDER = 20000,
	ROUNDS = 20000,
	LOST_MS = 20000, /* a wake-up not come by then never will */
};

/* A message that writes its number at the end of a list. */
struct note {
	struct message message;
	GArray *out;
	int number;
};

static void note_run(struct message *message)
{
	struct note *note = container_of(message, struct note, message);

	g_array_append_val(note->out, note->number);
}

static struct note note_make(GArray *out, int number)
{
	return (struct note){ .message.run = note_run, .out = out, .number = number };
}

static bool readable(const struct mailbox *box)
{
	struct pollfd fd = { .fd = mailbox_fd(box), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void test_runs_oldest_first(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note notes[5];

	for (int i = 0; i < 5; i++) {
		notes[i] = note_make(out, i);
		mailbox_post(box, &notes[i].message, i % 2 ? WAKE_NOW : WAKE_LATER);
	}
	g_assert_cmpuint(mailbox_run(box), ==, 5);
	for (int i = 0; i < 5; i++)
		g_assert_cmpint(g_array_index(out, int, i), ==, i);
	g_assert_cmpuint(mailbox_run(box), ==, 0);
	mailbox_free(box);
	g_array_unref(out);
}

static void test_now_makes_it_readable_until_run(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 1);

	g_assert_false(readable(box));
	mailbox_post(box, &note.message, WAKE_NOW);
	g_assert_true(readable(box));
	mailbox_run(box);
	g_assert_false(readable(box));
	mailbox_post(box, &note.message, WAKE_NOW);
	g_assert_true(readable(box));
	mailbox_free(box);
	g_array_unref(out);
}

static void test_wakes_once_for_many(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note notes[3];
	uint64_t writes;

	for (int i = 0; i < 3; i++) {
		notes[i] = note_make(out, i);
		mailbox_post(box, &notes[i].message, WAKE_NOW);
	}
	mailbox_flush(box);
	g_assert_cmpint(read(mailbox_fd(box), &writes, sizeof(writes)), ==, sizeof(writes));
	g_assert_cmpuint(writes, ==, 1);
	mailbox_free(box);
	g_array_unref(out);
}

static void test_later_does_not_wake_until_flushed(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 1);

	mailbox_post(box, &note.message, WAKE_LATER);
	g_assert_false(readable(box));
	mailbox_flush(box);
	g_assert_true(readable(box));
	g_assert_cmpuint(mailbox_run(box), ==, 1);
	g_assert_false(readable(box));
	mailbox_free(box);
	g_array_unref(out);
}

static void test_later_is_run_without_a_wake_up(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 1);

	mailbox_post(box, &note.message, WAKE_LATER);
	g_assert_cmpuint(mailbox_run(box), ==, 1);
	g_assert_cmpuint(out->len, ==, 1);
	mailbox_free(box);
	g_array_unref(out);
}

static void test_flush_of_nothing_does_not_wake(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 1);

	mailbox_flush(box);
	g_assert_false(readable(box));
	mailbox_post(box, &note.message, WAKE_LATER);
	mailbox_run(box);
	mailbox_flush(box);
	g_assert_false(readable(box));
	mailbox_free(box);
	g_array_unref(out);
}

/*
 * A sender may be held up between claiming the wake-up and writing it, which is played here by
 * taking its write away and making it late. The late one must not stay readable for ever.
 */
static void test_late_write_is_read_at_the_next_run(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 1);
	uint64_t write_held_up;

	mailbox_post(box, &note.message, WAKE_NOW);
	g_assert_cmpint(read(mailbox_fd(box), &write_held_up, sizeof(write_held_up)), ==, 8);
	g_assert_cmpuint(mailbox_run(box), ==, 1);
	g_assert_cmpint(write(mailbox_fd(box), &write_held_up, sizeof(write_held_up)), ==, 8);
	g_assert_true(readable(box));
	g_assert_cmpuint(mailbox_run(box), ==, 0);
	g_assert_false(readable(box));
	mailbox_post(box, &note.message, WAKE_NOW);
	g_assert_true(readable(box));
	mailbox_free(box);
	g_array_unref(out);
}

/* A message that tells whether others wait, and may post or run more. */
struct asker {
	struct message message;
	struct mailbox *box;
	struct message *post;
	bool run_more;
	bool pending;
};

static void asker_run(struct message *message)
{
	struct asker *asker = container_of(message, struct asker, message);

	asker->pending = mailbox_pending(asker->box);
	if (asker->post)
		mailbox_post(asker->box, asker->post, WAKE_NOW);
	if (asker->run_more)
		mailbox_run(asker->box);
}

static void test_pending_until_the_last_one_runs(void)
{
	struct mailbox *box = mailbox_new();
	struct asker first = { .message.run = asker_run, .box = box };
	struct asker last = first;

	g_assert_false(mailbox_pending(box));
	mailbox_post(box, &first.message, WAKE_LATER);
	mailbox_post(box, &last.message, WAKE_LATER);
	g_assert_true(mailbox_pending(box));
	mailbox_run(box);
	g_assert_true(first.pending);
	g_assert_false(last.pending);
	g_assert_false(mailbox_pending(box));
	mailbox_free(box);
}

/* A message that posts itself again must not keep its reader from the rest of the turn. */
static void test_posted_while_running_waits_for_the_next_run(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 1);
	struct asker asker = { .message.run = asker_run, .box = box, .post = &note.message };

	mailbox_post(box, &asker.message, WAKE_NOW);
	g_assert_cmpuint(mailbox_run(box), ==, 1);
	g_assert_cmpuint(out->len, ==, 0);
	g_assert_true(readable(box));
	g_assert_cmpuint(mailbox_run(box), ==, 1);
	g_assert_cmpuint(out->len, ==, 1);
	mailbox_free(box);
	g_array_unref(out);
}

static void test_run_from_a_message_keeps_the_order(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note taken = note_make(out, 1), posted = note_make(out, 2);
	struct asker asker = {
		.message.run = asker_run, .box = box, .post = &posted.message, .run_more = true
	};

	mailbox_post(box, &asker.message, WAKE_NOW);
	mailbox_post(box, &taken.message, WAKE_NOW);
	mailbox_run(box);
	g_assert_cmpuint(out->len, ==, 2);
	g_assert_cmpint(g_array_index(out, int, 0), ==, 1);
	g_assert_cmpint(g_array_index(out, int, 1), ==, 2);
	g_assert_false(mailbox_pending(box));
	mailbox_free(box);
	g_array_unref(out);
}

static void free_run(struct message *message)
{
	g_free(message);
}

static void test_message_may_free_itself(void)
{
	struct mailbox *box = mailbox_new();

	for (int i = 0; i < 3; i++) {
		struct message *message = g_new0(struct message, 1);

		message->run = free_run;
		mailbox_post(box, message, WAKE_LATER);
	}
	g_assert_cmpuint(mailbox_run(box), ==, 3);
	mailbox_free(box);
}

static void test_free_runs_what_is_left(void)
{
	struct mailbox *box = mailbox_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
	struct note note = note_make(out, 7);
	struct asker asker = { .message.run = asker_run, .box = box, .post = &note.message };

	mailbox_post(box, &asker.message, WAKE_LATER);
	mailbox_free(box);
	g_assert_cmpuint(out->len, ==, 1);
	g_array_unref(out);
}

/* --- threads --- */

/* What the reader knows of each sender; touched by the reader's thread only. */
struct tally {
	int next[SENDERS];
	unsigned total;
};

struct numbered {
	struct message message;
	struct tally *tally;
	int sender, number;
};

struct sender {
	struct mailbox *box;
	struct tally *tally;
	int id;
};

static void numbered_run(struct message *message)
{
	struct numbered *numbered = container_of(message, struct numbered, message);

	g_assert_cmpint(numbered->tally->next[numbered->sender], ==, numbered->number);
	numbered->tally->next[numbered->sender]++;
	numbered->tally->total++;
	g_free(numbered);
}

/* Kinds of posting differ from sender to sender and are mixed, so that all of them race. */
static gpointer send_all(gpointer arg)
{
	const struct sender *sender = arg;

	for (int i = 0; i < PER_SENDER; i++) {
		struct numbered *numbered = g_new0(struct numbered, 1);

		*numbered = (struct numbered){ .message.run = numbered_run,
			.tally = sender->tally,
			.sender = sender->id,
			.number = i };
		bool later = (i + sender->id) % (sender->id + 2) != 0;
		mailbox_post(sender->box, &numbered->message, later ? WAKE_LATER : WAKE_NOW);
		if (later && i % 3 == 0)
			mailbox_flush(sender->box);
	}
	mailbox_flush(sender->box);
	return NULL;
}

/* Sleeps until woken; a wake-up that does not come fails the test. */
static void wait_and_run(struct mailbox *box)
{
	struct pollfd fd = { .fd = mailbox_fd(box), .events = POLLIN };

	g_assert_cmpint(poll(&fd, 1, LOST_MS), ==, 1);
	mailbox_run(box);
}

static void test_many_senders_lose_nothing(void)
{
	struct mailbox *box = mailbox_new();
	struct tally tally = { .total = 0 };
	struct sender senders[SENDERS];
	GThread *threads[SENDERS];

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ .box = box, .tally = &tally, .id = i };
		threads[i] = g_thread_new("sender", send_all, &senders[i]);
	}
	while (tally.total < SENDERS * PER_SENDER)
		wait_and_run(box);
	for (int i = 0; i < SENDERS; i++) {
		g_thread_join(threads[i]);
		g_assert_cmpint(tally.next[i], ==, PER_SENDER);
	}
	g_assert_false(mailbox_pending(box));
	mailbox_free(box);
}

/*
 * One ball between two players that sleep until it comes: with nothing else under way, a single
 * lost wake-up stops the game. Touched by whoever's turn it is.
 */
struct ball {
	struct message message;
	int caught;
};

struct player {
	struct mailbox *own, *other;
	struct ball *ball;
	enum wake wake;
	int rounds;
};

static void ball_run(struct message *message)
{
	container_of(message, struct ball, message)->caught++;
}

static void throw_ball(const struct player *player)
{
	mailbox_post(player->other, &player->ball->message, player->wake);
	if (player->wake == WAKE_LATER)
		mailbox_flush(player->other);
}

/* A run that finds nothing is possible: the last message's wake-up may come after its taking. */
static gpointer play(gpointer arg)
{
	const struct player *player = arg;

	for (int i = 0; i < player->rounds; i++) {
		struct pollfd fd = { .fd = mailbox_fd(player->own), .events = POLLIN };

		do
			g_assert_cmpint(poll(&fd, 1, LOST_MS), ==, 1);
		while (mailbox_run(player->own) == 0);
		throw_ball(player);
	}
	return NULL;
}

static void test_no_wake_up_is_lost_between_sleepers(void)
{
	struct mailbox *left = mailbox_new(), *right = mailbox_new();
	struct ball ball = { .message.run = ball_run };
	struct player a = { left, right, &ball, WAKE_NOW, ROUNDS };
	struct player b = { right, left, &ball, WAKE_LATER, ROUNDS };

	throw_ball(&b);
	GThread *thread = g_thread_new("player", play, &a);
	play(&b);
	g_thread_join(thread);
	mailbox_run(left);
	g_assert_cmpint(ball.caught, ==, 2 * ROUNDS + 1);
	mailbox_free(left);
	mailbox_free(right);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/mailbox/order", test_runs_oldest_first);
	g_test_add_func("/base/mailbox/now", test_now_makes_it_readable_until_run);
	g_test_add_func("/base/mailbox/once", test_wakes_once_for_many);
	g_test_add_func("/base/mailbox/later", test_later_does_not_wake_until_flushed);
	g_test_add_func("/base/mailbox/later-run", test_later_is_run_without_a_wake_up);
	g_test_add_func("/base/mailbox/flush-empty", test_flush_of_nothing_does_not_wake);
	g_test_add_func("/base/mailbox/late-write", test_late_write_is_read_at_the_next_run);
	g_test_add_func("/base/mailbox/pending", test_pending_until_the_last_one_runs);
	g_test_add_func(
		"/base/mailbox/post-in-run", test_posted_while_running_waits_for_the_next_run);
	g_test_add_func("/base/mailbox/run-in-run", test_run_from_a_message_keeps_the_order);
	g_test_add_func("/base/mailbox/free-self", test_message_may_free_itself);
	g_test_add_func("/base/mailbox/free", test_free_runs_what_is_left);
	g_test_add_func("/base/mailbox/many-senders", test_many_senders_lose_nothing);
	g_test_add_func("/base/mailbox/sleepers", test_no_wake_up_is_lost_between_sleepers);
	return g_test_run();
}
