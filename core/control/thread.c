/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control thread's loop. Its mailbox is a source of the context; that source's prepare step
 * also sees to it that workers hear of WAKE_LATER messages in time.
 */
#include "control/thread.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "stats/chain.h"
#include "stats/interval.h"
#include "stats/load.h"
#include "stats/rate.h"

#include <pthread.h>

enum { TICK_MS = 1000 };

struct control_thread {
	GMainContext *context;
	GMainLoop *loop;
	struct mailbox *mailbox;
	struct call_table *calls;
	struct media_worker *const *workers;
	unsigned worker_count;
	GSource *mail, *tick, *sample;
	struct load_sampler load;
	int64_t flush_at_us; /* workers are woken then; 0: nothing waits */
	pthread_t thread;
	bool running;
};

struct mail_source {
	GSource source;
	struct control_thread *thread;
	gpointer tag;
};

static bool something_waits(const struct control_thread *t)
{
	for (unsigned i = 0; i < t->worker_count; i++)
		if (mailbox_pending(media_worker_mailbox(t->workers[i])))
			return true;
	return false;
}

static gboolean mail_prepare(GSource *source, gint *timeout_ms)
{
	struct control_thread *t = ((struct mail_source *)source)->thread;
	int64_t now_us;

	*timeout_ms = -1;
	if (!something_waits(t)) {
		t->flush_at_us = 0;
		return mailbox_pending(t->mailbox);
	}
	now_us = clock_mono_us();
	if (!t->flush_at_us) {
		t->flush_at_us = now_us + MAILBOX_LATER_US;
	} else if (now_us >= t->flush_at_us) {
		for (unsigned i = 0; i < t->worker_count; i++)
			mailbox_flush(media_worker_mailbox(t->workers[i]));
		t->flush_at_us = now_us + MAILBOX_LATER_US;
	}
	*timeout_ms = (gint)((t->flush_at_us - now_us) / 1000 + 1);
	return mailbox_pending(t->mailbox);
}

static gboolean mail_check(GSource *source)
{
	return mailbox_pending(((struct mail_source *)source)->thread->mailbox);
}

static gboolean mail_dispatch(GSource *source, GSourceFunc callback, gpointer arg)
{
	(void)callback;
	(void)arg;
	mailbox_run(((struct mail_source *)source)->thread->mailbox);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs mail_funcs = {
	.prepare = mail_prepare,
	.check = mail_check,
	.dispatch = mail_dispatch,
};

struct control_thread *control_thread_new(void)
{
	struct control_thread *t = g_new0(struct control_thread, 1);

	t->context = g_main_context_new();
	t->loop = g_main_loop_new(t->context, FALSE);
	t->mailbox = mailbox_new();
	if (!t->mailbox) {
		control_thread_free(t);
		return NULL;
	}
	return t;
}

struct mailbox *control_thread_mailbox(struct control_thread *t)
{
	return t->mailbox;
}

GMainContext *control_thread_context(struct control_thread *t)
{
	return t->context;
}

static gboolean tick(gpointer arg)
{
	struct control_thread *t = arg;
	int64_t start_us = clock_mono_us();

	call_table_tick(t->calls);
	rate_tick(start_us);
	chain_tick(start_us);
	interval_tick(start_us, call_table_count(t->calls));
	log_debug("timer run time = %.6f sec", (double)(clock_mono_us() - start_us) / 1e6);
	return G_SOURCE_CONTINUE;
}

/* The kernel makes these files' text as they are read: this does not wait for a disk. */
static gboolean sample_load(gpointer arg)
{
	struct control_thread *t = arg;
	struct load_reading now;
	struct load load;

	load_read(&now);
	load_sample(&t->load, &now, &load);
	call_table_set_load(t->calls, &load);
	return G_SOURCE_CONTINUE;
}

static GSource *add_timer(struct control_thread *t, unsigned every_ms, GSourceFunc fn)
{
	GSource *source = g_timeout_source_new(every_ms);

	g_source_set_callback(source, fn, t, NULL);
	g_source_attach(source, t->context);
	return source;
}

static void *thread_main(void *arg)
{
	struct control_thread *t = arg;

	g_main_context_push_thread_default(t->context);
	g_main_loop_run(t->loop);
	g_main_context_pop_thread_default(t->context);
	return NULL;
}

int control_thread_start(struct control_thread *t, struct call_table *calls,
	struct media_worker *const *workers, unsigned worker_count)
{
	struct mail_source *mail;
	int ret;

	t->calls = calls;
	t->workers = workers;
	t->worker_count = worker_count;
	t->mail = g_source_new(&mail_funcs, sizeof(struct mail_source));
	mail = (struct mail_source *)t->mail;
	mail->thread = t;
	mail->tag = g_source_add_unix_fd(t->mail, mailbox_fd(t->mailbox), G_IO_IN);
	g_source_attach(t->mail, t->context);
	sample_load(t);
	t->tick = add_timer(t, TICK_MS, tick);
	t->sample = add_timer(t, LOAD_SAMPLE_MS, sample_load);
	ret = pthread_create(&t->thread, NULL, thread_main, t);
	if (ret)
		return -ret;
	pthread_setname_np(t->thread, "control");
	t->running = true;
	return 0;
}

struct quit {
	struct message message;
	GMainLoop *loop;
};

static void run_quit(struct message *message)
{
	struct quit *quit = container_of(message, struct quit, message);

	g_main_loop_quit(quit->loop);
	g_free(quit);
}

void control_thread_stop(struct control_thread *t)
{
	struct quit *quit;

	if (!t->running)
		return;
	quit = g_new0(struct quit, 1);
	quit->message.run = run_quit;
	quit->loop = t->loop;
	mailbox_post(t->mailbox, &quit->message, WAKE_NOW);
	pthread_join(t->thread, NULL);
	t->running = false;
}

static void drop_source(GSource *source)
{
	if (!source)
		return;
	g_source_destroy(source);
	g_source_unref(source);
}

void control_thread_free(struct control_thread *t)
{
	if (!t)
		return;
	drop_source(t->mail);
	drop_source(t->tick);
	drop_source(t->sample);
	mailbox_free(t->mailbox);
	g_main_loop_unref(t->loop);
	g_main_context_unref(t->context);
	g_free(t);
}
