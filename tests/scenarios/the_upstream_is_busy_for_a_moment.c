/* SPDX-License-Identifier: MIT */
/* The upstream answers a read with 503, and a moment later as it should. */
#include "harness.h"

STORY
{
	upstream_answers(503, "{\"why\":\"tired\"}");
	upstream_answers(200, "{\"id\":7}");
	job_arrives("workflow", "j1", "read");

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"attempts\":2");
	expect_sent("j1", 2);
}
