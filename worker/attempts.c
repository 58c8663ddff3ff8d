/* SPDX-License-Identifier: MIT */
/* attempts: what the former attempts of a job came to, as one word that travels with the job. */
#include "attempts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bellhop/bug.h"

#define DETAILS_MAX_BYTES  (64 * 1024)
#define DETAILS_KEEP_BYTES 1024
#define WORD_MAX_BYTES	   (128 * 1024)
#define END		   ",." /* what was cut off in the middle of a text does not end so */
#define BASE64		   sodium_base64_VARIANT_URLSAFE_NO_PADDING

void attempts_init(struct attempts *attempts)
{
	*attempts = (struct attempts){.retry_after_ms = -1};
	buf_init(&attempts->details, DETAILS_MAX_BYTES);
}

void attempts_release(struct attempts *attempts)
{
	buf_release(&attempts->details);
}

void attempts_clear(struct attempts *attempts)
{
	struct buf details = attempts->details;

	*attempts = (struct attempts){.retry_after_ms = -1, .details = details};
	buf_shrink(&attempts->details, DETAILS_KEEP_BYTES);
}

static void add_number(struct buf *out, int64_t number)
{
	buf_add_signed(out, number);
	buf_add_char(out, ',');
}

static void add_base64(struct buf *out, const char *data, size_t len)
{
	size_t room = sodium_base64_encoded_len(len, BASE64); /* its NUL too */
	char *at = buf_reserve(out, room);

	BUG_ON(at == NULL);
	sodium_bin2base64(at, room, (const unsigned char *)data, len, BASE64);
	buf_commit(out, room - 1);
}

/* `tries,calls,sent,retryable,retry_after_ms,http_status,duration_ms,begun_at_ms,version,code,TEXT,DETAILS,.`, both texts in base64. */
void attempts_write(const struct attempts *attempts, struct buf *out)
{
	if (attempts->tries == 0) {
		buf_add_char(out, '-');
		return;
	}
	add_number(out, attempts->tries);
	add_number(out, attempts->calls);
	add_number(out, attempts->sent);
	add_number(out, attempts->retryable);
	add_number(out, attempts->retry_after_ms);
	add_number(out, attempts->http_status);
	add_number(out, attempts->duration_ms);
	add_number(out, attempts->begun_at_ms);
	buf_printf(out, "%s,%s,", attempts->version, error_info(attempts->error.code)->name);
	add_base64(out, attempts->error.text, strlen(attempts->error.text));
	buf_add_char(out, ',');
	add_base64(out, attempts->details.data, attempts->details.len);
	buf_add_string(out, END);
}

/* The text up to the next comma or the end, and goes behind it. False where there is none. */
static bool cut(const char **at, const char **text, size_t *len)
{
	if (*at == NULL)
		return false;
	*text = *at;
	*len = strcspn(*at, ",");
	*at = (*at)[*len] == ',' ? *at + *len + 1 : NULL;
	return true;
}

static bool read_number(const char **at, int64_t least, int64_t most, int64_t *number)
{
	const char *text;
	char *end;
	size_t len;

	if (!cut(at, &text, &len) || len == 0)
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end == text + len && *number >= least && *number <= most;
}

static bool read_numbers(const char **at, struct attempts *attempts)
{
	int64_t tries, calls, sent, retryable, status;

	if (!read_number(at, 1, INT32_MAX, &tries) || !read_number(at, 0, INT32_MAX, &calls) ||
		!read_number(at, SENT_NO, SENT_YES, &sent) || !read_number(at, 0, 1, &retryable) ||
		!read_number(at, -1, INT64_MAX, &attempts->retry_after_ms) ||
		!read_number(at, 0, INT32_MAX, &status) ||
		!read_number(at, 0, INT64_MAX, &attempts->duration_ms) ||
		!read_number(at, 0, INT64_MAX, &attempts->begun_at_ms))
		return false;
	attempts->tries = (unsigned)tries;
	attempts->calls = (unsigned)calls;
	attempts->sent = (enum sent)sent;
	attempts->retryable = retryable != 0;
	attempts->http_status = (int)status;
	return true;
}

static enum error_code code_named(const char *name, size_t len)
{
	for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++) {
		const char *known = error_info((enum error_code)code)->name;

		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return (enum error_code)code;
	}
	return ERROR_NONE;
}

static bool read_base64(const char **at, struct buf *out)
{
	const char *text;
	size_t len, bytes;
	char *room;

	if (!cut(at, &text, &len) || (room = buf_reserve(out, len * 3 / 4)) == NULL ||
		sodium_base642bin((unsigned char *)room, len * 3 / 4, text, len, NULL, &bytes, NULL,
			BASE64) != 0)
		return false;
	buf_commit(out, bytes);
	return true;
}

static bool read_error(const char **at, struct attempts *attempts)
{
	struct buf *details = &attempts->details;
	const char *text;
	enum error_code code;
	size_t len;

	if (!cut(at, &text, &len) || len >= sizeof(attempts->version))
		return false;
	memcpy(attempts->version, text, len);
	attempts->version[len] = '\0';
	if (!cut(at, &text, &len) || (code = code_named(text, len)) == ERROR_NONE ||
		!read_base64(at, details))
		return false;
	error_set(&attempts->error, code, "%s", details->data);
	buf_clear(details);
	return read_base64(at, details) && *at != NULL && strcmp(*at, ".") == 0;
}

void attempts_read(struct attempts *attempts, const char *word)
{
	const char *at = word;

	attempts_clear(attempts);
	if (strcmp(word, "-") == 0)
		return;
	if (strlen(word) <= WORD_MAX_BYTES && read_numbers(&at, attempts) &&
		read_error(&at, attempts))
		return;
	attempts_clear(attempts);
	attempts->tries = UINT32_MAX;
	attempts->sent = SENT_MAYBE;
	attempts->version[0] = '-'; /* no definition has that: nothing follows */
	error_set(&attempts->error, ERROR_INTERNAL,
		"What was kept of this job's earlier attempts cannot be read.");
}
