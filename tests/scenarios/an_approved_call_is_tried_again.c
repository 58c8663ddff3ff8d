/* SPDX-License-Identifier: MIT */
/* A person approves once; that nobody was there at the first attempt is no reason to ask again. */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");

	upstream_is_not_reached();
	person_approves("d1", "j1");
	until_begun("d1");
	until_idle();
	person_approves("d2", "j1");
	expect_reply("d2", "confirmation_used");
	expect_reply("d1", "succeeded");
	expect_reply_says("d1", "\"confirms\":\"j1\"");
	expect_reply_says("d1", "\"attempts\":2");
	expect_sent_once("j1");
}
