/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block, silence and their opposites (spec NG 2.10, 2.11); playing (2.12), which but for digits is
 * not built but answers as it would have up to there.
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

static bool has_source(const struct value *request)
{
	static const char *const keys[] = { "file", "blob", "blob64", "db-id", "db id" };

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		if (value_get(request, keys[i]))
			return true;
	return false;
}

int cmd_play_media(struct command *c, struct err *err)
{
	int ret = check_player(c, err);

	if (ret < 0)
		return ret;
	if (!has_source(c->request))
		return err_set(err, EINVAL, "No media file specified");
	return unsupported(err);
}

int cmd_stop_media(struct command *c, struct err *err)
{
	int ret = check_player(c, err);

	return ret < 0 ? ret : unsupported(err);
}

int cmd_play_dtmf(struct command *c, struct err *err)
{
	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	return call_play_dtmf(c->control->calls, &c->o, err);
}
