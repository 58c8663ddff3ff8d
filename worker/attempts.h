/* SPDX-License-Identifier: MIT */
/*
 * attempts: what the former attempts of a job came to, as one word that travels with the job.
 *
 * A job that is tried again goes back to Redis with this word in its envelope (`carry` in scripts/turn/), so whichever worker
 * gets it knows how often it was tried, whether the upstream may have been asked, and what to answer where no further attempt can
 * be made: the error of the last one. The word moves with the job in one script, so it is never lost and never left over.
 */
#ifndef WORKER_ATTEMPTS_H
#define WORKER_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"

#define ATTEMPTS_VERSION_BYTES 24

struct attempts {
	unsigned
		tries; /* that came to an end, failed lookups too; 0: none, and nothing below counts */
	unsigned calls; /* HTTP calls among them */
	enum sent sent; /* of all of them together */

	/* the last one */
	struct error error;
	bool retryable;
	int64_t retry_after_ms; /* below 0: none */
	int http_status;	/* 0: no answer came */
	int64_t duration_ms;
	int64_t begun_at_ms;		      /* Unix time by Redis; 0: it was not begun */
	char version[ATTEMPTS_VERSION_BYTES]; /* of the definition it was made with */
	struct buf details;		      /* JSON, or empty */
};

void attempts_init(struct attempts *attempts);
void attempts_release(struct attempts *attempts);
/* None were made. */
void attempts_clear(struct attempts *attempts);

/* Adds the word; `-` where none were made. */
void attempts_write(const struct attempts *attempts, struct buf *out);
/* Reads it. A word that is none stands for attempts of which nothing is known: there is no further one. */
void attempts_read(struct attempts *attempts, const char *word);

#endif
