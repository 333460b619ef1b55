/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options as calls and listeners want them, at start and when one is changed. */
#include "daemon.h"

#include "call/options.h"
#include "control/host.h"
#include "control/listen_udp.h"
#include "control/report_udp.h"

static enum plan_learn learning_of(const struct config *c)
{
	static const enum plan_learn ways[] = {
		[CONFIG_LEARN_HEURISTIC] = PLAN_LEARN_HEURISTIC,
		[CONFIG_LEARN_DELAYED] = PLAN_LEARN_DELAYED,
		[CONFIG_LEARN_IMMEDIATE] = PLAN_LEARN_IMMEDIATE,
		[CONFIG_LEARN_OFF] = PLAN_LEARN_OFF,
	};

	return ways[c->endpoint_learning];
}

static enum plan_sources sources_of(const struct config *c)
{
	static const enum plan_sources policies[] = {
		[CONFIG_SOURCES_LEARNED] = PLAN_SOURCES_LEARNED,
		[CONFIG_SOURCES_SIGNALLED] = PLAN_SOURCES_SIGNALLED,
		[CONFIG_SOURCES_ANY] = PLAN_SOURCES_ANY,
	};

	if (c->source_policy != CONFIG_SOURCES_NOT_GIVEN)
		return policies[c->source_policy];
	return c->compat == CONFIG_COMPAT_RTPENGINE ? PLAN_SOURCES_ANY : PLAN_SOURCES_LEARNED;
}

static enum audio_player player_of(const struct config *c)
{
	static const enum audio_player players[] = {
		[CONFIG_PLAYER_ON_DEMAND] = PLAYER_OFF,
		[CONFIG_PLAYER_PLAY_MEDIA] = PLAYER_PLAY_MEDIA,
		[CONFIG_PLAYER_TRANSCODING] = PLAYER_TRANSCODING,
		[CONFIG_PLAYER_ALWAYS] = PLAYER_ALWAYS,
	};

	return players[c->audio_player];
}

static void tell_plugins(const struct value *data, void *arg)
{
	const struct daemon *d = arg;

	hosts_tell_dtmf(d->hosts, data);
}

void daemon_take_settings(struct daemon *d)
{
	const struct config *c = d->config;

	d->settings = (struct call_settings){
		.helpers = d->helpers,
		.recorder = d->recorder,
		.offload = d->offload,
		.timeout_s = c->timeout,
		.silent_timeout_s = c->silent_timeout,
		.offer_timeout_s = c->offer_timeout,
		.final_timeout_s = c->final_timeout,
		.delete_delay_s = c->delete_delay,
		.max_sessions = c->max_sessions,
		.max_load = c->max_load,
		.max_cpu = c->max_cpu,
		.max_bandwidth_bytes = c->max_bandwidth,
		.tos = c->tos,
		.cdr_facility = config_facility(c->log_facility_cdr),
		.rtcp_facility = config_facility(c->log_facility_rtcp),
		.dtmf_facility = config_facility(c->log_facility_dtmf),
		.dtmf_dest = d->dtmf_dest,
		.dtmf_no_log_injects = c->dtmf_no_log_injects,
		.dtmf_no_suppress = c->dtmf_no_suppress,
		.dtmf_digit_delay_ms = c->dtmf_digit_delay,
		.notify_dtmf = c->dtmf_log_ng_tcp ? tell_plugins : NULL,
		.notify_arg = d,
		.report = report_udp,
		.sip_source = c->sip_source,
		.log_srtp_keys = c->log_srtp_keys,
		.dtls_passive = c->dtls_passive,
		.dtls_mtu = c->dtls_mtu,
		.dtls = {
			.key = (enum dtls_key)c->dtls_cert_cipher,
			.rsa_bits = (unsigned)c->dtls_rsa_key_size,
			.sha1 = c->dtls_signature,
			.ciphers = c->dtls_ciphers,
			.name = c->software_id ? c->software_id
					       : "rtpengine-" RTPENGINE_VERSION,
		},
		.learning = learning_of(c),
		.sources = sources_of(c),
		.ssrc_reporting = (enum ssrc_reporting)c->ssrc_reporting,
		.clips = d->clips,
		.moh_max_ms = c->moh_max_duration,
		.moh_max_times = (unsigned)c->moh_max_repeats,
		.moh_attr = c->moh_attr_name,
		.moh_not_twice = c->moh_prevent_double_hold,
		.vsc = {
			[VSC_START] = c->vsc_start_rec,
			[VSC_STOP] = c->vsc_stop_rec,
			[VSC_START_STOP] = c->vsc_start_stop_rec,
			[VSC_PAUSE] = c->vsc_pause_rec,
			[VSC_PAUSE_RESUME] = c->vsc_pause_resume_rec,
			[VSC_START_PAUSE_RESUME] = c->vsc_start_pause_resume_rec,
		},
		.rtcp_interval_ms = c->rtcp_interval,
		.player = player_of(c),
		.player_buffer_ms = c->audio_buffer_length,
		.player_ahead_ms = c->audio_buffer_delay,
		.software_id = c->software_id ? c->software_id : "rtpengine-" RTPENGINE_VERSION,
	};
}

/* The CLI has changed an option. [control] */
void daemon_apply_setting(const char *name, void *arg)
{
	struct daemon *d = arg;

	daemon_take_settings(d);
	call_table_look_again(d->calls);
	if (g_str_has_prefix(name, "log-level"))
		config_set_log_levels(d->config);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_set_tos(d->listeners[i], d->config->control_tos);
}
