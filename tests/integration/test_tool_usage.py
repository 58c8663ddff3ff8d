# SPDX-License-Identifier: MIT
"""bellhop: how it is asked, and how it says that something is not right."""

import json
import os
import re
import subprocess

import pytest
from support.programs import BUILD, TOP, environment, run

with open(os.path.join(TOP, "worker", "cli", "commands.c"), encoding="utf-8") as file:
    COMMANDS = re.findall(r'^\t\{"([a-z ]+)", "', file.read(), re.MULTILINE)


def assert_one_line(result, code):
    assert result.code == code
    assert result.out == ""
    assert result.err.startswith("bellhop: ") and result.err.count("\n") == 1, result.err


def test_help_lists_commands_options_and_variables(bellhop):
    result = bellhop("--help")
    assert result.code == 0 and result.err == ""
    assert len(COMMANDS) >= 20
    for command in COMMANDS:
        assert f"  {command} " in result.out
    for text in ("--redis-url URL", "BELLHOP_REDIS_URL, default redis://127.0.0.1:6379/0", "BELLHOP_ORG"):
        assert text in result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(bellhop, command):
    result = bellhop(*command.split(), "--help")
    assert result.code == 0 and result.err == ""
    assert re.match(rf"bellhop {command}( [^\n]*[^ ])?\n\n", result.out), result.out


def test_help_needs_nothing_else_to_be_right(bellhop):
    assert bellhop("call", "--help", redis_url="nonsense", shard="no shard").code == 0
    assert bellhop("--version", shard="no shard").out == "bellhop 0.1.0\n"


def test_a_family_of_commands_lists_its_members(bellhop):
    assert bellhop("secret", "--help").out.count("\n") == 2
    assert_one_line(bellhop("secret"), 2)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frobnicate"],
        ["--frobnicate"],
        ["list", "--frobnicate"],
        ["list", "-x"],
        ["list", "too", "many"],
        ["get"],
        ["get", "a", "b"],
        ["get", "a/b"],
        ["get", "no name"],
        ["get", "-a"],
        ["put"],
        ["put", "x", "--if-version"],
        ["put", "x", "--if-version", "-1"],
        ["put", "x", "--if-version", "07"],
        ["put", "x", "--if-version", "1x"],
        ["keygen", "--rotate=yes", "ring"],
        ["enable", "a/b/c"],
        ["enable", "a/"],
        ["secret", "set", "tickets"],
        ["secret", "frobnicate", "a", "b"],
        ["secret", "remove", "tickets", "no name"],
        ["render", "tickets"],
        ["render", "tickets/create", "--inputs", "{"],
        ["render", "tickets/create", "--inputs", "[]"],
        ["render", "tickets/create", "--id", "a b"],
        ["map", "tickets"],
        ["map", "tickets/create", "--inputs", "{}"],
        ["call", "tickets"],
        ["call", "tickets/create", "--inputs", "{"],
        ["call", "tickets/create", "--inputs", "[]"],
        ["call", "tickets/create", "--inputs", '{"a": 1, "a": 2}'],
        ["call", "tickets/create", "--inputs"],
        ["call", "tickets/create", "--queue", "decisions"],
        ["call", "tickets/create", "--timeout", "0"],
        ["call", "tickets/create", "--timeout", "1.5"],
        ["call", "tickets/create", "--timeout", "99999"],
        ["call", "tickets/create", "--id", "a b"],
        ["approve"],
        ["approve", "no token"],
        ["approve", "t", "--by", ""],
        ["decline", "t", "--by", "x" * 257],
        ["tools", "mcp"],
        ["tools", "--format"],
        ["tools", "--format", "MCP"],
        ["dead"],
        ["dead", "list", "1"],
        ["dead", "retry"],
        ["dead", "retry", "0"],
        ["dead", "retry", "-1"],
        ["dead", "drop", "01"],
        ["dead", "drop", "1x"],
        ["dead", "drop", "9999999999"],
        ["dead", "drop", "1", "--queue", "chat"],
        ["--org"],
        ["--org", "a:b", "list"],
        ["--json=1", "list"],
        ["--rate-limit", "ten", "check", "-"],
    ],
)
def test_what_is_typed_wrong_is_one_line_and_exit_2(bellhop, arguments):
    assert_one_line(bellhop(*arguments, org="acme"), 2)


@pytest.mark.parametrize("command", [
    ["put", "-"], ["list"], ["get", "a"], ["enable", "a"], ["remove", "a"], ["secret", "set", "a", "token"],
    ["secret", "remove", "a", "token"], ["render", "a/b"], ["map", "a/b"], ["call", "a/b"], ["approve", "t"], ["decline", "t"], ["tools"],
])  # fmt: skip
def test_without_an_org_one_line_asks_for_it(bellhop, command):
    result = bellhop(*command, org=None)
    assert_one_line(result, 2)
    assert "--org" in result.err and "BELLHOP_ORG" in result.err


def test_options_may_stand_before_and_after_the_command(acme):
    acme.redis.sadd(acme.key("org:elsewhere:integrations"), "gone")
    for arguments in (["--org", "elsewhere", "list", "--json"], ["list", "--json", "--org=elsewhere"]):
        assert acme.done(*arguments).json == {"integrations": []}


def test_a_redis_that_is_not_there_is_one_line(bellhop):
    result = bellhop("list", org="acme", redis_url="redis://127.0.0.1:1/0")
    assert_one_line(result, 1)
    assert "redis://127.0.0.1:1/0" in result.err and "--redis-url" in result.err
    assert_one_line(bellhop("list", org="acme", redis_url="unix:///nowhere/redis.sock"), 1)


@pytest.mark.parametrize("url", ["rediss://h", "redis+sentinel://h:26379/main", "http://h", "redis://h/x"])
def test_a_url_that_cannot_be_used_is_exit_2(bellhop, url):
    result = bellhop("list", org="acme", redis_url=url)
    assert_one_line(result, 2)
    assert "BELLHOP_REDIS_URL" in result.err


def test_a_password_that_is_missing_or_wrong_is_told(bellhop, new_redis, tmp_path):
    server = new_redis(password="right horse")
    result = bellhop("list", org="acme", redis_url=server.unix_url)
    assert_one_line(result, 1)
    assert "--redis-password-file" in result.err
    secret = tmp_path / "password"
    secret.write_text("wrong horse\n")
    result = bellhop("list", org="acme", redis_url=server.unix_url, redis_password_file=secret)
    assert_one_line(result, 1)
    assert "refused" in result.err and "horse" not in result.err
    secret.write_text("right horse\n")
    assert bellhop("list", org="acme", redis_url=server.unix_url, redis_password_file=secret).code == 0


def test_a_password_file_that_cannot_be_used_is_exit_2(bellhop, tmp_path):
    result = bellhop("list", org="acme", redis_password_file=tmp_path / "none")
    assert_one_line(result, 2)
    assert str(tmp_path / "none") in result.err


def test_what_an_acl_forbids_is_told(bellhop, new_redis):
    server = new_redis()
    server.client.acl_setuser("reader", enabled=True, passwords=["+pw"], keys=["*"], commands=["+select", "+smembers"])
    url = f"redis://reader:pw@127.0.0.1:{server.port}/0"
    assert bellhop("list", org="acme", redis_url=url).code == 0
    result = bellhop("enable", "tickets", org="acme", redis_url=url)
    assert_one_line(result, 1)
    assert "NOPERM" in result.err and "ACL" in result.err and ":pw@" not in result.err


def test_a_replica_and_a_full_redis_are_told(bellhop, new_redis):
    definition = {"name": "a", "base_url": "https://a.example", "auth": {"method": "none"}}
    definition["actions"] = {"get": {"method": "GET", "path": "/"}}
    server = new_redis(maxmemory=1)
    result = bellhop("put", "-", stdin=json.dumps(definition), org="acme", redis_url=server.unix_url)
    assert_one_line(result, 1)
    assert "out of memory: nothing was changed" in result.err
    server.client.config_set("maxmemory", 0)
    server.client.replicaof("127.0.0.1", 1)
    result = bellhop("put", "-", stdin=json.dumps(definition), org="acme", redis_url=server.unix_url)
    assert_one_line(result, 1)
    assert "read-only replica" in result.err and server.client.dbsize() == 0


def test_a_redis_that_hangs_is_given_up(bellhop, new_redis):
    server = new_redis()
    server.pause()
    result = bellhop("status", redis_url=server.unix_url)
    assert_one_line(result, 1)
    assert "did not answer" in result.err


def test_another_database_is_another_world(bellhop, acme, redis_server):
    acme.redis.sadd(acme.own("integrations"), "gone")
    other = redis_server.unix_url.replace("db=0", "db=1")
    assert "no integrations" in bellhop("list", org=acme.name, redis_url=other).err


def test_a_result_that_cannot_be_written_is_a_failure(tool_options):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [os.path.join(BUILD, "bellhop"), "--help"],
            env=environment(tool_options), stdout=full, stderr=subprocess.PIPE, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert b"cannot write the result" in done.stderr


def test_an_empty_environment_is_enough_to_lint(tmp_path):
    assert run("bellhop", ["check", "-"], stdin="{}").code == 1
