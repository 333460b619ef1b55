/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a metadata file; above it, where in time audio is. */
#include "record/record_priv.h"

#include <time.h>

const char *recording_state_name(enum recording_state state)
{
	static const char *const names[] = {
		[RECORDING_RUNNING] = "running",
		[RECORDING_ENDING] = "ending",
		[RECORDING_COMPLETE] = "complete",
		[RECORDING_TRUNCATED] = "truncated",
		[RECORDING_DISCARDED] = "discarded",
	};

	return names[state];
}

static void append_local(GString *out, const char *what, int64_t wall_us)
{
	time_t seconds = wall_us / 1000000;
	char text[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	g_string_append_printf(out, "%s: %s\n", what, text);
}

static void append_counts(GString *out, const struct recording_status *status)
{
	g_string_append_printf(out, "recorded packets: %llu\nrecording gaps: %llu (%llu packets)\n",
		(unsigned long long)status->packets, (unsigned long long)status->gaps,
		(unsigned long long)status->lost);
	if (status->undecoded)
		g_string_append_printf(
			out, "packets not decoded: %llu\n", (unsigned long long)status->undecoded);
}

void metadata_audio(GString *out, int64_t begin_wall_us)
{
	g_string_append_printf(out, "\nAudio begins at ms: %lld.%03d\n",
		(long long)(begin_wall_us / 1000), (int)(begin_wall_us % 1000));
}

void metadata_end(GString *out, int64_t began_wall_us, int64_t ended_wall_us,
	const struct recording_status *status, bool counted, const char *metadata)
{
	g_string_append_printf(out, "\nTimestamp terminated ms(first monologue): %lld.%03d\n\n",
		(long long)(ended_wall_us / 1000), (int)(ended_wall_us % 1000));
	append_local(out, "call start time", began_wall_us);
	append_local(out, "call end time", ended_wall_us);
	g_string_append_printf(out, "recording status: %s\n", recording_state_name(status->state));
	if (status->why[0])
		g_string_append_printf(out, "recording status reason: %s\n", status->why);
	if (counted)
		append_counts(out, status);
	if (metadata)
		g_string_append_printf(out, "\n\n%s\n", metadata);
}
