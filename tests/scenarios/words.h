/* SPDX-License-Identifier: MIT */
/* words: what the runner does before each telling. */
#ifndef SCENARIOS_WORDS_H
#define SCENARIOS_WORDS_H

/* Fills the fake Redis with the integration that every story begins with. */
void words_begin(void);

/* The integration was changed. */
void words_next_version(void);

#endif
