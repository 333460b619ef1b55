/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block, silence and their opposites (spec NG 2.10, 2.11); play DTMF (2.12), which is not built but
 * answers as it would have up to there.
 */
#include "control/command_priv.h"

#include "call/select.h"

#include <errno.h>

static int run(struct command *c, const struct block_command *command, struct err *err)
{
	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	return call_block(c->control->calls, &c->o, command, err);
}

int cmd_block_media(struct command *c, struct err *err)
{
	static const struct block_command command = { BLOCK_MEDIA, SELECT_TAG_DIRECTIONAL, true };

	return run(c, &command, err);
}

int cmd_unblock_media(struct command *c, struct err *err)
{
	static const struct block_command command = { BLOCK_MEDIA, SELECT_TAG_DIRECTIONAL, false };

	return run(c, &command, err);
}

int cmd_silence_media(struct command *c, struct err *err)
{
	static const struct block_command command = { BLOCK_SILENCE, SELECT_TAG_ALWAYS, true };

	return run(c, &command, err);
}

int cmd_unsilence_media(struct command *c, struct err *err)
{
	static const struct block_command command = { BLOCK_SILENCE, SELECT_TAG_ALWAYS, false };

	return run(c, &command, err);
}

int cmd_block_dtmf(struct command *c, struct err *err)
{
	struct block_command command = { BLOCK_DTMF, SELECT_TAG_DIRECTIONAL, true };

	command.set = c->o.dtmf_mode != DTMF_OFF;
	return run(c, &command, err);
}

int cmd_unblock_dtmf(struct command *c, struct err *err)
{
	static const struct block_command command = { BLOCK_DTMF, SELECT_TAG_DIRECTIONAL, false };

	return run(c, &command, err);
}

static int check_player(struct command *c, struct err *err)
{
	const struct call *call;
	struct party *party;
	int ret;

	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	call = call_table_find(c->control->calls, c->o.call_id);
	if (!call)
		return err_set(err, ENOENT, "Unknown call-ID");
	ret = select_party(call->model, &c->o, SELECT_TAG_ALWAYS, &party, err);
	if (ret < 0)
		return ret;
	return party || c->o.select.all ? 0
					: err_set(err, EINVAL, "No participant party specified");
}

static int unsupported(struct err *err)
{
	return err_set(err, ENOTSUP, "unsupported");
}

static bool is_digit(const struct value *v)
{
	struct str s = value_str(v);
	int64_t code = value_int(v, -1);

	if (s.len == 1 && strchr("0123456789*#ABCDabcd", *s.s) && *s.s)
		return true;
	return code >= 0 && code <= 15;
}

int cmd_play_dtmf(struct command *c, struct err *err)
{
	const struct value *code = value_get(c->request, "code");
	int ret = check_player(c, err);

	if (ret < 0)
		return ret;
	if (!code)
		code = value_get(c->request, "digit");
	if (!is_digit(code))
		return err_set(err, EINVAL, "Out of range 'code' specified");
	return unsupported(err);
}
