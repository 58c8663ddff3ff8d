/* SPDX-License-Identifier: MIT */
/* The keys are the contract's, all under the shard's hash tag. */
#include "unit.h"

#include "bellhop/key.h"

#define KEY_IS(expected, function, ...)                  \
	do {                                             \
		struct buf key;                          \
		buf_init(&key, 1000);                    \
		function(&key, __VA_ARGS__);             \
		assert_string_equal(key.data, expected); \
		buf_release(&key);                       \
	} while (0)

static void what_all_orgs_share_stands_under_the_shard(void **state)
{
	(void)state;
	KEY_IS("bellhop:{main}:jobs:chat", key_shard, "main", "jobs:chat");
	KEY_IS("bellhop:{s-2}:dead", key_shard, "s-2", "dead");
	KEY_IS("bellhop:{main}:replies:chat-7", key_replies, "main", "chat-7");
	KEY_IS("bellhop:{main}:result:acme:3f0c", key_result, "main", "acme", "3f0c");
	KEY_IS("bellhop:{main}:waiting:acme:3f0c", key_waiting, "main", "acme", "3f0c");
	KEY_IS("bellhop:{main}:claims:w1", key_claims, "main", "w1");
}

static void what_an_org_owns_stands_under_its_name(void **state)
{
	(void)state;
	KEY_IS("bellhop:{main}:org:acme:calls", key_org, "main", "acme", "calls");
	KEY_IS("bellhop:{main}:org:acme:integration:tickets", key_integration, "main", "acme",
		"tickets");
	KEY_IS("bellhop:{main}:org:acme:secrets:tickets", key_secrets, "main", "acme", "tickets");
	KEY_IS("bellhop:{main}:org:acme:window:tickets:create", key_window, "main", "acme",
		"tickets", "create");
	KEY_IS("bellhop:{main}:org:acme:confirm:t0k", key_confirm, "main", "acme", "t0k");
}

static void a_key_is_added_to_what_is_there(void **state)
{
	struct buf keys;

	(void)state;
	buf_init(&keys, 1000);
	key_claims(&keys, "a", "w");
	key_claims(&keys, "b", "w");
	assert_string_equal(keys.data, "bellhop:{a}:claims:wbellhop:{b}:claims:w");
	buf_release(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_all_orgs_share_stands_under_the_shard),
		cmocka_unit_test(what_an_org_owns_stands_under_its_name),
		cmocka_unit_test(a_key_is_added_to_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
