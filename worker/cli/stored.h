/* SPDX-License-Identifier: MIT */
/* stored: an integration as Redis holds it: the definition in parts, its version, switches, and which secrets are set. */
#ifndef CLI_STORED_H
#define CLI_STORED_H

#include "cli/document.h"

struct stored_action {
	char *name;
	char *text; /* JSON */
	bool disabled;
};

struct stored {
	char *name;
	char *definition;	       /* JSON, without the actions */
	struct stored_action *actions; /* in the order of their names */
	size_t action_count;
	int64_t version;
	bool enabled;
	char **secrets; /* names of fields, in their order */
	size_t secret_count;
};

/* Reads one. EXIT_DONE, or another status after the line that says why. Release only after success. */
int stored_load(struct stored *stored, struct cli *cli, const char *name);
/* The same where it may be gone: then `*found` is false and nothing is to be released. */
int stored_find(struct stored *stored, struct cli *cli, const char *name, bool *found);
void stored_release(struct stored *stored);

bool stored_has_secret(const struct stored *stored, const char *field);
bool stored_has_disabled(const struct stored *stored, const char *action);

/* The definition put together and checked, that it stands under its own name too; into a document that was initialized. */
void stored_document(const struct stored *stored, const struct definition_rules *rules,
	struct document *document);

/* Names of a set of the org (key.h: "integrations"), in their order; free each and the list. NULL after the line that says what failed. */
char **names_load(struct cli *cli, const char *tail, size_t *count);
void names_free(char **names, size_t count);

#endif
