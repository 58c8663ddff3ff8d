/* SPDX-License-Identifier: MIT */
/* Somebody wrote a broken definition past the tool: the job is told, and nothing is sent. */
#include "harness.h"

STORY
{
	the_definition_is_broken();
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "invalid_definition");
	expect_not_sent("j1");
}
