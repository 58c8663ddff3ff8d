/* SPDX-License-Identifier: MIT */
/*
 * A worker stands still with the answer in its hand; another one takes over and answers; the first
 * one's answer is nobody's.
 */
#include "harness.h"

STORY
{
	upstream_answers_later(201, "{}", 3000);
	job_arrives("workflow", "j1", "create");
	until_sent("j1");
	the_worker_stalls_before("an answer");

	expect_reply("j1", "outcome_unknown");
	time_passes(20000);
	expect_replies("j1", 1, "outcome_unknown");
	expect_sent_once("j1");
}
