/* SPDX-License-Identifier: MIT */
/* The approval is good again where no token was to be had. */
#include "harness.h"

STORY
{
	it_is_a_service_account();
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");
	token_endpoint_answers(503, "");
	person_approves("d1", "j1");
	expect_reply("d1", "auth_failed");
	expect_not_sent("j1");
}
