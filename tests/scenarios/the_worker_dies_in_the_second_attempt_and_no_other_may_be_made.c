/* SPDX-License-Identifier: MIT */
/* The attempt that nobody knows the end of was the last one, so its error is told and not the one before it. */
#include "harness.h"

STORY
{
	upstream_answers(503, "");
	upstream_answers_later(200, "{}", 20000);
	job_arrives("workflow", "j1", "read");
	until_times_sent("j1", 2);
	the_worker_dies();
	the_definition_changes();

	expect_reply("j1", "connection_lost");
	expect_reply_says("j1", "\"sent\":\"yes\"");
	expect_sent("j1", 2);
}
