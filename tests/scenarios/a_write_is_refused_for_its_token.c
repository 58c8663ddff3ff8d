/* SPDX-License-Identifier: MIT */
/* A write that may not be repeated is not repeated, though another token might do. */
#include "harness.h"

STORY
{
	it_is_a_service_account();
	upstream_answers(401, "{}");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "upstream_status");
	expect_sent_once("j1");
}
