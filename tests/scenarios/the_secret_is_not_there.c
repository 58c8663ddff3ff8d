/* SPDX-License-Identifier: MIT */
/*
 * No secret was set: the job fails before anything is sent, and runs when it is pushed again after
 * it was.
 */
#include "harness.h"

STORY
{
	secret_is(NULL);
	job_arrives("workflow", "j1", "create");
	expect_reply("j1", "secret_missing");
	expect_not_sent("j1");

	secret_is("s3cret-s3cret");
	job_arrives("workflow", "j2", "create");
	expect_reply("j2", "succeeded");
	expect_sent_once("j2");
}
