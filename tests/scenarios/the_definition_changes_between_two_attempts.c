/* SPDX-License-Identifier: MIT */
/* A repeat sends the same bytes: where the definition changed since, there is none, and the attempt that was made is told. */
#include "harness.h"

STORY
{
	upstream_asks_to_wait(503, 3);
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	until_idle();
	the_definition_changes();

	expect_reply("j1", "upstream_status");
	expect_reply_says("j1", "\"attempts\":1");
	expect_reply_says("j1", "\"definition_version\":1");
	expect_sent_once("j1");
}
