/* SPDX-License-Identifier: MIT */
/* The id of a job that ran comes with other inputs: it is refused, and not sent. */
#include "harness.h"

STORY
{
	job_arrives("workflow", "j1", "create");
	expect_reply("j1", "succeeded");
	job_arrives_with_other_inputs("workflow", "j1", "create");

	until_idle();
	time_passes(500);
	expect_reply_says("j1", "\"code\":\"id_conflict\"");
	expect_sent_once("j1");
}
