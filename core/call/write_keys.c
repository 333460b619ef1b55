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
	const struct ice_found *found;
	bool single = media->mux || (!wr->answer && media->mux_offered_to && media->mux_single);
	char text[ICE_CANDIDATE_TEXT];

	for (unsigned c = 1; c <= (single ? 1 : MIN(media->ports->count, 2u)); c++) {
		found = passed ? NULL : call_ice_pair(wr->draft->call, media, c);
		for (unsigned i = 0; i < iface->addr_count; i++) {
			const struct port_map *m = media_ports_at(media, &iface->addrs[i]);
			struct ice_candidate candidate;

			if (!m || c > m->count)
				continue;
			if (found && !addr_equal(&m->leases[c - 1]->port->local, &found->local))
				continue;
			candidate = negotiate_ice_candidate(media, m, c, passed, instance);
			ice_candidate_print(&candidate, text);
			sdp_write_attr(wr->w, "candidate", "%s", text);
		}
	}
}

/* The side that decides says what it has decided on (RFC 8839 5.2). */
static void write_remote_candidates(struct writing *wr, const struct media *media)
{
	GString *out;

	if (wr->answer || !media->ice.controlling || !call_ice_pair(wr->draft->call, media, 1))
		return;
	out = g_string_new(NULL);
	for (unsigned c = 1; c <= MIN(media->ports->count, (unsigned)ICE_COMPONENTS); c++) {
		const struct ice_found *found = call_ice_pair(wr->draft->call, media, c);
		char ip[ADDR_TEXT];

		if (found)
			g_string_append_printf(out, "%s%u %s %u", c > 1 ? " " : "", c,
				addr_print_ip(&found->remote, ip), found->remote.port);
	}
	sdp_write_attr(wr->w, "remote-candidates", "%s", out->str);
	g_string_free(out, TRUE);
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
	write_remote_candidates(wr, media);
	if (ice->trickle)
		sdp_write_attr(wr->w, "end-of-candidates", NULL);
}
