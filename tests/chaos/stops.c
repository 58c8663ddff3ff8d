/* SPDX-License-Identifier: MIT */
/*
 * Put around a worker's steps by the linker (--wrap), so that the worker's own code knows nothing of it: where BELLHOP_STOP_AT says
 * `STEP enters|leaves kill|stop`, the process is killed or stopped when a job comes to that step or goes from it. Stopped once.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

void __wrap_pipeline_resume(struct job *job, enum step_result result);
void __real_pipeline_resume(struct job *job, enum step_result result);

static void pass(const char *step, const char *how)
{
	static bool was_stopped;
	const char *told = getenv("BELLHOP_STOP_AT");
	char here[64];
	size_t len;

	len = (size_t)snprintf(here, sizeof(here), "%s %s ", step, how);
	if (told == NULL || was_stopped || strncmp(told, here, len) != 0)
		return;
	was_stopped = true;
	raise(strcmp(told + len, "kill") == 0 ? SIGKILL : SIGSTOP);
}

static enum step_result leave(const char *step, enum step_result result)
{
	if (result != STEP_WAIT && result != STEP_AGAIN)
		pass(step, "leaves");
	return result;
}

#define STEP(name)                                            \
	enum step_result __wrap_step_##name(struct job *job); \
	enum step_result __real_step_##name(struct job *job); \
	enum step_result __wrap_step_##name(struct job *job)  \
	{                                                     \
		pass(#name, "enters");                        \
		return leave(#name, __real_step_##name(job)); \
	}
PIPELINE(STEP)
#undef STEP

void __wrap_pipeline_resume(struct job *job, enum step_result result)
{
	__real_pipeline_resume(job, leave(pipeline_step_name(job), result));
}
