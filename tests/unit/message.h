/* SPDX-License-Identifier: MIT */
/* message: a message and an error that each test has afresh, and the payloads that most tests begin with. */
#ifndef BELLHOP_TESTS_MESSAGE_H
#define BELLHOP_TESTS_MESSAGE_H

#include "unit.h"

#include "bellhop/wire.h"

#define MAX_BYTES 4096

static struct message message;
static struct error error;

static inline int set_up(void **state)
{
	(void)state;
	message_init(&message);
	error_clear(&error);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	message_release(&message);
	return 0;
}

static inline int read_bytes(enum queue queue, const char *payload, size_t len)
{
	error_clear(&error);
	return message_read(&message, queue, payload, len, MAX_BYTES, &error);
}

static inline int read_text(enum queue queue, const char *payload)
{
	return read_bytes(queue, payload, strlen(payload));
}

static inline void assert_read(enum queue queue, const char *payload)
{
	if (read_text(queue, payload) != 0)
		fail_msg("%s: %s", payload, error.text);
}

/* A job and a decision with more members; `more` begins with a comma where it is not empty. */
#define JOB(more)                                                                         \
	"{\"v\":1,\"id\":\"i1\",\"org\":\"acme\",\"integration\":\"tickets\",\"action\":" \
	"\"create\"" more "}"
#define DECISION(more) \
	"{\"v\":1,\"id\":\"d1\",\"org\":\"acme\",\"token\":\"t0\",\"decision\":\"approve\"" more "}"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
