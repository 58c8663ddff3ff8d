/* SPDX-License-Identifier: MIT */
/*
 * dead retry: puts the message of an entry back onto its queue, unless that could make a call twice that may not be
 * made twice.
 *
 * A worker meets the id's mark and result; what it cannot meet is what they have forgotten. So the audit log and the
 * entry's own reason are asked too whether the call was begun before.
 */
#include <stdio.h>
#include <string.h>

#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "cli/answer.h"
#include "cli/dead_entry.h"
#include "cli/dead_past.h"
#include "cli/stored.h"

#define KEY_MAX_BYTES	 1024
#define RESULT_MAX_BYTES (64 * 1024)
#define REPLACED	 "\xef\xbf\xbd" /* U+FFFD */

/*
 * KEYS  dead, the queue, begun, result
 * ARGV  the entry, payload, the mark's name or '', digest or '', '1' where the call may be repeated,
 *       '1' where it was begun before and may not be
 *
 * Answers  'gone'; 'type', key, its type, the type it should have; 'begun'; 'conflict'; 'answered', status; 'retried'.
 *
 * The result of a call that failed and may be repeated is removed, for it would be the answer again. Redis undoes nothing: the
 * payload is on its queue before the entry goes.
 */
static const char retry_source[] =
	"for i, kind in ipairs({'list', 'list', 'hash'}) do\n"
	"  local found = redis.call('TYPE', KEYS[i]).ok\n"
	"  if found ~= 'none' and found ~= kind then return {'type', KEYS[i], found, kind} end\n"
	"end\n"
	"if not redis.call('LPOS', KEYS[1], ARGV[1], 'RANK', -1) then return {'gone'} end\n"
	"local forget = false\n"
	"if ARGV[3] ~= '' then\n"
	"  if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then return {'begun'} end\n"
	"  local result = redis.pcall('GET', KEYS[4])\n"
	"  if type(result) == 'string' then\n"
	"    local status, sent, digest = string.match(result,\n"
	"      '^{\"v\":1,\"status\":\"([%a_]+)\",\"sent\":\"(%a+)\",\"digest\":\"([^\"]*)\"')\n"
	"    if status and not (status == 'failed' and sent == 'no') then\n"
	"      if ARGV[4] ~= '' and digest ~= ARGV[4] then return {'conflict'} end\n"
	"      if status ~= 'failed' or ARGV[5] ~= '1' then return {'answered', status} end\n"
	"      forget = true\n"
	"    end\n"
	"  end\n"
	"end\n"
	"if ARGV[6] == '1' then return {'answered', 'failed'} end\n"
	"redis.call('LPUSH', KEYS[2], ARGV[2])\n"
	"if forget then redis.call('DEL', KEYS[4]) end\n"
	"redis.call('LREM', KEYS[1], -1, ARGV[1])\n"
	"return {'retried'}\n";

/* What was typed, and what is known of the entry. */
struct retry {
	const char *number;
	struct dead_entry entry;
	bool repeatable; /* the call, as its action is defined now */
	bool begun;	 /* it was begun before; asked where it may not be repeated */
};

static int read_queue(const char *text, enum queue *queue)
{
	for (*queue = 0; *queue < QUEUE_COUNT; (*queue)++)
		if (strcmp(text, queue_name(*queue)) == 0)
			return EXIT_DONE;
	return misuse("--queue takes decisions, chat or workflow");
}

/* The queue says what a message is and who asked, so an entry goes back only to the one it came from. */
static int choose_queue(struct retry *retry, const char *typed)
{
	struct dead_entry *entry = &retry->entry;
	enum queue queue = entry->queue;
	int status = typed ? read_queue(typed, &queue) : EXIT_DONE;
	if (status)
		return status;
	if (!typed && !entry->has_queue)
		return misuse("which queue? The reason of entry %s names none: give --queue "
			      "decisions, chat or workflow",
			retry->number);
	if (entry->has_queue && queue != entry->queue)
		return fail("entry %s came from %s and can go back there only", retry->number,
			queue_name(entry->queue));
	dead_entry_set_queue(entry, queue);
	return EXIT_DONE;
}

/* Whether the payload is, to the byte, what was pushed. */
static int check_whole(const struct retry *retry)
{
	const struct dead_entry *entry = &retry->entry;
	if (!entry->is_entry)
		return fail("entry %s is none that a worker wrote", retry->number);
	if (entry->cut)
		return fail("the payload of entry %s was cut at 64 KiB, or may have been: push "
			    "the whole of it anew",
			retry->number);
	if (memmem(entry->payload.data, entry->payload.len, REPLACED, strlen(REPLACED)))
		return fail("the payload of entry %s holds U+FFFD, which stands for bytes that "
			    "were not UTF-8: push what was meant anew",
			retry->number);
	return EXIT_DONE;
}

static int check_deadline(const struct retry *retry, struct cli *cli)
{
	int64_t now_ms;
	int status = cli_now(cli, &now_ms);
	if (status || retry->entry.message.deadline_ms == 0 ||
		now_ms < retry->entry.message.deadline_ms)
		return status;
	return fail("the deadline of entry %s has passed: push it anew with a later one",
		retry->number);
}

/* Whether the action's call may be made twice; of what cannot be found it may not. */
static int ask_repeatable(struct retry *retry, struct cli *cli)
{
	struct message *message = &retry->entry.message;
	char *org = cli->options.org;
	struct document document;
	struct stored stored;
	bool found;
	if (!retry->entry.is_message || message->decision != DECISION_NONE)
		return EXIT_DONE;
	cli->options.org = message->org.text;
	int status = stored_find(&stored, cli, message->integration.text, &found);
	cli->options.org = org;
	if (status || !found)
		return status;
	document_init(&document);
	stored_document(&stored, &cli->rules, &document);
	if (document.definition) {
		const struct action *action =
			definition_action(document.definition, message->action.text);
		retry->repeatable = action && action->idempotency != IDEMPOTENCY_NONE;
	}
	document_release(&document);
	stored_release(&stored);
	return EXIT_DONE;
}

static int refuse_begun(const struct retry *retry)
{
	const struct message *message = &retry->entry.message;
	return fail("%s of org %s was begun and may not be repeated: look at the upstream, then "
		    "drop entry %s or push it under a new id",
		message->id.text, message->org.text, retry->number);
}

static void print_retried(const struct cli *cli, const struct retry *retry)
{
	const struct dead_entry *entry = &retry->entry;
	struct buf out;
	if (!entry->is_message)
		note("warning: this is no %s, as far as this tool can tell: it will be refused "
		     "again",
			entry->queue == QUEUE_DECISIONS ? "decision" : "job");
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		buf_printf(&out, "{\"n\":%s,\"retried\":true,\"queue\":\"%s\"", retry->number,
			queue_name(entry->queue));
		if (entry->message.org.len)
			buf_printf(&out, ",\"org\":\"%s\"", entry->message.org.text);
		if (entry->message.id.len)
			buf_printf(&out, ",\"id\":\"%s\"", entry->message.id.text);
		buf_add_char(&out, '}');
	} else {
		buf_printf(&out, "%s: back on %s", retry->number, queue_name(entry->queue));
		if (entry->message.id.len)
			buf_printf(
				&out, ", %s %s", entry->message.org.text, entry->message.id.text);
	}
	print_buf(&out);
	buf_release(&out);
}

static int report(
	const struct cli *cli, const struct retry *retry, const struct redis_answer *answer)
{
	const struct message *message = &retry->entry.message;
	const char *id = message->id.text;
	const char *org = message->org.text;
	if (answer_is(answer, "type"))
		return fail("the key %s holds a %s where Bellhop keeps a %s: something else wrote "
			    "it; nothing was changed",
			answer_text(answer, 1), answer_text(answer, 2), answer_text(answer, 3));
	if (answer_is(answer, "gone"))
		return fail(
			"entry %s went while it was looked at: nothing was changed", retry->number);
	if (answer_is(answer, "begun"))
		return fail("%s of org %s is under way: it has not ended yet", id, org);
	if (answer_is(answer, "conflict"))
		return fail("the id %s of org %s was used for another job since: push it under a "
			    "new id",
			id, org);
	if (answer_is(answer, "answered") && strcmp(answer_text(answer, 1), "failed") == 0)
		return refuse_begun(retry);
	if (answer_is(answer, "answered"))
		return fail(
			"%s of org %s was answered already (%s)", id, org, answer_text(answer, 1));
	print_retried(cli, retry);
	return EXIT_DONE;
}

/* Keys of the script, and the mark's name; without an org and an id there is neither mark nor result. */
struct retry_keys {
	struct buf dead, queue, begun, result, mark;
};

static void keys_make(struct retry_keys *keys, const struct retry *retry, const char *shard)
{
	const struct message *message = &retry->entry.message;
	struct buf *all[] = {&keys->dead, &keys->queue, &keys->begun, &keys->result, &keys->mark};
	char tail[64];
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		buf_init(all[i], KEY_MAX_BYTES);
	snprintf(tail, sizeof(tail), "jobs:%s", queue_name(retry->entry.queue));
	key_shard(&keys->dead, shard, "dead");
	key_shard(&keys->queue, shard, tail);
	key_shard(&keys->begun, shard, "begun");
	key_result(&keys->result, shard, message->org.text, message->id.text);
	if (message->org.len && message->id.len)
		buf_printf(&keys->mark, "%s:%s", message->org.text, message->id.text);
}

static void keys_release(struct retry_keys *keys)
{
	buf_release(&keys->dead);
	buf_release(&keys->queue);
	buf_release(&keys->begun);
	buf_release(&keys->result);
	buf_release(&keys->mark);
}

static struct span span_of_buf(const struct buf *buf)
{
	return (struct span){buf->data, buf->len};
}

static int put_back(const struct retry *retry, struct cli *cli)
{
	struct error error = {0};
	struct retry_keys keys;
	/* The digest of what is no message is that of its bytes, not of what was asked. */
	const char *digest = retry->entry.is_message ? retry->entry.message.digest : "";
	keys_make(&keys, retry, cli->options.shard);
	const struct span words[] = {span_of("EVAL"), span_of(retry_source), span_of("4"),
		span_of_buf(&keys.dead), span_of_buf(&keys.queue), span_of_buf(&keys.begun),
		span_of_buf(&keys.result), span_of_buf(&retry->entry.text),
		span_of_buf(&retry->entry.payload), span_of_buf(&keys.mark), span_of(digest),
		span_of(retry->repeatable ? "1" : "0"), span_of(retry->begun ? "1" : "0")};
	struct redis_answer *answer = redis_sync_succeed(cli->redis,
		redis_sync_command(cli->redis, words, ARRAY_SIZE(words), 0, &error), &error);
	keys_release(&keys);
	if (!answer)
		return fail("%s", error.text);
	int status = report(cli, retry, answer);
	redis_answer_free(answer);
	return status;
}

static int run(struct retry *retry, struct cli *cli, const char *queue)
{
	int status = dead_entry_load(&retry->entry, cli, retry->number);
	if (status == EXIT_DONE)
		status = check_whole(retry);
	if (status == EXIT_DONE)
		status = choose_queue(retry, queue);
	if (status == EXIT_DONE)
		status = check_deadline(retry, cli);
	if (status == EXIT_DONE)
		status = ask_repeatable(retry, cli);
	if (status == EXIT_DONE && !retry->repeatable)
		status = dead_past_ask(cli, &retry->entry, &retry->begun);
	return status ? status : put_back(retry, cli);
}

int command_dead_retry(struct cli *cli, int argc, char **argv)
{
	struct retry retry = {0};
	const char *queue = NULL;
	const struct own_option options[] = {{.name = "queue", .value = &queue}};
	int status = cli_arguments(cli, argc, argv, options, 1, 1, 1);
	if (status)
		return status;
	retry.number = argv[0];
	dead_entry_init(&retry.entry);
	status = run(&retry, cli, queue);
	dead_entry_release(&retry.entry);
	return status;
}
