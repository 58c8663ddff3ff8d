/* SPDX-License-Identifier: MIT */
/* The first attempt never left, the second may have been done: there is no third. */
#include "harness.h"

STORY
{
	upstream_is_not_reached();
	upstream_breaks_off();
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "outcome_unknown");
	expect_reply_says("j1", "\"attempts\":2");
	expect_sent_once("j1");
}
