/* SPDX-License-Identifier: MIT */
/* Which key files are read, and where a secret opens. */
#include "../unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/key_file.h"
#include "io/keyring.h"
#include "ring.h"

static void a_secret_opens_where_it_was_sealed_for(void **state)
{
	struct buf sealed = seal(&TICKETS, "s3cret", 6);
	char out[64];

	(void)state;
	/* The second time out of the cache. */
	for (int i = 0; i < 2; i++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(open_as(&sealed, &TICKETS, out, sizeof(out)), 6);
		assert_string_equal(out, "s3cret");
	}
	buf_release(&sealed);
}

static void closed(const struct buf *sealed, const struct seal_binding *binding)
{
	char out[64];

	assert_int_equal(open_as(sealed, binding, out, sizeof(out)), -1);
}

static void a_secret_opens_nowhere_else(void **state)
{
	struct buf sealed = seal(&TICKETS, "s3cret", 6);
	struct seal_binding other;
	char out[64];

	(void)state;
	for (int i = 0; i < 2; i++) {
		other = TICKETS;
		other.org = "evil";
		closed(&sealed, &other);
		other = TICKETS;
		other.integration = "ticket";
		closed(&sealed, &other);
		other = TICKETS;
		other.field = "key";
		closed(&sealed, &other);
		other = TICKETS;
		other.origin = "https://api.acme.com:8443";
		closed(&sealed, &other);
		other = TICKETS;
		other.origin = "";
		closed(&sealed, &other);
		/* Nor when it was just opened where it belongs. */
		assert_int_equal(open_as(&sealed, &TICKETS, out, sizeof(out)), 6);
	}
	buf_release(&sealed);
}

/* Parts that say the same when they are written one after the other. */
static void parts_of_a_binding_do_not_run_together(void **state)
{
	struct seal_binding a = {"ab", "c", "token", "o"}, b = {"a", "bc", "token", "o"};
	struct buf sealed = seal(&a, "s3cret", 6);
	char out[64];

	(void)state;
	closed(&sealed, &b);
	assert_int_equal(open_as(&sealed, &a, out, sizeof(out)), 6);
	closed(&sealed, &b);
	buf_release(&sealed);
}

static void a_damaged_secret_does_not_open(void **state)
{
	struct buf sealed = seal(&TICKETS, "s3cret", 6);
	size_t len = sealed.len;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		char was = sealed.data[i];

		sealed.data[i] = was == 'A' ? 'B' : 'A';
		closed(&sealed, &TICKETS);
		sealed.data[i] = was;
	}
	for (sealed.len = 0; sealed.len < len; sealed.len++)
		closed(&sealed, &TICKETS);
	buf_add_string(&sealed, "AAAA");
	closed(&sealed, &TICKETS);
	buf_release(&sealed);
}

static void what_is_not_sealed_does_not_open(void **state)
{
	static const char *const texts[] = {"", "s3cret", "bh1.", "bh1.0123456789abcdef.",
		"bh1.0123456789abcdef.AAAA", "bh2.0123456789abcdef.AAAA", "{\"a\":1}"};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(
			keyring_open(ring.keyring, span_of(texts[i]), &TICKETS, out, sizeof(out)),
			-1);
}

static void every_length_opens_into_what_it_is_said_to_need(void **state)
{
	char *value = xmalloc(SEAL_VALUE_MAX), *out = xmalloc(SEAL_VALUE_MAX * 2);
	static const size_t large[] = {1000, 4095, 4096, 65535, SEAL_VALUE_MAX};

	(void)state;
	memset(value, 'v', SEAL_VALUE_MAX);
	for (size_t i = 0; i < 200 + sizeof(large) / sizeof(*large); i++) {
		size_t len = i < 200 ? i : large[i - 200];
		struct seal_binding bare = {"a", "b", "c", "d"};
		struct buf sealed = seal(&bare, value, len);
		size_t need = keyring_open_bytes((struct span){sealed.data, sealed.len});

		assert_in_range(need, len + 1, len + 256);
		assert_int_equal(open_as(&sealed, &bare, out, need), len);
		assert_memory_equal(out, value, len);
		assert_int_equal(out[len], 0);
		buf_release(&sealed);
	}
	free(value);
	free(out);
}

static void a_value_that_does_not_fit_is_not_written(void **state)
{
	struct buf sealed = seal(&TICKETS, "s3cret", 6);
	char out[7];

	(void)state;
	memset(out, 'x', sizeof(out));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_as(&sealed, &TICKETS, out, 6), -1);
		assert_int_equal(out[0], 'x');
	}
	assert_int_equal(open_as(&sealed, &TICKETS, out, 7), 6);
	buf_release(&sealed);
}

static void a_secret_of_another_ring_does_not_open(void **state)
{
	struct buf sealed;
	struct public_key mine = ring.key, other = {.bytes = {9}};

	(void)state;
	public_key_id(&other);
	ring.key = other;
	sealed = seal(&TICKETS, "s3cret", 6);
	ring.key = mine;
	closed(&sealed, &TICKETS);
	/* Nor when it names our key. */
	memcpy(sealed.data + 4, mine.id, 16);
	closed(&sealed, &TICKETS);
	buf_release(&sealed);
}

static void after_a_rotation_old_and_new_secrets_open(void **state)
{
	struct buf old = seal(&TICKETS, "old", 3), new;
	struct error error = {0};
	char out[64];

	(void)state;
	assert_int_equal(key_file_rotate(ring.path, &ring.key, &error), 0);
	new = seal(&TICKETS, "new", 3);
	closed(&new, &TICKETS);
	ring_reload();
	assert_int_equal(open_as(&old, &TICKETS, out, sizeof(out)), 3);
	assert_string_equal(out, "old");
	assert_int_equal(open_as(&new, &TICKETS, out, sizeof(out)), 3);
	assert_string_equal(out, "new");
	buf_release(&old);
	buf_release(&new);
}

/* More than the cache holds, and again in the same order. */
static void more_secrets_than_are_kept_all_open(void **state)
{
	enum { COUNT = 5000 };
	static struct buf sealed[COUNT];
	char value[32], out[32];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		snprintf(value, sizeof(value), "value %d", i);
		sealed[i] = seal(&TICKETS, value, strlen(value));
	}
	for (int i = 0; i < 2 * COUNT; i++) {
		snprintf(value, sizeof(value), "value %d", i % COUNT);
		assert_int_equal(
			open_as(&sealed[i % COUNT], &TICKETS, out, sizeof(out)), strlen(value));
		assert_string_equal(out, value);
	}
	for (int i = 0; i < COUNT; i++)
		buf_release(&sealed[i]);
}

static struct buf freeze(const char *text, const char *context)
{
	struct buf frozen;

	buf_init(&frozen, 4096);
	keyring_freeze(ring.keyring, span_of(text), span_of(context), &frozen);
	return frozen;
}

static int thaw(const struct buf *frozen, const char *context, struct buf *out)
{
	return keyring_thaw(
		ring.keyring, (struct span){frozen->data, frozen->len}, span_of(context), out);
}

static void a_frozen_request_thaws_for_its_context_alone(void **state)
{
	struct buf frozen = freeze("{\"method\":\"POST\"}", "acme token"), again, out;

	(void)state;
	buf_init(&out, 4096);
	buf_add_string(&out, "before ");
	assert_int_equal(thaw(&frozen, "acme token", &out), 0);
	assert_string_equal(out.data, "before {\"method\":\"POST\"}");
	assert_int_equal(thaw(&frozen, "evil token", &out), -1);
	assert_int_equal(thaw(&frozen, "", &out), -1);
	assert_string_equal(out.data, "before {\"method\":\"POST\"}");
	assert_null(strstr(frozen.data, "POST"));
	again = freeze("{\"method\":\"POST\"}", "acme token");
	assert_int_equal(again.len, frozen.len);
	assert_memory_not_equal(again.data, frozen.data, frozen.len);
	buf_release(&again);
	buf_release(&frozen);
	buf_release(&out);
}

static void a_changed_frozen_request_does_not_thaw(void **state)
{
	struct buf frozen = freeze("request", "context"), out;
	size_t len = frozen.len;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < len; i++) {
		frozen.data[i] ^= 1;
		assert_int_equal(thaw(&frozen, "context", &out), -1);
		frozen.data[i] ^= 1;
	}
	for (frozen.len = 0; frozen.len < len; frozen.len++)
		assert_int_equal(thaw(&frozen, "context", &out), -1);
	assert_int_equal(thaw(&frozen, "context", &out), 0);
	buf_release(&frozen);
	buf_release(&out);
}

static void a_request_frozen_before_a_rotation_thaws_after_it(void **state)
{
	struct buf frozen = freeze("request", "context"), out;
	struct error error = {0};

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(key_file_rotate(ring.path, &ring.key, &error), 0);
	ring_reload();
	assert_int_equal(thaw(&frozen, "context", &out), 0);
	assert_string_equal(out.data, "request");
	buf_release(&frozen);
	buf_release(&out);
}

static void refused(const char *file, const char *why)
{
	struct error error = {0};

	assert_null(keyring_load(file, &error));
	if (!strstr(error.text, why) || !strstr(error.text, file))
		fail_msg("%s", error.text);
}

static void a_ring_that_others_can_read_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		chmod(ring.path, modes[i]);
		refused(ring.path, "can be read by others: chmod 600");
	}
	chmod(ring.path, 0400);
	keyring_free(ring_load());
}

static void another_users_ring_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(ring.path, 65534, (gid_t)-1), 0);
	refused(ring.path, "belongs to another user");
}

static void write_ring(const char *text)
{
	FILE *file = fopen(ring.path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void what_is_no_ring_is_refused(void **state)
{
	char missing[128];

	(void)state;
	snprintf(missing, sizeof(missing), "%s/missing", ring.folder);
	refused(missing, "No such file");
	refused(ring.folder, "is not a file");
	write_ring("");
	refused(ring.path, "holds no key: make one with `bellhop keygen`");
	write_ring("# only words\n\n");
	refused(ring.path, "holds no key");
	write_ring("\nhello\n");
	refused(ring.path, "line 2 of");
	write_ring(
		"bellhop-secret-1 0123456789abcdef AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	refused(ring.path, "line 1 of");
	write_ring("bellhop-secret-1 0123456789abcdef \n");
	refused(ring.path, "line 1 of");
	write_ring("bellhop-secret-1");
	refused(ring.path, "line 1 of");
	chmod(ring.public_path, 0600);
	refused(ring.public_path, "not its .pub");
}

static void an_endless_file_is_refused(void **state)
{
	char *text = xmalloc(128 * 1024);

	(void)state;
	memset(text, '#', 128 * 1024 - 1);
	text[128 * 1024 - 1] = '\0';
	write_ring(text);
	refused(ring.path, "File too large");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, ring_begin, ring_end)
		T(a_secret_opens_where_it_was_sealed_for),
		T(a_secret_opens_nowhere_else),
		T(parts_of_a_binding_do_not_run_together),
		T(a_damaged_secret_does_not_open),
		T(what_is_not_sealed_does_not_open),
		T(every_length_opens_into_what_it_is_said_to_need),
		T(a_value_that_does_not_fit_is_not_written),
		T(a_secret_of_another_ring_does_not_open),
		T(after_a_rotation_old_and_new_secrets_open),
		T(more_secrets_than_are_kept_all_open),
		T(a_frozen_request_thaws_for_its_context_alone),
		T(a_changed_frozen_request_does_not_thaw),
		T(a_request_frozen_before_a_rotation_thaws_after_it),
		T(a_ring_that_others_can_read_is_refused),
		T(another_users_ring_is_refused),
		T(what_is_no_ring_is_refused),
		T(an_endless_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
