/* SPDX-License-Identifier: MIT */
/* A worker dies with a read on its way: whoever takes over asks again. */
#include "harness.h"

STORY
{
	upstream_answers_later(200, "{}", 3000);
	upstream_answers(200, "{\"id\":7}");
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	the_worker_dies();

	expect_reply("j1", "succeeded");
	expect_sent("j1", 2);
}
