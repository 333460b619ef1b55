/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads and what they work on: begun in order, ended in the opposite one. */
#include "daemon.h"

#include "base/plugin.h"
#include "base/helper.h"
#include "base/ref.h"
#include "codec/registry.h"
#include "codec/rules.h"
#include "control/host.h"
#include "control/listen_udp.h"
#include "control/proxies.h"
#include "control/report_udp.h"
#include "control/retrans.h"
#include "control/settings.h"
#include "control/templates.h"
#include "control/thread.h"
#include "log_writer.h"
#include "media/clips.h"
#include "media/offload.h"
#include "net/iface.h"
#include "record/writers.h"
#include "stats/counter.h"
#include "stats/reason.h"

#include <errno.h>
#include <unistd.h>

/* Of stored media that are played; beyond, no more are begun. */
static const size_t CLIPS_MAX_BYTES = (size_t)1024 * 1024 * 1024;

static void on_preloaded(struct clip *clip, const char *error, void *name)
{
	if (!clip)
		log_err("Failed to preload '%s': %s", (const char *)name, error);
}

/* Before there are calls; it is done when control runs. */
static void preload(struct daemon *d)
{
	enum { USUAL_HZ = 8000 };
	const struct config *c = d->config;

	if (!c->preload_media_files)
		return;
	clips_keep(d->clips, c->media_files_expire * INT64_C(1000000));
	for (char **name = c->preload_media_files; *name; name++) {
		struct clip_source *source;

		if (!strcmp(*name, "on-demand"))
			continue;
		source = clip_source_file(str_of(*name));
		clips_load(d->clips, source, USUAL_HZ, on_preloaded, *name);
		ref_drop(source);
	}
}

/* Without threads for it nothing is played. */
static int start_players(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;
	int threads = c->media_num_threads < 0 ? c->num_threads : c->media_num_threads;

	if (!threads)
		return 0;
	d->players = helper_pool_new((unsigned)threads, control_thread_mailbox(d->thread));
	if (!c->media_dir && clips_available())
		log_msg(LOG_L_NOTICE, "Without --media-dir, control messages can have any file "
				      "played that can be read");
	if (clips_new(d->players, c->media_dir, CLIPS_MAX_BYTES, &d->clips, err) < 0)
		return -EINVAL;
	preload(d);
	return 0;
}

static void start_offload(struct daemon *d)
{
	if (!d->kmod)
		return;
	d->offload_helper = helper_pool_new(1, control_thread_mailbox(d->thread));
	d->offload = offload_new(
		kmod_backend(), d->kmod, d->offload_helper, media_offload_news, NULL);
	d->kmod = NULL;
	log_info("Plain RTP is forwarded by the kernel module, table %d", d->config->table);
}

int daemon_start_threads(struct daemon *d, struct err *err)
{
	struct mailbox *mailbox = control_thread_mailbox(d->thread);
	int ret = 0;

	d->worker_count = (unsigned)d->config->num_threads;
	d->workers = g_new0(struct media_worker *, d->worker_count);
	d->helpers = helper_pool_new(d->worker_count, mailbox);
	d->recorder = recording_start(&d->recording, d->helpers, control_thread_context(d->thread));
	if (start_players(d, err) < 0)
		return -EINVAL;
	start_offload(d);
	daemon_take_settings(d);
	d->calls = call_table_new(
		d->workers, d->worker_count, mailbox, d->interfaces, &d->settings);
	ret = call_table_renew_cert(d->calls, err);
	if (ret < 0)
		return ret;
	d->control.calls = d->calls;
	d->control.retrans = retrans_new(RETRANS_MAX_BYTES);
	for (unsigned i = 0; i < d->worker_count; i++) {
		d->workers[i] = media_worker_new(i, mailbox, call_table_event, d->calls);
		if (!d->workers[i] || media_worker_use_engine(d->workers[i], d->engine.ports) < 0)
			return err_set(
				err, EMFILE, "Failed to start a thread (no descriptors left)");
		media_worker_use_offload(d->workers[i], d->offload);
	}
	for (unsigned i = 0; d->settings.rtcp_facility >= 0 && i < d->worker_count; i++)
		media_worker_on_rtcp(d->workers[i], call_table_rtcp, d->calls);
	for (unsigned i = 0; !ret && i < d->worker_count; i++)
		ret = media_worker_start(d->workers[i]);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_start(d->listeners[i], control_thread_context(d->thread));
	io_engine_watch(&d->engine, control_thread_context(d->thread));
	if (!ret && d->firewall)
		ret = firewall_start(d->firewall);
	if (!ret)
		ret = control_thread_start(d->thread, d->calls, d->workers, d->worker_count);
	return ret < 0 ? err_set(err, -ret, "Failed to start a thread (%s)", g_strerror(-ret)) : 0;
}

/* What one of them is told may be answered by another. False: there are none left. */
static bool run_last_messages(struct daemon *d)
{
	bool any = false;

	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		while (d->workers[i] && mailbox_pending(media_worker_mailbox(d->workers[i]))) {
			media_worker_turn(d->workers[i]);
			any = true;
		}
	while (mailbox_pending(control_thread_mailbox(d->thread))) {
		mailbox_run(control_thread_mailbox(d->thread));
		any = true;
	}
	return any;
}

/*
 * Workers have ended; what they had is given back by running their last messages here.
 */
static void drop_calls(struct daemon *d)
{
	helper_pool_stop(d->helpers);
	helper_pool_stop(d->offload_helper);
	mailbox_run(control_thread_mailbox(d->thread)); /* events for the table */
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		if (d->workers[i])
			media_worker_hush(d->workers[i]);
	call_table_free(d->calls);
	d->calls = NULL;
	while (run_last_messages(d))
		continue;
	recording_stop(&d->recording, d->recorder);
}

/* What was counted while we ran, for whoever reads the log afterwards. */
static void log_totals(void)
{
	g_autoptr(GString) text = g_string_new("Totals:");

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		if (counter_total(i))
			g_string_append_printf(text, " %s %llu,", counter_row(i)->name,
				(unsigned long long)counter_total(i));
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (reason_total(i))
			g_string_append_printf(text, " %s %llu,", reason_row(i)->name,
				(unsigned long long)reason_total(i));
	g_string_append_printf(text, " log lines dropped %llu", (unsigned long long)log_dropped());
	log_info("%s", text->str);
}

/* Loads run plugins' code, also when they come home and tell what they ended with. */
static void stop_players(struct daemon *d)
{
	clips_stop(d->clips);
	helper_pool_stop(d->players);
	while (clips_loading(d->clips))
		mailbox_run(control_thread_mailbox(d->thread));
	clips_add_player(NULL);
	clip_source_add_store(NULL);
}

void daemon_tear_down(struct daemon *d, int status)
{
	if (d->thread)
		control_thread_stop(d->thread);
	requests_drop(&d->control);
	stop_players(d);
	hosts_disconnect(d->hosts);
	plugin_set_close(d->plugins);
	hosts_free(d->hosts);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_free(d->listeners[i]);
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		if (d->workers[i])
			media_worker_stop(d->workers[i]);
	if (d->thread)
		drop_calls(d);
	/* Behind the last counters of what the kernel forwarded. */
	if (status == EXIT_SUCCESS && d->workers) {
		log_totals();
		log_info("Version %s shutting down", RTPENGINE_VERSION);
	}
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		media_worker_free(d->workers[i]);
	g_free(d->workers);
	retrans_free(d->control.retrans);
	proxies_free(d->control.proxies);
	settings_free(d->control.settings);
	templates_free(d->templates);
	clips_free(d->clips);
	offload_free(d->offload);
	kmod_close(d->kmod);
	helper_pool_free(d->players);
	helper_pool_free(d->helpers);
	helper_pool_free(d->offload_helper);
	control_thread_free(d->thread);
	firewall_free(d->firewall);
	iface_table_free(d->interfaces);
	io_engine_stop(&d->engine);
	report_udp_close();
	/* A log nobody reads must not keep us; its thread may still use what would be freed. */
	if (!log_writer_stop())
		_exit(status);
	codec_registry_clear();
	writers_clear();
	codec_rules_clear();
	plugin_set_free(d->plugins);
	g_free(d->plugin_folder);
	config_set_free(d->set);
}
