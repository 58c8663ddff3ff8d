/* SPDX-License-Identifier: MIT */
/* own_memory: how often something stands in this process's memory. */
#ifndef TESTS_UNIT_IO_OWN_MEMORY_H
#define TESTS_UNIT_IO_OWN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* In memory that may be written, which leaves out what is looked for where a program has it as a constant. `is_at` says whether the `len` bytes
 * there are it, and keeps no copy. Wiped: what was read to look through. */
int own_memory_count(bool (*is_at)(const char *text), size_t len);

#endif
