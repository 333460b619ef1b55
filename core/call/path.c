/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which way a stream's packets take, for whoever asks. */
#include "call/call.h"

bool call_stream_in_kernel(const struct call *call, const struct media *media, unsigned component,
	const struct stream_counts *counts, enum reason *ret_why)
{
	enum reason why = REASON_KERNEL_LEARNING;

	if (counts->in_kernel)
		return true;
	if (!call_table_settings(call->table)->offload)
		why = REASON_KERNEL_OFF;
	else if (component % 2)
		why = REASON_KERNEL_RTCP;
	else if (counts->path_why)
		why = (enum reason)(counts->path_why - 1);
	else if (!media->in)
		why = REASON_KERNEL_UNANSWERED;
	if (ret_why)
		*ret_why = why;
	return false;
}
