/* SPDX-License-Identifier: MIT */
/* Host names to addresses, against a name server that answers as the names say (nameserver.h). */
#include "../unit.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "clock.h"
#include "io/resolver.h"
#include "nameserver.h"

static struct event_base *base;
static struct resolver *resolver;
static struct nameserver *server;

struct want {
	struct resolver_query *query;
	int answers;
	struct address_list addresses; /* count 0: it failed */
	struct error error;
};

static int begin(void **state)
{
	struct error error = {0};

	(void)state;
	server = nameserver_start();
	base = event_base_new();
	resolver = resolver_new(base, nameserver_address(server), &error);
	assert_non_null(resolver);
	return 0;
}

static int end(void **state)
{
	(void)state;
	resolver_free(resolver);
	event_base_free(base);
	nameserver_stop(server);
	return 0;
}

static void answered(void *arg, const struct address_list *addresses, const struct error *error)
{
	struct want *want = arg;

	assert_non_null(want->query);
	assert_true(!addresses != !error);
	want->answers++;
	if (addresses)
		want->addresses = *addresses;
	else
		want->error = *error;
}

static void start(struct want *want, const char *org, const char *host, uint32_t timeout_ms)
{
	*want = (struct want){0};
	want->query = resolver_start(resolver, org, host, 443, timeout_ms, answered, want);
	assert_int_equal(want->answers, 0);
}

static void too_long(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void wait_for(struct want *want)
{
	struct timeval limit = {10, 0};
	struct event *guard = evtimer_new(base, too_long, NULL);

	event_add(guard, &limit);
	while (!want->answers && event_pending(guard, EV_TIMEOUT, NULL))
		event_base_loop(base, EVLOOP_ONCE);
	event_free(guard);
	assert_int_equal(want->answers, 1);
}

static void resolve(struct want *want, const char *host)
{
	start(want, "acme", host, 8000);
	wait_for(want);
}

static const char *address_text(const struct want *want, size_t i)
{
	static char text[INET6_ADDRSTRLEN + 8];
	const union address *address = &want->addresses.items[i];
	bool six = address->any.sa_family == AF_INET6;

	assert_true(i < want->addresses.count);
	inet_ntop(address->any.sa_family,
		six ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr,
		text, sizeof(text));
	snprintf(text + strlen(text), 8, " %u",
		ntohs(six ? address->v6.sin6_port : address->v4.sin_port));
	return text;
}

static void fails(const char *host, const char *text)
{
	struct want want;

	resolve(&want, host);
	assert_int_equal(want.addresses.count, 0);
	assert_int_equal(want.error.code, ERROR_DNS_FAILED);
	assert_string_equal(want.error.text, text);
}

static void a_name_has_its_addresses_of_both_families_with_the_port(void **state)
{
	struct want want;

	(void)state;
	resolve(&want, "both.test");
	assert_int_equal(want.addresses.count, 2);
	assert_string_equal(address_text(&want, 0), "::1 443");
	assert_string_equal(address_text(&want, 1), "127.0.0.1 443");
	resolve(&want, "four.test");
	assert_int_equal(want.addresses.count, 1);
	assert_string_equal(address_text(&want, 0), "127.0.0.1 443");
	resolve(&want, "alias.test");
	assert_int_equal(want.addresses.count, 1);
	assert_string_equal(address_text(&want, 0), "127.0.0.7 443");
}

static void what_was_asked_is_known(void **state)
{
	struct want want;

	(void)state;
	assert_false(resolver_knows(resolver, "four.test", 80, &want.addresses));
	resolve(&want, "four.test");
	assert_true(resolver_knows(resolver, "four.test", 80, &want.addresses));
	assert_string_equal(address_text(&want, 0), "127.0.0.1 80");
	resolve(&want, "four.test");
	assert_string_equal(address_text(&want, 0), "127.0.0.1 443");
	assert_int_equal(nameserver_asked(server, "four.test"), 1);
}

static void known_until(const char *name, long ms)
{
	struct want want;

	resolve(&want, name);
	clock_advance(ms - 500);
	assert_true(resolver_knows(resolver, name, 80, &want.addresses));
	clock_advance(510);
	assert_false(resolver_knows(resolver, name, 80, &want.addresses));
}

static void an_answer_is_kept_for_its_ttl_but_1_to_30_s(void **state)
{
	struct want want;

	(void)state;
	known_until("four.test", 30000);
	known_until("alias.test", 5000);
	known_until("short.test", 1000);
	/* And is then asked anew. */
	resolve(&want, "short.test");
	assert_string_equal(address_text(&want, 0), "127.0.0.2 443");
}

static void a_failure_is_kept_for_a_second(void **state)
{
	struct want want;

	(void)state;
	fails("gone.test", "gone.test: there is no such name");
	assert_false(resolver_knows(resolver, "gone.test", 80, &want.addresses));
	fails("gone.test", "gone.test: there is no such name");
	assert_int_equal(nameserver_asked(server, "gone.test"), 1);
	clock_advance(1010);
	fails("gone.test", "gone.test: there is no such name");
	assert_int_equal(nameserver_asked(server, "gone.test"), 2);
}

static void literals_and_localhost_ask_nobody(void **state)
{
	struct want want;

	(void)state;
	assert_true(resolver_knows(resolver, "10.1.2.3", 80, &want.addresses));
	assert_string_equal(address_text(&want, 0), "10.1.2.3 80");
	assert_true(resolver_knows(resolver, "fd00::1", 80, &want.addresses));
	assert_string_equal(address_text(&want, 0), "fd00::1 80");
	assert_true(resolver_knows(resolver, "localhost", 80, &want.addresses));
	assert_string_equal(address_text(&want, 0), "127.0.0.1 80");
	assert_true(resolver_knows(resolver, "four.localhost", 80, &want.addresses));
	assert_string_equal(address_text(&want, 0), "127.0.0.1 80");
	resolve(&want, "localhost");
	assert_string_equal(address_text(&want, 0), "127.0.0.1 443");
	resolve(&want, "fd00::1");
	assert_string_equal(address_text(&want, 0), "fd00::1 443");
	assert_int_equal(nameserver_asked(server, NULL), 0);
}

static void all_who_wait_for_a_name_share_one_question(void **state)
{
	struct want want[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		start(&want[i], i % 2 ? "acme" : "other", "four.test", 8000);
	for (int i = 0; i < 20; i++) {
		wait_for(&want[i]);
		assert_int_equal(want[i].addresses.count, 1);
	}
	assert_int_equal(nameserver_asked(server, "four.test"), 1);
}

static void a_truncated_answer_is_asked_for_again_over_tcp(void **state)
{
	struct want want;
	size_t six = 0;

	(void)state;
	resolve(&want, "large.test");
	assert_int_equal(want.addresses.count, ADDRESS_LIST_MAX);
	for (size_t i = 0; i < ADDRESS_LIST_MAX; i++)
		six += want.addresses.items[i].any.sa_family == AF_INET6;
	assert_int_equal(six, ADDRESS_LIST_MAX / 2);
	assert_true(nameserver_asked(server, "large.test") >= 2);
}

static void each_failure_has_its_sentence(void **state)
{
	(void)state;
	fails("gone.test", "gone.test: there is no such name");
	fails("empty.test", "empty.test: the name has no address");
	fails("fails.test", "fails.test: the name servers failed or could not be reached");
	fails("garbage.test", "garbage.test: the name server's answer cannot be read");
	fails("a..b", "a..b: it is not a name that can be looked up");
}

static void a_silent_name_server_is_given_up_at_the_querys_own_time(void **state)
{
	struct want want;

	(void)state;
	start(&want, "acme", "silent.test", 50);
	wait_for(&want);
	assert_int_equal(want.error.code, ERROR_DNS_FAILED);
	assert_string_equal(
		want.error.text, "silent.test: the name servers did not answer in time");
}

static void a_silent_name_server_is_asked_again_and_then_given_up(void **state)
{
	struct want want;

	(void)state;
	start(&want, "acme", "silent.test", 60000);
	for (int questions = 1; questions <= 2; questions++) {
		while (nameserver_asked(server, "silent.test") < questions && !want.answers)
			event_base_loop(base, EVLOOP_NONBLOCK);
		clock_advance(5000);
	}
	wait_for(&want);
	assert_string_equal(want.error.text, "silent.test: the name servers did not answer");
}

/* RESOLVER_ORG_MAX names that never answer. */
static void fill(struct want *want, const char *org)
{
	char name[32];

	for (int i = 0; i < RESOLVER_ORG_MAX; i++) {
		snprintf(name, sizeof(name), "silent%d.%s.test", i, org);
		start(&want[i], org, name, 60000);
	}
}

static void an_orgs_silent_names_hold_up_nobody_else(void **state)
{
	struct want stuck[RESOLVER_ORG_MAX], late, other;

	(void)state;
	fill(stuck, "acme");
	start(&late, "acme", "four.test", 60000);
	start(&other, "other", "both.test", 60000);
	wait_for(&other);
	assert_int_equal(other.addresses.count, 2);
	assert_int_equal(nameserver_asked(server, "four.test"), 0);
	assert_int_equal(late.answers, 0);
	/* The slots come free when the name server is given up. */
	while (!stuck[0].answers) {
		clock_advance(100);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	wait_for(&late);
	assert_int_equal(late.addresses.count, 1);
}

static void a_name_in_one_orgs_line_is_asked_for_by_an_org_with_room(void **state)
{
	struct want stuck[RESOLVER_ORG_MAX], late, other;

	(void)state;
	fill(stuck, "acme");
	start(&late, "acme", "four.test", 60000);
	start(&other, "other", "four.test", 60000);
	wait_for(&other);
	wait_for(&late);
	assert_int_equal(late.addresses.count, 1);
	assert_int_equal(nameserver_asked(server, "four.test"), 1);
}

static void a_place_in_line_ends_with_the_querys_time_or_its_cancel(void **state)
{
	struct want stuck[RESOLVER_ORG_MAX], late, gone, other;

	(void)state;
	fill(stuck, "acme");
	start(&late, "acme", "four.test", 50);
	start(&gone, "acme", "four.test", 60000);
	resolver_cancel(gone.query);
	wait_for(&late);
	assert_int_equal(late.error.code, ERROR_DNS_FAILED);
	start(&other, "other", "four.test", 8000);
	wait_for(&other);
	assert_int_equal(other.addresses.count, 1);
	assert_int_equal(gone.answers, 0);
}

static void a_cancelled_query_is_not_called_back_but_its_answer_is_kept(void **state)
{
	struct want gone, other;

	(void)state;
	start(&gone, "acme", "four.test", 8000);
	resolver_cancel(gone.query);
	resolve(&other, "both.test");
	while (!resolver_knows(resolver, "four.test", 80, &other.addresses))
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(gone.answers, 0);
	/* Nor one whose answer is there, but not yet given. */
	start(&gone, "acme", "four.test", 8000);
	resolver_cancel(gone.query);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(gone.answers, 0);
}

static struct want chained;

static void ask_on(void *arg, const struct address_list *addresses, const struct error *error)
{
	(void)addresses;
	(void)error;
	if (--*(int *)arg == 0)
		start(&chained, "acme", "both.test", 8000);
	else
		resolver_start(resolver, "acme", "gone.test", 443, 8000, ask_on, arg);
}

static void a_callback_may_ask_again(void **state)
{
	int rounds = 5;

	(void)state;
	resolver_start(resolver, "acme", "gone.test", 443, 8000, ask_on, &rounds);
	while (rounds)
		event_base_loop(base, EVLOOP_ONCE);
	wait_for(&chained);
	assert_int_equal(chained.addresses.count, 2);
}

static void nothing_is_left_of_queries_that_still_wait_at_the_end(void **state)
{
	static struct want stuck[RESOLVER_ORG_MAX], late, ready;

	(void)state;
	fill(stuck, "acme");
	start(&late, "acme", "four.test", 60000);
	start(&ready, "acme", "localhost", 60000);
}

static void more_names_than_are_kept_are_still_answered(void **state)
{
	struct want want;
	char name[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "10.0.%d.%d", i / 250, i % 250);
		resolve(&want, name);
		assert_int_equal(want.addresses.count, 1);
	}
}

/* An integration names a host and no part of one. */
static void a_search_list_is_not_used(void **state)
{
	struct error error = {0};
	struct want want;

	(void)state;
	resolver_free(resolver);
	setenv("LOCALDOMAIN", "four.test", 1);
	resolver = resolver_new(base, nameserver_address(server), &error);
	unsetenv("LOCALDOMAIN");
	resolve(&want, "gone");
	assert_int_equal(want.addresses.count, 0);
	resolve(&want, "gone.a");
	assert_int_equal(want.addresses.count, 0);
	assert_int_equal(nameserver_asked(server, NULL), 2);
}

static void name_servers_that_are_none_are_an_error(void **state)
{
	struct error error = {0};

	(void)state;
	assert_null(resolver_new(base, "not a server", &error));
	assert_non_null(strstr(error.text, "name servers"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(a_name_has_its_addresses_of_both_families_with_the_port),
		T(what_was_asked_is_known),
		T(an_answer_is_kept_for_its_ttl_but_1_to_30_s),
		T(a_failure_is_kept_for_a_second),
		T(literals_and_localhost_ask_nobody),
		T(all_who_wait_for_a_name_share_one_question),
		T(a_truncated_answer_is_asked_for_again_over_tcp),
		T(each_failure_has_its_sentence),
		T(a_silent_name_server_is_given_up_at_the_querys_own_time),
		T(a_silent_name_server_is_asked_again_and_then_given_up),
		T(an_orgs_silent_names_hold_up_nobody_else),
		T(a_name_in_one_orgs_line_is_asked_for_by_an_org_with_room),
		T(a_place_in_line_ends_with_the_querys_time_or_its_cancel),
		T(a_cancelled_query_is_not_called_back_but_its_answer_is_kept),
		T(a_callback_may_ask_again),
		T(nothing_is_left_of_queries_that_still_wait_at_the_end),
		T(more_names_than_are_kept_are_still_answered),
		T(a_search_list_is_not_used),
		T(name_servers_that_are_none_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
