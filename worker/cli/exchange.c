/* SPDX-License-Identifier: MIT */
/* exchange: pushes a message and waits for its reply. */
#include "cli/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/key.h"

#define KEY_MAX_BYTES	1024
#define REPLY_MAX_BYTES (256 * 1024 * 1024 - 1)
#define TIMEOUT_S	60
#define TIMEOUT_MAX_S	86400
#define GRACE_S		5 /* a call that runs into the deadline is answered a little after it */

static const struct tape_limits reply_limits = {.depth = 256, .values = 16 * 1024 * 1024};

void received_init(struct received *received)
{
	buf_init(&received->text, REPLY_MAX_BYTES);
	json_tape_init(&received->tape);
	received->status = "";
}

void received_release(struct received *received)
{
	json_tape_release(&received->tape);
	buf_release(&received->text);
}

static void random_name(char *name, size_t size, const char *start)
{
	unsigned char bytes[16];
	size_t len = (size_t)snprintf(name, size, "%s", start);
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		BUG("the kernel has no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		len += (size_t)snprintf(name + len, size - len, "%02x", bytes[i]);
}

static bool read_timeout(const char *text, uint32_t *seconds)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 5 || text[digits])
		return false;
	*seconds = (uint32_t)strtoul(text, NULL, 10);
	return *seconds >= 1 && *seconds <= TIMEOUT_MAX_S;
}

int exchange_prepare(struct exchange *exchange)
{
	exchange->timeout_s = TIMEOUT_S;
	if (exchange->timeout && !read_timeout(exchange->timeout, &exchange->timeout_s))
		return misuse("--timeout takes whole seconds from 1 to %d", TIMEOUT_MAX_S);
	if (exchange->id && id_check(exchange->id))
		return EXIT_USAGE;
	random_name(exchange->random_id, sizeof(exchange->random_id), "cli-");
	if (!exchange->id)
		exchange->id = exchange->random_id;
	random_name(exchange->reply_to, sizeof(exchange->reply_to), "cli-");
	return EXIT_DONE;
}

int exchange_begin(const struct exchange *exchange, struct cli *cli, struct buf *message)
{
	int64_t now_ms;
	int status = cli_now(cli, &now_ms);
	if (status)
		return status;
	/* Names need no escapes. */
	buf_printf(message,
		"{\"v\":1,\"id\":\"%s\",\"org\":\"%s\",\"reply_to\":\"%s\",\"deadline_ms\":%lld",
		exchange->id, cli->options.org, exchange->reply_to,
		(long long)(now_ms + (int64_t)exchange->timeout_s * 1000));
	return EXIT_DONE;
}

static int push(struct cli *cli, enum queue queue, const struct buf *message, struct error *error)
{
	struct buf key;
	char tail[64];
	snprintf(tail, sizeof(tail), "jobs:%s", queue_name(queue));
	buf_init(&key, KEY_MAX_BYTES);
	key_shard(&key, cli->options.shard, tail);
	const struct span words[] = {
		span_of("LPUSH"), {key.data, key.len}, {message->data, message->len}};
	struct redis_answer *answer = redis_sync_succeed(cli->redis,
		redis_sync_command(cli->redis, words, ARRAY_SIZE(words), 0, error), error);
	buf_release(&key);
	redis_answer_free(answer);
	return answer ? 0 : -1;
}

static struct redis_answer *pop(const struct exchange *exchange, struct cli *cli,
	const struct buf *key, struct error *error)
{
	char seconds[16];
	uint32_t wait_s = exchange->timeout_s + GRACE_S;
	snprintf(seconds, sizeof(seconds), "%u", wait_s);
	const struct span words[] = {span_of("BRPOP"), {key->data, key->len}, span_of(seconds)};
	return redis_sync_succeed(cli->redis,
		redis_sync_command(
			cli->redis, words, ARRAY_SIZE(words), (wait_s + GRACE_S) * 1000, error),
		error);
}

/* Why nobody answered, as far as Redis can tell. */
static int fail_without_reply(const struct exchange *exchange, struct cli *cli)
{
	struct buf key;
	struct error error = {0};
	buf_init(&key, KEY_MAX_BYTES);
	key_shard(&key, cli->options.shard, "workers");
	struct redis_answer *workers =
		redis_sync_do(cli->redis, REDIS_WORDS("ZCARD", key.data), &error);
	bool none = workers && workers->type == REDIS_INTEGER && workers->integer == 0;
	redis_answer_free(workers);
	buf_release(&key);
	return fail("no reply to %s within %u s%s", exchange->id, exchange->timeout_s,
		none ? ": no worker serves this shard"
		     : "; `bellhop status` shows what is going on");
}

static const char *known_status(const struct json_tape *tape)
{
	uint32_t value =
		tape_type(tape, 0) == TAPE_OBJECT ? tape_member(tape, 0, "status") : TAPE_NONE;
	if (value == TAPE_NONE || tape_type(tape, value) != TAPE_STRING)
		return "";
	for (enum reply_status status = REPLY_SUCCEEDED; status <= REPLY_DECLINED; status++)
		if (tape_string_equals(tape, value, span_of(reply_status_name(status))))
			return reply_status_name(status);
	return "";
}

static int take_received(struct received *received, const struct redis_answer *popped)
{
	buf_clear(&received->text);
	buf_add(&received->text, popped->items[1].text, popped->items[1].len);
	if (json_tape_read(&received->tape, received->text.data, received->text.len, &reply_limits,
		    NULL) < 0)
		return fail("the reply is not JSON");
	received->status = known_status(&received->tape);
	return EXIT_DONE;
}

/* What comes after the end would lie there until it expires. */
static void remove_queue(struct cli *cli, const struct buf *key)
{
	struct error error = {0};
	struct redis_answer *answer =
		redis_sync_do(cli->redis, REDIS_WORDS("DEL", key->data), &error);
	redis_answer_free(answer); /* where it fails, REPLY_TTL removes it */
}

int exchange_run(const struct exchange *exchange, struct cli *cli, enum queue queue,
	const struct buf *message, struct received *received)
{
	struct error error = {0};
	struct buf key;
	int status;
	buf_init(&key, KEY_MAX_BYTES);
	key_replies(&key, cli->options.shard, exchange->reply_to);
	struct redis_answer *popped = NULL;
	if (push(cli, queue, message, &error) == 0)
		popped = pop(exchange, cli, &key, &error);
	if (!popped)
		status = fail("%s", error.text);
	else if (popped->count < 2)
		status = fail_without_reply(exchange, cli);
	else
		status = take_received(received, popped);
	redis_answer_free(popped);
	remove_queue(cli, &key);
	buf_release(&key);
	return status;
}

void received_member(
	const struct received *received, uint32_t object, const char *name, struct buf *out)
{
	const struct json_tape *tape = &received->tape;
	if (object == TAPE_NONE || tape_type(tape, object) != TAPE_OBJECT)
		return;
	uint32_t value = tape_member(tape, object, name);
	if (value == TAPE_NONE)
		return;
	struct span raw = tape_raw(tape, value);
	if (tape_type(tape, value) == TAPE_STRING)
		tape_string(tape, value, out);
	else
		buf_add(out, raw.data, raw.len);
}

void received_print(const struct cli *cli, const struct received *received)
{
	struct buf code, message;
	print_json(&received->text, cli->options.json);
	if (strcmp(received->status, "failed") != 0)
		return;
	uint32_t error = tape_member(&received->tape, 0, "error");
	buf_init(&code, REPLY_MAX_BYTES);
	buf_init(&message, REPLY_MAX_BYTES);
	received_member(received, error, "code", &code);
	received_member(received, error, "message", &message);
	fail("%s: %s", code.data, message.data);
	buf_release(&code);
	buf_release(&message);
}
