/* SPDX-License-Identifier: MIT */
/* Redis is away when the upstream answers: the result is kept and settled when it is back. */
#include "harness.h"

STORY
{
	upstream_answers_later(201, "{\"id\":7}", 1000);
	job_arrives("workflow", "j1", "create");
	until_sent("j1");
	redis_goes_away(3000);

	expect_reply("j1", "succeeded");
	expect_sent_once("j1");
}
