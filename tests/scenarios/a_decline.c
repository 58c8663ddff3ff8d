/* SPDX-License-Identifier: MIT */
/* A write from chat is shown; a person says no; nothing is sent, and a later yes comes too late. */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");

	person_declines("d1", "j1");
	expect_reply("d1", "declined");
	person_approves("d2", "j1");
	expect_reply("d2", "confirmation_used");
	expect_reply_says("d2", "\"decision_id\":\"d1\"");
	expect_not_sent("j1");
}
