/* SPDX-License-Identifier: MIT */
/* Twice the connection of a read breaks before its answer; the third attempt gets one. */
#include "harness.h"

STORY
{
	upstream_breaks_off();
	upstream_breaks_off();
	job_arrives("workflow", "j1", "read");

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"attempts\":3");
	expect_sent("j1", 3);
}
