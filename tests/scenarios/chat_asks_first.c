/* SPDX-License-Identifier: MIT */
/* A write from chat is shown and not sent; a person says yes; then what was shown is sent, once. */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");
	expect_not_sent("j1");

	person_approves("d1", "j1");
	expect_reply("d1", "succeeded");
	expect_reply_says("d1", "\"confirms\":\"j1\"");
	expect_sent_once("j1");
}
