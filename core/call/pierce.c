/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pierce-NAT: how long it goes on. The packets are made on the worker (media/pierce.c). */
#include "call/call.h"

static bool waits(const struct media *media)
{
	for (unsigned i = 0; media->pierce && !media->rejected && i < media->stream_count; i++)
		if (media->streams[i].peer.family &&
			!stream_stats_last_in_us(media->streams[i].stats))
			return true;
	return false;
}

void call_pierce(struct call *call)
{
	const struct model *model = call->model;
	bool any = false;

	for (unsigned p = 0; p < model->party_count && !any; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count && !any; m++)
			any = waits(model->parties[p]->media[m]);
	call->piercing = any;
	if (any)
		session_pierce(call->session);
}
