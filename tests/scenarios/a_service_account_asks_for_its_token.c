/* SPDX-License-Identifier: MIT */
/* Its token is asked for once, and serves the next job too. */
#include "harness.h"

STORY
{
	it_is_a_service_account();
	job_arrives("workflow", "j1", "read");
	expect_reply("j1", "succeeded");
	job_arrives("workflow", "j2", "create");
	expect_reply("j2", "succeeded");

	expect_sent_once("j1");
	expect_sent_once("j2");
	expect_request_says(0, "grant_type=client_credentials");
	expect_request_says(1, "Authorization: Bearer t0ken-t0ken");
	expect_request_says(2, "Authorization: Bearer t0ken-t0ken");
}
