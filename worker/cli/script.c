/* SPDX-License-Identifier: MIT */
/* script: runs the tool's Lua with the keys of one integration. */
#include "cli/script.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"

#define KEY_MAX_BYTES 1024

void script_argument(struct script *script, struct span argument)
{
	script->words =
		xgrow(script->words, &script->capacity, script->count, sizeof(*script->words));
	script->words[script->count++] = argument;
}

void script_init(struct script *script, const char *source, const struct options *options,
	const char *integration)
{
	*script = (struct script){0};
	for (size_t i = 0; i < ARRAY_SIZE(script->keys); i++)
		buf_init(&script->keys[i], KEY_MAX_BYTES);
	key_integration(&script->keys[0], options->shard, options->org, integration);
	key_secrets(&script->keys[1], options->shard, options->org, integration);
	key_org(&script->keys[2], options->shard, options->org, "integrations");
	key_org(&script->keys[3], options->shard, options->org, "version");
	key_shard(&script->keys[4], options->shard, "orgs");
	script_argument(script, span_of("EVAL"));
	script_argument(script, span_of(source));
	script_argument(script, span_of("5"));
	_Static_assert(ARRAY_SIZE(script->keys) == 5, "the number of keys is written above");
	for (size_t i = 0; i < ARRAY_SIZE(script->keys); i++)
		script_argument(script, (struct span){script->keys[i].data, script->keys[i].len});
}

static void script_release(struct script *script)
{
	for (size_t i = 0; i < ARRAY_SIZE(script->keys); i++)
		buf_release(&script->keys[i]);
	free(script->words);
}

struct redis_answer *script_run(struct script *script, struct cli *cli)
{
	struct error error = {0};
	struct redis_answer *answer = redis_sync_succeed(cli->redis,
		redis_sync_command(cli->redis, script->words, script->count, 0, &error), &error);
	script_release(script);
	if (!answer) {
		fail("%s", error.text);
		return NULL;
	}
	if (answer_is(answer, "type")) {
		fail("the key %s holds a %s where Bellhop keeps a %s: something else wrote it; "
		     "nothing was changed",
			answer_text(answer, 1), answer_text(answer, 2), answer_text(answer, 3));
		redis_answer_free(answer);
		return NULL;
	}
	return answer;
}
