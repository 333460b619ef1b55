/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block, silence and their opposites (spec NG 2.10, 2.11); play DTMF (2.12).
 */
#include "control/command_priv.h"

#include "call/dtmf.h"
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
	static const struct block_command command = { BLOCK_DTMF, SELECT_TAG_DIRECTIONAL, true };

	if (c->o.dtmf.code == DTMF_BAD_CODE)
		return err_set(err, EINVAL, "Out of range 'code' specified");
	return run(c, &command, err);
}

int cmd_unblock_dtmf(struct command *c, struct err *err)
{
	static const struct block_command command = { BLOCK_DTMF, SELECT_TAG_DIRECTIONAL, false };

	return run(c, &command, err);
}

int cmd_play_dtmf(struct command *c, struct err *err)
{
	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	return call_play_dtmf(c->control->calls, &c->o, err);
}
