/* SPDX-License-Identifier: MIT */
/* cli: what commands share: their arguments, the org, the connection to Redis. */
#include <stdlib.h>
#include <string.h>

#include "bellhop/redis_url.h"
#include "cli/answer.h"
#include "cli/command.h"

int cli_misuse(const struct cli *cli, const char *problem)
{
	const struct command *command = cli->command;
	return misuse("%s: bellhop %s %s (`bellhop %s --help` says more)", problem, command->name,
		command->arguments, command->name);
}

static const struct own_option *find(
	const struct own_option *options, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(name, options[i].name))
			return &options[i];
	return NULL;
}

/* How many words an option and its value are, or 0 after the line that says what is wrong. */
static int take_option(const struct cli *cli, char **words, int count,
	const struct own_option *options, size_t option_count)
{
	const char *name = words[0] + 2;
	size_t len = strcspn(name, "=");
	bool joined = name[len] == '=';
	const struct own_option *option = NULL;
	if (strncmp(words[0], "--", 2) == 0)
		option = find(options, option_count, (struct span){name, len});
	if (!option) {
		misuse("%s has no option %s; `bellhop %s --help` lists what it takes",
			cli->command->name, words[0], cli->command->name);
		return 0;
	}
	if (option->flag && joined) {
		misuse("--%s takes no value", option->name);
		return 0;
	}
	if (option->flag) {
		*option->flag = true;
		return 1;
	}
	if (!joined && count < 2) {
		misuse("--%s needs a value", option->name);
		return 0;
	}
	*option->value = joined ? name + len + 1 : words[1];
	return joined ? 1 : 2;
}

int cli_arguments(const struct cli *cli, int argc, char **argv, const struct own_option *options,
	size_t option_count, int least, int most)
{
	int kept = 0;
	int i = 0;
	while (i < argc) {
		/* `-` alone is standard input; after `--` nothing is an option. */
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i++];
			continue;
		}
		int taken = take_option(cli, argv + i, argc - i, options, option_count);
		if (!taken)
			return EXIT_USAGE;
		i += taken;
	}
	while (i < argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	if (kept < least)
		return cli_misuse(cli, "something is missing");
	if (kept > most)
		return cli_misuse(cli, "that is one argument too many");
	return EXIT_DONE;
}

int cli_need_org(const struct cli *cli)
{
	if (cli->options.org)
		return EXIT_DONE;
	return misuse("which org? Name it with --org ORG or BELLHOP_ORG");
}

int cli_target(const struct cli *cli, int argc, char **argv, int count, enum target_form form,
	struct target *target)
{
	int status = cli_arguments(cli, argc, argv, NULL, 0, count, count);
	if (status == EXIT_DONE)
		status = target_read(target, form, argv[0]);
	if (status == EXIT_DONE)
		status = cli_need_org(cli);
	return status;
}

int cli_connect(struct cli *cli)
{
	struct redis_url url;
	struct error error = {0};
	if (redis_url_parse(
		    &url, cli->options.redis_url, cli->options.redis_password_file, &error) < 0)
		return misuse("%s", error.text);
	cli->redis = redis_sync_open(&url, &error);
	redis_url_release(&url);
	return cli->redis ? EXIT_DONE : fail("%s", error.text);
}

int cli_now(struct cli *cli, int64_t *now_ms)
{
	struct error error = {0};
	struct redis_answer *answer = redis_sync_do(cli->redis, REDIS_WORDS("TIME"), &error);
	if (!answer)
		return fail("%s", error.text);
	*now_ms = strtoll(answer_text(answer, 0), NULL, 10) * 1000 +
		  strtoll(answer_text(answer, 1), NULL, 10) / 1000;
	redis_answer_free(answer);
	return EXIT_DONE;
}

int id_check(const char *id)
{
	if (name_valid(id, strlen(id)))
		return EXIT_DONE;
	return misuse(
		"--id takes 1 to 128 of A-Z a-z 0-9 . _ -, the first one a letter or a digit");
}

int target_read(struct target *target, enum target_form form, const char *text)
{
	struct target read = {0};
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	bool named = name_set(&read.integration, text, len) == 0;
	if (slash)
		named = named && name_set(&read.action, slash + 1, strlen(slash + 1)) == 0;
	if (!named)
		return misuse(
			"\"%s\" is no name of an integration%s: 1 to 128 of A-Z a-z 0-9 . _ -, "
			"the first one a letter or a digit",
			text, slash ? " and an action" : "");
	if (slash && form == TARGET_NAME)
		return misuse("%s names an action: give the integration alone", text);
	if (!slash && form == TARGET_ACTION)
		return misuse("which action? Name it as %s/ACTION", text);
	*target = read;
	return EXIT_DONE;
}
