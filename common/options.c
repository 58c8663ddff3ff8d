/* SPDX-License-Identifier: MIT */
/* options: reads the table of options from the command line, the environment and the defaults, in this order. */
#include "options_table.h"

#define SHARED_FROM 8

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bellhop/bug.h"

#define ENV_NAME_BYTES 64
#define SHOWN_BYTES    48
#define HELP_COLUMN    30

/* What an option is to be, and where that came from, for the message about it. */
struct choice {
	const char *text; /* NULL: neither given nor a default */
	bool from_environment;
};

static void env_name(const struct option *option, char name[ENV_NAME_BYTES])
{
	int len = snprintf(name, ENV_NAME_BYTES, "BELLHOP_%s", option->name);
	BUG_ON(len < 0 || len >= ENV_NAME_BYTES);
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* A value as a message may show it: its start, and nothing that a terminal would obey. */
static void show_value(const char *text, char shown[SHOWN_BYTES])
{
	snprintf(shown, SHOWN_BYTES, "%s", text);
	for (char *c = shown; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

static int refuse(const struct option *option, const struct choice *choice, struct error *error)
{
	char name[ENV_NAME_BYTES], shown[SHOWN_BYTES];
	if (choice->from_environment)
		env_name(option, name);
	else
		snprintf(name, sizeof(name), "--%s", option->name);
	show_value(choice->text, shown);
	if (option->takes)
		return error_set(error, ERROR_INTERNAL, "%s takes %s, not \"%s\"", name,
			option->takes, shown);
	return error_set(error, ERROR_INTERNAL, "%s takes a whole number from %u to %u, not \"%s\"",
		name, option->min, option->max, shown);
}

/* The row that an argument of `len` bytes names, or NULL. */
static const struct option *find(enum options_for program, const char *name, size_t len)
{
	struct span given = {name, len};
	for (size_t i = 0; i < options_table_count; i++)
		if ((options_table[i].programs & program) && span_is(given, options_table[i].name))
			return &options_table[i];
	return NULL;
}

/* Takes an option off the front of the arguments: how many words it was, 0 where it is none of ours, -1 on an error. */
static int take_option(enum options_for program, char **words, int count, struct choice *choices,
	struct error *error)
{
	if (strncmp(words[0], "--", 2) != 0)
		return 0;
	const char *name = words[0] + 2;
	size_t len = strcspn(name, "=");
	const struct option *option = find(program, name, len);
	if (!option)
		return 0;
	struct choice *choice = &choices[option - options_table];
	bool joined = name[len] == '=';
	if (!option->value && joined)
		return error_set(error, ERROR_INTERNAL, "--%s takes no value", option->name);
	if (!option->value || joined) {
		*choice = (struct choice){.text = joined ? name + len + 1 : ""};
		return 1;
	}
	/* No value begins with `--`: such a word is the next option, and this one's value was forgotten. */
	if (count < 2 || strncmp(words[1], "--", 2) == 0)
		return error_set(error, ERROR_INTERNAL, "--%s needs a value: --%s %s", option->name,
			option->name, option->value);
	*choice = (struct choice){.text = words[1]};
	return 2;
}

static int read_arguments(enum options_for program, int *argc, char **argv, struct choice *choices,
	struct error *error)
{
	int kept = 1;
	int i = 1;
	while (i < *argc && strcmp(argv[i], "--") != 0) {
		int taken = take_option(program, argv + i, *argc - i, choices, error);
		if (taken < 0)
			return -1;
		if (taken == 0)
			argv[kept++] = argv[i++];
		i += taken;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	if (kept < *argc)
		argv[kept] = NULL;
	*argc = kept;
	return 0;
}

static void read_environment(enum options_for program, struct choice *choices)
{
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option *option = &options_table[i];
		char name[ENV_NAME_BYTES];
		if (!(option->programs & program))
			continue;
		choices[i].text = option->fallback;
		if (!option->value)
			continue;
		env_name(option, name);
		const char *text = getenv(name);
		/* Containers pass on variables that nobody set as empty ones. */
		if (text && *text)
			choices[i] = (struct choice){.text = text, .from_environment = true};
	}
}

/* The one default that is not a text: people read a terminal, programs all else. */
static enum log_format by_terminal(void)
{
	return isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
}

/* A small pool is not divided: nobody gains by slots that stay empty. */
static uint32_t share_of(uint32_t slots, uint32_t parts)
{
	if (slots <= SHARED_FROM)
		return slots;
	return slots / parts > SHARED_FROM ? slots / parts : SHARED_FROM;
}

int options_read(struct options *options, enum options_for program, int *argc, char **argv,
	struct error *error)
{
	struct choice choices[OPTIONS_TABLE_MAX] = {{0}};
	struct options read = {.log_format = by_terminal()};
	read_environment(program, choices);
	if (argc && read_arguments(program, argc, argv, choices, error) < 0)
		return -1;
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option *option = &options_table[i];
		if (!choices[i].text ||
			option->read(option, (char *)&read + option->offset, choices[i].text))
			continue;
		options_release(&read);
		return refuse(option, &choices[i], error);
	}
	if (read.org_slots == 0)
		read.org_slots = share_of(read.concurrency, 4);
	if (read.host_slots == 0)
		read.host_slots = share_of(read.concurrency, 2);
	*options = read;
	return 0;
}

void options_release(struct options *options)
{
	free(options->redis_url);
	free(options->redis_password_file);
	free(options->shard);
	origin_list_release(&options->allow_http);
	free(options->key_file);
	free(options->allow_nets);
	free(options->ca_file);
	free(options->listen);
	free(options->org);
	free(options->seal_with);
	*options = (struct options){0};
}

int options_no_more(int argc, char **argv, struct error *error)
{
	char shown[SHOWN_BYTES];
	if (argc < 2)
		return 0;
	show_value(argv[1], shown);
	return error_set(error, ERROR_INTERNAL, "unknown %s %s; --help lists what there is",
		argv[1][0] == '-' ? "option" : "argument", shown);
}

/* Adds a text that may have lines of its own, each at the column of help. */
static void help_text(struct buf *out, size_t width, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");
		buf_printf(out, "%*s%.*s\n", (int)(HELP_COLUMN - width), "", (int)len, text);
		if (!text[len])
			return;
		text += len + 1;
		width = 0;
	}
}

static void help_row(const struct option *option, struct buf *out)
{
	char env[ENV_NAME_BYTES];
	const char *fallback = option->shown ? option->shown : option->fallback;
	size_t start = out->len;
	buf_printf(out, "  --%s%s%s", option->name, option->value ? " " : "",
		option->value ? option->value : "");
	size_t width = out->len - start;
	if (width + 2 > HELP_COLUMN) {
		buf_add_char(out, '\n');
		width = 0;
	}
	help_text(out, width, option->help);
	if (!option->value)
		return;
	env_name(option, env);
	buf_printf(out, "%*s%s", HELP_COLUMN, "", env);
	if (fallback)
		buf_printf(out, ", default %s", fallback);
	buf_add_char(out, '\n');
}

void options_help(enum options_for program, struct buf *out)
{
	for (size_t i = 0; i < options_table_count; i++)
		if (options_table[i].programs & program)
			help_row(&options_table[i], out);
}
