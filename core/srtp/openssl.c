/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The transform on OpenSSL. In each direction a packet is: its bounds, its source and index, the
 * cipher, the tag; unprotecting the tag comes first and says which index it was.
 */
#include "srtp/cipher.h"
#include "srtp/hmac.h"
#include "srtp/keys.h"
#include "srtp/replay.h"
#include "srtp/srtp_priv.h"

#include <string.h>

#include <glib.h>
#include <openssl/crypto.h>

enum {
	SEQ_BITS = 16,
	HALF_RANGE = 0x8000,
	MAX_ATTEMPTS = 4, /* rollover counters that a packet is tried with */
};

#define INDEX_LIMIT (UINT64_C(1) << 48)

/* What RTP and RTCP each have. */
struct half {
	struct srtp_block block, mask; /* AES_CM and F8; F8 alone */
	struct srtp_gcm gcm;
	struct srtp_hmac hmac;
	uint8_t salt[SRTP_BLOCK_BYTES]; /* zeros behind it */
};

struct openssl_context {
	struct srtp_context common;
	enum srtp_cipher cipher;
	struct half rtp, rtcp;
};

static struct openssl_context *context_of(struct srtp_context *ctx)
{
	return (struct openssl_context *)ctx;
}

static bool can(enum srtp_suite_id suite)
{
	(void)suite;
	return true;
}

static bool half_init(struct half *h, const struct srtp_params *params, enum srtp_kind kind)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)params->suite);
	struct srtp_keys keys;
	bool ok = srtp_derive_keys(params, kind, &keys);

	if (!ok)
		return false;
	memcpy(h->salt, keys.salt, s->salt_bytes);
	srtp_hmac_init(&h->hmac, keys.auth, sizeof(keys.auth));
	if (s->cipher == SRTP_AES_GCM)
		ok = srtp_gcm_init(&h->gcm, keys.key, s->key_bytes);
	else if (s->cipher != SRTP_NULL)
		ok = srtp_block_init(&h->block, keys.key, s->key_bytes);
	if (ok && s->cipher == SRTP_AES_F8)
		ok = srtp_f8_mask_init(&h->mask, keys.key, s->key_bytes, keys.salt, s->salt_bytes);
	srtp_wipe(&keys, sizeof(keys));
	return ok;
}

static bool init(struct srtp_context *ctx, const struct srtp_params *params)
{
	struct openssl_context *c = context_of(ctx);

	c->cipher = srtp_suite((enum srtp_suite_id)params->suite)->cipher;
	return half_init(&c->rtp, params, SRTP_KIND_RTP) &&
	       half_init(&c->rtcp, params, SRTP_KIND_RTCP);
}

static void half_clear(struct half *h)
{
	srtp_block_clear(&h->block);
	srtp_block_clear(&h->mask);
	srtp_gcm_clear(&h->gcm);
}

static void clear(struct srtp_context *ctx)
{
	half_clear(&context_of(ctx)->rtp);
	half_clear(&context_of(ctx)->rtcp);
}

static void write_mki(const struct srtp_context *c, uint8_t *at)
{
	memcpy(at, c->params.mki, c->params.mki_len);
}

/* ---- initialisation vectors ---- */

static void xor_u32(uint8_t *at, uint32_t v)
{
	srtp_write_u32(at, srtp_read_u32(at) ^ v);
}

/* RFC 3711 4.1.1; the index of RTCP is 31 bits. */
static bool cm_xor(struct half *h, uint32_t ssrc, uint64_t index, uint8_t *data, size_t bytes)
{
	uint8_t iv[SRTP_BLOCK_BYTES];

	memcpy(iv, h->salt, sizeof(iv));
	xor_u32(iv + 4, ssrc);
	xor_u32(iv + 8, (uint32_t)(index >> 16));
	xor_u32(iv + 12, (uint32_t)(index << 16));
	return srtp_cm_xor(&h->block, iv, data, bytes);
}

/* RFC 7714 8.1 and 9.1: the same numbers, in other places. */
static void gcm_iv(const struct half *h, uint32_t ssrc, uint64_t index, uint8_t *iv)
{
	memcpy(iv, h->salt, SRTP_GCM_IV_BYTES);
	xor_u32(iv + 2, ssrc);
	iv[6] ^= (uint8_t)(index >> 40);
	iv[7] ^= (uint8_t)(index >> 32);
	xor_u32(iv + 8, (uint32_t)index);
}

static bool rtp_crypt(
	struct openssl_context *c, uint8_t *data, size_t header, size_t end, uint64_t index)
{
	uint8_t iv[SRTP_BLOCK_BYTES] = { 0 };

	if (c->cipher == SRTP_AES_CM)
		return cm_xor(&c->rtp, srtp_read_u32(data + 8), index, data + header, end - header);
	/* RFC 3711 4.1.2.2 */
	memcpy(iv + 1, data + 1, RTP_FIXED_BYTES - 1);
	srtp_write_u32(iv + 12, (uint32_t)(index >> SEQ_BITS));
	return srtp_f8_xor(&c->rtp.block, &c->rtp.mask, iv, data + header, end - header);
}

static bool rtcp_crypt(struct openssl_context *c, uint8_t *data, size_t end, uint32_t index)
{
	uint8_t iv[SRTP_BLOCK_BYTES] = { 0 };
	uint8_t *body = data + RTCP_FIXED_BYTES;

	if (c->cipher == SRTP_AES_CM)
		return cm_xor(
			&c->rtcp, srtp_read_u32(data + 4), index, body, end - RTCP_FIXED_BYTES);
	/* RFC 3711 4.1.2.3 */
	srtp_write_u32(iv + 4, RTCP_ENCRYPTED | index);
	memcpy(iv + 8, data, RTCP_FIXED_BYTES);
	return srtp_f8_xor(&c->rtcp.block, &c->rtcp.mask, iv, body, end - RTCP_FIXED_BYTES);
}

/* What GCM is about: without encryption all is only authenticated. */
static void rtp_gcm_input(struct openssl_context *c, uint8_t *data, size_t header, size_t end,
	uint64_t index, struct srtp_gcm_input *ret)
{
	size_t clear_bytes = c->common.encrypts ? header : end;

	*ret = (struct srtp_gcm_input){
		.aad = data,
		.aad_bytes = clear_bytes,
		.data = data + clear_bytes,
		.bytes = end - clear_bytes,
	};
	gcm_iv(&c->rtp, srtp_read_u32(data + 8), index, ret->iv);
}

static void rtcp_gcm_input(struct openssl_context *c, uint8_t *data, size_t end,
	const uint8_t *index_word, struct srtp_gcm_input *ret)
{
	uint32_t word = srtp_read_u32(index_word);
	size_t clear_bytes = word & RTCP_ENCRYPTED ? RTCP_FIXED_BYTES : end;

	*ret = (struct srtp_gcm_input){
		.aad = data,
		.aad_bytes = clear_bytes,
		.more_aad = index_word,
		.more_aad_bytes = RTCP_INDEX_BYTES,
		.data = data + clear_bytes,
		.bytes = end - clear_bytes,
	};
	gcm_iv(&c->rtcp, srtp_read_u32(data + 4), word & MAX_RTCP_INDEX, ret->iv);
}

/* ---- indexes ---- */

static uint64_t highest_index(const struct srtp_ssrc_state *s)
{
	return (uint64_t)s->roc << SEQ_BITS | s->seq;
}

/* The rollover counter that a number most likely belongs to (RFC 3711 3.3.1); -1 before the first. */
static int64_t guess_roc(const struct srtp_source *source, uint16_t seq)
{
	const struct srtp_ssrc_state *s;

	if (!source || !(source->state.flags & SRTP_SSRC_RTP))
		return 0;
	s = &source->state;
	if (s->seq < HALF_RANGE)
		return (int64_t)s->roc - (seq - s->seq > HALF_RANGE);
	return (int64_t)s->roc + (s->seq - HALF_RANGE > seq);
}

/* The index of a packet to be sent; INDEX_LIMIT: there is none. */
static uint64_t next_index(const struct srtp_source *source, uint16_t seq)
{
	int64_t roc = guess_roc(source, seq);

	return roc < 0 || roc > UINT32_MAX ? INDEX_LIMIT : (uint64_t)roc << SEQ_BITS | seq;
}

static void raise_index(struct srtp_ssrc_state *s, uint64_t index)
{
	s->flags |= SRTP_SSRC_RTP;
	s->roc = (uint32_t)(index >> SEQ_BITS);
	s->seq = (uint16_t)index;
}

static struct srtp_source *find_or_add(struct srtp_context *ctx, uint32_t ssrc)
{
	struct srtp_source *source = srtp_source_find(&ctx->sources, ssrc);

	return source ? source : srtp_source_add(&ctx->sources, ssrc, NULL, NULL);
}

/* ---- protecting ---- */

static bool rtp_seal(
	struct openssl_context *c, uint8_t *data, size_t header, size_t end, uint64_t index)
{
	uint8_t roc[4], digest[SHA_DIGEST_LENGTH];
	struct srtp_gcm_input in;
	SHA_CTX state;

	if (c->common.aead) {
		rtp_gcm_input(c, data, header, end, index, &in);
		write_mki(&c->common, data + end + SRTP_GCM_TAG_BYTES);
		return srtp_gcm_seal(&c->rtp.gcm, &in, data + end);
	}
	if (c->common.encrypts && !rtp_crypt(c, data, header, end, index))
		return false;
	write_mki(&c->common, data + end);
	if (!c->common.tag_bytes)
		return true;
	srtp_write_u32(roc, (uint32_t)(index >> SEQ_BITS));
	srtp_hmac_begin(&c->rtp.hmac, data, end, &state);
	srtp_hmac_end(&c->rtp.hmac, &state, roc, sizeof(roc), digest);
	memcpy(data + end + c->common.params.mki_len, digest, c->common.tag_bytes);
	return true;
}

static enum srtp_result protect_rtp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	size_t header = srtp_rtp_header_bytes(data, *len);
	struct srtp_source *source;
	uint64_t index;

	if (!header)
		return SRTP_MALFORMED;
	source = find_or_add(ctx, srtp_read_u32(data + 8));
	index = next_index(source, (uint16_t)(data[2] << 8 | data[3]));
	if (index >= INDEX_LIMIT)
		return SRTP_BAD_INDEX;
	if (!rtp_seal(context_of(ctx), data, header, *len, index))
		return SRTP_LIBRARY;
	if (!(source->state.flags & SRTP_SSRC_RTP) || index > highest_index(&source->state))
		raise_index(&source->state, index);
	srtp_source_used(&ctx->sources, source);
	*len += srtp_rtp_trailer(ctx);
	return SRTP_OK;
}

static bool rtcp_seal(struct openssl_context *c, uint8_t *data, size_t end, uint32_t index)
{
	uint32_t word = index | (c->common.encrypts_rtcp ? RTCP_ENCRYPTED : 0);
	uint8_t *at = data + end, digest[SHA_DIGEST_LENGTH];
	struct srtp_gcm_input in;
	SHA_CTX state;

	if (c->common.aead) {
		at += SRTP_GCM_TAG_BYTES;
		srtp_write_u32(at, word);
		write_mki(&c->common, at + RTCP_INDEX_BYTES);
		rtcp_gcm_input(c, data, end, at, &in);
		return srtp_gcm_seal(&c->rtcp.gcm, &in, data + end);
	}
	if (c->common.encrypts_rtcp && !rtcp_crypt(c, data, end, index))
		return false;
	srtp_write_u32(at, word);
	at += RTCP_INDEX_BYTES;
	write_mki(&c->common, at);
	srtp_hmac_begin(&c->rtcp.hmac, data, end + RTCP_INDEX_BYTES, &state);
	srtp_hmac_end(&c->rtcp.hmac, &state, NULL, 0, digest);
	memcpy(at + c->common.params.mki_len, digest, c->common.rtcp_tag_bytes);
	return true;
}

static enum srtp_result protect_rtcp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	struct srtp_source *source = find_or_add(ctx, srtp_read_u32(data + 4));
	struct srtp_ssrc_state *s = &source->state;

	if (s->rtcp_index > MAX_RTCP_INDEX)
		return SRTP_BAD_INDEX;
	if (!rtcp_seal(context_of(ctx), data, *len, s->rtcp_index))
		return SRTP_LIBRARY;
	s->flags |= SRTP_SSRC_RTCP;
	s->rtcp_index++;
	srtp_source_used(&ctx->sources, source);
	*len += srtp_rtcp_trailer(ctx);
	return SRTP_OK;
}

/* ---- unprotecting ---- */

/* A received RTP packet, while its index is looked for. */
struct candidate {
	struct openssl_context *c;
	uint8_t *data;
	size_t header, end; /* of the payload: first byte, and the one behind it */
	SHA_CTX hashed;     /* the packet, without a rollover counter */
};

/* Is it authentic with this index? GCM has decrypted it then. */
static enum srtp_result try_index(struct candidate *p, uint64_t index)
{
	const struct srtp_context *common = &p->c->common;
	uint8_t roc[4], digest[SHA_DIGEST_LENGTH];
	struct srtp_gcm_input in;
	bool ok;

	if (common->aead) {
		rtp_gcm_input(p->c, p->data, p->header, p->end, index, &in);
		if (!srtp_gcm_open(&p->c->rtp.gcm, &in, p->data + p->end, &ok))
			return SRTP_LIBRARY;
		return ok ? SRTP_OK : SRTP_AUTH_FAILED;
	}
	if (!common->tag_bytes)
		return SRTP_OK;
	srtp_write_u32(roc, (uint32_t)(index >> SEQ_BITS));
	srtp_hmac_end(&p->c->rtp.hmac, &p->hashed, roc, sizeof(roc), digest);
	ok = !CRYPTO_memcmp(digest, p->data + p->end + common->params.mki_len, common->tag_bytes);
	return ok ? SRTP_OK : SRTP_AUTH_FAILED;
}

/* The rollover counters to try, likely ones first; returns their number. */
static unsigned list_rocs(const struct candidate *p, int64_t guess, uint32_t rocs[MAX_ATTEMPTS])
{
	const int64_t wanted[MAX_ATTEMPTS] = { guess, guess + 1, guess - 1, 0 };
	bool verifiable = p->c->common.tag_bytes > 0;
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_ATTEMPTS; i++) {
		bool is_new = wanted[i] >= 0 && wanted[i] <= UINT32_MAX;

		for (unsigned k = 0; k < n; k++)
			is_new = is_new && rocs[k] != wanted[i];
		if (is_new && (verifiable || i == 0))
			rocs[n++] = (uint32_t)wanted[i];
	}
	return n;
}

/* An imported state that is wrong: the source has begun anew since, or the state was another's. */
static bool comes_back(const struct srtp_source *source, uint64_t index)
{
	return source->imported && (uint32_t)(index >> SEQ_BITS) < source->state.roc &&
	       highest_index(&source->state) - index >= SRTP_WINDOW;
}

static bool is_replay(const struct srtp_source *source, uint64_t index)
{
	uint64_t highest;

	if (!source || !(source->state.flags & SRTP_SSRC_RTP))
		return false;
	highest = highest_index(&source->state);
	return index <= highest && replay_seen(source->state.replay, highest - index) &&
	       !comes_back(source, index);
}

static void take_index(struct srtp_source *source, uint64_t index)
{
	struct srtp_ssrc_state *s = &source->state;
	uint64_t highest = highest_index(s);

	if (!(s->flags & SRTP_SSRC_RTP) || (index < highest && highest - index >= SRTP_WINDOW)) {
		s->replay[0] = 1;
		s->replay[1] = 0;
		raise_index(s, index);
	} else if (index > highest) {
		replay_advance(s->replay, index - highest);
		raise_index(s, index);
	} else {
		replay_mark(s->replay, highest - index);
	}
	source->imported = false;
}

static enum srtp_result refuse_replay(struct candidate *p, uint64_t index)
{
	struct srtp_gcm_input in;

	if (!p->c->common.aead)
		return SRTP_REPLAYED;
	rtp_gcm_input(p->c, p->data, p->header, p->end, index, &in);
	return srtp_gcm_reseal(&p->c->rtp.gcm, &in) ? SRTP_REPLAYED : SRTP_LIBRARY;
}

static enum srtp_result find_index(
	struct candidate *p, const struct srtp_source *source, uint64_t *ret_index)
{
	uint16_t seq = (uint16_t)(p->data[2] << 8 | p->data[3]);
	uint32_t rocs[MAX_ATTEMPTS];
	unsigned count = list_rocs(p, guess_roc(source, seq), rocs);

	if (!p->c->common.aead && p->c->common.tag_bytes)
		srtp_hmac_begin(&p->c->rtp.hmac, p->data, p->end, &p->hashed);
	for (unsigned i = 0; i < count; i++) {
		uint64_t index = (uint64_t)rocs[i] << SEQ_BITS | seq;
		enum srtp_result result = try_index(p, index);

		if (result == SRTP_AUTH_FAILED)
			continue;
		if (result == SRTP_OK && is_replay(source, index))
			return refuse_replay(p, index);
		*ret_index = index;
		return result;
	}
	/* Without a tag a number from before the first cannot be judged: it is none we can take. */
	return count ? SRTP_AUTH_FAILED : SRTP_BAD_INDEX;
}

static enum srtp_result unprotect_rtp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	struct candidate p = {
		.c = context_of(ctx), .data = data, .end = *len - srtp_rtp_trailer(ctx)
	};
	uint32_t ssrc = srtp_read_u32(data + 8);
	struct srtp_source *source = srtp_source_find(&ctx->sources, ssrc);
	enum srtp_result result;
	uint64_t index;

	p.header = srtp_rtp_header_bytes(data, p.end);
	if (!p.header)
		return SRTP_MALFORMED;
	result = find_index(&p, source, &index);
	if (result != SRTP_OK)
		return result;
	if (ctx->encrypts && !ctx->aead && !rtp_crypt(p.c, data, p.header, p.end, index))
		return SRTP_LIBRARY;
	if (!source)
		source = srtp_source_add(&ctx->sources, ssrc, NULL, NULL);
	take_index(source, index);
	srtp_source_used(&ctx->sources, source);
	*len = p.end;
	return SRTP_OK;
}

static bool is_rtcp_replay(const struct srtp_source *source, uint32_t index)
{
	return source && source->state.flags & SRTP_SSRC_RTCP &&
	       index <= source->state.rtcp_index &&
	       replay_seen(source->state.rtcp_replay, source->state.rtcp_index - index);
}

static void take_rtcp_index(struct srtp_ssrc_state *s, uint32_t index)
{
	if (!(s->flags & SRTP_SSRC_RTCP)) {
		s->flags |= SRTP_SSRC_RTCP;
		s->rtcp_replay[0] = 1;
		s->rtcp_replay[1] = 0;
		s->rtcp_index = index;
	} else if (index > s->rtcp_index) {
		replay_advance(s->rtcp_replay, index - s->rtcp_index);
		s->rtcp_index = index;
	} else {
		replay_mark(s->rtcp_replay, s->rtcp_index - index);
	}
}

/* Decrypts what is authentic and new. */
static enum srtp_result rtcp_open(struct openssl_context *c, const struct srtp_source *source,
	uint8_t *data, size_t end, uint32_t *ret_index)
{
	const struct srtp_context *common = &c->common;
	const uint8_t *word_at = data + end + (common->aead ? SRTP_GCM_TAG_BYTES : 0);
	uint32_t word = srtp_read_u32(word_at), index = word & MAX_RTCP_INDEX;
	bool replay = is_rtcp_replay(source, index), authentic;
	uint8_t digest[SHA_DIGEST_LENGTH];
	struct srtp_gcm_input in;
	SHA_CTX state;

	*ret_index = index;
	if (common->aead) {
		rtcp_gcm_input(c, data, end, word_at, &in);
		if (!srtp_gcm_open(&c->rtcp.gcm, &in, data + end, &authentic))
			return SRTP_LIBRARY;
		if (!authentic || !replay)
			return authentic ? SRTP_OK : SRTP_AUTH_FAILED;
		return srtp_gcm_reseal(&c->rtcp.gcm, &in) ? SRTP_REPLAYED : SRTP_LIBRARY;
	}
	srtp_hmac_begin(&c->rtcp.hmac, data, end + RTCP_INDEX_BYTES, &state);
	srtp_hmac_end(&c->rtcp.hmac, &state, NULL, 0, digest);
	if (CRYPTO_memcmp(digest, word_at + RTCP_INDEX_BYTES + common->params.mki_len,
		    common->rtcp_tag_bytes))
		return SRTP_AUTH_FAILED;
	if (replay)
		return SRTP_REPLAYED;
	if (word & RTCP_ENCRYPTED && c->cipher != SRTP_NULL && !rtcp_crypt(c, data, end, index))
		return SRTP_LIBRARY;
	return SRTP_OK;
}

static enum srtp_result unprotect_rtcp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	size_t end = *len - srtp_rtcp_trailer(ctx);
	uint32_t ssrc = srtp_read_u32(data + 4), index;
	struct srtp_source *source = srtp_source_find(&ctx->sources, ssrc);
	enum srtp_result result = rtcp_open(context_of(ctx), source, data, end, &index);

	if (result != SRTP_OK)
		return result;
	if (!source)
		source = srtp_source_add(&ctx->sources, ssrc, NULL, NULL);
	take_rtcp_index(&source->state, index);
	srtp_source_used(&ctx->sources, source);
	*len = end;
	return SRTP_OK;
}

const struct srtp_backend *srtp_backend_openssl(void)
{
	static const struct srtp_backend backend = {
		.name = "openssl",
		.can = can,
		.context_bytes = sizeof(struct openssl_context),
		.moves_state = true,
		.init = init,
		.clear = clear,
		.rtp = { [SRTP_PROTECT] = protect_rtp, [SRTP_UNPROTECT] = unprotect_rtp },
		.rtcp = { [SRTP_PROTECT] = protect_rtcp, [SRTP_UNPROTECT] = unprotect_rtcp },
	};

	return &backend;
}
