/* SPDX-License-Identifier: MIT */
/* ring: a key ring in a folder of the test's own, and what is sealed for it. One a program. */
#ifndef TESTS_UNIT_IO_RING_H
#define TESTS_UNIT_IO_RING_H

#include "bellhop/buf.h"
#include "bellhop/seal.h"

struct keyring;

struct ring {
	char folder[64], path[96], public_path[104];
	struct public_key key; /* the newest */
	struct keyring *keyring;
};

extern struct ring ring;
extern const struct seal_binding TICKETS;

/* Around each test: a new ring, and nothing of it left. */
int ring_begin(void **state);
int ring_end(void **state);
/* As the file is now. */
struct keyring *ring_load(void);
void ring_reload(void);
/* The caller releases it. */
struct buf seal(const struct seal_binding *binding, const char *value, size_t len);
/* As keyring_open(). */
long open_as(const struct buf *sealed, const struct seal_binding *binding, char *out, size_t size);

#endif
