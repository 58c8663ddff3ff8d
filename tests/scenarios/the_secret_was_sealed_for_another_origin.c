/* SPDX-License-Identifier: MIT */
/* A sealed secret copied from elsewhere does not open here. */
#include "harness.h"

STORY
{
	secret_is_sealed_for("https://evil.example");
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "secret_unreadable");
	expect_not_sent("j1");
}
