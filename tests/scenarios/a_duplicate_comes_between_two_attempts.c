/* SPDX-License-Identifier: MIT */
/* The same job is pushed again while the first waits for its next attempt: both get the one reply. */
#include "harness.h"

STORY
{
	upstream_asks_to_wait(503, 3);
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	until_idle();
	job_arrives("workflow", "j1", "read");
	time_passes(500);
	expect_no_reply_yet("j1");

	expect_replies("j1", 2, "succeeded");
	expect_sent("j1", 2);
}
