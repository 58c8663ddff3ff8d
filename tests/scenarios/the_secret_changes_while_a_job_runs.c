/* SPDX-License-Identifier: MIT */
/* A secret is set anew while a job holds the old one: the call is made with the new one. */
#include "harness.h"

STORY
{
	name_lookup_takes(1000);
	job_arrives("workflow", "j1", "create");
	until_waiting_for("the upstream's address");
	secret_is("another-s3cret");

	expect_reply("j1", "succeeded");
	expect_request_says(0, "Authorization: Bearer another-s3cret");
	expect_sent_once("j1");
}
