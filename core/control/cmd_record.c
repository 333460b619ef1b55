/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start, pause and stop recording (spec NG 2.8), and what replies tell of it. */
#include "control/command_priv.h"

#include "call/draft.h"
#include "record/recorder.h"

#include <errno.h>

static int run(struct command *c, enum record_action action, struct err *err)
{
	if (!c->o.call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	return call_record(c->control->calls, action, &c->o, err);
}

int cmd_start_recording(struct command *c, struct err *err)
{
	return run(c, RECORD_START, err);
}

int cmd_pause_recording(struct command *c, struct err *err)
{
	return run(c, RECORD_PAUSE, err);
}

int cmd_stop_recording(struct command *c, struct err *err)
{
	return run(c, c->o.record.pause ? RECORD_PAUSE : RECORD_STOP, err);
}

void reply_add_recording(struct command *c, const struct call *call)
{
	const struct model *model = call->model;
	struct recording_status status;
	struct value *v;

	if (!model->recording)
		return;
	recording_read_status(model->recording, &status);
	v = dict_add_dict(c->reply, c->root, "recording");
	dict_add_int(c->reply, v, "call recording", model->recording_mode == RECORDING_ON);
	dict_add_int(c->reply, v, "forwarding", 0);
	dict_add_copy(c->reply, v, "file", str_of(recording_path(model->recording)));
	dict_add_str(c->reply, v, "status",
		str_of(status.state == RECORDING_RUNNING &&
					model->recording_mode == RECORDING_PAUSED
				? "paused"
				: recording_state_name(status.state)));
	if (status.why[0])
		dict_add_copy(c->reply, v, "reason", str_of(status.why));
	dict_add_int(c->reply, v, "packets", (int64_t)status.packets);
	dict_add_int(c->reply, v, "gaps", (int64_t)status.gaps);
	dict_add_int(c->reply, v, "packets lost", (int64_t)status.lost);
	dict_add_int(c->reply, v, "packets not decoded", (int64_t)status.undecoded);
	dict_add_int(c->reply, v, "pauses", status.pauses);
}

void reply_add_recordings(struct command *c)
{
	const struct call *call = call_table_find(c->control->calls, c->o.call_id);
	const struct model *model = call ? call->model : NULL;
	struct value *list;

	if (!model || !model->recording || model->recording_mode == RECORDING_OFF)
		return;
	list = dict_add_list(c->reply, c->root, "recordings");
	dict_add_copy(c->reply, list, NULL, str_of(recording_path(model->recording)));
}
