/* SPDX-License-Identifier: MIT */
/* Jobs of both queues come together: each gets its one reply. */
#include "harness.h"

STORY
{
	job_arrives("workflow", "j1", "read");
	job_arrives("workflow", "j2", "create");
	job_arrives("chat", "j3", "read");
	job_arrives("chat", "j4", "create");
	job_arrives("workflow", "j5", "replace");

	expect_reply("j1", "succeeded");
	expect_reply("j2", "succeeded");
	expect_reply("j3", "succeeded");
	expect_reply("j4", "confirmation_pending");
	expect_reply("j5", "succeeded");
	expect_sent_once("j2");
	expect_not_sent("j4");
}
