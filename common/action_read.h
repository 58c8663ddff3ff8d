/* SPDX-License-Identifier: MIT */
/*
 * action_read: how a definition is read, in pieces; for definition*.c and action*.c alone.
 *
 * Each piece reads one member at the reader's present place and says all that is wrong there. Placeholders are noted with
 * their places as they come; once all are known, action_read_inputs() holds them against the schema.
 */
#ifndef BELLHOP_COMMON_ACTION_READ_H
#define BELLHOP_COMMON_ACTION_READ_H

#include "bellhop/definition.h"
#include "content_type.h"
#include "reader.h"

#define SWITCH_REFUSAL \
	"is no part of a definition: use `bellhop enable` and `bellhop disable`; `put` keeps both"

enum placeholder_place {
	PLACE_PATH,
	PLACE_PAIR_WHOLE, /* the whole value of a pair of a query or a form: an array repeats the name */
	PLACE_PAIR,
	PLACE_HEADER,
	PLACE_BODY_WHOLE, /* of a JSON body: a string that is one placeholder */
	PLACE_BODY,
};

struct placeholder_use {
	struct placeholder *placeholder;
	enum placeholder_place where;
	char *place;
	bool shared; /* in the definition's headers */
};

/* A header of the definition: each action compiles it anew. */
struct shared_header {
	char *name;
	uint32_t value;
};

struct shared_headers {
	struct shared_header *items;
	size_t count;
	size_t bytes; /* of their names and values, as written */
	size_t placeholders;
};

struct action_reader {
	struct reader *reader;
	const struct definition_rules *rules;
	const struct definition *definition;
	const struct shared_headers *shared;
	struct action *action;
	enum content_kind content; /* of `content_type` */
	struct placeholder_use *uses;
	size_t use_count;
	size_t use_capacity;
};

/* action.c. `value` is what the action's name stands for; the action is to be released whatever was wrong. */
void action_read(struct action_reader *reader, struct span name, uint32_t value);
void action_release(struct action *action);
/* One of the five methods as a static text, or NULL. */
const char *action_method(struct span text);

/* action_limits.c */
void action_read_timeout(struct action_reader *reader, uint32_t value);
void action_read_rate_limit(struct action_reader *reader, uint32_t value);

/* action_path.c: `path`, with the query in it. */
void action_read_path(struct action_reader *reader, uint32_t value);

/* action_pairs.c: `query` and the body of a form. */
void action_read_pairs(struct action_reader *reader, uint32_t object, struct pair_templates *pairs);
struct pair_template *pairs_add(struct pair_templates *pairs);
void pairs_release(struct pair_templates *pairs);
/* Takes note of a pair's placeholders at the present place. */
void pair_note(struct action_reader *reader, const struct pair_template *pair);

/* action_headers.c: `headers` of the definition, and of an action (TAPE_NONE where it has none) merged into them. */
void shared_headers_read(struct reader *reader, const char *auth_header, uint32_t value,
	struct shared_headers *headers);
void shared_headers_release(struct shared_headers *headers);
void action_read_headers(struct action_reader *reader, uint32_t value);

/* action_body.c: `body`, of the kind that `content_type` says (TAPE_NONE where there is none): read it first. */
void action_read_content_type(struct action_reader *reader, uint32_t value);
void action_read_body(struct action_reader *reader, uint32_t value);
void body_template_release(struct body_template *body);

/* action_body_json.c: a JSON body, as the tree that the value is. */
struct body_node *action_read_json(struct action_reader *reader, uint32_t value);
void body_node_free(struct body_node *node);
/* action_body_text.c: the same, as one text that holds JSON. */
struct body_node *action_read_json_text(struct action_reader *reader, uint32_t string);

/* action_inputs.c. action_note() takes note of a template's placeholders at the present place. */
void action_note(struct action_reader *reader, const struct template *template,
	enum placeholder_place where);
void action_note_shared(
	struct action_reader *reader, const struct template *template, const char *place);
void action_read_inputs(struct action_reader *reader, uint32_t value);

/* definition_auth.c: `auth`, and whether `base_url` may be called with it. */
void definition_read_auth(struct reader *reader, struct definition *definition, uint32_t value);
void definition_check_clear(struct reader *reader, const struct definition *definition,
	const struct definition_rules *rules);

#endif
