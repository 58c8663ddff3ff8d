/* SPDX-License-Identifier: MIT */
/*
 * retry: whether a job whose attempt failed is tried again, when, and what is answered where it is not.
 *
 * Three tries, a pause drawn evenly from 0 to 0.5 s, then from 0 to 1 s ("full jitter": Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog 2015), at least what the upstream asks for (Retry-After, RFC 9110 section 10.2.3) up to 60 s, and
 * never past the job's deadline. What provably never left is tried again in every class of call, what may have been sent only
 * where it may be repeated.
 */
#ifndef WORKER_RETRY_H
#define WORKER_RETRY_H

#include "job.h"

/*
 * Called once for a job that is about to be answered. A failed attempt that is made again sets job->end, job->due_ms and what the job
 * carries. Where something refused the next attempt, the error of the last one that was made takes the refusal's place.
 */
void retry_judge(struct job *job);
/* Puts the error of the last attempt that was made in the place of the job's; there was one. */
void retry_answer_as_before(struct job *job);

/* Of all attempts together, this delivery's too. */
enum sent retry_sent(const struct job *job);
unsigned retry_calls(const struct job *job);
/* Of the definition that the reply tells of; 0: none. */
int64_t retry_version(const struct job *job);

/* Whether an answer with that status may be another a moment later (contract, section 10). */
bool retry_status_passes(int status);

#endif
