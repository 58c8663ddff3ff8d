/* SPDX-License-Identifier: MIT */
/*
 * The connection breaks after the request left: nobody knows whether it was done, and the reply
 * says so.
 */
#include "harness.h"

STORY
{
	upstream_breaks_off();
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "outcome_unknown");
	expect_reply_says("j1", "\"cause\":\"connection_lost\"");
	expect_sent_once("j1");
}
