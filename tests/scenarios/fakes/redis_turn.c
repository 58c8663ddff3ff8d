/* SPDX-License-Identifier: MIT */
/*
 * redis_turn: turn.lua told in C. The claim decides who may settle; the mark decides who may send; the window counts what
 * was begun.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/turn.h"
#include "loop.h"
#include "redis_turn.h"
#include "rows.h"

#define BEGUN_MAX 256

static char begun_names[BEGUN_MAX]
		       [128]; /* of every begin that was granted, for redis_begun_count() */
static size_t begun_count;

void redis_begun_reset(void)
{
	begun_count = 0;
}

size_t redis_begun_count(const char *id)
{
	size_t count = 0;

	for (size_t i = 0; i < begun_count; i++)
		count += strcmp(strchr(begun_names[i], ':') + 1, id) == 0;
	return count;
}

bool turn_read_mark(const struct fake_turn *turn, const char *name, struct mark *mark)
{
	const struct row *row = rows_find(turn->begun, name);
	long long at_us;
	int waits;

	*mark = (struct mark){0};
	if (row == NULL)
		return false;
	if (sscanf(row->value, "%127s %d %127s %63s %lld %d %31s", mark->birth, &waits, mark->token,
		    mark->digest, &at_us, &mark->earlier, mark->version) != 7)
		BUG("a mark that is none: %s", row->value);
	mark->waits = waits == 1;
	mark->at_us = at_us;
	return true;
}

void turn_write_mark(const struct fake_turn *turn, const char *name, const struct mark *mark)
{
	char text[512];

	snprintf(text, sizeof(text), "%s %d %s %s %lld %d %s", mark->birth, mark->waits,
		mark->token, mark->digest, (long long)mark->at_us, mark->earlier, mark->version);
	rows_set(turn->begun, name, text, strlen(text));
}

enum who turn_identify(const struct fake_turn *turn, const struct asker *asker, struct mark *mark)
{
	const struct row *result = rows_find(asker->result, "");
	char status[32], sent[8], digest[64];

	if (turn_read_mark(turn, asker->name, mark)) {
		if (strcmp(mark->birth, asker->birth) != 0)
			return strcmp(mark->digest, asker->digest) == 0 ? WHO_WAITING
									: WHO_CONFLICT;
		if (strcmp(mark->token, asker->token) == 0)
			return WHO_MINE;
		if (strcmp(mark->token, "=") == 0)
			return WHO_ENDED;
		return strcmp(mark->token, "-") == 0 ? WHO_UNSENT : WHO_OURS;
	}
	if (result == NULL ||
		sscanf(result->value,
			"{\"v\":1,\"status\":\"%31[a-z_]\",\"sent\":\"%7[a-z]\","
			"\"digest\":\"%63[^\"]\"",
			status, sent, digest) != 3 ||
		(strcmp(status, "failed") == 0 && strcmp(sent, "no") == 0))
		return WHO_FREE;
	return strcmp(digest, asker->digest) == 0 ? WHO_DUPLICATE : WHO_CONFLICT;
}

const char *who_name(enum who who)
{
	static const char *const names[] = {
		"free", "mine", "ours", "unsent", "ended", "waiting", "duplicate", "conflict"};

	return names[who];
}

void turn_read_secrets(struct words *args, struct basis *basis)
{
	basis->count = (size_t)words_number(args);
	BUG_ON(basis->count > ARRAY_SIZE(basis->fields));
	for (size_t i = 0; i < basis->count; i++) {
		basis->fields[i] = words_text(args);
		basis->tags[i] = words_text(args);
	}
}

static const char *field_of(const char *key, const char *field)
{
	const struct row *row = rows_find(key, field);

	return row != NULL ? row->value : NULL;
}

bool turn_has_changed(const struct basis *basis)
{
	const char *version = field_of(basis->integration, "version");

	if (strcmp(version != NULL ? version : "", basis->version) != 0)
		return true;
	for (size_t i = 0; i < basis->count; i++) {
		const char *sealed = field_of(basis->secrets, basis->fields[i]);
		size_t len = sealed != NULL ? strlen(sealed) : 0;
		const char *end = len > 16 ? sealed + len - 16 : len > 0 ? sealed : "";

		if (strcmp(end, basis->tags[i]) != 0)
			return true;
	}
	return false;
}

static bool is_on(const struct basis *basis)
{
	const char *enabled = field_of(basis->integration, "enabled");
	char off[160];

	snprintf(off, sizeof(off), "disabled:%s", basis->action);
	return (enabled == NULL || strcmp(enabled, "1") == 0) &&
	       rows_find(basis->integration, off) == NULL;
}

bool turn_token_refused(
	const char *confirm, const char *version, const char *mine, char *why, size_t size)
{
	const char *made_for = field_of(confirm, "version"), *used = field_of(confirm, "used");

	if (made_for == NULL)
		snprintf(why, size, "confirmation_unknown");
	else if (used != NULL && (mine == NULL || strcmp(used, mine) != 0))
		snprintf(why, size, "confirmation_used %s", used);
	else if (used == NULL &&
		 loop_redis_us() / 1000 >= strtoll(field_of(confirm, "expires"), NULL, 10))
		snprintf(why, size, "confirmation_expired");
	else if (strcmp(made_for, version) != 0)
		snprintf(why, size, "confirmation_void");
	else
		return false;
	return true;
}

void turn_use_token(const char *confirm, const char *pending, const char *token, const char *used)
{
	struct row *row = rows_find(pending, token);

	rows_set(confirm, "used", used, strlen(used));
	if (row != NULL)
		rows_remove(row);
}

/* Microseconds until the window has room; 0: now. */
static int64_t window_wait(const char *window, int64_t limit, int64_t window_us)
{
	int64_t gone_us = loop_redis_us() - window_us;
	const struct row *row;
	size_t count;

	if ((int64_t)rows_count(window) < limit)
		return 0;
	while ((row = rows_first(window)) != NULL && row->score <= gone_us)
		rows_remove(rows_first(window));
	count = rows_count(window);
	if ((int64_t)count < limit)
		return 0;
	row = rows_first(window);
	for (int64_t i = (int64_t)count - limit; i > 0; i--)
		row = rows_after(row);
	return row->score - gone_us > 1 ? row->score - gone_us : 1;
}

struct begin {
	struct asker asker;
	const char *window, *confirm, *pending;
	bool repeatable;
	int64_t deadline_ms, limit, window_us;
	struct basis basis;
	const char *token, *used;
};

static struct begin read_begin(struct words *keys, struct words *args)
{
	struct begin begin = {0};

	begin.asker.result = words_text(keys);
	begin.window = words_text(keys);
	begin.basis.integration = words_text(keys);
	begin.basis.secrets = words_text(keys);
	begin.asker.field = words_text(args);
	begin.asker.name = words_text(args);
	begin.asker.birth = words_text(args);
	begin.asker.token = words_text(args);
	begin.asker.digest = words_text(args);
	begin.repeatable = words_number(args) == 1;
	begin.deadline_ms = words_number(args);
	begin.basis.version = words_text(args);
	begin.basis.action = words_text(args);
	begin.limit = words_number(args);
	begin.window_us = words_number(args);
	begin.token = words_text(args);
	begin.used = words_text(args);
	turn_read_secrets(args, &begin.basis);
	if (begin.token[0] != '\0') {
		begin.confirm = words_text(keys);
		begin.pending = words_text(keys);
	}
	return begin;
}

/* The mark is there and says that this very claim has begun. True: the answer is written. */
static bool again(const struct fake_turn *turn, const struct begin *begin, struct mark *mark,
	enum who *who, char *answer, size_t size)
{
	struct row *entry;

	if (rows_find(turn->claims, begin->asker.field) == NULL) {
		snprintf(answer, size, "lost");
		return true;
	}
	if (loop_redis_us() - mark->at_us <= 1000000) {
		snprintf(answer, size, "ok %lld %d", (long long)mark->at_us, mark->earlier);
		return true;
	}
	entry = rows_find(begin->window, begin->asker.token);
	if (entry != NULL)
		rows_remove(entry);
	*who = mark->earlier == 1 ? WHO_OURS : mark->earlier == 2 ? WHO_ENDED : WHO_UNSENT;
	if (*who == WHO_OURS)
		return false;
	snprintf(mark->token, sizeof(mark->token), "%s", *who == WHO_ENDED ? "=" : "-");
	turn_write_mark(turn, begin->asker.name, mark);
	if (*who == WHO_UNSENT) {
		struct row *used =
			begin->confirm != NULL ? rows_find(begin->confirm, "used") : NULL;
		if (used != NULL)
			rows_remove(used);
	}
	return false;
}

/* What is said of a repeat that is not made any more. */
static const char *over(enum who who)
{
	return who == WHO_ENDED ? "ended" : "over";
}

/* Why this may not begin, or NULL. */
static const char *refuse(const struct begin *begin, enum who who, char *text, size_t size)
{
	const bool repeats = who == WHO_OURS || who == WHO_ENDED;
	const char *current = field_of(begin->basis.integration, "version");
	bool changed, on;
	int64_t wait_us;

	if (begin->deadline_ms != 0 && loop_redis_us() / 1000 >= begin->deadline_ms)
		return repeats ? over(who) : "expired";
	changed = turn_has_changed(&begin->basis);
	on = is_on(&begin->basis);
	if (begin->confirm != NULL && !repeats &&
		turn_token_refused(begin->confirm, current != NULL ? current : "",
			who == WHO_UNSENT ? begin->used : NULL, text, size))
		return text;
	if (changed || !on)
		return repeats && !changed ? over(who) : "changed";
	wait_us = window_wait(begin->window, begin->limit, begin->window_us);
	if (wait_us == 0)
		return NULL;
	if (who == WHO_FREE)
		snprintf(text, size, "rate_limited %lld", (long long)(wait_us + 999) / 1000);
	else /* it was let in before */
		snprintf(text, size, "wait_room %lld %s", (long long)(wait_us + 999) / 1000,
			who_name(who));
	return text;
}

static void make_begun(
	const struct fake_turn *turn, const struct begin *begin, struct mark *mark, enum who who)
{
	int64_t now_us = loop_redis_us();

	rows_score(begin->window, begin->asker.token, now_us);
	rows_expire(begin->window, now_us + (begin->window_us + 999) / 1000 * 1000 + 1000000);
	snprintf(mark->birth, sizeof(mark->birth), "%s", begin->asker.birth);
	snprintf(mark->token, sizeof(mark->token), "%s", begin->asker.token);
	snprintf(mark->digest, sizeof(mark->digest), "%s", begin->asker.digest);
	snprintf(mark->version, sizeof(mark->version), "%s", begin->basis.version);
	BUG_ON(begun_count == BEGUN_MAX);
	snprintf(begun_names[begun_count++], sizeof(begun_names[0]), "%s", begin->asker.name);
	mark->at_us = now_us;
	mark->earlier = who == WHO_OURS ? 1 : who == WHO_ENDED ? 2 : 0;
	turn_write_mark(turn, begin->asker.name, mark);
	if (begin->confirm != NULL && mark->earlier == 0)
		turn_use_token(begin->confirm, begin->pending, begin->token, begin->used);
}

static void do_begin(struct fake_turn *turn, struct words *keys, struct words *args)
{
	struct begin begin = read_begin(keys, args);
	struct mark mark;
	enum who who = turn_identify(turn, &begin.asker, &mark);
	const char *refused;
	char text[512];
	bool repeats;

	if (who == WHO_MINE && again(turn, &begin, &mark, &who, text, sizeof(text))) {
		value_add(turn->out, value_string(text));
		return;
	}
	repeats = who == WHO_OURS || who == WHO_ENDED;
	if (repeats && !begin.repeatable) {
		refused = who == WHO_ENDED ? "ended" : "unknown";
	} else if (repeats && strcmp(mark.version, begin.basis.version) != 0) {
		const char *current = field_of(begin.basis.integration, "version");

		refused = strcmp(current != NULL ? current : "", mark.version) == 0 ? "changed"
										    : over(who);
	} else if (who != WHO_FREE && who != WHO_UNSENT && !repeats) {
		refused = who_name(who);
	} else {
		refused = refuse(&begin, who, text, sizeof(text));
	}
	if (refused == NULL) {
		make_begun(turn, &begin, &mark, who);
		snprintf(text, sizeof(text), "ok %lld %d", (long long)mark.at_us, mark.earlier);
		refused = text;
	}
	value_add(turn->out, value_string(refused));
}

static void add_number(struct redis_value *list, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	value_add(list, value_string(text));
}

/* The claims stand behind the items' answers, the credits in front of them. */
static struct redis_value *finish(
	const struct fake_turn *turn, struct redis_claim *claim, struct redis_value *answers)
{
	struct redis_value *out = value_list(), *claims = value_list();

	if (claim->room > 0)
		redis_claim(claim, claims);
	add_number(out, loop_redis_us());
	for (int queue = 0; queue < 3; queue++)
		add_number(out, claim->credits[queue]);
	value_add(out, value_integer(turn->replies_dropped));
	value_add(out, value_integer(turn->dead_dropped));
	value_add(out, value_integer(0)); /* audit entries trimmed */
	value_add(out, value_integer(0)); /* and lost */
	value_add(out, value_string("")); /* lists that are none */
	value_join(out, answers);
	value_join(out, claims);
	return out;
}

struct redis_value *redis_turn(struct words keys, struct words args)
{
	struct fake_turn turn = {0};
	struct redis_claim claim = {0};
	const char *workers = words_text(&keys), *me;
	int64_t settles, begins;

	turn.claims = claim.claims = words_text(&keys);
	turn.begun = words_text(&keys);
	turn.retry = claim.retry = words_text(&keys);
	turn.dead = words_text(&keys);
	for (int queue = 0; queue < 3; queue++)
		claim.queues[queue] = words_text(&keys);
	claim.taken = words_text(&keys);
	me = words_text(&args);
	if (rows_find(workers, me) == NULL)
		return value_string("dead");
	claim.worker = words_text(&args);
	turn.result_ttl_s = words_number(&args);
	turn.reply_ttl_s = words_number(&args);
	turn.reply_max = words_number(&args);
	words_take(&args); /* calls_max: it is trimmed now and then */
	turn.dead_max = words_number(&args);
	turn.pending_max = words_number(&args);
	turn.waiting_max = words_number(&args);
	settles = words_number(&args);
	begins = words_number(&args);
	claim.room = words_number(&args);
	words_take(&args); /* claim_bytes: left out */
	claim.next_token = words_number(&args);
	for (int queue = 0; queue < 3; queue++)
		claim.credits[queue] = words_number(&args);
	for (int queue = 0; queue < 3; queue++)
		claim.weights[queue] = words_number(&args);
	claim.workflow_room = words_number(&args);
	turn.out = value_list();
	while (settles-- > 0)
		turn_settle(&turn, &keys, &args);
	while (begins-- > 0)
		do_begin(&turn, &keys, &args);
	return finish(&turn, &claim, turn.out);
}
