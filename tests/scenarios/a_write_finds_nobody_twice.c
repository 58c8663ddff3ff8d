/* SPDX-License-Identifier: MIT */
/* A call that may not be repeated, of which nothing left, is tried again; it is sent once. */
#include "harness.h"

STORY
{
	upstream_is_not_reached();
	upstream_is_not_reached();
	upstream_answers(201, "{\"id\":7}");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"attempts\":3");
	expect_sent_once("j1");
}
