/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of keys and flags, and how a message is read by it. */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/flags.h"

#include "call/call.h"
#include "control/flags_priv.h"
#include "control/rtpp_flags.h"
#include "control/templates.h"

#include <errno.h>

/* Where a row may stand. */
enum { AS_KEY = 1, AS_FLAG = 2, AS_PREFIX = 4 };
enum { AS_BOTH = AS_KEY | AS_FLAG };

enum row_kind {
	ROW_STR,       /* a string at `offset` */
	ROW_BOOL,      /* a bool at `offset`, true by the flag's being there */
	ROW_SET,       /* `set` decides */
	ROW_DIGITS,    /* a string of digits at `offset` */
	ROW_STRINGS,   /* `set` for each string of a list, or of a text with commas */
	ROW_NOTHING,   /* asks for what is done anyway, or was given up by all */
	ROW_MISSING,   /* not built: left out with a warning */
	ROW_REFUSED,   /* not built: the request is refused */
	ROW_ELSEWHERE, /* read by the dispatcher or by single commands */
};

/*
 * A row that does not concern a command does nothing. MEDIA_COMMANDS_TOO: also those that block,
 * silence or play.
 */
enum concern { OFFERS_AND_ANSWERS, OFFERS_ONLY, MEDIA_COMMANDS_TOO, ALL_COMMANDS };

struct row {
	const char *name;
	unsigned as;
	enum row_kind kind;
	size_t offset;
	int (*set)(struct reading *r, const struct value *v, struct str text);
	enum concern concern;
	const char *help; /* effect; for ROW_MISSING and ROW_REFUSED what is missing */
};

#define STR_AT(field)    .kind = ROW_STR, .offset = offsetof(struct call_options, field)
#define DIGITS_AT(field) .kind = ROW_DIGITS, .offset = offsetof(struct call_options, field)
#define BOOL_AT(field)   .kind = ROW_BOOL, .offset = offsetof(struct call_options, field)
#define SET(fn)          .kind = ROW_SET, .set = fn
#define STRINGS(fn)      .kind = ROW_STRINGS, .set = fn

/* Of rows whose values are read by the table again. */
static FLAG_FN(set_rtpp_flags);
static FLAG_FN(set_template);

/* clang-format off */
static const struct row rows[] = {
	/* identity */
	{ "call-id", AS_KEY, STR_AT(call_id), .concern = ALL_COMMANDS, .help = "the call" },
	{ "from-tag", AS_KEY, SET(flag_from_tag), .concern = ALL_COMMANDS, .help = "tag of the party that sends, or that sent the offer" },
	{ "to-tag", AS_KEY, SET(flag_to_tag), .concern = ALL_COMMANDS, .help = "tag of the other party" },
	{ "to-tag", AS_FLAG, BOOL_AT(honour_to_tag), .concern = ALL_COMMANDS, .help = "delete: look at the to-tag" },
	{ "via-branch", AS_KEY, STR_AT(via_branch), .concern = ALL_COMMANDS, .help = "ties the receiving party to a branch" },
	{ "label", AS_KEY, STR_AT(label), .concern = ALL_COMMANDS, .help = "label of the sender" },
	{ "from-label", AS_KEY, STR_AT(label), .concern = ALL_COMMANDS, .help = "as label" },
	{ "set-label", AS_KEY, STR_AT(set_label), .concern = ALL_COMMANDS, .help = "new label of the selected party" },
	{ "metadata", AS_KEY, STR_AT(metadata), .concern = ALL_COMMANDS, .help = "text kept with the call and the sender" },
	{ "xmlrpc-callback", AS_KEY, SET(flag_xmlrpc_callback), .help = "kept with the call; left out: no teardown callback is sent" },
	{ "sdp", AS_KEY, SET(flag_sdp), .help = "the body" },
	{ "sip-message-type", AS_KEY, SET(flag_message_type), .help = "sip-request or sip-reply" },
	{ "sip-code", AS_KEY, SET(flag_sip_code), .help = "200 and above: a final response" },
	{ "sip-response-code", AS_KEY, SET(flag_sip_code), .help = "as sip-code" },
	{ "new-branch", AS_FLAG, BOOL_AT(new_branch), .help = "answer: a new to-tag is a branch, not an alias" },
	{ "provisional", AS_FLAG, BOOL_AT(provisional), .help = "answer: an alias even after a final response" },
	{ "supports", AS_KEY, STRINGS(flag_supports), .help = "load limit: how limits may be told" },
	/* addressing */
	{ "direction", AS_KEY, SET(flag_direction), .help = "interfaces of the sender's and the receiver's side" },
	{ "from-interface", AS_KEY, STR_AT(direction[0]), .help = "interface of the sender's side" },
	{ "to-interface", AS_KEY, STR_AT(direction[1]), .help = "interface of the receiver's side" },
	{ "address-family", AS_KEY, SET(flag_address_family), .help = "IP4 or IP6 towards the receiver" },
	{ "media-address", AS_KEY, SET(flag_media_address), .help = "address printed instead of our own" },
	{ "received-from", AS_KEY, SET(flag_received_from), .help = "where the SIP message came from" },
	{ "sip-source-address", AS_FLAG, BOOL_AT(sip_source), .help = "use received-from instead of the addresses in the SDP" },
	{ "trust-address", AS_FLAG, SET(flag_trust_address), .help = "use the addresses in the SDP" },
	{ "interface", AS_KEY, .kind = ROW_ELSEWHERE, .help = "of publish and its kind" },
	/* profile, rtcp-mux */
	{ "transport-protocol", AS_KEY, SET(flag_transport), .help = "profile towards the receiver; accept" },
	{ "rtcp-mux", AS_KEY | AS_PREFIX, STRINGS(flag_rtcp_mux), .help = "offer require demux accept reject" },
	{ "tos", AS_KEY, SET(flag_tos), .help = "TOS byte of the call's packets" },
	/* SDP */
	{ "replace", AS_KEY | AS_PREFIX, STRINGS(flag_replace), .help = "origin username session-name SDP-version zero-address origin-full force-increment-sdp-ver" },
	{ "original-sendrecv", AS_FLAG, BOOL_AT(original_sendrecv), .help = "copy the direction attribute" },
	{ "no-rtcp-attribute", AS_FLAG, BOOL_AT(no_rtcp_attribute), .help = "no a=rtcp" },
	{ "full-rtcp-attribute", AS_FLAG, BOOL_AT(full_rtcp_attribute), .help = "a=rtcp with address" },
	{ "generate-mid", AS_FLAG, BOOL_AT(generate_mid), .help = "offer: a=mid where there is none" },
	{ "loop-protect", AS_FLAG, BOOL_AT(loop_protect), .help = "mark the body; a marked one goes back unchanged" },
	/* media */
	{ "asymmetric", AS_FLAG, BOOL_AT(asymmetric), .help = "do not learn the sender's endpoint" },
	{ "endpoint-learning", AS_KEY | AS_PREFIX, STRINGS(flag_learning), .help = "heuristic delayed immediate off: how the sender's endpoint is found" },
	{ "port-latching", AS_FLAG, BOOL_AT(port_latching), .help = "keep ports when the endpoint changes" },
	{ "no-port-latching", AS_FLAG, BOOL_AT(no_port_latching), .help = "change them on hold, too" },
	/* delete */
	{ "delete-delay", AS_KEY, SET(flag_delete_delay), .concern = ALL_COMMANDS, .help = "delete: seconds until it happens" },
	{ "fatal", AS_FLAG, BOOL_AT(fatal), .concern = ALL_COMMANDS, .help = "delete: an unknown call is an error" },
	{ "fast", AS_FLAG, BOOL_AT(fast), .concern = ALL_COMMANDS, .help = "delete: no statistics in the reply" },
	/* SRTP; ICE, DTLS: what amounts to doing without is fine */
	{ "ice", AS_KEY, STRINGS(flag_ice), .help = "default force remove; optional force-relay: the sender's ICE is passed through, with candidates of ours below; offer: trickle ice2 lite lite-backward lite-both lite-off: ICE towards the receiver" },
	{ "ice-lite", AS_KEY, STRINGS(flag_ice_lite), .help = "forward backward both off: we are lite towards the receiver, the sender" },
	{ "reject-ice", AS_FLAG, BOOL_AT(ice.reject), .help = "offer: as if the sender had no ICE" },
	{ "ice-reject", AS_FLAG, BOOL_AT(ice.reject), .help = "as reject-ICE" },
	{ "trickle-ice", AS_FLAG, BOOL_AT(ice.trickle), .concern = OFFERS_ONLY, .help = "offer: as ICE-trickle" },
	{ "fragment", AS_FLAG, BOOL_AT(fragment), .help = "the body is a fragment with more candidates of the sender (trickle-ice-sdpfrag)" },
	{ "reset", AS_FLAG, BOOL_AT(ice.reset), .help = "offer: ICE begins anew with both sides" },
	{ "passthrough", AS_BOTH, SET(flag_passthrough), .help = "on off: sections described as the sender has them and relayed untouched, whatever ICE says" },
	{ "passthru", AS_BOTH, SET(flag_passthrough), .help = "as passthrough" },
	{ "no-passthrough", AS_FLAG, BOOL_AT(ice.no_pass), .help = "as passthrough=off" },
	{ "dtls", AS_KEY, STRINGS(flag_dtls), .help = "off; offer: passive active: our role where the sender leaves it to us" },
	{ "dtls-reverse", AS_KEY, STRINGS(flag_dtls), .help = "as DTLS" },
	{ "dtls-fingerprint", AS_KEY, STRINGS(flag_dtls_fingerprint), .concern = OFFERS_ONLY, .help = "offer: hash of our fingerprint: SHA-1 SHA-224 SHA-256 SHA-384 SHA-512" },
	{ "no-tls-id", AS_FLAG, BOOL_AT(dtls.no_tls_id), .help = "no a=tls-id" },
	{ "sdes", AS_KEY | AS_PREFIX, STRINGS(flag_sdes), .help = "off pad lifetime static nonew no-SUITE only-SUITE order:SUITE;… offerer_pref:SUITE;… prefer (un)encrypted_srtp (un)encrypted_srtcp (un)authenticated_srtp: keys in a=crypto" },
	{ "pad-crypto", AS_FLAG, BOOL_AT(sdes.pad), .help = "as SDES-pad" },
	{ "osrtp", AS_KEY | AS_PREFIX, STRINGS(flag_osrtp), .help = "offer accept-RFC offer-legacy accept-legacy accept: SRTP that may be declined" },
	{ "recrypt", AS_FLAG, BOOL_AT(recrypt), .help = "both sides get SRTP keys of their own: nothing is sent on as it came" },
	{ "webrtc", AS_FLAG, SET(flag_webrtc), .concern = OFFERS_ONLY, .help = "offer: transport-protocol=UDP/TLS/RTP/SAVPF ICE=[force trickle] rtcp-mux=[offer require] bundle=[offer require] SDES=off no-rtcp-attribute generate-mid" },
	{ "bundle", AS_KEY | AS_PREFIX, STRINGS(flag_bundle), .help = "accept reject; in offers offer require strict: sections that share a transport" },
	/* codecs */
	{ "codec", AS_KEY | AS_PREFIX, SET(flag_codec), .concern = MEDIA_COMMANDS_TOO, .help = "strip offer except; in offers transcode mask consume accept ignore set: lists of codecs; play media: set" },
	{ "codecs", AS_KEY, SET(flag_codec), .concern = MEDIA_COMMANDS_TOO, .help = "as codec" },
	{ "transcode", AS_PREFIX, SET(flag_transcode), .concern = OFFERS_ONLY, .help = "offer: as codec-transcode" },
	{ "always-transcode", AS_FLAG, BOOL_AT(codec.always), .concern = OFFERS_ONLY, .help = "offer: as codec-accept-all" },
	{ "force-transcoding", AS_FLAG, BOOL_AT(codec.force), .help = "transcode what both sides have, too" },
	{ "inject-dtmf", AS_FLAG, BOOL_AT(dtmf.inject), .help = "prepare both parties for play DTMF" },
	{ "detect-dtmf", AS_FLAG, SET(flag_detect_dtmf), .concern = MEDIA_COMMANDS_TOO, .help = "look for DTMF in the sender's audio, which is transcoded for that" },
	{ "ptime", AS_KEY, SET(flag_ptime), .concern = OFFERS_ONLY, .help = "offer: milliseconds per packet towards the receiver" },
	{ "ptime-reverse", AS_KEY, SET(flag_ptime_reverse), .concern = OFFERS_ONLY, .help = "offer: milliseconds per packet towards the sender" },
	{ "reverse-ptime", AS_KEY, SET(flag_ptime_reverse), .concern = OFFERS_ONLY, .help = "as ptime-reverse" },
	{ "t.38", AS_KEY | AS_PREFIX, .kind = ROW_REFUSED, .concern = OFFERS_ONLY, .help = "T.38" },
	{ "t38", AS_KEY | AS_PREFIX, .kind = ROW_REFUSED, .concern = OFFERS_ONLY, .help = "T.38" },
	{ "single-codec", AS_FLAG, BOOL_AT(codec.single), .help = "answer: its first codec alone" },
	{ "allow-asymmetric-codecs", AS_FLAG, BOOL_AT(codec.asymmetric), .help = "codecs of the answer count by name, whatever their numbers" },
	{ "allow-asymmetric-codec", AS_FLAG, BOOL_AT(codec.asymmetric), .help = "as allow-asymmetric-codecs" },
	{ "reuse-codecs", AS_FLAG, BOOL_AT(codec.reuse), .help = "codecs known to the receiver come first, in its order, by its numbers" },
	{ "no-codec-renegotiation", AS_FLAG, BOOL_AT(codec.reuse), .help = "as reuse-codecs" },
	{ "static-codecs", AS_FLAG, BOOL_AT(codec.is_static), .concern = OFFERS_ONLY, .help = "offer: what the receiver was shown before" },
	{ "static-codec", AS_FLAG, BOOL_AT(codec.is_static), .concern = OFFERS_ONLY, .help = "as static-codecs" },
	{ "allow-no-codec-media", AS_FLAG, BOOL_AT(codec.allow_none), .concern = OFFERS_ONLY, .help = "offer: a section without codecs is declined" },
	{ "allow-no-codec-medias", AS_FLAG, BOOL_AT(codec.allow_none), .concern = OFFERS_ONLY, .help = "as allow-no-codec-media" },
	{ "allow-empty-codec-media", AS_FLAG, BOOL_AT(codec.allow_none), .concern = OFFERS_ONLY, .help = "as allow-no-codec-media" },
	{ "allow-empty-codec-medias", AS_FLAG, BOOL_AT(codec.allow_none), .concern = OFFERS_ONLY, .help = "as allow-no-codec-media" },
	{ "allow-transcoding", AS_FLAG, .kind = ROW_NOTHING, .help = "of subscribe answer" },
	/* the rest of the dialect: not built */
	{ "record-call", AS_BOTH, SET(flag_record_call), .help = "yes, no; discard: stop and delete the recording" },
	{ "recording-file", AS_KEY, STR_AT(record.file), .concern = ALL_COMMANDS, .help = "path of the recording, in --recording-dir" },
	{ "recording-destination", AS_KEY, STR_AT(record.file), .concern = ALL_COMMANDS, .help = "as recording-file" },
	{ "recording-dest", AS_KEY, STR_AT(record.file), .concern = ALL_COMMANDS, .help = "as recording-file" },
	{ "recording-dir", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "folder of the recording, in --recording-dir" },
	{ "recording-path", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "recording-directory", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "recording-folder", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "recording-pattern", AS_KEY, STR_AT(record.pattern), .concern = ALL_COMMANDS, .help = "name of the recording: %c call-ID, %r random, %t mix, %l label, %Y %m %d %H %M %S %u time, %1-%9 next characters of the call-ID, %{KEY} of the metadata" },
	{ "output-file", AS_KEY, STR_AT(record.file), .concern = ALL_COMMANDS, .help = "as recording-file" },
	{ "output-destination", AS_KEY, STR_AT(record.file), .concern = ALL_COMMANDS, .help = "as recording-file" },
	{ "output-dest", AS_KEY, STR_AT(record.file), .concern = ALL_COMMANDS, .help = "as recording-file" },
	{ "output-dir", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "output-path", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "output-directory", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "output-folder", AS_KEY, STR_AT(record.dir), .concern = ALL_COMMANDS, .help = "as recording-dir" },
	{ "output-pattern", AS_KEY, STR_AT(record.pattern), .concern = ALL_COMMANDS, .help = "as recording-pattern" },
	{ "skip-recording-db", AS_FLAG, .kind = ROW_NOTHING, .help = "there is no database" },
	{ "skip-recording-database", AS_FLAG, .kind = ROW_NOTHING, .help = "there is no database" },
	{ "recording-announcement", AS_FLAG, BOOL_AT(record.announce), .help = "file, blob or blob64 is played to the sender once recording has started and the call is answered; with block-egress alone" },
	{ "recording-vsc", AS_FLAG, BOOL_AT(record.vsc), .help = "the sender may steer recording by dialling" },
	{ "vsc-start-rec", AS_KEY, DIGITS_AT(record.codes.digits[VSC_START]), .help = "digits that start recording, instead of those configured" },
	{ "vsc-start-recording", AS_KEY, DIGITS_AT(record.codes.digits[VSC_START]), .help = "as vsc-start-rec" },
	{ "vsc-stop-rec", AS_KEY, DIGITS_AT(record.codes.digits[VSC_STOP]), .help = "… that stop it" },
	{ "vsc-stop-recording", AS_KEY, DIGITS_AT(record.codes.digits[VSC_STOP]), .help = "as vsc-stop-rec" },
	{ "vsc-start-stop-rec", AS_KEY, DIGITS_AT(record.codes.digits[VSC_START_STOP]), .help = "… that do one or the other" },
	{ "vsc-start-stop-recording", AS_KEY, DIGITS_AT(record.codes.digits[VSC_START_STOP]), .help = "as vsc-start-stop-rec" },
	{ "vsc-pause-rec", AS_KEY, DIGITS_AT(record.codes.digits[VSC_PAUSE]), .help = "… that pause it" },
	{ "vsc-pause-recording", AS_KEY, DIGITS_AT(record.codes.digits[VSC_PAUSE]), .help = "as vsc-pause-rec" },
	{ "vsc-pause-resume-rec", AS_KEY, DIGITS_AT(record.codes.digits[VSC_PAUSE_RESUME]), .help = "… that pause it or let it go on" },
	{ "vsc-pause-resume-recording", AS_KEY, DIGITS_AT(record.codes.digits[VSC_PAUSE_RESUME]), .help = "as vsc-pause-resume-rec" },
	{ "vsc-start-pause-resume-rec", AS_KEY, DIGITS_AT(record.codes.digits[VSC_START_PAUSE_RESUME]), .help = "… that start it, pause it or let it go on" },
	{ "vsc-start-pause-resume-recording", AS_KEY, DIGITS_AT(record.codes.digits[VSC_START_PAUSE_RESUME]), .help = "as vsc-start-pause-resume-rec" },
	{ "recording-media-slots", AS_KEY, SET(flag_record_slots), .concern = OFFERS_ONLY, .help = "offer: number of channels of an audio recording, up to 8" },
	{ "recording-media-slot-offer", AS_KEY, SET(flag_record_slot_offer), .concern = OFFERS_ONLY, .help = "offer: channel of the sender in it, from 1" },
	{ "recording-media-slot-answer", AS_KEY, SET(flag_record_slot_answer), .concern = OFFERS_ONLY, .help = "offer: channel of the receiver in it, from 1" },
	{ "strict-source", AS_FLAG, BOOL_AT(strict_source), .help = "other sources than the one learned are dropped, whatever --source-policy says" },
	{ "media-handover", AS_FLAG, BOOL_AT(handover), .help = "follow the source of packets when it changes; not with strict-source" },
	{ "unidirectional", AS_FLAG, BOOL_AT(unidirectional), .help = "concerns kernel forwarding" },
	{ "nat-wait", AS_FLAG, BOOL_AT(nat_wait), .help = "send nothing to the sender before it has sent something" },
	{ "pierce-nat", AS_FLAG, BOOL_AT(pierce_nat), .help = "send empty packets to the sender until it sends something" },
	{ "block-short", AS_FLAG, BOOL_AT(block_short), .help = "discard the sender's RTP that is empty, or too short for its codec" },
	{ "block-shorts", AS_FLAG, BOOL_AT(block_short), .help = "as block-short" },
	{ "block-short-packets", AS_FLAG, BOOL_AT(block_short), .help = "as block-short" },
	{ "generate-rtcp", AS_BOTH, SET(flag_generate_rtcp), .help = "RTCP ends here and reports are made for both parties; or off" },
	{ "no-jitter-buffer", AS_FLAG, .kind = ROW_NOTHING, .help = "there is none" },
	{ "delay-buffer", AS_KEY, SET(flag_delay_buffer), .concern = MEDIA_COMMANDS_TOO, .help = "milliseconds that the sender's RTP is held back, up to 10000; also of block DTMF and unblock DTMF; 0: not" },
	{ "media-echo", AS_KEY, SET(flag_media_echo), .help = "blackhole forward backward both off: send media back, discard the rest" },
	{ "drop-traffic", AS_KEY, SET(flag_drop_traffic), .help = "start or stop to discard all of the call's media" },
	{ "block-dtmf", AS_FLAG, BOOL_AT(dtmf.block), .help = "offer, answer: as block DTMF for the sender, with its keys" },
	{ "dtmf-log-dest", AS_KEY, SET(flag_dtmf_dest), .help = "address and port that the call's DTMF is told to, as JSON in datagrams" },
	{ "dtmf-log-destination", AS_KEY, SET(flag_dtmf_dest), .help = "as dtmf-log-dest" },
	{ "dtmf-security", AS_KEY, SET(flag_dtmf_security), .concern = MEDIA_COMMANDS_TOO, .help = "drop silence tone random zero DTMF off: what is done about the digits that are blocked" },
	{ "dtmf-security-trigger", AS_KEY, SET(flag_dtmf_security_trigger), .concern = MEDIA_COMMANDS_TOO, .help = "what DTMF-security becomes once trigger was dialled; drop if not given" },
	{ "dtmf-security-trigger-end", AS_KEY, SET(flag_dtmf_security_end), .concern = MEDIA_COMMANDS_TOO, .help = "… and once trigger-end was; off if not given" },
	{ "trigger", AS_KEY, DIGITS_AT(dtmf.trigger), .concern = MEDIA_COMMANDS_TOO, .help = "digits that, dialled by the party, block its digits" },
	{ "trigger-end", AS_KEY, DIGITS_AT(dtmf.trigger_end), .concern = MEDIA_COMMANDS_TOO, .help = "digits that end that" },
	{ "end-trigger", AS_KEY, DIGITS_AT(dtmf.trigger_end), .concern = MEDIA_COMMANDS_TOO, .help = "as trigger-end" },
	{ "trigger-end-time", AS_KEY, SET(flag_dtmf_end_time), .concern = MEDIA_COMMANDS_TOO, .help = "milliseconds after which it ends by itself, to the second; 0: not" },
	{ "end-trigger-time", AS_KEY, SET(flag_dtmf_end_time), .concern = MEDIA_COMMANDS_TOO, .help = "as trigger-end-time" },
	{ "trigger-end-digits", AS_KEY, SET(flag_dtmf_end_digits), .concern = MEDIA_COMMANDS_TOO, .help = "number of digits after which it ends by itself; 0: not" },
	{ "end-trigger-digits", AS_KEY, SET(flag_dtmf_end_digits), .concern = MEDIA_COMMANDS_TOO, .help = "as trigger-end-digits" },
	{ "dtmf-delay", AS_KEY, SET(flag_dtmf_delay), .concern = MEDIA_COMMANDS_TOO, .help = "milliseconds, up to 10000, that the party's digits come later, so that blocking can still catch them; its audio is silent meanwhile; 0: not" },
	{ "frequency", AS_KEY, SET(flag_dtmf_tones), .concern = MEDIA_COMMANDS_TOO, .help = "Hz of DTMF-security=tone, or a list: one after the other" },
	{ "frequencies", AS_KEY, SET(flag_dtmf_tones), .concern = MEDIA_COMMANDS_TOO, .help = "as frequency" },
	{ "volume", AS_KEY, SET(flag_dtmf_volume), .concern = MEDIA_COMMANDS_TOO, .help = "of digits and tones, in dB below the loudest, up to 63" },
	{ "code", AS_KEY, SET(flag_dtmf_code), .concern = MEDIA_COMMANDS_TOO, .help = "play DTMF: the digit; block DTMF: the digit of DTMF-security=DTMF" },
	{ "digit", AS_KEY, SET(flag_dtmf_code), .concern = MEDIA_COMMANDS_TOO, .help = "as code" },
	{ "duration", AS_KEY, SET(flag_dtmf_duration), .concern = MEDIA_COMMANDS_TOO, .help = "play DTMF: milliseconds" },
	{ "pause", AS_BOTH, SET(flag_pause), .concern = ALL_COMMANDS, .help = "stop recording: only pause it; play DTMF: milliseconds" },
	{ "file", AS_KEY, STR_AT(play.file), .concern = MEDIA_COMMANDS_TOO, .help = "play media, recording-announcement: path of what is played" },
	{ "blob", AS_KEY, STR_AT(play.blob), .concern = MEDIA_COMMANDS_TOO, .help = "likewise: the file's content" },
	{ "blob64", AS_KEY, STR_AT(play.blob64), .concern = MEDIA_COMMANDS_TOO, .help = "likewise: the file's content in base64" },
	{ "db-id", AS_KEY, SET(flag_db_id), .concern = MEDIA_COMMANDS_TOO, .help = "likewise: a number, by which --mysql-query finds the file's content" },
	{ "repeat-times", AS_KEY, .kind = ROW_ELSEWHERE, .help = "play media: how often in all" },
	{ "repeat-duration", AS_KEY, .kind = ROW_ELSEWHERE, .help = "play media: milliseconds after which it does not begin anew" },
	{ "start-pos", AS_KEY, .kind = ROW_ELSEWHERE, .help = "play media: sample of the file to begin at, as last-frame-pos of stop media tells" },
	{ "block-egress", AS_FLAG, BOOL_AT(block_egress), .concern = MEDIA_COMMANDS_TOO, .help = "play media, recording-announcement: what others send to the listener is discarded meanwhile" },
	{ "audio-player", AS_BOTH, SET(flag_audio_player), .help = "default transcoding always off: is all that the sender hears mixed and made one stream: as configured; while it is transcoded to or played to; always; alone: transcoding" },
	{ "player", AS_BOTH, SET(flag_audio_player), .help = "as audio-player" },
	{ "no-audio-player", AS_FLAG, SET(flag_no_player), .help = "as audio-player=off" },
	{ "no-player", AS_FLAG, SET(flag_no_player), .help = "as audio-player=off" },
	{ "early-media", AS_FLAG, BOOL_AT(early_media), .concern = OFFERS_ONLY, .help = "offer: audio-player begins before there is an answer" },
	{ "moh", AS_KEY, SET(flag_moh), .help = "music for whom the sender puts on hold, a dictionary: file, blob or db-id; mode: sendonly sendrecv reflect; connection: zero" },
	{ "exclude-recording", AS_FLAG, BOOL_AT(record.exclude), .help = "what both parties send stays out of recordings" },
	{ "strip-extmap", AS_FLAG, SET(flag_strip_extmap), .help = "no header extensions" },
	{ "extmap", AS_KEY, SET(flag_extmap), .help = "strip, mask: header extensions taken out, mask only towards the receiver" },
	{ "sdp-attr", AS_KEY | AS_PREFIX, SET(flag_sdp_attr), .help = "add, remove, substitute attributes of a section" },
	{ "sdp-media-remove", AS_KEY, SET(flag_sdp_media_remove), .concern = OFFERS_ONLY, .help = "offer: media types that are not sent on" },
	{ "inbound-peer", AS_KEY, SET(flag_inbound_peer), .concern = OFFERS_ONLY, .help = "as from-interface, by the route to this address" },
	{ "outbound-peer", AS_KEY, SET(flag_outbound_peer), .concern = OFFERS_ONLY, .help = "as to-interface, by the route to this address" },
	{ "peer", AS_KEY, .kind = ROW_ELSEWHERE, .help = "of publish and its kind" },
	{ "alias-key", AS_KEY, SET(flag_alias_key), .concern = OFFERS_ONLY, .help = "offer: SDP or address tell that a new tag is a known party's; off" },
	{ "template", AS_KEY, STRINGS(set_template), .concern = ALL_COMMANDS, .help = "a template: its flags as if they stood here" },
	{ "rtpp-flags", AS_KEY, SET(set_rtpp_flags), .concern = ALL_COMMANDS, .help = "all of the message's keys and flags in one string" },
	{ "debug", AS_FLAG, BOOL_AT(debug), .help = "offer, answer: all log lines of the call, whatever the level" },
	{ "debugging", AS_FLAG, BOOL_AT(debug), .help = "as debug" },
	{ "no-redis-update", AS_FLAG, .kind = ROW_NOTHING, .help = "nothing is stored" },
	{ "discard-recording", AS_FLAG, BOOL_AT(record.discard), .concern = ALL_COMMANDS, .help = "delete, stop recording: delete the recording, too" },
	{ "directional", AS_FLAG, BOOL_AT(select.directional), .concern = ALL_COMMANDS, .help = "select by from-tag where it does not count otherwise" },
	{ "all", AS_BOTH, SET(flag_all), .concern = ALL_COMMANDS, .help = "select the whole call; offer-answer, except-offer-answer, flows: a party's flows" },
	{ "address", AS_KEY, STR_AT(select.address), .concern = ALL_COMMANDS, .help = "select the party that advertised it" },
	{ "to-label", AS_KEY, STR_AT(select.to_label), .concern = ALL_COMMANDS, .help = "select a flow by its receiver's label" },
	{ "from-tags", AS_KEY | AS_PREFIX, .kind = ROW_ELSEWHERE, .help = "of commands that select parties" },
	/* accepted for old configurations, without effect anywhere */
	{ "symmetric", AS_FLAG, .kind = ROW_NOTHING, .help = "no effect" },
	{ "reorder-codecs", AS_FLAG, .kind = ROW_NOTHING, .help = "no effect" },
	{ "symmetric-codecs", AS_FLAG, .kind = ROW_NOTHING, .help = "no effect" },
	{ "asymmetric-codecs", AS_FLAG, .kind = ROW_NOTHING, .help = "no effect" },
	{ "repacketize", AS_BOTH, .kind = ROW_NOTHING, .help = "no effect" },
	/* read by the dispatcher */
	{ "command", AS_KEY, .kind = ROW_ELSEWHERE, .help = "what to do" },
	{ "flags", AS_KEY, .kind = ROW_ELSEWHERE, .help = "list of flags" },
	{ "limit", AS_KEY, .kind = ROW_ELSEWHERE, .help = "list: how many" },
};
/* clang-format on */

static GHashTable *by_form[AS_PREFIX + 1]; /* name → row, for keys, flags, prefixes */

static void build_index(void)
{
	for (unsigned form = AS_KEY; form <= AS_PREFIX; form <<= 1) {
		by_form[form] = g_hash_table_new(g_str_hash, g_str_equal);
		for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
			if (rows[i].as & form)
				g_hash_table_insert(
					by_form[form], (gpointer)rows[i].name, (gpointer)&rows[i]);
	}
}

static const struct row *find_row(const char *name, unsigned form)
{
	return g_hash_table_lookup(by_form[form], name);
}

static int apply_strings(struct reading *r, const struct row *row, const struct value *v)
{
	struct str rest = value_str(v), part;
	int ret = 0;

	value_each (item, v) {
		if (item->type == VALUE_STR)
			ret = row->set(r, item, item->str);
		if (ret)
			return ret;
	}
	while (v->type == VALUE_STR && str_cut(&rest, ',', &part)) {
		ret = row->set(r, v, flag_trim(part));
		if (ret)
			return ret;
	}
	return 0;
}

/* BYEs come with the flags of INVITEs; what means nothing to a command must not stop it. */
static bool concerns(const struct row *row, enum flags_for what)
{
	switch (row->concern) {
	case ALL_COMMANDS:
		return true;
	case OFFERS_ONLY:
		return what == FLAGS_OFFER;
	case MEDIA_COMMANDS_TOO:
		return what != FLAGS_OTHER;
	case OFFERS_AND_ANSWERS:
		break;
	}
	return what == FLAGS_OFFER || what == FLAGS_ANSWER ||
	       (row->as & AS_FLAG && row->kind == ROW_BOOL);
}

/* `v` is NULL for a bare flag; `text` is then what follows a prefix. */
static int apply(struct reading *r, const struct row *row, const struct value *v, struct str text,
	struct str name)
{
	char *base = (char *)r->o;

	if (!concerns(row, r->what))
		return 0;
	switch (row->kind) {
	case ROW_STR:
		if (value_is_str(v))
			*(struct str *)(void *)(base + row->offset) = v->str;
		return 0;
	case ROW_BOOL:
		*(bool *)(base + row->offset) = true;
		return 0;
	case ROW_SET:
		return row->set(r, v, v ? value_str(v) : text);
	case ROW_DIGITS:
		return flag_read_digits(
			r, row->name, v, (struct str *)(void *)(base + row->offset));
	case ROW_STRINGS:
		return v ? apply_strings(r, row, v) : row->set(r, NULL, text);
	case ROW_MISSING:
		flag_warn(r, "%.*s is left out: %s is not supported by this build", STR_ARG(name),
			row->help);
		return 0;
	case ROW_REFUSED:
		return err_set(r->err, ENOTSUP,
			"%.*s cannot be done: %s is not supported by this build", STR_ARG(name),
			row->help);
	case ROW_NOTHING:
	case ROW_ELSEWHERE:
		break;
	}
	return 0;
}

static void unknown(struct reading *r, const char *what, struct str name)
{
	reason_count(REASON_FLAG_UNKNOWN);
	log_warn("Unknown %s encountered: '%.*s'", what, STR_ARG(name));
	flag_warn(r, "unknown %s '%.*s' ignored", what, (int)MIN(name.len, (size_t)FLAG_MAX_NAME),
		name.s);
}

/* "replace-origin" is the value "origin" of the key "replace". */
static int read_prefixed(struct reading *r, struct str word, const char *text)
{
	const char *dash = text;

	while ((dash = strchr(dash, '-'))) {
		char prefix[FLAG_MAX_NAME];
		const struct row *row;

		g_strlcpy(prefix, text, (gsize)(dash - text) + 1);
		row = find_row(prefix, AS_PREFIX);
		if (row)
			return apply(r, row, NULL, str_skip(word, (size_t)(dash - text) + 1),
				str_of(row->name));
		dash++;
	}
	unknown(r, "flag", word);
	return 0;
}

static int read_flag(struct reading *r, struct str word)
{
	char text[FLAG_MAX_NAME];
	const struct row *row;

	if (!word.len)
		return 0;
	/* Longer than any flag: still it may begin with a key's name. */
	if (!flag_normalise((struct str){ word.s, MIN(word.len, (size_t)FLAG_MAX_NAME - 1) }, text))
		return 0;
	row = word.len < FLAG_MAX_NAME ? find_row(text, AS_FLAG) : NULL;
	return row ? apply(r, row, NULL, STR_NULL, word) : read_prefixed(r, word, text);
}

static int read_flags(struct reading *r, const struct value *v)
{
	struct str rest = value_str(v), part;
	int ret = 0;

	value_each (item, v) {
		if (item->type == VALUE_STR)
			ret = read_flag(r, item->str);
		if (ret)
			return ret;
	}
	while (v->type == VALUE_STR && str_cut(&rest, ',', &part)) {
		ret = read_flag(r, flag_trim(part));
		if (ret)
			return ret;
	}
	return 0;
}

static int read_key(struct reading *r, const struct value *v)
{
	char text[FLAG_MAX_NAME];
	const struct row *row = NULL;

	if (flag_normalise(v->key, text)) {
		if (!strcmp(text, "flags"))
			return read_flags(r, v);
		row = find_row(text, AS_KEY);
	}
	if (!row) {
		unknown(r, "key", v->key);
		return 0;
	}
	return apply(r, row, v, STR_NULL, v->key);
}

static int read_keys(struct reading *r, const struct value *dict)
{
	value_each (v, dict) {
		int ret = read_key(r, v);

		if (ret)
			return ret;
	}
	return 0;
}

/* ---- flags inside strings ---- */

enum { MAX_STRINGS = 4 }; /* one inside the other */

static int read_string(struct reading *r, struct str text)
{
	struct dict *made = flag_memory(r);
	struct value *keys;
	int ret;

	if (r->depth == MAX_STRINGS)
		return err_set(r->err, ELOOP, "Flags string is nested too deeply");
	keys = dict_add_dict(made, dict_root(made), NULL);
	ret = rtpp_flags_parse(text, made, keys, r->err);
	if (ret < 0)
		return ret;
	r->depth++;
	ret = read_keys(r, keys);
	r->depth--;
	return ret;
}

static int read_template(struct reading *r, struct str name)
{
	struct str text = templates_find(r->templates, name);

	return text.s ? read_string(r, text) : 0;
}

static FLAG_FN(set_rtpp_flags)
{
	return value_is_str(v) ? read_string(r, text) : 0;
}

static FLAG_FN(set_template)
{
	(void)v;
	if (!templates_find(r->templates, text).s)
		flag_warn(r, "unknown template '%.*s' ignored", STR_ARG(text));
	return read_template(r, text);
}

int flags_read(const struct value *request, enum flags_for what,
	const struct call_settings *settings, const struct templates *templates,
	struct call_options *ret, GString *warnings, struct err *err)
{
	struct reading r = {
		.o = ret, .what = what, .templates = templates, .warnings = warnings, .err = err
	};
	int e;

	if (!by_form[AS_KEY])
		build_index();
	*ret = (struct call_options){
		.tos = TOS_NOT_GIVEN,
		.delete_delay_s = DELETE_DELAY_NOT_GIVEN,
		.delay_ms = DELAY_NOT_GIVEN,
		.dtmf = {
			.mode = DTMF_NOT_GIVEN,
			.trigger_mode = DTMF_NOT_GIVEN,
			.ended_mode = DTMF_NOT_GIVEN,
			.code = DTMF_NOT_GIVEN,
			.volume = DTMF_NOT_GIVEN,
			.duration_ms = DTMF_NOT_GIVEN,
			.pause_ms = DTMF_NOT_GIVEN,
		},
		.sip_source = settings->sip_source,
	};
	e = read_template(&r, STR_LIT("default"));
	if (!e)
		e = read_template(&r, value_get_str(request, "command"));
	return e ? e : read_keys(&r, request);
}

void flags_clear(struct call_options *o)
{
	dict_free(o->made);
	o->made = NULL;
}

void flags_print_reference(FILE *out)
{
	static const char *const state[] = {
		[ROW_NOTHING] = "(no effect) ",
		[ROW_MISSING] = "(not built: left out) ",
		[ROW_REFUSED] = "(not built: refused) ",
		[ROW_ELSEWHERE] = "",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];

		fprintf(out, "%-24s %s%s%s  %s%s\n", row->name, row->as & AS_KEY ? "key " : "",
			row->as & AS_FLAG ? "flag " : "", row->as & AS_PREFIX ? "prefix" : "",
			row->kind >= ROW_NOTHING ? state[row->kind] : "", row->help);
	}
}
