/* SPDX-License-Identifier: MIT */
/* clock: lets a test move the time that the program sees, instead of waiting. */
#ifndef TESTS_CLOCK_H
#define TESTS_CLOCK_H

/* Everything that asks for the monotonic time, libraries too, sees it that much later from now on. */
void clock_advance(long ms);

#endif
