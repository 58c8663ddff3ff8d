/* SPDX-License-Identifier: MIT */
/*
 * A worker is told to stop while a job waits for the upstream's address: the job goes back, and
 * the next worker runs it.
 */
#include "harness.h"

STORY
{
	name_lookup_takes(2000);
	job_arrives("workflow", "j1", "create");
	until_waiting_for("the upstream's address");
	the_worker_is_told_to_stop();
	another_worker_starts();

	expect_reply("j1", "succeeded");
	expect_sent_once("j1");
}
