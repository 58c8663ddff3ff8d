/* SPDX-License-Identifier: MIT */
/* Key rings as files. */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bellhop/key_file.h"

struct files {
	char directory[32];
	char ring[64];
	char public[64];
};

static int make_directory(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	strcpy(files->directory, "/tmp/bellhop-test-XXXXXX");
	if (!mkdtemp(files->directory))
		return -1;
	snprintf(files->ring, sizeof(files->ring), "%s/ring", files->directory);
	snprintf(files->public, sizeof(files->public), "%s/ring.pub", files->directory);
	*state = files;
	return 0;
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
	(void)stat;
	(void)kind;
	(void)place;
	return remove(path);
}

static int remove_directory(void **state)
{
	struct files *files = *state;
	int result = nftw(files->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

	free(files);
	return result;
}

static size_t read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
	return len;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static mode_t mode_of(const char *path)
{
	struct stat stat_of;

	assert_int_equal(stat(path, &stat_of), 0);
	return stat_of.st_mode & 07777;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int entries(const struct files *files)
{
	struct stat stat_of;
	char path[96];
	int count = 0;

	for (const char *const *name = (const char *const[]){"", ".pub", ".new", ".pub.new", NULL};
		*name; name++) {
		snprintf(path, sizeof(path), "%s%s", files->ring, *name);
		count += lstat(path, &stat_of) == 0;
	}
	return count;
}

static void create(const struct files *files, struct public_key *made)
{
	struct error error = {0};

	if (key_file_create(files->ring, made, &error) < 0)
		fail_msg("%s", error.text);
}

static void rotate(const struct files *files, struct public_key *made)
{
	struct error error = {0};

	if (key_file_rotate(files->ring, made, &error) < 0)
		fail_msg("%s", error.text);
}

/* The line of the ring that begins a key with this id, checked to be the secret half of it. */
static void assert_ring_opens(const char *ring, const struct public_key *key)
{
	unsigned char secret[SEAL_SECRET_BYTES], public[SEAL_PUBLIC_BYTES];
	char start[64];
	const char *line;
	size_t len;

	snprintf(start, sizeof(start), "bellhop-secret-1 %s ", key->id);
	line = strstr(ring, start);
	assert_non_null(line);
	line += strlen(start);
	assert_int_equal(sodium_base642bin(secret, sizeof(secret), line, strcspn(line, "\n"), NULL,
				 &len, NULL, sodium_base64_VARIANT_ORIGINAL),
		0);
	assert_int_equal(len, sizeof(secret));
	assert_int_equal(crypto_scalarmult_base(public, secret), 0);
	assert_memory_equal(public, key->bytes, sizeof(public));
}

static void a_new_ring_is_for_its_owner_alone_and_its_public_half_for_all(void **state)
{
	const struct files *files = *state;
	struct public_key made, read;
	struct error error = {0};
	char ring[4096];

	umask(022);
	create(files, &made);
	assert_int_equal(mode_of(files->ring), 0600);
	assert_int_equal(mode_of(files->public), 0644);
	read_text(files->ring, ring, sizeof(ring));
	assert_ring_opens(ring, &made);
	assert_int_equal(public_key_load(&read, files->public, &error), 0);
	assert_memory_equal(read.bytes, made.bytes, sizeof(read.bytes));
	assert_string_equal(read.id, made.id);
}

static void a_public_half_does_not_hold_the_secret_one(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	char ring[4096], public[4096];
	char *secret;

	create(files, &made);
	read_text(files->ring, ring, sizeof(ring));
	read_text(files->public, public, sizeof(public));
	secret = strrchr(ring, ' ') + 1;
	secret[strcspn(secret, "\n")] = '\0';
	assert_int_equal(strlen(secret), 44);
	assert_null(strstr(public, secret));
}

static void a_file_that_is_there_is_never_overwritten(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	struct error error = {0};
	char text[64];

	write_text(files->ring, "mine");
	assert_int_equal(key_file_create(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "never overwrites"));
	read_text(files->ring, text, sizeof(text));
	assert_string_equal(text, "mine");
	assert_int_equal(entries(files), 1);
}

static void a_public_file_that_is_there_leaves_no_ring_behind(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	struct error error = {0};
	char text[64];

	write_text(files->public, "mine");
	assert_int_equal(key_file_create(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "ring.pub is there already"));
	read_text(files->public, text, sizeof(text));
	assert_string_equal(text, "mine");
	assert_false(exists(files->ring));
}

static void a_dangling_link_is_not_written_through(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	struct error error = {0};

	assert_int_equal(symlink("elsewhere", files->ring), 0);
	assert_int_equal(key_file_create(files->ring, &made, &error), -1);
	assert_int_equal(entries(files), 1);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct public_key made;
	struct error error = {0};

	(void)state;
	assert_int_equal(key_file_create("/nowhere/at/all/ring", &made, &error), -1);
	assert_string_equal(
		error.text, "cannot create /nowhere/at/all/ring: No such file or directory");
}

static void a_rotation_adds_a_key_at_the_end_and_keeps_the_others(void **state)
{
	const struct files *files = *state;
	struct public_key first, second, third, read;
	struct error error = {0};
	char before[4096], after[8192];
	size_t len;

	create(files, &first);
	rotate(files, &second);
	len = read_text(files->ring, before, sizeof(before));
	rotate(files, &third);
	read_text(files->ring, after, sizeof(after));
	assert_memory_equal(after, before, len);
	assert_ring_opens(after, &first);
	assert_ring_opens(after, &second);
	assert_ring_opens(after + len, &third);
	assert_string_not_equal(first.id, second.id);
	assert_int_equal(mode_of(files->ring), 0600);
	assert_int_equal(public_key_load(&read, files->public, &error), 0);
	assert_string_equal(read.id, third.id);
	assert_int_equal(entries(files), 2);
}

static void a_ring_whose_last_line_does_not_end_is_added_to_all_the_same(void **state)
{
	const struct files *files = *state;
	struct public_key first, second;
	char text[4096];
	size_t len;

	create(files, &first);
	len = read_text(files->ring, text, sizeof(text));
	assert_int_equal(truncate(files->ring, (off_t)len - 1), 0);
	rotate(files, &second);
	read_text(files->ring, text, sizeof(text));
	assert_ring_opens(text, &first);
	assert_ring_opens(text, &second);
}

static void a_rotation_through_a_link_keeps_the_link(void **state)
{
	const struct files *files = *state;
	struct public_key first, second;
	struct stat stat_of;
	char real[64], text[4096];

	create(files, &first);
	snprintf(real, sizeof(real), "%s/real", files->directory);
	assert_int_equal(rename(files->ring, real), 0);
	assert_int_equal(symlink("real", files->ring), 0);
	rotate(files, &second);
	assert_int_equal(lstat(files->ring, &stat_of), 0);
	assert_true(S_ISLNK(stat_of.st_mode));
	read_text(real, text, sizeof(text));
	assert_ring_opens(text, &second);
	assert_int_equal(entries(files), 2);
}

static void a_ring_that_others_can_read_is_not_rotated(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	struct error error = {0};
	char before[4096], after[4096];

	create(files, &made);
	read_text(files->ring, before, sizeof(before));
	assert_int_equal(chmod(files->ring, 0640), 0);
	assert_int_equal(key_file_rotate(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "chmod 600"));
	read_text(files->ring, after, sizeof(after));
	assert_string_equal(before, after);
}

static void what_is_no_ring_is_not_rotated(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	struct error error = {0};
	char text[4096], *end;

	assert_int_equal(key_file_rotate(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "No such file"));

	error = (struct error){0};
	write_text(files->ring, "# nothing in it\n\n");
	assert_int_equal(chmod(files->ring, 0600), 0);
	assert_int_equal(key_file_rotate(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "holds no key"));

	error = (struct error){0};
	write_text(files->ring, "");
	assert_int_equal(key_file_rotate(files->ring, &made, &error), -1);

	assert_int_equal(unlink(files->ring), 0);
	create(files, &made);
	read_text(files->ring, text, sizeof(text));
	end = strrchr(text, ' ') + 1;
	end[4] = end[4] == 'A' ? 'B' : 'A';
	write_text(files->ring, text);
	error = (struct error){0};
	assert_int_equal(key_file_rotate(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "line 3 of"));

	error = (struct error){0};
	assert_int_equal(key_file_rotate(files->directory, &made, &error), -1);
	assert_non_null(strstr(error.text, "is not a key ring"));
}

static void two_rotations_at_once_do_not_lose_a_key(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	struct error error = {0};
	int file;

	create(files, &made);
	file = open(files->ring, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(file, LOCK_EX), 0);
	assert_int_equal(key_file_rotate(files->ring, &made, &error), -1);
	assert_non_null(strstr(error.text, "another keygen"));
	close(file);
	rotate(files, &made);
}

static void what_a_rotation_that_was_cut_off_left_is_in_nobodys_way(void **state)
{
	const struct files *files = *state;
	struct public_key made;
	char path[96], text[4096];

	create(files, &made);
	snprintf(path, sizeof(path), "%s.new", files->ring);
	write_text(path, "half a ri");
	rotate(files, &made);
	read_text(files->ring, text, sizeof(text));
	assert_ring_opens(text, &made);
	assert_null(strstr(text, "half"));
	assert_int_equal(entries(files), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
	const struct CMUnitTest tests[] = {
		TEST(a_new_ring_is_for_its_owner_alone_and_its_public_half_for_all),
		TEST(a_public_half_does_not_hold_the_secret_one),
		TEST(a_file_that_is_there_is_never_overwritten),
		TEST(a_public_file_that_is_there_leaves_no_ring_behind),
		TEST(a_dangling_link_is_not_written_through),
		TEST(a_folder_that_is_not_there_is_named),
		TEST(a_rotation_adds_a_key_at_the_end_and_keeps_the_others),
		TEST(a_ring_whose_last_line_does_not_end_is_added_to_all_the_same),
		TEST(a_rotation_through_a_link_keeps_the_link),
		TEST(a_ring_that_others_can_read_is_not_rotated),
		TEST(what_is_no_ring_is_not_rotated),
		TEST(two_rotations_at_once_do_not_lose_a_key),
		TEST(what_a_rotation_that_was_cut_off_left_is_in_nobodys_way),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
