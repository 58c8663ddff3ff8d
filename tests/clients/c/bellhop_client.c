/* SPDX-License-Identifier: MIT */
/* bellhop_client: commands go over one connection, under a lock; replies come over another, which one thread reads. */
#include "bellhop_client.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#define BLOCK_S	   5  /* how long one BRPOP waits */
#define SILENCE_S  15 /* a peer that is silent for this long is gone */
#define CONNECT_S  2
#define RETRY_MS   500
#define PUSH_TRIES 5

/* Lives on the stack of the thread that waits. */
struct waiter {
	struct waiter *next;
	const char *id;
	json_t *reply;
};

struct bellhop {
	const struct bellhop_options *options;
	char reply_to[32];
	pthread_mutex_t redis_lock; /* guards redis */
	redisContext *redis;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t news;
	struct waiter *waiters;
	redisContext *blocking; /* the reader's; others may only shut it down */
	bool stopping;
	pthread_t reader;
};

static void pause_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		;
}

static bool is_good(redisReply *reply)
{
	bool good = reply != NULL && reply->type != REDIS_REPLY_ERROR;

	if (reply != NULL && !good)
		fprintf(stderr, "bellhop: %s\n", reply->str);
	return good;
}

static bool greet(redisContext *redis, const struct bellhop_options *options)
{
	redisReply *reply;
	bool good = true;

	if (options->password != NULL) {
		reply = redisCommand(redis, "AUTH %s", options->password);
		good = is_good(reply);
		freeReplyObject(reply);
	}
	if (good && options->db != 0) {
		reply = redisCommand(redis, "SELECT %d", options->db);
		good = is_good(reply);
		freeReplyObject(reply);
	}
	return good;
}

static redisContext *connect_redis(const struct bellhop_options *options)
{
	redisContext *redis = redisConnectWithTimeout(
		options->host, options->port, (struct timeval){CONNECT_S, 0});

	if (redis != NULL && redis->err == 0 &&
		redisSetTimeout(redis, (struct timeval){SILENCE_S, 0}) == REDIS_OK &&
		greet(redis, options))
		return redis;
	fprintf(stderr, "bellhop: no Redis: %s\n", redis != NULL ? redis->errstr : "no memory");
	redisFree(redis);
	return NULL;
}

/* NULL: it was not done, or nobody knows. A connection on which a command failed is of no more use. */
static redisReply *command(struct bellhop *bellhop, const char *format, ...)
{
	redisReply *reply = NULL;
	va_list arguments;

	pthread_mutex_lock(&bellhop->redis_lock);
	if (bellhop->redis == NULL)
		bellhop->redis = connect_redis(bellhop->options);
	if (bellhop->redis != NULL) {
		va_start(arguments, format);
		reply = redisvCommand(bellhop->redis, format, arguments);
		va_end(arguments);
	}
	if (reply == NULL && bellhop->redis != NULL) {
		redisFree(bellhop->redis);
		bellhop->redis = NULL;
	}
	pthread_mutex_unlock(&bellhop->redis_lock);
	if (is_good(reply))
		return reply;
	freeReplyObject(reply);
	return NULL;
}

/* Hands a reply to whoever waits for its id. One of somebody who gave up is at result: too. */
static void deliver(struct bellhop *bellhop, const char *text, size_t len)
{
	json_t *reply = json_loadb(text, len, 0, NULL);
	const char *id = json_string_value(json_object_get(reply, "id"));

	pthread_mutex_lock(&bellhop->lock);
	for (struct waiter *waiter = bellhop->waiters; waiter != NULL; waiter = waiter->next)
		if (id != NULL && waiter->reply == NULL && strcmp(waiter->id, id) == 0)
			waiter->reply = json_incref(reply);
	pthread_cond_broadcast(&bellhop->news);
	pthread_mutex_unlock(&bellhop->lock);
	json_decref(reply);
}

/* Makes `redis` the connection that bellhop_free() shuts down, and drops the one before. False where it is time to stop. */
static bool use_blocking(struct bellhop *bellhop, redisContext *redis)
{
	redisContext *before;
	bool go_on;

	pthread_mutex_lock(&bellhop->lock);
	before = bellhop->blocking;
	bellhop->blocking = redis;
	go_on = !bellhop->stopping;
	pthread_mutex_unlock(&bellhop->lock);
	redisFree(before);
	return go_on;
}

/* False where the connection is of no more use. */
static bool read_one(struct bellhop *bellhop)
{
	redisReply *popped = redisCommand(bellhop->blocking, "BRPOP bellhop:{%s}:replies:%s %d",
		bellhop->options->shard, bellhop->reply_to, BLOCK_S);
	bool good = is_good(popped);

	if (good && popped->type == REDIS_REPLY_ARRAY && popped->elements == 2)
		deliver(bellhop, popped->element[1]->str, popped->element[1]->len);
	freeReplyObject(popped);
	return good;
}

/* False where it is time to stop. */
static bool rest(struct bellhop *bellhop)
{
	bool go_on;

	pthread_mutex_lock(&bellhop->lock);
	go_on = !bellhop->stopping;
	pthread_mutex_unlock(&bellhop->lock);
	if (go_on)
		pause_ms(RETRY_MS);
	return go_on;
}

static void *read_replies(void *arg)
{
	struct bellhop *bellhop = arg;

	while (use_blocking(bellhop, connect_redis(bellhop->options))) {
		while (bellhop->blocking != NULL && read_one(bellhop))
			;
		if (!rest(bellhop))
			break;
	}
	use_blocking(bellhop, NULL);
	return NULL;
}

struct bellhop *bellhop_new(const struct bellhop_options *options)
{
	struct bellhop *bellhop = calloc(1, sizeof(*bellhop));
	pthread_condattr_t attributes;
	unsigned long long random;

	/* A new name for each process: nobody else pops our replies, and what is left of it expires. */
	if (bellhop == NULL || getrandom(&random, sizeof(random), 0) != sizeof(random))
		abort();
	snprintf(bellhop->reply_to, sizeof(bellhop->reply_to), "c-%016llx", random);
	bellhop->options = options;
	pthread_mutex_init(&bellhop->redis_lock, NULL);
	pthread_mutex_init(&bellhop->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&bellhop->news, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&bellhop->reader, NULL, read_replies, bellhop) != 0)
		abort();
	return bellhop;
}

void bellhop_free(struct bellhop *bellhop)
{
	pthread_mutex_lock(&bellhop->lock);
	bellhop->stopping = true;
	if (bellhop->blocking != NULL)
		shutdown(bellhop->blocking->fd, SHUT_RDWR); /* ends its BRPOP */
	pthread_mutex_unlock(&bellhop->lock);
	pthread_join(bellhop->reader, NULL);
	redisFree(bellhop->redis);
	pthread_cond_destroy(&bellhop->news);
	pthread_mutex_destroy(&bellhop->lock);
	pthread_mutex_destroy(&bellhop->redis_lock);
	free(bellhop);
}

json_int_t bellhop_now_ms(struct bellhop *bellhop)
{
	redisReply *reply = command(bellhop, "TIME");
	json_int_t now_ms = -1;

	if (reply != NULL && reply->elements == 2)
		now_ms =
			atoll(reply->element[0]->str) * 1000 + atoll(reply->element[1]->str) / 1000;
	freeReplyObject(reply);
	return now_ms;
}

json_t *bellhop_result(struct bellhop *bellhop, const char *org, const char *id)
{
	redisReply *reply =
		command(bellhop, "GET bellhop:{%s}:result:%s:%s", bellhop->options->shard, org, id);
	json_t *result = NULL;

	if (reply != NULL && reply->type == REDIS_REPLY_STRING)
		result = json_loadb(reply->str, reply->len, 0, NULL);
	freeReplyObject(reply);
	return result;
}

/* A push whose answer was lost may have worked. The id makes it safe to push again. */
static bool push(struct bellhop *bellhop, const char *queue, const json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	redisReply *reply = NULL;

	for (int tried = 1; text != NULL; tried++) {
		reply = command(bellhop, "LPUSH bellhop:{%s}:jobs:%s %s", bellhop->options->shard,
			queue, text);
		if (reply != NULL || tried == PUSH_TRIES)
			break;
		pause_ms(RETRY_MS);
	}
	free(text);
	freeReplyObject(reply);
	return reply != NULL;
}

static void wait_for(struct bellhop *bellhop, struct waiter *waiter, int wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&bellhop->lock);
	while (waiter->reply == NULL &&
		pthread_cond_timedwait(&bellhop->news, &bellhop->lock, &until) == 0)
		;
	pthread_mutex_unlock(&bellhop->lock);
}

static void remove_waiter(struct bellhop *bellhop, struct waiter *waiter)
{
	struct waiter **at = &bellhop->waiters;

	pthread_mutex_lock(&bellhop->lock);
	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	pthread_mutex_unlock(&bellhop->lock);
}

json_t *bellhop_run(struct bellhop *bellhop, const char *queue, json_t *message, int wait_ms)
{
	json_t *full = json_copy(message);
	const char *org = json_string_value(json_object_get(full, "org"));
	struct waiter waiter = {.id = json_string_value(json_object_get(full, "id"))};

	json_object_set_new(full, "v", json_integer(1));
	json_object_set_new(full, "reply_to", json_string(bellhop->reply_to));
	pthread_mutex_lock(&bellhop->lock);
	waiter.next = bellhop->waiters;
	bellhop->waiters = &waiter;
	pthread_mutex_unlock(&bellhop->lock);
	if (push(bellhop, queue, full))
		wait_for(bellhop, &waiter, wait_ms);
	remove_waiter(bellhop, &waiter);
	/* The reply may have come to a connection that broke, or to a process that died. */
	if (waiter.reply == NULL)
		waiter.reply = bellhop_result(bellhop, org, waiter.id);
	json_decref(full);
	return waiter.reply;
}
