/* SPDX-License-Identifier: MIT */
/* redis_settle: the settles of turn.lua: the one end of every job, and what goes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/bug.h"
#include "io/turn.h"
#include "loop.h"
#include "redis_turn.h"
#include "rows.h"

#define AUDIT_FIELDS 12

struct done {
	struct asker asker;
	unsigned flags;
	struct word reply;
	const char *waiting, *calls, *replies;
	const char *audit[AUDIT_FIELDS];
	struct basis basis;
	const char *confirm, *pending, *token; /* pending, decline, unuse */
	int64_t expires_ms, keep_s;
	const char *frozen, *used, *confirm_version;
	struct word entry; /* dead */
};

static void read_token(struct done *done, struct words *args)
{
	if (done->flags & TURN_PENDING) {
		done->token = words_text(args);
		done->expires_ms = words_number(args);
		done->keep_s = words_number(args);
		done->frozen = words_text(args);
	}
	if (done->flags & TURN_DECLINE) {
		done->token = words_text(args);
		done->confirm_version = words_text(args);
		done->used = words_text(args);
	}
	if (done->flags & TURN_UNUSE) {
		done->token = words_text(args);
		done->expires_ms = words_number(args);
		done->used = words_text(args);
	}
}

static struct done read_done(struct words *keys, struct words *args)
{
	struct done done = {0};

	done.asker.result = words_text(keys);
	done.waiting = words_text(keys);
	done.asker.field = words_text(args);
	done.asker.name = words_text(args);
	done.asker.birth = words_text(args);
	done.asker.token = words_text(args);
	done.asker.digest = words_text(args);
	done.flags = (unsigned)words_number(args);
	done.reply = words_take(args);
	if (done.flags & TURN_AUDIT) {
		done.calls = words_text(keys);
		for (size_t i = 0; i < AUDIT_FIELDS; i++)
			done.audit[i] = words_text(args);
	}
	if (done.flags & TURN_REPLY)
		done.replies = words_text(keys);
	if (done.flags & TURN_BASIS) {
		done.basis.integration = words_text(keys);
		done.basis.secrets = words_text(keys);
		done.basis.version = words_text(args);
		done.basis.action = words_text(args);
		turn_read_secrets(args, &done.basis);
	}
	if (done.flags & (TURN_PENDING | TURN_DECLINE | TURN_UNUSE)) {
		done.confirm = words_text(keys);
		done.pending = words_text(keys);
		read_token(&done, args);
	}
	if (done.flags & TURN_DEAD)
		done.entry = words_take(args);
	return done;
}

static void push(struct fake_turn *turn, const char *queue, struct word reply)
{
	rows_push(queue, true, reply.text, reply.len);
	for (; (int64_t)rows_count(queue) > turn->reply_max; turn->replies_dropped++)
		rows_remove(rows_last(queue));
	rows_expire(queue, loop_redis_us() + turn->reply_ttl_s * 1000000);
}

static void bury(struct fake_turn *turn, struct word entry)
{
	rows_push(turn->dead, true, entry.text, entry.len);
	for (; (int64_t)rows_count(turn->dead) > turn->dead_max; turn->dead_dropped++)
		rows_remove(rows_last(turn->dead));
}

/* The reply comes from the job that has the id, now or when it ends. */
static const char *as_duplicate(
	struct fake_turn *turn, const struct done *done, enum who who, struct mark *mark)
{
	if (done->replies != NULL && who == WHO_WAITING &&
		(int64_t)rows_count(done->waiting) >= turn->waiting_max)
		return "full";
	rows_remove(rows_find(turn->claims, done->asker.field));
	if (done->replies == NULL)
		return who_name(who);
	if (who == WHO_WAITING) {
		rows_set(done->waiting, done->asker.birth, done->replies, strlen(done->replies));
		mark->waits = true;
		turn_write_mark(turn, done->asker.name, mark);
	} else {
		const struct row *result = rows_find(done->asker.result, "");

		push(turn, done->replies, (struct word){result->value, result->len});
	}
	return who_name(who);
}

static const char *end_refused(
	const struct fake_turn *turn, const struct done *done, char *text, size_t size)
{
	struct row *row;

	if ((done->flags & TURN_BASIS) && turn_has_changed(&done->basis))
		return "changed";
	if (done->flags & TURN_PENDING) {
		while ((row = rows_first(done->pending)) != NULL &&
			row->score <= loop_redis_us() / 1000)
			rows_remove(row);
		if ((int64_t)rows_count(done->pending) >= turn->pending_max)
			return "too_many_pending";
	} else if (done->flags & TURN_DECLINE) {
		if (turn_token_refused(done->confirm, done->confirm_version, NULL, text, size))
			return text;
	}
	return NULL;
}

static void keep_pending(const struct done *done)
{
	int64_t until_us = loop_redis_us() + done->keep_s * 1000000;
	char expires[24];

	snprintf(expires, sizeof(expires), "%lld", (long long)done->expires_ms);
	rows_set(done->confirm, "version", done->basis.version, strlen(done->basis.version));
	rows_set(done->confirm, "expires", expires, strlen(expires));
	rows_set(done->confirm, "frozen", done->frozen, strlen(done->frozen));
	rows_expire(done->confirm, until_us);
	rows_score(done->pending, done->token, done->expires_ms);
	rows_expire(done->pending, until_us);
}

/* Its call was begun and never left, so this decision did not use it after all. */
static void unuse_token(const struct done *done)
{
	struct row *used = rows_find(done->confirm, "used");
	bool has_end = rows_first(done->pending) != NULL;

	if (used == NULL || strcmp(used->value, done->used) != 0)
		return;
	rows_remove(used);
	if (done->expires_ms <= loop_redis_us() / 1000)
		return;
	rows_score(done->pending, done->token, done->expires_ms);
	if (!has_end)
		rows_expire(done->pending, done->expires_ms * 1000);
}

static void write_audit(const struct done *done)
{
	struct buf entry;

	buf_init(&entry, 64 * 1024);
	for (size_t i = 0; i < AUDIT_FIELDS; i++) {
		buf_add_string(&entry, done->audit[i]);
		buf_add_char(&entry, '\n');
	}
	rows_push(done->calls, false, entry.data, entry.len);
	buf_release(&entry);
}

/* The claim is ours, and nothing speaks against this end. `mark` is the job's, or NULL. */
static void write_end(
	struct fake_turn *turn, const struct done *done, bool store, const struct mark *mark)
{
	struct row *row;

	rows_remove(rows_find(turn->claims, done->asker.field));
	if (store) {
		rows_set(done->asker.result, "", done->reply.text, done->reply.len);
		rows_expire(done->asker.result, loop_redis_us() + turn->result_ttl_s * 1000000);
	}
	if (mark != NULL)
		rows_remove(rows_find(turn->begun, done->asker.name));
	while (mark != NULL && mark->waits && (row = rows_first(done->waiting)) != NULL) {
		push(turn, row->value, done->reply);
		rows_remove(row);
	}
	if (done->calls != NULL)
		write_audit(done);
	if (done->flags & TURN_PENDING)
		keep_pending(done);
	else if (done->flags & TURN_DECLINE)
		turn_use_token(done->confirm, done->pending, done->token, done->used);
	else if ((done->flags & TURN_UNUSE) && mark != NULL && mark->earlier == 0 &&
		 strcmp(mark->token, "=") != 0)
		unuse_token(done);
	if (done->replies != NULL)
		push(turn, done->replies, done->reply);
	if (done->flags & TURN_DEAD)
		bury(turn, done->entry);
}

static const char *settle_done(
	struct fake_turn *turn, struct words *keys, struct words *args, char *text, size_t size)
{
	struct done done = read_done(keys, args);
	bool store = (done.flags & TURN_STORE) != 0, marked;
	const char *refused;
	struct mark mark;
	enum who who;

	if (rows_find(turn->claims, done.asker.field) == NULL)
		return "lost";
	if (done.flags & TURN_IDENTITY) {
		who = turn_identify(turn, &done.asker, &mark);
		if (who == WHO_DUPLICATE || who == WHO_WAITING)
			return as_duplicate(turn, &done, who, &mark);
		if (who != WHO_FREE && who != WHO_UNSENT && who != WHO_ENDED)
			return who_name(who);
		refused = end_refused(turn, &done, text, size);
		if (refused != NULL)
			return refused;
		marked = who != WHO_FREE;
	} else {
		marked = turn_read_mark(turn, done.asker.name, &mark) &&
			 strcmp(mark.birth, done.asker.birth) == 0;
		/* Never over what another job with this id answered or is about to. */
		if (!marked && store)
			store = turn_identify(turn, &done.asker, &mark) == WHO_FREE;
	}
	write_end(turn, &done, store, marked ? &mark : NULL);
	return "ok";
}

/* The attempt is over. Where nothing of it was sent, its mark says what it said before it, unless a former delivery may have sent something. */
static void end_attempt(
	struct fake_turn *turn, const char *kind, const char *name, const char *birth)
{
	const bool ended = strcmp(kind, "again") == 0;
	struct mark mark;

	if (!turn_read_mark(turn, name, &mark) || strcmp(mark.birth, birth) != 0 ||
		(!ended && mark.earlier == 1))
		return;
	snprintf(mark.token, sizeof(mark.token), "%s", ended || mark.earlier == 2 ? "=" : "-");
	turn_write_mark(turn, name, &mark);
}

/* Into the list of a lane that is full. */
static const char *park(struct fake_turn *turn, const char *field, const char *envelope,
	struct words *keys, struct words *args)
{
	const char *parked = words_text(keys), *list = words_text(keys);
	const char *lane = words_text(args), *first = words_text(args);
	struct row *claim = rows_find(turn->claims, field), *held = rows_find(parked, lane);
	struct buf entry;
	char count[24];

	if (claim == NULL)
		return "lost";
	snprintf(count, sizeof(count), "%lld",
		(held != NULL ? strtoll(held->value, NULL, 10) : 0) + 1);
	rows_set(parked, lane, count, strlen(count));
	buf_init(&entry, 1024 * 1024);
	buf_printf(&entry, "%s\n%s", envelope, claim->value);
	rows_push(list, first[0] == '0', entry.data, entry.len);
	buf_release(&entry);
	rows_remove(claim);
	return "ok";
}

static const char *put_back(
	struct fake_turn *turn, const char *kind, struct words *keys, struct words *args)
{
	const char *field = words_text(args), *envelope = words_text(args);
	const char *delayed = NULL, *name = NULL, *birth = NULL;
	struct row *claim = rows_find(turn->claims, field);
	int64_t due_ms = 0;
	struct buf entry;

	if (strcmp(kind, "park") == 0)
		return park(turn, field, envelope, keys, args);
	if (strcmp(kind, "give") != 0) {
		delayed = words_text(keys);
		due_ms = words_number(args);
	}
	if (strcmp(kind, "unsent") == 0 || strcmp(kind, "again") == 0) {
		name = words_text(args);
		birth = words_text(args);
	}
	if (claim == NULL)
		return "lost";
	buf_init(&entry, 1024 * 1024);
	buf_printf(&entry, "%s\n%s", envelope, claim->value);
	if (name != NULL)
		end_attempt(turn, kind, name, birth);
	if (delayed != NULL)
		rows_score(delayed, entry.data, due_ms);
	else
		rows_push(turn->retry, false, entry.data, entry.len);
	rows_remove(claim);
	buf_release(&entry);
	return "ok";
}

void turn_settle(struct fake_turn *turn, struct words *keys, struct words *args)
{
	const char *kind = words_text(args);
	const char *answer;
	char text[1024];

	if (strcmp(kind, "done") == 0)
		answer = settle_done(turn, keys, args, text, sizeof(text));
	else
		answer = put_back(turn, kind, keys, args);
	value_add(turn->out, value_string(answer));
}
