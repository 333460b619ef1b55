/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags about media that flow: blocked, echoed, played, and whose (spec NG 2.3, 2.10, 3.7). */
#include "control/flags_priv.h"

#include "media/delay.h"

#include <errno.h>

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
	if (flag_choose(r, "media-echo", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->media_echo = (enum media_echo)value;
	return 0;
}

static void read_db_id(struct play_options *play, const struct value *v)
{
	play->has_db_id = true;
	play->db_id = value_int(v, -1);
}

FLAG_FN(flag_db_id)
{
	(void)text;
	read_db_id(&r->o->play, v);
	return 0;
}

static void read_moh(struct reading *r, struct moh_options *moh, const struct value *item)
{
	static const struct choice modes[] = {
		{ "sendonly", MOH_ASKED_SENDONLY },
		{ "sendrecv", MOH_ASKED_SENDRECV },
		{ "reflect", MOH_ASKED_REFLECT },
	};
	struct str text = value_str(item);
	int mode;

	if (flag_value_is(item->key, "mode")) {
		if (flag_choose(r, "moh mode", text, modes, G_N_ELEMENTS(modes), &mode))
			moh->mode = (enum moh_asked)mode;
	} else if (flag_value_is(item->key, "file")) {
		moh->play.file = text;
	} else if (flag_value_is(item->key, "blob")) {
		moh->play.blob = text;
	} else if (flag_value_is(item->key, "connection") && flag_value_is(text, "zero")) {
		moh->zero = true;
	} else if (flag_value_is(item->key, "db-id")) {
		read_db_id(&moh->play, item);
		if (moh->play.db_id < 0)
			flag_warn(r, "moh db-id ignored: it is no number from 0 on");
	} else {
		flag_warn(r, "unknown moh key '%.*s' ignored", STR_ARG(item->key));
	}
}

FLAG_FN(flag_moh)
{
	(void)text;
	r->o->moh = (struct moh_options){ .mode = MOH_ASKED_SENDONLY };
	value_each (item, v->type == VALUE_DICT ? v : NULL)
		read_moh(r, &r->o->moh, item);
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
	if (flag_choose(r, "drop-traffic", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->drop_traffic = (enum drop_traffic)value;
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
	else if (flag_choose(r, "all", text, choices, G_N_ELEMENTS(choices), &value))
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
	if (flag_choose(r, "alias-key", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->alias_key = (enum alias_key)value;
	return 0;
}
