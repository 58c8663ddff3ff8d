/* SPDX-License-Identifier: MIT */
/* Bytes that are no job and name no reply queue are kept where somebody can look at them. */
#include "harness.h"

STORY
{
	text_arrives("workflow", "{\"v\":1,");

	expect_dead(1);
}
