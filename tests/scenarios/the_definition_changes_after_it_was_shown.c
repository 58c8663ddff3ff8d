/* SPDX-License-Identifier: MIT */
/* What was shown is not what would be sent any more: the approval is void. */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");

	the_definition_changes();
	person_approves("d1", "j1");
	expect_reply("d1", "confirmation_void");
	expect_not_sent("j1");
}
