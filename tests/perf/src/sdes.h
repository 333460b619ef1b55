/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP for the load generator: RFC 3711 and RFC 7714, on OpenSSL directly, since libraries can
 * take 20 times longer per packet. No replay check: the media engine numbers its packets. */
#ifndef SDES_H
#define SDES_H
#include <stdbool.h>
#include <stdint.h>

enum { SDES_GROWTH = 16 }; /* a packet grows by as much, at most */

struct sdes;
/* suite: AES_CM_128_HMAC_SHA1_80 or AEAD_AES_128_GCM; key: base64, padding optional. */
struct sdes *sdes_new(const char *suite, const char *key);
void sdes_free(struct sdes *s);
/* In place; both return the new length, or -1 (not authentic, or malformed). */
int sdes_seal(struct sdes *s, uint8_t *p, int len);
int sdes_open(struct sdes *s, uint8_t *p, int len);
#endif
