/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all back ends have in common: contexts, and the bounds of packets. */
#include "srtp/srtp_priv.h"

#include <assert.h>
#include <errno.h>

#include <glib.h>

/* Set before there are threads, and not changed any more. */
static const struct srtp_backend *in_use;

static const struct srtp_backend *backend_in_use(void)
{
	return in_use ? in_use : srtp_backend_openssl();
}

void srtp_use_backend(const struct srtp_backend *backend)
{
	in_use = backend;
}

const char *srtp_backend_name(const struct srtp_backend *backend)
{
	return backend->name;
}

bool srtp_suite_usable(enum srtp_suite_id suite)
{
	return backend_in_use()->can(suite);
}

const char *srtp_result_text(enum srtp_result result)
{
	static const char *const texts[SRTP_RESULT_COUNT] = {
		[SRTP_OK] = "fine",
		[SRTP_AUTH_FAILED] = "authentication failed",
		[SRTP_REPLAYED] = "replayed",
		[SRTP_TOO_SHORT] = "too short",
		[SRTP_MALFORMED] = "header longer than the packet",
		[SRTP_NO_ROOM] = "no room behind the packet",
		[SRTP_BAD_INDEX] = "index before the first or behind the last",
		[SRTP_LIBRARY] = "failure of the crypto library",
	};

	assert(result < SRTP_RESULT_COUNT);
	return texts[result];
}

struct srtp_context *srtp_context_new(
	const struct srtp_params *params, enum srtp_direction direction, struct err *err)
{
	return srtp_context_new_with(backend_in_use(), params, direction, err);
}

/* The parts of the parameters that packets need, and what follows from them. */
static void take_params(struct srtp_context *c, const struct srtp_params *params)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)params->suite);

	c->params = *params;
	srtp_wipe(c->params.key, sizeof(c->params.key));
	srtp_wipe(c->params.salt, sizeof(c->params.salt));
	c->aead = s->cipher == SRTP_AES_GCM;
	/* The tag is part of what GCM is: it cannot be left away. */
	c->tag_bytes = params->unauthenticated_srtp && !c->aead ? 0 : s->tag_bytes;
	c->rtcp_tag_bytes = s->rtcp_tag_bytes;
	c->encrypts = s->cipher != SRTP_NULL && !params->unencrypted_srtp;
	c->encrypts_rtcp = s->cipher != SRTP_NULL && !params->unencrypted_srtcp;
}

struct srtp_context *srtp_context_new_with(const struct srtp_backend *backend,
	const struct srtp_params *params, enum srtp_direction direction, struct err *err)
{
	struct srtp_context *c;

	if (!backend->can((enum srtp_suite_id)params->suite)) {
		err_set(err, ENOTSUP, "SRTP suite %s is not available with srtp-backend %s",
			srtp_suite((enum srtp_suite_id)params->suite)->name, backend->name);
		return NULL;
	}
	c = g_malloc0(backend->context_bytes);
	c->backend = backend;
	c->direction = direction;
	take_params(c, params);
	if (!backend->init(c, params)) {
		err_set(err, EIO, "%s cannot set up SRTP suite %s", backend->name,
			srtp_suite((enum srtp_suite_id)params->suite)->name);
		srtp_context_free(c);
		return NULL;
	}
	return c;
}

void srtp_context_free(struct srtp_context *ctx)
{
	if (!ctx)
		return;
	ctx->backend->clear(ctx);
	srtp_wipe(ctx, ctx->backend->context_bytes);
	g_free(ctx);
}

size_t srtp_context_overhead(const struct srtp_context *ctx)
{
	return MAX(srtp_rtp_trailer(ctx), srtp_rtcp_trailer(ctx));
}

/* Does the packet have what each of its kind has, and is there room for what comes behind it? */
static enum srtp_result check_bounds(
	const struct srtp_context *c, size_t len, size_t room, size_t fixed, size_t trailer)
{
	if (c->direction == SRTP_UNPROTECT)
		return len < fixed + trailer ? SRTP_TOO_SHORT : SRTP_OK;
	if (len < fixed)
		return SRTP_TOO_SHORT;
	return room < len || room - len < trailer ? SRTP_NO_ROOM : SRTP_OK;
}

enum srtp_result srtp_context_rtp(struct srtp_context *ctx, uint8_t *data, size_t *len, size_t room)
{
	enum srtp_result bounds = check_bounds(
		ctx, *len, room, RTP_FIXED_BYTES, srtp_rtp_trailer(ctx));

	return bounds != SRTP_OK ? bounds : ctx->backend->rtp[ctx->direction](ctx, data, len);
}

enum srtp_result srtp_context_rtcp(
	struct srtp_context *ctx, uint8_t *data, size_t *len, size_t room)
{
	enum srtp_result bounds = check_bounds(
		ctx, *len, room, RTCP_FIXED_BYTES, srtp_rtcp_trailer(ctx));

	return bounds != SRTP_OK ? bounds : ctx->backend->rtcp[ctx->direction](ctx, data, len);
}

unsigned srtp_context_export(
	const struct srtp_context *ctx, struct srtp_ssrc_state *states, unsigned room)
{
	return ctx->backend->moves_state ? srtp_sources_export(&ctx->sources, states, room) : 0;
}

int srtp_context_import(
	struct srtp_context *ctx, const struct srtp_ssrc_state *states, unsigned count)
{
	if (count && !ctx->backend->moves_state)
		return -ENOTSUP;
	if (ctx->backend->forget)
		ctx->backend->forget(ctx);
	return srtp_sources_import(&ctx->sources, states, count);
}

uint64_t srtp_context_evicted(const struct srtp_context *ctx)
{
	return ctx->sources.evicted;
}
