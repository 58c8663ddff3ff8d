/* SPDX-License-Identifier: MIT */
/* A worker dies with a read on its way; all attempts after it find nobody: that the upstream may have been asked stays true. */
#include "harness.h"

STORY
{
	upstream_answers_later(200, "{}", 20000);
	upstream_is_not_reached();
	upstream_is_not_reached();
	upstream_is_not_reached();
	job_arrives("workflow", "j1", "read");
	until_sent("j1");
	the_worker_dies();

	expect_reply("j1", "connect_failed");
	expect_reply_says("j1", "\"sent\":\"maybe\"");
	expect_sent_once("j1");
}
