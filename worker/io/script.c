/* SPDX-License-Identifier: MIT */
/* script: calls of the Lua scripts, which the build embeds. */
#include "io/script.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "bellhop/bug.h"
#include "io/clock.h"
#include "io/resp.h"
#include "lua/scripts.h"

#define COMMAND_MAX_BYTES  (512u * 1024 * 1024)
#define COMMAND_KEEP_BYTES (256u * 1024)

static struct {
	const char *text;
	size_t len;
	char sha[41];
	unsigned long loads;
} scripts[SCRIPT_COUNT] = {
#define X(symbol, file) \
	[SCRIPT_##symbol] = {(const char *)script_##file, sizeof(script_##file), "", 0},
	SCRIPTS(X)
#undef X
};

static const char *sha_of(enum script script)
{
	char *sha = scripts[script].sha;

	if (sha[0] == '\0') {
		unsigned char digest[SHA_DIGEST_LENGTH];

		SHA1((const unsigned char *)scripts[script].text, scripts[script].len, digest);
		for (size_t i = 0; i < sizeof(digest); i++)
			snprintf(sha + 2 * i, 3, "%02x", digest[i]);
	}
	return sha;
}

void script_call_init(struct script_call *call, struct redis_async *redis)
{
	*call = (struct script_call){.redis = redis};
	buf_init(&call->command, COMMAND_MAX_BYTES);
}

void script_call_release(struct script_call *call)
{
	buf_release(&call->command);
}

void script_call_begin(struct script_call *call, enum script script, size_t keys, size_t args)
{
	BUG_ON(call->under_way);
	call->script = script;
	buf_shrink(&call->command, COMMAND_KEEP_BYTES);
	resp_head(&call->command, 3 + keys + args);
	resp_string(&call->command, "EVALSHA");
	resp_string(&call->command, sha_of(script));
	resp_integer(&call->command, (int64_t)keys);
}

static void finish(struct script_call *call, const struct redis_value *value)
{
	call->under_way = false;
	call->done(call->arg, value);
}

static void on_loaded(void *arg, const struct redis_value *value)
{
	(void)arg;
	(void)value; /* what failed shows in the answer to the call behind it */
}

static void on_second_answer(void *arg, const struct redis_value *value)
{
	finish(arg, value);
}

static bool load_and_send(struct script_call *call)
{
	struct buf text;
	bool sent;

	scripts[call->script].loads++;
	call->asked_us = clock_now_us();
	buf_init(&text, COMMAND_MAX_BYTES);
	resp_head(&text, 3);
	resp_string(&text, "SCRIPT");
	resp_string(&text, "LOAD");
	resp_word(&text, scripts[call->script].text, scripts[call->script].len);
	sent = redis_async_send(call->redis, &text, call->timeout_ms, on_loaded, NULL) &&
	       redis_async_send(
		       call->redis, &call->command, call->timeout_ms, on_second_answer, call);
	buf_release(&text);
	return sent;
}

static void on_answer(void *arg, const struct redis_value *value)
{
	struct script_call *call = arg;
	const char *error = value != NULL ? redis_value_error(value) : NULL;

	if (error != NULL && strncmp(error, "NOSCRIPT", 8) == 0 && load_and_send(call))
		return;
	finish(call, value);
}

bool script_call_send(struct script_call *call, uint32_t timeout_ms, redis_fn done, void *arg)
{
	BUG_ON(call->under_way);
	call->timeout_ms = timeout_ms;
	call->asked_us = clock_now_us();
	call->done = done;
	call->arg = arg;
	call->under_way =
		redis_async_send(call->redis, &call->command, timeout_ms, on_answer, call);
	return call->under_way;
}

unsigned long script_reloads(void)
{
	unsigned long loads = 0;

	for (int i = 0; i < SCRIPT_COUNT; i++)
		loads += scripts[i].loads > 0 ? scripts[i].loads - 1 : 0;
	return loads;
}
