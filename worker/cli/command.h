/* SPDX-License-Identifier: MIT */
/*
 * command: what the tool can do, a row each.
 *
 * To add a command: a file with its function, and its row in commands.c. A function gets the arguments after its name and
 * returns an exit status; what it prints is said in output.h. The tool includes nothing of the worker, so what it seals
 * it cannot open.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "bellhop/definition.h"
#include "bellhop/name.h"
#include "bellhop/options.h"
#include "bellhop/redis_sync.h"
#include "cli/output.h"

struct command;

/* What a command works with. */
struct cli {
	struct options options;
	const struct command *command;
	struct redis_sync *redis; /* NULL until cli_connect() */
	struct definition_rules rules;
};

struct command {
	const char *name;      /* one word or two: "put", "secret set" */
	const char *arguments; /* "NAME[/ACTION]" */
	const char *help;      /* one line */
	const char *details;   /* lines of --help after that, or NULL: its own options */
	int (*run)(struct cli *cli, int argc, char **argv);
};

extern const struct command commands[];
extern const size_t command_count;

int command_keygen(struct cli *cli, int argc, char **argv);
int command_check(struct cli *cli, int argc, char **argv);
int command_put(struct cli *cli, int argc, char **argv);
int command_list(struct cli *cli, int argc, char **argv);
int command_get(struct cli *cli, int argc, char **argv);
int command_enable(struct cli *cli, int argc, char **argv);
int command_disable(struct cli *cli, int argc, char **argv);
int command_remove(struct cli *cli, int argc, char **argv);
int command_secret_set(struct cli *cli, int argc, char **argv);
int command_secret_remove(struct cli *cli, int argc, char **argv);
int command_render(struct cli *cli, int argc, char **argv);
int command_map(struct cli *cli, int argc, char **argv);
int command_call(struct cli *cli, int argc, char **argv);
int command_approve(struct cli *cli, int argc, char **argv);
int command_decline(struct cli *cli, int argc, char **argv);
int command_dead_list(struct cli *cli, int argc, char **argv);
int command_dead_retry(struct cli *cli, int argc, char **argv);
int command_dead_drop(struct cli *cli, int argc, char **argv);
int command_tools(struct cli *cli, int argc, char **argv);
int command_status(struct cli *cli, int argc, char **argv);

/* An option of one command: `--name VALUE`, or a flag where `flag` is set. */
struct own_option {
	const char *name;
	const char **value;
	bool *flag;
};

/*
 * Reads a command's own options out of its arguments and counts the rest, which is moved to the front, with NULL behind it. EXIT_DONE, or
 * EXIT_USAGE after the line that says what is wrong: an option that is not in the list, a value that is missing, fewer or more
 * arguments than asked for.
 */
int cli_arguments(const struct cli *cli, int argc, char **argv, const struct own_option *options,
	size_t option_count, int least, int most);

/* EXIT_DONE where an org was named, or EXIT_USAGE. */
int cli_need_org(const struct cli *cli);
/* EXIT_DONE, or another status after the line that says why. */
int cli_connect(struct cli *cli);
/* Redis's clock, by which deadlines are: Unix time. */
int cli_now(struct cli *cli, int64_t *now_ms);
/* The line of usage, for misuse(). */
int cli_misuse(const struct cli *cli, const char *problem);

/* `NAME` or `NAME/ACTION` */
struct target {
	struct name integration;
	struct name action; /* empty: none */
};

enum target_form { TARGET_NAME, TARGET_ACTION, TARGET_EITHER };

/* EXIT_DONE or EXIT_USAGE. */
int target_read(struct target *target, enum target_form form, const char *text);
/* What a command without options of its own begins with: so many arguments, the first of which is the target, and an org. EXIT_DONE or
 * EXIT_USAGE. */
int cli_target(const struct cli *cli, int argc, char **argv, int count, enum target_form form,
	struct target *target);
/* The value of --id: EXIT_DONE or EXIT_USAGE. */
int id_check(const char *id);

#endif
