/* SPDX-License-Identifier: MIT */
/* The same job is pushed again after its end: its reply is pushed again, and nothing is sent. */
#include "harness.h"

STORY
{
	job_arrives("workflow", "j1", "create");
	expect_reply("j1", "succeeded");
	job_arrives("workflow", "j1", "create");

	expect_replies("j1", 2, "succeeded");
	expect_sent_once("j1");
}
