/* SPDX-License-Identifier: GPL-3.0-or-later */
/* offer, answer and ping (spec NG 2.4, 2.7): what is mandatory, and the reply. */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/command_priv.h"

#include "base/wipe.h"
#include "call/draft.h"
#include "call/fragment.h"

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

/* Counted already, where the limit was found to be reached. */
static int over_limit(struct command *c, const char *reason, struct err *err)
{
	dict_add_str(c->reply, c->root, "reason", str_of(reason));
	/* What a proxy without load limiting knows to try the next node for, whatever the limit. */
	if (!c->o.supports_load_limit)
		return err_set(err, EDQUOT, "Parallel session limit reached");
	dict_add_copy(c->reply, c->root, "message", str_of(err->text));
	c->result = "load limit";
	return 0;
}

static const char ran_out[] = "Ran out of ports";

/* What was wrong when ports could not be had (net/ports.h). */
static enum reason port_reason(const struct err *err)
{
	switch (err->code) {
	case ENOSPC: /* also epoll's word for too many watches */
		return strcmp(err->text, ran_out) ? REASON_NO_DESCRIPTORS : REASON_NO_PORTS;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return REASON_NO_DESCRIPTORS;
	case EACCES:
	case EPERM:
	case EADDRNOTAVAIL:
	case EADDRINUSE:
	case EAFNOSUPPORT:
		return REASON_PORT_UNUSABLE;
	default:
		return REASON_COUNT;
	}
}

/*
 * A proxy goes to the next node for one text only, so the client gets that whatever the system's
 * reason was; which it was stands beside it.
 */
static int no_ports(struct command *c, enum reason reason, struct err *err)
{
	reason_count(reason);
	c->refused = reason;
	if (reason != REASON_NO_PORTS) {
		log_err("%s: %s", ran_out, err->text);
		dict_add_copy(c->reply, c->root, "message", str_of(err->text));
	}
	dict_add_str(c->reply, c->root, "reason", str_of(reason_row(reason)->name));
	return err_set(err, err->code, "%s", ran_out);
}

static int exchange_done(struct command *c, int ret, GString *body,
	const struct exchange_result *result, struct err *err)
{
	if (ret == -EDQUOT)
		return over_limit(c, result->refused, err);
	if (ret < 0) {
		if (port_reason(err) != REASON_COUNT)
			return no_ports(c, port_reason(err), err);
		c->refused = ret == -ENOTSUP ? REASON_UNSUPPORTED : REASON_SDP_REFUSED;
		reason_count(c->refused);
		/* Clients see this key in this one case (spec NG 1.7). */
		if (!strcmp(err->text, "Error rewriting SDP"))
			dict_add_str(c->reply, c->root, "sdp", STR_LIT(""));
		return ret;
	}
	dict_add_copy(c->reply, c->root, "sdp", (struct str){ body->str, body->len });
	reply_add_recordings(c);
	string_wipe(body);
	return 0;
}

static int fragment_done(struct command *c, int ret)
{
	if (ret < 0) {
		c->refused = REASON_SDP_REFUSED;
		reason_count(c->refused);
	}
	return ret;
}

int cmd_offer(struct command *c, struct err *err)
{
	struct exchange_result result = { .warnings = c->warnings };
	g_autoptr(GString) body = g_string_sized_new(1024);
	int ret = check_keys(c, false, err);

	if (ret < 0)
		return ret;
	if (c->o.fragment)
		return fragment_done(c, call_fragment(c->control->calls, &c->o, false, err));
	ret = call_offer(c->control->calls, &c->o, c->client, body, &result, err);
	return exchange_done(c, ret, body, &result, err);
}

int cmd_answer(struct command *c, struct err *err)
{
	struct exchange_result result = { .warnings = c->warnings };
	g_autoptr(GString) body = g_string_sized_new(1024);
	int ret = check_keys(c, true, err);

	if (ret < 0)
		return ret;
	if (c->o.fragment)
		return fragment_done(c, call_fragment(c->control->calls, &c->o, true, err));
	ret = call_answer(c->control->calls, &c->o, body, &result, err);
	return exchange_done(c, ret, body, &result, err);
}
