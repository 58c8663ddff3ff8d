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
#include "reseal.h"
#include "worker.h"

#define SLOTS_AT_LEAST 8
#define FILES_A_JOB    4 /* three at most; the rest is for Redis, the pages, the log, name lookups */

static void print_help(void)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	buf_add_string(&text, "bellhopd: takes action jobs from Redis, makes their HTTP calls, "
			      "pushes their replies.\n\n"
			      "usage: bellhopd [--OPTION VALUE]…   each option may also be set as "
			      "BELLHOP_OPTION\n"
			      "       bellhopd --reseal --key-file FILE   is no worker: it seals "
			      "secrets to the newest key\n\n");
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

/* What an org or a host has of fewer slots. */
static uint32_t share_of(uint32_t slots, uint32_t most, uint32_t asked)
{
	uint64_t share = (uint64_t)slots * most / asked;
	uint32_t least = slots < SLOTS_AT_LEAST ? slots : SLOTS_AT_LEAST;

	return share < least ? least : (uint32_t)share;
}

/*
 * A call has a connection and, where no other call of its org's runs, a handle with files of its own. Calls that find none leave none for
 * Redis and the health checks either: so there are no more at once than may have theirs.
 */
static void fit_to_files(struct options *options)
{
	struct rlimit files;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return;
	most = files.rlim_cur < FILES_A_JOB ? 1 : files.rlim_cur / FILES_A_JOB;
	if (options->concurrency <= most)
		return;
	log_event(LOG_WARNING, "too few files may be opened for CONCURRENCY: it is lowered",
		"open_files", 'i', (int64_t)files.rlim_cur, "asked", 'i',
		(int64_t)options->concurrency, "concurrency", 'i', (int64_t)most);
	options->org_slots = share_of(options->org_slots, (uint32_t)most, options->concurrency);
	options->host_slots = share_of(options->host_slots, (uint32_t)most, options->concurrency);
	options->concurrency = (uint32_t)most;
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
	if (options.reseal) {
		code = reseal_all(&options);
		options_release(&options);
		return code;
	}
	log_open(options.log_level, options.log_format);
	fit_to_files(&options);
	if (worker_init(&worker, &options, &error) < 0)
		die("%s", error.text);
	code = worker_run(&worker);
	hold_signals();
	worker_release(&worker);
	options_release(&options);
	return code;
}
