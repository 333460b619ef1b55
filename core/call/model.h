/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model of a call: parties, their media sections, who receives from whom, which ports are
 * whose (spec NG 5.1). A version of it is never changed after it was committed: a command copies
 * it, changes the copy and commits or drops that. So a version's memory is one arena, and what
 * outlives versions (leases, statistics, received bodies) is counted. [control]
 */
#ifndef CALL_MODEL_H
#define CALL_MODEL_H

#include "base/arena.h"
#include "call/codec_list.h"
#include "call/crypto.h"
#include "call/dtls.h"
#include "call/ice.h"
#include "call/vsc.h"
#include "media/clips.h"
#include "media/plan.h"
#include "media/playback.h"
#include "media/stats.h"
#include "net/iface.h"
#include "sdp/sdp.h"

/* Bounds per call; the command that would exceed them is refused. */
enum {
	MODEL_MAX_PARTIES = 128,
	MODEL_MAX_MEDIA = 128,    /* per party */
	MODEL_MAX_SOURCES = 32,   /* per media */
	MODEL_MAX_ALIASES = 32,   /* per party; the oldest goes */
	MODEL_MAX_PORT_MAPS = 8,  /* per media; the oldest that is not in use goes */
	MODEL_MAX_PORT_PAIRS = 8, /* per media ("port/count") */
};

/* What rtcp-mux will be towards a party that offered it (spec NG 3.5.3). */
enum mux_answer { MUX_FOLLOW, MUX_ACCEPT, MUX_REJECT };

/*
 * Local ports that a party sees for one endpoint of the other party (spec NG 5.5): a re-offer
 * from the same endpoint finds them again.
 */
struct port_map {
	struct port_map *next; /* older ones */
	struct addr key;       /* the other party's RTP endpoint; ADDR_NONE: not known yet */
	const struct iface *iface;
	const struct iface_addr *local;
	/*
	 * With ICE each address of the interface has ports: maps of an equal group other than 0
	 * belong together, and `beside` is set in all of them but that of the address in c=.
	 */
	uint32_t group;
	bool beside;
	unsigned count;                                 /* 2 per pair, or 1 when muxed */
	struct lease *leases[2 * MODEL_MAX_PORT_PAIRS]; /* RTP, RTCP, RTP, …; references */
};

/* One flow of a media section: RTP, or RTCP of its own. */
struct media_stream {
	uint32_t id;                /* in the call, never used again */
	uint32_t endpoint_gen;      /* bumped when `peer` changes */
	struct addr peer;           /* signalled; ADDR_NONE: none, or on hold */
	uint32_t signal_gen;        /* bumped by every signalling that concerns it … */
	int64_t since_us;           /* … and when that was (monotonic) */
	struct stream_stats *stats; /* reference */
};

/* How a section that is to share a transport was offered (spec NG 4.9). */
enum bundle_shown { BUNDLE_NOT_SHOWN, BUNDLE_OFFERED, BUNDLE_REQUIRED, BUNDLE_STRICT };

struct media {
	struct party *party;
	unsigned index; /* from 0; SDP counts from 1 */
	enum sdp_media_type type;
	struct str type_text;
	enum sdp_transport transport; /* spoken with this party */
	struct str transport_text;
	struct str mid;
	/* What the party said of this section last; NULL: nothing yet. */
	struct sdp *sdp;            /* reference */
	const struct sdp_media *in; /* in it */
	struct addr believed;   /* instead of its SDP's addresses; ADDR_NONE: those are trusted */
	struct addr advertised; /* its RTP endpoint as signalled, also on hold; the key of ports */
	bool rejected;          /* port 0, by either party */
	bool removed;           /* its latest offer was not sent on (sdp-media-remove) */
	bool send, recv;        /* does this party expect media from us; may it send us any */
	bool hold_zero;         /* its connection address was zero */
	bool mux;               /* agreed with this party */
	bool mux_offered_to;    /* we offered it in the latest offer to it */
	bool mux_open;          /* … and the answer is outstanding */
	bool mux_single;        /* … with one port for both */
	bool mux_offered_by;    /* it offered it */
	enum mux_answer mux_answer;
	/* On codecs with the party that offered to it; NULL: what both said passes as it is. */
	struct codec_agreement *agreement;
	struct media_crypto crypto;
	struct section_dtls *dtls; /* NULL: it has nothing to do with DTLS */
	struct media_ice ice;
	enum ice_pass passed;
	enum sdp_doubled doubled; /* how it stands in bodies from and to its party */
	bool no_codecs;           /* its offer was declined for it: no codec was left */
	/* Header extensions it offered, by number, that only we and it know of. */
	uint64_t masked[4];
	int ptime_ms, maxptime_ms;
	int ptime_fixed_ms;      /* what it gets, whatever is said; 0: what the other side sends */
	enum addr_family family; /* of our side towards it; ADDR_NONE: not decided */
	/* Where its signalling came from, without port; ADDR_NONE: not told. */
	struct addr received_from;
	int learn;                   /* enum plan_learn: how its endpoint is found */
	int sources_let_in;          /* enum plan_sources: whose packets are taken for its */
	bool handover;               /* its endpoint may change without signalling */
	bool strict, unidirectional; /* as its messages had it, for query */
	bool nat_wait, pierce;       /* how the way to it through a NAT is opened */
	bool block_short;            /* what it sends must not be too short */
	struct port_map *maps;       /* newest first */
	struct port_map *ports;      /* of these, the one in use; NULL: none */
	/* The section of its party whose transport it shares; NULL: it has its own. */
	struct media *carrier;
	bool bundled;                   /* agreed with its party to be of a bundle */
	enum bundle_shown bundle_shown; /* in the latest offer to it */
	unsigned stream_count;          /* 2 per pair */
	struct media_stream *streams;
	bool echo;              /* what it sends goes back to it */
	bool blackhole;         /* what it sends goes to nobody else */
	unsigned source_count;  /* whom it receives from; newest first */
	struct media **sources; /* grows: see model.c */
	struct media *copy;     /* scratch of model_copy */
	bool mentioned;         /* scratch of one command */
	unsigned plan_place;    /* scratch of call_compile */
};

/* What the proxy has blocked of somebody's media (spec NG 2.11). */
struct blocks {
	bool media, silence;
};

/* … and of digits (spec NG 2.10). `how.mode` changes when triggers are dialled. */
struct dtmf_block {
	struct plan_dtmf how;
	struct str trigger, trigger_end;        /* digits; s NULL: none */
	int trigger_mode, ended_mode;           /* enum plan_dtmf_mode */
	int trigger_end_ms, trigger_end_digits; /* 0: not by themselves */
	int delay_ms;                           /* what is not blocked comes so much later */
};

/* The same for one receiver only. */
struct flow_blocks {
	unsigned receiver; /* number of the party */
	struct blocks blocks;
};

/* What was printed to a party, names first and the rest last, for replace=… (spec NG 4.3). */
struct printed {
	bool any;
	struct str username, session_id, family, address, session_name;
	uint64_t version;
	uint64_t body_hash;
};

/* How music on hold looks to who hears it (spec NG 4.7). */
enum moh_mode { MOH_SENDONLY, MOH_SENDRECV };

/* Music that a party has advertised for those it puts on hold, or that it hears itself. */
struct moh {
	struct clip_source *source; /* reference; NULL: none */
	enum moh_mode mode;
	bool zero;       /* the connection address is shown as zero */
	bool was_begun;  /* of what is heard: the same hold does not begin it again */
	unsigned holder; /* likewise: number of the party that holds */
};

/* What is played to a party (play.c). */
struct played {
	struct playback *playback;  /* reference; NULL: nothing */
	struct clip_source *source; /* reference: another codec may need it at another rate */
	bool is_moh;
};

/* What a party hears when its call begins to be recorded. */
struct announcement {
	struct clip_source *source; /* reference; NULL: nothing */
	bool alone;                 /* others are not heard meanwhile */
	uint32_t heard;             /* number of the recording that it was played for */
};

/* Is the call recorded? */
enum recording_mode { RECORDING_OFF, RECORDING_ON, RECORDING_PAUSED };

struct party {
	struct arena *arena; /* its model's */
	unsigned number;     /* from 0, order of creation */
	struct str tag;      /* s NULL: none yet */
	struct str via_branch, label, metadata;
	struct str *aliases; /* grows: see model.c */
	unsigned alias_count;
	int64_t created_us;   /* wall clock */
	int64_t delete_at_us; /* monotonic; 0: not to be deleted */
	bool final_response;
	const struct iface *iface; /* NULL: not chosen */
	struct sdp *sdp;           /* its latest body: reference; NULL: none */
	int delay_ms;              /* what it sends waits so long; 0: not */
	int alias_key;             /* enum alias_key: how other tags of it are recognised */
	bool not_recorded;         /* what it sends stays out of recordings */
	int record_slot;           /* its channel there, from 1; 0: by its number */
	bool vsc;                  /* it may steer recording by … */
	struct vsc_codes codes;
	struct printed printed;
	struct played played;
	struct moh moh;   /* what it has advertised */
	struct moh hears; /* while it is on hold */
	struct announcement announcement;
	struct blocks blocks; /* of all it sends */
	struct dtmf_block dtmf;
	bool detect_dtmf, inject_dtmf; /* in the audio it sends, into it */
	int player;                    /* enum audio_player: is what it hears mixed? */
	bool early_media;              /* … also before there is an answer */
	struct flow_blocks *flows;
	unsigned flow_count;
	struct media **media;
	unsigned media_count;
};

struct model {
	struct arena *arena;
	struct party **parties; /* grows: see model.c */
	unsigned party_count;
	unsigned next_party_number;
	uint32_t next_stream_id;
	uint32_t next_play_id;
	int64_t last_signal_us; /* wall clock */
	int64_t last_signal_mono_us;
	int64_t delete_at_us; /* monotonic; 0: not to be deleted */
	int tos;
	struct blocks blocks; /* of what anybody sends */
	struct dtmf_block dtmf;
	bool drop_traffic;
	bool generate_rtcp;    /* that of the parties ends here, and they get ours */
	struct addr dtmf_dest; /* where DTMF is told; ADDR_NONE: as configured */
	struct str metadata, xmlrpc_callback;
	struct recording *recording; /* a reference, also when it has ended; NULL: never any */
	enum recording_mode recording_mode;
	uint32_t recording_number; /* goes up with each that is started */
	int record_slots;          /* channels; 0: as many as there are parties */
	struct str record_file, record_dir, record_pattern; /* for those that digits start */
	uint32_t tap_layout;                                /* of the plan compiled from it */
};

struct model *model_new(void);
struct model *model_copy(const struct model *model);
void model_free(struct model *model); /* NULL is fine */

/* By tag or alias; NULL. */
struct party *model_find_tag(const struct model *model, struct str tag);
struct party *model_find_branch(const struct model *model, struct str via_branch);
/* The next party without a tag; NULL: MODEL_MAX_PARTIES reached. */
struct party *model_add_party(struct model *model, int64_t now_wall_us);
/* With its links and references. */
void model_remove_party(struct model *model, struct party *party);
/* A section at the end of the party's list; NULL: MODEL_MAX_MEDIA reached. */
struct media *party_add_media(struct model *model, struct party *party);
/* Another name that finds it; beyond MODEL_MAX_ALIASES the oldest goes. `tag` is in its arena. */
void party_add_alias(struct party *party, struct str tag);
/* Takes references. */
void media_set_sdp(struct media *media, struct sdp *sdp, const struct sdp_media *in);
/* Copy the text. */
void media_set_type(
	struct model *model, struct media *media, enum sdp_media_type type, struct str text);
void media_set_transport(
	struct model *model, struct media *media, enum sdp_transport transport, struct str text);
void party_set_sdp(struct party *party, struct sdp *sdp);
/* What its party, offered to by `offerer`, agreed on; NULL. */
const struct codec_agreement *media_agreement(
	const struct media *media, const struct party *offerer);
/* The party's blocks towards `receiver`, made when there are none. */
struct blocks *party_flow(struct model *model, struct party *party, const struct party *receiver);
/* Whose transport carries it: itself, unless it shares another one's. */
static inline const struct media *media_carrier(const struct media *media)
{
	return media->carrier ? media->carrier : media;
}
/* Its ports or those it shares; NULL: none. */
static inline const struct port_map *media_ports(const struct media *media)
{
	return media_carrier(media)->ports;
}
/* All that is blocked of what `source` sends to `receiver`. */
struct blocks party_blocks(const struct party *source, const struct party *receiver);
/* What is blocked of the digits that the party sends: its own block, or the call's. */
const struct dtmf_block *party_dtmf(const struct model *model, const struct party *party);
/* Streams 0 … count-1 exist afterwards. */
void media_need_streams(struct model *model, struct media *media, unsigned count);
/* It receives from `source`, too, which comes last. There are not too many yet. */
void media_add_source(struct media *media, struct media *source);
/* Both receive from each other; this link comes first. False: too many. */
bool media_link(struct media *a, struct media *b);
void media_unlink(struct media *a, struct media *b);
/* Cuts all links of the party's sections, in both directions. */
void party_unlink(const struct model *model, struct party *party);
bool media_receives_from(const struct media *media, const struct media *source);
/* Whom the party receives from first; NULL. */
struct party *party_peer(const struct party *party);
/* Does `party` receive anything of `source`? */
bool party_receives_from(const struct party *party, const struct party *source);

#endif
