/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codec specifications taken apart, and codecs compared. */
#include "codec/format.h"

/*
 * Relay must work without any plugin, and lists are edited by what goes along with what: so these
 * are known even when nobody describes them.
 */
static const struct {
	const char *name;
	unsigned flags;
} along[] = {
	{ "telephone-event", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_EVENT },
	{ "CN", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK | CODEC_NOISE },
	{ "red", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK },
	{ "rtx", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK },
	{ "ulpfec", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK },
	{ "flexfec", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK },
	{ "flexfec-03", CODEC_SUPPLEMENTAL | CODEC_ANY_CLOCK },
};

/* Empty is 0. */
static bool parse_number(struct str text, uint32_t max, uint32_t *ret)
{
	uint32_t number = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned char)text.s[i] - (unsigned)'0';

		if (digit > 9 || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret = number;
	return true;
}

bool codec_spec_parse(struct str text, struct codec_spec *ret_spec)
{
	struct codec_spec spec = { 0 };
	struct str parts[6] = { { 0 } };
	uint32_t channels, ptime_ms;

	if (!str_cut(&text, '/', &spec.name) || !spec.name.len)
		return false;
	for (unsigned i = 0; i < 5; i++)
		str_cut(&text, '/', &parts[i]);
	parts[5] = text; /* options may have a slash */
	if (!parse_number(parts[0], UINT32_MAX, &spec.clock_hz) ||
		!parse_number(parts[1], UINT8_MAX, &channels) ||
		!parse_number(parts[2], UINT32_MAX, &spec.bitrate) ||
		!parse_number(parts[3], UINT16_MAX, &ptime_ms))
		return false;
	spec.channels = (uint8_t)(channels || !spec.clock_hz ? channels : 1);
	spec.ptime_ms = (uint16_t)ptime_ms;
	spec.fmtp = parts[4].len ? parts[4] : STR_NULL;
	spec.options = parts[5].len ? parts[5] : STR_NULL;
	*ret_spec = spec;
	return true;
}

void codec_spec_complete(struct codec_spec *spec, const struct codec *codec)
{
	if (!spec->clock_hz)
		spec->clock_hz = codec->clock_hz;
	if (!spec->channels)
		spec->channels = codec->channels ? codec->channels : 1;
	if (!spec->fmtp.s && codec->fmtp)
		spec->fmtp = str_of(codec->fmtp);
}

/* The name that stands for all of them. */
static struct str real_name(struct str name)
{
	const struct codec *codec = codec_find(name);

	return codec && codec->alias_of ? str_of(codec->alias_of) : name;
}

bool codec_same_name(struct str a, struct str b)
{
	return str_eq_nocase(a, b) || str_eq_nocase(real_name(a), real_name(b));
}

unsigned codec_flags(struct str name)
{
	const struct codec *codec = codec_find(name);

	if (codec)
		return codec->flags;
	for (unsigned i = 0; i < sizeof(along) / sizeof(along[0]); i++)
		if (str_is_nocase(name, along[i].name))
			return along[i].flags;
	return 0;
}

static bool same_shape(const struct codec_params *a, const struct codec_params *b)
{
	return a->clock_hz == b->clock_hz && a->channels == b->channels;
}

enum codec_match codec_match(
	struct str name, const struct codec_params *a, const struct codec_params *b)
{
	const struct codec *codec = codec_find(name);

	if (!same_shape(a, b))
		return CODEC_DIFFERENT;
	if (!codec || codec->flags & CODEC_FMTP_IGNORED || str_eq(a->fmtp, b->fmtp))
		return CODEC_SAME;
	return codec->match ? codec->match(a, b) : CODEC_DIFFERENT;
}

bool codec_fits(struct str name, const struct codec_params *a, const struct codec_params *b)
{
	const struct codec *codec = codec_find(name);

	if (!same_shape(a, b))
		return false;
	return !codec || !codec->match || codec_match(name, a, b) != CODEC_DIFFERENT;
}

bool codec_spec_fits(
	const struct codec_spec *spec, struct str name, const struct codec_params *params)
{
	struct codec_params wanted = *params;

	if (!codec_same_name(name, spec->name) ||
		(spec->clock_hz && params->clock_hz != spec->clock_hz) ||
		(spec->channels && params->channels != spec->channels))
		return false;
	wanted.fmtp = spec->fmtp;
	return !spec->fmtp.s || codec_match(name, params, &wanted) != CODEC_DIFFERENT;
}

uint32_t codec_sample_hz(const struct codec *codec, uint32_t clock_hz)
{
	return codec->sample_hz && clock_hz == codec->clock_hz ? codec->sample_hz : clock_hz;
}

/* The clock of what goes along with audio is not that of any audio of its own. */
static bool is_within_bounds(const struct codec *codec, const struct codec_params *params)
{
	uint32_t sample_hz = codec_sample_hz(codec, params->clock_hz);

	if (codec->flags & CODEC_ANY_CLOCK)
		return true;
	return sample_hz >= CODEC_MIN_SAMPLE_HZ && sample_hz <= CODEC_MAX_SAMPLE_HZ &&
	       params->channels && params->channels <= CODEC_MAX_CHANNELS;
}

bool codec_usable_as(const struct codec *codec, const struct codec_params *params)
{
	return codec_usable(codec) && is_within_bounds(codec, params) &&
	       (!codec->usable || codec->usable(params));
}

unsigned codec_ptime(const struct codec *codec, unsigned wanted_ms)
{
	const uint8_t *at = codec ? codec->ptimes : NULL;
	unsigned unit_ms = codec ? codec->ptime_unit_ms : 0;

	if (codec && wanted_ms < codec->ptime_min_ms)
		wanted_ms = codec->ptime_min_ms;
	if (at) {
		while (at[1] && at[1] <= wanted_ms)
			at++;
		return *at;
	}
	if (!unit_ms)
		return wanted_ms;
	return wanted_ms < unit_ms ? unit_ms : wanted_ms - wanted_ms % unit_ms;
}
