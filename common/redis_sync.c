/* SPDX-License-Identifier: MIT */
/* redis_sync: a connection to Redis that waits for each answer; what goes wrong becomes a line that says what to do. */
#include "bellhop/redis_sync.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"

#define TIMEOUT_MS 5000
#define WORDS_MAX  8

struct redis_sync {
	redisContext *context; /* NULL once it is of no more use */
	char *shown;
	uint32_t timeout_ms; /* what the socket is set to */
};

/* Error answers that a person can do something about, by their first word. */
static const struct hint {
	const char *word;
	const char *advice;
} hints[] = {
	{"NOAUTH", "asks for a password: put it in a file and name that with "
		   "--redis-password-file (BELLHOP_REDIS_PASSWORD_FILE)"},
	{"WRONGPASS", "refused the user name or password: check the URL and --redis-password-file "
		      "(BELLHOP_REDIS_PASSWORD_FILE)"},
	{"LOADING", "is still reading its data: try again in a moment"},
	{"READONLY", "is a read-only replica: point --redis-url (BELLHOP_REDIS_URL) at its master"},
	{"MOVED", "is a node of a cluster that does not hold this shard: point --redis-url "
		  "(BELLHOP_REDIS_URL) at the one that does"},
	{"MASTERDOWN", "has lost its master: try again when it is back"},
	{"OOM", "is out of memory: nothing was changed"},
	{"MISCONF", "cannot save its data and takes no writes: see its log"},
	{"BUSY", "is busy with a script: try again in a moment"},
	{"EXECABORT", "did not carry out the change: nothing was changed"},
};

static int explain(const struct redis_sync *redis, const char *text, struct error *error)
{
	size_t word = strcspn(text, " ");
	if (strncmp(text, "NOPERM", word) == 0 && word == strlen("NOPERM"))
		return error_set(error, ERROR_INTERNAL,
			"Redis at %s does not let this user do that (%s): its operator can allow "
			"it "
			"with an ACL rule",
			redis->shown, text);
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (strlen(hints[i].word) == word && strncmp(hints[i].word, text, word) == 0)
			return error_set(error, ERROR_INTERNAL, "Redis at %s %s", redis->shown,
				hints[i].advice);
	return error_set(error, ERROR_INTERNAL, "Redis at %s answered: %s", redis->shown, text);
}

static struct timeval timeval_of(uint32_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* Newer versions of hiredis have a code for it. */
static bool timed_out(int code)
{
#ifdef REDIS_ERR_TIMEOUT
	if (code == REDIS_ERR_TIMEOUT)
		return true;
#endif
	return code == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* The connection is lost; a context on which a command failed is of no more use. */
static int lost(struct redis_sync *redis, struct error *error)
{
	const redisContext *context = redis->context;
	if (timed_out(context->err))
		error_set(error, ERROR_INTERNAL, "Redis at %s did not answer within %u ms",
			redis->shown, redis->timeout_ms);
	else if (context->err == REDIS_ERR_EOF)
		error_set(error, ERROR_INTERNAL, "Redis at %s closed the connection", redis->shown);
	else
		error_set(error, ERROR_INTERNAL, "the connection to Redis at %s broke: %s",
			redis->shown, context->errstr);
	redisFree(redis->context);
	redis->context = NULL;
	return -1;
}

static void answer_fill(struct redis_answer *answer, const redisReply *reply)
{
	*answer = (struct redis_answer){.type = REDIS_NIL};
	switch (reply->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_ERROR:
		answer->type = reply->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_STRING;
		answer->text = xmemdup(reply->str, reply->len);
		answer->len = reply->len;
		break;
	case REDIS_REPLY_INTEGER:
		answer->type = REDIS_INTEGER;
		answer->integer = reply->integer;
		break;
	case REDIS_REPLY_ARRAY:
		answer->type = REDIS_ARRAY;
		answer->count = reply->elements;
		answer->items = xcalloc(reply->elements, sizeof(*answer->items));
		for (size_t i = 0; i < reply->elements; i++)
			answer_fill(&answer->items[i], reply->element[i]);
		break;
	default:
		break;
	}
}

static void answer_release(struct redis_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		answer_release(&answer->items[i]);
	free(answer->items);
	free(answer->text);
}

void redis_answer_free(struct redis_answer *answer)
{
	if (answer)
		answer_release(answer);
	free(answer);
}

static int set_timeout(struct redis_sync *redis, uint32_t timeout_ms, struct error *error)
{
	timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_MS;
	if (timeout_ms == redis->timeout_ms)
		return 0;
	if (redisSetTimeout(redis->context, timeval_of(timeout_ms)) != REDIS_OK)
		return lost(redis, error);
	redis->timeout_ms = timeout_ms;
	return 0;
}

struct redis_answer *redis_sync_command(struct redis_sync *redis, const struct span *words,
	size_t count, uint32_t timeout_ms, struct error *error)
{
	if (!redis->context) {
		error_set(error, ERROR_INTERNAL, "the connection to Redis at %s is lost",
			redis->shown);
		return NULL;
	}
	if (set_timeout(redis, timeout_ms, error) < 0)
		return NULL;
	const char **texts = xcalloc(count, sizeof(*texts));
	size_t *lengths = xcalloc(count, sizeof(*lengths));
	for (size_t i = 0; i < count; i++) {
		texts[i] = words[i].data;
		lengths[i] = words[i].len;
	}
	redisReply *reply = redisCommandArgv(redis->context, (int)count, texts, lengths);
	int cause = errno;
	free(texts);
	free(lengths);
	if (!reply) {
		errno = cause;
		lost(redis, error);
		return NULL;
	}
	struct redis_answer *answer = xcalloc(1, sizeof(*answer));
	answer_fill(answer, reply);
	freeReplyObject(reply);
	return answer;
}

struct redis_answer *redis_sync_succeed(
	const struct redis_sync *redis, struct redis_answer *answer, struct error *error)
{
	if (!answer || answer->type != REDIS_ERROR)
		return answer;
	explain(redis, answer->text, error);
	redis_answer_free(answer);
	return NULL;
}

struct redis_answer *redis_sync_do(
	struct redis_sync *redis, const char *const *words, struct error *error)
{
	struct span spans[WORDS_MAX];
	size_t count = 0;
	for (; words[count]; count++) {
		BUG_ON(count == WORDS_MAX);
		spans[count] = span_of(words[count]);
	}
	return redis_sync_succeed(redis, redis_sync_command(redis, spans, count, 0, error), error);
}

static redisContext *connect_to(const struct redis_url *url)
{
	struct timeval timeout = timeval_of(TIMEOUT_MS);
	if (url->path)
		return redisConnectUnixWithTimeout(url->path, timeout);
	redisContext *context = redisConnectWithTimeout(url->host, url->port, timeout);
	/* Small systems have no /etc/hosts, and the name is this machine's there too (RFC 6761). */
	if (context && context->err == REDIS_ERR_OTHER && strcasecmp(url->host, "localhost") == 0) {
		redisFree(context);
		context = redisConnectWithTimeout("127.0.0.1", url->port, timeout);
	}
	return context;
}

static int authenticate(struct redis_sync *redis, const struct redis_url *url, struct error *error)
{
	struct redis_answer *answer;
	if (!url->password)
		return 0;
	if (url->user)
		answer = redis_sync_do(redis, REDIS_WORDS("AUTH", url->user, url->password), error);
	else
		answer = redis_sync_do(redis, REDIS_WORDS("AUTH", url->password), error);
	redis_answer_free(answer);
	return answer ? 0 : -1;
}

/* Also the first command where there is no password: a server that wants one says so here. */
static int select_database(
	struct redis_sync *redis, const struct redis_url *url, struct error *error)
{
	char db[16];
	snprintf(db, sizeof(db), "%u", url->db);
	struct redis_answer *answer = redis_sync_do(redis, REDIS_WORDS("SELECT", db), error);
	redis_answer_free(answer);
	return answer ? 0 : -1;
}

struct redis_sync *redis_sync_open(const struct redis_url *url, struct error *error)
{
	struct redis_sync *redis = xcalloc(1, sizeof(*redis));
	redis->shown = xstrdup(url->shown);
	redis->context = connect_to(url);
	if (!redis->context)
		BUG("no memory for a connection");
	if (redis->context->err) {
		error_set(error, ERROR_INTERNAL,
			"cannot reach Redis at %s: %s; start it, or say where it is with "
			"--redis-url "
			"(BELLHOP_REDIS_URL)",
			url->shown, redis->context->errstr);
	} else if (set_timeout(redis, 0, error) == 0 && authenticate(redis, url, error) == 0 &&
		   select_database(redis, url, error) == 0) {
		return redis;
	}
	redis_sync_close(redis);
	return NULL;
}

void redis_sync_close(struct redis_sync *redis)
{
	if (!redis)
		return;
	if (redis->context)
		redisFree(redis->context);
	free(redis->shown);
	free(redis);
}
