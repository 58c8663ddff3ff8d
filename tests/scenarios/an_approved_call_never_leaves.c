/* SPDX-License-Identifier: MIT */
/*
 * Whatever kept each attempt from leaving, the last one a name that is not known any more: the approval was not used up, and a
 * second one is good.
 */
#include "harness.h"

STORY
{
	job_arrives("chat", "j1", "create");
	expect_reply("j1", "confirmation_pending");

	upstream_is_not_reached();
	person_approves("d1", "j1");
	until_begun("d1");
	until_idle();
	name_resolves_to(NULL);
	expect_reply("d1", "dns_failed");
	expect_reply_says("d1", "\"sent\":\"no\"");
	expect_not_sent("j1");

	name_resolves_to("93.184.216.34");
	person_approves("d2", "j1");
	expect_reply("d2", "succeeded");
	expect_sent_once("j1");
}
