/* SPDX-License-Identifier: MIT */
/* The upstream says no: the job hears what it said, and that it was asked. */
#include "harness.h"

STORY
{
	upstream_answers(422, "{\"why\":\"no such desk\"}");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "upstream_status");
	expect_reply_says("j1", "\"sent\":\"yes\"");
	expect_reply_says("j1", "no such desk");
	expect_sent_once("j1");
}
