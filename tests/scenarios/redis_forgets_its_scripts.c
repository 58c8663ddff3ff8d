/* SPDX-License-Identifier: MIT */
/* Redis was restarted and knows no script: they are loaded again, and nothing is lost. */
#include "harness.h"

STORY
{
	job_arrives("workflow", "j1", "create");
	expect_reply("j1", "succeeded");
	redis_forgets_its_scripts();
	job_arrives("workflow", "j2", "create");

	expect_reply("j2", "succeeded");
	expect_sent_once("j2");
}
