/* SPDX-License-Identifier: MIT */
/*
 * A worker dies with a read that had begun; whoever takes over repeats it when the window has room
 * again.
 */
#include "harness.h"

STORY
{
	upstream_answers_later(200, "{}", 20000);
	job_arrives("workflow", "j1", "scarce_read");
	until_sent("j1");
	the_worker_dies();

	expect_reply("j1", "succeeded");
	expect_sent("j1", 2);
}
