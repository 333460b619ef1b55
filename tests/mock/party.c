/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A party with ICE, DTLS and SRTP; see party.h. */
#include "party.h"

#include <string.h>

#include "dtls.h"
#include "ice/stun.h"
#include "srtp/sdes.h"

enum { MTU = 1200 };

#define UFRAG    "theirs"
#define PASSWORD "passwordOfTheirs12345678"
#define CRYPTO   "1 AES_CM_128_HMAC_SHA1_80 inline:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"

static void forget_dtls(struct mock_party *party)
{
	dtls_free(party->dtls);
	party->dtls = NULL;
	g_queue_clear_full(&party->outbox, (GDestroyNotify)g_bytes_unref);
}

void mock_party_open(struct mock_party *party, const struct addr *addr)
{
	*party = (struct mock_party){ .addr = *addr };
	g_queue_init(&party->outbox);
}

void mock_party_close(struct mock_party *party)
{
	forget_dtls(party);
	srtp_context_free(party->out);
	party->out = NULL;
}

static void print_ice(const struct mock_party *party, GString *section)
{
	struct addr host = addr_with_port(party->addr, 0);
	char ip[ADDR_TEXT];

	addr_print_ip(&host, ip);
	g_string_append(section, "a=ice-ufrag:" UFRAG "\r\na=ice-pwd:" PASSWORD "\r\n");
	for (unsigned component = 1; component <= 2; component++)
		g_string_append_printf(section,
			"a=candidate:1 %u udp 2130706431 %s %u typ host\r\n", component, ip,
			party->addr.port + component - 1);
}

static void print_dtls(unsigned says, bool answer, GString *section)
{
	struct fingerprint_set own = mock_fingerprints(mock_cert(1), DTLS_SHA256);
	const char *setup = says & MOCK_PARTY_ACTIVE ? "active" : answer ? "passive" : "actpass";
	char text[FINGERPRINT_MAX_TEXT];

	fingerprint_print(&own.all[0], text);
	g_string_append_printf(section, "a=setup:%s\r\na=fingerprint:%s\r\n", setup, text);
}

void mock_party_print(const struct mock_party *party, unsigned says, bool answer, GString *section)
{
	if (says & MOCK_PARTY_SDES)
		g_string_append(section, "a=crypto:" CRYPTO "\r\n");
	if (says & MOCK_PARTY_DTLS)
		print_dtls(says, answer, section);
	if (says & MOCK_PARTY_ICE)
		print_ice(party, section);
}

static void read_line(const char *text, const char *name, char *out, size_t room)
{
	const char *at = strstr(text, name);
	size_t len = at ? strcspn(at + strlen(name), "\r\n") : 0;

	if (at && len < room)
		g_strlcpy(out, at + strlen(name), len + 1);
}

void mock_party_read(struct mock_party *party, struct str body)
{
	g_autofree char *text = g_strndup(body.s, body.len);

	read_line(text, "a=ice-ufrag:", party->ufrag, sizeof(party->ufrag));
	read_line(text, "a=ice-pwd:", party->password, sizeof(party->password));
}

/* ---- DTLS ---- */

static void on_send(void *arg, const uint8_t *data, size_t len)
{
	g_queue_push_tail(&((struct mock_party *)arg)->outbox, g_bytes_new(data, len));
}

void mock_party_shake(struct mock_party *party, const struct addr *local, enum dtls_role role,
	struct dtls_cert *cert, int64_t now_us)
{
	struct fingerprint_set ours = mock_fingerprints(cert, DTLS_SHA256);

	forget_dtls(party);
	party->dtls_with = *local;
	party->dtls = dtls_new(mock_cert(1), role, MTU, on_send, party);
	dtls_set_peer(party->dtls, &ours);
	if (role == DTLS_CLIENT)
		dtls_start(party->dtls, now_us);
}

bool mock_party_say(struct mock_party *party)
{
	g_autoptr(GBytes) bytes = g_queue_pop_head(&party->outbox);
	size_t len;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	if (bytes)
		mock_send(&party->addr, &party->dtls_with, data, len);
	return bytes != NULL;
}

static void take_keys(struct mock_party *party)
{
	struct srtp_params in, out;

	if (!dtls_keys(party->dtls, &in, &out))
		return;
	srtp_context_free(party->out);
	party->out = srtp_context_new(&out, SRTP_PROTECT, NULL);
	srtp_wipe(&in, sizeof(in));
	srtp_wipe(&out, sizeof(out));
}

/* ---- ICE ---- */

void mock_party_check(
	struct mock_party *party, const struct addr *local, bool controlling, bool nominates)
{
	uint8_t transaction[STUN_TRANSACTION_BYTES] = { (uint8_t)party->addr.port };
	struct stun_build build;
	size_t len;

	party->transactions++;
	memcpy(transaction + 4, &party->transactions, sizeof(party->transactions));
	stun_build(&build, STUN_REQUEST, transaction);
	stun_add_username(&build, str_of(party->ufrag), STR_LIT(UFRAG));
	stun_add_role(&build, controlling, 7);
	stun_add_priority(&build, 1862270975);
	if (nominates)
		stun_add_use_candidate(&build);
	len = stun_build_end(&build, str_of(party->password));
	if (len)
		mock_send(&party->addr, local, build.data, len);
}

static void answer_check(const struct mock_datagram *datagram, const struct stun *stun)
{
	struct stun_build build;
	size_t len;

	stun_build(&build, STUN_SUCCESS, stun->transaction);
	stun_add_mapped(&build, &datagram->from);
	len = stun_build_end(&build, STR_LIT(PASSWORD));
	if (len)
		mock_send(&datagram->to, &datagram->from, build.data, len);
}

/* ---- both ---- */

void mock_party_take(struct mock_party *party, const struct mock_datagram *datagram, int64_t now_us)
{
	struct stun stun;

	if (stun_parse(datagram->bytes, datagram->len, &stun)) {
		if (stun.cls == STUN_REQUEST)
			answer_check(datagram, &stun);
		return;
	}
	if (!party->dtls || !datagram->len || datagram->bytes[0] < 20 || datagram->bytes[0] > 63)
		return;
	dtls_receive(party->dtls, datagram->bytes, datagram->len, now_us);
	take_keys(party);
}

static void use_printed_key(struct mock_party *party)
{
	struct sdes_crypto crypto;

	if (sdes_parse(STR_LIT(CRYPTO), &crypto) < 0)
		return;
	party->out = srtp_context_new(&crypto.params, SRTP_PROTECT, NULL);
	srtp_wipe(&crypto, sizeof(crypto));
}

size_t mock_party_protect(
	struct mock_party *party, uint8_t *packet, size_t len, size_t room, bool rtcp)
{
	if (!party->out)
		use_printed_key(party);
	if (rtcp)
		srtp_context_rtcp(party->out, packet, &len, room);
	else
		srtp_context_rtp(party->out, packet, &len, room);
	return len;
}
