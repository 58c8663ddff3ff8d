/* SPDX-License-Identifier: MIT */
/* The next attempt would come after the deadline: the reply does not wait for it. */
#include "harness.h"

STORY
{
	upstream_asks_to_wait(503, 30);
	job_arrives_with_deadline("workflow", "j1", "read", 20000);
	until_sent("j1");
	time_passes(1000);

	expect_reply("j1", "upstream_status");
	expect_sent_once("j1");
}
