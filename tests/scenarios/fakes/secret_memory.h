/* SPDX-License-Identifier: MIT */
/* secret_memory: how many blocks of the fake are held; each is an allocation of its own, so that sanitizers see its ends. */
#ifndef SCENARIOS_FAKES_SECRET_MEMORY_H
#define SCENARIOS_FAKES_SECRET_MEMORY_H

#include <stddef.h>

size_t secret_memory_held(void);

#endif
