/* SPDX-License-Identifier: MIT */
/*
 * bug: what is said when the program itself is wrong.
 *
 * Four ways to fail, and no other: BUG() for what cannot happen (aborts, in release builds too), die() in a
 * program's start-up only (one line, exit 2), `struct error` for what a caller must handle, and an explicit
 * `(void)` with a reason for what may be ignored.
 */
#ifndef BELLHOP_BUG_H
#define BELLHOP_BUG_H

#define BUG(...) bug_abort(__FILE__, __LINE__, __VA_ARGS__)
#define BUG_ON(condition)                      \
	do {                                   \
		if (condition)                 \
			BUG("%s", #condition); \
	} while (0)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Prints "BUG file:line: text" on standard error and aborts. */
void bug_abort(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* Prints "PROGRAM: text" on standard error and exits with 2 (usage). Only while a program starts. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
