/* SPDX-License-Identifier: MIT */
/* integration: what Redis holds of one integration. */
#include "io/integration.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/name.h"

#define TEXT_MAX_BYTES (DEFINITION_MAX_BYTES + 64 * 1024)
#define SEALED_MAX     (128 * 1024)
#define VERSION_DIGITS 19
#define COMPILED_RATIO 6 /* a compiled definition's memory, as a multiple of its text */

_Static_assert(VERSION_DIGITS < INTEGRATION_VERSION_BYTES, "a version has room");

struct integration *integration_new(const char *org, const char *name)
{
	struct integration *integration = xcalloc(1, sizeof(*integration));

	integration->org = xstrdup(org);
	integration->name = xstrdup(name);
	integration->enabled = true;
	integration->versioned = true;
	integration->refs = 1;
	return integration;
}

static void integration_free(struct integration *integration)
{
	free(integration->org);
	free(integration->name);
	free(integration->invalid);
	free(integration->off);
	definition_free(integration->definition);
	for (size_t i = 0; i < INTEGRATION_SECRETS_MAX; i++)
		free(integration->secrets[i].sealed);
	free(integration);
}

void integration_hold(struct integration *integration)
{
	integration->refs++;
}

void integration_release(struct integration *integration)
{
	if (integration != NULL && --integration->refs == 0)
		integration_free(integration);
}

static void invalid(struct integration *integration, const char *why)
{
	definition_free(integration->definition);
	integration->definition = NULL;
	if (integration->invalid == NULL)
		integration->invalid = xstrdup(why);
}

/* The rest of a field's name behind `prefix`; `data` is NULL where it begins otherwise. */
static struct span behind(struct span field, const char *prefix)
{
	size_t len = strlen(prefix);

	if (field.len < len || memcmp(field.data, prefix, len) != 0)
		return (struct span){NULL, 0};
	return (struct span){field.data + len, field.len - len};
}

static void read_version(struct integration *integration, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return;
	}
	if (value.len == 0 || value.len > VERSION_DIGITS)
		return;
	memcpy(integration->version, value.data, value.len);
	integration->version[value.len] = '\0';
}

static void add_action(struct buf *actions, struct span name, struct span value)
{
	if (actions->len > 0)
		buf_add_char(actions, ',');
	json_out_string(actions, name);
	buf_add_char(actions, ':');
	buf_add(actions, value.data, value.len);
}

/* Puts `{"name":…,"actions":{…}}` together from the hash's fields. */
static void collect(
	struct integration *integration, const struct redis_value *fields, struct buf *text)
{
	struct buf actions;

	buf_init(&actions, TEXT_MAX_BYTES);
	for (size_t i = 0; i + 1 < redis_value_count(fields); i += 2) {
		struct span field = redis_value_text(redis_value_at(fields, i));
		struct span value = redis_value_text(redis_value_at(fields, i + 1));
		struct span action = behind(field, "action:");

		if (action.data != NULL) {
			add_action(&actions, action, value);
		} else if (span_is(field, "definition")) {
			integration->exists = true;
			buf_add(text, value.data, value.len);
		} else if (span_is(field, "version")) {
			read_version(integration, value);
		} else if (span_is(field, "enabled")) {
			integration->enabled = span_is(value, "1");
		}
	}
	if (text->len > 0 && text->data[text->len - 1] == '}') {
		buf_truncate(text, text->len - 1);
		buf_add_string(text, ",\"actions\":{");
		buf_add(text, actions.data, actions.len);
		buf_add_string(text, "}}");
	}
	text->overflowed |= actions.overflowed;
	buf_release(&actions);
}

static void compile(struct integration *integration, const struct buf *text,
	const struct definition_rules *rules)
{
	struct problems problems;
	struct json_tape tape;
	struct tape_error error;
	struct buf why;

	problems_init(&problems);
	json_tape_init(&tape);
	buf_init(&why, 4096);
	if (json_tape_read(&tape, text->data, text->len, &definition_tape_limits, &error) < 0)
		buf_printf(&why, "it is not JSON: %s", error.reason);
	else
		integration->definition = definition_read(&tape, 0, rules, &problems);
	if (integration->definition == NULL && why.len == 0)
		problems_sentence(&problems, &why);
	else if (integration->definition != NULL &&
		 strcmp(integration->definition->name, integration->name) != 0)
		buf_add_string(&why, "it has another name than it is stored under");
	if (why.len > 0)
		invalid(integration, why.data);
	buf_release(&why);
	json_tape_release(&tape);
	problems_release(&problems);
}

static void read_switch(struct integration *integration, struct span name)
{
	const struct action *action;
	size_t capacity = integration->off_count;
	char text[NAME_MAX_BYTES + 1];

	if (name.data == NULL || name.len > NAME_MAX_BYTES ||
		memchr(name.data, '\0', name.len) != NULL)
		return;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	action = definition_action(integration->definition, text);
	if (action == NULL)
		return;
	integration->off = xgrow(
		integration->off, &capacity, integration->off_count, sizeof(*integration->off));
	integration->off[integration->off_count++] = action->name;
}

static void read_valid(struct integration *integration, const struct redis_value *fields,
	const struct buf *text, const struct definition_rules *rules)
{
	if (integration->version[0] == '\0') {
		integration->versioned = false;
		invalid(integration, "its version is missing, or is not a number");
	} else if (text->overflowed) {
		invalid(integration, "it is over 1 MiB");
	} else {
		compile(integration, text, rules);
	}
	for (size_t i = 0; integration->definition != NULL && i + 1 < redis_value_count(fields);
		i += 2)
		read_switch(integration,
			behind(redis_value_text(redis_value_at(fields, i)), "disabled:"));
}

void integration_read(struct integration *integration, const struct redis_value *fields,
	const struct definition_rules *rules)
{
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	if (redis_value_error(fields) != NULL) {
		integration->exists = true;
		integration->versioned = false;
		invalid(integration, "what is stored under its name is not a hash");
	} else {
		collect(integration, fields, &text);
		if (integration->exists)
			read_valid(integration, fields, &text, rules);
	}
	integration->bytes = sizeof(*integration) + text.len * COMPILED_RATIO;
	buf_release(&text);
}

static void read_secret(struct integration_secret *secret, struct span sealed)
{
	bool possible = sealed.len <= SEALED_MAX && memchr(sealed.data, '\0', sealed.len) == NULL;

	secret->tag_len = sealed.len < INTEGRATION_TAG_BYTES ? sealed.len : INTEGRATION_TAG_BYTES;
	memcpy(secret->tag, sealed.data + sealed.len - secret->tag_len, secret->tag_len);
	secret->sealed = possible ? xmemdup(sealed.data, sealed.len) : xstrdup("");
}

void integration_read_secrets(struct integration *integration, const struct redis_value *fields)
{
	const char *const *names;

	if (integration->definition == NULL)
		return;
	names = auth_fields(integration->definition->auth, &integration->secret_count);
	BUG_ON(integration->secret_count > INTEGRATION_SECRETS_MAX);
	for (size_t n = 0; n < integration->secret_count; n++) {
		struct integration_secret *secret = &integration->secrets[n];

		secret->field = names[n];
		for (size_t i = 0; i + 1 < redis_value_count(fields); i += 2) {
			struct span value = redis_value_text(redis_value_at(fields, i + 1));

			if (secret->sealed == NULL &&
				span_is(redis_value_text(redis_value_at(fields, i)), names[n])) {
				read_secret(secret, value);
				integration->bytes += value.len;
			}
		}
	}
}

bool integration_is_on(const struct integration *integration, const char *action)
{
	for (size_t i = 0; i < integration->off_count; i++) {
		if (strcmp(integration->off[i], action) == 0)
			return false;
	}
	return integration->enabled;
}
