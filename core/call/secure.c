/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sections of a pair speak SRTP, and with which keys (spec NG 3.5, 4.11; media 10). Offers
 * change what a party is shown, answers what is in use; so a call goes on as it is until an offer
 * is answered. Keys are those of a=crypto (SDES), or of DTLS (secure_dtls.c), never of both.
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
static bool is_opportunistic(
	const struct media *to, const struct sdp_media *in, bool said, const struct call_options *o)
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

static bool uses_dtls(const struct media *media)
{
	return media->dtls && media->dtls->answered;
}

static int offer_lines(const struct draft *draft, const struct media_pair *pair,
	const struct crypto_list *said, const struct call_options *o, struct err *err)
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
	bool dtls = secure_dtls_offer(draft, pair->to, o);
	bool sdes = (!o->sdes.off || c->out) && !uses_dtls(pair->to) &&
		    !sdp_transport_info(pair->to->transport)->dtls;

	if (sdes && negotiate_crypto_offer(&offer, &list) < 0)
		return err_set(err, EIO, "No random keys can be made");
	media_crypto_set_shown(c, list);
	if (!list && !dtls && is_srtp(pair->to->transport))
		return err_set(err, ENOTSUP,
			"%s cannot be offered: neither a suite of SDES nor DTLS is left",
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

static void show_nothing(struct media *media)
{
	media_crypto_set_shown(&media->crypto, NULL);
	if (media->dtls)
		media->dtls->shown = false;
}

int secure_offer(const struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, struct err *err)
{
	struct media *from = pair->from, *to = pair->to;
	struct crypto_list *said = read_lines(in);
	bool keyed = secure_dtls_read(draft, from, in, o) || said;
	bool opportunistic = is_opportunistic(to, in, keyed, o), shown;
	int ret = 0;

	if (is_srtp(in->transport) && !keyed)
		return err_set(err, ENOTSUP, "%s without a usable a=crypto or a=fingerprint",
			sdp_transport_info(in->transport)->name);
	if (in->doubled)
		from->doubled = in->doubled;
	if (o->osrtp.offer_legacy && is_srtp(to->transport) && !to->doubled)
		to->doubled = SDP_PLAIN_FIRST;
	if (opportunistic || is_srtp(to->transport))
		ret = offer_lines(draft, pair, said, o, err);
	else
		show_nothing(to);
	media_crypto_set_said(
		&from->crypto, negotiate_crypto_received(said, &o->sdes, &from->crypto.preferred));
	from->crypto.recrypt = to->crypto.recrypt = o->recrypt;
	shown = to->crypto.shown || (to->dtls && to->dtls->shown);
	to->crypto.osrtp_passed = opportunistic && shown && keyed && is_plain_rtp(in->transport);
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
	secure_dtls_share(draft, from, shared);
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

static void agree_on_dtls(struct media *media)
{
	agree(media, NULL, NULL);
	media->crypto.secure = true;
	media->crypto.own = false;
	media_crypto_set_shown(&media->crypto, NULL);
}

static bool has_offered_keys(const struct media *media)
{
	return media->crypto.said || (media->dtls && media->dtls->said.fingerprints.count);
}

/* Is the offerer to speak SRTP, and does its offer say how? */
static bool offerer_speaks(const struct media *offerer, const struct media *answerer, bool secured,
	const struct call_options *o)
{
	if (is_srtp(offerer->transport))
		return true;
	if (!has_offered_keys(offerer) || !offerer->in || !is_plain_rtp(offerer->transport) ||
		!is_plain_rtp(offerer->in->transport))
		return false;
	return secured || !answerer->crypto.osrtp_passed || o->osrtp.accept_rfc;
}

static int answer_offerer(const struct draft *draft, const struct media_pair *pair,
	const struct sdes_crypto *accepted, const struct call_options *o, struct err *err)
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

	if (secure_dtls_answer(draft, offerer, o)) {
		agree_on_dtls(offerer);
		return 0;
	}
	section_dtls_forget(offerer->dtls);
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
	bool secured, dtls;
	int ret = 0;

	share_offer(draft, from);
	dtls = secure_dtls_read(draft, from, in, o) && secure_dtls_accepted(draft, from);
	secured = dtls || negotiate_crypto_accepted(said, from->crypto.shown, &accepted, &with);
	if (!secured && is_srtp(in->transport)) {
		ref_drop(said);
		return err_set(err, EINVAL,
			"%s is answered without an a=crypto or a=fingerprint of what was offered",
			sdp_transport_info(in->transport)->name);
	}
	if (dtls) {
		agree_on_dtls(from);
	} else {
		agree(from, secured ? &accepted->params : NULL, secured ? &with->params : NULL);
		section_dtls_forget(from->dtls);
	}
	if (offerer_speaks(to, from, secured, o)) {
		ret = answer_offerer(draft, pair, accepted, o, err);
	} else {
		agree(to, NULL, NULL);
		section_dtls_forget(to->dtls);
		show_nothing(to);
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
	section_dtls_forget(media->dtls);
}

/* What can be read of an offer's keys is kept, should its answer not be passed through. */
void secure_pass(const struct media_pair *pair, const struct sdp_media *in, bool answer)
{
	struct crypto_list *said;

	secure_forget(pair->from);
	secure_forget(pair->to);
	pair->to->crypto.osrtp_passed = false;
	if (answer)
		return;
	said = read_lines(in);
	media_crypto_set_shown(&pair->to->crypto, ref_take(said));
	media_crypto_set_said(&pair->from->crypto, said);
}
