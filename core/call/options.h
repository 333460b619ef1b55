/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one message asks for: its keys and flags, read and checked (control/flags fills this
 * in), as the call's code wants them. Strings point into the message. Zeroed means "nothing
 * asked for" but where a field says otherwise.
 */
#ifndef CALL_OPTIONS_H
#define CALL_OPTIONS_H

#include "api/dict.h"
#include "call/ice.h"
#include "call/vsc.h"
#include "media/plan.h"
#include "net/addr.h"
#include "sdp/edit.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOS_NOT_GIVEN = 256, DELETE_DELAY_NOT_GIVEN = -1, DELAY_NOT_GIVEN = -1 };

/* replace=… (spec NG 3.3) */
struct replace_options {
	bool origin, username, session_name, sdp_version, zero_address, origin_full;
	bool force_increment;
};

/* rtcp-mux=… (spec NG 3.5.3) */
struct mux_options {
	bool offer, require, demux, accept, reject;
};

/* A session parameter of SDES: as the other side has it, or not. */
enum sdes_param { SDES_PARAM_KEEP, SDES_PARAM_SET, SDES_PARAM_CLEAR };

/* Suites in an order; each once. */
struct suite_order {
	unsigned count;
	uint8_t suite[SRTP_SUITE_COUNT]; /* enum srtp_suite_id */
};

/* SDES=… (spec NG 3.5.1); of suites, bits by enum srtp_suite_id. */
struct sdes_options {
	bool off, pad, lifetime, no_new, keep_suite;
	bool prefer; /* rather than DTLS, where an offer has both */
	enum sdes_param unencrypted_srtp, unencrypted_srtcp, unauthenticated_srtp;
	uint32_t no, only;
	struct suite_order order, offerer_pref;
};

/* DTLS=…, DTLS-fingerprint, no-tls-id (spec NG 3.5) */
struct dtls_options {
	bool off, passive, active, no_tls_id;
	bool has_hash;
	enum dtls_hash hash; /* of our fingerprint */
};

/* OSRTP=… (spec NG 3.5.2) */
struct osrtp_options {
	bool offer, accept_rfc, offer_legacy, accept_legacy;
};

/*
 * Codecs by name (spec NG 3.6.2), lists of strings as of api/dict.h without escapes; NULL: none.
 * "all" and "full" stand for every codec that `except` does not name. `transcode` and `set` are
 * specifications (codec/format.h).
 */
struct codec_options {
	const struct value *strip, *offer, *except, *ignore;
	const struct value *transcode, *mask, *consume, *accept, *set;
	bool single, asymmetric, allow_none, reuse, is_static;
	bool always;                    /* as accept=all */
	bool force;                     /* the same codec is transcoded, too */
	int ptime_ms, ptime_reverse_ms; /* towards the receiver, the sender; 0: not given */
};

/* Header extensions by name, as lists of codecs; "all" stands for every one. */
struct extmap_options {
	const struct value *strip, *mask;
};

/* bundle=… (spec NG 4.9) */
struct bundle_options {
	bool accept, offer, require, strict, reject;
};

/* What tells that a new tag is a known party's. */
enum alias_key { ALIAS_KEY_OFF, ALIAS_KEY_SDP, ALIAS_KEY_ENDPOINT };

/* How a command selects whom it concerns (spec NG 2.3, 2.11). */
enum flow_set { FLOWS_NOT_GIVEN, FLOWS_OFFER_ANSWER, FLOWS_OTHERS, FLOWS_ALL };

struct select_options {
	bool all, directional;
	enum flow_set flows;
	struct str address, to_label;
};

/* moh=… (spec NG 3.7) */
enum moh_asked { MOH_NOT_ASKED, MOH_ASKED_SENDONLY, MOH_ASKED_SENDRECV, MOH_ASKED_REFLECT };

/* Where media come from (spec NG 2.12); s NULL: not given. */
struct play_options {
	struct str file, blob, blob64;
	bool has_db_id;
	int64_t db_id; /* negative: what was given is none */
};

struct moh_options {
	enum moh_asked mode;
	struct play_options play;
	bool zero;
};

enum { DTMF_NOT_GIVEN = -1, DTMF_BAD_CODE = -2 };

/* About DTMF (spec NG 2.10, 2.12); numbers may be DTMF_NOT_GIVEN. */
struct dtmf_options {
	bool block;                         /* flag block-DTMF of offers and answers */
	bool detect, inject;                /* likewise */
	int mode, trigger_mode, ended_mode; /* enum plan_dtmf_mode */
	struct str trigger, trigger_end;    /* digits */
	int end_time_ms, end_digits;
	int delay_ms;
	int code; /* DTMF_BAD_CODE: no digit was given for one */
	int volume, duration_ms, pause_ms;
	unsigned tone_count;
	uint16_t tones_hz[PLAN_DTMF_TONES];
	struct addr dest; /* where the call's DTMF is told; family ADDR_NONE: not given */
};

static inline int dtmf_given(int value, int otherwise)
{
	return value == DTMF_NOT_GIVEN ? otherwise : value;
}

/* Is what a party hears mixed and made anew (spec media 12.1)? Each has those before it, too. */
enum audio_player {
	PLAYER_DEFAULT,     /* as configured */
	PLAYER_OFF,         /* also: where nobody asks for it */
	PLAYER_PLAY_MEDIA,  /* while something is played to it */
	PLAYER_TRANSCODING, /* also while something of it is transcoded */
	PLAYER_ALWAYS,
};

enum media_echo { ECHO_KEEP, ECHO_OFF, ECHO_BLACKHOLE, ECHO_FORWARD, ECHO_BACKWARD, ECHO_BOTH };
enum drop_traffic { DROP_TRAFFIC_KEEP, DROP_TRAFFIC_START, DROP_TRAFFIC_STOP };
enum generate_rtcp { GENERATE_RTCP_KEEP, GENERATE_RTCP_OFF, GENERATE_RTCP_ON };

/* record-call, and the commands about recording (spec NG 2.8). */
enum record_action { RECORD_KEEP, RECORD_START, RECORD_STOP, RECORD_PAUSE };

struct record_options {
	enum record_action action; /* record-call */
	bool discard;              /* with STOP, or a delete: its files, too */
	bool pause;                /* stop recording: pause it */
	bool exclude;              /* neither party is recorded from now on */
	struct str file, dir, pattern;
	bool announce; /* with what is to be played: the sender hears it when recording starts */
	bool vsc;      /* the sender may steer it by digits … */
	struct vsc_codes codes; /* … these, where they are not as configured */
	/* Channels in all; of the offerer, of the answerer, from 1. 0: as they come. */
	int slots, slot_offer, slot_answer;
};

struct call_options {
	struct str call_id, from_tag, to_tag, via_branch;
	struct str label, set_label, metadata, xmlrpc_callback;
	struct str sdp;
	bool has_sdp, has_to_tag, has_from_tag; /* a given empty one counts */

	struct str direction[2]; /* logical interfaces: sender's side, receiver's side */
	struct addr peers[2]; /* interfaces by the route to these instead; ADDR_NONE: not given */
	enum addr_family address_family;
	struct addr media_address; /* family ADDR_NONE: not given */
	struct addr received_from;
	bool sip_source; /* take received_from instead of the addresses in the SDP */

	bool has_transport; /* transport-protocol towards the receiver */
	enum sdp_transport transport;
	bool transport_accept;
	struct replace_options replace;
	struct mux_options mux;
	struct sdes_options sdes;
	struct osrtp_options osrtp;
	struct ice_options ice;
	bool fragment; /* of SDP, with candidates */
	bool recrypt;  /* no SRTP key that both sides have */
	struct dtls_options dtls;
	struct codec_options codec;
	struct extmap_options extmap;
	struct bundle_options bundle;

	bool asymmetric, has_learning;
	enum plan_learn learning; /* with has_learning; else as configured */
	bool strict_source, handover, nat_wait, pierce_nat, block_short;
	bool unidirectional; /* told in query; nothing depends on it yet */
	bool port_latching, no_port_latching;
	bool original_sendrecv, no_rtcp_attribute, full_rtcp_attribute;
	bool generate_mid, loop_protect;
	bool has_edits; /* sdp-attr */
	struct sdp_edits edits;
	unsigned remove_media; /* sdp-media-remove: bits by enum sdp_media_type */
	enum alias_key alias_key;
	bool new_branch, provisional;
	bool message_is_reply; /* sip-message-type */
	int sip_code;          /* 0: not given */
	int tos;               /* TOS_NOT_GIVEN; negative: leave as it is */
	bool supports_load_limit;
	bool debug; /* from now on all log lines of the call */

	struct select_options select;
	struct dtmf_options dtmf;
	bool block_egress;        /* play media: nothing else is heard meanwhile */
	enum audio_player player; /* of who sends the message */
	bool early_media;         /* … also before there is an answer */
	enum media_echo media_echo;
	struct moh_options moh;
	struct play_options play;
	enum drop_traffic drop_traffic;
	enum generate_rtcp generate_rtcp;
	int delay_ms; /* delay-buffer; DELAY_NOT_GIVEN */
	struct record_options record;

	/* What was made while reading and is pointed to from here; NULL: nothing. Owned. */
	struct dict *made;

	/* delete */
	int64_t delete_delay_s; /* DELETE_DELAY_NOT_GIVEN */
	bool fatal, honour_to_tag, fast;
};

#endif
