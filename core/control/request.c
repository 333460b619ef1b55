/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message's way to a command and back, at once or after a while. Requests that wait stand in a
 * queue for each call, so that what a client asks for one after the other happens in that order;
 * the first of the queue is what is being waited for.
 */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/command.h"

#include "base/clock.h"
#include "base/wipe.h"
#include "control/command_priv.h"
#include "control/fetch.h"
#include "control/proxies.h"
#include "control/retrans.h"
#include "ng/ng.h"
#include "stats/counter.h"

enum { MAX_WAITING = 1024 };

struct waits {
	GPtrArray *queues; /* struct wait_queue *, one for each call that waits */
	unsigned count;    /* of answers to give */
};

struct wait_queue {
	struct control *control;
	struct str call_id;
	GQueue requests; /* struct wait * */
};

struct wait {
	struct addr client;
	GSList *to;          /* struct answer_to *: who asked first, and who repeated it */
	struct fetch *fetch; /* of the first one */
	struct str message;
	char bytes[];
};

static void encode_error(const struct ng_message *m, const char *text, GString *reply)
{
	struct dict *dict = dict_new();

	dict_add_str(dict, dict_root(dict), "result", STR_LIT("error"));
	dict_add_str(dict, dict_root(dict), "error-reason", str_of(text));
	ng_encode_reply(m->cookie, m->encoding, dict_root(dict), reply);
	dict_free(dict);
}

void request_refuse(struct str message, const char *text, GString *reply)
{
	struct ng_message m;

	if (!ng_message_split(message, &m))
		return;
	m.encoding = m.doc.len && m.doc.s[0] == '{' ? NG_JSON : NG_BENCODE;
	encode_error(&m, text, reply);
	ng_message_clear(&m);
}

static void answer_undecodable(const struct ng_message *m, const struct addr *client,
	const struct err *err, GString *reply)
{
	g_autoptr(GString) text = NULL;
	char addr[ADDR_TEXT];

	counter_add(COUNTER_NG_ERRORS, 1);
	reason_count(REASON_NG_BAD_REQUEST);
	text = command_quote(m->doc);
	log_warn("Protocol error in packet from %s: %s [" MARKED("%s") "]",
		addr_print(client, addr), err->text, MARK(text->str));
	encode_error(m, err->text, reply);
}

/* ---- requests that wait ---- */

static struct str copy_str(struct str s)
{
	return (struct str){ g_memdup2(s.s, s.len), s.len };
}

static struct wait_queue *find_queue(const struct control *control, struct str call_id)
{
	for (unsigned i = 0; control->waits && i < control->waits->queues->len; i++) {
		struct wait_queue *q = g_ptr_array_index(control->waits->queues, i);

		if (str_eq(q->call_id, call_id))
			return q;
	}
	return NULL;
}

static struct wait_queue *make_queue(struct control *control, struct str call_id)
{
	struct wait_queue *q = find_queue(control, call_id);

	if (q)
		return q;
	if (!control->waits) {
		control->waits = g_new0(struct waits, 1);
		control->waits->queues = g_ptr_array_new();
	}
	q = g_new0(struct wait_queue, 1);
	q->control = control;
	q->call_id = copy_str(call_id);
	g_queue_init(&q->requests);
	g_ptr_array_add(control->waits->queues, q);
	return q;
}

static void free_queue(struct wait_queue *q)
{
	g_ptr_array_remove_fast(q->control->waits->queues, q);
	g_free((char *)q->call_id.s);
	g_free(q);
}

static struct wait *push_wait(
	struct wait_queue *q, struct str message, const struct addr *client, struct answer_to *to)
{
	struct wait *w = g_malloc0(sizeof(*w) + message.len);

	memcpy(w->bytes, message.s, message.len);
	w->message = (struct str){ w->bytes, message.len };
	w->client = *client;
	w->to = g_slist_append(NULL, to);
	g_queue_push_tail(&q->requests, w);
	q->control->waits->count++;
	return w;
}

/* A queue's first one; it may hold keys. `answer`.s NULL: there is none. */
static void end_first(struct wait_queue *q, struct str answer)
{
	struct wait *w = g_queue_pop_head(&q->requests);

	fetch_free(w->fetch);
	for (GSList *l = w->to; l; l = l->next) {
		struct answer_to *to = l->data;

		q->control->waits->count--;
		to->send(to, answer);
	}
	g_slist_free(w->to);
	explicit_bzero(w->bytes, w->message.len);
	g_free(w);
}

static struct wait *find_wait(const struct control *control, struct str cookie)
{
	for (unsigned i = 0; control->waits && i < control->waits->queues->len; i++) {
		const struct wait_queue *q = g_ptr_array_index(control->waits->queues, i);

		for (GList *l = q->requests.head; l; l = l->next) {
			struct wait *w = l->data;
			struct ng_message m;
			bool same = ng_message_split(w->message, &m) && str_eq(m.cookie, cookie);

			ng_message_clear(&m);
			if (same)
				return w;
		}
	}
	return NULL;
}

/* ---- messages ---- */

/* NULL: the reply is there. */
static struct fetch *answer(struct control *control, const struct ng_message *m,
	const struct addr *client, const struct command_time *time, GString *reply)
{
	struct dict *dict = dict_new();
	struct fetch *fetch = command_begin(control, dict_root(m->dict), client, time, dict);

	if (!fetch)
		ng_encode_reply(m->cookie, m->encoding, dict_root(dict), reply);
	dict_free(dict);
	return fetch;
}

static void carry_on(void *arg);

/* Of a queue's first one. */
static void wait_for(struct wait_queue *q, struct fetch *fetch)
{
	((struct wait *)g_queue_peek_head(&q->requests))->fetch = fetch;
	fetch_on_done(fetch, carry_on, q);
}

static void store(struct control *control, struct str cookie, const GString *reply, size_t start)
{
	if (control->retrans)
		retrans_store(control->retrans, cookie,
			(struct str){ reply->str + start, reply->len - start }, clock_mono_us());
}

/* The queue's first one is carried out; false: it has to wait (again). */
static bool run_first(struct wait_queue *q)
{
	struct wait *w = g_queue_peek_head(&q->requests);
	const struct command_time time = { .may_wait = !w->fetch, .fetch = w->fetch };
	g_autoptr(GString) reply = g_string_sized_new(1024);
	struct control *control = q->control;
	struct fetch *fetch = NULL;
	struct ng_message m;
	struct err err;

	if (ng_message_split(w->message, &m) && ng_message_decode(&m, &err) == 0) {
		fetch = answer(control, &m, &w->client, &time, reply);
		if (fetch)
			wait_for(q, fetch);
		else
			store(control, m.cookie, reply, 0);
	}
	ng_message_clear(&m);
	if (fetch)
		return false;
	end_first(q, (struct str){ reply->str, reply->len });
	string_wipe(reply);
	return true;
}

/* What the first one waited for is there. */
static void carry_on(void *arg)
{
	struct wait_queue *q = arg;

	while (!g_queue_is_empty(&q->requests) && run_first(q))
		continue;
	if (g_queue_is_empty(&q->requests))
		free_queue(q);
}

void requests_drop(struct control *control)
{
	if (!control->waits)
		return;
	while (control->waits->queues->len) {
		struct wait_queue *q = g_ptr_array_index(control->waits->queues, 0);

		while (!g_queue_is_empty(&q->requests))
			end_first(q, STR_NULL);
		free_queue(q);
	}
	g_ptr_array_free(control->waits->queues, TRUE);
	g_free(control->waits);
	control->waits = NULL;
}

static bool is_full(const struct control *control)
{
	return control->waits && control->waits->count >= MAX_WAITING;
}

static bool refuse_to_wait(const struct ng_message *m, struct fetch *fetch, GString *reply)
{
	fetch_free(fetch);
	reason_count(REASON_NG_WAITING);
	log_write_limited(LOG_L_WARNING, "Refusing a request: too many are waiting");
	encode_error(m, "Too many requests are waiting", reply);
	return true;
}

/* False: it waits. */
static bool take_new(struct control *control, struct ng_message *m, struct str message,
	const struct addr *client, answer_to_fn later, void *arg, GString *reply)
{
	struct command_time time = { .may_wait = later != NULL, .crowded = is_full(control) };
	struct wait_queue *q;
	struct fetch *fetch;
	struct str call_id;
	struct err err;

	if (ng_message_decode(m, &err) < 0) {
		proxies_note(control->proxies, client, -1, 0, true);
		answer_undecodable(m, client, &err, reply);
		return true;
	}
	call_id = command_call_id(dict_root(m->dict));
	q = later ? find_queue(control, call_id) : NULL;
	if (q && is_full(control))
		return refuse_to_wait(m, NULL, reply);
	if (q) {
		push_wait(q, message, client, later(arg));
		return false;
	}
	fetch = answer(control, m, client, &time, reply);
	if (!fetch)
		return true;
	if (is_full(control))
		return refuse_to_wait(m, fetch, reply);
	q = make_queue(control, call_id);
	push_wait(q, message, client, later(arg));
	wait_for(q, fetch);
	return false;
}

/* One that was asked before: the same answer, now or when it is there. False: not now. */
static bool take_repeat(struct control *control, struct wait *w, struct str stored,
	answer_to_fn later, void *arg, GString *reply)
{
	if (stored.s) {
		g_string_append_len(reply, stored.s, (gssize)stored.len);
		return true;
	}
	if (later && !is_full(control)) {
		w->to = g_slist_append(w->to, later(arg));
		control->waits->count++;
	}
	return false;
}

bool request_take(struct control *control, struct str message, const struct addr *client,
	answer_to_fn later, void *arg, GString *reply)
{
	size_t start = reply->len;
	struct ng_message m;
	struct wait *wait;
	struct str stored;
	bool answered;
	char addr[ADDR_TEXT];

	counter_add(COUNTER_NG_REQUESTS, 1);
	if (!ng_message_split(message, &m)) {
		g_autoptr(GString) text = command_quote(message);

		reason_count(REASON_NG_NO_COOKIE);
		log_warn("Received invalid NG data (no cookie) from %s: " MARKED("%s"),
			addr_print(client, addr), MARK(text->str));
		return false;
	}
	stored = control->retrans ? retrans_find(control->retrans, m.cookie, clock_mono_us())
				  : STR_NULL;
	wait = stored.s ? NULL : find_wait(control, m.cookie);
	if (stored.s || wait) {
		counter_add(COUNTER_NG_REPEATS, 1);
		log_info("Detected command from %s as a duplicate", addr_print(client, addr));
		answered = take_repeat(control, wait, stored, later, arg, reply);
	} else {
		answered = take_new(control, &m, message, client, later, arg, reply);
		if (answered)
			store(control, m.cookie, reply, start);
	}
	ng_message_clear(&m);
	return answered;
}

bool request_handle(
	struct control *control, struct str message, const struct addr *client, GString *reply)
{
	return request_take(control, message, client, NULL, NULL, reply);
}
