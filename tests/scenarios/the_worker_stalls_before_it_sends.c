/* SPDX-License-Identifier: MIT */
/*
 * A worker stands still between the mark and the first byte for longer than its lease: when it
 * wakes, it does not send.
 */
#include "harness.h"

STORY
{
	the_worker_stalls_before("the first byte");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "outcome_unknown");
	time_passes(20000);
	expect_not_sent("j1");
}
