/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link between two associations, and the time of day. */
#include "mock/dtls.h"

#include "base/clock.h"

#include <sys/time.h>

enum { MAX_TIMERS = 1000 };

static const int64_t START_US = 1000000000;

/* What OpenSSL's timers go by. */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t now_us = clock_wall_us();

	(void)tz;
	tv->tv_sec = now_us / G_USEC_PER_SEC;
	tv->tv_usec = now_us % G_USEC_PER_SEC;
	return 0;
}

static struct dtls_cert *make(enum dtls_key key)
{
	struct dtls_cert_options options = {
		.key = key, .rsa_bits = 2048, .ciphers = DTLS_DEFAULT_CIPHERS, .name = "test"
	};
	struct err err = { 0 };
	struct dtls_cert *cert = dtls_cert_new(&options, g_get_real_time(), &err);

	g_assert_cmpstr(err.text, ==, "");
	return cert;
}

struct dtls_cert *mock_cert(unsigned number)
{
	static struct dtls_cert *certs[4];

	g_assert_cmpuint(number, <, G_N_ELEMENTS(certs));
	if (!certs[number])
		certs[number] = make(DTLS_KEY_P256);
	return certs[number];
}

struct dtls_cert *mock_cert_rsa(void)
{
	static struct dtls_cert *cert;

	if (!cert)
		cert = make(DTLS_KEY_RSA);
	return cert;
}

struct fingerprint_set mock_fingerprints(const struct dtls_cert *cert, enum dtls_hash hash)
{
	return (struct fingerprint_set){ .count = 1,
		.all = { *dtls_cert_fingerprint(cert, hash) } };
}

static bool happens(struct dtls_link *link, unsigned percent)
{
	return percent && (unsigned)g_rand_int_range(link->dice, 0, 100) < percent;
}

static void post(struct dtls_end *to, const uint8_t *data, size_t len)
{
	GBytes *bytes = g_bytes_new(data, len);

	if (happens(to->link, to->link->swap_percent))
		g_queue_push_head(&to->inbox, bytes);
	else
		g_queue_push_tail(&to->inbox, bytes);
}

static void on_send(void *arg, const uint8_t *data, size_t len)
{
	struct dtls_end *from = arg;
	struct dtls_link *link = from->link;
	struct dtls_end *to = &link->ends[from == &link->ends[0]];

	from->sent++;
	from->largest = MAX(from->largest, len);
	if (++link->sent == link->lose_at || happens(link, link->loss_percent))
		return;
	post(to, data, len);
	if (happens(link, link->double_percent))
		post(to, data, len);
}

static void set_time(struct dtls_link *link, int64_t now_us)
{
	link->now_us = now_us;
	clock_set_mock(now_us, now_us);
}

void dtls_link_replace(struct dtls_link *link, unsigned i, struct dtls_cert *cert, unsigned mtu)
{
	struct dtls_end *end = &link->ends[i];

	dtls_free(end->dtls);
	end->dtls = dtls_new(cert, i ? DTLS_SERVER : DTLS_CLIENT, mtu, on_send, end);
	g_assert_nonnull(end->dtls);
}

void dtls_link_open(struct dtls_link *link, unsigned mtu)
{
	*link = (struct dtls_link){ .dice = g_rand_new_with_seed(1) };
	set_time(link, START_US);
	for (unsigned i = 0; i < 2; i++) {
		struct dtls_end *end = &link->ends[i];
		struct fingerprint_set peer = mock_fingerprints(mock_cert(!i), DTLS_SHA256);

		end->link = link;
		g_queue_init(&end->inbox);
		dtls_link_replace(link, i, mock_cert(i), mtu);
		dtls_set_peer(end->dtls, &peer);
	}
}

void dtls_link_close(struct dtls_link *link)
{
	for (unsigned i = 0; i < 2; i++) {
		dtls_free(link->ends[i].dtls);
		g_queue_clear_full(&link->ends[i].inbox, (GDestroyNotify)g_bytes_unref);
	}
	g_rand_free(link->dice);
	clock_set_mock(-1, -1);
}

bool dtls_link_step(struct dtls_link *link, unsigned i)
{
	struct dtls_end *end = &link->ends[i];
	g_autoptr(GBytes) bytes = g_queue_pop_head(&end->inbox);
	g_autofree uint8_t *exact = NULL;
	size_t len;

	if (!bytes)
		return false;
	/* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
	exact = g_memdup2(g_bytes_get_data(bytes, &len), g_bytes_get_size(bytes));
	dtls_receive(end->dtls, exact, len, link->now_us);
	return true;
}

void dtls_link_deliver(struct dtls_link *link)
{
	while (dtls_link_step(link, 1) || dtls_link_step(link, 0)) {
	}
}

static int64_t next_due(const struct dtls_link *link)
{
	int64_t a = dtls_due_us(link->ends[0].dtls), b = dtls_due_us(link->ends[1].dtls);

	if (a < 0 || b < 0)
		return MAX(a, b);
	return MIN(a, b);
}

void dtls_link_run(struct dtls_link *link)
{
	int64_t due;

	dtls_start(link->ends[0].dtls, link->now_us);
	dtls_link_deliver(link);
	for (unsigned n = 0; (due = next_due(link)) >= 0; n++) {
		g_assert_cmpuint(n, <, MAX_TIMERS);
		set_time(link, MAX(due, link->now_us));
		for (unsigned i = 0; i < 2; i++)
			if (dtls_due_us(link->ends[i].dtls) <= link->now_us)
				dtls_timeout(link->ends[i].dtls, link->now_us);
		dtls_link_deliver(link);
	}
}

void dtls_link_assert_up(struct dtls_link *link)
{
	struct srtp_params in[2], out[2];

	for (unsigned i = 0; i < 2; i++) {
		g_assert_cmpint(dtls_state(link->ends[i].dtls), ==, DTLS_UP);
		g_assert_true(dtls_verified(link->ends[i].dtls));
		g_assert_true(dtls_keys(link->ends[i].dtls, &in[i], &out[i]));
	}
	g_assert_true(srtp_params_equal(&in[0], &out[1]));
	g_assert_true(srtp_params_equal(&in[1], &out[0]));
	g_assert_false(srtp_params_equal(&in[0], &out[0]));
}
