/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From options to a recorder. */
#include "recording.h"

#include "api/plugin.h"
#include "record/audio.h"
#include "record/writers.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

static int read_mode(const char *text, const char *option, mode_t *ret, struct err *err)
{
	char *end;
	unsigned long mode;

	if (!text)
		return 0;
	mode = strtoul(text, &end, 8);
	if (!*text || *end || mode > 07777)
		return err_set(err, EINVAL, "Invalid file mode '%s' (--%s)", text, option);
	*ret = (mode_t)mode;
	return 0;
}

static bool read_number(const char *text, unsigned *ret)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!g_ascii_isdigit(*text) || *end || number >= UINT32_MAX)
		return false;
	*ret = (unsigned)number;
	return true;
}

static int read_owner(const struct config *c, struct recorder_settings *s, struct err *err)
{
	const char *user = c->recording_chown, *group = c->recording_chgrp;

	s->uid = (uid_t)-1;
	s->gid = (gid_t)-1;
	if (user && !read_number(user, &s->uid)) {
		const struct passwd *p = getpwnam(user);

		if (!p)
			return err_set(err, EINVAL, "Unknown user '%s' (--recording-chown)", user);
		s->uid = p->pw_uid;
	}
	if (group && !read_number(group, &s->gid)) {
		const struct group *g = getgrnam(group);

		if (!g)
			return err_set(
				err, EINVAL, "Unknown group '%s' (--recording-chgrp)", group);
		s->gid = g->gr_gid;
	}
	return 0;
}

static bool is_known_method(const char *name)
{
	return !strcmp(name, "pcap") || !strcmp(name, "audio") || sink_find(name);
}

static const struct sink *find_audio(const struct config *c)
{
	const struct writer *writer = writer_find(config_audio_format(c->recording_audio_format));

	return writer ? audio_sink(writer) : NULL;
}

static int read_method(const struct config *c, struct recorder_settings *s, struct err *err)
{
	bool audio = strcmp(c->recording_method, "audio") == 0;
	char error[PLUGIN_ERROR_BYTES] = "";
	int ret;

	s->sink = audio ? find_audio(c) : sink_find(c->recording_method);
	if (!s->sink)
		return err_set(err, ENOTSUP,
			"Recording as %s is not possible: no plugin that was loaded writes that",
			audio ? config_audio_format(c->recording_audio_format)
			      : c->recording_method);
	ret = s->sink->prepare(&s->extension, error);
	return ret < 0 ? err_set(err, -ret, "%s", error) : 0;
}

int recording_prepare(const struct config *c, const struct privileges *privileges,
	struct recording_setup *ret_setup, struct err *err)
{
	struct recording_setup setup = { .wanted = true };
	struct recorder_settings *s = &setup.settings, making;
	int ret;

	*ret_setup = (struct recording_setup){ 0 };
	if (!c->recording_dir)
		return 0;
	if (!is_known_method(c->recording_method)) {
		log_err("Recording method '%s' not supported", c->recording_method);
		return 0;
	}
	ret = read_method(c, s, err);
	if (!ret)
		ret = read_mode(c->recording_chmod, "recording-chmod", &s->file_mode, err);
	if (!ret)
		ret = read_mode(c->recording_chmod_dir, "recording-chmod-dir", &s->dir_mode, err);
	if (!ret)
		ret = read_owner(c, s, err);
	if (ret < 0)
		return ret;
	s->folder = g_canonicalize_filename(c->recording_dir, NULL);
	making = *s;
	if (privileges->change && making.uid == (uid_t)-1)
		making.uid = privileges->uid;
	if (privileges->change && making.gid == (gid_t)-1)
		making.gid = privileges->gid;
	ret = recorder_prepare(&making, err);
	if (ret < 0) {
		g_free(s->folder);
		return ret;
	}
	*ret_setup = setup;
	return 0;
}

int recording_check(const struct recording_setup *setup, struct err *err)
{
	return setup->wanted ? recorder_check(&setup->settings, err) : 0;
}

static gboolean tick(gpointer recorder)
{
	recorder_tick(recorder);
	return G_SOURCE_CONTINUE;
}

struct recorder *recording_start(
	struct recording_setup *setup, struct helper_pool *helpers, GMainContext *context)
{
	struct recorder *recorder;

	if (!setup->wanted)
		return NULL;
	recorder_repair(&setup->settings);
	recorder = recorder_new(&setup->settings, helpers);
	setup->timer = g_timeout_source_new(RECORDER_PERIOD_MS);
	g_source_set_callback(setup->timer, tick, recorder, NULL);
	g_source_attach(setup->timer, context);
	return recorder;
}

void recording_stop(struct recording_setup *setup, struct recorder *recorder)
{
	if (setup->timer) {
		g_source_destroy(setup->timer);
		g_source_unref(setup->timer);
	}
	if (recorder)
		recorder_stop(recorder);
	recorder_free(recorder);
	g_free(setup->settings.folder);
}
