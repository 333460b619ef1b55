/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags about DTMF: digits, what is blocked and heard instead, triggers, what is played (spec NG 2.10). */
#include "control/flags_priv.h"

#include "codec/registry.h"
#include "media/delay.h"
#include "rtp/telephone_event.h"

#include <errno.h>
#include <string.h>

enum {
	TONE_MIN_HZ = 20,
	TONE_MAX_HZ = 4000, /* beyond, it is not heard in telephone calls */
	VOLUME_MAX = 63,
	TRIGGER_MAX = 32, /* digits */
	END_DIGITS_MAX = 10000,
	END_TIME_MAX_MS = 24 * 3600 * 1000,
};

static int security(struct reading *r, const char *key, struct str text, int *mode)
{
	static const struct choice choices[] = {
		{ "off", PLAN_DTMF_OFF },
		{ "drop", PLAN_DTMF_DROP },
		{ "silence", PLAN_DTMF_SILENCE },
		{ "tone", PLAN_DTMF_TONE },
		{ "random", PLAN_DTMF_RANDOM },
		{ "zero", PLAN_DTMF_ZERO },
		{ "dtmf", PLAN_DTMF_DIGIT },
	};

	flag_choose(r, key, text, choices, G_N_ELEMENTS(choices), mode);
	return 0;
}

FLAG_FN(flag_dtmf_security)
{
	(void)v;
	return security(r, "DTMF-security", text, &r->o->dtmf.mode);
}

FLAG_FN(flag_dtmf_security_trigger)
{
	(void)v;
	return security(r, "DTMF-security-trigger", text, &r->o->dtmf.trigger_mode);
}

FLAG_FN(flag_dtmf_security_end)
{
	(void)v;
	return security(r, "DTMF-security-trigger-end", text, &r->o->dtmf.ended_mode);
}

static int digits(struct reading *r, const char *key, struct str text, struct str *ret)
{
	if (text.len > TRIGGER_MAX)
		return err_set(r->err, EINVAL, "%s has more than %d digits", key, (int)TRIGGER_MAX);
	for (size_t i = 0; i < text.len; i++)
		if (telephone_event_code(text.s[i]) < 0)
			return err_set(r->err, EINVAL, "%s has what is no digit: %.*s", key,
				STR_ARG(text));
	*ret = text;
	return 0;
}

/* Numbers that decoders took for numbers are written as digits again. */
static struct str digits_text(struct reading *r, const struct value *v, struct str text)
{
	int64_t number = v && v->type == VALUE_INT ? v->num : -1;
	char buf[24];

	if (number < 0)
		return text;
	g_snprintf(buf, sizeof(buf), "%lld", (long long)number);
	return dict_copy(flag_memory(r), str_of(buf));
}

int flag_read_digits(struct reading *r, const char *key, const struct value *v, struct str *ret)
{
	return digits(r, key, digits_text(r, v, value_str(v)), ret);
}

static int number(
	struct reading *r, const char *key, const struct value *v, int64_t max, int *ret_number)
{
	int64_t n = value_int(v, -1);

	if (n < 0 || n > max)
		return err_set(r->err, EINVAL, "%s is from 0 to %lld", key, (long long)max);
	*ret_number = (int)n;
	return 0;
}

FLAG_FN(flag_dtmf_end_time)
{
	(void)text;
	return number(r, "trigger-end-time", v, END_TIME_MAX_MS, &r->o->dtmf.end_time_ms);
}

FLAG_FN(flag_dtmf_delay)
{
	(void)text;
	return number(r, "DTMF-delay", v, DELAY_MAX_MS, &r->o->dtmf.delay_ms);
}

FLAG_FN(flag_dtmf_end_digits)
{
	(void)text;
	return number(r, "trigger-end-digits", v, END_DIGITS_MAX, &r->o->dtmf.end_digits);
}

static int add_tone(struct reading *r, int64_t hz)
{
	struct dtmf_options *o = &r->o->dtmf;

	if (hz < TONE_MIN_HZ || hz > TONE_MAX_HZ)
		return err_set(r->err, EINVAL, "frequencies are from %d to %d Hz", (int)TONE_MIN_HZ,
			(int)TONE_MAX_HZ);
	if (o->tone_count == PLAN_DTMF_TONES)
		return err_set(r->err, EINVAL, "more than %d frequencies", (int)PLAN_DTMF_TONES);
	o->tones_hz[o->tone_count++] = (uint16_t)hz;
	return 0;
}

FLAG_FN(flag_dtmf_tones)
{
	struct str part;
	int64_t hz;
	int ret = 0;

	r->o->dtmf.tone_count = 0;
	if (v && v->type == VALUE_INT)
		return add_tone(r, v->num);
	value_each (item, v)
		if (!ret)
			ret = add_tone(r, value_int(item, -1));
	while (!ret && str_cut(&text, ',', &part))
		ret = add_tone(r, value_parse_int(part, &hz) ? hz : -1);
	return ret;
}

/* A character, or the number of one. Commands say what is wrong. */
FLAG_FN(flag_dtmf_code)
{
	int64_t code = text.len == 1 ? telephone_event_code(*text.s) : value_int(v, -1);

	r->o->dtmf.code = code >= 0 && code < TELEPHONE_EVENT_DIGITS ? (int)code : DTMF_BAD_CODE;
	return 0;
}

/* In dB below the loudest, with or without its minus. */
FLAG_FN(flag_dtmf_volume)
{
	int64_t db = value_int(v, VOLUME_MAX + 1);

	(void)text;
	if (db < -VOLUME_MAX || db > VOLUME_MAX)
		return err_set(r->err, EINVAL, "volume is from 0 to -%d", (int)VOLUME_MAX);
	r->o->dtmf.volume = (int)(db < 0 ? -db : db);
	return 0;
}

static int play_time(struct reading *r, const char *key, const struct value *v, int *ret_ms)
{
	enum { LEAST_MS = 100, MOST_MS = 5000 };
	int64_t ms = value_int(v, 0), kept = CLAMP(ms, LEAST_MS, MOST_MS);

	if (kept != ms)
		flag_warn(r, "%s is from %d to %d ms: %lld taken", key, (int)LEAST_MS, (int)MOST_MS,
			(long long)kept);
	*ret_ms = (int)kept;
	return 0;
}

FLAG_FN(flag_dtmf_duration)
{
	(void)text;
	return play_time(r, "duration", v, &r->o->dtmf.duration_ms);
}

/* The flag of that name is of recordings. */
FLAG_FN(flag_dtmf_pause)
{
	(void)text;
	return v ? play_time(r, "pause", v, &r->o->dtmf.pause_ms) : 0;
}

/* Names are not looked up: control does not wait. */
FLAG_FN(flag_dtmf_dest)
{
	struct addr addr;
	const char *colon = text.len ? memrchr(text.s, ':', text.len) : NULL;
	struct str ip = { text.s, colon ? (size_t)(colon - text.s) : 0 };
	int64_t port = 0;

	(void)v;
	if (ip.len > 2 && ip.s[0] == '[' && ip.s[ip.len - 1] == ']')
		ip = (struct str){ ip.s + 1, ip.len - 2 };
	if (!colon || !addr_parse_ip(ip, &addr) || addr_is_unspecified(&addr) ||
		!value_parse_int(str_skip(text, (size_t)(colon - text.s) + 1), &port) || port < 1 ||
		port > UINT16_MAX)
		return err_set(r->err, EINVAL, "dtmf-log-dest is not an address and a port: %.*s",
			STR_ARG(text));
	r->o->dtmf.dest = addr_with_port(addr, (uint16_t)port);
	return 0;
}

FLAG_FN(flag_detect_dtmf)
{
	(void)v;
	(void)text;
	r->o->dtmf.detect = codec_dtmf() != NULL;
	if (!r->o->dtmf.detect)
		flag_warn(r, "detect-DTMF is left out: there is no detector");
	return 0;
}
