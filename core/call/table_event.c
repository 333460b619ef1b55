/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What workers saw: logged, kept with the call, handed to who acts on it. */
#include "call/call.h"

#include "call/dtmf.h"
#include "call/play.h"
#include "call/sentence.h"
#include "stats/reason.h"

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

static void log_undecoded(const struct media *media, const struct media_stream *stream,
	const struct media_event *event)
{
	g_autoptr(GString) codec = g_string_new(NULL);
	struct stream_counts counts;
	char source[ADDR_TEXT];

	stream_stats_read(stream->stats, &counts);
	sentence_payload_type(codec, media, stream_counts_latest_type(&counts));
	log_write_limited(LOG_L_WARNING, "Cannot decode %s from " MARKED("%s") ": %s", codec->str,
		MARK(addr_print(&event->source, source)), reason_row(event->reason)->text);
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
	else if (event->type == MEDIA_EVENT_SOURCES_TOGETHER)
		log_info("Several SSRCs at once from " MARKED("%s"),
			MARK(addr_print(&event->source, source)));
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
		[MEDIA_EVENT_SOURCES_TOGETHER] = { EVENT_SOURCES_TOGETHER, true, true },
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
	if (event->type == MEDIA_EVENT_SOURCES_TOGETHER)
		session_add_transcoder(call->session, event->stream_id, event->sink_id);
	if (event->type == MEDIA_EVENT_UNDECODED)
		log_undecoded(media, stream, event);
	else if (event->type == MEDIA_EVENT_DTMF)
		on_dtmf(call, media, stream, event);
	else
		keep_event(call, media, stream, event);
	log_event(event);
	log_set_context(before);
}
