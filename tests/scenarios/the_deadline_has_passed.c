/* SPDX-License-Identifier: MIT */
/* A job that waited too long in its queue is not begun. */
#include "harness.h"

STORY
{
	job_arrives_with_deadline("workflow", "j1", "create", 0);

	expect_reply("j1", "expired");
	expect_not_sent("j1");
}
