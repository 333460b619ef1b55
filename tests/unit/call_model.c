/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of a call: copies share nothing but what is counted; links, tags, bounds. */
#include "call/model.h"

#include <glib.h>

#include "../mock/network.h"
#include "base/ref.h"

static struct party *add(struct model *model, const char *tag)
{
	struct party *party = model_add_party(model, 1000);

	g_assert_nonnull(party);
	party->tag = arena_str(model->arena, str_of(tag));
	party_add_media(model, party);
	return party;
}

/* Two parties, a section each, linked. */
static struct model *make_model(void)
{
	struct model *model = model_new();
	struct party *a = add(model, "A"), *b = add(model, "B");

	g_assert_true(media_link(a->media[0], b->media[0]));
	media_need_streams(model, a->media[0], 2);
	return model;
}

static void test_copy_is_deep(void)
{
	struct model *model = make_model(), *copy;

	model->parties[0]->label = arena_str(model->arena, STR_LIT("caller"));
	model->parties[0]->printed.username = arena_str(model->arena, STR_LIT("user"));
	copy = model_copy(model);
	copy->parties[0]->media[0]->streams[0].endpoint_gen = 9;
	copy->parties[0]->media[0]->hold_zero = true;
	g_assert_cmpuint(model->parties[0]->media[0]->streams[0].endpoint_gen, ==, 0);
	g_assert_false(model->parties[0]->media[0]->hold_zero);
	/* strings live on when the version they came from is gone */
	model_free(model);
	g_assert_true(str_is(copy->parties[0]->tag, "A"));
	g_assert_true(str_is(copy->parties[0]->label, "caller"));
	g_assert_true(str_is(copy->parties[0]->printed.username, "user"));
	model_free(copy);
}

static void test_copy_links_its_own_sections(void)
{
	struct model *model = make_model(), *copy = model_copy(model);
	struct media *a = copy->parties[0]->media[0], *b = copy->parties[1]->media[0];

	g_assert_true(a->sources[0] == b && b->sources[0] == a);
	g_assert_true(a->party == copy->parties[0]);
	g_assert_true(party_peer(copy->parties[0]) == copy->parties[1]);
	g_assert_true(model->parties[0]->media[0]->sources[0] == model->parties[1]->media[0]);
	model_free(copy);
	model_free(model);
}

static void test_copy_shares_what_is_counted(void)
{
	struct model *model = make_model(), *copy = model_copy(model);
	struct stream_stats *stats = ref_take(model->parties[0]->media[0]->streams[0].stats);

	g_assert_true(copy->parties[0]->media[0]->streams[0].stats == stats);
	g_assert_cmpuint(ref_count(stats), ==, 3);
	model_free(copy);
	model_free(model);
	g_assert_cmpuint(ref_count(stats), ==, 1);
	ref_drop(stats);
}

static struct port_map *add_map(struct model *model, struct media *media, struct lease *lease)
{
	struct port_map *map = arena_alloc(model->arena, sizeof(*map));

	map->count = 1;
	map->leases[0] = lease;
	map->next = media->maps;
	media->maps = map;
	return map;
}

static void test_copy_of_port_maps(void)
{
	static const struct addr local = { ADDR_IP4, 0, { 203, 0, 113, 1 } };
	struct port_pool *pool;
	struct model *model = make_model(), *copy;
	struct media *media = model->parties[0]->media[0];
	struct lease *old, *new;

	mock_reset();
	pool = port_pool_new(&local, 30000, 30009, mock_engine());
	g_assert_cmpint(port_pool_lease_one(pool, &old, NULL), ==, 0);
	g_assert_cmpint(port_pool_lease_one(pool, &new, NULL), ==, 0);
	media->ports = add_map(model, media, old);
	add_map(model, media, new);
	copy = model_copy(model);
	media = copy->parties[0]->media[0];
	g_assert_true(media->ports == media->maps->next);
	g_assert_true(media->ports->leases[0] == old);
	g_assert_cmpuint(ref_count(old), ==, 2);
	model_free(model);
	g_assert_cmpuint(port_pool_used(pool), ==, 2);
	model_free(copy);
	g_assert_cmpuint(port_pool_used(pool), ==, 0);
	port_pool_free(pool);
	mock_reset();
}

static void test_newest_link_is_first(void)
{
	struct model *model = make_model();
	struct media *a = model->parties[0]->media[0], *b = model->parties[1]->media[0];
	struct media *c = add(model, "C")->media[0];

	g_assert_true(media_link(a, c));
	g_assert_cmpuint(a->source_count, ==, 2);
	g_assert_true(a->sources[0] == c && a->sources[1] == b);
	/* once more is no second link, but comes first */
	g_assert_true(media_link(a, b));
	g_assert_cmpuint(a->source_count, ==, 2);
	g_assert_true(a->sources[0] == b);
	g_assert_true(party_receives_from(model->parties[0], model->parties[2]));
	model_free(model);
}

static void test_unlink(void)
{
	struct model *model = make_model();
	struct media *a = model->parties[0]->media[0], *b = model->parties[1]->media[0];
	struct media *c = add(model, "C")->media[0];

	media_link(a, c);
	media_unlink(b, a);
	g_assert_false(media_receives_from(a, b));
	g_assert_false(media_receives_from(b, a));
	g_assert_true(media_receives_from(a, c));
	media_link(a, b);
	party_unlink(model, model->parties[0]);
	g_assert_cmpuint(a->source_count + b->source_count + c->source_count, ==, 0);
	g_assert_null(party_peer(model->parties[0]));
	model_free(model);
}

static void test_links_are_bounded_on_either_side(void)
{
	struct model *model = make_model();
	struct media *a = model->parties[0]->media[0], *last;

	for (unsigned i = 1; i < MODEL_MAX_SOURCES; i++)
		g_assert_true(media_link(a, add(model, "x")->media[0]));
	last = add(model, "y")->media[0];
	g_assert_false(media_link(a, last));
	g_assert_false(media_link(last, a));
	g_assert_cmpuint(last->source_count, ==, 0);
	g_assert_cmpuint(a->source_count, ==, MODEL_MAX_SOURCES);
	model_free(model);
}

static void test_parties_are_bounded(void)
{
	struct model *model = model_new();

	for (unsigned i = 0; i < MODEL_MAX_PARTIES; i++)
		g_assert_nonnull(model_add_party(model, 0));
	g_assert_null(model_add_party(model, 0));
	model_remove_party(model, model->parties[5]);
	g_assert_nonnull(model_add_party(model, 0));
	g_assert_cmpuint(model->parties[MODEL_MAX_PARTIES - 1]->number, ==, MODEL_MAX_PARTIES);
	model_free(model);
}

static void test_found_by_tag_alias_and_branch(void)
{
	struct model *model = make_model();
	struct party *b = model->parties[1];

	party_add_alias(b, arena_str(model->arena, STR_LIT("B-old")));
	b->via_branch = arena_str(model->arena, STR_LIT("z1"));
	model_add_party(model, 0); /* without a tag: an empty one does not find it */
	g_assert_true(model_find_tag(model, STR_LIT("B")) == b);
	g_assert_true(model_find_tag(model, STR_LIT("B-old")) == b);
	g_assert_true(model_find_branch(model, STR_LIT("z1")) == b);
	g_assert_null(model_find_tag(model, STR_LIT("b")));
	g_assert_null(model_find_tag(model, STR_LIT("")));
	g_assert_null(model_find_branch(model, STR_LIT("")));
	model_free(model);
}

static void test_removed_party_leaves_no_link(void)
{
	struct model *model = make_model();
	struct party *a = model->parties[0];

	model_remove_party(model, model->parties[1]);
	g_assert_cmpuint(model->party_count, ==, 1);
	g_assert_true(model->parties[0] == a);
	g_assert_cmpuint(a->media[0]->source_count, ==, 0);
	model_free(model);
}

static void test_stream_ids_are_never_used_again(void)
{
	struct model *model = make_model(), *copy = model_copy(model);
	struct media *a = copy->parties[0]->media[0], *b = copy->parties[1]->media[0];

	media_need_streams(copy, b, 2);
	g_assert_cmpuint(a->streams[0].id, ==, 1);
	g_assert_cmpuint(a->streams[1].id, ==, 2);
	g_assert_cmpuint(b->streams[0].id, ==, 3);
	/* enough are there already */
	media_need_streams(copy, a, 1);
	g_assert_cmpuint(a->stream_count, ==, 2);
	media_need_streams(copy, a, 4);
	g_assert_cmpuint(a->streams[0].id, ==, 1);
	g_assert_cmpuint(a->streams[2].id, ==, 5);
	model_free(copy);
	model_free(model);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/model/copy-deep", test_copy_is_deep);
	g_test_add_func("/call/model/copy-links", test_copy_links_its_own_sections);
	g_test_add_func("/call/model/copy-counted", test_copy_shares_what_is_counted);
	g_test_add_func("/call/model/copy-maps", test_copy_of_port_maps);
	g_test_add_func("/call/model/link", test_newest_link_is_first);
	g_test_add_func("/call/model/unlink", test_unlink);
	g_test_add_func("/call/model/links-bounded", test_links_are_bounded_on_either_side);
	g_test_add_func("/call/model/parties-bounded", test_parties_are_bounded);
	g_test_add_func("/call/model/find", test_found_by_tag_alias_and_branch);
	g_test_add_func("/call/model/remove", test_removed_party_leaves_no_link);
	g_test_add_func("/call/model/stream-ids", test_stream_ids_are_never_used_again);
	return g_test_run();
}
