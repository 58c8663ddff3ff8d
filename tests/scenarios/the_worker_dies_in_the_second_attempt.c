/* SPDX-License-Identifier: MIT */
/* A delivery that died is no attempt: whoever takes over still has two. */
#include "harness.h"

STORY
{
	upstream_answers(503, "");
	upstream_answers_later(200, "{}", 20000);
	upstream_answers(503, "");
	job_arrives("workflow", "j1", "read");
	until_times_sent("j1", 2);
	the_worker_dies();

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"attempts\":3");
	expect_sent("j1", 4);
}
