/* SPDX-License-Identifier: MIT */
/* decide: a person's yes or no to a job that waits for one. */
#ifndef CLI_DECIDE_H
#define CLI_DECIDE_H

#include "cli/exchange.h"

/* Pushes the decision and waits for its reply, which is put into `received` whatever it says. `by` NULL: the login name. EXIT_DONE, or
 * another status after the line that says why there is none. */
int decide(struct cli *cli, struct exchange *exchange, enum decision decision, const char *token,
	const char *by, struct received *received);

#endif
