/* SPDX-License-Identifier: MIT */
/* Without a token nothing is sent, and what the endpoint says is told without the secret. */
#include "harness.h"

STORY
{
	it_is_a_service_account();
	token_endpoint_answers(
		401, "{\"error\":\"invalid_client\",\"error_description\":\"not s3cret-s3cret\"}");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "auth_failed");
	expect_reply_says("j1", "not [redacted]");
	expect_not_sent("j1");
}
