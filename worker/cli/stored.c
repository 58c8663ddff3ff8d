/* SPDX-License-Identifier: MIT */
/* stored: reads integrations out of Redis; what was written past the tool is not trusted to be anything. */
#include "cli/stored.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "bellhop/key.h"

#define KEY_MAX_BYTES 1024
#define DISABLED      "disabled:"
#define ACTION	      "action:"

static int compare_actions(const void *a, const void *b)
{
	return strcmp(
		((const struct stored_action *)a)->name, ((const struct stored_action *)b)->name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static struct stored_action *find_action(const struct stored *stored, const char *name)
{
	for (size_t i = 0; i < stored->action_count; i++)
		if (strcmp(stored->actions[i].name, name) == 0)
			return &stored->actions[i];
	return NULL;
}

static void take_action(struct stored *stored, size_t *capacity, const char *name, const char *text)
{
	stored->actions =
		xgrow(stored->actions, capacity, stored->action_count, sizeof(*stored->actions));
	stored->actions[stored->action_count++] =
		(struct stored_action){.name = xstrdup(name), .text = xstrdup(text)};
}

/* Fields and values take turns in the answer. */
static void read_fields(struct stored *stored, const struct redis_answer *answer)
{
	size_t capacity = 0;
	for (size_t i = 0; i + 1 < answer->count; i += 2) {
		const char *field = answer->items[i].text;
		const char *text = answer->items[i + 1].text;
		if (strcmp(field, "definition") == 0)
			stored->definition = xstrdup(text);
		else if (strcmp(field, "version") == 0)
			stored->version = strtoll(text, NULL, 10);
		else if (strcmp(field, "enabled") == 0)
			stored->enabled = strcmp(text, "1") == 0;
		else if (begins_with(field, ACTION))
			take_action(stored, &capacity, field + strlen(ACTION), text);
	}
	if (stored->action_count)
		qsort(stored->actions, stored->action_count, sizeof(*stored->actions),
			compare_actions);
	for (size_t i = 0; i + 1 < answer->count; i += 2) {
		struct stored_action *action;
		if (!begins_with(answer->items[i].text, DISABLED))
			continue;
		action = find_action(stored, answer->items[i].text + strlen(DISABLED));
		if (action)
			action->disabled = true;
	}
}

/* The texts of an array, sorted. */
static char **sorted_texts(const struct redis_answer *answer, size_t *count)
{
	char **texts = xcalloc(answer->count + 1, sizeof(*texts));
	for (size_t i = 0; i < answer->count; i++)
		texts[i] = xstrdup(answer->items[i].text ? answer->items[i].text : "");
	*count = answer->count;
	qsort(texts, *count, sizeof(*texts), compare_names);
	return texts;
}

static struct redis_answer *ask(struct cli *cli, const char *command, const struct buf *key)
{
	struct error error = {0};
	struct redis_answer *answer =
		redis_sync_do(cli->redis, REDIS_WORDS(command, key->data), &error);
	if (!answer)
		fail("%s", error.text);
	return answer;
}

int stored_find(struct stored *stored, struct cli *cli, const char *name, bool *found)
{
	struct buf key;
	buf_init(&key, KEY_MAX_BYTES);
	key_integration(&key, cli->options.shard, cli->options.org, name);
	struct redis_answer *fields = ask(cli, "HGETALL", &key);
	buf_clear(&key);
	key_secrets(&key, cli->options.shard, cli->options.org, name);
	struct redis_answer *secrets = fields ? ask(cli, "HKEYS", &key) : NULL;
	buf_release(&key);
	if (secrets && fields->count) {
		*stored = (struct stored){.name = xstrdup(name), .enabled = true};
		read_fields(stored, fields);
		stored->secrets = sorted_texts(secrets, &stored->secret_count);
	}
	*found = secrets && fields->count;
	int status = secrets ? EXIT_DONE : EXIT_FAILED;
	redis_answer_free(fields);
	redis_answer_free(secrets);
	return status;
}

int stored_load(struct stored *stored, struct cli *cli, const char *name)
{
	bool found;
	int status = stored_find(stored, cli, name, &found);
	if (status || found)
		return status;
	return fail("org %s has no integration %s", cli->options.org, name);
}

void stored_release(struct stored *stored)
{
	for (size_t i = 0; i < stored->action_count; i++) {
		free(stored->actions[i].name);
		free(stored->actions[i].text);
	}
	free(stored->actions);
	free(stored->definition);
	free(stored->name);
	names_free(stored->secrets, stored->secret_count);
}

bool stored_has_secret(const struct stored *stored, const char *field)
{
	for (size_t i = 0; i < stored->secret_count; i++)
		if (strcmp(stored->secrets[i], field) == 0)
			return true;
	return false;
}

bool stored_has_disabled(const struct stored *stored, const char *action)
{
	const struct stored_action *found = find_action(stored, action);
	return found && found->disabled;
}

/* Whether a text is one JSON value by itself, so that the whole is what its parts are. */
static bool is_json(struct json_tape *tape, const char *text)
{
	return json_tape_read(tape, text, strlen(text), &definition_tape_limits, NULL) == 0;
}

static int stored_text(const struct stored *stored, struct buf *out)
{
	struct json_tape tape;
	json_tape_init(&tape);
	bool whole = true;
	for (size_t i = 0; i < stored->action_count && whole; i++)
		whole = is_json(&tape, stored->actions[i].text);
	whole = whole && stored->definition && is_json(&tape, stored->definition) &&
		tape_type(&tape, 0) == TAPE_OBJECT;
	if (whole) {
		struct span object = tape_raw(&tape, 0);
		buf_add(out, object.data, object.len - 1);
		buf_add_string(out, tape.nodes[0].count ? ",\"actions\":{" : "\"actions\":{");
		for (size_t i = 0; i < stored->action_count; i++) {
			buf_add_string(out, i ? "," : "");
			json_out_name(out, stored->actions[i].name);
			buf_add_string(out, stored->actions[i].text);
		}
		buf_add_string(out, "}}");
	}
	json_tape_release(&tape);
	return whole ? 0 : -1;
}

void stored_document(const struct stored *stored, const struct definition_rules *rules,
	struct document *document)
{
	if (stored_text(stored, &document->text) < 0) {
		problems_add(&document->problems, "", "what Redis holds is not JSON: put it anew");
		return;
	}
	document_check(document, rules);
	if (!document->definition || strcmp(document->definition->name, stored->name) == 0)
		return;
	problems_add(&document->problems, "name", "is %s, but it is stored under the name %s",
		document->definition->name, stored->name);
	definition_free(document->definition);
	document->definition = NULL;
}

char **names_load(struct cli *cli, const char *tail, size_t *count)
{
	struct buf key;
	buf_init(&key, KEY_MAX_BYTES);
	key_org(&key, cli->options.shard, cli->options.org, tail);
	struct redis_answer *answer = ask(cli, "SMEMBERS", &key);
	buf_release(&key);
	if (!answer)
		return NULL;
	char **names = sorted_texts(answer, count);
	redis_answer_free(answer);
	return names;
}

void names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}
