/* SPDX-License-Identifier: MIT */
/*
 * Two calls of an action that may be made once a minute: the second is told when there is room,
 * and then there is.
 */
#include "harness.h"

STORY
{
	job_arrives("workflow", "j1", "scarce");
	expect_reply("j1", "succeeded");
	job_arrives("workflow", "j2", "scarce");
	expect_reply("j2", "rate_limited");
	expect_reply_says("j2", "\"retry_after_ms\":");
	expect_not_sent("j2");

	time_passes(60000);
	job_arrives("workflow", "j3", "scarce");
	expect_reply("j3", "succeeded");
	expect_sent_once("j3");
}
