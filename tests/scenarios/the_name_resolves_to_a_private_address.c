/* SPDX-License-Identifier: MIT */
/* A host that resolves into the operator's own network is not called. */
#include "harness.h"

STORY
{
	name_resolves_to("10.0.0.1");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "blocked_address");
	expect_not_sent("j1");
}
