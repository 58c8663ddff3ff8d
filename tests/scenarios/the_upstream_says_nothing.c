/* SPDX-License-Identifier: MIT */
/* The upstream takes the request and is silent until the call's time is over. */
#include "harness.h"

STORY
{
	upstream_says_nothing();
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "outcome_unknown");
	expect_reply_says("j1", "\"cause\":\"timeout\"");
	expect_sent_once("j1");
}
