/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers and answers of codecs: each byte of the input is a choice, of a codec, a name in an option
 * or a flag. Whatever is asked for, numbers keep one meaning, what is shown can be reached, and a
 * plan says only what can be done.
 */
#include "base/ref.h"
#include "call/negotiate.h"

#include <stdlib.h>

#include "../mock/codecs.h"

enum { MAX_ROUNDS = 4, MAX_CODECS = 12, MAX_NAMES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const rtpmaps[] = { "PCMU/8000", "PCMA/8000", "G722/8000", "opus/48000/2",
	"opus/48000", "telephone-event/8000", "telephone-event/48000", "telephone-event/16000",
	"CN/8000", "CN/16000", "AMR-WB/16000", "speex/16000", "G729/8000", "G729a/8000",
	"X-NEW/8000", "red/8000", "QCELP/8000", "iLBC/8000" };
static const char *const fmtps[] = { "", "octet-align=1", "mode=20", "0-15", "stereo=1" };
static const char *const names[] = { "all", "full", "PCMU", "PCMA", "G722/8000/1", "opus",
	"opus/48000/1", "opus/48000/2/24000/40/stereo=1/x=1", "telephone-event", "CN", "AMR-WB",
	"speex/8000", "G729a", "X-NEW", "QCELP", "EVS", "0", "101", "iLBC/8000/1///mode=20", "",
	"/", "PCMU/8000/1//40" };

struct input {
	const uint8_t *data;
	size_t size;
	struct arena *arena;
	struct dict *dict;
	GPtrArray *bodies;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static unsigned pick(struct input *in, unsigned count)
{
	unsigned byte = in->size ? *in->data : 0;

	in->data += in->size > 0;
	in->size -= in->size > 0;
	return byte % count;
}

/* Numbers are distinct: from 90 up, so that some are static or dynamic ones of ours. */
static void add_format(struct input *in, GString *types, GString *attrs, unsigned type)
{
	const char *fmtp = fmtps[pick(in, G_N_ELEMENTS(fmtps))];

	g_string_append_printf(types, " %u", type);
	g_string_append_printf(
		attrs, "a=rtpmap:%u %s\r\n", type, rtpmaps[pick(in, G_N_ELEMENTS(rtpmaps))]);
	if (*fmtp)
		g_string_append_printf(attrs, "a=fmtp:%u %s\r\n", type, fmtp);
}

static const struct sdp_media *parse(struct input *in, const GString *types, const GString *attrs)
{
	g_autofree char *text = g_strdup_printf(
		"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP%s\r\n%s",
		types->str, attrs->str);
	struct sdp *sdp;
	struct err err;

	check(sdp_parse(str_of(text), false, &sdp, &err) == 0);
	g_ptr_array_add(in->bodies, sdp);
	return &sdp->media[0];
}

static const struct sdp_media *make_offer(struct input *in)
{
	g_autoptr(GString) types = g_string_new(NULL), attrs = g_string_new(NULL);
	unsigned count = 1 + pick(in, MAX_CODECS), first = pick(in, 127 - MAX_CODECS);

	for (unsigned i = 0; i < count; i++)
		add_format(in, types, attrs, first + i);
	return parse(in, types, attrs);
}

/* Of what was shown, perhaps by another number, or something else under such a number. */
static const struct sdp_media *make_answer(struct input *in, struct codec_list shown)
{
	g_autoptr(GString) types = g_string_new(NULL), attrs = g_string_new(NULL);
	bool taken[128] = { false };
	unsigned count = 1 + pick(in, MAX_CODECS);

	for (unsigned i = 0; i < count; i++) {
		const struct sdp_format *f = &shown.entries[pick(in, shown.count)].format;
		unsigned how = pick(in, 8), type = how == 1 ? pick(in, 128) : f->payload_type;

		if (taken[type])
			continue;
		taken[type] = true;
		if (how == 0) {
			add_format(in, types, attrs, type);
			continue;
		}
		g_string_append_printf(types, " %u", type);
		g_string_append_printf(attrs, "a=rtpmap:%u %.*s/%u/%u\r\n", type,
			STR_ARG(f->encoding), f->clock_hz, f->channels);
		if (f->fmtp.len)
			g_string_append_printf(attrs, "a=fmtp:%u %.*s\r\n", type, STR_ARG(f->fmtp));
	}
	return parse(in, types, attrs);
}

static const struct value *make_list(struct input *in)
{
	unsigned count = pick(in, MAX_NAMES + 1);
	struct value *list = count ? dict_add_list(in->dict, dict_root(in->dict), NULL) : NULL;

	for (unsigned i = 0; i < count; i++)
		dict_add_str(in->dict, list, NULL, str_of(names[pick(in, G_N_ELEMENTS(names))]));
	return list;
}

static struct codec_options make_options(struct input *in, bool answer)
{
	unsigned which = pick(in, 256), flags = pick(in, 256);
	struct codec_options o = {
		.strip = which & 1 ? make_list(in) : NULL,
		.offer = which & 2 ? make_list(in) : NULL,
		.except = which & 4 ? make_list(in) : NULL,
		.single = answer && flags & 1,
		.asymmetric = flags & 2,
		.force = flags & 4,
	};

	if (answer)
		return o;
	o.ignore = which & 8 ? make_list(in) : NULL;
	o.transcode = which & 16 ? make_list(in) : NULL;
	o.mask = which & 32 ? make_list(in) : NULL;
	o.consume = which & 64 ? make_list(in) : NULL;
	o.accept = which & 128 ? make_list(in) : NULL;
	o.set = flags & 8 ? make_list(in) : NULL;
	o.always = flags & 16;
	o.allow_none = flags & 32;
	o.reuse = flags & 64;
	o.is_static = flags & 128;
	return o;
}

static const struct codec_entry *find_type(struct codec_list list, unsigned type)
{
	for (unsigned i = 0; i < list.count; i++)
		if (list.entries[i].format.payload_type == type)
			return &list.entries[i];
	return NULL;
}

static void check_distinct(struct codec_list list)
{
	for (unsigned i = 0; i < list.count; i++) {
		unsigned type = list.entries[i].format.payload_type;

		check(type < 128 && find_type(list, type) == &list.entries[i]);
		check(!(list.entries[i].marks & ENTRY_TOUCHED));
	}
}

static void check_plan(const struct codec_flow *flow, const struct plan_transcode *p)
{
	struct plan_transcode *copy = plan_transcode_new(p);

	check(plan_transcode_equal(copy, p));
	plan_transcode_free(copy);
	check(p->decoder_count && p->decoder_count <= PLAN_MAX_FORMATS);
	check(p->encoder_count && p->encoder_count <= PLAN_MAX_FORMATS);
	for (unsigned type = 0; type < G_N_ELEMENTS(p->handler); type++) {
		const struct plan_handler *h = &p->handler[type];

		if (h->handling == PLAN_PASS || h->handling == PLAN_DISCARD)
			continue;
		check(h->decoder < p->decoder_count && h->encoder < p->encoder_count);
		check(p->decoders[h->decoder].payload_type == type &&
			(find_type(flow->from, type) || find_type(flow->heard, type)));
		check(codec_usable(p->decoders[h->decoder].codec));
		check(codec_usable(p->encoders[h->encoder].codec));
		check(find_type(flow->to, p->encoders[h->encoder].payload_type) != NULL);
		check((h->handling == PLAN_EVENT) ==
			!!(p->encoders[h->encoder].codec->flags & CODEC_EVENT));
	}
}

static void check_flows(struct input *in, const struct codec_agreement *a)
{
	for (int from_offerer = 0; from_offerer < 2; from_offerer++) {
		struct codec_flow flow = agreement_flow(a, from_offerer);
		struct plan_transcode plan;

		flow.fixed_ptime_ms = pick(in, 4) * 20;
		if (choose_transcode(&flow, &plan))
			check_plan(&flow, &plan);
	}
}

static void check_words(struct input *in, const struct codec_agreement *a)
{
	g_autoptr(GString) here = g_string_new(NULL), there = g_string_new(NULL);

	negotiate_describe(a, here);
	negotiate_describe(codec_agreement_copy(in->arena, a), there);
	check(g_string_equal(here, there));
}

static void check_answer(const struct codec_agreement *a)
{
	check(a->answer.count && a->answered.count && a->settled);
	check_distinct(a->answer);
	for (unsigned i = 0; !a->as_is && !a->asymmetric && i < a->answer.count; i++)
		check(find_type(a->said, a->answer.entries[i].format.payload_type) != NULL);
}

static void run_round(struct input *in, struct codec_agreement *a, const struct sdp_media **known)
{
	const struct codec_agreement before = *a;
	struct codec_options o = make_options(in, false);
	struct codec_offer offer = {
		.in = make_offer(in),
		.options = &o,
		.before = before.said.count ? &before : NULL,
		.shown_before = before.shown,
	};

	if (*known)
		offer.known = (struct format_list){ (*known)->formats, (*known)->format_count };
	if (!negotiate_offer_codecs(in->arena, &offer, a)) {
		check(o.allow_none);
		*a = before;
		return;
	}
	check_distinct(a->shown);
	for (unsigned i = 0; i < a->shown.count; i++)
		check(o.is_static || !(a->shown.entries[i].marks & ENTRY_FOR_TRANSCODING) ||
			format_is_usable(&a->shown.entries[i].format));
	check_flows(in, a);
	*known = make_answer(in, a->shown);
	o = make_options(in, true);
	negotiate_answer_codecs(in->arena, *known, &o, a);
	check_answer(a);
	check_flows(in, a);
	check_words(in, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size, arena_new(4000), dict_new(), g_ptr_array_new() };
	struct codec_agreement agreement = { 0 };
	const struct sdp_media *known = NULL;

	if (!codec_at(0))
		mock_codecs_add();
	for (unsigned i = 0; i < MAX_ROUNDS && in.size; i++)
		run_round(&in, &agreement, &known);
	for (unsigned i = 0; i < in.bodies->len; i++)
		ref_drop(in.bodies->pdata[i]);
	g_ptr_array_free(in.bodies, TRUE);
	dict_free(in.dict);
	arena_free(in.arena);
	return 0;
}
