/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what comes from outside when a service account asks for its token: the credential, and what the endpoint answers. The first
 * byte says which. What is taken must be as promised; what is told of a refusal must be JSON without the secret.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_tape.h"
#include "bellhop/service_account.h"
#include "bellhop/token_answer.h"

#define SECRET "open-sesame"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct span part, const char *start, size_t len)
{
	return part.len == 0 || (part.data >= start && part.data + part.len <= start + len);
}

static void read_credential(struct span text, char *memory)
{
	struct service_account account;
	struct error error = {0};

	if (service_account_read(&account, text, memory, text.len + 1, &error) < 0) {
		BUG_ON(error.code != ERROR_SECRET_UNREADABLE || error.text[0] == '\0');
		return;
	}
	BUG_ON(!lies_in(account.client, memory, text.len) || account.client.len == 0);
	BUG_ON(!lies_in(account.secret, memory, text.len) || account.secret.len == 0);
	BUG_ON(!lies_in(account.key_id, memory, text.len));
	BUG_ON(memchr(account.client.data, '\n', account.client.len) != NULL);
	BUG_ON(strncmp(account.endpoint.origin, "http", 4) != 0);
	service_account_release(&account);
}

static void read_answer(struct span body, char *memory)
{
	struct token_answer answer;
	const char *reason = NULL;

	if (token_answer_read(&answer, body, memory, body.len + 1, &reason) < 0) {
		BUG_ON(reason == NULL);
		return;
	}
	BUG_ON(!lies_in(answer.token, memory, body.len) &&
		!lies_in(answer.token, body.data, body.len));
	BUG_ON(answer.token.len == 0 || answer.token.len > TOKEN_MAX_BYTES);
	for (size_t i = 0; i < answer.token.len; i++)
		BUG_ON(answer.token.data[i] <= ' ' || answer.token.data[i] > '~');
	BUG_ON(answer.lifetime_s < 0 || answer.lifetime_s > TOKEN_LIFETIME_MAX_S);
}

static void read_refusal(struct span body)
{
	static const struct tape_limits limits = {4, 100};
	struct redactor redactor;
	struct json_tape tape;
	struct buf said, details;
	char patterns[200];

	redact_init(&redactor, patterns, sizeof(patterns));
	redact_add(&redactor, span_of(SECRET));
	buf_init(&said, 320);
	buf_init(&details, 32 * 1024);
	json_tape_init(&tape);
	token_answer_refusal(body, 401, &redactor, &said, &details);
	BUG_ON(said.overflowed || details.overflowed || said.len > 200);
	BUG_ON(json_tape_read(&tape, details.data, details.len, &limits, NULL) < 0);
	BUG_ON(strstr(details.data, SECRET) != NULL || strstr(said.data, SECRET) != NULL);
	for (size_t i = 0; i < said.len; i++)
		BUG_ON((unsigned char)said.data[i] < ' ');
	json_tape_release(&tape);
	buf_release(&said);
	buf_release(&details);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *memory;
	struct span body;

	if (size == 0 || size > 16 * 1024)
		return 0;
	/* Copies of just their size: what reads behind them is seen. */
	text = xmemdup((const char *)data + 1, size - 1);
	memory = xmalloc(size);
	body = (struct span){text, size - 1};
	if (data[0] == 'c') {
		read_credential(body, memory);
	} else {
		read_answer(body, memory);
		read_refusal(body);
	}
	free(text);
	free(memory);
	return 0;
}
