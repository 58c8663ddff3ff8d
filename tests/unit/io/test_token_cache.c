/* SPDX-License-Identifier: MIT */
/* Tests of token_cache and token_fetch: one fetch for all, renewed, dropped, bounded; on a clock that the test moves. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "clock.h"
#include "io/token_cache.h"
#include "trip.h"

/* What the endpoint answers: a token with its number, or with the below. */
static const char *refusal;
static bool silent;
static int given;

static void serve(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	while (upstream_read(upstream, fd)) {
		char body[128], answer[256];

		if (silent) {
			upstream_linger(fd);
			return;
		}
		if (refusal != NULL) {
			upstream_say(fd, refusal);
			continue;
		}
		snprintf(body, sizeof(body),
			"{\"access_token\":\"token-%d\",\"token_type\":\"bearer\",\"expires_in\":"
			"3600}",
			++given);
		snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(body), body);
		upstream_say(fd, answer);
	}
}

/* A cache, and what it asks with. */
struct shop {
	struct world world;
	struct resolver *resolver;
	struct secret_memory *secrets;
	struct token_cache *cache;
	struct definition definition;
	struct service_account account;
	char uri[64];
};

static void shop_open(struct shop *shop)
{
	struct error error = {0};
	const char *reason;

	*shop = (struct shop){0};
	refusal = NULL;
	silent = false;
	given = 0;
	assert_int_not_equal(sodium_init(), -1);
	world_init(&shop->world, serve);
	shop->resolver = resolver_new(shop->world.base, NULL, &error);
	shop->secrets = secret_memory_new(65536);
	shop->cache = token_cache_new(&(struct token_tools){shop->world.base, shop->world.client,
		shop->resolver, shop->world.policy, shop->secrets});
	shop->definition.base.origin = xstrdup("https://a.example");
	snprintf(shop->uri, sizeof(shop->uri), "http://127.0.0.1:%d/t", shop->world.upstream->port);
	shop->account.client = span_of("desk");
	shop->account.secret = span_of("secret-of-desk");
	shop->account.token_uri = span_of(shop->uri);
	assert_int_equal(url_parse(&shop->account.endpoint, shop->account.token_uri, &reason), 0);
}

static void shop_close(struct shop *shop)
{
	token_cache_free(shop->cache);
	resolver_free(shop->resolver);
	service_account_release(&shop->account);
	free(shop->definition.base.origin);
	world_release(&shop->world);
	secret_memory_free(shop->secrets);
}

static struct token_id id_of(struct shop *shop, const char *org, const char *sealed)
{
	struct token_id id;

	token_cache_identify(shop->cache, &id,
		&(struct token_owner){org, "tickets", span_of(sealed), &shop->definition});
	return id;
}

static struct token_request request_of(struct shop *shop, const char *org)
{
	return (struct token_request){org, "tickets", &shop->account, &shop->definition};
}

/* What came of a wait. */
struct heard {
	int times;
	char token[32];
	uint64_t serial;
	bool out_of_time;
	char text[ERROR_TEXT_BYTES];
};

static void on_token(void *arg, const struct token *token, const struct token_failure *failure)
{
	struct heard *heard = arg;

	heard->times++;
	assert_true((token == NULL) != (failure == NULL));
	if (token != NULL) {
		snprintf(heard->token, sizeof(heard->token), "%.*s", (int)token->text.len,
			token->text.data);
		heard->serial = token->serial;
		return;
	}
	heard->out_of_time = failure->out_of_time;
	snprintf(heard->text, sizeof(heard->text), "%s", failure->error.text);
}

static struct token_wait *ask(struct shop *shop, const char *org, const char *sealed,
	uint32_t timeout_ms, struct heard *heard)
{
	const struct token_id id = id_of(shop, org, sealed);
	const struct token_request request = request_of(shop, org);

	*heard = (struct heard){0};
	return token_cache_wait(shop->cache, &id, &request, timeout_ms, on_token, heard);
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

static void until(struct shop *shop, const int *times, int wanted)
{
	struct timeval most = {10, 0};
	bool late = false;
	struct event *alarm = evtimer_new(shop->world.base, on_alarm, &late);

	event_add(alarm, &most);
	while (*times < wanted && !late)
		event_base_loop(shop->world.base, EVLOOP_ONCE);
	event_free(alarm);
	assert_int_equal(*times, wanted);
}

static struct heard fetch(struct shop *shop, const char *sealed)
{
	struct heard heard;

	assert_non_null(ask(shop, "acme", sealed, 5000, &heard));
	until(shop, &heard.times, 1);
	return heard;
}

/* Whether it is there, and is to be renewed. */
static bool finds(struct shop *shop, const char *sealed, const char *token, bool renew)
{
	const struct token_id id = id_of(shop, "acme", sealed);
	struct token found;
	bool wants;

	if (!token_cache_find(shop->cache, &id, 0, &found, &wants))
		return false;
	assert_true(span_is(found.text, token));
	assert_int_equal(wants, renew);
	return true;
}

static void all_who_wait_get_the_token_of_one_fetch(void **state)
{
	struct shop shop;
	struct heard heard[50];

	(void)state;
	shop_open(&shop);
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++)
		assert_non_null(ask(&shop, "acme", "sealed", 5000, &heard[i]));
	until(&shop, &heard[ARRAY_SIZE(heard) - 1].times, 1);
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++) {
		assert_int_equal(heard[i].times, 1);
		assert_string_equal(heard[i].token, "token-1");
	}
	assert_int_equal(upstream_requests(shop.world.upstream), 1);
	assert_true(finds(&shop, "sealed", "token-1", false));
	assert_false(finds(&shop, "another", "", false));
	shop_close(&shop);
}

static void a_token_serves_until_shortly_before_its_end_and_is_renewed_before(void **state)
{
	struct shop shop;
	const int minute = 60 * 1000;

	(void)state;
	shop_open(&shop);
	fetch(&shop, "sealed");
	clock_advance(53L * minute);
	assert_true(finds(&shop, "sealed", "token-1", false));
	clock_advance(2L * minute);
	assert_true(finds(&shop, "sealed", "token-1", true));
	clock_advance(4L * minute);
	assert_true(finds(&shop, "sealed", "token-1", true));
	clock_advance(minute);
	assert_false(finds(&shop, "sealed", "token-1", true));
	shop_close(&shop);
}

static void the_old_token_serves_while_it_is_renewed(void **state)
{
	struct shop shop;
	struct heard heard;

	(void)state;
	shop_open(&shop);
	fetch(&shop, "sealed");
	clock_advance(55L * 60 * 1000);
	const struct token_id id = id_of(&shop, "acme", "sealed");
	const struct token_request request = request_of(&shop, "acme");
	token_cache_renew(shop.cache, &id, &request);
	token_cache_renew(shop.cache, &id, &request);
	assert_true(finds(&shop, "sealed", "token-1", false));
	assert_non_null(ask(&shop, "acme", "sealed", 5000, &heard));
	until(&shop, &heard.times, 1);
	assert_string_equal(heard.token, "token-2");
	assert_true(finds(&shop, "sealed", "token-2", false));
	assert_int_equal(upstream_requests(shop.world.upstream), 2);
	shop_close(&shop);
}

static void only_the_token_that_was_refused_is_dropped(void **state)
{
	struct shop shop;
	struct heard first, second;
	struct token_id id;

	(void)state;
	shop_open(&shop);
	id = id_of(&shop, "acme", "sealed");
	first = fetch(&shop, "sealed");
	token_cache_drop(shop.cache, &id, first.serial);
	assert_false(finds(&shop, "sealed", "", false));
	second = fetch(&shop, "sealed");
	assert_int_not_equal(first.serial, second.serial);
	token_cache_drop(shop.cache, &id, first.serial);
	assert_true(finds(&shop, "sealed", "token-2", false));
	shop_close(&shop);
}

static void a_failure_is_kept_for_a_moment(void **state)
{
	struct shop shop;
	struct token_id id;

	(void)state;
	shop_open(&shop);
	id = id_of(&shop, "acme", "sealed");
	refusal = "HTTP/1.1 400 No\r\nContent-Length: 25\r\n\r\n{\"error\":\"invalid_grant\"}";
	assert_non_null(strstr(fetch(&shop, "sealed").text, "invalid_grant"));
	assert_non_null(token_cache_failure(shop.cache, &id));
	assert_false(token_cache_failure(shop.cache, &id)->retryable);
	clock_advance(2100);
	assert_null(token_cache_failure(shop.cache, &id));
	refusal = NULL;
	assert_string_equal(fetch(&shop, "sealed").token, "token-1");
	assert_null(token_cache_failure(shop.cache, &id));
	shop_close(&shop);
}

static void a_wait_ends_in_its_own_time_or_is_cancelled(void **state)
{
	struct shop shop;
	struct heard hasty, gone;

	(void)state;
	shop_open(&shop);
	silent = true;
	assert_non_null(ask(&shop, "acme", "sealed", 20, &hasty));
	token_cache_cancel(ask(&shop, "acme", "sealed", 20, &gone));
	until(&shop, &hasty.times, 1);
	assert_true(hasty.out_of_time);
	assert_int_equal(gone.times, 0);
	shop_close(&shop);
}

static void an_org_has_so_many_fetches_and_no_more(void **state)
{
	struct shop shop;
	struct heard heard[TOKEN_ORG_MAX + 1], other;
	char sealed[32];

	(void)state;
	shop_open(&shop);
	silent = true;
	for (int i = 0; i < TOKEN_ORG_MAX; i++) {
		snprintf(sealed, sizeof(sealed), "sealed-%d", i);
		assert_non_null(ask(&shop, "acme", sealed, 5000, &heard[i]));
	}
	assert_null(ask(&shop, "acme", "one-more", 5000, &heard[TOKEN_ORG_MAX]));
	assert_non_null(ask(&shop, "acme", "sealed-0", 5000, &heard[TOKEN_ORG_MAX]));
	assert_non_null(ask(&shop, "globex", "sealed-0", 5000, &other));
	shop_close(&shop);
}

static void the_least_used_go_where_there_are_too_many(void **state)
{
	struct shop shop;
	char sealed[32];

	(void)state;
	shop_open(&shop);
	for (int i = 0; i < TOKEN_ENTRIES_MAX; i++) {
		snprintf(sealed, sizeof(sealed), "sealed-%d", i);
		fetch(&shop, sealed);
	}
	assert_true(finds(&shop, "sealed-0", "token-1", false));
	fetch(&shop, "one-more");
	assert_true(finds(&shop, "sealed-0", "token-1", false));
	assert_false(finds(&shop, "sealed-1", "", false));
	assert_true(finds(&shop, "sealed-2", "token-3", false));
	shop_close(&shop);
}

static void an_org_with_many_accounts_drives_out_no_other_s_token(void **state)
{
	struct shop shop;
	struct token_id theirs;
	struct token token;
	struct heard heard;
	char sealed[32];
	bool renew;

	(void)state;
	shop_open(&shop);
	assert_non_null(ask(&shop, "globex", "theirs", 5000, &heard));
	until(&shop, &heard.times, 1);
	theirs = id_of(&shop, "globex", "theirs");
	for (int i = 0; i < TOKEN_ENTRIES_MAX + 10; i++) {
		snprintf(sealed, sizeof(sealed), "sealed-%d", i);
		fetch(&shop, sealed);
	}
	assert_true(token_cache_find(shop.cache, &theirs, 0, &token, &renew));
	assert_false(finds(&shop, "sealed-10", "", false));
	assert_int_equal(token_cache_count(shop.cache), TOKEN_ENTRIES_MAX);
	shop_close(&shop);
}

static void what_is_spent_goes_when_another_comes(void **state)
{
	struct shop shop;
	struct token_id id;

	(void)state;
	shop_open(&shop);
	refusal = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
	fetch(&shop, "failed");
	refusal = NULL;
	id = id_of(&shop, "acme", "failed");
	fetch(&shop, "spent");
	clock_advance(3600L * 1000);
	fetch(&shop, "sealed");
	assert_int_equal(token_cache_count(shop.cache), 1);
	assert_null(token_cache_failure(shop.cache, &id));
	assert_true(finds(&shop, "sealed", "token-2", false));
	shop_close(&shop);
}

static void another_scope_is_another_token(void **state)
{
	struct shop shop;
	struct token_id plain, scoped, audience;

	(void)state;
	shop_open(&shop);
	plain = id_of(&shop, "acme", "sealed");
	shop.definition.auth_scope = xstrdup("a");
	scoped = id_of(&shop, "acme", "sealed");
	shop.definition.auth_audience = shop.definition.auth_scope;
	shop.definition.auth_scope = NULL;
	audience = id_of(&shop, "acme", "sealed");
	free(shop.definition.auth_audience);
	assert_memory_not_equal(&plain, &scoped, sizeof(plain));
	assert_memory_not_equal(&plain, &audience, sizeof(plain));
	assert_memory_not_equal(&scoped, &audience, sizeof(plain));
	shop_close(&shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_who_wait_get_the_token_of_one_fetch),
		cmocka_unit_test(a_token_serves_until_shortly_before_its_end_and_is_renewed_before),
		cmocka_unit_test(the_old_token_serves_while_it_is_renewed),
		cmocka_unit_test(only_the_token_that_was_refused_is_dropped),
		cmocka_unit_test(a_failure_is_kept_for_a_moment),
		cmocka_unit_test(a_wait_ends_in_its_own_time_or_is_cancelled),
		cmocka_unit_test(an_org_has_so_many_fetches_and_no_more),
		cmocka_unit_test(the_least_used_go_where_there_are_too_many),
		cmocka_unit_test(an_org_with_many_accounts_drives_out_no_other_s_token),
		cmocka_unit_test(what_is_spent_goes_when_another_comes),
		cmocka_unit_test(another_scope_is_another_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
