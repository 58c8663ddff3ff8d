/* SPDX-License-Identifier: MIT */
/* unit: cmocka with what it needs before it, and the one line that every main() of a unit test is. */
#ifndef BELLHOP_TESTS_UNIT_H
#define BELLHOP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define assert_span(span, text)                                     \
	do {                                                        \
		assert_int_equal((span).len, strlen(text));         \
		assert_memory_equal((span).data, text, (span).len); \
	} while (0)

#endif
