/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hostile datagrams to an association. The first byte chooses who gets them (bit 0: the server)
 * and how many datagrams of an honest handshake are delivered before; then datagrams follow, each
 * behind two bytes of length, of which the highest bit says that it is the latest honest one,
 * changed where the bytes behind it say. Randomness is the same each time.
 *
 * Nothing that is not authentic brings an association up, whatever else it does to it; what it
 * makes OpenSSL keep is bounded.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "mock/dtls.h"

#include <stdlib.h>

#include <openssl/rand.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MTU = 1200, MAX_STEPS = 16, IS_CHANGED = 0x8000, LONGEST_INPUT = 20000 };

static GRand *dice;

static int deal(unsigned char *out, int len)
{
	for (int i = 0; i < len; i++)
		out[i] = (unsigned char)g_rand_int(dice);
	return 1;
}

static int is_seeded(void)
{
	return 1;
}

static void use_dice(void)
{
	static RAND_METHOD method = { .bytes = deal, .pseudorand = deal, .status = is_seeded };

	if (!dice) {
		dice = g_rand_new_with_seed(1);
		RAND_set_rand_method(&method);
		mock_cert(0);
		mock_cert(1);
	}
	g_rand_set_seed(dice, 1);
}

static void check(const struct dtls *dtls)
{
	struct srtp_params in, out;
	bool up = dtls_state(dtls) == DTLS_UP;

	if (dtls_keys(dtls, &in, &out) != up || (up && !dtls_verified(dtls)))
		abort();
}

/* The honest one, changed where groups of three bytes say: place and change. */
static uint8_t *change(GBytes *honest, const uint8_t *how, size_t how_len, size_t *ret_len)
{
	const uint8_t *bytes = g_bytes_get_data(honest, ret_len);
	uint8_t *copy = g_memdup2(bytes, *ret_len);

	for (size_t i = 0; *ret_len && i + 2 < how_len; i += 3)
		copy[(size_t)(how[i] << 8 | how[i + 1]) % *ret_len] ^= how[i + 2];
	return copy;
}

/* Takes a datagram off the front of the input; a copy of exactly its length. */
static uint8_t *next_datagram(const uint8_t **data, size_t *size, GBytes *honest, size_t *ret_len)
{
	size_t head = (size_t)(*data)[0] << 8 | (*data)[1];
	size_t len = MIN(head & ~(size_t)IS_CHANGED, *size - 2);
	const uint8_t *bytes = *data + 2;

	*data += 2 + len;
	*size -= 2 + len;
	if (head & IS_CHANGED)
		return change(honest, bytes, len, ret_len);
	*ret_len = len;
	return g_memdup2(bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) honest = g_bytes_new(NULL, 0);
	struct dtls_link link;
	struct dtls_end *victim;

	if (!size || size > LONGEST_INPUT)
		return 0;
	use_dice();
	dtls_link_open(&link, MTU);
	victim = &link.ends[data[0] & 1];
	dtls_start(link.ends[0].dtls, link.now_us);
	for (unsigned i = 0; i < data[0] / 2 % MAX_STEPS; i++)
		if (!dtls_link_step(&link, i % 2 == 0))
			dtls_link_step(&link, i % 2);
	if (victim->inbox.head) {
		g_bytes_unref(honest);
		honest = g_bytes_ref(victim->inbox.head->data);
	}
	data++;
	size--;
	while (size > 2) {
		size_t len;
		uint8_t *datagram = next_datagram(&data, &size, honest, &len);

		dtls_receive(victim->dtls, datagram, len, link.now_us);
		check(victim->dtls);
		g_free(datagram);
	}
	dtls_link_deliver(&link);
	dtls_timeout(victim->dtls, link.now_us + DTLS_HANDSHAKE_US);
	check(victim->dtls);
	dtls_close(victim->dtls);
	dtls_link_close(&link);
	return 0;
}
