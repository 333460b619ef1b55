/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two associations of ours against each other, and one against whoever means it no good. */
#include "mock/dtls.h"

enum { MTU = 1200, SEEDS = 25 };

static void test_both_up(void)
{
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_link_run(&link);
	dtls_link_assert_up(&link);
	g_assert_cmpuint(link.ends[0].largest, <=, MTU - DTLS_HEADER_BYTES);
	g_assert_cmpint(dtls_due_us(link.ends[0].dtls), ==, -1);
	dtls_link_close(&link);
}

static void test_small_mtu(void)
{
	struct dtls_link link;

	dtls_link_open(&link, DTLS_MIN_MTU);
	dtls_link_run(&link);
	dtls_link_assert_up(&link);
	for (unsigned i = 0; i < 2; i++)
		g_assert_cmpuint(link.ends[i].largest, <=, DTLS_MIN_MTU - DTLS_HEADER_BYTES);
	dtls_link_close(&link);
}

static void test_lossy(void)
{
	for (unsigned seed = 0; seed < SEEDS; seed++) {
		struct dtls_link link;

		dtls_link_open(&link, seed % 2 ? MTU : DTLS_MIN_MTU);
		g_rand_set_seed(link.dice, seed);
		link.loss_percent = 20;
		link.double_percent = 20;
		link.swap_percent = 20;
		dtls_link_run(&link);
		dtls_link_assert_up(&link);
		dtls_link_close(&link);
	}
}

/* Each single datagram of a handshake is made up for when it is lost. */
static void test_each_lost_once(void)
{
	for (unsigned lost = 0; lost < 8; lost++) {
		struct dtls_link link;

		dtls_link_open(&link, DTLS_MIN_MTU);
		link.lose_at = lost + 1;
		dtls_link_run(&link);
		dtls_link_assert_up(&link);
		dtls_link_close(&link);
	}
}

static void test_nobody_answers(void)
{
	struct dtls_link link;
	int64_t began;

	dtls_link_open(&link, MTU);
	link.loss_percent = 100;
	began = link.now_us;
	dtls_link_run(&link);
	g_assert_cmpint(dtls_state(link.ends[0].dtls), ==, DTLS_FAILED);
	g_assert_cmpint(dtls_failure(link.ends[0].dtls), ==, REASON_DTLS_TIMEOUT);
	g_assert_cmpint(link.now_us - began, <=, DTLS_HANDSHAKE_US);
	g_assert_cmpuint(link.ends[0].sent, >, 8);
	g_assert_cmpuint(link.ends[0].sent, <, 16);
	g_assert_cmpint(dtls_state(link.ends[1].dtls), ==, DTLS_WAITING);
	dtls_link_close(&link);
}

/* `end` is told of another certificate than the other one has: it refuses, the other hears so. */
static void check_refused(unsigned end, const struct fingerprint_set *told)
{
	struct srtp_params in, out;
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_set_peer(link.ends[end].dtls, told);
	dtls_link_run(&link);
	g_assert_cmpint(dtls_state(link.ends[end].dtls), ==, DTLS_FAILED);
	g_assert_cmpint(dtls_failure(link.ends[end].dtls), ==, REASON_DTLS_FINGERPRINT);
	g_assert_false(dtls_verified(link.ends[end].dtls));
	g_assert_false(dtls_keys(link.ends[end].dtls, &in, &out));
	g_assert_cmpint(dtls_state(link.ends[!end].dtls), ==, DTLS_FAILED);
	g_assert_cmpint(dtls_failure(link.ends[!end].dtls), ==, REASON_DTLS_REFUSED);
	dtls_link_close(&link);
}

static void test_wrong_fingerprint(void)
{
	struct fingerprint_set wrong = mock_fingerprints(mock_cert(2), DTLS_SHA256);

	check_refused(0, &wrong);
	check_refused(1, &wrong);
}

/* The right one by a weak hash does not make up for a wrong one by a strong hash. */
static void test_strongest_hash_counts(void)
{
	struct fingerprint_set set = mock_fingerprints(mock_cert(1), DTLS_SHA1);

	set.all[set.count++] = *dtls_cert_fingerprint(mock_cert(2), DTLS_SHA512);
	check_refused(0, &set);
}

static void test_bytes_under_another_hash(void)
{
	struct fingerprint_set set = mock_fingerprints(mock_cert(1), DTLS_SHA256);

	set.all[0].hash = DTLS_SHA224;
	check_refused(0, &set);
}

static void test_every_hash(void)
{
	for (int hash = 0; hash < DTLS_HASH_COUNT; hash++) {
		struct fingerprint_set set = mock_fingerprints(mock_cert(1), (enum dtls_hash)hash);
		struct dtls_link link;

		dtls_link_open(&link, MTU);
		dtls_set_peer(link.ends[0].dtls, &set);
		dtls_link_run(&link);
		dtls_link_assert_up(&link);
		dtls_link_close(&link);
	}
}

static void test_rsa(void)
{
	struct fingerprint_set rsa = mock_fingerprints(mock_cert_rsa(), DTLS_SHA256);
	struct fingerprint_set client = mock_fingerprints(mock_cert(0), DTLS_SHA256);
	struct dtls_link link;

	dtls_link_open(&link, DTLS_MIN_MTU);
	dtls_link_replace(&link, 1, mock_cert_rsa(), DTLS_MIN_MTU);
	dtls_set_peer(link.ends[1].dtls, &client);
	dtls_set_peer(link.ends[0].dtls, &rsa);
	dtls_link_run(&link);
	dtls_link_assert_up(&link);
	dtls_link_close(&link);
}

/* The peer may be through before we are told who it is. */
static void check_told_late(const struct fingerprint_set *told, enum dtls_state then)
{
	const struct fingerprint_set nobody = { 0 };
	struct srtp_params in, out;
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_set_peer(link.ends[1].dtls, &nobody);
	dtls_link_run(&link);
	g_assert_cmpint(dtls_state(link.ends[1].dtls), ==, DTLS_UNVERIFIED);
	g_assert_false(dtls_keys(link.ends[1].dtls, &in, &out));
	g_assert_cmpint(dtls_set_peer(link.ends[1].dtls, told), ==, then);
	g_assert_cmpint(dtls_keys(link.ends[1].dtls, &in, &out), ==, then == DTLS_UP);
	dtls_link_close(&link);
}

static void test_told_late(void)
{
	struct fingerprint_set right = mock_fingerprints(mock_cert(0), DTLS_SHA384);
	struct fingerprint_set wrong = mock_fingerprints(mock_cert(2), DTLS_SHA384);

	check_told_late(&right, DTLS_UP);
	check_told_late(&wrong, DTLS_FAILED);
}

static void test_close_is_told(void)
{
	struct srtp_params in, out;
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_link_run(&link);
	dtls_close(link.ends[0].dtls);
	dtls_link_deliver(&link);
	g_assert_cmpint(dtls_state(link.ends[0].dtls), ==, DTLS_CLOSED);
	g_assert_cmpint(dtls_state(link.ends[1].dtls), ==, DTLS_CLOSED);
	g_assert_false(dtls_keys(link.ends[1].dtls, &in, &out));
	dtls_link_close(&link);
}

/* Says nothing, hears nothing, but can still say that it is over. */
static void test_retired(void)
{
	struct srtp_params in, out;
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_retire(link.ends[1].dtls); /* too early */
	g_assert_false(dtls_is_retired(link.ends[1].dtls));
	dtls_link_run(&link);
	dtls_link_assert_up(&link);
	for (unsigned i = 0; i < 2; i++) {
		unsigned sent = link.ends[i].sent;

		dtls_retire(link.ends[i].dtls);
		dtls_retire(link.ends[i].dtls);
		g_assert_true(dtls_is_retired(link.ends[i].dtls));
		g_assert_cmpint(dtls_state(link.ends[i].dtls), ==, DTLS_UP);
		g_assert_cmpuint(link.ends[i].sent, ==, sent);
		g_assert_cmpint(dtls_due_us(link.ends[i].dtls), ==, -1);
		g_assert_false(dtls_keys(link.ends[i].dtls, &in, &out));
	}
	dtls_close(link.ends[1].dtls);
	dtls_link_deliver(&link);
	g_assert_cmpint(dtls_state(link.ends[1].dtls), ==, DTLS_CLOSED);
	g_assert_cmpint(dtls_state(link.ends[0].dtls), ==, DTLS_UP);
	dtls_link_close(&link);
}

static void test_farewell_of_retired(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct dtls_link link;

		dtls_link_open(&link, MTU);
		dtls_link_run(&link);
		dtls_retire(link.ends[i].dtls);
		dtls_close(link.ends[i].dtls);
		dtls_close(link.ends[i].dtls);
		dtls_link_deliver(&link);
		g_assert_cmpint(dtls_state(link.ends[!i].dtls), ==, DTLS_CLOSED);
		dtls_link_close(&link);
	}
}

/* A server that is up sends its last flight again when the client never got it. */
static void test_last_flight_lost(void)
{
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_start(link.ends[0].dtls, link.now_us);
	while (dtls_state(link.ends[1].dtls) != DTLS_UP)
		if (!dtls_link_step(&link, 1))
			g_assert_true(dtls_link_step(&link, 0));
	g_queue_clear_full(&link.ends[0].inbox, (GDestroyNotify)g_bytes_unref);
	g_assert_cmpint(dtls_state(link.ends[0].dtls), ==, DTLS_HANDSHAKING);
	dtls_link_run(&link);
	dtls_link_assert_up(&link);
	dtls_link_close(&link);
}

/* A record of handshake in the clear, with `len` bytes of which `fragment` are here. */
static size_t make_fragment(uint8_t *out, uint8_t type, unsigned seq, unsigned len, unsigned at,
	unsigned fragment, unsigned record)
{
	const uint8_t head[] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, (uint8_t)(record >> 8),
		(uint8_t)record, (uint8_t)((fragment + 12) >> 8), (uint8_t)(fragment + 12), type,
		(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)(seq >> 8),
		(uint8_t)seq, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at,
		(uint8_t)(fragment >> 16), (uint8_t)(fragment >> 8), (uint8_t)fragment };

	memcpy(out, head, sizeof(head));
	memset(out + sizeof(head), 0x5a, fragment);
	return sizeof(head) + fragment;
}

static void test_fragments_never_finished(void)
{
	uint8_t data[1200];
	struct dtls_link link;
	unsigned sent;

	dtls_link_open(&link, MTU);
	for (sent = 0; dtls_state(link.ends[1].dtls) != DTLS_FAILED; sent++) {
		size_t len = make_fragment(
			data, sent ? 11 : 1, sent % 9, 16000, sent * 1000 % 15000, 1000, sent);

		g_assert_cmpuint(sent, <=, DTLS_MAX_DATAGRAMS);
		dtls_receive(link.ends[1].dtls, data, len, link.now_us);
	}
	g_assert_cmpint(dtls_failure(link.ends[1].dtls), ==, REASON_DTLS_FLOODED);
	dtls_link_close(&link);
}

static void test_encrypted_before_its_keys(void)
{
	uint8_t data[64] = { 22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 51 };
	struct dtls_link link;
	unsigned sent;

	dtls_link_open(&link, MTU);
	dtls_start(link.ends[0].dtls, link.now_us);
	for (sent = 0; dtls_state(link.ends[0].dtls) == DTLS_HANDSHAKING; sent++) {
		data[10] = (uint8_t)sent;
		dtls_receive(link.ends[0].dtls, data, sizeof(data), link.now_us);
	}
	g_assert_cmpuint(sent, ==, DTLS_MAX_EARLY + 1);
	g_assert_cmpint(dtls_failure(link.ends[0].dtls), ==, REASON_DTLS_FLOODED);
	dtls_link_close(&link);
}

/* Nothing but a hello wakes a server, and noise does not disturb a handshake. */
static void test_garbage(void)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(7);
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t noise[80];
		size_t len = (size_t)g_rand_int_range(dice, 0, sizeof(noise));

		for (size_t n = 0; n < len; n++)
			noise[n] = (uint8_t)g_rand_int(dice);
		if (len)
			noise[0] = (uint8_t)g_rand_int_range(dice, 20, 64);
		g_assert_cmpint(
			dtls_receive(link.ends[1].dtls, noise, len, link.now_us), ==, DTLS_WAITING);
		if (i == 1000)
			dtls_start(link.ends[0].dtls, link.now_us);
		dtls_receive(link.ends[0].dtls, noise, len, link.now_us);
	}
	g_assert_cmpuint(link.ends[1].sent, ==, 0);
	dtls_link_run(&link);
	dtls_link_assert_up(&link);
	dtls_link_close(&link);
}

static void test_noise_after_it_is_up(void)
{
	uint8_t encrypted[64] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 1, 0, 0, 51 };
	uint8_t alert[15] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 9, 9, 0, 2, 2, 40 };
	struct dtls_link link;

	dtls_link_open(&link, MTU);
	dtls_link_run(&link);
	for (unsigned i = 0; i < 1000; i++) {
		encrypted[10] = (uint8_t)i;
		dtls_receive(link.ends[0].dtls, encrypted, sizeof(encrypted), link.now_us);
		dtls_receive(link.ends[0].dtls, alert, sizeof(alert), link.now_us);
	}
	dtls_link_assert_up(&link);
	dtls_link_close(&link);
}

static void test_what_is_a_hello(void)
{
	uint8_t data[200];
	size_t len = make_fragment(data, 1, 0, 100, 0, 100, 0);

	g_assert_true(dtls_is_hello(data, len));
	g_assert_false(dtls_is_hello(data, len - 1));
	g_assert_false(dtls_is_hello(data, 24));
	g_assert_false(dtls_is_hello(data, 0));
	g_assert_true(dtls_begins_hello(data, len));
	data[13] = 2;
	g_assert_false(dtls_is_hello(data, len));
	g_assert_false(dtls_begins_hello(data, len));
	data[13] = 1;
	data[4] = 1; /* encrypted */
	g_assert_false(dtls_is_hello(data, len));
	len = make_fragment(data, 1, 0, 200, 100, 100, 0);
	g_assert_true(dtls_is_hello(data, len));
	g_assert_false(dtls_begins_hello(data, len));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dtls/retired", test_retired);
	g_test_add_func("/dtls/retired/farewell", test_farewell_of_retired);
	g_test_add_func("/dtls/up", test_both_up);
	g_test_add_func("/dtls/small-mtu", test_small_mtu);
	g_test_add_func("/dtls/lossy", test_lossy);
	g_test_add_func("/dtls/each-lost", test_each_lost_once);
	g_test_add_func("/dtls/nobody", test_nobody_answers);
	g_test_add_func("/dtls/wrong-fingerprint", test_wrong_fingerprint);
	g_test_add_func("/dtls/strongest-hash", test_strongest_hash_counts);
	g_test_add_func("/dtls/other-hash", test_bytes_under_another_hash);
	g_test_add_func("/dtls/every-hash", test_every_hash);
	g_test_add_func("/dtls/rsa", test_rsa);
	g_test_add_func("/dtls/told-late", test_told_late);
	g_test_add_func("/dtls/close", test_close_is_told);
	g_test_add_func("/dtls/last-flight", test_last_flight_lost);
	g_test_add_func("/dtls/fragments", test_fragments_never_finished);
	g_test_add_func("/dtls/early", test_encrypted_before_its_keys);
	g_test_add_func("/dtls/garbage", test_garbage);
	g_test_add_func("/dtls/noise", test_noise_after_it_is_up);
	g_test_add_func("/dtls/hello", test_what_is_a_hello);
	return g_test_run();
}
