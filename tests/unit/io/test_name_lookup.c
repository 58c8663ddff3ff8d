/* SPDX-License-Identifier: MIT */
/* Names of the operator's own servers. getaddrinfo() is the test's here: "slow" answers once it may. */
#include "../unit.h"

#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>

#include "io/name_lookup.h"

static sem_t slow_may, slow_is_over;
static struct event_base *base;

struct seen {
	int answers;
	char address[64], reason[64];
};

static struct addrinfo *found_at(int family, uint32_t v4)
{
	struct addrinfo *info = calloc(1, sizeof(*info));

	info->ai_family = family;
	if (family == AF_INET6) {
		struct sockaddr_in6 *at = calloc(1, sizeof(*at));

		*at = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
		info->ai_addr = (struct sockaddr *)at;
		info->ai_addrlen = sizeof(*at);
	} else {
		struct sockaddr_in *at = calloc(1, sizeof(*at));

		*at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(v4)};
		info->ai_addr = (struct sockaddr *)at;
		info->ai_addrlen = sizeof(*at);
	}
	return info;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
	struct addrinfo **found)
{
	(void)service;
	if (hints->ai_flags & AI_NUMERICHOST) {
		if (strcmp(host, "10.1.2.3") != 0)
			return EAI_NONAME;
		*found = found_at(AF_INET, 0x0a010203);
		return 0;
	}
	if (strcmp(host, "slow") == 0) {
		sem_wait(&slow_may);
		sem_post(&slow_is_over);
	}
	if (strcmp(host, "none") == 0 || strcasecmp(host, "localhost") == 0 ||
		(strcmp(host, "six") == 0 && hints->ai_family == AF_INET))
		return EAI_NONAME;
	*found = found_at(hints->ai_family, 0x7f000001);
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	free(found->ai_addr);
	free(found);
}

static int begin(void **state)
{
	(void)state;
	sem_init(&slow_may, 0, 0);
	sem_init(&slow_is_over, 0, 0);
	base = event_base_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	event_base_free(base);
	return 0;
}

static void on_answer(void *arg, const char *address, const char *reason)
{
	struct seen *seen = arg;

	seen->answers++;
	snprintf(seen->address, sizeof(seen->address), "%s", address != NULL ? address : "");
	snprintf(seen->reason, sizeof(seen->reason), "%s", reason != NULL ? reason : "");
	event_base_loopbreak(base);
}

static void look_up(const char *host, struct seen *seen)
{
	*seen = (struct seen){0};
	name_lookup_start(base, host, on_answer, seen);
	assert_int_equal(seen->answers, 0);
	event_base_dispatch(base);
	assert_int_equal(seen->answers, 1);
}

static void a_name_has_an_address(void **state)
{
	struct seen seen;

	(void)state;
	look_up("four", &seen);
	assert_string_equal(seen.address, "127.0.0.1");
	look_up("six", &seen);
	assert_string_equal(seen.address, "::1");
}

static void an_address_is_its_own(void **state)
{
	struct seen seen;

	(void)state;
	look_up("10.1.2.3", &seen);
	assert_string_equal(seen.address, "10.1.2.3");
}

static void a_name_that_there_is_not_has_a_reason(void **state)
{
	struct seen seen;

	(void)state;
	look_up("none", &seen);
	assert_string_equal(seen.address, "");
	assert_string_not_equal(seen.reason, "");
}

/* As in a container without /etc/hosts. */
static void localhost_is_this_machine_where_nothing_says_so(void **state)
{
	struct seen seen;

	(void)state;
	look_up("localhost", &seen);
	assert_string_equal(seen.address, "127.0.0.1");
	look_up("LocalHost", &seen);
	assert_string_equal(seen.address, "127.0.0.1");
}

/* Were the loop blocked, what lets the lookup go on would never come. */
static void let_it_go_on(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	sem_post(&slow_may);
}

static void the_loop_turns_while_a_name_server_is_silent(void **state)
{
	struct seen seen;
	struct event *timer = evtimer_new(base, let_it_go_on, NULL);
	struct timeval soon = {0, 1000};

	(void)state;
	event_add(timer, &soon);
	look_up("slow", &seen);
	assert_string_equal(seen.address, "127.0.0.1");
	event_free(timer);
}

static void one_that_is_cancelled_says_nothing(void **state)
{
	struct seen seen = {0};
	struct name_lookup *lookup = name_lookup_start(base, "slow", on_answer, &seen);

	(void)state;
	name_lookup_cancel(lookup);
	sem_post(&slow_may);
	sem_wait(&slow_is_over);
	event_base_dispatch(base);
	assert_int_equal(seen.answers, 0);
	name_lookup_cancel(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_has_an_address, begin, end),
		cmocka_unit_test_setup_teardown(an_address_is_its_own, begin, end),
		cmocka_unit_test_setup_teardown(a_name_that_there_is_not_has_a_reason, begin, end),
		cmocka_unit_test_setup_teardown(
			localhost_is_this_machine_where_nothing_says_so, begin, end),
		cmocka_unit_test_setup_teardown(
			the_loop_turns_while_a_name_server_is_silent, begin, end),
		cmocka_unit_test_setup_teardown(one_that_is_cancelled_says_nothing, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
