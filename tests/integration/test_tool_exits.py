# SPDX-License-Identifier: MIT
"""Every command's exit code, its one line on standard error, and --json. Contract, section 12."""

import json

import pytest
from support.org import integration

WORKER = {"rate_limit": "1000/60"}
WRITE = {"method": "POST", "path": "/t"}
READ = {"method": "GET", "path": "/t", "output": {"id": "$.id"}}


@pytest.fixture
def desk(worker, acme, upstream):
    acme.put(definition(upstream.base_url))
    return acme


def definition(base_url):
    return integration(base_url, create=WRITE, read=READ)


FAILURES = {
    "check": (["check", "-"], '{"name": 1}'),
    "check of no file": (["check", "/nowhere/at/all"], ""),
    "put of no file": (["put", "/nowhere/at/all"], ""),
    "put over another version": (["put", "-", "--if-version", "99"], json.dumps(definition("https://api.example.com"))),
    "get": (["get", "nothing"], ""),
    "enable": (["enable", "nothing"], ""),
    "enable of an action": (["enable", "tickets/nothing"], ""),
    "disable": (["disable", "nothing"], ""),
    "remove": (["remove", "nothing"], ""),
    "remove of an action": (["remove", "tickets/nothing"], ""),
    "secret set": (["secret", "set", "nothing", "token"], "a-value-to-seal"),
    "secret remove": (["secret", "remove", "nothing", "token"], ""),
    "render": (["render", "tickets/nothing", "--inputs", "{}"], ""),
    "map": (["map", "tickets/read"], "no JSON"),
    "call without a definition": (["call", "nothing/read", "--inputs", "{}", "--queue", "workflow"], ""),
    "approve": (["approve", "0" * 32], ""),
    "decline": (["decline", "0" * 32], ""),
    "dead retry": (["dead", "retry", "99"], ""),
    "dead drop": (["dead", "drop", "99"], ""),
}


@pytest.mark.parametrize("arguments, stdin", FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_what_fails_is_exit_1_and_one_line_says_why(desk, arguments, stdin, as_json):
    result = desk.bellhop(*arguments, *["--json"] * as_json, stdin=stdin)
    assert result.code == 1, result
    if arguments[0] == "check" and stdin:  # every problem, one a line
        assert len((result.out + result.err).splitlines()) >= 1
        return
    lines = result.err.splitlines()
    assert len(lines) == 1 and len(lines[0]) > 20, result.err
    if result.out:  # a reply that says `failed` is a result
        assert json.loads(result.out)["status"] == "failed"
        assert json.loads(result.out)["error"]["code"] in lines[0]


USAGE = [
    ["keygen"], ["keygen", "a", "b"], ["check"], ["put"], ["put", "-", "--if-version", "x"], ["list", "x"], ["get"],
    ["get", "a/b"], ["enable"], ["disable"], ["remove"], ["secret"], ["secret", "set"], ["secret", "set", "a"],
    ["secret", "remove", "a"], ["render"], ["render", "a"], ["map"], ["map", "a"], ["call"], ["call", "a"],
    ["call", "a/b", "--queue", "decisions"], ["call", "a/b", "--timeout", "soon"], ["approve"], ["decline"],
    ["tools", "--format", "xml"], ["status", "x"], ["dead"], ["dead", "retry"], ["dead", "retry", "x"], ["dead", "drop", "0"],
    ["frobnicate"], ["--frobnicate"], [],
]  # fmt: skip


@pytest.mark.parametrize("arguments", USAGE, ids=lambda arguments: " ".join(arguments) or "nothing")
def test_what_was_typed_wrong_is_exit_2_and_one_line_says_why(acme, arguments):
    result = acme.bellhop(*arguments)
    assert (result.code, result.out) == (2, ""), result
    if arguments:
        assert len(result.err.splitlines()) == 1, result.err


def test_every_command_prints_json_where_it_is_asked_to(desk, upstream):
    """One object a line, and nothing else on standard output."""

    def run(*arguments, stdin="", code=0):
        result = desk.bellhop(*arguments, "--json", stdin=stdin)
        assert result.code == code, (arguments, result)
        return [json.loads(line) for line in result.out.splitlines()]

    text = json.dumps(definition(upstream.base_url))
    assert run("check", "-", stdin=text) is not None
    assert run("put", "-", stdin=text)[0]["version"] == 1
    assert run("list")[0]["integrations"][0]["name"] == "tickets"
    assert run("get", "tickets")[0]["version"] == 1
    assert run("disable", "tickets/read")[0]["version"] == 2
    assert run("enable", "tickets/read")[0]["version"] == 3
    [rendered] = run("render", "tickets/create", "--inputs", "{}")
    assert (rendered["method"], rendered["url"]) == ("POST", upstream.base_url + "/t")
    assert run("map", "tickets/read", stdin='{"id": 7}') == [{"id": 7}]
    assert run("call", "tickets/read", "--inputs", "{}")[0]["status"] == "succeeded"
    asked = run("call", "tickets/create", "--inputs", "{}", code=3)[0]
    assert run("approve", asked["confirmation"]["token"], "--by", "user-1")[0]["status"] == "succeeded"
    asked = run("call", "tickets/create", "--inputs", "{}", code=3)[0]
    assert run("decline", asked["confirmation"]["token"], code=0)[0]["status"] == "declined"
    assert [tool["name"] for tool in run("tools")[0]["tools"]] == ["tickets__create", "tickets__read"]
    assert set(run("status")[0]) >= {"queues", "workers"}
    assert isinstance(run("dead", "list"), list)
    assert run("remove", "tickets/read")[0]["version"] == 4


def test_a_version_that_was_seen_does_not_hold_over_a_removal(desk, upstream):
    text = json.dumps(definition(upstream.base_url))
    version = desk.bellhop("get", "tickets", "--json").json["version"]
    desk.done("remove", "tickets")
    assert desk.bellhop("put", "-", "--if-version", str(version), stdin=text).code == 1
    assert desk.bellhop("put", "-", "--if-version", "0", stdin=text).code == 0
    assert desk.bellhop("get", "tickets", "--json").json["version"] > version
