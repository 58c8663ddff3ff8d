/* SPDX-License-Identifier: MIT */
/* How long a job waited, told by what was seen of its queue. */
#include "../unit.h"

#include "io/queue_wait.h"

#define SECOND INT64_C(1000000)
#define NOON   (INT64_C(1795000000) * SECOND)

static int forget(void **state)
{
	(void)state;
	queue_wait_clear();
	return 0;
}

static void what_nothing_is_known_of_has_no_wait(void **state)
{
	(void)state;
	queue_wait_claimed_at(NOON);
	assert_int_equal(queue_wait_us(QUEUE_CHAT), -1);
	queue_wait_none_before(QUEUE_CHAT, NOON);
	assert_int_equal(queue_wait_us(QUEUE_CHAT), 0);
	assert_int_equal(queue_wait_us(QUEUE_WORKFLOW), -1);
}

static void a_job_came_after_the_claim_that_emptied_its_queue(void **state)
{
	(void)state;
	queue_wait_claimed_at(NOON);
	queue_wait_emptied();
	queue_wait_claimed_at(NOON + 700);
	assert_int_equal(queue_wait_us(QUEUE_DECISIONS), 700);
	assert_int_equal(queue_wait_us(QUEUE_WORKFLOW), 700);
}

static void a_claim_that_left_jobs_behind_says_nothing_of_them(void **state)
{
	(void)state;
	queue_wait_claimed_at(NOON);
	queue_wait_emptied();
	queue_wait_claimed_at(NOON + SECOND);
	queue_wait_claimed_at(NOON + 2 * SECOND);
	assert_int_equal(queue_wait_us(QUEUE_WORKFLOW), 2 * SECOND);
}

static void the_latest_that_was_seen_counts_in_whatever_order_it_is_told(void **state)
{
	(void)state;
	queue_wait_none_before(QUEUE_CHAT, NOON + 3 * SECOND);
	queue_wait_none_before(QUEUE_CHAT, NOON);
	queue_wait_claimed_at(NOON + 4 * SECOND);
	assert_int_equal(queue_wait_us(QUEUE_CHAT), SECOND);
}

static void no_wait_is_below_zero(void **state)
{
	(void)state;
	queue_wait_none_before(QUEUE_CHAT, NOON + 50);
	queue_wait_claimed_at(NOON);
	assert_int_equal(queue_wait_us(QUEUE_CHAT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, forget)
		T(what_nothing_is_known_of_has_no_wait),
		T(a_job_came_after_the_claim_that_emptied_its_queue),
		T(a_claim_that_left_jobs_behind_says_nothing_of_them),
		T(the_latest_that_was_seen_counts_in_whatever_order_it_is_told),
		T(no_wait_is_below_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
