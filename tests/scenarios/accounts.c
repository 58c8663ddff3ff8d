/* SPDX-License-Identifier: MIT */
/* accounts: the words about service accounts. */
#include "harness.h"

#include "fakes/redis.h"
#include "fakes/upstream.h"
#include "words.h"

#define ORG    REDIS_SHARD "org:acme:"
#define ORIGIN "https://api.acme.com"

void it_is_a_service_account(void)
{
	redis_do("HSET", ORG "integration:tickets", "definition",
		"{\"name\":\"tickets\",\"base_url\":\"" ORIGIN
		"\",\"auth\":{\"method\":\"service_account\",\"client_auth\":\"body\"}}",
		NULL);
	redis_do("HSET", ORG "secrets:tickets", "credential",
		"sealed for acme tickets credential " ORIGIN
		": {\"client_id\":\"desk\",\"client_secret\":\"s3cret-s3cret\","
		"\"token_uri\":\"https://auth.acme.com/token\"}",
		NULL);
	words_next_version();
}

void token_endpoint_answers(int status, const char *body)
{
	upstream_plan_tokens(&(struct plan){.end = HTTP_ANSWERED,
		.status = status,
		.body = body,
		.retry_after_s = -1,
		.takes_us = 20000});
}
