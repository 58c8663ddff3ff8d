/* SPDX-License-Identifier: MIT */
/* What old keys sealed is sealed to the newest, for the same place and nothing else. */
#include "../unit.h"

#include <stdio.h>
#include <unistd.h>

#include "bellhop/key_file.h"
#include "io/keyring.h"
#include "ring.h"

static enum keyring_reseal reseal(
	const struct buf *sealed, const struct seal_binding *binding, struct buf *out)
{
	buf_clear(out);
	return keyring_reseal(ring.keyring, (struct span){sealed->data, sealed->len}, binding, out);
}

static void rotate(void)
{
	struct error error = {0};

	assert_int_equal(key_file_rotate(ring.path, &ring.key, &error), 0);
	ring_reload();
	assert_string_equal(keyring_newest_id(ring.keyring), ring.key.id);
}

static void what_an_old_key_sealed_is_sealed_to_the_newest_with_its_binding(void **state)
{
	struct seal_binding elsewhere = TICKETS;
	struct buf old = seal(&TICKETS, "s3\0cret", 7), new;
	char out[64];

	(void)state;
	buf_init(&new, 4096);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_ALREADY_NEW);
	assert_int_equal(new.len, 0);
	rotate();
	rotate();
	/* Its origin is inside, and is not asked for. */
	elsewhere.origin = "https://evil.example";
	assert_int_equal(reseal(&old, &elsewhere, &new), KEYRING_RESEALED);
	assert_int_equal(new.len, old.len);
	assert_memory_equal(new.data + 4, ring.key.id, 16);
	assert_int_equal(open_as(&new, &elsewhere, out, sizeof(out)), -1);
	assert_int_equal(open_as(&new, &TICKETS, out, sizeof(out)), 7);
	assert_memory_equal(out, "s3\0cret", 7);
	assert_int_equal(reseal(&new, &TICKETS, &old), KEYRING_ALREADY_NEW);
	buf_release(&old);
	buf_release(&new);
}

static void the_longest_value_is_resealed(void **state)
{
	static char value[SEAL_VALUE_MAX], out[SEAL_VALUE_MAX + 1];
	struct buf old, new;

	(void)state;
	memset(value, 'v', sizeof(value));
	old = seal(&TICKETS, value, sizeof(value));
	buf_init(&new, 1024 * 1024);
	rotate();
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_RESEALED);
	assert_int_equal(open_as(&new, &TICKETS, out, sizeof(out)), sizeof(value));
	assert_memory_equal(out, value, sizeof(value));
	buf_release(&old);
	buf_release(&new);
}

static void what_does_not_belong_there_is_not_resealed(void **state)
{
	const struct seal_binding places[] = {
		{"globex", "tickets", "token", TICKETS.origin},
		{"acme", "ticket", "token", TICKETS.origin},
		{"acme", "tickets", "key", TICKETS.origin},
		{"acmetickets", "", "token", TICKETS.origin},
	};
	struct buf old = seal(&TICKETS, "s3cret", 6), new;

	(void)state;
	buf_init(&new, 4096);
	rotate();
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		assert_int_equal(reseal(&old, &places[i], &new), KEYRING_NOT_OPENED);
	old.data[old.len - 3] ^= 1;
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_OPENED);
	buf_truncate(&old, 21);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_OPENED);
	buf_truncate(&old, 20);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_SEALED);
	buf_clear(&old);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_SEALED);
	buf_add_string(&old, "bh1.0000000000000000.AAAA");
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_KEY_UNKNOWN);
	buf_clear(&old);
	buf_add_string(&old, "bh1.000000000000000G.AAAA");
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_SEALED);
	assert_int_equal(new.len, 0);
	buf_release(&old);
	buf_release(&new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, ring_begin, ring_end)
		T(what_an_old_key_sealed_is_sealed_to_the_newest_with_its_binding),
		T(the_longest_value_is_resealed),
		T(what_does_not_belong_there_is_not_resealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
