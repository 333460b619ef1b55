/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP that cannot be decrypted explained: are there no keys, or others than it was sent with? */
#include "call/explain_priv.h"
#include "call/sentence.h"

static uint32_t drops_of(const struct arrivals *in, enum reason reason)
{
	return in->rtp.drops[reason] + in->rtcp.drops[reason];
}

/* Is this why most of what was dropped was? */
static bool is_main_reason(const struct arrivals *in, enum reason reason)
{
	uint64_t all = in->dropped;

	for (unsigned r = 0; r < REASON_DROPS; r++)
		if (!explain_is_drop_out((enum reason)r))
			all += in->rtcp.drops[r];
	return 2 * (uint64_t)drops_of(in, reason) > all;
}

/* Of the stream with RTP, unless only RTCP has come. */
static const struct wrong_key *wrong_key_of(const struct arrivals *in)
{
	return in->rtp.wrong_key.packets ? &in->rtp.wrong_key : &in->rtcp.wrong_key;
}

bool explain_lacks_keys(const struct arrivals *in)
{
	return is_main_reason(in, REASON_SRTP_NO_KEY);
}

bool explain_has_wrong_keys(const struct arrivals *in)
{
	const struct wrong_key *w = &in->rtp.wrong_key;

	if (in->rtp_packets)
		return w->packets && w->since_us >= in->rtp_last_us;
	return wrong_key_of(in)->packets && is_main_reason(in, REASON_SRTP_FORGED);
}

/* G.711 and G.722: a byte a sample or two, in whole tens of milliseconds. */
static bool is_whole_audio(const struct media *media, const struct wrong_key *w)
{
	enum { BYTES_10_MS = 80 };
	static const char *const names[] = { "PCMU", "PCMA", "G722" };

	for (unsigned i = 0; media->in && i < media->in->format_count; i++) {
		const struct sdp_format *f = &media->in->formats[i];

		for (unsigned n = 0; f->payload_type == w->payload_type && n < 3; n++)
			if (str_is_nocase(f->encoding, names[n]) && f->channels == 1)
				return w->payload_bytes && w->payload_bytes % BYTES_10_MS == 0;
	}
	return false;
}

/* What protection adds would show. */
static bool looks_plain(const struct media *media, const struct wrong_key *w)
{
	return w->plain_rtcp || is_whole_audio(media, w);
}

void explain_why_no_keys(GString *out, const struct media *media, const struct arrivals *in)
{
	bool answered = media->crypto.agreed;

	sentence_count(out, drops_of(in, REASON_SRTP_NO_KEY), "packet");
	g_string_append(out, " from ");
	sentence_party(out, media->party);
	g_string_append(out, answered ? " came when there were no SRTP keys for them: they were "
					"dropped."
				      : " came and cannot be decrypted: there are no SRTP keys "
					"before an answer.");
}

void explain_why_wrong_keys(
	GString *out, const struct media *media, const struct arrivals *in, int64_t now_us)
{
	const struct wrong_key *w = wrong_key_of(in);

	g_string_append(out, "What arrives from ");
	sentence_party(out, media->party);
	g_string_append(out, " cannot be decrypted: ");
	sentence_count(out, w->packets, "packet");
	g_string_append(out, in->rtp_packets ? " since the last good one, " : ", ");
	if (w->packets > 1) {
		g_string_append(out, "the first ");
		sentence_time(out, now_us - w->since_us);
		g_string_append(out, " and the latest ");
	}
	sentence_time(out, now_us - w->last_us);
	g_string_append_printf(out, " ago, fit%s none of its keys. ", w->packets == 1 ? "s" : "");
	if (w->former)
		g_string_append(out, "They fit the key of the offer or answer before: it goes on "
				     "with that one.");
	else if (looks_plain(media, w))
		g_string_append(out, "By their form they are RTP without encryption, where SRTP "
				     "was agreed.");
	else
		g_string_append(out, "Most likely it encrypts with another key than the one it "
				     "signalled.");
}
