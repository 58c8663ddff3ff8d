/* SPDX-License-Identifier: MIT */
/* main: bellhop, the tool of admins and operators: finds the command and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bellhop/bug.h"
#include "cli/command.h"

#define HELP_MAX_BYTES (64 * 1024)

/* How many words of the arguments a command's name takes; 0: it is not this one. */
static int words_of(const struct command *command, int argc, char **argv)
{
	const char *space = strchr(command->name, ' ');
	size_t len = space ? (size_t)(space - command->name) : strlen(command->name);
	if (argc < 1 || strlen(argv[0]) != len || memcmp(argv[0], command->name, len) != 0)
		return 0;
	if (!space)
		return 1;
	return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static const struct command *find_command(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < command_count; i++) {
		*words = words_of(&commands[i], argc, argv);
		if (*words)
			return &commands[i];
	}
	return NULL;
}

/* Whether a word is the first of commands with two. */
static bool is_family(const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i < command_count; i++)
		if (strncmp(commands[i].name, word, len) == 0 && commands[i].name[len] == ' ')
			return true;
	return false;
}

static void add_commands(struct buf *out, const char *family)
{
	size_t len = family ? strlen(family) : 0;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];
		char usage[64];
		if (family && strncmp(command->name, family, len) != 0)
			continue;
		snprintf(usage, sizeof(usage), "%s %s", command->name, command->arguments);
		buf_printf(out, "  %-26s %s\n", usage, command->help);
	}
}

static void help(void)
{
	struct buf out;
	buf_init(&out, HELP_MAX_BYTES);
	buf_add_string(&out,
		"bellhop [OPTION...] COMMAND [ARGUMENT...]\n\n"
		"Defines what Bellhop may call for an org, seals its secrets, runs actions.\n\n"
		"Commands (`bellhop COMMAND --help` says more):\n");
	add_commands(&out, NULL);
	buf_add_string(&out, "\nOptions, by the command line or the environment:\n");
	options_help(OPTIONS_TOOL, &out);
	buf_add_string(&out, "  --help                      this text, or a command's\n"
			     "  --version\n\n"
			     "Exit: 0 done, 1 failed, 2 usage, 3 a confirmation is pending.\n");
	print_buf(&out);
	buf_release(&out);
}

static void help_command(const struct command *command)
{
	struct buf out;
	buf_init(&out, HELP_MAX_BYTES);
	buf_printf(&out, "bellhop %s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
		command->arguments, command->help);
	if (command->details)
		buf_printf(&out, "\n%s", command->details);
	buf_add_string(&out, "\n`bellhop --help` lists the options that every command takes.\n");
	print_buf(&out);
	buf_release(&out);
}

static int help_family(const char *family)
{
	struct buf out;
	buf_init(&out, HELP_MAX_BYTES);
	add_commands(&out, family);
	print_buf(&out);
	buf_release(&out);
	return finish_output();
}

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

/* --help and --version need nothing else to be right. True: that is all that was asked for. */
static bool answer_help(int argc, char **argv, int *status)
{
	if (has_word(argc, argv, "--help") || has_word(argc, argv, "-h")) {
		const struct command *command = NULL;
		int words;
		for (int i = 1; i < argc && !command; i++)
			command = find_command(argc - i, argv + i, &words);
		if (command)
			help_command(command);
		else if (is_family(argv[1]))
			(void)help_family(argv[1]); /* its status is asked for below */
		else
			help();
		*status = finish_output();
		return true;
	}
	if (has_word(argc, argv, "--version")) {
		print_result(span_of("bellhop " BELLHOP_VERSION));
		*status = finish_output();
		return true;
	}
	return false;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int words = 0;
	if (argc < 1)
		return misuse("which command? `bellhop --help` lists them");
	cli->command = find_command(argc, argv, &words);
	if (!cli->command && argv[0][0] == '-')
		return misuse("there is no option %s before a command; `bellhop --help` lists them",
			argv[0]);
	if (!cli->command && is_family(argv[0]))
		return misuse("%s what? `bellhop %s --help` lists it", argv[0], argv[0]);
	if (!cli->command)
		return misuse("there is no command %s; `bellhop --help` lists them", argv[0]);
	cli->rules = (struct definition_rules){
		.limit_calls = cli->options.limit_calls,
		.limit_window_s = cli->options.limit_window_s,
		.allow_http = &cli->options.allow_http,
	};
	int status = cli->command->run(cli, argc - words, argv + words);
	int output = finish_output();
	return status == EXIT_DONE ? output : status;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	struct cli cli = {0};
	struct error error = {0};
	int status;
	/* A secret may be in memory: no image of it is left. A Redis that hangs up is an error, not a signal. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGPIPE, SIG_IGN);
	if (answer_help(argc, argv, &status))
		return status;
	if (options_read(&cli.options, OPTIONS_TOOL, &argc, argv, &error) < 0)
		die("%s", error.text);
	status = run(&cli, argc - 1, argv + 1);
	redis_sync_close(cli.redis);
	options_release(&cli.options);
	return status;
}
