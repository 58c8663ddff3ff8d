/* SPDX-License-Identifier: MIT */
/* message_parts: what the reader of messages is made of, for message*.c only. */
#ifndef BELLHOP_COMMON_MESSAGE_PARTS_H
#define BELLHOP_COMMON_MESSAGE_PARTS_H

#include "bellhop/wire.h"

/* What a message is; a set of them says where a member may or must stand. */
enum message_kind { A_JOB = 1 << 0, A_DECISION = 1 << 1, ANY = A_JOB | A_DECISION };

/* "job", "decision" */
const char *message_kind_name(enum message_kind kind);

/* Reads the members of the object on the message's tape. -1: ERROR_INVALID_JOB, and the message is half read. */
int message_read_members(struct message *message, enum message_kind kind, struct error *error);

/*
 * Looks for the members id, org, reply_to and meta at the top of an object that may be broken, cut off, too deep or too
 * large, and sets each whose first occurrence is what it should be. Uses the message's tape. Never recursion, and time
 * that grows with the length of the text.
 */
void message_scan(struct message *message, const char *text, size_t len);

#endif
