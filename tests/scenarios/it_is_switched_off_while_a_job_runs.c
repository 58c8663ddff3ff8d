/* SPDX-License-Identifier: MIT */
/* The action is switched off while a job is on its way: it is not sent. */
#include "harness.h"

STORY
{
	name_lookup_takes(1000);
	job_arrives("workflow", "j1", "create");
	until_waiting_for("the upstream's address");
	is_switched_off("create");

	expect_reply("j1", "disabled");
	expect_not_sent("j1");
}
