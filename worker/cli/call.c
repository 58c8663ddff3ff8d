/* SPDX-License-Identifier: MIT */
/* call: runs an action as a job, as an AI chat or a workflow would. */
#include <string.h>

#include "cli/decide.h"
#include "cli/document.h"
#include "cli/inputs.h"
#include "cli/preview.h"

#define MESSAGE_MAX_BYTES (64 * 1024 * 1024)
#define TOKEN_MAX_BYTES	  (64 * 1024)

/* What was typed. */
struct call {
	struct target target;
	struct exchange exchange;
	enum queue queue;
	struct json_tape inputs; /* empty: none were given */
	bool yes;
};

static int read_queue(struct call *call, const char *text)
{
	call->queue = QUEUE_CHAT;
	if (!text || strcmp(text, queue_name(QUEUE_CHAT)) == 0)
		return EXIT_DONE;
	call->queue = QUEUE_WORKFLOW;
	if (strcmp(text, queue_name(QUEUE_WORKFLOW)) == 0)
		return EXIT_DONE;
	return misuse("--queue takes chat or workflow");
}

static int ask(struct call *call, struct cli *cli, struct received *received)
{
	struct buf message;
	buf_init(&message, MESSAGE_MAX_BYTES);
	int status = exchange_begin(&call->exchange, cli, &message);
	if (status == EXIT_DONE) {
		buf_printf(&message, ",\"integration\":\"%s\",\"action\":\"%s\"",
			call->target.integration.text, call->target.action.text);
		if (call->inputs.count) {
			buf_add_string(&message, ",\"inputs\":");
			add_compact(&message, &call->inputs, 0);
		}
		buf_add_char(&message, '}');
		status = exchange_run(&call->exchange, cli, call->queue, &message, received);
	}
	buf_release(&message);
	return status;
}

/* A yes, as an id of its own, with as much time as the call had. */
static int approve(struct call *call, struct cli *cli, const char *token, struct received *received)
{
	struct exchange exchange = {.timeout = call->exchange.timeout};
	int status = exchange_prepare(&exchange);
	return status ? status : decide(cli, &exchange, DECISION_APPROVE, token, NULL, received);
}

static int status_of(const struct received *received)
{
	return strcmp(received->status, reply_status_name(REPLY_SUCCEEDED)) == 0 ? EXIT_DONE
										 : EXIT_FAILED;
}

static int handle_pending(struct call *call, struct cli *cli, struct received *received)
{
	struct buf token;
	int status = EXIT_PENDING;
	buf_init(&token, TOKEN_MAX_BYTES);
	received_member(received, tape_member(&received->tape, 0, "confirmation"), "token", &token);
	preview_show(received);
	if (!name_valid(token.data, token.len)) {
		status = fail("the reply holds no token");
	} else if (call->yes) {
		note("\nApproved.");
		status = approve(call, cli, token.data, received);
		if (status == EXIT_DONE) {
			received_print(cli, received);
			status = status_of(received);
		}
	} else {
		received_print(cli, received);
		preview_ask(cli, token.data);
	}
	buf_release(&token);
	return status;
}

static int run(struct call *call, struct cli *cli)
{
	struct received received;
	received_init(&received);
	int status = ask(call, cli, &received);
	if (status == EXIT_DONE && strcmp(received.status, reply_status_name(REPLY_PENDING)) == 0) {
		status = handle_pending(call, cli, &received);
	} else if (status == EXIT_DONE) {
		received_print(cli, &received);
		status = status_of(&received);
	}
	received_release(&received);
	return status;
}

int command_call(struct cli *cli, int argc, char **argv)
{
	struct call call = {0};
	const char *inputs = NULL;
	const char *queue = NULL;
	const struct own_option options[] = {
		{.name = "inputs", .value = &inputs},
		{.name = "queue", .value = &queue},
		{.name = "timeout", .value = &call.exchange.timeout},
		{.name = "id", .value = &call.exchange.id},
		{.name = "yes", .flag = &call.yes},
	};
	json_tape_init(&call.inputs);
	int status = cli_arguments(cli, argc, argv, options, 5, 1, 1);
	if (status == EXIT_DONE)
		status = target_read(&call.target, TARGET_ACTION, argv[0]);
	if (status == EXIT_DONE)
		status = read_queue(&call, queue);
	if (status == EXIT_DONE && inputs)
		status = inputs_read(&call.inputs, inputs);
	if (status == EXIT_DONE)
		status = exchange_prepare(&call.exchange);
	if (status == EXIT_DONE)
		status = cli_need_org(cli);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status == EXIT_DONE)
		status = run(&call, cli);
	json_tape_release(&call.inputs);
	return status;
}
