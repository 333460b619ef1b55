/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session descriptions: the few that the load generator sends, and reading those it gets. */
#ifndef SDP_H
#define SDP_H
#include <stdbool.h>
#include <stddef.h>

/* A SIP phone: one codec line per entry of pts, e.g. {"0", "PCMU/8000", NULL}. */
struct sdp_codec {
	int pt;
	const char *rtpmap, *fmtp;
};

size_t sdp_phone(char *buf, size_t cap, int port, const struct sdp_codec *c, int n,
	const char *crypto); /* crypto: "1 SUITE inline:KEY", or NULL */
/* What a browser says of itself. */
struct sdp_browser {
	char ufrag[8], pwd[32], fingerprint[208];
};

/* A Chrome audio offer: ICE, DTLS, opus first. id makes candidates etc. differ, and what `browser`
 * is to say when there is none. */
size_t sdp_chrome_offer(
	char *buf, size_t cap, int port, unsigned id, const struct sdp_browser *browser);

struct sdp_info {
	int port; /* of the first m=audio, 0 if there is none */
	int pt;   /* payload type of the wanted rtpmap, -1 if it is not there */
	int first_pt;
	char crypto_tag[8], crypto_key[128]; /* of the wanted suite, "" if not there */
	char ufrag[40], pwd[80], setup[16], fingerprint[128]; /* of ICE and DTLS, "" if not there */
	bool ice_lite;
};
/* rtpmap: e.g. "opus/48000" (prefix match, case ignored); suite: e.g. "AES_CM_128_HMAC_SHA1_80". */
bool sdp_read(
	const char *sdp, size_t len, const char *rtpmap, const char *suite, struct sdp_info *out);
#endif
