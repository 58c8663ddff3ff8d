/* SPDX-License-Identifier: MIT */
/* Two approvals of one token arrive together: one sends, the other hears that it was used. */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");

	person_approves("d1", "j1");
	expect_reply("d1", "succeeded");
	person_approves("d2", "j1");
	expect_reply("d2", "confirmation_used");
	expect_sent_once("j1");
}
