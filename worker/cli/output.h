/* SPDX-License-Identifier: MIT */
/*
 * output: results on standard output, all else on standard error.
 *
 * Much of what the tool prints was written by strangers (inputs, definitions, what Redis holds). On a terminal nothing of it
 * takes effect or stays hidden: control characters, those that turn the direction of text around and those that nobody
 * sees are shown as \uXXXX. That keeps JSON valid and equal. Where standard output is no terminal, results are printed as
 * they are.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PENDING = 3, /* a confirmation is pending */
};

/* A result: the bytes, and a newline where they do not end with one. */
void print_result(struct span text);
/* A piece of a result that is longer than what is held at once. */
void print_piece(struct span text);
void print_buf(const struct buf *text);
/* JSON: indented where a person reads it on a terminal, else (and where `plain`) as it is. */
void print_json(const struct buf *json, bool plain);

/* A line on standard error. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The line that says why it failed, `bellhop: …`. Returns EXIT_FAILED. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for what was typed wrong. Returns EXIT_USAGE. */
int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* EXIT_DONE where all results reached standard output, else fail(). */
int finish_output(void);

/* Adds the text as a terminal may see it. */
void add_harmless(struct buf *out, struct span text);

#endif
