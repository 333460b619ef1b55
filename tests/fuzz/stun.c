/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN from any bytes: as they are, and as the body of a message whose header, length and
 * fingerprint are right, which an agent then gets as if its peer had sent it.
 */
#include "base/ref.h"
#include "ice/agent.h"

#include <stdlib.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct addr peer = { .family = ADDR_IP4, .port = 7, .ip = { 192, 0, 2, 1 } };

static void on_send(
	void *arg, unsigned local, const struct addr *to, const uint8_t *data, size_t len)
{
	struct stun stun;

	(void)arg;
	/* What leaves is sound. */
	if (local || !to->family || !stun_parse(data, len, &stun) || stun.unknown_count)
		abort();
}

static void on_event(void *arg, const struct ice_event *event)
{
	(void)arg;
	(void)event;
}

static struct ice_agent *make_agent(void)
{
	static const struct ice_ops ops = { .send = on_send, .event = on_event };
	struct ice_params *params = ice_params_new();
	struct ice_agent *agent;

	params->generation = 1;
	params->components = 1;
	params->consent = true;
	params->local_ufrag = g_strdup("abcd");
	params->local_pwd = g_strdup("p");
	params->remote_ufrag = g_strdup("efgh");
	params->remote_pwd = g_strdup("p");
	params->local_count = 1;
	params->locals[0] = (struct ice_local){ .component = 1, .family = ADDR_IP4, .priority = 9 };
	agent = ice_agent_new(params, &ops, NULL);
	ref_drop(params);
	ice_agent_start(agent, 1);
	return agent;
}

/* The bytes between a header and what ends a message, which the password is right for. */
static void receive_body(struct ice_agent *agent, const uint8_t *data, size_t size)
{
	struct stun_build build;
	size_t body = (size - 1) & ~(size_t)3;

	if (body > STUN_MAX_BYTES / 2)
		return;
	stun_build(&build, (enum stun_class)(data[0] & 3), (const uint8_t *)"transaction");
	memcpy(build.data + build.len, data + 1, body);
	build.len += body;
	if (stun_build_end(&build, data[0] & 4 ? STR_NULL : STR_LIT("p")))
		ice_agent_receive(agent, 0, &peer, build.data, build.len, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_agent *agent;
	struct stun stun;

	if (!size)
		return 0;
	if (stun_parse(data, size, &stun))
		stun_authentic(&stun, STR_LIT("p"));
	agent = make_agent();
	ice_agent_receive(agent, 0, &peer, data, size, 2);
	receive_body(agent, data, size);
	for (int64_t now_us = 3; now_us < 100000; now_us += 20000)
		ice_agent_run(agent, now_us);
	ice_agent_free(agent);
	return 0;
}
