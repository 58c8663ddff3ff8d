/* SPDX-License-Identifier: MIT */
/* A person comes back after more than two minutes, which is the most in these stories: the token is no longer good. */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");

	time_passes(121 * 1000);
	person_approves("d1", "j1");
	expect_reply("d1", "confirmation_expired");
	expect_not_sent("j1");
}
