/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this folder add to its program besides scripts. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

/* churn.c: many calls after and beside each other. */
void churn_add_tests(void);
/* churn_transcode.c: the same, transcoded. */
void churn_transcode_add_tests(void);

#endif
