/* SPDX-License-Identifier: MIT */
/* A worker dies with the first attempt; whoever takes over fails in passing, and tries again. */
#include "harness.h"

STORY
{
	upstream_answers_later(200, "{}", 20000);
	upstream_breaks_off();
	upstream_answers(503, "");
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	the_worker_dies();

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"attempts\":3");
	expect_sent("j1", 4);
}
