/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of preference, in a list: there are few, and they are asked for by offers alone. */
#include "codec/rules.h"

#include <errno.h>

#include <glib.h>

struct rule {
	char *texts[2];
	struct codec_spec source, destination; /* point into them */
	int preference;
};

static GArray *rules;

static void free_rule(void *rule)
{
	struct rule *r = rule;

	g_free(r->texts[0]);
	g_free(r->texts[1]);
}

int codec_rules_add(struct str source, struct str destination, int preference)
{
	struct rule r = {
		.texts = { g_strndup(source.s, source.len),
			g_strndup(destination.s, destination.len) },
		.preference = preference,
	};

	if (!codec_spec_parse(str_of(r.texts[0]), &r.source) ||
		!codec_spec_parse(str_of(r.texts[1]), &r.destination)) {
		free_rule(&r);
		return -EINVAL;
	}
	if (!rules) {
		rules = g_array_new(FALSE, FALSE, sizeof(struct rule));
		g_array_set_clear_func(rules, free_rule);
	}
	g_array_append_val(rules, r);
	return 0;
}

void codec_rules_clear(void)
{
	if (rules)
		g_array_free(rules, TRUE);
	rules = NULL;
}

unsigned codec_rules_count(void)
{
	return rules ? rules->len : 0;
}

int codec_rules_preference(const struct codec_named *source, const struct codec_named *destination)
{
	int best = 0;
	bool any = false;

	for (unsigned i = 0; i < codec_rules_count(); i++) {
		const struct rule *r = &g_array_index(rules, struct rule, i);

		if ((any && r->preference <= best) ||
			!codec_spec_fits(&r->source, source->name, &source->params) ||
			!codec_spec_fits(&r->destination, destination->name, &destination->params))
			continue;
		best = r->preference;
		any = true;
	}
	return best;
}
