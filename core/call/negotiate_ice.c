/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICE: kept, added, taken out; credentials and roles; what was signalled as parameters of agents. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "call/ice.h"

#include "base/ref.h"
#include "call/model.h"
#include "call/port_maps.h"

#include <errno.h>

#include <glib.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { LETTERS = sizeof(alphabet) - 1, FAIR = 256 / LETTERS * LETTERS };

/* `count` letters and a terminator. */
static int draw_text(char *out, unsigned count)
{
	unsigned n = 0;
	uint8_t byte;

	while (n < count) {
		if (RAND_bytes(&byte, 1) != 1)
			return -EIO;
		if (byte < FAIR)
			out[n++] = alphabet[byte % LETTERS];
	}
	out[n] = '\0';
	return 0;
}

/* ---- what the peer says ---- */

static bool says_ice(const struct sdp_media *in)
{
	return sdp_transport_info(in->transport)->rtp && ice_ufrag_valid(in->ice_ufrag) &&
	       ice_pwd_valid(in->ice_pwd);
}

static const struct sdp_attr *find_attr(const struct sdp_media *in, enum sdp_attr_id id)
{
	const struct sdp_attr *own = sdp_attrs_find(&in->attrs, id);

	return own ? own : sdp_attrs_find(&in->session->attrs, id);
}

bool negotiate_ice_is_lite(const struct sdp_media *in)
{
	return in && find_attr(in, SDP_ATTR_ICE_LITE);
}

static bool has_option(const struct sdp_media *in, const char *name)
{
	const struct sdp_attr *attr = find_attr(in, SDP_ATTR_ICE_OPTIONS);
	struct str rest = attr ? attr->value : STR_NULL, option;

	while (str_token(&rest, &option))
		if (str_is(option, name))
			return true;
	return false;
}

static enum ice_type own_type(const struct media_ice *ice)
{
	return ice->relay ? ICE_RELAY : ICE_HOST;
}

bool negotiate_ice_restarted(const struct sdp_media *before, const struct sdp_media *in)
{
	return before && before->ice_ufrag.s && in->ice_ufrag.s &&
	       (!str_eq(before->ice_ufrag, in->ice_ufrag) || !str_eq(before->ice_pwd, in->ice_pwd));
}

/* ---- what is decided ---- */

/* Credentials for the ports in use; other ones if `anew`. Roles are settled with them. */
static int need_credentials(struct media *media, bool anew, bool controlling)
{
	struct media_ice *ice = &media->ice;
	struct addr local;

	if (!media->ports) {
		ice->shown = false;
		return 0;
	}
	local = addr_with_port(media->ports->local->local, media->ports->leases[0]->number);
	if (ice->generation && !anew && addr_equal(&ice->local, &local))
		return 0;
	if (draw_text(ice->ufrag, ICE_OWN_UFRAG) < 0 || draw_text(ice->pwd, ICE_OWN_PWD) < 0)
		return -EIO;
	ice->generation++;
	ice->local = local;
	ice->controlling = controlling && !ice->lite;
	return 0;
}

static void take_lite(struct media_ice *ice, enum ice_lite_wish wish)
{
	if (wish != ICE_LITE_KEEP)
		ice->lite = wish == ICE_LITE_ON;
}

static bool is_wanted(const struct media *to, bool says, const struct ice_options *o)
{
	if (o->wish == ICE_WISH_REMOVE || to->ice.refused ||
		!sdp_transport_info(to->transport)->rtp)
		return false;
	if (o->wish != ICE_WISH_DEFAULT)
		return true;
	return to->in && !o->reset ? to->ice.shown : says;
}

int negotiate_ice_offer(struct media *from, struct media *to, const struct sdp_media *in,
	const struct ice_options *o, bool restarted)
{
	bool says = says_ice(in) && !o->reject;

	if (o->reset)
		from->ice.refused = to->ice.refused = false;
	from->ice.said = says;
	from->ice.shown = from->ice.shown && says;
	from->ice.trickle = says && has_option(in, "trickle");
	take_lite(&from->ice, o->lite_from);
	take_lite(&to->ice, o->lite_to);
	to->ice.trickle = o->trickle || (to->in && has_option(to->in, "trickle"));
	to->ice.ice2 = o->ice2;
	to->ice.relay = o->wish == ICE_WISH_RELAY;
	to->ice.shown = is_wanted(to, says, o);
	if (from->ice.shown &&
		need_credentials(from, restarted || o->reset, negotiate_ice_is_lite(in)) < 0)
		return -EIO;
	/* What is made for it now is for the answer to show. */
	if (!from->ice.shown && restarted)
		from->ice.local = (struct addr){ 0 };
	return to->ice.shown ? need_credentials(to, o->reset, true) : 0;
}

int negotiate_ice_answer(struct media *from, struct media *to, const struct sdp_media *in,
	const struct ice_options *o)
{
	bool says = says_ice(in);

	from->ice.said = says;
	if (from->ice.shown && !says) {
		from->ice.shown = false;
		from->ice.refused = true;
	}
	to->ice.shown = to->ice.said && o->wish != ICE_WISH_REMOVE;
	return to->ice.shown ? need_credentials(to, false, negotiate_ice_is_lite(to->in)) : 0;
}

static bool wishes_passing(const struct ice_options *o)
{
	return o->wish == ICE_WISH_OPTIONAL || o->wish == ICE_WISH_RELAY;
}

/* Keys that the parties have between themselves are nothing that could be ended here now. */
static bool has_keys(const struct sdp_media *in)
{
	return sdp_transport_info(in->transport)->srtp || in->has_crypto || in->has_fingerprint;
}

enum ice_pass negotiate_ice_passes(
	const struct sdp_media *in, const struct ice_options *o, enum ice_pass before, bool answer)
{
	if (!sdp_transport_info(in->transport)->rtp || !in->port || o->no_pass)
		return ICE_NOT_PASSED;
	if (answer && (before == ICE_NOT_PASSED || before == ICE_PASS_FORCED))
		return before;
	if (o->wish == ICE_WISH_REMOVE || o->wish == ICE_WISH_FORCE)
		return o->pass ? ICE_PASS_FORCED : ICE_NOT_PASSED;
	if (answer)
		return says_ice(in) || has_keys(in) || o->pass ? before : ICE_NOT_PASSED;
	if (o->pass)
		return ICE_PASS_FORCED;
	return wishes_passing(o) && says_ice(in) && !o->reject ? ICE_PASSED : ICE_NOT_PASSED;
}

void negotiate_ice_pass(struct media *from, struct media *to, const struct sdp_media *in,
	const struct ice_options *o)
{
	if (o->reset)
		from->ice.refused = to->ice.refused = false;
	from->ice.said = says_ice(in);
	from->ice.trickle = from->ice.said && has_option(in, "trickle");
	from->ice.shown = to->ice.shown = false;
	to->ice.relay = o->wish == ICE_WISH_RELAY;
}

void negotiate_ice_unpass(
	struct media *from, struct media *to, const struct ice_options *o, bool answer)
{
	if (!answer) {
		to->ice.shown = to->ice.said;
		return;
	}
	/* It was offered what the other one has, so that goes without, too. */
	from->ice.refused = true;
	if (o->wish != ICE_WISH_FORCE)
		to->ice.said = false;
}

void negotiate_ice_forget(struct media *media)
{
	media->ice.shown = media->ice.said = false;
}

/* ---- what trickles in ---- */

bool negotiate_ice_may_trickle(const struct media *media)
{
	const struct media_ice *ice = &media->ice;

	return !media->rejected && !media->passed && ice->said && media->in &&
	       (ice->trickle || has_option(media->in, "trickle"));
}

static bool knows(const struct ice_trickled *t, const struct ice_candidate *c)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->candidates[i].component == c->component &&
			addr_equal(&t->candidates[i].addr, &c->addr) &&
			t->candidates[i].priority == c->priority)
			return true;
	return false;
}

bool negotiate_ice_trickle(struct media *media, const struct sdp_attr *attr)
{
	static const struct ice_trickled none;
	const struct ice_trickled *before = media->ice.trickled ? media->ice.trickled : &none;
	bool ends = attr->id == SDP_ATTR_END_OF_CANDIDATES;
	struct ice_candidate c;
	struct ice_trickled *t;

	if (ends ? before->ended : ice_candidate_parse(attr->value, &c) || knows(before, &c))
		return false;
	if (!ends && before->count >= ICE_MAX_REMOTES)
		return false;
	t = ref_alloc(sizeof(*t) + (before->count + 1) * sizeof(c), NULL);
	t->ended = before->ended || ends;
	t->count = before->count;
	memcpy(t->candidates, before->candidates, before->count * sizeof(c));
	if (!ends)
		t->candidates[t->count++] = c;
	ref_drop(media->ice.trickled);
	media->ice.trickled = t;
	return true;
}

unsigned negotiate_ice_remotes(const struct media *media)
{
	unsigned count = media->ice.trickled ? media->ice.trickled->count : 0;
	struct ice_candidate c;

	for (unsigned i = 0; media->in && i < media->in->attrs.count; i++)
		count += media->in->attrs.attr[i].id == SDP_ATTR_CANDIDATE &&
			 !ice_candidate_parse(media->in->attrs.attr[i].value, &c);
	return count;
}

/* ---- what workers get ---- */

static void take_trickled(struct ice_params *params, const struct ice_trickled *t)
{
	for (unsigned i = 0; i < t->count && params->remote_count < ICE_MAX_REMOTES; i++)
		params->remotes[params->remote_count++] = t->candidates[i];
	params->remote_ended |= t->ended;
}

static void take_remotes(
	struct ice_params *params, const struct sdp_media *in, const struct ice_trickled *trickled)
{
	unsigned room = in->candidate_count + (trickled ? trickled->count : 0);

	params->remotes = g_new0(struct ice_candidate, MIN(room, ICE_MAX_REMOTES));
	for (unsigned i = 0; i < in->attrs.count && params->remote_count < ICE_MAX_REMOTES; i++)
		if (in->attrs.attr[i].id == SDP_ATTR_CANDIDATE &&
			params->remote_count < in->candidate_count &&
			!ice_candidate_parse(
				in->attrs.attr[i].value, &params->remotes[params->remote_count]))
			params->remote_count++;
	if (trickled)
		take_trickled(params, trickled);
}

static void take_peer(
	struct ice_params *params, const struct sdp_media *in, const struct ice_trickled *trickled)
{
	params->remote_ufrag = g_strndup(in->ice_ufrag.s, in->ice_ufrag.len);
	params->remote_pwd = g_strndup(in->ice_pwd.s, in->ice_pwd.len);
	params->peer_lite = negotiate_ice_is_lite(in);
	params->remote_ended = !has_option(in, "trickle") ||
			       find_attr(in, SDP_ATTR_END_OF_CANDIDATES);
	take_remotes(params, in, trickled);
}

/* RTCP of its own is checked unless its peer has none, or will not say. */
static unsigned count_components(const struct media *media, const struct ice_params *params)
{
	bool any = !params->remote_count || !params->remote_ended;

	for (unsigned i = 0; i < params->remote_count; i++)
		any |= params->remotes[i].component == 2;
	return media->ports->count > 1 && !media->mux && any ? 2 : 1;
}

/*
 * What nobody who does not know the password can guess: then plans made twice are equal, also from
 * a snapshot.
 */
static void derive_secrets(struct ice_params *params, const char *pwd)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)pwd, strlen(pwd), digest);
	memcpy(params->secret, digest, sizeof(params->secret));
	memcpy(&params->tie_breaker, digest + sizeof(params->secret), sizeof(params->tie_breaker));
}

/*
 * At all addresses. In a stream's list of ports that of the address in c= comes first, then those
 * of the others in the order of the interface.
 */
static void add_locals(
	struct ice_params *params, uint8_t *ports, const struct media *media, unsigned component)
{
	const struct iface *iface = media->ports->iface;
	const struct media_ice *ice = &media->ice;
	uint8_t place = 1;

	for (unsigned i = 0; i < iface->addr_count && params->local_count < ICE_MAX_LOCALS; i++) {
		const struct port_map *m = media_ports_at(media, &iface->addrs[i]);

		if (!m || component > m->count || place >= PLAN_MAX_PORTS)
			continue;
		ports[params->local_count] = m == media->ports ? 0 : place++;
		params->locals[params->local_count++] = (struct ice_local){
			.component = (uint8_t)component,
			.foundation = (uint8_t)i,
			.family = m->local->local.family,
			.priority = ice_priority(own_type(ice), m->local->index, component),
		};
	}
}

struct plan_ice *negotiate_ice_plan(const struct media *media, const char *software)
{
	uint8_t ports[ICE_MAX_LOCALS];
	const struct media_ice *ice = &media->ice;
	struct ice_params *params;

	if (!ice->shown || !media->ports || media->rejected)
		return NULL;
	params = ice_params_new();
	params->generation = ice->generation;
	params->controlling = ice->controlling;
	params->lite = ice->lite;
	params->consent = true;
	params->local_ufrag = g_strdup(ice->ufrag);
	params->local_pwd = g_strdup(ice->pwd);
	if (software)
		params->software = g_strcanon(g_strdup(software), alphabet, '-');
	derive_secrets(params, ice->pwd);
	if (ice->said && media->in)
		take_peer(params, media->in, ice->trickled);
	params->components = count_components(media, params);
	for (unsigned c = 1; c <= params->components; c++)
		add_locals(params, ports, media, c);
	return plan_ice_new(params, ports);
}

/* The same for an address as long as we run. */
static void make_foundation(
	const struct addr *local, const char *instance, char out[ICE_MAX_FOUNDATION + 1])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX state;

	SHA256_Init(&state);
	SHA256_Update(&state, instance, strlen(instance));
	SHA256_Update(&state, local->ip, sizeof(local->ip));
	SHA256_Final(digest, &state);
	for (unsigned i = 0; i < ICE_FOUNDATION; i++)
		out[i] = alphabet[digest[i] % LETTERS];
	out[ICE_FOUNDATION] = '\0';
}

/*
 * Next to what was received of that type, as those expect it who know how it always was: above it
 * where an index is free there, else below all of its type. All the address's components have the
 * same place, so the first one's count.
 */
static uint32_t priority_beside(
	const struct sdp_media *in, enum ice_type type, unsigned index, unsigned component)
{
	enum { LAST_INDEX = 65535 };
	unsigned preference = ice_priority(type, 0, 1) >> 24, first = 0;
	struct ice_candidate c;

	for (unsigned i = 0; i < in->attrs.count; i++) {
		unsigned above;

		if (in->attrs.attr[i].id != SDP_ATTR_CANDIDATE ||
			ice_candidate_parse(in->attrs.attr[i].value, &c) || c.component != 1 ||
			c.type != type || c.priority > ice_priority_of(preference, first, 1))
			continue;
		above = LAST_INDEX - (c.priority >> 8 & LAST_INDEX);
		preference = c.priority >> 24;
		if (!above && !preference)
			continue;
		first = above ? above - 1 : LAST_INDEX;
		preference -= !above;
	}
	return ice_priority_of(preference, MIN(first + index, LAST_INDEX), component);
}
struct ice_candidate negotiate_ice_candidate(const struct media *media,
	const struct port_map *ports, unsigned component, const struct sdp_media *passed,
	const char *instance)
{
	enum ice_type type = own_type(&media->ice);
	unsigned index = ports->local->index;
	struct ice_candidate c = {
		.component = (uint8_t)component,
		.type = type,
		.priority = passed ? priority_beside(passed, type, index, component)
				   : ice_priority(type, index, component),
		.addr = addr_with_port(
			ports->local->advertised, ports->leases[component - 1]->number),
	};

	if (type != ICE_HOST)
		c.related = c.addr;
	make_foundation(&ports->local->local, instance, c.foundation);
	return c;
}
