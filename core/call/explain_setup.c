/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What has to be there before media explained: a way by ICE, keys by DTLS. Where these fail, nothing
 * can come, or go, and what lies between is seldom to blame.
 */
#include "call/explain_priv.h"
#include "call/sentence.h"
#include "dtls/dtls.h"

/* Of the stream that carries the section's RTP. */
static struct stream_counts transport_counts(const struct media *media)
{
	const struct media *carrier = media_carrier(media);
	struct stream_counts counts = { 0 };

	if (carrier->stream_count)
		stream_stats_read(carrier->streams[0].stats, &counts);
	return counts;
}

static bool speaks_ice(const struct media *media)
{
	const struct media *carrier = media_carrier(media);

	return carrier->ice.shown && carrier->ice.said && !carrier->passed && !media->rejected;
}

bool explain_lacks_ice(const struct call *call, const struct media *media)
{
	const struct ice_found *found;

	if (!speaks_ice(media))
		return false;
	found = call_ice_section(call, media_carrier(media));
	return !found || !found->remote.family;
}

bool explain_lacks_dtls(const struct media *media)
{
	const struct media *carrier = media_carrier(media);
	const struct section_dtls *d = carrier->dtls;

	return d && d->answered && d->plan && !carrier->passed && !media->rejected &&
	       !transport_counts(media).dtls_suite;
}

/* Whether the peer's checks fail tells on whose side to look. */
static void add_unauthorized(GString *out, const struct media *media)
{
	struct stream_counts counts = transport_counts(media);
	uint32_t n = counts.drops[REASON_STUN_UNAUTHORIZED];

	if (!n)
		return;
	g_string_append_c(out, ' ');
	sentence_count(out, n, "STUN packet");
	g_string_append(out, " came with credentials (a=ice-ufrag, a=ice-pwd) other than those "
			     "signalled last.");
}

static void add_candidates(GString *out, const struct media *carrier)
{
	unsigned count = negotiate_ice_remotes(carrier);

	if (!count) {
		g_string_append(out, "it named no candidate that we could check");
		return;
	}
	g_string_append(out, "of the ");
	sentence_count(out, count, "candidate");
	g_string_append(out, " that it named none has answered our checks");
}

static bool was_lost(const struct ice_found *found)
{
	return found && found->completed && !found->remote.family;
}

static int64_t since_us(const struct media *carrier, int64_t now_us)
{
	return carrier->stream_count ? now_us - carrier->streams[0].since_us : 0;
}

void explain_why_no_ice(
	GString *out, const struct call *call, const struct media *media, int64_t now_us)
{
	const struct media *carrier = media_carrier(media);
	const struct ice_found *found = call_ice_section(call, carrier);

	if (was_lost(found)) {
		g_string_append(out, "ICE lost its way to ");
		sentence_party(out, media->party);
		g_string_append(out, ": it has not answered for half a minute and more.");
		return;
	}
	g_string_append(
		out, found && found->failed ? "ICE found no way to " : "ICE has no way yet to ");
	sentence_party(out, media->party);
	if (!(found && found->failed)) {
		g_string_append(out, ", after ");
		sentence_time(out, since_us(carrier, now_us));
	}
	g_string_append(out, ": ");
	if (carrier->ice.lite)
		g_string_append(out, "the checks are its, as we are ICE-lite, and none has chosen "
				     "an address of ours");
	else
		add_candidates(out, carrier);
	g_string_append(out, ". Without one no media pass.");
	add_unauthorized(out, media);
}

/* What of DTLS came and was not taken. */
static void add_dtls_drops(GString *out, const struct stream_counts *counts)
{
	static const enum reason reasons[] = { REASON_DTLS_HALF_OPEN, REASON_DTLS_BUSY,
		REASON_DTLS_UNEXPECTED, REASON_DTLS_NO_HELLO, REASON_WORSE_SOURCE,
		REASON_WRONG_SOURCE, REASON_UNSIGNALLED_SOURCE };

	for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++) {
		if (!counts->drops[reasons[i]])
			continue;
		g_string_append_c(out, ' ');
		sentence_count(out, counts->drops[reasons[i]], "packet");
		g_string_append_printf(out, " dropped: %s.", reason_row(reasons[i])->text);
	}
}

static bool has_drops(const struct stream_counts *counts)
{
	for (unsigned r = 0; r < REASON_DROPS; r++)
		if (counts->drops[r] && !explain_is_drop_out((enum reason)r))
			return true;
	return false;
}

static void why_not_begun(
	GString *out, const struct media *media, const struct stream_counts *counts, int64_t now_us)
{
	const struct media *carrier = media_carrier(media);
	struct addr shown = explain_shown_addr(media, 0);

	if (carrier->dtls->plan->active) {
		g_string_append(out, "we are to begin DTLS, and do not know yet where to.");
		return;
	}
	g_string_append(out, "it is to begin DTLS (a=setup:active), and no hello of its has come "
			     "in the ");
	sentence_time(out, since_us(carrier, now_us));
	g_string_append(out, " since the latest signalling.");
	if (has_drops(counts) || counts->packets_in || speaks_ice(media)) {
		add_dtls_drops(out, counts);
		return;
	}
	g_string_append(out, " Nothing else has come from it, either, at ");
	sentence_addr(out, &shown);
	g_string_append(out, ", where it was told to send to.");
}

void explain_why_no_dtls(GString *out, const struct media *media, int64_t now_us)
{
	struct stream_counts counts = transport_counts(media);
	const struct plan_dtls *plan = media_carrier(media)->dtls->plan;

	g_string_append(out, "There are no SRTP keys for ");
	sentence_party(out, media->party);
	g_string_append(out, ": ");
	if (counts.dtls_reason)
		g_string_append_printf(
			out, "%s.", reason_row((enum reason)counts.dtls_reason)->text);
	else if (!counts.dtls_state)
		why_not_begun(out, media, &counts, now_us);
	else if (plan->active)
		g_string_append(out, "our DTLS hello was sent to it and has led to nothing yet.");
	else
		g_string_append(out, "it began DTLS and has not brought it to an end yet.");
	if (counts.dtls_reason && counts.dtls_state == DTLS_HANDSHAKING + 1)
		g_string_append(out, " It is being tried again.");
}

void explain_transport_lost(GString *out, const struct call *call, const struct media *media)
{
	const struct media *carrier = media_carrier(media);
	struct stream_counts counts;

	if (speaks_ice(media) && was_lost(call_ice_section(call, carrier)))
		g_string_append(out, " ICE lost its way to it: it has not answered for half a "
				     "minute and more.");
	if (!carrier->dtls || !carrier->dtls->answered)
		return;
	counts = transport_counts(media);
	if (counts.dtls_state == DTLS_CLOSED + 1)
		g_string_append(out, " It has ended DTLS.");
	else if (counts.dtls_reason && counts.dtls_state != DTLS_UP + 1)
		g_string_append_printf(out, " When it was begun anew: %s.",
			reason_row((enum reason)counts.dtls_reason)->text);
}
