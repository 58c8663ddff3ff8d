/* SPDX-License-Identifier: MIT */
/* decide: approves and declines. */
#include "cli/decide.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

#define MESSAGE_MAX_BYTES (64 * 1024)

/* Who types: the audit log names them. */
static const char *login_name(void)
{
	const struct passwd *user = getpwuid(getuid());
	return user && *user->pw_name ? user->pw_name : "bellhop";
}

static int check(const char *token, const char *by)
{
	if (!name_valid(token, strlen(token)))
		return misuse("\"%s\" is no token", token);
	if (by && (!*by || strlen(by) > WIRE_MAX_BY_BYTES || !utf8_valid(by, strlen(by))))
		return misuse("--by takes a name of up to %d bytes of UTF-8", WIRE_MAX_BY_BYTES);
	return EXIT_DONE;
}

int decide(struct cli *cli, struct exchange *exchange, enum decision decision, const char *token,
	const char *by, struct received *received)
{
	struct buf message;
	buf_init(&message, MESSAGE_MAX_BYTES);
	int status = exchange_begin(exchange, cli, &message);
	if (status == EXIT_DONE) {
		buf_printf(&message, ",\"token\":\"%s\",\"decision\":\"%s\",\"by\":", token,
			decision == DECISION_APPROVE ? "approve" : "decline");
		json_out_string(&message, span_of(by ? by : login_name()));
		buf_add_char(&message, '}');
		status = exchange_run(exchange, cli, QUEUE_DECISIONS, &message, received);
	}
	buf_release(&message);
	return status;
}

static int run(struct cli *cli, int argc, char **argv, enum decision decision)
{
	struct exchange exchange = {0};
	struct received received;
	const char *by = NULL;
	const struct own_option options[] = {
		{.name = "by", .value = &by},
		{.name = "timeout", .value = &exchange.timeout},
		{.name = "id", .value = &exchange.id},
	};
	int status = cli_arguments(cli, argc, argv, options, 3, 1, 1);
	if (status == EXIT_DONE)
		status = check(argv[0], by);
	if (status == EXIT_DONE)
		status = exchange_prepare(&exchange);
	if (status == EXIT_DONE)
		status = cli_need_org(cli);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	received_init(&received);
	status = decide(cli, &exchange, decision, argv[0], by, &received);
	if (status == EXIT_DONE) {
		const char *wanted = reply_status_name(
			decision == DECISION_APPROVE ? REPLY_SUCCEEDED : REPLY_DECLINED);
		received_print(cli, &received);
		status = strcmp(received.status, wanted) == 0 ? EXIT_DONE : EXIT_FAILED;
	}
	received_release(&received);
	return status;
}

int command_approve(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, DECISION_APPROVE);
}

int command_decline(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, DECISION_DECLINE);
}
