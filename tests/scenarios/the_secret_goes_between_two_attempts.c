/* SPDX-License-Identifier: MIT */
/* What refuses the next attempt does not hide the one that was made. */
#include "harness.h"

STORY
{
	upstream_asks_to_wait(503, 3);
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	until_idle();
	secret_is(NULL);

	expect_reply("j1", "upstream_status");
	expect_reply_says("j1", "\"sent\":\"yes\"");
	expect_sent_once("j1");
}
