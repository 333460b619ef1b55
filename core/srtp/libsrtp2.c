/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The second back end: libsrtp2 as it is packaged, for comparison and for tests. It looks MKIs up
 * by value, so they are put in and taken out here.
 */
#include "base/buf.h"
#include "srtp/srtp_priv.h"

#include <arpa/inet.h>
#include <string.h>

#include <glib.h>
#include <srtp2/crypto_types.h>
#include <srtp2/srtp.h>

struct lib_context {
	struct srtp_context common;
	srtp_t session;
};

static srtp_t session_of(struct srtp_context *ctx)
{
	return ((struct lib_context *)ctx)->session;
}

/*
 * No F8; and the session keys of AES-192 it derives with AES-256 over the master key, a part of
 * the salt and zeros, which nobody understands who follows RFC 6188 (2.5 does; vectors show it).
 */
static bool can(enum srtp_suite_id suite)
{
	enum { AES_192_BYTES = 24 };
	const struct srtp_suite *s = srtp_suite(suite);

	return s->cipher != SRTP_AES_F8 && s->key_bytes != AES_192_BYTES;
}

/* NULL is counter mode that does not encrypt: so the authentication key is derived as usual. */
static srtp_cipher_type_id_t cipher_type(const struct srtp_suite *s)
{
	if (s->cipher == SRTP_AES_GCM)
		return s->key_bytes == 16 ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256;
	return s->key_bytes == 16 ? SRTP_AES_ICM_128 : SRTP_AES_ICM_256;
}

static void fill_policy(const struct srtp_context *c, const struct srtp_suite *s, bool encrypts,
	unsigned tag_bytes, srtp_crypto_policy_t *ret)
{
	*ret = (srtp_crypto_policy_t){
		.cipher_type = cipher_type(s),
		.cipher_key_len = s->key_bytes + s->salt_bytes,
		.auth_type = c->aead || !tag_bytes ? SRTP_NULL_AUTH : SRTP_HMAC_SHA1,
		.auth_key_len = c->aead || !tag_bytes ? 0 : SHA1_BYTES,
		.auth_tag_len = (int)tag_bytes,
		.sec_serv = (encrypts ? sec_serv_conf : 0) | (tag_bytes ? sec_serv_auth : 0),
	};
}

static bool start_library(void)
{
	static gsize started;
	enum { WORKS = 1, FAILED };

	if (g_once_init_enter(&started))
		g_once_init_leave(&started, srtp_init() == srtp_err_status_ok ? WORKS : FAILED);
	return started == WORKS;
}

static bool open_session(struct lib_context *c, const struct srtp_params *params)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)params->suite);
	uint8_t key[SRTP_MAX_KEY + SRTP_MAX_SALT];
	bool protects = c->common.direction == SRTP_PROTECT;
	srtp_policy_t policy = {
		.ssrc.type = protects ? ssrc_any_outbound : ssrc_any_inbound,
		.key = key,
		.window_size = SRTP_WINDOW,
		.allow_repeat_tx = 1,
	};
	bool ok;

	fill_policy(&c->common, s, c->common.encrypts, c->common.tag_bytes, &policy.rtp);
	fill_policy(&c->common, s, c->common.encrypts_rtcp, c->common.rtcp_tag_bytes, &policy.rtcp);
	memcpy(key, params->key, s->key_bytes);
	memcpy(key + s->key_bytes, params->salt, s->salt_bytes);
	ok = srtp_create(&c->session, &policy) == srtp_err_status_ok;
	srtp_wipe(key, sizeof(key));
	return ok;
}

static bool init(struct srtp_context *ctx, const struct srtp_params *params)
{
	return start_library() && open_session((struct lib_context *)ctx, params);
}

static void clear(struct srtp_context *ctx)
{
	struct lib_context *c = (struct lib_context *)ctx;

	if (c->session)
		srtp_dealloc(c->session);
	c->session = NULL;
}

static enum srtp_result result_of(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return SRTP_OK;
	case srtp_err_status_auth_fail:
	case srtp_err_status_cant_check:
		return SRTP_AUTH_FAILED;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return SRTP_REPLAYED;
	case srtp_err_status_key_expired:
		return SRTP_BAD_INDEX;
	case srtp_err_status_parse_err:
	case srtp_err_status_bad_param:
		return SRTP_MALFORMED;
	default:
		return SRTP_LIBRARY;
	}
}

/* The library keeps every source it has seen until it is told otherwise. */
static void note_source(struct srtp_context *ctx, uint32_t ssrc)
{
	struct srtp_source *source = srtp_source_find(&ctx->sources, ssrc);
	bool evicted = false;
	uint32_t gone;

	if (!source)
		source = srtp_source_add(&ctx->sources, ssrc, &evicted, &gone);
	if (evicted)
		srtp_remove_stream(session_of(ctx), htonl(gone));
	srtp_source_used(&ctx->sources, source);
}

/* What stands behind the MKI: the tag, but GCM's belongs to the payload. */
static size_t behind_mki(const struct srtp_context *c, unsigned tag_bytes)
{
	return c->aead ? 0 : tag_bytes;
}

static void put_mki(const struct srtp_context *c, uint8_t *data, size_t *len, unsigned tag_bytes)
{
	size_t behind = behind_mki(c, tag_bytes), mki = c->params.mki_len;
	uint8_t *at = data + *len - behind;

	memmove(at + mki, at, behind);
	memcpy(at, c->params.mki, mki);
	*len += mki;
}

typedef srtp_err_status_t (*library_fn)(srtp_t session, void *packet, int *len);

static enum srtp_result protect(struct srtp_context *ctx, uint8_t *data, size_t *len, uint32_t ssrc,
	unsigned tag_bytes, library_fn library)
{
	int new_len = (int)*len;
	enum srtp_result result = result_of(library(session_of(ctx), data, &new_len));

	if (result != SRTP_OK)
		return result;
	*len = (size_t)new_len;
	put_mki(ctx, data, len, tag_bytes);
	note_source(ctx, ssrc);
	return SRTP_OK;
}

/* On a copy, since the library may change what it refuses. */
static enum srtp_result unprotect(struct srtp_context *ctx, uint8_t *data, size_t *len,
	uint32_t ssrc, unsigned tag_bytes, library_fn library)
{
	uint8_t copy[BUF_PAYLOAD] __attribute__((aligned(16)));
	size_t behind = behind_mki(ctx, tag_bytes), front = *len - ctx->params.mki_len - behind;
	int new_len = (int)(front + behind);
	enum srtp_result result;

	if (*len > sizeof(copy))
		return SRTP_LIBRARY;
	memcpy(copy, data, front);
	memcpy(copy + front, data + *len - behind, behind);
	result = result_of(library(session_of(ctx), copy, &new_len));
	if (result != SRTP_OK)
		return result;
	memcpy(data, copy, (size_t)new_len);
	*len = (size_t)new_len;
	note_source(ctx, ssrc);
	return SRTP_OK;
}

static enum srtp_result protect_rtp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	if (!srtp_rtp_header_bytes(data, *len))
		return SRTP_MALFORMED;
	return protect(ctx, data, len, srtp_read_u32(data + 8), ctx->tag_bytes, srtp_protect);
}

static enum srtp_result unprotect_rtp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	if (!srtp_rtp_header_bytes(data, *len - srtp_rtp_trailer(ctx)))
		return SRTP_MALFORMED;
	return unprotect(ctx, data, len, srtp_read_u32(data + 8), ctx->tag_bytes, srtp_unprotect);
}

static enum srtp_result protect_rtcp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	return protect(
		ctx, data, len, srtp_read_u32(data + 4), ctx->rtcp_tag_bytes, srtp_protect_rtcp);
}

static enum srtp_result unprotect_rtcp(struct srtp_context *ctx, uint8_t *data, size_t *len)
{
	return unprotect(
		ctx, data, len, srtp_read_u32(data + 4), ctx->rtcp_tag_bytes, srtp_unprotect_rtcp);
}

static void forget(struct srtp_context *ctx)
{
	struct srtp_source *s;

	for (s = ctx->sources.all; s < ctx->sources.all + SRTP_MAX_SSRCS; s++)
		if (s->used)
			srtp_remove_stream(session_of(ctx), htonl(s->state.ssrc));
}

const struct srtp_backend *srtp_backend_libsrtp2(void)
{
	static const struct srtp_backend backend = {
		.name = "libsrtp2",
		.can = can,
		.context_bytes = sizeof(struct lib_context),
		.init = init,
		.clear = clear,
		.rtp = { [SRTP_PROTECT] = protect_rtp, [SRTP_UNPROTECT] = unprotect_rtp },
		.rtcp = { [SRTP_PROTECT] = protect_rtcp, [SRTP_UNPROTECT] = unprotect_rtcp },
		.forget = forget,
	};

	return &backend;
}
