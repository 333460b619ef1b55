/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the table of flags (flags.c), the readers of its rows' values (flag_SUBJECT.c), and what
 * these need for it (flag_reading.c).
 */
#ifndef CONTROL_FLAGS_PRIV_H
#define CONTROL_FLAGS_PRIV_H

#include "control/flags.h"

/* One message being read. */
struct reading {
	struct call_options *o;
	enum flags_for what;
	const struct templates *templates; /* NULL: none */
	GString *warnings;
	struct err *err;
	unsigned depth; /* strings with flags inside strings with flags */
};

/* --- flag_reading.c --- */

enum { FLAG_MAX_NAME = 64 }; /* of names that we know, with the terminator */

/* Lower case, with hyphens; false when too long to be any name we know. */
bool flag_normalise(struct str name, char ret[FLAG_MAX_NAME]);
/* Is a value this word, by the rules for names? */
bool flag_value_is(struct str value, const char *name);

/* Words that stand for a value each. */
struct choice {
	const char *name;
	int value;
};

/* False, with a warning about `key`: `text` is none of them. */
bool flag_choose(struct reading *r, const char *key, struct str text, const struct choice *choices,
	unsigned count, int *ret_value);

/* Without the blanks around it. */
struct str flag_trim(struct str text);
/* Without escapes: "--" is "=", ".." a blank (spec NG 3.1). */
struct str flag_unescape(struct reading *r, struct str text);
/* What is made while reading lives as long as the options. */
struct dict *flag_memory(struct reading *r);
void flag_warn(struct reading *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* `v`: the key's value, NULL for a flag; `text`: its string, or a list's element, or what
 * follows a prefix. 0 or -errno. */
#define FLAG_FN(name) int name(struct reading *r, const struct value *v, struct str text)

/* --- flag_values.c --- */

FLAG_FN(flag_from_tag);
FLAG_FN(flag_to_tag);
FLAG_FN(flag_sdp);
FLAG_FN(flag_xmlrpc_callback);
FLAG_FN(flag_message_type);
FLAG_FN(flag_sip_code);
FLAG_FN(flag_supports);
FLAG_FN(flag_direction);
FLAG_FN(flag_address_family);
FLAG_FN(flag_media_address);
FLAG_FN(flag_inbound_peer);
FLAG_FN(flag_outbound_peer);
FLAG_FN(flag_received_from);
FLAG_FN(flag_trust_address);
FLAG_FN(flag_transport);
FLAG_FN(flag_rtcp_mux);
FLAG_FN(flag_tos);
FLAG_FN(flag_replace);
FLAG_FN(flag_learning);
FLAG_FN(flag_delete_delay);
FLAG_FN(flag_ice);
FLAG_FN(flag_ice_lite);
FLAG_FN(flag_passthrough);
FLAG_FN(flag_webrtc);
FLAG_FN(flag_dtls);
FLAG_FN(flag_dtls_fingerprint);
FLAG_FN(flag_bundle);
FLAG_FN(flag_generate_rtcp);
FLAG_FN(flag_audio_player);
FLAG_FN(flag_no_player);

/* --- flag_codec.c --- */

FLAG_FN(flag_codec);
FLAG_FN(flag_transcode);
FLAG_FN(flag_ptime);
FLAG_FN(flag_ptime_reverse);
FLAG_FN(flag_extmap);
FLAG_FN(flag_strip_extmap);

/* --- flag_crypto.c --- */

FLAG_FN(flag_sdes);
FLAG_FN(flag_osrtp);

/* --- flag_media.c --- */

FLAG_FN(flag_media_echo);
FLAG_FN(flag_drop_traffic);
FLAG_FN(flag_moh);
FLAG_FN(flag_db_id);
FLAG_FN(flag_delay_buffer);
FLAG_FN(flag_all);
FLAG_FN(flag_alias_key);

/* --- flag_dtmf.c --- */

FLAG_FN(flag_dtmf_security);
FLAG_FN(flag_dtmf_security_trigger);
FLAG_FN(flag_dtmf_security_end);
FLAG_FN(flag_dtmf_end_time);
FLAG_FN(flag_dtmf_delay);
FLAG_FN(flag_dtmf_end_digits);
FLAG_FN(flag_dtmf_tones);
FLAG_FN(flag_dtmf_code);
FLAG_FN(flag_dtmf_volume);
FLAG_FN(flag_dtmf_duration);
FLAG_FN(flag_dtmf_pause);
FLAG_FN(flag_dtmf_dest);
FLAG_FN(flag_detect_dtmf);
/* A string of digits at *ret, which stays as it is when it is wrong. */
int flag_read_digits(struct reading *r, const char *key, const struct value *v, struct str *ret);

/* --- flag_record.c --- */

FLAG_FN(flag_record_slots);
FLAG_FN(flag_record_slot_offer);
FLAG_FN(flag_record_slot_answer);
FLAG_FN(flag_record_call);
FLAG_FN(flag_pause);

/* --- flag_sdp.c --- */

FLAG_FN(flag_sdp_attr);
FLAG_FN(flag_sdp_media_remove);

#endif
