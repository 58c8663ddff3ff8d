/* SPDX-License-Identifier: MIT */
/* preview: what a confirmation would send, for a person to read. */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "cli/exchange.h"

/* Shows it on standard error. */
void preview_show(const struct received *received);
/* Says there what to type for a yes or a no. */
void preview_ask(const struct cli *cli, const char *token);

#endif
