/* SPDX-License-Identifier: MIT */
/* The name servers are slow and the deadline is short: nothing is sent after it. */
#include "harness.h"

STORY
{
	name_lookup_takes(60000);
	job_arrives_with_deadline("workflow", "j1", "create", 2000);

	expect_reply("j1", "dns_failed");
	expect_not_sent("j1");
}
