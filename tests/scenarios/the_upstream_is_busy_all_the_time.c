/* SPDX-License-Identifier: MIT */
/* Three attempts are all there are; the last one's answer is told. */
#include "harness.h"

STORY
{
	upstream_answers(503, "");
	upstream_answers(503, "");
	upstream_answers(500, "{\"why\":\"tired\"}");
	job_arrives("workflow", "j1", "replace");

	expect_reply("j1", "upstream_status");
	expect_reply_says("j1", "\"status\":500,\"attempts\":3");
	expect_reply_says("j1", "{\\\"why\\\":\\\"tired\\\"}");
	expect_sent("j1", 3);
}
