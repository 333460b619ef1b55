/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets for tests of SRTP. */
#include "mock/secure.h"

#include <glib.h>

struct srtp_params secure_params(enum srtp_suite_id suite, unsigned seed)
{
	struct srtp_params p = { .suite = (uint8_t)suite };
	const struct srtp_suite *s = srtp_suite(suite);
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

	for (unsigned i = 0; i < s->key_bytes; i++)
		p.key[i] = (uint8_t)g_rand_int(rand);
	for (unsigned i = 0; i < s->salt_bytes; i++)
		p.salt[i] = (uint8_t)g_rand_int(rand);
	return p;
}

struct srtp_context *secure_context(const struct srtp_backend *backend,
	const struct srtp_params *params, enum srtp_direction direction)
{
	struct err err = { 0 };
	struct srtp_context *c = srtp_context_new_with(backend, params, direction, &err);

	if (!c)
		g_error("%s", err.text);
	return c;
}

static void put_u16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_u32(uint8_t *at, uint32_t v)
{
	put_u16(at, v >> 16);
	put_u16(at + 2, v & 0xffff);
}

void secure_rtp(struct secure_packet *p, uint32_t ssrc, uint16_t seq, size_t payload_bytes)
{
	g_assert_cmpuint(12 + payload_bytes, <=, SECURE_MAX_BYTES);
	p->data[0] = 0x80;
	p->data[1] = seq % 7 ? 8 : 0x88;
	put_u16(p->data + 2, seq);
	put_u32(p->data + 4, seq * 160u);
	put_u32(p->data + 8, ssrc);
	for (size_t i = 0; i < payload_bytes; i++)
		p->data[12 + i] = (uint8_t)(seq + i * 3);
	p->len = 12 + payload_bytes;
}

void secure_rtcp(struct secure_packet *p, uint32_t ssrc, unsigned number, size_t words)
{
	g_assert_cmpuint(28 + 4 * words, <=, SECURE_MAX_BYTES);
	p->data[0] = 0x80;
	p->data[1] = 200;
	put_u16(p->data + 2, (unsigned)(6 + words));
	put_u32(p->data + 4, ssrc);
	for (size_t i = 8; i < 28 + 4 * words; i++)
		p->data[i] = (uint8_t)(number + i);
	p->len = 28 + 4 * words;
}

enum srtp_result secure_rtp_pass(struct srtp_context *ctx, struct secure_packet *p)
{
	return srtp_context_rtp(ctx, p->data, &p->len, sizeof(p->data));
}

enum srtp_result secure_rtcp_pass(struct srtp_context *ctx, struct secure_packet *p)
{
	return srtp_context_rtcp(ctx, p->data, &p->len, sizeof(p->data));
}

void secure_assert_same(const struct secure_packet *a, const struct secure_packet *b)
{
	g_assert_cmpmem(a->data, a->len, b->data, b->len);
}
