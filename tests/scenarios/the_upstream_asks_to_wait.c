/* SPDX-License-Identifier: MIT */
/* The upstream says when to come again: not before that, holding nothing meanwhile; what is over a minute ends the attempts. */
#include "harness.h"

STORY
{
	upstream_asks_to_wait(429, 20);
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	until_idle();
	time_passes(18000);
	expect_no_reply_yet("j1");
	expect_sent_once("j1");
	expect_reply("j1", "succeeded");
	expect_sent("j1", 2);

	upstream_asks_to_wait(503, 60);
	job_arrives("workflow", "j2", "read");
	expect_reply("j2", "succeeded");
	expect_sent("j2", 2);

	upstream_asks_to_wait(503, 61);
	job_arrives("workflow", "j3", "read");
	expect_reply("j3", "upstream_status");
	expect_reply_says("j3", "\"retryable\":true,\"retry_after_ms\":61000");
	expect_sent_once("j3");
}
