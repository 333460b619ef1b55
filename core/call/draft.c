/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts: a copy to work on, and the two ways it can end. */
#include "call/draft.h"

#include "base/clock.h"

#include <errno.h>

void draft_begin(struct draft *draft, struct call *call, bool created)
{
	*draft = (struct draft){
		.call = call,
		.created = created,
		.model = call->model ? model_copy(call->model) : model_new(),
		.now_mono_us = clock_mono_us(),
		.now_wall_us = clock_wall_us(),
	};
	if (!call->model)
		draft->model->tos = call_table_settings(call->table)->tos;
}

int draft_prepare(struct draft *draft, struct err *err)
{
	if (call_count_streams(draft->model) > PLAN_MAX_STREAMS)
		return err_set(err, E2BIG, "Too many streams in one call");
	record_prepare(draft);
	return session_prepare(
		draft->call->session, call_compile(draft->call, draft->model), &draft->set, err);
}

static void mark_map(const struct port_map *map, int tos)
{
	for (unsigned i = 0; i < map->count; i++) {
		struct port *port = map->leases[i]->port;

		if (port->tos != tos && !port->engine->set_tos(port, tos))
			port->tos = tos;
	}
}

/* TOS is a property of sockets: told to those that are new, or to all when it changed. */
static void mark_ports(const struct model *model)
{
	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++) {
			const struct media *media = model->parties[p]->media[m];

			for (const struct port_map *map = media->maps; map; map = map->next)
				if (map == media->ports ||
					(media->ports && map->beside &&
						map->group == media->ports->group))
					mark_map(map, model->tos);
		}
}

void draft_commit(struct draft *draft)
{
	struct call *call = draft->call;

	record_commit(draft);
	if (draft->set) {
		mark_ports(draft->model);
		session_apply(call->session, draft->set);
	}
	events_of_commit(call, call->model, draft->model);
	model_free(call->model);
	call->model = draft->model;
	call->look_at_us = 0;
	call->piercing = true; /* looked at with the next tick */
	if (draft->created) {
		call_publish(call);
	} else {
		call_claim_leases(call);
		call_claim_traffic(call);
	}
	draft->model = NULL;
	draft->set = NULL;
}

void draft_drop(struct draft *draft)
{
	if (draft->set)
		session_discard(draft->call->session, draft->set);
	model_free(draft->model);
	if (draft->created)
		call_free(draft->call);
	draft->set = NULL;
	draft->model = NULL;
}
