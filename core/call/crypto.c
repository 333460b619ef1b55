/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of a=crypto lines, and the keys in use of a section. */
#include "call/crypto.h"

#include "base/ref.h"

static void destroy_list(void *object)
{
	struct crypto_list *list = object;

	srtp_wipe(list->lines, sizeof(*list->lines) * list->count);
}

struct crypto_list *crypto_list_new(const struct sdes_crypto *lines, unsigned count)
{
	size_t bytes = sizeof(*lines) * count;
	struct crypto_list *list;

	if (!count)
		return NULL;
	list = ref_alloc(sizeof(*list) + bytes, destroy_list);
	list->count = count;
	memcpy(list->lines, lines, bytes);
	return list;
}

const struct sdes_crypto *crypto_list_find_suite(const struct crypto_list *list, unsigned suite)
{
	for (unsigned i = 0; list && i < list->count; i++)
		if (list->lines[i].params.suite == suite)
			return &list->lines[i];
	return NULL;
}

void media_crypto_take(struct media_crypto *c)
{
	ref_take(c->said);
	ref_take(c->shown);
	ref_take(c->in);
	ref_take(c->out);
}

void media_crypto_release(struct media_crypto *c)
{
	c->said = ref_drop(c->said);
	c->shown = ref_drop(c->shown);
	c->in = ref_drop(c->in);
	c->out = ref_drop(c->out);
}

void media_crypto_set_said(struct media_crypto *c, struct crypto_list *list)
{
	ref_drop(c->said);
	c->said = list;
}

void media_crypto_set_shown(struct media_crypto *c, struct crypto_list *list)
{
	ref_drop(c->shown);
	c->shown = list;
}

static void set_key(struct plan_srtp **key, uint32_t *generation, const struct srtp_params *params)
{
	if (*key && params && srtp_params_equal(&(*key)->params, params))
		return;
	*key = ref_drop(*key);
	if (params)
		*key = plan_srtp_new(params, ++*generation);
}

void media_crypto_set_keys(
	struct media_crypto *c, const struct srtp_params *in, const struct srtp_params *out)
{
	set_key(&c->in, &c->in_gen, in);
	set_key(&c->out, &c->out_gen, out);
}
