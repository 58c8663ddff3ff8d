/* SPDX-License-Identifier: MIT */
/*
 * exchange: a message pushed onto a queue and the reply to it, as any producer and consumer do it.
 *
 * The reply queue is named at random, so nobody else reads it, and is removed at the end.
 */
#ifndef CLI_EXCHANGE_H
#define CLI_EXCHANGE_H

#include "cli/command.h"

/* What the commands that wait for a reply have in common. */
struct exchange {
	const char *id;	     /* NULL: a random one */
	const char *timeout; /* seconds, as typed; NULL: the default */
	uint32_t timeout_s;
	char random_id[64];
	char reply_to[64];
};

struct received {
	struct buf text; /* the reply, as it came */
	struct json_tape tape;
	const char *status; /* a static word, or "" where the reply has none that is known */
};

void received_init(struct received *received);
void received_release(struct received *received);

/* Checks what was typed, and makes up the names. EXIT_DONE or EXIT_USAGE. */
int exchange_prepare(struct exchange *exchange);
/* Begins a message: `{"v":1,"id":…,"org":…,"reply_to":…,"deadline_ms":…`; the caller adds members and the brace. */
int exchange_begin(const struct exchange *exchange, struct cli *cli, struct buf *message);
/* Pushes it and waits. EXIT_DONE with the reply, or another status after the line that says why there is none. */
int exchange_run(const struct exchange *exchange, struct cli *cli, enum queue queue,
	const struct buf *message, struct received *received);

/* Prints a reply on standard output, and on standard error why it failed. */
void received_print(const struct cli *cli, const struct received *received);
/* A member of the reply, or of an object in it, as text; empty where there is none. */
void received_member(
	const struct received *received, uint32_t object, const char *name, struct buf *out);

#endif
