/* SPDX-License-Identifier: MIT */
/* bellhopd: runs the actions that wait in Redis. Reads its options, opens what it needs, and lends the process to the worker. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sodium.h>

#include "bellhop/bug.h"
#include "bellhop/options.h"
#include "log.h"
#include "worker.h"

static void print_help(void)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	buf_add_string(&text, "bellhopd: takes action jobs from Redis, makes their HTTP calls, "
			      "pushes their replies.\n\n"
			      "usage: bellhopd [--OPTION VALUE]…   each option may also be set as "
			      "BELLHOP_OPTION\n\n");
	options_help(OPTIONS_WORKER, &text);
	fwrite(text.data, 1, text.len, stdout);
	buf_release(&text);
}

static bool asked(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], option) == 0)
			return true;
	}
	return false;
}

/* Where one of the three was closed, the next file opened would be it: log lines would go into a connection. */
static void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd < STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Secrets pass through this process: no core dump, no ptrace by others of the same user. Each connection is a file. */
static void harden(void)
{
	struct rlimit none = {0, 0}, files;

	(void)setrlimit(RLIMIT_CORE, &none); /* where it cannot be set, there is nothing to set */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files); /* the present limit serves too */
	}
	signal(SIGPIPE, SIG_IGN);
}

/* It stops already: one more signal, when nobody hears it any more, must not make another end of it. */
static void hold_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

int main(int argc, char **argv)
{
	struct options options;
	struct worker worker;
	struct error error = {0};
	int code;

	open_standard_files();
	if (asked(argc, argv, "--help")) {
		print_help();
		return 0;
	}
	if (asked(argc, argv, "--version")) {
		puts("bellhopd " BELLHOP_VERSION);
		return 0;
	}
	if (sodium_init() < 0)
		die("libsodium cannot be initialised");
	if (options_read(&options, OPTIONS_WORKER, &argc, argv, &error) < 0 ||
		options_no_more(argc, argv, &error) < 0)
		die("%s", error.text);
	harden();
	log_open(options.log_level, options.log_format);
	if (worker_init(&worker, &options, &error) < 0)
		die("%s", error.text);
	code = worker_run(&worker);
	hold_signals();
	worker_release(&worker);
	options_release(&options);
	return code;
}
