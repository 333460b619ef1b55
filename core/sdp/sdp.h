/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session descriptions (RFC 8866) as trees, and back to text. What is accepted and what is
 * dropped: spec/ng-protocol 4.1 and 4.2. Nothing here knows calls; all of it is [any] thread.
 */
#ifndef SDP_SDP_H
#define SDP_SDP_H

#include "api/str.h"
#include "base/err.h"
#include "net/addr.h"

#include <stdbool.h>
#include <stdint.h>

/* Bounds on input; beyond them the parse fails with "Failed to parse SDP". */
enum {
	SDP_MAX_BYTES = 65535,
	SDP_MAX_MEDIA = 64,
	SDP_MAX_ATTRS = 4096,  /* in the whole body */
	SDP_MAX_FORMATS = 256, /* in one m= line */
	SDP_MAX_SESSIONS = 8,
};

enum sdp_media_type {
	SDP_AUDIO,
	SDP_VIDEO,
	SDP_IMAGE,
	SDP_MESSAGE,
	SDP_TEXT,
	SDP_APPLICATION,
	SDP_OTHER,
};

/* spec NG 4.2: matched without case, printed in the one spelling. */
enum sdp_transport {
	SDP_RTP_AVP,
	SDP_RTP_SAVP,
	SDP_RTP_AVPF,
	SDP_RTP_SAVPF,
	SDP_UDP_TLS_RTP_SAVP,
	SDP_UDP_TLS_RTP_SAVPF,
	SDP_UDPTL,
	SDP_TRANSPORT_OTHER, /* printed as received */
};

struct sdp_transport_info {
	const char *name; /* NULL for SDP_TRANSPORT_OTHER */
	bool rtp;         /* one of the six RTP profiles */
	bool srtp;        /* secured */
	bool feedback;    /* …F: RTCP feedback (RFC 4585) */
	bool dtls;        /* UDP/TLS/… */
};

const struct sdp_transport_info *sdp_transport_info(enum sdp_transport transport);
/* SDP_TRANSPORT_OTHER when unknown. */
enum sdp_transport sdp_transport_find(struct str text);
enum sdp_media_type sdp_media_type_find(struct str text);

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
const char *sdp_direction_name(enum sdp_direction direction);

/* b= lines that are kept, in the order in which they are printed in the session part. */
enum sdp_bandwidth_type { SDP_BW_AS, SDP_BW_RR, SDP_BW_RS, SDP_BW_CT, SDP_BW_TIAS, SDP_BW_COUNT };
struct sdp_bandwidth {
	bool has[SDP_BW_COUNT];
	uint64_t value[SDP_BW_COUNT];
};

/*
 * Attributes that are understood, so taken out and made anew, never copied (spec NG 4.1). All
 * others are SDP_ATTR_GENERIC and copied byte for byte.
 */
#define SDP_ATTRS(ROW)                                \
	ROW(MID, "mid")                               \
	ROW(RTCP, "rtcp")                             \
	ROW(RTCP_MUX, "rtcp-mux")                     \
	ROW(RTCP_FB, "rtcp-fb")                       \
	ROW(RTPMAP, "rtpmap")                         \
	ROW(FMTP, "fmtp")                             \
	ROW(PTIME, "ptime")                           \
	ROW(MAXPTIME, "maxptime")                     \
	ROW(GROUP, "group")                           \
	ROW(BUNDLE_ONLY, "bundle-only")               \
	ROW(SETUP, "setup")                           \
	ROW(FINGERPRINT, "fingerprint")               \
	ROW(TLS_ID, "tls-id")                         \
	ROW(CRYPTO, "crypto")                         \
	ROW(EXTMAP, "extmap")                         \
	ROW(EXTMAP_ALLOW_MIXED, "extmap-allow-mixed") \
	ROW(SENDRECV, "sendrecv")                     \
	ROW(SENDONLY, "sendonly")                     \
	ROW(RECVONLY, "recvonly")                     \
	ROW(INACTIVE, "inactive")                     \
	ROW(CANDIDATE, "candidate")                   \
	ROW(ICE_UFRAG, "ice-ufrag")                   \
	ROW(ICE_PWD, "ice-pwd")                       \
	ROW(ICE_LITE, "ice-lite")                     \
	ROW(ICE_OPTIONS, "ice-options")               \
	ROW(ICE_MISMATCH, "ice-mismatch")             \
	ROW(REMOTE_CANDIDATES, "remote-candidates")   \
	ROW(END_OF_CANDIDATES, "end-of-candidates")   \
	ROW(RTPENGINE, "rtpengine")                   \
	ROW(LABEL, "label")                           \
	ROW(T38_MAX_BIT_RATE, "T38MaxBitRate")        \
	ROW(T38_FAX, "T38Fax") /* any name that begins so */

enum sdp_attr_id {
	SDP_ATTR_GENERIC,
#define SDP_ATTR_ID(id, name) SDP_ATTR_##id,
	SDP_ATTRS(SDP_ATTR_ID)
#undef SDP_ATTR_ID
		SDP_ATTR_COUNT
};

/* rtcp-fb:* counts as GENERIC (spec NG 4.1); names are compared with case. */
enum sdp_attr_id sdp_attr_find(struct str name, struct str value);

struct sdp_attr {
	enum sdp_attr_id id;
	struct str text;  /* all behind "a=" */
	struct str name;  /* up to the first colon */
	struct str value; /* behind it; s is NULL when there is no colon */
};

struct sdp_attrs {
	unsigned count;
	const struct sdp_attr *attr; /* in the order received */
};

/* The first attribute of that kind, or NULL. */
const struct sdp_attr *sdp_attrs_find(const struct sdp_attrs *attrs, enum sdp_attr_id id);

/* One payload type of an RTP m= line, with what rtpmap, fmtp and rtcp-fb say of it. */
struct sdp_format {
	uint8_t payload_type;
	struct str encoding; /* name as received or of the static table; empty when unknown */
	uint32_t clock_hz;   /* 0 when unknown */
	uint8_t channels;    /* 1 unless rtpmap says more */
	struct str fmtp;     /* parameters of the first fmtp line; s is NULL without one */
	unsigned rtcp_fb_count;
	const struct str *rtcp_fb; /* text behind the payload type and blank */
};

struct sdp_origin {
	struct str username, session_id;
	uint64_t version;           /* 0 when it is not a number */
	struct str family, address; /* "IP4"…; the address need not be parsable */
};

/* One v= part. Bodies have one, seldom more. */
struct sdp_session {
	struct str name, info, uri, email, phone, timing; /* s, i, u, e, p, t; s NULL if absent */
	struct sdp_bandwidth bandwidth;
	bool has_connection;
	struct addr connection; /* port 0 */
	struct sdp_attrs attrs;
};

/* A section that stands twice in a body, for the SRTP of old that may be declined. */
enum sdp_doubled { SDP_NOT_DOUBLED, SDP_PLAIN_FIRST, SDP_SRTP_FIRST };

struct sdp_media {
	const struct sdp_session *session; /* the part it stands in */
	unsigned place;                    /* in the body as it was received, from 0 */
	enum sdp_doubled doubled;          /* by sdp_fold */
	enum sdp_media_type type;
	struct str type_text;
	uint16_t port;
	uint8_t port_count; /* of "port/count"; 1 without */
	enum sdp_transport transport;
	struct str transport_text; /* as received */
	struct str formats_text;   /* all behind the transport */
	unsigned format_count;     /* RTP only; also 0 when the text is no list of numbers */
	const struct sdp_format *formats;
	struct str info;
	bool has_connection;    /* here or in the session part */
	struct addr connection; /* port 0 */
	struct sdp_bandwidth bandwidth;
	struct sdp_attrs attrs;

	/* What attributes say, inheritance done (spec NG 4.1). Absent strings have s NULL. */
	enum sdp_direction direction;
	bool direction_given;      /* by any of the four attributes at either level */
	struct str direction_text; /* the one that original-sendrecv copies: media level, else
				      session level; s NULL if none */
	struct str mid, label;
	bool rtcp_mux;
	bool has_rtcp;             /* a=rtcp, valid */
	struct addr rtcp;          /* family ADDR_NONE when it has only a port */
	int ptime_ms, maxptime_ms; /* 0: not given */
	bool extmap_allow_mixed;
	unsigned extmap_count;
	const struct sdp_attr *const *extmap;        /* of the media, else of the session part */
	bool has_crypto, has_fingerprint, has_setup; /* syntactically there */
	struct str ice_ufrag, ice_pwd;
	unsigned candidate_count;
	bool bundle_only;
};

/* Immutable and counted (base/ref: ref_take, ref_drop): model versions share it. */
struct sdp {
	struct str raw; /* the body as received, its own copy; everything points into it */
	struct sdp_origin origin; /* of the first part */
	unsigned session_count;
	const struct sdp_session *sessions;
	unsigned media_count;
	const struct sdp_media *media;
};

/* The header extension with a section's mid (RFC 9143). */
#define SDP_EXTENSION_MID "urn:ietf:params:rtp-hdrext:sdes:mid"

/*
 * group.c: the section of the body whose transport `media` shares by a=group:BUNDLE (RFC 9143), which
 * may be itself: the first of the group that has a port. NULL: it is in no group, or has a transport
 * of its own because it was declined.
 */
const struct sdp_media *sdp_bundle_head(const struct sdp *sdp, const struct sdp_media *media);

/* Is this a=ssrc:NUMBER …, and of whom (RFC 5576)? */
bool sdp_read_ssrc(const struct sdp_attr *attr, uint32_t *ret_ssrc);

/*
 * Reads a body. `fragment`: it may begin with any line and needs neither v= nor o=
 * (application/trickle-ice-sdpfrag). On success *ret_sdp has one reference; else -EINVAL and
 * `err` with "Failed to parse SDP" (what is wrong and in which line goes to the debug log).
 */
int sdp_parse(struct str body, bool fragment, struct sdp **ret_sdp, struct err *err);

/*
 * fold.c. Are this section and the next one RTP of one type, once with SRTP and once without? Then
 * both can be made one of them, as long as nobody else has the body: the other one is gone.
 */
bool sdp_is_doubled(const struct sdp *sdp, unsigned index);
void sdp_fold(struct sdp *sdp, unsigned index, bool keep_second);

/*
 * A format of the body that nothing describes becomes what `as` is; its parameters, if it has any,
 * stay. As long as nobody else has the body.
 */
void sdp_name_format(struct sdp *sdp, const struct sdp_format *format, const struct sdp_format *as);

/* Static payload types (RFC 3551; spec NG 3.6.2). False when `payload_type` has none. */
bool sdp_static_format(uint8_t payload_type, struct sdp_format *ret_format);

/*
 * Text being made: lines end in CRLF. Every attribute goes through sdp_write_attr, which is
 * where manipulation of the output has its place.
 */
struct sdp_writer;
struct sdp_writer *sdp_writer_new(void);
void sdp_writer_free(struct sdp_writer *w);
/*
 * From now on attributes are changed as `edit` says; NULL: not. What it adds is written when
 * asked for. Borrowed.
 */
struct sdp_edit;
void sdp_writer_edit(struct sdp_writer *w, const struct sdp_edit *edit);
void sdp_write_added(struct sdp_writer *w);
/* A line of another kind than a=, printf-style, without its end. */
void sdp_write_line(struct sdp_writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* a=NAME:VALUE, or a=NAME when `fmt` is NULL. */
void sdp_write_attr(struct sdp_writer *w, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* a=TEXT, copied. */
void sdp_write_attr_text(struct sdp_writer *w, struct str text);
/* b= lines of those types that `bandwidth` has, in the order of `types`. */
void sdp_write_bandwidth(struct sdp_writer *w, const struct sdp_bandwidth *bandwidth,
	const enum sdp_bandwidth_type *types, unsigned count);
/* What was written so far; valid until the next write. */
struct str sdp_writer_text(const struct sdp_writer *w);

#endif
