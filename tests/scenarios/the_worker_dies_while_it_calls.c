/* SPDX-License-Identifier: MIT */
/* A worker dies with a write on its way: whoever takes over does not send it again. */
#include "harness.h"

STORY
{
	upstream_answers_later(201, "{}", 3000);
	job_arrives("workflow", "j1", "create");
	until_sent("j1");
	the_worker_dies();

	expect_reply("j1", "outcome_unknown");
	expect_reply_says("j1", "\"cause\":\"worker_lost\"");
	expect_sent_once("j1");
}
