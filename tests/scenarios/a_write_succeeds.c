/* SPDX-License-Identifier: MIT */
/* A workflow was approved when it was built: its write is sent without asking, once, whatever goes wrong. */
#include "harness.h"

STORY
{
	upstream_answers(201, "{\"id\":7}");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"sent\":\"yes\"");
	expect_sent_once("j1");
}
