/* SPDX-License-Identifier: MIT */
/*
 * No worker is there when the next attempt is due; when one comes the deadline has passed: the attempt that was made
 * is told, and none follows.
 */
#include "harness.h"

STORY
{
	upstream_asks_to_wait(503, 2);
	job_arrives_with_deadline("workflow", "j1", "read", 4000);
	until_sent("j1");
	until_idle();
	the_worker_is_told_to_stop();
	time_passes(5000);
	another_worker_starts();

	expect_reply("j1", "upstream_status");
	expect_reply_says("j1", "\"sent\":\"yes\"");
	expect_reply_says("j1", "\"attempts\":1");
	expect_sent_once("j1");
}
