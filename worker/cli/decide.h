/* SPDX-License-Identifier: MIT */
/* decide: a person's yes or no to a job that waits for one. */
#ifndef CLI_DECIDE_H
#define CLI_DECIDE_H

#include "cli/exchange.h"

/* Pushes the decision and waits for its reply. `by` NULL: the login name. */
int decide(struct cli *cli, struct exchange *exchange, enum decision decision, const char *token,
	const char *by, struct received *received);

#endif
