/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes from control and the thread that carries them out. What waits is a table by address in
 * which a port's latest change replaces the one before, so it cannot outgrow the port range; the
 * thread takes the table as a whole.
 *
 * A batch that was refused may have met a rule that somebody else has deleted, a comment that is
 * not liked, or a chain that is gone. So the chain is written anew without it: if that works, its
 * rules are tried apart, else all wait for a while.
 */
#include "firewall/firewall.h"

#include <errno.h>
#include <pthread.h>

#include <glib.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/restore.h"
#include "firewall/rules.h"
#include "stats/reason.h"

enum {
	SECOND_US = 1000 * 1000,
	/* Rules of a call, and of calls that begin at once, go together. */
	GATHER_US = 5000,
	/*
	 * Deleting makes the program read the whole chain, so closed ports are gathered longer, and
	 * so that deleting takes no more than a tenth of the time in which ports may be opened.
	 */
	CLOSE_EVERY_US = SECOND_US,
	CLOSE_REST = 10,
	RETRY_FIRST_US = SECOND_US,
	RETRY_MOST_US = 60 * SECOND_US,
	/* So many rules refused one by one, and none taken: it is not the rules. */
	HOPELESS = 16,
	/* Each deletion goes through the chain; beyond so many, writing it anew costs less. */
	MOST_DELETIONS = 100,
};

/* What became of a port; `addr` is the key. */
struct change {
	struct addr addr;
	bool opened;
	char comment[]; /* of an opened one */
};

struct family {
	enum addr_family family;
	const char *name;
	struct rules *rules;
	bool expected;         /* there will be ports of it */
	bool anew;             /* what is in the chain is not known */
	bool failing;          /* the latest attempt failed */
	int64_t retry_us;      /* how long to wait after the next failure */
	int64_t not_before_us; /* for anything */
	int64_t close_at_us;   /* for deletions */
};

struct firewall {
	const char *chain;
	struct port_guard guard;
	struct restore *restore;
	struct family families[2];
	GString *text;

	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* for what follows; never held for long */
	pthread_cond_t wake;
	GHashTable *changes;
	bool stop;
};

bool firewall_chain_is_valid(const char *chain)
{
	return rules_chain_is_valid(chain);
}

/* --- control's side --- */

static GHashTable *changes_new(void)
{
	return g_hash_table_new_full(addr_key_hash, addr_key_equal, NULL, g_free);
}

static void note(struct firewall *firewall, struct change *change)
{
	pthread_mutex_lock(&firewall->lock);
	if (g_hash_table_size(firewall->changes) == 0)
		pthread_cond_signal(&firewall->wake);
	g_hash_table_replace(firewall->changes, &change->addr, change);
	pthread_mutex_unlock(&firewall->lock);
}

static void opened(void *arg, const struct addr *local, struct str call_id)
{
	char comment[RULES_COMMENT_BYTES];
	struct change *change;
	size_t bytes;

	rules_comment(call_id, comment);
	bytes = strlen(comment) + 1;
	change = g_malloc(sizeof(*change) + bytes);
	change->addr = *local;
	change->opened = true;
	memcpy(change->comment, comment, bytes);
	note(arg, change);
}

static void closed(void *arg, const struct addr *local)
{
	struct change *change = g_new0(struct change, 1);

	change->addr = *local;
	note(arg, change);
}

const struct port_guard *firewall_guard(struct firewall *firewall)
{
	return &firewall->guard;
}

/* --- the thread --- */

static struct family *family_of(struct firewall *firewall, const struct addr *addr)
{
	return &firewall->families[addr->family == ADDR_IP6];
}

static void take_over(struct firewall *firewall, GHashTable *changes)
{
	GHashTableIter iter;
	void *data;

	g_hash_table_iter_init(&iter, changes);
	while (g_hash_table_iter_next(&iter, NULL, &data)) {
		const struct change *change = data;
		struct rules *rules = family_of(firewall, &change->addr)->rules;

		if (change->opened)
			rules_want(rules, &change->addr, change->comment);
		else
			rules_unwant(rules, &change->addr);
	}
	g_hash_table_destroy(changes);
}

static int run(struct firewall *firewall, const struct family *f, struct err *err)
{
	return restore_run(firewall->restore, f->family, firewall->text, err);
}

static void tell_refused(const struct family *f, const char *id, unsigned others, struct err *err)
{
	reason_count_many(REASON_FIREWALL_FAILED, 1 + others);
	if (others)
		log_err("Error adding iptables rule (for '%s'): %s (%s), and %u others", id,
			err->text, f->name, others);
	else
		log_err("Error adding iptables rule (for '%s'): %s (%s)", id, err->text, f->name);
}

/* All waits; `first` is one of the rules that do, NULL when there is none. */
static void give_up_for_now(
	struct firewall *firewall, struct family *f, const struct rule *first, struct err *err)
{
	unsigned waiting = rules_opening(f->rules);
	bool flushed = f->anew; /* was to be */

	f->failing = f->anew = true;
	f->not_before_us = clock_mono_us() + f->retry_us;
	f->retry_us = MIN(2 * f->retry_us, RETRY_MOST_US);
	if (first && first->wanted)
		tell_refused(f, first->wanted, waiting ? waiting - 1 : 0, err);
	else if (!flushed)
		log_err("Error deleting iptables rules: %s (%s)", err->text, f->name);
	else if (f->expected)
		log_err("Failed to flush iptables chain: %s ('%s', %s)", err->text, firewall->chain,
			f->name);
	else
		log_info("There is no chain '%s' to be flushed for %s: %s", firewall->chain,
			f->name, err->text);
}

static void works(struct firewall *firewall, struct family *f)
{
	if (f->failing)
		log_notice("Rules for ports are in iptables chain '%s' again (%s)", firewall->chain,
			f->name);
	f->failing = f->anew = false;
	f->retry_us = RETRY_FIRST_US;
}

/* Only what no change is about; changes of that chain are additions from then on. */
static int write_settled(struct firewall *firewall, struct family *f, struct err *err)
{
	int rc;

	rules_write_whole(f->rules, NULL, 0, firewall->text);
	rc = run(firewall, f, err);
	if (!rc)
		rules_emptied(f->rules);
	return rc;
}

/* How trying the rules of a batch apart goes. */
struct trial {
	unsigned taken, refused; /* what is in the chain from before counts as taken */
	struct err err;          /* the latest */
};

/* Those that were taken are NULL afterwards. False: there is no use in going on. */
static bool try_apart(struct firewall *firewall, struct family *f, struct rule **rules,
	unsigned count, struct trial *trial)
{
	unsigned half = count / 2;
	int rc;

	if (!count)
		return true;
	rules_write(f->rules, rules, count, firewall->text);
	rc = run(firewall, f, &trial->err);
	if (rc == 0) {
		for (unsigned i = 0; i < count; i++)
			rules_done(f->rules, rules[i]);
		memset(rules, 0, count * sizeof(*rules));
		trial->taken += count;
		return true;
	}
	if (rc != -EIO)
		return false;
	if (count > 1)
		return try_apart(firewall, f, rules, half, trial) &&
		       try_apart(firewall, f, rules + half, count - half, trial);
	trial->refused++;
	return trial->taken || trial->refused < HOPELESS;
}

static void refuse(struct family *f, const struct rules_batch *batch, struct err *err)
{
	for (unsigned i = 0; i < batch->count; i++)
		if (batch->rules[i]) {
			tell_refused(f, batch->rules[i]->wanted, 0, err);
			rules_refused(f->rules, batch->rules[i]);
		}
}

/* The first of them that still waits; NULL. */
static const struct rule *put_back(struct family *f, struct rules_batch *batch)
{
	const struct rule *first = NULL;

	for (unsigned i = batch->count; i-- > 0;)
		if (batch->rules[i]) {
			if (batch->rules[i]->wanted)
				first = batch->rules[i];
			rules_put_back(f->rules, batch->rules[i]);
		}
	return first;
}

/* A batch was refused. False: all waits. */
static bool mend(struct firewall *firewall, struct family *f, struct rules_batch *batch)
{
	struct trial trial = { 0 };
	unsigned left = 0;

	if (write_settled(firewall, f, &trial.err)) {
		give_up_for_now(firewall, f, put_back(f, batch), &trial.err);
		return false;
	}
	/* With the chain emptied, those that were to go have gone. */
	for (unsigned i = 0; i < batch->count; i++)
		if (batch->rules[i]->wanted)
			batch->rules[left++] = batch->rules[i];
		else
			rules_done(f->rules, batch->rules[i]);
	batch->count = left;
	trial.taken = rules_present(f->rules);
	if (!try_apart(firewall, f, batch->rules, left, &trial)) {
		give_up_for_now(firewall, f, put_back(f, batch), &trial.err);
		return false;
	}
	refuse(f, batch, &trial.err);
	return true;
}

static bool write_batch(struct firewall *firewall, struct family *f, bool closings)
{
	bool whole = f->anew || (closings && rules_closing(f->rules) > MOST_DELETIONS);
	struct rules_batch batch;
	struct err err;
	int rc;

	rules_take(f->rules, closings && !whole, &batch);
	if (whole)
		rules_write_whole(f->rules, batch.rules, batch.count, firewall->text);
	else
		rules_write(f->rules, batch.rules, batch.count, firewall->text);
	rc = run(firewall, f, &err);
	if (rc == -EIO && batch.count)
		return mend(firewall, f, &batch);
	if (rc) {
		give_up_for_now(firewall, f, put_back(f, &batch), &err);
		return false;
	}
	if (whole)
		rules_emptied(f->rules);
	for (unsigned i = 0; i < batch.count; i++)
		rules_done(f->rules, batch.rules[i]);
	return true;
}

/* Has it, or will it have, any ports? Else its chain need not be there. */
static bool is_of_use(const struct family *f)
{
	return f->expected || rules_opening(f->rules);
}

/* What there is to do for one family now. */
static void carry_out(struct firewall *firewall, struct family *f)
{
	int64_t began_us = clock_mono_us(), now_us;
	bool closings = began_us >= f->close_at_us && rules_closing(f->rules);

	if (began_us < f->not_before_us || (f->failing && !is_of_use(f)))
		return;
	while (f->anew || rules_opening(f->rules) || (closings && rules_closing(f->rules))) {
		if (!write_batch(firewall, f, closings))
			return;
		works(firewall, f);
	}
	now_us = clock_mono_us();
	if (closings)
		f->close_at_us = now_us + MAX(CLOSE_EVERY_US, CLOSE_REST * (now_us - began_us));
}

/* What is left of ours in the chain goes. */
static void clear(struct firewall *firewall, struct family *f)
{
	struct err err;

	if (!rules_present(f->rules) && !(f->failing && f->expected))
		return;
	rules_write_whole(f->rules, NULL, 0, firewall->text);
	if (run(firewall, f, &err) != 0 && !f->failing)
		log_err("Failed to flush iptables chain: %s ('%s', %s)", err.text, firewall->chain,
			f->name);
}

/* When to look again although nothing changes; 0: never. */
static int64_t next_turn_us(const struct firewall *firewall)
{
	int64_t next = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(firewall->families); i++) {
		const struct family *f = &firewall->families[i];
		int64_t at = 0;

		if (f->failing && is_of_use(f))
			at = f->not_before_us;
		else if (!f->failing && rules_closing(f->rules))
			at = f->close_at_us;
		if (at && (!next || at < next))
			next = at;
	}
	return next;
}

/* False: the time has come. The lock is held. */
static bool wait_until_us(struct firewall *firewall, int64_t until_us)
{
	const struct timespec until = {
		.tv_sec = until_us / SECOND_US,
		.tv_nsec = until_us % SECOND_US * 1000,
	};

	return pthread_cond_timedwait(&firewall->wake, &firewall->lock, &until) == 0;
}

/* True: it is to stop. The changes since the last time, of which there may be none. */
static bool wait_for_changes(struct firewall *firewall, GHashTable **ret_changes)
{
	int64_t until_us = next_turn_us(firewall);
	bool stop, timed_out = false;

	pthread_mutex_lock(&firewall->lock);
	while (!firewall->stop && !timed_out && !g_hash_table_size(firewall->changes))
		if (until_us)
			timed_out = !wait_until_us(firewall, until_us);
		else
			pthread_cond_wait(&firewall->wake, &firewall->lock);
	if (!firewall->stop && !timed_out)
		wait_until_us(firewall, clock_mono_us() + GATHER_US);
	*ret_changes = firewall->changes;
	firewall->changes = changes_new();
	stop = firewall->stop;
	pthread_mutex_unlock(&firewall->lock);
	return stop;
}

static void *thread_main(void *arg)
{
	struct firewall *firewall = arg;
	GHashTable *changes;
	bool stop;

	restore_pass_rights();
	do {
		for (unsigned i = 0; i < G_N_ELEMENTS(firewall->families); i++)
			carry_out(firewall, &firewall->families[i]);
		stop = wait_for_changes(firewall, &changes);
		take_over(firewall, changes);
	} while (!stop);
	for (unsigned i = 0; i < G_N_ELEMENTS(firewall->families); i++)
		clear(firewall, &firewall->families[i]);
	return NULL;
}

/* --- life --- */

static void family_init(struct family *f, enum addr_family family, const char *chain, bool expected)
{
	f->family = family;
	f->name = family == ADDR_IP6 ? "IPv6" : "IPv4";
	f->rules = rules_new(chain);
	f->expected = expected;
	f->anew = true;
	f->retry_us = RETRY_FIRST_US;
}

struct firewall *firewall_new(const char *chain, bool has_ip4, bool has_ip6)
{
	struct firewall *firewall = g_new0(struct firewall, 1);
	pthread_condattr_t by_monotonic;

	firewall->chain = chain;
	firewall->guard =
		(struct port_guard){ .opened = opened, .closed = closed, .arg = firewall };
	firewall->restore = restore_new();
	family_init(&firewall->families[0], ADDR_IP4, chain, has_ip4);
	family_init(&firewall->families[1], ADDR_IP6, chain, has_ip6);
	firewall->text = g_string_new(NULL);
	pthread_mutex_init(&firewall->lock, NULL);
	pthread_condattr_init(&by_monotonic);
	pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&firewall->wake, &by_monotonic);
	pthread_condattr_destroy(&by_monotonic);
	firewall->changes = changes_new();
	return firewall;
}

int firewall_start(struct firewall *firewall)
{
	int rc = pthread_create(&firewall->thread, NULL, thread_main, firewall);

	if (rc)
		return -rc;
	pthread_setname_np(firewall->thread, "firewall");
	firewall->running = true;
	return 0;
}

void firewall_free(struct firewall *firewall)
{
	if (!firewall)
		return;
	pthread_mutex_lock(&firewall->lock);
	firewall->stop = true;
	pthread_cond_signal(&firewall->wake);
	pthread_mutex_unlock(&firewall->lock);
	if (firewall->running)
		pthread_join(firewall->thread, NULL);
	restore_free(firewall->restore);
	for (unsigned i = 0; i < G_N_ELEMENTS(firewall->families); i++)
		rules_free(firewall->families[i].rules);
	g_string_free(firewall->text, TRUE);
	g_hash_table_destroy(firewall->changes);
	pthread_mutex_destroy(&firewall->lock);
	pthread_cond_destroy(&firewall->wake);
	g_free(firewall);
}
