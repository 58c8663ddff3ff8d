/* SPDX-License-Identifier: MIT */
/* A worker is told to stop with a call on its way: it waits for the answer, and settles it. */
#include "harness.h"

STORY
{
	upstream_answers_later(201, "{}", 3000);
	job_arrives("workflow", "j1", "create");
	until_sent("j1");
	the_worker_is_told_to_stop();

	expect_reply("j1", "succeeded");
	expect_sent_once("j1");
	another_worker_starts();
}
