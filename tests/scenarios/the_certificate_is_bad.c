/* SPDX-License-Identifier: MIT */
/* Nothing leaves to a host whose certificate is refused. */
#include "harness.h"

STORY
{
	upstream_certificate_is_bad();
	job_arrives("workflow", "j1", "create");

	expect_reply("j1", "tls_failed");
	expect_not_sent("j1");
}
