/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows about media (spec NG 3.7) in every spelling that clients use: of an offer and of an
 * answer, as a key, a flag or in a string.
 */
#include "control/flags.h"

#include <string.h>

#include "call/call.h"

#include <glib.h>

struct row {
	const char *key;   /* NULL: a flag */
	const char *value; /* or the flag */
	size_t at, size;   /* of what it sets in the options; 0: nothing */
	int wanted;
	bool offers_only;
};

#define SETS(field, value) \
	offsetof(struct call_options, field), sizeof(((struct call_options *)0)->field), value
#define FLAG(name, field)                            \
	{                                            \
		NULL, name, SETS(field, true), false \
	}
#define KEY(key, value, field, wanted)                 \
	{                                              \
		key, value, SETS(field, wanted), false \
	}

/* clang-format off */
static const struct row rows[] = {
	FLAG("asymmetric", asymmetric),
	FLAG("strict-source", strict_source),
	FLAG("media-handover", handover),
	FLAG("unidirectional", unidirectional),
	FLAG("port-latching", port_latching),
	FLAG("no-port-latching", no_port_latching),
	FLAG("NAT-wait", nat_wait),
	FLAG("pierce-NAT", pierce_nat),
	FLAG("block-short", block_short),
	FLAG("block-shorts", block_short),
	FLAG("block-short-packets", block_short),
	{ NULL, "no-jitter-buffer", 0, 0, 0, false },
	FLAG("exclude-recording", record.exclude),
	FLAG("recording-announcement", record.announce),
	FLAG("recording-vsc", record.vsc),
	FLAG("block-DTMF", dtmf.block),
	FLAG("block-egress", block_egress),
	{ NULL, "early-media", SETS(early_media, true), true },
	{ NULL, "record-call", SETS(record.action, RECORD_START), false },
	{ NULL, "audio-player", SETS(player, PLAYER_TRANSCODING), false },
	{ NULL, "player", SETS(player, PLAYER_TRANSCODING), false },
	{ NULL, "no-player", SETS(player, PLAYER_OFF), false },
	{ NULL, "no-audio-player", SETS(player, PLAYER_OFF), false },
	{ NULL, "endpoint-learning-off", SETS(learning, PLAN_LEARN_OFF), false },
	{ NULL, "endpoint-learning-immediate", SETS(learning, PLAN_LEARN_IMMEDIATE), false },
	KEY("endpoint-learning", "delayed", learning, PLAN_LEARN_DELAYED),
	KEY("endpoint-learning", "heuristic", learning, PLAN_LEARN_HEURISTIC),
	KEY("delay-buffer", "40", delay_ms, 40),
	KEY("delay-buffer", "0", delay_ms, 0),
	KEY("media-echo", "blackhole", media_echo, ECHO_BLACKHOLE),
	KEY("media-echo", "sinkhole", media_echo, ECHO_BLACKHOLE),
	KEY("media-echo", "forward", media_echo, ECHO_FORWARD),
	KEY("media-echo", "fwd", media_echo, ECHO_FORWARD),
	KEY("media-echo", "fw", media_echo, ECHO_FORWARD),
	KEY("media-echo", "backward", media_echo, ECHO_BACKWARD),
	KEY("media-echo", "backwards", media_echo, ECHO_BACKWARD),
	KEY("media-echo", "back", media_echo, ECHO_BACKWARD),
	KEY("media-echo", "bkw", media_echo, ECHO_BACKWARD),
	KEY("media-echo", "bk", media_echo, ECHO_BACKWARD),
	KEY("media-echo", "reverse", media_echo, ECHO_BACKWARD),
	KEY("media-echo", "both", media_echo, ECHO_BOTH),
	KEY("drop-traffic", "start", drop_traffic, DROP_TRAFFIC_START),
	KEY("drop-traffic", "stop", drop_traffic, DROP_TRAFFIC_STOP),
	KEY("db-id", "7", play.has_db_id, true),
	KEY("db-id", "7", play.db_id, 7),
	KEY("db-id", "0", play.db_id, 0),
	KEY("db-id", "-3", play.db_id, -3),
	KEY("db-id", "seven", play.db_id, -1),
	KEY("record-call", "yes", record.action, RECORD_START),
	KEY("record-call", "on", record.action, RECORD_START),
	KEY("record-call", "no", record.action, RECORD_STOP),
	KEY("record-call", "off", record.action, RECORD_STOP),
	KEY("record-call", "discard", record.discard, true),
	KEY("audio-player", "default", player, PLAYER_DEFAULT),
	KEY("audio-player", "transcoding", player, PLAYER_TRANSCODING),
	KEY("audio-player", "transcode", player, PLAYER_TRANSCODING),
	KEY("audio-player", "on", player, PLAYER_TRANSCODING),
	KEY("audio-player", "yes", player, PLAYER_TRANSCODING),
	KEY("audio-player", "enable", player, PLAYER_TRANSCODING),
	KEY("audio-player", "enabled", player, PLAYER_TRANSCODING),
	KEY("player", "off", player, PLAYER_OFF),
	KEY("player", "no", player, PLAYER_OFF),
	KEY("player", "disable", player, PLAYER_OFF),
	KEY("player", "disabled", player, PLAYER_OFF),
	KEY("player", "always", player, PLAYER_ALWAYS),
	KEY("player", "force", player, PLAYER_ALWAYS),
	KEY("player", "forced", player, PLAYER_ALWAYS),
	KEY("player", "everything", player, PLAYER_ALWAYS),
	KEY("dtmf-log-dest", "192.0.2.1:99", dtmf.dest.port, 99),
	KEY("DTMF-log-destination", "192.0.2.1:99", dtmf.dest.port, 99),
	KEY("DTMF-delay", "70", dtmf.delay_ms, 70),
	KEY("DTMF-security", "silence", dtmf.mode, PLAN_DTMF_SILENCE),
	KEY("DTMF-security-trigger", "zero", dtmf.trigger_mode, PLAN_DTMF_ZERO),
	KEY("DTMF-security-trigger-end", "drop", dtmf.ended_mode, PLAN_DTMF_DROP),
	KEY("trigger-end-time", "500", dtmf.end_time_ms, 500),
	KEY("end-trigger-time", "500", dtmf.end_time_ms, 500),
	KEY("trigger-end-digits", "4", dtmf.end_digits, 4),
	KEY("end-trigger-digits", "4", dtmf.end_digits, 4),
	KEY("frequency", "500", dtmf.tone_count, 1),
	KEY("frequencies", "500", dtmf.tone_count, 1),
	KEY("volume", "-20", dtmf.volume, 20),
	KEY("code", "5", dtmf.code, 5),
	KEY("digit", "5", dtmf.code, 5),
	{ "recording-media-slots", "4", SETS(record.slots, 4), true },
	{ "recording-media-slot-offer", "2", SETS(record.slot_offer, 2), true },
	{ "recording-media-slot-answer", "1", SETS(record.slot_answer, 1), true },
};

/* What sets a string; read as the same. */
static const struct {
	const char *key;
	size_t at;
} texts[] = {
#define TEXT(key, field) { key, offsetof(struct call_options, field) }
	TEXT("vsc-start-rec", record.codes.digits[VSC_START]),
	TEXT("vsc-start-recording", record.codes.digits[VSC_START]),
	TEXT("vsc-stop-rec", record.codes.digits[VSC_STOP]),
	TEXT("vsc-stop-recording", record.codes.digits[VSC_STOP]),
	TEXT("VSC-start-stop-rec", record.codes.digits[VSC_START_STOP]),
	TEXT("VSC-start-stop-recording", record.codes.digits[VSC_START_STOP]),
	TEXT("vsc-pause-rec", record.codes.digits[VSC_PAUSE]),
	TEXT("vsc-pause-recording", record.codes.digits[VSC_PAUSE]),
	TEXT("vsc-pause-resume-rec", record.codes.digits[VSC_PAUSE_RESUME]),
	TEXT("vsc-pause-resume-recording", record.codes.digits[VSC_PAUSE_RESUME]),
	TEXT("vsc-start-pause-resume-rec", record.codes.digits[VSC_START_PAUSE_RESUME]),
	TEXT("vsc-start-pause-resume-recording", record.codes.digits[VSC_START_PAUSE_RESUME]),
	TEXT("trigger", dtmf.trigger),
	TEXT("trigger-end", dtmf.trigger_end),
	TEXT("end-trigger", dtmf.trigger_end),
	TEXT("file", play.file),
	TEXT("blob", play.blob),
	TEXT("blob64", play.blob64),
	TEXT("recording-file", record.file),
	TEXT("recording-destination", record.file),
	TEXT("recording-dest", record.file),
	TEXT("output-destination", record.file),
	TEXT("output-dest", record.file),
	TEXT("output-file", record.file),
	TEXT("recording-dir", record.dir),
	TEXT("recording-path", record.dir),
	TEXT("recording-directory", record.dir),
	TEXT("recording-folder", record.dir),
	TEXT("output-path", record.dir),
	TEXT("output-dir", record.dir),
	TEXT("output-directory", record.dir),
	TEXT("output-folder", record.dir),
	TEXT("recording-pattern", record.pattern),
	TEXT("output-pattern", record.pattern),
};
/* clang-format on */

enum spelling { AS_IT_IS, BLANKS, UNDERSCORES, CAPITALS, IN_A_STRING, SPELLINGS };

static char *spelled(const char *name, enum spelling spelling)
{
	char *text = spelling == CAPITALS ? g_ascii_strup(name, -1) : g_strdup(name);

	if (spelling == BLANKS)
		g_strdelimit(text, "-", ' ');
	if (spelling == UNDERSCORES)
		g_strdelimit(text, "-", '_');
	return text;
}

/* A request with this and nothing else. */
static struct dict *request(const char *key, const char *value, enum spelling spelling)
{
	g_autofree char *name = key ? spelled(key, spelling) : NULL;
	g_autofree char *flag = key ? NULL : spelled(value, spelling);
	struct dict *d = dict_new();
	struct value *root = dict_root(d);

	if (spelling == IN_A_STRING && key)
		dict_add_printf(d, root, "rtpp-flags", "%s=%s", name, value);
	else if (spelling == IN_A_STRING)
		dict_add_printf(d, root, "rtpp-flags", "%s", flag);
	else if (key)
		dict_add_copy(d, root, g_intern_string(name), str_of(value));
	else
		dict_add_copy(d, dict_add_list(d, root, "flags"), NULL, str_of(flag));
	return d;
}

/* Reads it without a word of warning. */
static void read_one(struct dict *d, enum flags_for what, struct call_options *ret)
{
	static const struct call_settings settings;
	g_autoptr(GString) warnings = g_string_new(NULL);
	struct err err = { .code = 0 };

	g_assert_cmpint(
		flags_read(dict_root(d), what, &settings, NULL, ret, warnings, &err), ==, 0);
	g_assert_cmpstr(warnings->str, ==, "");
}

static int64_t number_at(const struct call_options *o, size_t at, size_t size)
{
	const char *p = (const char *)o + at;

	return size == 1   ? *(const uint8_t *)p
	       : size == 2 ? *(const uint16_t *)(const void *)p
			   : *(const int32_t *)(const void *)p;
}

static void assert_row(const struct row *row, enum flags_for what, enum spelling spelling)
{
	struct dict *d = request(row->key, row->value, spelling);
	struct call_options o;

	read_one(d, what, &o);
	if (row->size && (what == FLAGS_OFFER || !row->offers_only) &&
		number_at(&o, row->at, row->size) != row->wanted)
		g_error("%s %s: %d instead of %d", row->key ? row->key : "flag", row->value,
			(int)number_at(&o, row->at, row->size), row->wanted);
	flags_clear(&o);
	dict_free(d);
}

static void test_rows(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		for (unsigned s = AS_IT_IS; s < SPELLINGS; s++) {
			assert_row(&rows[i], FLAGS_OFFER, (enum spelling)s);
			assert_row(&rows[i], FLAGS_ANSWER, (enum spelling)s);
		}
}

static void assert_text(const char *key, size_t at, enum flags_for what, enum spelling spelling)
{
	struct dict *d = request(key, "12", spelling);
	struct call_options o;
	const struct str *got = (const struct str *)(const void *)((const char *)&o + at);

	read_one(d, what, &o);
	if (!str_is(*got, "12"))
		g_error("%s: '%.*s'", key, STR_ARG(*got));
	flags_clear(&o);
	dict_free(d);
}

static void test_texts(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		for (unsigned s = AS_IT_IS; s < SPELLINGS; s++) {
			assert_text(texts[i].key, texts[i].at, FLAGS_OFFER, (enum spelling)s);
			assert_text(texts[i].key, texts[i].at, FLAGS_ANSWER, (enum spelling)s);
		}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/flags/rows", test_rows);
	g_test_add_func("/flags/texts", test_texts);
	return g_test_run();
}
