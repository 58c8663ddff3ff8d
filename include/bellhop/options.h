/* SPDX-License-Identifier: MIT */
/*
 * options: what both programs are told, by `--some-option VALUE`, `--some-option=VALUE` or BELLHOP_SOME_OPTION
 * (contract, sections 11 and 12). The command line wins over the environment. One table, from which parsing, defaults,
 * checks and --help come.
 */
#ifndef BELLHOP_OPTIONS_H
#define BELLHOP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/error.h"
#include "bellhop/url.h"
#include "bellhop/wire.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

struct options {
	/* both programs */
	char *redis_url;
	char *redis_password_file; /* NULL: none */
	char *shard;
	uint32_t limit_calls; /* RATE_LIMIT */
	uint32_t limit_window_s;
	struct origin_list allow_http;
	size_t max_response_bytes;
	/* bellhopd */
	char *key_file;		       /* NULL: none */
	unsigned weights[QUEUE_COUNT]; /* 0: this queue is not taken from */
	uint32_t concurrency;
	uint32_t org_slots, host_slots; /* of these, at most so many for one org, for one host */
	char *allow_nets;		/* as given: allow_nets.h reads it */
	char *ca_file;			/* NULL: the system's */
	char *listen;			/* "off" or address:port */
	uint32_t lease_ms, drain_ms;
	uint32_t result_ttl_s, reply_ttl_s, confirm_ttl_s;
	uint32_t reply_max, dead_max, calls_max, pending_max;
	size_t max_job_bytes;
	enum log_level log_level;
	enum log_format log_format;
	bool reseal;
	/* bellhop */
	char *org;	 /* NULL: not given */
	char *seal_with; /* NULL: not given */
	bool json;
};

enum options_for {
	OPTIONS_WORKER = 1 << 0,
	OPTIONS_TOOL = 1 << 1,
};

/*
 * Reads environment and arguments. Options are taken out of `argv` (up to `--`), the rest is moved to its front and
 * counted in `*argc`; an option that the table does not know stays in, for the tool's commands have options of their
 * own; the worker calls options_no_more() after it. -1: `error` is one line that says what to do.
 */
int options_read(struct options *options, enum options_for program, int *argc, char **argv,
	struct error *error);
void options_release(struct options *options);
/* 0, or -1 naming the first argument that is left. */
int options_no_more(int argc, char **argv, struct error *error);
/* The table as text: option, default, what it is for. */
void options_help(enum options_for program, struct buf *out);

#endif
