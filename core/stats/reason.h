/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why something was dropped, refused, or changed its state: one row each. Counters, logs,
 * `explain` and telemetry all read this table. A row's name is stable, its sentence may improve.
 */
#ifndef STATS_REASON_H
#define STATS_REASON_H

#include <stdint.h>

enum reason_kind {
	REASON_DROP,   /* a packet was not passed on */
	REASON_REFUSE, /* a request was not carried out */
	REASON_CHANGE, /* something else happened that an operator may ask about */
};

/* id, kind, name, what it means to an operator. Drops come first: REASON_DROPS. */
#define REASONS(ROW)                                                                               \
	ROW(RUNT, DROP, "runt", "shorter than any packet of its kind can be")                      \
	ROW(TOO_LONG, DROP, "too-long", "longer than the largest packet we take")                  \
	ROW(NOT_RTP, DROP, "not-rtp", "neither RTP nor RTCP by its first byte (RFC 7983)")         \
	ROW(STUN_UNEXPECTED, DROP, "stun-unexpected", "STUN on a stream that does not use ICE")    \
	ROW(STUN_MALFORMED, DROP, "stun-malformed", "STUN that is none of ICE, or damaged")        \
	ROW(STUN_UNAUTHORIZED, DROP, "stun-unauthorized",                                          \
		"STUN by who does not know the password")                                          \
	ROW(STUN_REFUSED, DROP, "stun-refused",                                                    \
		"STUN that lacks something, or has what is not known")                             \
	ROW(STUN_STRAY, DROP, "stun-stray",                                                        \
		"STUN that answers nothing that was asked, or at a port that is not shown")        \
	ROW(ICE_UNCHECKED, DROP, "ice-unchecked",                                                  \
		"with ICE: from an address that no check has shown to be the peer's")              \
	ROW(ICE_NO_CONSENT, DROP, "ice-no-consent",                                                \
		"with ICE: the peer has long not answered whether it still wants packets")         \
	ROW(DTLS_UNEXPECTED, DROP, "dtls-unexpected", "DTLS on a stream that does not use it")     \
	ROW(RTP_MALFORMED, DROP, "rtp-malformed",                                                  \
		"RTP header that contradicts the packet's length")                                 \
	ROW(RTCP_MALFORMED, DROP, "rtcp-malformed", "RTCP compound that contradicts its length")   \
	ROW(RTCP_NOT_MUXED, DROP, "rtcp-not-muxed", "RTCP on an RTP port though rtcp-mux is off")  \
	ROW(RTP_ON_RTCP_PORT, DROP, "rtp-on-rtcp-port", "RTP on the port that is for RTCP")        \
	ROW(WRONG_SOURCE, DROP, "wrong-source", "came from another address than the one believed") \
	ROW(WORSE_SOURCE, DROP, "worse-source",                                                    \
		"while learning: another source that fits as well or better sends")                \
	ROW(UNSIGNALLED_SOURCE, DROP, "unsignalled-source",                                        \
		"not from the signalled address, as --source-policy=signalled wants it")           \
	ROW(NO_PEER, DROP, "no-peer", "nowhere to send it: the other side's address is not known") \
	ROW(LOOP, DROP, "loop", "come round and round: the way out leads back to us")              \
	ROW(NO_SINK, DROP, "no-sink", "nobody receives this stream")                               \
	ROW(MEDIA_BLOCKED, DROP, "media-blocked", "the proxy asked for it: media are discarded")   \
	ROW(DIGITS_FULL, DROP, "digits-full", "more digits wait to be played than are kept")       \
	ROW(DTMF_BLOCKED, DROP, "dtmf-blocked", "the proxy asked for it: DTMF is discarded")       \
	ROW(FEEDBACK_REMOVED, DROP, "feedback-removed",                                            \
		"RTCP feedback towards a profile without it")                                      \
	ROW(SEND_FAILED, DROP, "send-failed", "the system refused to send it")                     \
	ROW(SEND_QUEUE_FULL, DROP, "send-queue-full", "the system's send buffer was full")         \
	ROW(NO_BUFFER, DROP, "no-buffer", "all packet buffers of the worker were in use")          \
	ROW(DELAY_FULL, DROP, "delay-full",                                                        \
		"more packets were to wait for delay-buffer than fit in")                          \
	ROW(NO_SESSION, DROP, "no-session",                                                        \
		"came for a port whose call was just being set up or ended")                       \
	ROW(NOT_BUNDLED, DROP, "not-bundled",                                                      \
		"neither mid, SSRC nor payload type tells which section it belongs to")            \
	ROW(SRTP_NO_KEY, DROP, "srtp-no-key",                                                      \
		"SRTP is to be spoken, but no key was signalled yet")                              \
	ROW(SRTP_NO_KEY_OUT, DROP, "srtp-no-key-out",                                              \
		"SRTP is to be sent, but no key was agreed yet")                                   \
	ROW(SRTP_FORGED, DROP, "srtp-forged",                                                      \
		"SRTP that is not authentic: another key than the one signalled, or a forgery")    \
	ROW(SRTP_REPLAYED, DROP, "srtp-replayed", "SRTP that has come before, or much too late")   \
	ROW(SRTP_MALFORMED, DROP, "srtp-malformed", "SRTP that contradicts its length")            \
	ROW(SRTP_NOT_SENT, DROP, "srtp-not-sent", "packet that could not be protected")            \
	ROW(SRTP_SHARED_KEY, DROP, "srtp-shared-key",                                              \
		"would have to be changed, but both parties use one SRTP key for it")              \
	ROW(DTLS_NO_KEY, DROP, "dtls-no-key", "SRTP before the DTLS handshake gave its keys")      \
	ROW(DTLS_NO_HELLO, DROP, "dtls-no-hello",                                                  \
		"DTLS that belongs to no handshake and begins none")                               \
	ROW(DTLS_HALF_OPEN, DROP, "dtls-half-open",                                                \
		"as many DTLS handshakes are unfinished as are allowed")                           \
	ROW(DTLS_BUSY, DROP, "dtls-busy", "more DTLS came than there is time for")                 \
	ROW(TOO_LATE, DROP, "too-late",                                                            \
		"RTP to be transcoded that came twice, or when its time was over")                 \
	ROW(DECODE_FAILED, DROP, "decode-failed", "payload that is none of its codec's")           \
	ROW(NO_CODEC, DROP, "no-codec",                                                            \
		"payload type of which the receiver gets nothing while it is transcoded for")      \
	ROW(PORT_MOVED, DROP, "port-moved",                                                        \
		"came to a worker for a port that it does not have any more")                      \
	ROW(RECEIVE_OVERFLOW, DROP, "receive-overflow",                                            \
		"a worker was too slow: the system had no more room for what came")                \
	ROW(NG_NO_COOKIE, REFUSE, "ng-no-cookie", "control datagram without a cookie")             \
	ROW(NG_BAD_REQUEST, REFUSE, "ng-bad-request", "control request that cannot be understood") \
	ROW(NG_REPLY_TOO_LONG, REFUSE, "ng-reply-too-long", "reply that does not fit a datagram")  \
	ROW(NG_OVERLOAD, REFUSE, "ng-overload",                                                    \
		"control requests came faster than they can be handled: lost unread")              \
	ROW(NG_WAITING, REFUSE, "ng-waiting", "too many control requests wait for files")          \
	ROW(CALL_LIMIT, REFUSE, "call-limit", "as many calls as --max-sessions allows")            \
	ROW(LOAD_LIMIT, REFUSE, "load-limit", "load average at or above --max-load")               \
	ROW(CPU_LIMIT, REFUSE, "cpu-limit", "CPU usage at or above --max-cpu")                     \
	ROW(BANDWIDTH_LIMIT, REFUSE, "bandwidth-limit",                                            \
		"as many bytes received in the last second as --max-bandwidth allows")             \
	ROW(NO_PORTS, REFUSE, "no-ports", "no local port was left")                                \
	ROW(NO_DESCRIPTORS, REFUSE, "no-descriptors",                                              \
		"no port could be opened: the limit of open files, or memory")                     \
	ROW(PORT_UNUSABLE, REFUSE, "port-unusable",                                                \
		"the system would not let us use a port of that address")                          \
	ROW(SDP_REFUSED, REFUSE, "sdp-refused", "session description that cannot be used")         \
	ROW(UNSUPPORTED, REFUSE, "unsupported", "asks for something this build cannot do")         \
	ROW(FLAG_UNKNOWN, CHANGE, "flag-unknown",                                                  \
		"a flag or key of a request was not understood and ignored")                       \
	ROW(ICE_COMPLETED, CHANGE, "ice-completed", "ICE found a way for each component")          \
	ROW(ICE_FAILED, CHANGE, "ice-failed", "ICE found no way to the peer")                      \
	ROW(ICE_CONSENT_LOST, CHANGE, "ice-consent-lost",                                          \
		"the peer does not answer any more: nothing is sent there")                        \
	ROW(ICE_ROLE_CHANGED, CHANGE, "ice-role-changed",                                          \
		"both sides took themselves for the one that decides: one gave way")               \
	ROW(PEER_LEARNED, CHANGE, "peer-learned",                                                  \
		"sending to where packets come from instead of the signalled address")             \
	ROW(SOURCE_COMMITTED, CHANGE, "source-committed", "learning ended: the source stays")      \
	ROW(SOURCE_SIGNALLED, CHANGE, "source-signalled",                                          \
		"the signalled address sends and took the place of another source")                \
	ROW(SOURCE_BETTER, CHANGE, "source-better",                                                \
		"a source that fits the signalling better took the place of another")              \
	ROW(SOURCE_SILENT, CHANGE, "source-silent",                                                \
		"while learning: the source fell silent and another took its place")               \
	ROW(SOURCE_NEWEST, CHANGE, "source-newest",                                                \
		"while learning: another source took the place, as delayed learning has it")       \
	ROW(SOURCE_SAME_SSRC, CHANGE, "source-same-ssrc",                                          \
		"the source fell silent and its stream goes on from elsewhere")                    \
	ROW(SOURCE_HANDOVER, CHANGE, "source-handover",                                            \
		"another source took the place, as media-handover allows")                         \
	ROW(SOURCE_PROVEN, CHANGE, "source-proven",                                                \
		"the source whose DTLS certificate is the signalled one took the place of "        \
		"another")                                                                         \
	ROW(DTLS_FINGERPRINT, CHANGE, "dtls-fingerprint",                                          \
		"DTLS failed: the peer's certificate is not the one that was signalled")           \
	ROW(DTLS_NO_PROFILE, CHANGE, "dtls-no-profile",                                            \
		"DTLS failed: the peer knows no SRTP protection profile of ours")                  \
	ROW(DTLS_TIMEOUT, CHANGE, "dtls-timeout", "DTLS failed: the peer did not answer in time")  \
	ROW(DTLS_FLOODED, CHANGE, "dtls-flooded",                                                  \
		"DTLS failed: more came than any handshake takes")                                 \
	ROW(DTLS_REFUSED, CHANGE, "dtls-refused", "DTLS failed: the peer refused by an alert")     \
	ROW(DTLS_PROTOCOL, CHANGE, "dtls-protocol",                                                \
		"DTLS failed: what the peer sent is no handshake that we understand")              \
	ROW(PORT_DEAF, CHANGE, "port-deaf",                                                        \
		"a port could not be put on its new worker's loop: nothing is received there")     \
	ROW(UNKNOWN_TYPE, CHANGE, "unknown-type",                                                  \
		"RTP of a payload type that neither side has named was passed on all the same")    \
	ROW(RECORD_QUEUE_FULL, CHANGE, "record-queue-full",                                        \
		"a packet passed, but was not recorded: writing could not keep up")                \
	ROW(RECORD_FAILED, CHANGE, "record-failed",                                                \
		"a recording ended before its time: its file could not be written")                \
	ROW(EVENT_LOST, CHANGE, "event-lost",                                                      \
		"a worker's event was dropped because too many waited")                            \
	ROW(EVENT_STALE, CHANGE, "event-stale", "a worker's event came too late to matter")        \
	ROW(CAPABILITY_MISSING, CHANGE, "capability-missing",                                      \
		"a right that a feature needs was not there when --user gave up root")             \
	ROW(ENGINE_FALLBACK, CHANGE, "engine-fallback",                                            \
		"ports cannot be steered here: each has a socket watched by epoll")                \
	ROW(PORT_CONFLICT, CHANGE, "port-conflict",                                                \
		"another program bound a port that a call has: it gets no packets there")          \
	ROW(FIREWALL_FAILED, CHANGE, "firewall-failed",                                            \
		"a port's rule could not be put into --iptables-chain")                            \
	ROW(KERNEL_OFF, CHANGE, "kernel-off", "no kernel forwarding is in use")                    \
	ROW(KERNEL_NOT_RTP, CHANGE, "kernel-not-rtp", "only RTP is forwarded by the kernel")       \
	ROW(KERNEL_RTCP, CHANGE, "kernel-rtcp",                                                    \
		"RTCP is read here: round trips and scores are made of it")                        \
	ROW(KERNEL_UNANSWERED, CHANGE, "kernel-unanswered", "there is no answer yet")              \
	ROW(KERNEL_LEARNING, CHANGE, "kernel-learning",                                            \
		"where its packets come from is not settled yet")                                  \
	ROW(KERNEL_NO_PEER, CHANGE, "kernel-no-peer", "where it goes to is not known yet")         \
	ROW(KERNEL_SILENT, CHANGE, "kernel-silent", "no RTP has come yet")                         \
	ROW(KERNEL_SRTP, CHANGE, "kernel-srtp", "SRTP is not done in the kernel")                  \
	ROW(KERNEL_BUNDLE, CHANGE, "kernel-bundle", "sections share a port")                       \
	ROW(KERNEL_OWN_PEER, CHANGE, "kernel-own-peer",                                            \
		"its peer is a port of ours: loops have to be found out")                          \
	ROW(KERNEL_RECORDED, CHANGE, "kernel-recorded", "it is recorded")                          \
	ROW(KERNEL_TRANSCODED, CHANGE, "kernel-transcoded", "it is transcoded or mixed")           \
	ROW(KERNEL_DIGITS, CHANGE, "kernel-digits", "digits are sent, or may be put in")           \
	ROW(KERNEL_FILTERED, CHANGE, "kernel-filtered", "some of it is kept back or changed")      \
	ROW(KERNEL_DELAYED, CHANGE, "kernel-delayed", "its packets wait (delay-buffer)")           \
	ROW(KERNEL_PLAYED, CHANGE, "kernel-played", "something is played to who receives it")      \
	ROW(KERNEL_REPORTS, CHANGE, "kernel-reports",                                              \
		"reports of ours tell of it (generate-RTCP)")                                      \
	ROW(KERNEL_SINKS, CHANGE, "kernel-sinks", "nobody receives it, or too many do")            \
	ROW(KERNEL_TYPES, CHANGE, "kernel-types",                                                  \
		"payload types come that were not described, or too many were")                    \
	ROW(KERNEL_PASSED_UP, CHANGE, "kernel-passed-up",                                          \
		"the kernel passed on what was to be forwarded")                                   \
	ROW(KERNEL_OTHER_PORT, CHANGE, "kernel-other-port",                                        \
		"its packets come to a port that was shown before")                                \
	ROW(KERNEL_UNSENT, CHANGE, "kernel-unsent",                                                \
		"the kernel was kept from sending it on: by a rule, or as the way out leads back") \
	ROW(KERNEL_SSRC, CHANGE, "kernel-ssrc", "another SSRC has come")                           \
	ROW(KERNEL_CHANGED, CHANGE, "kernel-changed", "where it goes from or to has changed")      \
	ROW(KERNEL_REFUSED, CHANGE, "kernel-refused", "the kernel has refused it")                 \
	ROW(KERNEL_LOST, CHANGE, "kernel-lost", "the kernel has forgotten it")                     \
	ROW(KERNEL_COUNTED, CHANGE, "kernel-counted",                                              \
		"its counters were wanted up to the last packet")                                  \
	ROW(KERNEL_ENDED, CHANGE, "kernel-ended", "it takes no part any more")                     \
	ROW(TIMEOUT, CHANGE, "timeout", "call ended: no media")                                    \
	ROW(SILENT_TIMEOUT, CHANGE, "silent-timeout", "call ended: on hold for too long")          \
	ROW(OFFER_TIMEOUT, CHANGE, "offer-timeout", "call ended: never answered")                  \
	ROW(FINAL_TIMEOUT, CHANGE, "final-timeout", "call ended: longer than calls may be")        \
	ROW(DELETED, CHANGE, "deleted", "call ended by the proxy")                                 \
	ROW(TERMINATED, CHANGE, "terminated", "call ended by the operator")

enum reason {
#define REASON_ID(id, kind, name, text) REASON_##id,
	REASONS(REASON_ID)
#undef REASON_ID
		REASON_COUNT
};

/* How many of them are drops; they are numbered from 0. */
enum { REASON_DROPS = REASON_NG_NO_COOKIE };

struct reason_row {
	enum reason_kind kind;
	const char *name; /* in counters and output: lower case, hyphens */
	const char *text; /* one sentence's worth, no capital, no full stop */
};

const struct reason_row *reason_row(enum reason reason); /* [any] */
/* Adds to this thread's count. Never locks. [any] */
void reason_count(enum reason reason);
void reason_count_many(enum reason reason, uint64_t n); /* likewise, so many at once */
/* Sum over all threads, live and ended. [any] */
uint64_t reason_total(enum reason reason);

#endif
