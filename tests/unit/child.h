/* SPDX-License-Identifier: MIT */
/* child: runs in a child process what must end it, and tells how it ended. */
#ifndef BELLHOP_TESTS_CHILD_H
#define BELLHOP_TESTS_CHILD_H

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

struct child {
	int status;	/* of waitpid() */
	char said[512]; /* on standard error */
};

static inline bool child_aborted(const struct child *child)
{
	return WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGABRT;
}

static inline struct child child_run(void (*run)(void))
{
	struct child child = {0};
	size_t len = 0;
	ssize_t got;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit no_core = {0, 0};

		signal(SIGABRT, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &no_core); /* only a courtesy to the disk */
		dup2(ends[1], STDERR_FILENO);
		run();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], child.said + len, sizeof(child.said) - 1 - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &child.status, 0), pid);
	return child;
}

#endif
