/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plain fields of what a snapshot holds: one table per kind of object, which serves both
 * directions.
 */
#include "call/call.h"
#include "call/snapshot_priv.h"

#include <glib.h>

enum field_kind {
	FIELD_STR,
	FIELD_BOOL,
	FIELD_BYTE,
	FIELD_SHORT,
	FIELD_INT,
	FIELD_UINT64,
	FIELD_INT64,
	FIELD_ADDR
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
};

#define FIELD(type, name, kind)                                  \
	{                                                        \
#name, FIELD_##kind, offsetof(struct type, name) \
	}

#define DTMF_FIELDS(type)                                                                   \
	FIELD(type, dtmf.how.mode, BYTE), FIELD(type, dtmf.how.code, BYTE),                 \
		FIELD(type, dtmf.how.volume, BYTE), FIELD(type, dtmf.how.tone_count, BYTE), \
		FIELD(type, dtmf.how.tones_hz[0], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[1], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[2], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[3], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[4], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[5], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[6], SHORT),                                   \
		FIELD(type, dtmf.how.tones_hz[7], SHORT), FIELD(type, dtmf.trigger, STR),   \
		FIELD(type, dtmf.trigger_end, STR), FIELD(type, dtmf.trigger_mode, INT),    \
		FIELD(type, dtmf.ended_mode, INT), FIELD(type, dtmf.trigger_end_ms, INT),   \
		FIELD(type, dtmf.trigger_end_digits, INT), FIELD(type, dtmf.delay_ms, INT)

_Static_assert(PLAN_DTMF_TONES == 8, "all of them are fields");
_Static_assert(VSC_COUNT == 6, "all of them are fields");

static const struct field model_fields[] = {
	FIELD(model, next_party_number, INT),
	FIELD(model, next_stream_id, INT),
	FIELD(model, last_signal_us, INT64),
	FIELD(model, tos, INT),
	FIELD(model, blocks.media, BOOL),
	FIELD(model, blocks.silence, BOOL),
	DTMF_FIELDS(model),
	FIELD(model, drop_traffic, BOOL),
	FIELD(model, generate_rtcp, BOOL),
	FIELD(model, dtmf_dest, ADDR),
	FIELD(model, metadata, STR),
	FIELD(model, xmlrpc_callback, STR),
	FIELD(model, recording_number, INT),
	FIELD(model, record_slots, INT),
	FIELD(model, record_file, STR),
	FIELD(model, record_dir, STR),
	FIELD(model, record_pattern, STR),
};

static const struct field party_fields[] = {
	FIELD(party, number, INT),
	FIELD(party, tag, STR),
	FIELD(party, via_branch, STR),
	FIELD(party, label, STR),
	FIELD(party, metadata, STR),
	FIELD(party, created_us, INT64),
	FIELD(party, final_response, BOOL),
	FIELD(party, alias_key, INT),
	FIELD(party, delay_ms, INT),
	FIELD(party, not_recorded, BOOL),
	FIELD(party, blocks.media, BOOL),
	FIELD(party, blocks.silence, BOOL),
	DTMF_FIELDS(party),
	FIELD(party, detect_dtmf, BOOL),
	FIELD(party, inject_dtmf, BOOL),
	FIELD(party, player, INT),
	FIELD(party, record_slot, INT),
	FIELD(party, vsc, BOOL),
	FIELD(party, codes.digits[0], STR),
	FIELD(party, codes.digits[1], STR),
	FIELD(party, codes.digits[2], STR),
	FIELD(party, codes.digits[3], STR),
	FIELD(party, codes.digits[4], STR),
	FIELD(party, codes.digits[5], STR),
	FIELD(party, early_media, BOOL),
	FIELD(party, announcement.heard, INT),
};

static const struct field flow_fields[] = {
	FIELD(flow_blocks, receiver, INT),
	FIELD(flow_blocks, blocks.media, BOOL),
	FIELD(flow_blocks, blocks.silence, BOOL),
};

static const struct field printed_fields[] = {
	FIELD(printed, any, BOOL),
	FIELD(printed, username, STR),
	FIELD(printed, session_id, STR),
	FIELD(printed, family, STR),
	FIELD(printed, address, STR),
	FIELD(printed, session_name, STR),
	FIELD(printed, version, UINT64),
	FIELD(printed, body_hash, UINT64),
};

static const struct field media_fields[] = {
	FIELD(media, type, INT),
	FIELD(media, type_text, STR),
	FIELD(media, transport, INT),
	FIELD(media, transport_text, STR),
	FIELD(media, mid, STR),
	FIELD(media, believed, ADDR),
	FIELD(media, advertised, ADDR),
	FIELD(media, rejected, BOOL),
	FIELD(media, removed, BOOL),
	FIELD(media, send, BOOL),
	FIELD(media, recv, BOOL),
	FIELD(media, hold_zero, BOOL),
	FIELD(media, mux, BOOL),
	FIELD(media, mux_offered_to, BOOL),
	FIELD(media, mux_open, BOOL),
	FIELD(media, mux_single, BOOL),
	FIELD(media, bundled, BOOL),
	FIELD(media, bundle_shown, INT),
	FIELD(media, mux_offered_by, BOOL),
	FIELD(media, mux_answer, INT),
	FIELD(media, no_codecs, BOOL),
	FIELD(media, passed, INT),
	FIELD(media, doubled, INT),
	FIELD(media, masked[0], UINT64),
	FIELD(media, masked[1], UINT64),
	FIELD(media, masked[2], UINT64),
	FIELD(media, masked[3], UINT64),
	FIELD(media, ptime_ms, INT),
	FIELD(media, maxptime_ms, INT),
	FIELD(media, ptime_fixed_ms, INT),
	FIELD(media, family, INT),
	FIELD(media, received_from, ADDR),
	FIELD(media, learn, INT),
	FIELD(media, sources_let_in, INT),
	FIELD(media, handover, BOOL),
	FIELD(media, strict, BOOL),
	FIELD(media, unidirectional, BOOL),
	FIELD(media, nat_wait, BOOL),
	FIELD(media, pierce, BOOL),
	FIELD(media, block_short, BOOL),
	FIELD(media, echo, BOOL),
	FIELD(media, blackhole, BOOL),
};

static const struct field stream_fields[] = {
	FIELD(media_stream, id, INT),
	FIELD(media_stream, endpoint_gen, INT),
	FIELD(media_stream, signal_gen, INT),
	FIELD(media_stream, peer, ADDR),
};

static const struct field crypto_fields[] = {
	FIELD(media_crypto, in_gen, INT),
	FIELD(media_crypto, out_gen, INT),
	FIELD(media_crypto, secure, BOOL),
	FIELD(media_crypto, agreed, BOOL),
	FIELD(media_crypto, own, BOOL),
	FIELD(media_crypto, recrypt, BOOL),
	FIELD(media_crypto, preferred, BOOL),
	FIELD(media_crypto, osrtp_passed, BOOL),
};

static const struct field ice_fields[] = {
	FIELD(media_ice, said, BOOL),
	FIELD(media_ice, shown, BOOL),
	FIELD(media_ice, refused, BOOL),
	FIELD(media_ice, lite, BOOL),
	FIELD(media_ice, controlling, BOOL),
	FIELD(media_ice, relay, BOOL),
	FIELD(media_ice, trickle, BOOL),
	FIELD(media_ice, ice2, BOOL),
	FIELD(media_ice, generation, INT),
	FIELD(media_ice, local, ADDR),
};

static const struct field dtls_fields[] = {
	FIELD(section_dtls, generation, INT),
	FIELD(section_dtls, answered, BOOL),
	FIELD(section_dtls, passive, BOOL),
	FIELD(section_dtls, sdes_first, BOOL),
	FIELD(section_dtls, shown, BOOL),
	FIELD(section_dtls, setup, INT),
	FIELD(section_dtls, hash, INT),
	FIELD(section_dtls, hides_tls_id, BOOL),
	FIELD(section_dtls, said.setup, INT),
	FIELD(section_dtls, said.tls_id, UINT64),
	FIELD(section_dtls, said.ice, UINT64),
	FIELD(section_dtls, agreed.setup, INT),
	FIELD(section_dtls, agreed.tls_id, UINT64),
	FIELD(section_dtls, agreed.ice, UINT64),
};

static const struct field association_fields[] = {
	FIELD(plan_dtls, generation, INT),
	FIELD(plan_dtls, active, BOOL),
	FIELD(plan_dtls, mtu, INT),
};

static const struct field ice_found_fields[] = {
	FIELD(ice_found, stream_id, INT),
	FIELD(ice_found, generation, INT),
	FIELD(ice_found, completed, BOOL),
	FIELD(ice_found, failed, BOOL),
	FIELD(ice_found, local, ADDR),
	FIELD(ice_found, remote, ADDR),
};

static const struct field agreement_fields[] = {
	FIELD(codec_agreement, offerer, INT),
	FIELD(codec_agreement, settled, BOOL),
	FIELD(codec_agreement, as_is, BOOL),
	FIELD(codec_agreement, force, BOOL),
	FIELD(codec_agreement, asymmetric, BOOL),
};

/* All FIELD_INT members are of this size, enums included. */
_Static_assert(sizeof(enum mux_answer) == sizeof(int32_t), "fields of 32 bits");

static const struct {
	const struct field *fields;
	unsigned count;
} objects[SNAPSHOT_OBJECTS] = {
#define FIELDS(table)                        \
	{                                    \
		(table), G_N_ELEMENTS(table) \
	}
	[SNAPSHOT_MODEL] = FIELDS(model_fields),
	[SNAPSHOT_PARTY] = FIELDS(party_fields),
	[SNAPSHOT_FLOW] = FIELDS(flow_fields),
	[SNAPSHOT_PRINTED] = FIELDS(printed_fields),
	[SNAPSHOT_MEDIA] = FIELDS(media_fields),
	[SNAPSHOT_STREAM] = FIELDS(stream_fields),
	[SNAPSHOT_CRYPTO] = FIELDS(crypto_fields),
	[SNAPSHOT_ICE] = FIELDS(ice_fields),
	[SNAPSHOT_ICE_FOUND] = FIELDS(ice_found_fields),
	[SNAPSHOT_DTLS] = FIELDS(dtls_fields),
	[SNAPSHOT_ASSOCIATION] = FIELDS(association_fields),
	[SNAPSHOT_AGREEMENT] = FIELDS(agreement_fields),
#undef FIELDS
};

static const struct {
	const char *name;
	size_t offset;
} agreement_lists[] = {
	{ "said", offsetof(struct codec_agreement, said) },
	{ "shown", offsetof(struct codec_agreement, shown) },
	{ "answered", offsetof(struct codec_agreement, answered) },
	{ "answer", offsetof(struct codec_agreement, answer) },
	{ "heard", offsetof(struct codec_agreement, heard) },
	{ "own", offsetof(struct codec_agreement, own) },
	{ "interim-sent", offsetof(struct codec_agreement, interim.sent) },
	{ "interim-returned", offsetof(struct codec_agreement, interim.returned) },
	{ "interim-taken", offsetof(struct codec_agreement, interim.taken) },
};

struct codec_list *snapshot_codecs(
	struct codec_agreement *agreement, unsigned n, const char **ret_name)
{
	if (n >= G_N_ELEMENTS(agreement_lists))
		return NULL;
	*ret_name = agreement_lists[n].name;
	return (struct codec_list *)((char *)agreement + agreement_lists[n].offset);
}

void snapshot_write_addr(
	struct dict *dict, struct value *to, const char *key, const struct addr *addr)
{
	char text[ADDR_TEXT];

	if (addr->family)
		dict_add_printf(dict, to, key, "%s %u", addr_print_ip(addr, text), addr->port);
}

struct addr snapshot_read_addr(const struct value *from, const char *key)
{
	struct str text = value_get_str(from, key), ip;
	struct addr addr = { 0 };
	int64_t port;

	if (!str_cut(&text, ' ', &ip) || !addr_parse_ip(ip, &addr) ||
		!value_parse_int(text, &port) || port < 0 || port > UINT16_MAX)
		return (struct addr){ 0 };
	addr.port = (uint16_t)port;
	return addr;
}

void snapshot_write(
	struct dict *dict, struct value *to, enum snapshot_object object, const void *from)
{
	for (unsigned i = 0; i < objects[object].count; i++) {
		const struct field *f = &objects[object].fields[i];
		const void *at = (const char *)from + f->offset;
		const struct str *s = at;

		switch (f->kind) {
		case FIELD_STR:
			if (s->s)
				dict_add_copy(dict, to, f->name, *s);
			break;
		case FIELD_BOOL:
			dict_add_int(dict, to, f->name, *(const bool *)at);
			break;
		case FIELD_BYTE:
			dict_add_int(dict, to, f->name, *(const uint8_t *)at);
			break;
		case FIELD_SHORT:
			dict_add_int(dict, to, f->name, *(const uint16_t *)at);
			break;
		case FIELD_INT:
			dict_add_int(dict, to, f->name, *(const int32_t *)at);
			break;
		case FIELD_UINT64: /* as text: beyond what a signed number holds */
			dict_add_printf(dict, to, f->name, "%llu",
				(unsigned long long)*(const uint64_t *)at);
			break;
		case FIELD_INT64:
			dict_add_int(dict, to, f->name, *(const int64_t *)at);
			break;
		case FIELD_ADDR:
			snapshot_write_addr(dict, to, f->name, at);
			break;
		}
	}
}

static uint64_t read_uint64(struct str text)
{
	g_autofree char *copy = g_strndup(text.s ? text.s : "", text.len);

	return g_ascii_strtoull(copy, NULL, 10);
}

void snapshot_read(
	struct arena *arena, const struct value *from, enum snapshot_object object, void *to)
{
	for (unsigned i = 0; i < objects[object].count; i++) {
		const struct field *f = &objects[object].fields[i];
		void *at = (char *)to + f->offset;

		switch (f->kind) {
		case FIELD_STR:
			*(struct str *)at = arena_str(arena, value_get_str(from, f->name));
			break;
		case FIELD_BOOL:
			*(bool *)at = value_get_int(from, f->name, 0) != 0;
			break;
		case FIELD_BYTE:
			*(uint8_t *)at = (uint8_t)value_get_int(from, f->name, 0);
			break;
		case FIELD_SHORT:
			*(uint16_t *)at = (uint16_t)value_get_int(from, f->name, 0);
			break;
		case FIELD_INT:
			*(int32_t *)at = (int32_t)value_get_int(from, f->name, 0);
			break;
		case FIELD_UINT64:
			*(uint64_t *)at = read_uint64(value_get_str(from, f->name));
			break;
		case FIELD_INT64:
			*(int64_t *)at = value_get_int(from, f->name, 0);
			break;
		case FIELD_ADDR:
			*(struct addr *)at = snapshot_read_addr(from, f->name);
			break;
		}
	}
}
