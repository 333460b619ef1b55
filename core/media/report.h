/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all RTCP of ours has in common, whoever makes it. */
#ifndef MEDIA_REPORT_H
#define MEDIA_REPORT_H

#include "api/str.h"

struct stream;

/* The stream that RTCP to the peer of `rtp` leaves by; NULL: there is none. [media] */
struct stream *report_way(struct stream *rtp);
/* Ours: the same for as long as the process runs. After the first call of it. [any] */
struct str report_cname(void);

#endif
