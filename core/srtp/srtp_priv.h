/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What back ends are made of: their table of functions, and the sources of a context. */
#ifndef SRTP_SRTP_PRIV_H
#define SRTP_SRTP_PRIV_H

#include "srtp/srtp.h"

enum {
	RTP_FIXED_BYTES = 12,
	RTCP_FIXED_BYTES = 8, /* header and SSRC: never encrypted */
	RTCP_INDEX_BYTES = 4,
	SHA1_BYTES = 20,
};

#define RTCP_ENCRYPTED UINT32_C(0x80000000) /* the E bit before the index */
#define MAX_RTCP_INDEX UINT32_C(0x7fffffff)

struct srtp_source {
	struct srtp_ssrc_state state;
	bool imported; /* and not used yet */
	uint64_t used; /* when last, in packets of the context; 0: a free place */
};

struct srtp_sources {
	struct srtp_source all[SRTP_MAX_SSRCS];
	unsigned last; /* used last: nearly always the one that is used next */
	uint64_t packets, evicted;
	uint32_t gone_rtcp_index; /* the highest of those evicted: one may come back */
};

/* NULL when it is not there. */
struct srtp_source *srtp_source_find(struct srtp_sources *sources, uint32_t ssrc);
/*
 * Makes a place for one that is not there. *ret_evicted: did another have to go; its SSRC is in
 * *ret_gone then. Both may be NULL.
 */
struct srtp_source *srtp_source_add(
	struct srtp_sources *sources, uint32_t ssrc, bool *ret_evicted, uint32_t *ret_gone);
/* Its packet was taken. */
static inline void srtp_source_used(struct srtp_sources *sources, struct srtp_source *source)
{
	source->used = ++sources->packets;
	sources->last = (unsigned)(source - sources->all);
}
/* As srtp_context_export and srtp_context_import. */
unsigned srtp_sources_export(
	const struct srtp_sources *sources, struct srtp_ssrc_state *states, unsigned room);
int srtp_sources_import(
	struct srtp_sources *sources, const struct srtp_ssrc_state *states, unsigned count);

/* Every back end's context begins with this. */
struct srtp_context {
	const struct srtp_backend *backend;
	enum srtp_direction direction;
	struct srtp_params params; /* without the master key and salt */
	uint8_t tag_bytes, rtcp_tag_bytes;
	bool aead;
	bool encrypts, encrypts_rtcp;
	struct srtp_sources sources;
};

struct srtp_backend {
	const char *name;
	bool (*can)(enum srtp_suite_id suite);
	size_t context_bytes;
	bool moves_state; /* can export and import */
	/* Sets up the rest of a context whose common part is filled in; false: clear follows. */
	bool (*init)(struct srtp_context *ctx, const struct srtp_params *params);
	/* Of a half-built one, too. */
	void (*clear)(struct srtp_context *ctx);
	/* Both know a packet that is long enough for its fixed header and trailer. */
	enum srtp_result (*rtp[2])(struct srtp_context *ctx, uint8_t *data, size_t *len);
	enum srtp_result (*rtcp[2])(struct srtp_context *ctx, uint8_t *data, size_t *len);
	void (*forget)(struct srtp_context *ctx); /* all sources, where the table is not all */
};

/* What stands behind a packet. */
static inline size_t srtp_rtp_trailer(const struct srtp_context *ctx)
{
	return (size_t)ctx->tag_bytes + ctx->params.mki_len;
}

static inline size_t srtp_rtcp_trailer(const struct srtp_context *ctx)
{
	return (size_t)ctx->rtcp_tag_bytes + ctx->params.mki_len + RTCP_INDEX_BYTES;
}

/* Header, CSRCs and extension; 0 when they do not fit `len`. */
static inline size_t srtp_rtp_header_bytes(const uint8_t *data, size_t len)
{
	enum { EXTENSION_HEADER_BYTES = 4 };
	size_t n = RTP_FIXED_BYTES + 4 * (size_t)(data[0] & 0x0f);

	if (data[0] & 0x10) {
		if (n + EXTENSION_HEADER_BYTES > len)
			return 0;
		n += EXTENSION_HEADER_BYTES + 4 * ((size_t)data[n + 2] << 8 | data[n + 3]);
	}
	return n <= len ? n : 0;
}

static inline uint32_t srtp_read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void srtp_write_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

#endif
