/* SPDX-License-Identifier: MIT */
/* A workflow reads a ticket: it is asked for once, with the secret, and the answer comes back. */
#include "harness.h"

STORY
{
	upstream_answers(200, "{\"id\":7}");
	job_arrives("workflow", "j1", "read");

	expect_reply("j1", "succeeded");
	expect_reply_says("j1", "\"output\":{\"id\":7}");
	expect_sent_once("j1");
	expect_request_says(0, "GET https://api.acme.com/tickets?ref=j1\n");
	expect_request_says(0, "Authorization: Bearer s3cret-s3cret");
}
