/* SPDX-License-Identifier: MIT */
/* switch: enables and disables an integration or one of its actions. */
#include <string.h>

#include "cli/script.h"

#define RESULT_MAX_BYTES 4096

/*
 * ARGV  action or '', '1' to enable and '0' to disable
 *
 * Answers  'none'; 'no action'; or 'changed', 'unchanged', then version, '1' where the integration as a whole is enabled.
 */
static const char switch_source[] = SCRIPT_HEAD
	"local action, on = ARGV[1], ARGV[2] == '1'\n"
	"if not exists then return {'none'} end\n"
	"if action ~= '' and redis.call('HEXISTS', integration, 'action:' .. action) == 0 then\n"
	"  return {'no action'}\n"
	"end\n"
	"local enabled = (redis.call('HGET', integration, 'enabled') or '1') == '1'\n"
	"local flag = 'disabled:' .. action\n"
	"local was = enabled\n"
	"if action ~= '' then was = redis.call('HEXISTS', integration, flag) == 0 end\n"
	"if was == on then\n"
	"  local version = redis.call('HGET', integration, 'version') or ''\n"
	"  return {'unchanged', version, enabled and '1' or '0'}\n"
	"end\n"
	"local version = take_version()\n"
	"if action == '' then\n"
	"  enabled = on\n"
	"  redis.call('HSET', integration, 'enabled', ARGV[2])\n"
	"elseif on then\n"
	"  redis.call('HDEL', integration, flag)\n"
	"else\n"
	"  redis.call('HSET', integration, flag, '1')\n"
	"end\n"
	"redis.call('HSET', integration, 'version', version)\n"
	"return {'changed', version, enabled and '1' or '0'}\n";

static void print_switched(const struct cli *cli, const struct redis_answer *answer,
	const struct target *target, const char *what, bool on)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		buf_printf(&out, "{\"integration\":\"%s\",", target->integration.text);
		if (target->action.len)
			buf_printf(&out, "\"action\":\"%s\",", target->action.text);
		buf_printf(&out, "\"enabled\":%s,\"version\":%s,\"changed\":%s}",
			on ? "true" : "false", answer_number(answer, 1),
			answer_is(answer, "changed") ? "true" : "false");
	} else {
		buf_printf(&out, "%s: %s, version %s", what, on ? "enabled" : "disabled",
			answer_text(answer, 1));
	}
	print_buf(&out);
	buf_release(&out);
}

static int report(const struct cli *cli, const struct redis_answer *answer,
	const struct target *target, const char *what, bool on)
{
	const char *name = target->integration.text;
	if (answer_is(answer, "none"))
		return fail("org %s has no integration %s", cli->options.org, name);
	if (answer_is(answer, "no action"))
		return fail("%s has no action %s", name, target->action.text);
	print_switched(cli, answer, target, what, on);
	if (answer_is(answer, "unchanged"))
		note("%s was %s already: nothing was changed", what, on ? "enabled" : "disabled");
	if (target->action.len && on && strcmp(answer_text(answer, 2), "0") == 0)
		note("%s as a whole is disabled: bellhop enable %s", name, name);
	return EXIT_DONE;
}

static int turn(struct cli *cli, int argc, char **argv, bool on)
{
	struct target target;
	struct script script;
	int status = cli_target(cli, argc, argv, 1, TARGET_EITHER, &target);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	script_init(&script, switch_source, &cli->options, target.integration.text);
	script_argument(&script, span_of(target.action.text));
	script_argument(&script, span_of(on ? "1" : "0"));
	struct redis_answer *answer = script_run(&script, cli);
	if (!answer)
		return EXIT_FAILED;
	status = report(cli, answer, &target, argv[0], on);
	redis_answer_free(answer);
	return status;
}

int command_enable(struct cli *cli, int argc, char **argv)
{
	return turn(cli, argc, argv, true);
}

int command_disable(struct cli *cli, int argc, char **argv)
{
	return turn(cli, argc, argv, false);
}
