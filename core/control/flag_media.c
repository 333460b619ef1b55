/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags about media that flow: blocked, echoed, and whose (spec NG 2.3, 2.10, 3.7). */
#include "control/flags_priv.h"

#include "media/delay.h"

#include <errno.h>

/* Words that stand for a value each. */
struct choice {
	const char *name;
	int value;
};

static bool choose(struct reading *r, const char *key, struct str text,
	const struct choice *choices, unsigned count, int *ret_value)
{
	for (unsigned i = 0; i < count; i++)
		if (flag_value_is(text, choices[i].name)) {
			*ret_value = choices[i].value;
			return true;
		}
	flag_warn(r, "unknown %s '%.*s' ignored", key, STR_ARG(text));
	return false;
}

FLAG_FN(flag_media_echo)
{
	static const struct choice choices[] = {
		{ "blackhole", ECHO_BLACKHOLE },
		{ "sinkhole", ECHO_BLACKHOLE },
		{ "forward", ECHO_FORWARD },
		{ "fwd", ECHO_FORWARD },
		{ "fw", ECHO_FORWARD },
		{ "backward", ECHO_BACKWARD },
		{ "backwards", ECHO_BACKWARD },
		{ "back", ECHO_BACKWARD },
		{ "bkw", ECHO_BACKWARD },
		{ "bk", ECHO_BACKWARD },
		{ "reverse", ECHO_BACKWARD },
		{ "both", ECHO_BOTH },
		{ "off", ECHO_OFF },
	};
	int value;

	(void)v;
	if (choose(r, "media-echo", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->media_echo = (enum media_echo)value;
	return 0;
}

FLAG_FN(flag_drop_traffic)
{
	static const struct choice choices[] = {
		{ "start", DROP_TRAFFIC_START },
		{ "stop", DROP_TRAFFIC_STOP },
	};
	int value;

	(void)v;
	if (choose(r, "drop-traffic", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->drop_traffic = (enum drop_traffic)value;
	return 0;
}

FLAG_FN(flag_dtmf_security)
{
	static const char *const others[] = { "silence", "tone", "random", "zero", "dtmf" };

	(void)v;
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
		if (flag_value_is(text, others[i]))
			return err_set(r->err, ENOTSUP,
				"DTMF-security=%s cannot be done: transcoding is not supported by "
				"this build",
				others[i]);
	if (flag_value_is(text, "off"))
		r->o->dtmf_mode = DTMF_OFF;
	else if (flag_value_is(text, "drop"))
		r->o->dtmf_mode = DTMF_DROP;
	else
		flag_warn(r, "unknown DTMF-security '%.*s' ignored", STR_ARG(text));
	return 0;
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
	r->o->dtmf_dest = addr_with_port(addr, (uint16_t)port);
	return 0;
}

FLAG_FN(flag_delay_buffer)
{
	int64_t ms = value_int(v, -1);

	(void)text;
	if (ms < 0 || ms > DELAY_MAX_MS)
		return err_set(
			r->err, EINVAL, "delay-buffer is from 0 to %d milliseconds", DELAY_MAX_MS);
	r->o->delay_ms = (int)ms;
	return 0;
}

FLAG_FN(flag_all)
{
	static const struct choice choices[] = {
		{ "offer-answer", FLOWS_OFFER_ANSWER },
		{ "except-offer-answer", FLOWS_OTHERS },
		{ "not-offer-answer", FLOWS_OTHERS },
		{ "non-offer-answer", FLOWS_OTHERS },
		{ "flows", FLOWS_ALL },
	};
	int value;

	if (!v || flag_value_is(text, "all"))
		r->o->select.all = true;
	else if (choose(r, "all", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->select.flows = (enum flow_set)value;
	return 0;
}

FLAG_FN(flag_alias_key)
{
	static const struct choice choices[] = {
		{ "sdp", ALIAS_KEY_SDP },
		{ "address", ALIAS_KEY_ENDPOINT },
		{ "endpoint", ALIAS_KEY_ENDPOINT },
		{ "off", ALIAS_KEY_OFF },
		{ "no", ALIAS_KEY_OFF },
		{ "none", ALIAS_KEY_OFF },
	};
	int value;

	(void)v;
	if (choose(r, "alias-key", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->alias_key = (enum alias_key)value;
	return 0;
}
