/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where calls are found, swept and told what workers saw. */
#include "call/table_priv.h"

#include "base/clock.h"
#include "base/ref.h"
#include "call/delete_priv.h"
#include "call/dtmf.h"
#include "call/fragment.h"
#include "call/play.h"
#include "offload/offload.h"

#include <errno.h>
#include <sys/random.h>

static guint hash_str(gconstpointer key)
{
	const struct str *s = key;
	guint h = 2166136261u;

	for (size_t i = 0; i < s->len; i++)
		h = (h ^ (guint8)s->s[i]) * 16777619u;
	return h;
}

static gboolean equal_str(gconstpointer a, gconstpointer b)
{
	return str_eq(*(const struct str *)a, *(const struct str *)b);
}

static void make_instance(char *text)
{
	uint64_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		n = (uint64_t)clock_wall_us();
	g_snprintf(text, INSTANCE_HEX + 1, "%012llx", (unsigned long long)(n & 0xffffffffffffULL));
}

static void drop_traffic(gpointer traffic)
{
	ref_drop(traffic);
}

struct call_table *call_table_new(struct media_worker *const *workers, unsigned worker_count,
	struct mailbox *control, struct iface_table *interfaces,
	const struct call_settings *settings)
{
	struct call_table *table = g_new0(struct call_table, 1);

	table->workers = workers;
	table->worker_count = worker_count;
	table->load = g_new0(unsigned, worker_count);
	table->control = control;
	table->interfaces = interfaces;
	table->settings = settings;
	table->by_id = g_hash_table_new(hash_str, equal_str);
	table->by_session = g_hash_table_new(NULL, NULL);
	table->traffic = g_hash_table_new_full(NULL, NULL, NULL, drop_traffic);
	make_instance(table->instance);
	return table;
}

void call_table_free(struct call_table *table)
{
	g_autoptr(GList) calls = NULL;

	if (!table)
		return;
	calls = g_hash_table_get_values(table->by_id);
	for (GList *c = calls; c; c = c->next)
		call_free(c->data);
	g_hash_table_destroy(table->by_id);
	g_hash_table_destroy(table->by_session);
	g_hash_table_destroy(table->traffic);
	ref_drop(table->cert);
	fragments_free(table);
	g_free(table->load);
	g_free(table);
}

const struct call_settings *call_table_settings(const struct call_table *table)
{
	return table->settings;
}

int call_table_renew_cert(struct call_table *table, struct err *err)
{
	struct dtls_cert *cert;

	log_info("Generating new DTLS certificate");
	cert = dtls_cert_new(&table->settings->dtls, clock_wall_us(), err);
	if (!cert)
		return -EIO;
	ref_drop(table->cert);
	table->cert = cert;
	return 0;
}

struct dtls_cert *call_table_cert(const struct call_table *table)
{
	return table->cert;
}

static void renew_old_cert(struct call_table *table)
{
	struct err err;

	if (table->cert && dtls_cert_is_old(table->cert, clock_wall_us()) &&
		call_table_renew_cert(table, &err) < 0)
		log_err("%s", err.text);
}

struct iface_table *call_table_interfaces(const struct call_table *table)
{
	return table->interfaces;
}

const char *call_table_instance(const struct call_table *table)
{
	return table->instance;
}

void call_table_set_load(struct call_table *table, const struct load *load)
{
	table->machine_load = *load;
}

const struct load *call_table_load(const struct call_table *table)
{
	return &table->machine_load;
}

unsigned call_table_count(const struct call_table *table)
{
	return g_hash_table_size(table->by_id);
}

struct call *call_table_find(const struct call_table *table, struct str id)
{
	return g_hash_table_lookup(table->by_id, &id);
}

struct call *call_table_find_session(const struct call_table *table, uint64_t session_id)
{
	return g_hash_table_lookup(table->by_session, GUINT_TO_POINTER(session_id));
}

void call_table_each(const struct call_table *table, bool (*fn)(struct call *, void *), void *arg)
{
	GHashTableIter it;
	gpointer call;

	g_hash_table_iter_init(&it, table->by_id);
	while (g_hash_table_iter_next(&it, NULL, &call))
		if (!fn(call, arg))
			return;
}

/* Calls that are over, with the reason; ended after the walk. */
struct over {
	struct call *call;
	enum reason reason;
};

void call_table_tick(struct call_table *table)
{
	int64_t now_us = clock_mono_us();
	GArray *over = NULL;
	GHashTableIter it;
	gpointer value;

	renew_old_cert(table);
	fragments_expire(table, now_us);
	if (table->settings->clips)
		clips_sweep(table->settings->clips);
	if (table->settings->offload)
		offload_tick(table->settings->offload, now_us);
	g_hash_table_iter_init(&it, table->by_id);
	while (g_hash_table_iter_next(&it, NULL, &value)) {
		struct over o = { .call = value };

		if (o.call->piercing)
			call_pierce(o.call);
		if (o.call->playing)
			call_play_tick(o.call);
		if (o.call->watches)
			call_dtmf_expire(o.call, now_us);
		if (now_us < o.call->look_at_us)
			continue;
		if (call_delete_due_branches(o.call, now_us))
			o.reason = REASON_DELETED;
		else if (!call_timed_out(o.call, now_us, &o.reason))
			continue;
		if (!over)
			over = g_array_new(FALSE, FALSE, sizeof(struct over));
		g_array_append_val(over, o);
	}
	for (unsigned i = 0; over && i < over->len; i++) {
		const struct over *o = &g_array_index(over, struct over, i);
		const struct log_context *before = log_set_context(&o->call->log);

		if (o->reason == REASON_DELETED)
			log_info("Deleting entire call");
		else if (o->reason == REASON_FINAL_TIMEOUT)
			log_info("Closing call due to final timeout");
		else
			log_info("Closing call due to timeout");
		log_set_context(before);
		call_end(o->call, o->reason);
	}
	if (over)
		g_array_free(over, TRUE);
#ifdef CHECK_INVARIANTS
	g_assert_cmpuint(call_table_check_leases(table).conflicts, ==, 0);
#endif
}

void call_table_look_again(struct call_table *table)
{
	GHashTableIter it;
	gpointer call;

	g_hash_table_iter_init(&it, table->by_id);
	while (g_hash_table_iter_next(&it, NULL, &call))
		((struct call *)call)->look_at_us = 0;
}

unsigned call_table_terminate(struct call_table *table, struct str id)
{
	struct call *call = call_table_find(table, id);

	if (!call)
		return 0;
	call_end(call, REASON_TERMINATED);
	return 1;
}

unsigned call_table_terminate_all(struct call_table *table)
{
	g_autoptr(GList) calls = g_hash_table_get_values(table->by_id);
	unsigned count = 0;

	for (GList *c = calls; c; c = c->next, count++)
		call_end(c->data, REASON_TERMINATED);
	return count;
}

/* *ret_media: the section it belongs to. */
static const struct media_stream *find_stream(
	const struct model *model, uint32_t id, struct media **ret_media)
{
	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++) {
			struct media *media = model->parties[p]->media[m];

			for (unsigned s = 0; s < media->stream_count; s++)
				if (media->streams[s].id == id) {
					*ret_media = media;
					return &media->streams[s];
				}
		}
	return NULL;
}

static void log_dtls(const struct media_event *event)
{
	char source[ADDR_TEXT];

	addr_print(&event->source, source);
	if (event->type == MEDIA_EVENT_DTLS_UP)
		log_info("DTLS-SRTP successfully negotiated with " MARKED("%s"), MARK(source));
	else if (event->type == MEDIA_EVENT_DTLS_FAILED)
		log_err("DTLS with " MARKED("%s") ": %s", MARK(source),
			reason_row(event->reason)->text);
	else
		log_info("DTLS closed by " MARKED("%s"), MARK(source));
}

static void log_event(const struct media_event *event)
{
	char text[ADDR_TEXT], source[ADDR_TEXT];

	if (event->type == MEDIA_EVENT_PEER_LEARNED)
		reason_count(REASON_PEER_LEARNED);
	if (event->type >= MEDIA_EVENT_DTLS_UP && event->type <= MEDIA_EVENT_DTLS_CLOSED) {
		log_dtls(event);
		return;
	}
	if (event->type == MEDIA_EVENT_SOURCE_REFUSED && event->reason == REASON_LOOP)
		log_warn("Packets from " MARKED("%s") " dropped: they %s",
			MARK(addr_print(&event->source, source)), reason_row(event->reason)->text);
	else if (event->type == MEDIA_EVENT_SOURCE_REFUSED)
		log_debug("Packets from " MARKED("%s") " refused: %s",
			MARK(addr_print(&event->source, source)), reason_row(event->reason)->text);
	else if (event->type == MEDIA_EVENT_WRONG_KEY)
		log_warn("Discarded invalid SRTP packet: authentication failed (from " MARKED(
				 "%s") ")",
			MARK(addr_print(&event->source, source)));
	else if (event->type == MEDIA_EVENT_SOURCE_CHANGED && event->peer.family)
		log_info("Peer address changed to " MARKED("%s") ": %s",
			MARK(addr_print(&event->peer, text)), reason_row(event->reason)->text);
	else if (event->type == MEDIA_EVENT_OFFLOADED)
		log_info("Kernelizing media stream: " MARKED("%s"),
			MARK(addr_print(&event->source, source)));
	else if (event->type == MEDIA_EVENT_TAKEN_BACK)
		log_info(
			"Media stream from " MARKED("%s") " is not forwarded by the kernel now: %s",
			MARK(addr_print(&event->source, source)), reason_row(event->reason)->text);
	else if (event->type == MEDIA_EVENT_ICE_COMPLETED)
		log_info("ICE completed");
	else if (event->type == MEDIA_EVENT_ICE_FAILED)
		log_warn("ICE failed: no way to the peer was found");
	else if (event->type == MEDIA_EVENT_ICE_CONSENT_LOST)
		log_warn("No answers from " MARKED("%s") " any more: nothing is sent there",
			MARK(addr_print(&event->peer, text)));
	else if (event->type == MEDIA_EVENT_FIRST_PACKET || event->type == MEDIA_EVENT_PEER_LEARNED)
		log_info("Confirmed peer address as " MARKED("%s"),
			MARK(addr_print(&event->peer, text)));
}

/* Is there one like it among the latest? What a flood brings must not push out all else. */
static bool was_told(const struct call *call, const struct event *e)
{
	enum { LATEST = 16 };
	unsigned count = call->events.count;
	struct event before;

	for (unsigned i = count > LATEST ? count - LATEST : 0; i < count; i++)
		if (event_at(&call->events, i, &before) && before.kind == e->kind &&
			before.party == e->party && before.media == e->media &&
			before.stream == e->stream && before.reason == e->reason)
			return true;
	return false;
}

/* Of what a worker saw. */
static void keep_event(struct call *call, const struct media *media,
	const struct media_stream *stream, const struct media_event *event)
{
	static const struct {
		enum event_kind kind;
		bool about_source, repeats;
	} kinds[] = {
		[MEDIA_EVENT_FIRST_PACKET] = { EVENT_FIRST_PACKET, false, false },
		[MEDIA_EVENT_PEER_LEARNED] = { EVENT_PEER_LEARNED, false, false },
		[MEDIA_EVENT_SOURCE_CHANGED] = { EVENT_SOURCE_CHANGED, true, true },
		[MEDIA_EVENT_SOURCE_COMMITTED] = { EVENT_SOURCE_COMMITTED, true, false },
		[MEDIA_EVENT_SOURCE_REFUSED] = { EVENT_SOURCE_REFUSED, true, true },
		[MEDIA_EVENT_ICE_PAIR] = { EVENT_ICE_PAIR, false, false },
		[MEDIA_EVENT_ICE_COMPLETED] = { EVENT_ICE_COMPLETED, false, false },
		[MEDIA_EVENT_ICE_FAILED] = { EVENT_ICE_FAILED, false, true },
		[MEDIA_EVENT_ICE_CONSENT_LOST] = { EVENT_ICE_CONSENT_LOST, false, true },
		[MEDIA_EVENT_ICE_ROLE] = { EVENT_ICE_ROLE, false, true },
		[MEDIA_EVENT_WRONG_KEY] = { EVENT_WRONG_KEY, true, true },
		[MEDIA_EVENT_DTLS_UP] = { EVENT_DTLS_UP, true, false },
		[MEDIA_EVENT_DTLS_FAILED] = { EVENT_DTLS_FAILED, true, true },
		[MEDIA_EVENT_DTLS_CLOSED] = { EVENT_DTLS_CLOSED, true, false },
		[MEDIA_EVENT_OFFLOADED] = { EVENT_OFFLOADED, true, true },
		[MEDIA_EVENT_TAKEN_BACK] = { EVENT_TAKEN_BACK, true, true },
		[MEDIA_EVENT_DTMF] = { EVENT_DTMF, true, true },
	};
	struct event e = {
		.kind = kinds[event->type].kind,
		.party = media->party->number,
		.media = media->index,
		.stream = (unsigned)(stream - media->streams),
		.reason = event->reason,
		.addr = kinds[event->type].about_source ? event->source : event->peer,
		.number = event->dtmf.duration_ms,
	};

	if (!kinds[event->type].repeats || !was_told(call, &e))
		event_add(call, &e);
}

/* What is put in is told, but is none of what the party has done. */
static void on_dtmf(struct call *call, const struct media *media, const struct media_stream *stream,
	const struct media_event *event)
{
	unsigned party = media->party->number;

	call_tell_dtmf(call, media->party, event);
	if (event->dtmf.injected)
		return;
	keep_event(call, media, stream, event);
	call_dtmf_dialled(call, party, event->dtmf.code);
}

static bool is_of_ice(const struct media_event *event)
{
	switch (event->type) {
	case MEDIA_EVENT_ICE_PAIR:
	case MEDIA_EVENT_ICE_COMPLETED:
	case MEDIA_EVENT_ICE_FAILED:
	case MEDIA_EVENT_ICE_CONSENT_LOST:
	case MEDIA_EVENT_ICE_ROLE:
		return true;
	default:
		return false;
	}
}

void call_table_event(const struct media_event *event, void *arg)
{
	struct call_table *table = arg;
	struct call *call = call_table_find_session(table, event->session_id);
	struct media *media = NULL;
	const struct media_stream *stream =
		call ? find_stream(call->model, event->stream_id, &media) : NULL;
	const struct log_context *before;

	if (call && event->type == MEDIA_EVENT_PLAY_ENDED) {
		call_play_tick(call);
		return;
	}
	if (!stream || stream->endpoint_gen != event->endpoint_gen ||
		(is_of_ice(event) && !call_ice_told(call, media, event))) {
		reason_count(REASON_EVENT_STALE);
		return;
	}
	before = log_set_context(&call->log);
	if (event->type == MEDIA_EVENT_DTMF)
		on_dtmf(call, media, stream, event);
	else
		keep_event(call, media, stream, event);
	log_event(event);
	log_set_context(before);
}
