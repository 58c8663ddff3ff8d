/* SPDX-License-Identifier: MIT */
/*
 * An admin saves a change while the job waits for the upstream's address: the call that is begun
 * after it is the new one.
 */
#include "harness.h"

STORY
{
	name_lookup_takes(1000);
	job_arrives("workflow", "j1", "create");
	until_waiting_for("the upstream's address");
	the_definition_changes();

	expect_reply("j1", "succeeded");
	expect_request_says(0, "POST https://api.acme.com/v2/tickets?ref=j1\n");
	expect_reply_says("j1", "\"definition_version\":2");
	expect_sent_once("j1");
}
