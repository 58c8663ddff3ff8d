/* SPDX-License-Identifier: MIT */
/*
 * redis_async: one connection to Redis on the event loop.
 *
 * The happy path: the name looked up -> connect -> AUTH, SELECT -> up -> commands, answers in their order. What can fail: the name; no connection within
 * CONNECT_MS; Redis refuses the password; it goes away; it stops answering without a reset (the oldest command's deadline
 * passes, and nothing moves on the connection: a long command may be on its way for longer). Each ends in one place, lost(), and
 * from there in the next try.
 */
#include "io/redis_async.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <hiredis/sds.h>
#include <hiredis/adapters/libevent.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/clock.h"
#include "io/name_lookup.h"
#include "io/redis_trouble.h"
#include "io/resp.h"

#define CONNECT_MS   1000 /* for connect, AUTH and SELECT together */
#define PAUSE_MIN_MS 50
#define PAUSE_MAX_MS 400
#define CALM_MS	     1000 /* a connection that lived so long was a good one */
#define WATCH_MS     100
#define STILL_MS     1000 /* a connection on which nothing moved for so long stands still */

struct command {
	struct command *next;
	redis_fn done;
	void *arg;
	int64_t deadline_ms;
};

struct redis_async {
	struct event_base *base;
	const struct redis_url *url;
	struct redis_async_events events;
	void *arg;
	struct name_lookup *lookup;
	redisAsyncContext *context;
	bool up;
	bool refused;
	bool freeing;
	int64_t connect_deadline_ms;
	int64_t up_since_ms; /* 0: it was not up */
	unsigned pause_ms;
	struct event *again;
	struct event *watch;
	uint64_t queued_bytes; /* on this connection */
	/* When last looked at. */
	uint64_t sent_bytes;
	size_t unsent_bytes, unread_bytes;
	int64_t moved_ms;
	struct command *first, *last; /* sent, in order */
	struct command *spare;
	char reason[160];
};

/* The value of the interface is hiredis's own, seen through its accessors. */
static const redisReply *reply_of(const struct redis_value *value)
{
	return (const redisReply *)(const void *)value;
}

enum redis_kind redis_value_kind(const struct redis_value *value)
{
	switch (reply_of(value)->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		return REDIS_KIND_TEXT;
	case REDIS_REPLY_INTEGER:
		return REDIS_KIND_INTEGER;
	case REDIS_REPLY_ARRAY:
		return REDIS_KIND_LIST;
	case REDIS_REPLY_ERROR:
		return REDIS_KIND_ERROR;
	default:
		return REDIS_KIND_NIL;
	}
}

struct span redis_value_text(const struct redis_value *value)
{
	const redisReply *reply = reply_of(value);

	if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS &&
		reply->type != REDIS_REPLY_ERROR)
		return (struct span){"", 0};
	return (struct span){reply->str, (size_t)reply->len};
}

int64_t redis_value_integer(const struct redis_value *value)
{
	const redisReply *reply = reply_of(value);

	if (reply->type == REDIS_REPLY_INTEGER)
		return reply->integer;
	if (reply->type == REDIS_REPLY_STRING)
		return strtoll(reply->str, NULL, 10);
	return 0;
}

size_t redis_value_count(const struct redis_value *value)
{
	return reply_of(value)->type == REDIS_REPLY_ARRAY ? reply_of(value)->elements : 0;
}

const struct redis_value *redis_value_at(const struct redis_value *value, size_t index)
{
	BUG_ON(index >= redis_value_count(value));
	return (const struct redis_value *)(const void *)reply_of(value)->element[index];
}

const char *redis_value_error(const struct redis_value *value)
{
	return reply_of(value)->type == REDIS_REPLY_ERROR ? reply_of(value)->str : NULL;
}

static void arm(struct event *timer, int64_t ms)
{
	struct timeval wait = {ms / 1000, (ms % 1000) * 1000};

	event_add(timer, &wait);
}

static void try_again(struct redis_async *redis)
{
	if (redis->up_since_ms > 0 && clock_now_ms() - redis->up_since_ms >= CALM_MS)
		redis->pause_ms = PAUSE_MIN_MS;
	redis->up_since_ms = 0;
	arm(redis->again, redis->pause_ms / 2 + randombytes_uniform(redis->pause_ms / 2 + 1));
	redis->pause_ms = redis->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : redis->pause_ms * 2;
}

/* Every loss ends here; hiredis has called all outstanding callbacks by then, or the context never was connected. */
static void lost(struct redis_async *redis, const char *reason)
{
	bool refused = redis->refused;

	redis->context = NULL;
	redis->up = false;
	redis->refused = false;
	event_del(redis->watch);
	if (redis->freeing)
		return;
	try_again(redis);
	redis->events.down(redis->arg, redis->reason[0] != '\0' ? redis->reason : reason, refused);
	redis->reason[0] = '\0';
}

static void on_connect(const redisAsyncContext *context, int status)
{
	if (status != REDIS_OK)
		lost(context->data, context->errstr);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	lost(context->data, status == REDIS_OK ? "closed" : context->errstr);
}

void redis_async_drop(struct redis_async *redis, const char *reason)
{
	redisAsyncContext *context = redis->context;

	if (context == NULL)
		return;
	snprintf(redis->reason, sizeof(redis->reason), "%s", reason);
	redis->up = false;
	if (context->c.flags & REDIS_CONNECTED) {
		redisAsyncFree(context); /* ends in on_disconnect() */
		return;
	}
	redisAsyncFree(context);
	if (redis->context != NULL)
		lost(redis, reason);
}

/* Of what was to be sent, what the other side's kernel does not have yet (tcp(7), unix(7): SIOCOUTQ). */
static size_t count_unsent(const redisContext *context)
{
	size_t ours = context->obuf != NULL ? sdslen(context->obuf) : 0;
	int kernels = 0;

	if (ioctl(context->fd, SIOCOUTQ, &kernels) < 0 || kernels < 0)
		kernels = 0;
	return ours + (size_t)kernels;
}

/* Something long is on its way, out or in. What goes out between two looks tells nothing of whoever is to read it. */
static void look_whether_it_moves(struct redis_async *redis, int64_t now_ms)
{
	const redisContext *context = &redis->context->c;
	size_t unsent = count_unsent(context);
	size_t unread = context->reader->len;
	uint64_t sent = redis->queued_bytes - unsent;

	if ((redis->unsent_bytes > 0 && sent != redis->sent_bytes) ||
		(unread > 0 && unread != redis->unread_bytes))
		redis->moved_ms = now_ms;
	redis->sent_bytes = sent;
	redis->unsent_bytes = unsent;
	redis->unread_bytes = unread;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct redis_async *redis = arg;
	int64_t now = clock_now_ms();

	(void)fd;
	(void)what;
	if (!redis->up && now > redis->connect_deadline_ms)
		redis_async_drop(redis, "no answer to the connection");
	if (!redis->up || redis->first == NULL)
		return;
	look_whether_it_moves(redis, now);
	if (now > redis->first->deadline_ms && now - redis->moved_ms > STILL_MS)
		redis_async_drop(redis, "a command was not answered in time");
}

static void on_answer(redisAsyncContext *context, void *answer, void *privdata)
{
	struct redis_async *redis = context->data;
	struct command *command = privdata;
	redis_fn done = command->done;
	void *arg = command->arg;

	BUG_ON(redis->first != command);
	redis->first = command->next;
	if (redis->first == NULL)
		redis->last = NULL;
	command->next = redis->spare;
	redis->spare = command;
	done(arg, answer);
}

static struct command *new_command(
	struct redis_async *redis, redis_fn done, void *arg, uint32_t timeout_ms)
{
	struct command *command = redis->spare;

	if (command != NULL)
		redis->spare = command->next;
	else
		command = xmalloc(sizeof(*command));
	*command = (struct command){NULL, done, arg, clock_now_ms() + timeout_ms};
	if (redis->last != NULL)
		redis->last->next = command;
	else
		redis->first = command;
	redis->last = command;
	return command;
}

static void send_now(struct redis_async *redis, const struct buf *text, uint32_t timeout_ms,
	redis_fn done, void *arg)
{
	struct command *command = new_command(redis, done, arg, timeout_ms);

	BUG_ON(text->overflowed);
	redis->queued_bytes += text->len;
	if (redisAsyncFormattedCommand(redis->context, on_answer, command, text->data, text->len) !=
		REDIS_OK)
		BUG("hiredis refused a command: %s", redis->context->errstr);
}

bool redis_async_send(struct redis_async *redis, const struct buf *command, uint32_t timeout_ms,
	redis_fn done, void *arg)
{
	if (!redis->up || (redis->context->c.flags & (REDIS_DISCONNECTING | REDIS_FREEING)))
		return false;
	send_now(redis, command, timeout_ms, done, arg);
	return true;
}

/* What is not known is a matter of configuration. */
static bool is_refusal(const char *error)
{
	const struct redis_trouble *trouble = redis_trouble_of(error);

	return trouble == NULL || trouble->setting || trouble == redis_trouble_other();
}

static void on_auth(void *arg, const struct redis_value *value)
{
	struct redis_async *redis = arg;
	const char *error = value != NULL ? redis_value_error(value) : NULL;

	if (error == NULL || redis->refused)
		return;
	redis->refused = is_refusal(error);
	snprintf(redis->reason, sizeof(redis->reason), "%s", error);
}

static void on_ready(void *arg, const struct redis_value *value)
{
	struct redis_async *redis = arg;

	if (value == NULL)
		return;
	on_auth(redis, value);
	if (redis->reason[0] != '\0') {
		char reason[sizeof(redis->reason)];

		memcpy(reason, redis->reason, sizeof(reason));
		redis_async_drop(redis, reason);
		return;
	}
	redis->up = true;
	redis->up_since_ms = clock_now_ms();
	redis->events.up(redis->arg);
}

/* AUTH, SELECT, and a PING that tells that both were taken and that Redis is done loading. */
static void shake_hands(struct redis_async *redis)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	if (redis->url->password != NULL) {
		resp_head(&text, redis->url->user != NULL ? 3 : 2);
		resp_string(&text, "AUTH");
		if (redis->url->user != NULL)
			resp_string(&text, redis->url->user);
		resp_string(&text, redis->url->password);
		send_now(redis, &text, CONNECT_MS, on_auth, redis);
		sodium_memzero(text.data, text.len);
		buf_clear(&text);
	}
	if (redis->url->db != 0) {
		resp_head(&text, 2);
		resp_string(&text, "SELECT");
		resp_integer(&text, redis->url->db);
		send_now(redis, &text, CONNECT_MS, on_auth, redis);
		buf_clear(&text);
	}
	resp_head(&text, 1);
	resp_string(&text, "PING");
	send_now(redis, &text, CONNECT_MS, on_ready, redis);
	buf_release(&text);
}

/* `address` is numeric: hiredis would look a name up, and block for it. NULL: the unix socket. */
static void connect_to(struct redis_async *redis, const char *address)
{
	redisAsyncContext *context = address != NULL ? redisAsyncConnect(address, redis->url->port)
						     : redisAsyncConnectUnix(redis->url->path);

	if (context == NULL || context->err != 0) {
		char reason[160];

		snprintf(reason, sizeof(reason), "%s",
			context != NULL ? context->errstr : "out of memory");
		if (context != NULL)
			redisAsyncFree(context);
		lost(redis, reason);
		return;
	}
	redis->context = context;
	redis->connect_deadline_ms = clock_now_ms() + CONNECT_MS;
	redis->queued_bytes = redis->sent_bytes = 0;
	redis->unsent_bytes = redis->unread_bytes = 0;
	redis->moved_ms = 0;
	context->data = redis;
	redisLibeventAttach(context, redis->base);
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	arm(redis->watch, WATCH_MS);
	shake_hands(redis);
}

static void on_address(void *arg, const char *address, const char *reason)
{
	struct redis_async *redis = arg;
	char text[160];

	redis->lookup = NULL;
	if (address != NULL) {
		connect_to(redis, address);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", redis->url->host, reason);
	lost(redis, text);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct redis_async *redis = arg;

	(void)fd;
	(void)what;
	if (redis->url->path != NULL)
		connect_to(redis, NULL);
	else
		redis->lookup = name_lookup_start(redis->base, redis->url->host, on_address, redis);
}

struct redis_async *redis_async_new(struct event_base *base, const struct redis_url *url,
	const struct redis_async_events *events, void *arg)
{
	struct redis_async *redis = xcalloc(1, sizeof(*redis));

	redis->base = base;
	redis->url = url;
	redis->events = *events;
	redis->arg = arg;
	redis->pause_ms = PAUSE_MIN_MS;
	redis->again = evtimer_new(base, on_again, redis);
	redis->watch = event_new(base, -1, EV_PERSIST, on_watch, redis);
	event_active(redis->again, EV_TIMEOUT, 0);
	return redis;
}

void redis_async_free(struct redis_async *redis)
{
	if (redis == NULL)
		return;
	redis->freeing = true;
	redis->up = false;
	if (redis->context != NULL)
		redisAsyncFree(redis->context);
	name_lookup_cancel(redis->lookup);
	event_free(redis->again);
	event_free(redis->watch);
	while (redis->spare != NULL) {
		struct command *command = redis->spare;

		redis->spare = command->next;
		free(command);
	}
	free(redis);
}

bool redis_async_is_up(const struct redis_async *redis)
{
	return redis->up;
}

bool redis_async_peer(const struct redis_async *redis, struct sockaddr_storage *peer)
{
	socklen_t len = sizeof(*peer);

	return redis->up && redis->url->path == NULL &&
	       getpeername(redis->context->c.fd, (struct sockaddr *)peer, &len) == 0;
}
