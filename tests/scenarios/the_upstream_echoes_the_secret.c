/* SPDX-License-Identifier: MIT */
/* What the upstream echoes of the secret is not handed on. */
#include "harness.h"

STORY
{
	upstream_answers(200, "{\"you\":\"sent s3cret-s3cret\"}");
	job_arrives("workflow", "j1", "read");

	expect_reply("j1", "succeeded");
	expect_sent_once("j1");
}
