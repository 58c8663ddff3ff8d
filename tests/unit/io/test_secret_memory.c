/* SPDX-License-Identifier: MIT */
/* Where opened secrets lie. */
#include "../unit.h"

#include <sys/resource.h>
#include <unistd.h>

#include "io/secret_memory.h"

static void blocks_do_not_touch_each_other(void **state)
{
	struct secret_memory *memory = secret_memory_new(4096);
	char *blocks[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		blocks[i] = secret_memory_take(memory, 1 + i * 7);
		assert_int_equal((uintptr_t)blocks[i] % 16, 0);
		memset(blocks[i], (int)i, 1 + i * 7);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t at = 0; at < 1 + i * 7; at++)
			assert_int_equal((unsigned char)blocks[i][at], i);
	for (size_t i = 0; i < 200; i += 2)
		secret_memory_give(memory, blocks[i]);
	for (size_t i = 1; i < 200; i += 2)
		for (size_t at = 0; at < 1 + i * 7; at++)
			assert_int_equal((unsigned char)blocks[i][at], i);
	/* Those that are not given back go with the memory. */
	secret_memory_free(memory);
}

static void what_is_given_back_is_wiped_at_once(void **state)
{
	struct secret_memory *memory = secret_memory_new(4096);
	char *block = secret_memory_take(memory, 100), *again;

	(void)state;
	memset(block, 's', 128);
	secret_memory_give(memory, block);
	for (size_t i = 0; i < 128; i++)
		assert_int_equal(block[i], 0);
	again = secret_memory_take(memory, 128);
	assert_ptr_equal(again, block);
	secret_memory_free(memory);
}

static void a_full_region_is_followed_by_another(void **state)
{
	struct secret_memory *memory = secret_memory_new(1);
	char *large = secret_memory_take(memory, 100000), *small = secret_memory_take(memory, 1);

	(void)state;
	memset(large, 'a', 100000);
	memset(small, 'b', 1);
	assert_int_equal(large[99999], 'a');
	secret_memory_give(memory, large);
	secret_memory_give(memory, small);
	secret_memory_free(memory);
}

static void giving_back_nothing_is_nothing(void **state)
{
	struct secret_memory *memory = secret_memory_new(4096);

	(void)state;
	secret_memory_give(memory, NULL);
	secret_memory_free(memory);
	secret_memory_free(NULL);
}

/* The sanitizers make mlock() do nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define LOCKS_ARE_REAL false
#elif defined(__has_feature)
#define LOCKS_ARE_REAL (!__has_feature(address_sanitizer))
#else
#define LOCKS_ARE_REAL true
#endif

static void memory_that_cannot_be_locked_is_used_and_said(void **state)
{
	struct secret_memory *memory = secret_memory_new(4096);
	struct rlimit was, none;
	bool root = geteuid() == 0, locked;
	char *block;

	(void)state;
	assert_true(secret_memory_locked(memory));
	secret_memory_free(memory);
	getrlimit(RLIMIT_MEMLOCK, &was);
	none = was;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_MEMLOCK, &none);
	/* Root may lock whatever the limit says. */
	if (root && seteuid(65534))
		fail();
	memory = secret_memory_new(4096);
	locked = secret_memory_locked(memory);
	if (root && seteuid(0))
		fail();
	setrlimit(RLIMIT_MEMLOCK, &was);
	block = secret_memory_take(memory, 10);
	memset(block, 1, 10);
	secret_memory_give(memory, block);
	assert_int_equal(locked, !LOCKS_ARE_REAL);
	secret_memory_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
		T(blocks_do_not_touch_each_other),
		T(what_is_given_back_is_wiped_at_once),
		T(a_full_region_is_followed_by_another),
		T(giving_back_nothing_is_nothing),
		T(memory_that_cannot_be_locked_is_used_and_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
