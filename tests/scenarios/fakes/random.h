/* SPDX-License-Identifier: MIT */
/* random: the fake begins anew with each run. */
#ifndef SCENARIOS_FAKES_RANDOM_H
#define SCENARIOS_FAKES_RANDOM_H

void random_reset(void);

#endif
