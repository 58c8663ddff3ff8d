/* SPDX-License-Identifier: MIT */
/*
 * An attempt that failed counts in the window of one call a minute: the second one waits for room; one that may not wait so long
 * is told of the attempt that it had.
 */
#include "harness.h"

STORY
{
	upstream_answers(503, "");
	job_arrives("workflow", "j1", "scarce_read");
	until_sent("j1");
	time_passes(50000);
	expect_no_reply_yet("j1");
	expect_sent_once("j1");
	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"attempts\":2");

	time_passes(60000);
	upstream_answers(503, "");
	job_arrives_with_deadline("workflow", "j2", "scarce_read", 20000);
	expect_reply("j2", "upstream_status");
	expect_reply_says("j2", "\"sent\":\"yes\"");
	expect_sent_once("j2");
}
