/* SPDX-License-Identifier: MIT */
/* dead_past: whether the call of a dead message was begun, also once its mark and its result are gone. */
#ifndef CLI_DEAD_PAST_H
#define CLI_DEAD_PAST_H

#include "cli/dead_entry.h"

/* Asks the entry's reason, then the org's audit log. EXIT_DONE, or another status after the line that says what failed. */
int dead_past_ask(struct cli *cli, const struct dead_entry *entry, bool *begun);

#endif
