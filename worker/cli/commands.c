/* SPDX-License-Identifier: MIT */
/* commands: the table of commands, in the order of --help. */
#include "bellhop/bug.h"
#include "cli/command.h"

/* clang-format off */
const struct command commands[] = {
	{"keygen", "FILE", "makes a key ring and FILE.pub; never overwrites",
		"  --rotate   adds a key to the ring that is there and writes its FILE.pub\n",
		command_keygen},
	{"check", "FILE", "lints a definition without Redis: every problem, one a line",
		"  --strict         warnings are errors\n"
		"  --sample ANSWER  a file with an answer of the upstream, which the output has to fit\n"
		"  --action ACTION  whose answer that is, where more than one action has an output\n"
		"  --resolve        looks the base URL's host up, for 2 s at most: is it public?\n"
		"  --stored NAME    in place of FILE: what Redis holds, as the worker reads it\n"
		"\n"
		"Exit: 0 no errors, 1 errors.\n",
		command_check},
	{"put", "FILE", "creates an integration or replaces it whole; - is standard input",
		"  --if-version N   only where the integration has this version; 0: where there is none\n"
		"  --strict         warnings are errors: nothing is changed\n"
		"  --resolve        looks the base URL's host up, for 2 s at most: is it public?\n",
		command_put},
	{"list", "", "what integrations and actions there are", NULL, command_list},
	{"get", "NAME", "a definition as `put` takes it; version, switches, secrets on standard error",
		NULL, command_get},
	{"enable", "NAME[/ACTION]", "lets jobs run it again", NULL, command_enable},
	{"disable", "NAME[/ACTION]", "refuses its jobs until it is enabled", NULL, command_disable},
	{"remove", "NAME[/ACTION]", "removes an integration with its secrets, or one action", NULL,
		command_remove},
	{"secret set", "NAME FIELD", "seals a secret that it reads from standard input",
		"One newline at the end is not part of the value. Needs --seal-with FILE.pub.\n",
		command_secret_set},
	{"secret remove", "NAME FIELD", "removes a secret", NULL, command_secret_remove},
	{"render", "NAME/ACTION", "shows the exact request that would be sent, and sends nothing",
		"  --inputs JSON    what the action is given\n"
		"  --file DEF       the definition, without Redis; - is standard input\n"
		"  --id ID          the job's id, of which an idempotency key is made\n"
		"\n"
		"The credential is masked. Host, Content-Length and Accept-Encoding are sent besides.\n",
		command_render},
	{"map", "NAME/ACTION", "maps a sample response from standard input",
		"  --file DEF       the definition, without Redis\n"
		"\n"
		"The sample is the body of an answer in 2xx.\n",
		command_map},
	{"call", "NAME/ACTION", "runs an action as a job and prints the reply",
		"  --inputs JSON    what the action is given\n"
		"  --queue QUEUE    chat (the default) or workflow\n"
		"  --timeout S      seconds to the job's deadline, 60\n"
		"  --id ID          the job's id, a random one\n"
		"  --yes            approves it where it needs a confirmation\n"
		"\n"
		"Exit 1: it failed or was declined. 3: it waits for a confirmation.\n",
		command_call},
	{"approve", "TOKEN", "sends a call that waits for a confirmation, and prints the reply",
		"  --by WHO         who decided, your login name\n"
		"  --timeout S      seconds to the decision's deadline, 60\n"
		"  --id ID          the decision's id, a random one\n",
		command_approve},
	{"decline", "TOKEN", "declines a call that waits for a confirmation",
		"  --by WHO         who decided, your login name\n"
		"  --timeout S      seconds to the decision's deadline, 60\n"
		"  --id ID          the decision's id, a random one\n",
		command_decline},
	{"tools", "", "the enabled actions as tool definitions for a model",
		"  --format FORMAT  mcp (the default), openai, anthropic; or names: whose each name is\n"
		"\n"
		"{\"tools\": [...]}: the result of MCP's tools/list, or the member of a request.\n",
		command_tools},
	{"status", "", "queues, workers, jobs in flight, delayed, dead, keys of secrets",
		"The age of a queue's oldest job is known to a second, where workers were there when it\n"
		"came: else \"-\". Secrets are counted by the key that they are sealed with, and with\n"
		"--seal-with it says which is not that one: `bellhopd --reseal` moves them.\n",
		command_status},
	{"dead list", "", "what could not be run or answered, the oldest first", NULL,
		command_dead_list},
	{"dead retry", "N", "puts the message of entry N back onto its queue",
		"  --queue QUEUE    decisions, chat or workflow, where its reason names none\n"
		"\n"
		"Refused: a call that was begun and may not be repeated; what was answered; a payload\n"
		"that was cut.\n",
		command_dead_retry},
	{"dead drop", "N", "removes entry N for good", NULL, command_dead_drop},
};
/* clang-format on */

const size_t command_count = ARRAY_SIZE(commands);
