/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sections of a pair speak SRTP, and with which keys (spec NG 3.5, 4.11; media 10). Offers
 * change what a party is shown, answers what is in use; so a call goes on as it is until an offer
 * is answered. Where DTLS is built it finds its place here: what is refused for want of lines is
 * what it would secure.
 */
#include "base/ref.h"
#include "call/exchange_priv.h"
#include "call/negotiate.h"

#include <errno.h>

static bool is_srtp(enum sdp_transport transport)
{
	return sdp_transport_info(transport)->srtp;
}

static bool is_plain_rtp(enum sdp_transport transport)
{
	const struct sdp_transport_info *t = sdp_transport_info(transport);

	return t->rtp && !t->srtp;
}

static struct crypto_list *read_lines(const struct sdp_media *in)
{
	return sdp_transport_info(in->transport)->rtp ? negotiate_crypto_said(in) : NULL;
}

/* A plain profile with keys, passed on as such unless another is asked for (spec NG 3.5.2). */
static bool is_opportunistic(const struct media *to, const struct sdp_media *in,
	const struct crypto_list *said, const struct call_options *o)
{
	if (!is_plain_rtp(to->transport))
		return false;
	return o->osrtp.offer || (!o->has_transport && said && is_plain_rtp(in->transport));
}

/* What is not agreed upon yet is as the offer has it. */
static void expect(struct media *media, enum sdp_transport transport)
{
	if (!media->crypto.agreed)
		media->crypto.secure = is_srtp(transport);
}

/* Are packets changed on their way, other than by what gives them an SSRC of our own? */
static bool changes_packets(const struct media *from, const struct media *to)
{
	return from->masked[0] | from->masked[1] | from->masked[2] | from->masked[3] ||
	       (sdp_transport_info(from->transport)->feedback &&
		       !sdp_transport_info(to->transport)->feedback);
}

static int offer_lines(const struct media_pair *pair, const struct crypto_list *said,
	const struct call_options *o, struct err *err)
{
	struct media_crypto *c = &pair->to->crypto;
	struct crypto_offer offer = {
		.received = said,
		.shown = c->shown,
		.former = pair->from->crypto.said,
		.options = &o->sdes,
		.own_keys = o->recrypt || changes_packets(pair->from, pair->to),
	};
	struct crypto_list *list = NULL;

	if ((!o->sdes.off || c->out) && negotiate_crypto_offer(&offer, &list) < 0)
		return err_set(err, EIO, "No random keys can be made");
	media_crypto_set_shown(c, list);
	if (!list && is_srtp(pair->to->transport))
		return err_set(err, ENOTSUP,
			"%s cannot be offered: SDES has no suite left, and DTLS is not supported "
			"by this build",
			sdp_transport_info(pair->to->transport)->name);
	return 0;
}

/* Of an answer what is not declined, SRTP if both; of an offer SRTP. */
static bool keeps_second(const struct sdp *sdp, unsigned index, bool answer)
{
	const struct sdp_media *first = &sdp->media[index], *second = first + 1;

	if (answer && !first->port != !second->port)
		return second->port;
	return is_srtp(second->transport);
}

static bool is_to_be_folded(const struct sdp *sdp, unsigned index, const struct party *from,
	const struct call_options *o, bool answer)
{
	bool known = index < from->media_count && from->media[index]->doubled;

	return known || (!answer && o->osrtp.accept_legacy &&
				sdp->media[index].port == sdp->media[index + 1].port);
}

void secure_fold(
	struct sdp *sdp, const struct party *from, const struct call_options *o, bool answer)
{
	for (unsigned i = 0; i < sdp->media_count; i++)
		if (sdp_is_doubled(sdp, i) && is_to_be_folded(sdp, i, from, o, answer))
			sdp_fold(sdp, i, keeps_second(sdp, i, answer));
}

int secure_offer(const struct media_pair *pair, const struct sdp_media *in,
	const struct call_options *o, struct err *err)
{
	struct media *from = pair->from, *to = pair->to;
	struct crypto_list *said = read_lines(in);
	bool opportunistic = is_opportunistic(to, in, said, o);
	int ret = 0;

	if (is_srtp(in->transport) && !said)
		return err_set(err, ENOTSUP,
			"%s without a usable a=crypto: DTLS is not supported by this build",
			sdp_transport_info(in->transport)->name);
	if (in->doubled)
		from->doubled = in->doubled;
	if (o->osrtp.offer_legacy && is_srtp(to->transport) && !to->doubled)
		to->doubled = SDP_PLAIN_FIRST;
	if (opportunistic || is_srtp(to->transport))
		ret = offer_lines(pair, said, o, err);
	else
		media_crypto_set_shown(&to->crypto, NULL);
	media_crypto_set_said(
		&from->crypto, negotiate_crypto_received(said, &o->sdes, &from->crypto.preferred));
	from->crypto.recrypt = to->crypto.recrypt = o->recrypt;
	to->crypto.osrtp_passed = opportunistic && to->crypto.shown && said &&
				  is_plain_rtp(in->transport);
	expect(from, in->transport);
	expect(to, to->transport);
	ref_drop(said);
	return ret;
}

/* A branch made behind the one that was offered to answers the same offer. */
static void share_offer(const struct draft *draft, struct media *from)
{
	const struct party *sibling = draft->sibling;
	const struct media *shared;

	if (!sibling || from->crypto.shown || from->index >= sibling->media_count)
		return;
	shared = sibling->media[from->index];
	media_crypto_set_shown(&from->crypto, ref_take(shared->crypto.shown));
	from->crypto.osrtp_passed = shared->crypto.osrtp_passed;
	from->doubled = shared->doubled;
}

static void agree(struct media *media, const struct srtp_params *in, const struct srtp_params *out)
{
	media->crypto.agreed = true;
	media->crypto.secure = in != NULL;
	media_crypto_set_keys(&media->crypto, in, out);
}

/* Is the offerer to speak SRTP, and does its offer say how? */
static bool offerer_speaks(const struct media *offerer, const struct media *answerer, bool secured,
	const struct call_options *o)
{
	const struct media_crypto *c = &offerer->crypto;

	if (is_srtp(offerer->transport))
		return true;
	if (!c->said || !offerer->in || !is_plain_rtp(offerer->transport) ||
		!is_plain_rtp(offerer->in->transport))
		return false;
	return secured || !answerer->crypto.osrtp_passed || o->osrtp.accept_rfc;
}

static int answer_offerer(const struct media_pair *pair, const struct sdes_crypto *accepted,
	const struct call_options *o, struct err *err)
{
	struct media *offerer = pair->to;
	struct media_crypto *c = &offerer->crypto;
	struct crypto_answer answer = {
		.offered = c->said,
		.accepted = accepted,
		.in_use = c->out ? &c->out->params : NULL,
		.in_use_own = c->own,
		.keep_suite = o->sdes.keep_suite,
		.preferred = c->preferred,
		.options = &o->sdes,
		.own_key = o->recrypt || c->recrypt || changes_packets(pair->from, offerer),
	};
	struct crypto_choice choice;

	if (!c->said)
		return err_set(err, EINVAL, "%s is to be answered, but was not offered with keys",
			sdp_transport_info(offerer->transport)->name);
	if (negotiate_crypto_answer(&answer, &choice) < 0)
		return err_set(err, EIO, "No random keys can be made");
	agree(offerer, &choice.in->params, &choice.out.params);
	c->own = choice.own;
	media_crypto_set_shown(c, crypto_list_new(&choice.out, 1));
	srtp_wipe(&choice, sizeof(choice));
	return 0;
}

int secure_answer(const struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, struct err *err)
{
	struct media *from = pair->from, *to = pair->to;
	struct crypto_list *said = read_lines(in);
	const struct sdes_crypto *accepted = NULL, *with = NULL;
	bool secured;
	int ret = 0;

	share_offer(draft, from);
	secured = negotiate_crypto_accepted(said, from->crypto.shown, &accepted, &with);
	if (!secured && is_srtp(in->transport)) {
		ref_drop(said);
		return err_set(err, EINVAL,
			"%s is answered without an a=crypto of those that were offered",
			sdp_transport_info(in->transport)->name);
	}
	agree(from, secured ? &accepted->params : NULL, secured ? &with->params : NULL);
	if (offerer_speaks(to, from, secured, o)) {
		ret = answer_offerer(pair, accepted, o, err);
	} else {
		agree(to, NULL, NULL);
		media_crypto_set_shown(&to->crypto, NULL);
	}
	ref_drop(said);
	return ret;
}

/* Should it be taken up again, then with new keys: streams may begin anew under old numbers. */
void secure_forget(struct media *media)
{
	struct media_crypto *c = &media->crypto;

	media_crypto_set_keys(c, NULL, NULL);
	media_crypto_set_shown(c, NULL);
	c->agreed = c->secure = c->own = false;
}
