/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a section is secured by and found by: SDES, DTLS, ICE (spec NG 4.8, 4.11, 4.12). */
#include "call/port_maps.h"
#include "call/write_priv.h"

void write_crypto(struct writing *wr, const struct media *media)
{
	const struct crypto_list *list = media_carrier(media)->crypto.shown;
	unsigned options = (wr->o->sdes.pad ? SDES_PAD : 0u) |
			   (wr->o->sdes.lifetime ? SDES_LIFETIME : 0u);
	char text[SDES_MAX_TEXT];

	if (!list)
		return;
	for (unsigned i = 0; i < list->count; i++) {
		sdes_print(&list->lines[i], options, text);
		sdp_write_attr(wr->w, "crypto", "%s", text);
	}
	srtp_wipe(text, sizeof(text));
}

void write_dtls(struct writing *wr, const struct section_dtls *d)
{
	char text[FINGERPRINT_MAX_TEXT];

	if (!d || !d->shown)
		return;
	fingerprint_print(dtls_cert_fingerprint(d->cert, d->hash), text);
	sdp_write_attr(wr->w, "setup", "%s", dtls_setup_name(d->setup));
	sdp_write_attr(wr->w, "fingerprint", "%s", text);
	if (!d->hides_tls_id)
		sdp_write_attr(wr->w, "tls-id", "%s", d->tls_id);
}

void write_candidates(struct writing *wr, const struct media *media, const struct sdp_media *passed)
{
	const char *instance = call_table_instance(wr->draft->call->table);
	const struct iface *iface = media->ports->iface;
	bool single = media->mux || (!wr->answer && media->mux_offered_to && media->mux_single);
	char text[ICE_CANDIDATE_TEXT];

	for (unsigned c = 1; c <= (single ? 1 : MIN(media->ports->count, 2u)); c++)
		for (unsigned i = 0; i < iface->addr_count; i++) {
			const struct port_map *m = media_ports_at(media, &iface->addrs[i]);
			struct ice_candidate candidate;

			if (!m || c > m->count)
				continue;
			candidate = negotiate_ice_candidate(media, m, c, passed, instance);
			ice_candidate_print(&candidate, text);
			sdp_write_attr(wr->w, "candidate", "%s", text);
		}
}

void write_ice(struct writing *wr, const struct media *media)
{
	const struct media_ice *ice = &media->ice;

	if (!ice->shown || !media->ports)
		return;
	sdp_write_attr(wr->w, "ice-ufrag", "%s", ice->ufrag);
	sdp_write_attr(wr->w, "ice-pwd", "%s", ice->pwd);
	if (ice->trickle || ice->ice2)
		sdp_write_attr(wr->w, "ice-options", "%s%s%s", ice->trickle ? "trickle" : "",
			ice->trickle && ice->ice2 ? " " : "", ice->ice2 ? "ice2" : "");
	write_candidates(wr, media, NULL);
	if (ice->trickle)
		sdp_write_attr(wr->w, "end-of-candidates", NULL);
}
