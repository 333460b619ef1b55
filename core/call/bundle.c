/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sections that share a transport (spec NG 4.9, RFC 9143). One of them carries the others: ports,
 * keys and all that is learned about the peer are its own. On the sender's side that is what its
 * body says, if that is accepted; on the receiver's what it is offered, until it has answered.
 */
#include "call/exchange_priv.h"

static bool in_use(const struct party *party)
{
	for (unsigned i = 0; i < party->media_count; i++)
		if (party->media[i]->bundled)
			return true;
	return false;
}

static bool is_rtp(const struct sdp_media *in)
{
	return sdp_transport_info(in->transport)->rtp;
}

static bool is_declined(const struct media_pair *pair, const struct sdp_media *in)
{
	return pair->removed || (!in->port && !pair->from->carrier);
}

/* What is passed through shares what it shares without us. */
static bool may_share(const struct media_pair *pair, const struct sdp_media *in)
{
	return is_rtp(in) && !pair->from->passed;
}

static void take_group(struct media_pair *pairs, const struct sdp *sdp, unsigned index)
{
	const struct sdp_media *in = &sdp->media[index], *head = sdp_bundle_head(sdp, in);
	struct media *from = pairs[index].from;
	const struct media_pair *first;

	if (!head || !may_share(&pairs[index], in))
		return;
	first = &pairs[head - sdp->media];
	if (!may_share(first, head))
		return;
	if (pairs[index].removed || first->removed)
		return;
	from->bundled = true;
	if (head != in)
		from->carrier = first->from;
}

/* What its body says counts if the proxy accepts it, and where it was offered to it. */
static void take_sender(struct media_pair *pairs, const struct sdp *sdp,
	const struct bundle_options *o, bool answer)
{
	bool accepts = sdp->media_count && (o->accept || in_use(pairs[0].from->party));

	for (unsigned i = 0; i < sdp->media_count; i++) {
		struct media *from = pairs[i].from;

		from->bundled = false;
		from->carrier = NULL;
	}
	for (unsigned i = 0; i < sdp->media_count && !o->reject; i++)
		if (accepts || (answer && pairs[i].from->bundle_shown))
			take_group(pairs, sdp, i);
}

static void show(struct media *to, struct media *head, const struct bundle_options *o)
{
	to->bundle_shown = BUNDLE_OFFERED;
	if (to == head) {
		to->carrier = NULL;
		return;
	}
	if (o->strict)
		to->bundle_shown = BUNDLE_STRICT;
	else if (o->require)
		to->bundle_shown = BUNDLE_REQUIRED;
	/* What shares a transport already goes on so. */
	if (to->bundle_shown != BUNDLE_OFFERED || to->carrier)
		to->carrier = head;
}

static bool is_offered(
	const struct media_pair *pair, const struct sdp_media *in, const struct bundle_options *o)
{
	bool asked = o->offer || o->require || o->strict;

	return pair->to && !is_declined(pair, in) && may_share(pair, in) && !o->reject &&
	       (asked || pair->to->bundled);
}

/* NULL: it shares nothing yet. */
static struct media *head_by_now(const struct media_pair *pair)
{
	struct media *to = pair->to;

	if (!to->bundled)
		return NULL;
	return to->carrier ? to->carrier : to;
}

/*
 * What shares a transport goes on so, by the section that carries it as long as that is there; what
 * does not yet joins the first group.
 */
static void find_heads(struct media_pair *pairs, const struct sdp *sdp,
	const struct bundle_options *o, struct media **ret_heads)
{
	struct media *first = NULL;

	for (unsigned i = 0; i < sdp->media_count; i++) {
		struct media *before, *head = NULL;

		if (!is_offered(&pairs[i], &sdp->media[i], o))
			continue;
		before = head_by_now(&pairs[i]);
		for (unsigned n = 0; before && n < sdp->media_count; n++) {
			if (!is_offered(&pairs[n], &sdp->media[n], o) ||
				head_by_now(&pairs[n]) != before)
				continue;
			if (!head || pairs[n].to == before)
				head = pairs[n].to;
		}
		if (!head)
			head = first ? first : pairs[i].to;
		first = first ? first : head;
		ret_heads[i] = head;
	}
}

static void offer_receiver(
	struct media_pair *pairs, const struct sdp *sdp, const struct bundle_options *o)
{
	g_autofree struct media **heads = g_new0(struct media *, sdp->media_count);

	find_heads(pairs, sdp, o, heads);
	for (unsigned i = 0; i < sdp->media_count; i++) {
		struct media *to = pairs[i].to;

		if (!to)
			continue;
		to->bundle_shown = BUNDLE_NOT_SHOWN;
		if (heads[i]) {
			show(to, heads[i], o);
			continue;
		}
		to->bundled = false;
		to->carrier = NULL;
	}
}

/* Where the section that carried others was declined, the first of these carries the rest. */
static void answer_receiver(struct media_pair *pairs, const struct sdp *sdp)
{
	for (unsigned i = 0; i < sdp->media_count; i++) {
		struct media *gone = pairs[i].to, *next = NULL;

		if (!gone || gone->carrier || !is_declined(&pairs[i], &sdp->media[i]))
			continue;
		for (unsigned n = 0; n < sdp->media_count; n++) {
			struct media *other = pairs[n].to;

			if (!other || other->carrier != gone ||
				is_declined(&pairs[n], &sdp->media[n]))
				continue;
			other->carrier = next;
			next = next ? next : other;
		}
	}
}

void bundle_negotiate(struct media_pair *pairs, const struct sdp *sdp,
	const struct bundle_options *o, bool answer)
{
	take_sender(pairs, sdp, o, answer);
	if (answer)
		answer_receiver(pairs, sdp);
	else
		offer_receiver(pairs, sdp, o);
}

void bundle_settle(struct party *party, int64_t now_us)
{
	for (unsigned i = 0; i < party->media_count; i++) {
		struct media *media = party->media[i];

		if (media->carrier && !media->carrier->ports)
			section_reject(media, now_us);
	}
}
