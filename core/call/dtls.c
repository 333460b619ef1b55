/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a section has of DTLS, kept over versions of the model. */
#include "call/dtls.h"

#include "base/arena.h"
#include "base/ref.h"

struct section_dtls *section_dtls_copy(struct arena *arena, const struct section_dtls *from)
{
	struct section_dtls *to;

	if (!from)
		return NULL;
	to = arena_alloc(arena, sizeof(*to));
	*to = *from;
	ref_take(to->plan);
	ref_take(to->cert);
	return to;
}

void section_dtls_release(struct section_dtls *dtls)
{
	if (!dtls)
		return;
	dtls->plan = ref_drop(dtls->plan);
	dtls->cert = ref_drop(dtls->cert);
}

void section_dtls_forget(struct section_dtls *dtls)
{
	if (!dtls)
		return;
	section_dtls_release(dtls);
	dtls->answered = dtls->shown = false;
	dtls->tls_id[0] = '\0';
}
