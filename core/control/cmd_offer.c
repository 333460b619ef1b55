/* SPDX-License-Identifier: GPL-3.0-or-later */
/* offer, answer and ping (spec NG 2.4, 2.7): what is mandatory, and the reply. */
#include "control/command_priv.h"

#include "call/draft.h"

#include <errno.h>

int cmd_ping(struct command *c, struct err *err)
{
	(void)err;
	c->result = "pong";
	return 0;
}

static int check_keys(const struct command *c, bool answer, struct err *err)
{
	if (!c->o.has_sdp)
		return err_set(err, EINVAL, "No SDP body in message");
	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	if (!c->o.has_from_tag)
		return err_set(err, EINVAL, "No from-tag in message");
	if (answer && !c->o.has_to_tag)
		return err_set(err, EINVAL, "No to-tag in message");
	return 0;
}

static void warn_ice(struct command *c, const struct exchange_result *result)
{
	if (!c->o.ice_wanted && (c->o.ice_remove || !result->ice_removed))
		return;
	reason_count(REASON_ICE_REMOVED);
	if (c->warnings->len)
		g_string_append(c->warnings, "; ");
	g_string_append(c->warnings, "ICE is not supported by this build: handled as ICE=remove");
	log_warn("ICE is not supported by this build: handled as ICE=remove");
}

static int exchange_done(struct command *c, int ret, GString *body,
	const struct exchange_result *result, struct err *err)
{
	if (ret == -EDQUOT && c->o.supports_load_limit) {
		dict_add_copy(c->reply, c->root, "message", str_of(err->text));
		c->result = "load limit";
		return 0;
	}
	if (ret < 0) {
		if (ret == -ENOSPC)
			reason_count(REASON_NO_PORTS);
		else
			reason_count(ret == -ENOTSUP ? REASON_UNSUPPORTED : REASON_SDP_REFUSED);
		/* Clients see this key in this one case (spec NG 1.7). */
		if (!strcmp(err->text, "Error rewriting SDP"))
			dict_add_str(c->reply, c->root, "sdp", STR_LIT(""));
		return ret;
	}
	warn_ice(c, result);
	dict_add_copy(c->reply, c->root, "sdp", (struct str){ body->str, body->len });
	return 0;
}

int cmd_offer(struct command *c, struct err *err)
{
	struct exchange_result result = { 0 };
	g_autoptr(GString) body = g_string_sized_new(1024);
	int ret = check_keys(c, false, err);

	if (ret < 0)
		return ret;
	ret = call_offer(c->control->calls, &c->o, c->client, body, &result, err);
	return exchange_done(c, ret, body, &result, err);
}

int cmd_answer(struct command *c, struct err *err)
{
	struct exchange_result result = { 0 };
	g_autoptr(GString) body = g_string_sized_new(1024);
	int ret = check_keys(c, true, err);

	if (ret < 0)
		return ret;
	ret = call_answer(c->control->calls, &c->o, body, &result, err);
	return exchange_done(c, ret, body, &result, err);
}
