/* SPDX-License-Identifier: MIT */
/*
 * The same job is pushed again while the first still runs: both get the one reply, and it is sent
 * once.
 */
#include "harness.h"

STORY
{
	upstream_answers_later(201, "{\"id\":7}", 3000);
	job_arrives("workflow", "j1", "create");
	until_sent("j1");
	job_arrives("workflow", "j1", "create");
	time_passes(500);
	expect_no_reply_yet("j1");

	expect_replies("j1", 2, "succeeded");
	expect_sent_once("j1");
}
