/* SPDX-License-Identifier: MIT */
/* remove: removes an integration with its secrets, or one of its actions. */
#include "cli/script.h"

#define RESULT_MAX_BYTES 4096

/*
 * ARGV  name, org, action or ''
 *
 * Answers  'none'; 'no action'; 'last'; or 'removed', version, how many secrets went.
 *
 * A version is taken over a removal too: what comes after under the same name must not look like what was before.
 */
static const char remove_source[] = SCRIPT_HEAD
	"local action = ARGV[3]\n"
	"if action == '' then\n"
	"  local sealed = redis.call('HLEN', secrets)\n"
	"  if not exists and sealed == 0 and redis.call('SISMEMBER', names, ARGV[1]) == 0 then\n"
	"    return {'none'}\n"
	"  end\n"
	"  local version = take_version()\n"
	"  redis.call('DEL', integration, secrets)\n"
	"  redis.call('SREM', names, ARGV[1])\n"
	"  if redis.call('EXISTS', names) == 0 then redis.call('SREM', orgs, ARGV[2]) end\n"
	"  return {'removed', version, tostring(sealed)}\n"
	"end\n"
	"if not exists then return {'none'} end\n"
	"if redis.call('HEXISTS', integration, 'action:' .. action) == 0 then return {'no action'} "
	"end\n"
	"local actions = 0\n"
	"for _, field in ipairs(redis.call('HKEYS', integration)) do\n"
	"  if string.sub(field, 1, 7) == 'action:' then actions = actions + 1 end\n"
	"end\n"
	"if actions == 1 then return {'last'} end\n"
	"local version = take_version()\n"
	"redis.call('HDEL', integration, 'action:' .. action, 'disabled:' .. action)\n"
	"redis.call('HSET', integration, 'version', version)\n"
	"return {'removed', version, '0'}\n";

static void print_removed(const struct cli *cli, const struct redis_answer *answer,
	const struct target *target, const char *what)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		buf_printf(&out, "{\"integration\":\"%s\",", target->integration.text);
		if (target->action.len)
			buf_printf(&out, "\"action\":\"%s\",", target->action.text);
		buf_printf(&out, "\"removed\":true,\"version\":%s,\"secrets_removed\":%s}",
			answer_text(answer, 1), answer_text(answer, 2));
	} else {
		buf_printf(&out, "%s: removed", what);
	}
	print_buf(&out);
	buf_release(&out);
}

static int report(const struct cli *cli, const struct redis_answer *answer,
	const struct target *target, const char *what)
{
	const char *name = target->integration.text;
	if (answer_is(answer, "none"))
		return fail("org %s has no integration %s", cli->options.org, name);
	if (answer_is(answer, "no action"))
		return fail("%s has no action %s", name, target->action.text);
	if (answer_is(answer, "last"))
		return fail(
			"%s is the last action of %s: disable it (bellhop disable %s), or remove "
			"the integration (bellhop remove %s)",
			what, name, what, name);
	print_removed(cli, answer, target, what);
	return EXIT_DONE;
}

int command_remove(struct cli *cli, int argc, char **argv)
{
	struct target target;
	struct script script;
	int status = cli_target(cli, argc, argv, 1, TARGET_EITHER, &target);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	script_init(&script, remove_source, &cli->options, target.integration.text);
	script_argument(&script, span_of(target.integration.text));
	script_argument(&script, span_of(cli->options.org));
	script_argument(&script, span_of(target.action.text));
	struct redis_answer *answer = script_run(&script, cli);
	if (!answer)
		return EXIT_FAILED;
	status = report(cli, answer, &target, argv[0]);
	redis_answer_free(answer);
	return status;
}
