/* SPDX-License-Identifier: MIT */
/* A read that is answered with 401 is repeated with a token that was asked for since. */
#include "harness.h"

STORY
{
	it_is_a_service_account();
	upstream_answers(401, "{}");
	job_arrives("workflow", "j1", "read");

	expect_reply("j1", "succeeded");
	expect_sent("j1", 2);
	expect_request_says(2, "grant_type=client_credentials");
}
