/* SPDX-License-Identifier: MIT */
/*
 * definition: an integration as its admin describes it (contract, section 4), checked and compiled.
 *
 * The same code reads what `bellhop put` is given and what the worker loads from Redis, so what was written past the
 * tool is checked as strictly. A definition never changes once made and keeps nothing of the tape it was read from.
 */
#ifndef BELLHOP_DEFINITION_H
#define BELLHOP_DEFINITION_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/json_tape.h"
#include "bellhop/mapping.h"
#include "bellhop/problems.h"
#include "bellhop/schema.h"
#include "bellhop/template.h"
#include "bellhop/url.h"

#define DEFINITION_MAX_BYTES	    (1024 * 1024)
#define DEFINITION_MAX_ACTIONS	    256
#define DEFINITION_MAX_HEADERS	    100	 /* of one action, the definition's included */
#define DEFINITION_MAX_PLACEHOLDERS 1000 /* likewise */
#define DEFINITION_TIMEOUT_MS	    30000
#define DEFINITION_MAX_TIMEOUT_MS   120000

enum auth_method {
	AUTH_NONE,
	AUTH_BEARER,
	AUTH_API_KEY,
	AUTH_BASIC,
	AUTH_SERVICE_ACCOUNT,
};

enum idempotency {
	IDEMPOTENCY_SAFE,
	IDEMPOTENCY_IDEMPOTENT,
	IDEMPOTENCY_KEY,
	IDEMPOTENCY_NONE, /* may not be repeated */
};

/* What the operator allows; the admin's definition must fit in. */
struct definition_rules {
	uint32_t limit_calls; /* the default and the ceiling of rate_limit */
	uint32_t limit_window_s;
	const struct origin_list
		*allow_http; /* origins that may be called with credentials in clear; NULL: none */
};

struct header_template {
	char *name;
	struct template value;
};

/* A pair of a query or a form. */
struct pair_template {
	char *name;	       /* as it is sent, percent-encoded and with its `=` */
	struct template value; /* literals percent-encoded */
};

struct pair_templates {
	struct pair_template *items;
	size_t count;
	size_t capacity;
};

/* A JSON body, as a tree. What holds no placeholder is text, whatever its type. */
struct body_node {
	enum tape_type type;
	char *name; /* of a member, as JSON, quotes and colon included: `"subject":`; else NULL */
	size_t name_len;
	char *text; /* JSON as it is sent; NULL: filled from what is below */
	size_t text_len;
	struct template string;	 /* TAPE_STRING: literals JSON-escaped */
	struct body_node *items; /* TAPE_ARRAY, TAPE_OBJECT */
	size_t count;
};

enum body_kind {
	BODY_NONE,
	BODY_JSON,
	BODY_FORM,
	BODY_TEXT,
};

struct body_template {
	enum body_kind kind;
	struct body_node *
		json; /* BODY_JSON; made of a tree or of one text, which are the same from here on */
	struct pair_templates form; /* BODY_FORM */
	struct template text;	    /* BODY_TEXT */
};

struct lookup;

struct action {
	char *name;
	char *title;	   /* the name where none is given */
	char *description; /* or "" */
	const char *method;
	bool write;
	bool requires_confirmation;
	enum idempotency idempotency;
	char *idempotency_header; /* IDEMPOTENCY_KEY only, else NULL */
	uint32_t timeout_ms;
	uint32_t limit_calls;
	uint32_t limit_window_s;
	struct template path;		 /* up to a `?`; literals percent-encoded */
	struct pair_templates query;	 /* what stood after `?` in the path, then `query` */
	struct header_template *headers; /* the definition's and the action's, merged */
	size_t header_count;
	char *content_type; /* NULL without a body */
	struct body_template body;
	struct schema *inputs;	/* never NULL */
	struct lookup *lookup;	/* finds the values of the placeholders */
	struct mapping *output; /* NULL: the whole response */
};

struct definition {
	char *name;
	char *title;
	char *description;
	struct url base;
	enum auth_method auth;
	char *auth_header; /* AUTH_API_KEY only, else NULL */
	/* AUTH_SERVICE_ACCOUNT only, else NULL; there too where none is named */
	char *auth_scope;
	char *auth_audience;
	char *auth_subject;
	bool auth_client_in_body; /* the client's id and secret, instead of HTTP Basic */
	struct action *actions;
	size_t action_count;
};

/* Reads a whole definition: the object that `put` takes. NULL where there is any error in `problems`; warnings alone
 * refuse nothing. */
struct definition *definition_read(const struct json_tape *tape, uint32_t value,
	const struct definition_rules *rules, struct problems *problems);
void definition_free(struct definition *definition);
const struct action *definition_action(const struct definition *definition, const char *name);

/* The fields of the auth method's secret: "token"; "key"; "username", "password"; "credential". */
const char *const *auth_fields(enum auth_method auth, size_t *count);
const char *auth_name(enum auth_method auth);
const char *idempotency_name(enum idempotency idempotency);

/* The limits under which definitions are read. */
extern const struct tape_limits definition_tape_limits;

#endif
