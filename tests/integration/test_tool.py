# SPDX-License-Identifier: MIT
"""bellhop in an administrator's hands: commands, output, exit codes. Contract, section 12."""

import json
import os
import stat

import pytest
from support.org import integration
from support.programs import run
from support.upstream import Answer, Held

WORKER = {"rate_limit": "1000/60"}
READ = {"method": "GET", "path": "/tickets/{{id}}"}
CREATE = {"title": "Create a ticket", "method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}"}}


@pytest.fixture
def definition(upstream):
    return integration(upstream.base_url, auth="bearer", read=READ, create=CREATE)


@pytest.fixture
def desk(worker, acme, definition):
    acme.put(definition)
    acme.seal("tickets", "token", "a-token-for-the-desk")
    return acme


def failed(result, code=1):
    """It failed, and one line on standard error says why."""
    assert result.code == code, result
    assert result.out == ""
    assert len(result.err.splitlines()) == 1, result.err
    return result.err


# keygen


def test_keygen_makes_a_ring_for_its_owner_alone_and_a_public_half(bellhop, tmp_path):
    ring = tmp_path / "ring"
    assert bellhop("keygen", str(ring)).code == 0
    assert stat.S_IMODE(os.stat(ring).st_mode) == 0o600
    public = (tmp_path / "ring.pub").read_text()
    assert public.startswith("bellhop-public-1 ") and len(public.splitlines()) == 1


def test_keygen_never_overwrites(bellhop, tmp_path):
    ring = tmp_path / "ring"
    for existing in ("ring", "ring.pub"):
        (tmp_path / existing).write_text("precious")
        assert str(tmp_path / existing) in failed(bellhop("keygen", str(ring)))
        assert (tmp_path / existing).read_text() == "precious"
        assert [file.name for file in tmp_path.iterdir()] == [existing]
        (tmp_path / existing).unlink()


def test_keygen_rotate_adds_a_key_and_hands_out_its_public_half(bellhop, tmp_path):
    ring = tmp_path / "ring"
    bellhop("keygen", str(ring))
    before, public = ring.read_text(), (tmp_path / "ring.pub").read_text()
    assert bellhop("keygen", "--rotate", str(ring)).code == 0
    assert ring.read_text().startswith(before) and ring.read_text() != before
    assert (tmp_path / "ring.pub").read_text() != public
    assert stat.S_IMODE(os.stat(ring).st_mode) == 0o600


# check


def test_check_needs_no_redis_and_says_nothing_of_a_good_definition(bellhop, definition, tmp_path):
    file = tmp_path / "tickets.json"
    file.write_text(json.dumps(definition))
    result = bellhop("check", str(file), redis_url="redis://127.0.0.1:1/0")
    assert (result.code, result.err) == (0, "")


def test_check_tells_every_problem_with_its_place(bellhop, definition):
    definition["base_url"] += "?x=1"
    definition["colour"] = "red"
    definition["actions"]["create"]["path"] = "/desks/{{desk}}"
    definition["actions"]["create"]["inputs"] = {"type": "object"}
    definition["actions"]["read"]["retries"] = 3
    definition["actions"]["read"]["headers"] = {"Host": "internal"}
    result = bellhop("check", "-", stdin=json.dumps(definition))
    assert result.code == 1
    problems = (result.out + result.err).splitlines()
    for place in (
        "base_url: ", "colour: ", "actions.create.path: ", "actions.create.body.subject: ", "actions.read.retries: ",
        "actions.read.headers.Host: ",
    ):  # fmt: skip
        assert [line for line in problems if place in line], (place, problems)


NOT_YET = {
    "recursive JSONPath": {"output": {"a": "$..name"}},
    "a JSONPath filter": {"output": {"a": "$.tags[?@.x]"}},
    "a JSONPath slice": {"output": {"a": "$.tags[0:2]"}},
    "a body as one text": {"body": '{"n": {{id}}}', "method": "POST"},
    "a form body": {"body": {"a": "b"}, "method": "POST", "content_type": "application/x-www-form-urlencoded"},
    "a text body": {"body": "a", "method": "POST", "content_type": "text/plain"},
    "a schema keyword of other drafts": {"inputs": {"type": "object", "properties": {"id": {"oneOf": []}}}},
    "a $ref": {"inputs": {"type": "object", "properties": {"id": {"$ref": "#"}}}},
}


@pytest.mark.parametrize("change", NOT_YET.values(), ids=NOT_YET.keys())
def test_what_is_not_understood_is_refused_at_save_in_a_sentence(acme, upstream, change):
    result = acme.bellhop("put", "-", stdin=json.dumps(integration(upstream.base_url, read={**READ, **change})))
    assert "actions.read." in failed(result)
    assert acme.bellhop("list").out == ""


# put, list, get, enable, disable, remove


def test_put_says_what_went(acme, definition):
    acme.put(definition)
    del definition["actions"]["read"]
    result = acme.put(definition)
    assert "read" in result.out + result.err
    assert json.loads(acme.done("get", "tickets").out)["actions"].keys() == {"create"}


def test_a_bad_definition_changes_nothing(acme, definition):
    acme.put(definition)
    before = acme.done("--json", "get", "tickets").out
    definition["actions"]["read"]["path"] = "no slash"
    assert "actions.read.path" in failed(acme.bellhop("put", "-", stdin=json.dumps(definition)))
    assert acme.done("--json", "get", "tickets").out == before


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"name":"a","name":"b"}', "\xff"])
def test_what_is_no_definition_is_refused(acme, text):
    failed(acme.bellhop("put", "-", stdin=text))


def test_put_from_a_file_that_is_not_there(acme):
    assert "/nowhere.json" in failed(acme.bellhop("put", "/nowhere.json"))


def test_put_if_version_refuses_a_change_made_since(acme, definition):
    acme.put(definition)
    version = acme.redis.hget(acme.own("integration:tickets"), "version")
    definition["title"] = "One"
    assert acme.bellhop("put", "--if-version", version, "-", stdin=json.dumps(definition)).code == 0
    definition["title"] = "Two"
    failed(acme.bellhop("put", "--if-version", version, "-", stdin=json.dumps(definition)))
    assert json.loads(acme.done("get", "tickets").out)["title"] == "One"


def test_get_gives_what_put_takes(acme, definition):
    acme.put(definition)
    text = acme.done("get", "tickets").out
    assert json.loads(text) == definition
    acme.done("remove", "tickets")
    acme.done("put", "-", stdin=text)
    assert acme.done("get", "tickets").out == text


def test_get_says_the_rest_on_standard_error_or_as_one_object(desk):
    desk.done("disable", "tickets/read")
    version = desk.redis.hget(desk.own("integration:tickets"), "version")
    assert version in desk.done("get", "tickets").err
    one = desk.done("--json", "get", "tickets").json
    assert str(one["version"]) == version
    assert "read" in json.dumps(one) and "token" in json.dumps(one)


def test_list_names_what_there_is(desk, upstream):
    desk.put(integration(upstream.base_url, "calendar", read=READ))
    out = desk.done("list").out
    assert "calendar" in out and "tickets" in out
    assert "tickets" in json.dumps(desk.done("--json", "list").json)


@pytest.mark.parametrize("command", ["get", "enable", "disable", "remove"])
def test_what_is_not_there_is_said(acme, command):
    assert "nothing" in failed(acme.bellhop(command, "nothing"))


@pytest.mark.parametrize("command", ["enable", "disable", "remove"])
def test_an_action_that_is_not_there_is_said(desk, command):
    assert "nothing" in failed(desk.bellhop(command, "tickets/nothing"))


def test_a_switch_takes_a_new_version_once(desk):
    def version():
        return int(desk.redis.hget(desk.own("integration:tickets"), "version"))

    before = version()
    desk.done("disable", "tickets/read")
    assert version() == before + 1
    desk.done("disable", "tickets/read")
    assert version() == before + 1
    desk.done("enable", "tickets/read")
    assert version() == before + 2


def test_remove_takes_the_secrets_along(desk):
    desk.done("remove", "tickets")
    assert not desk.redis.exists(desk.own("secrets:tickets"), desk.own("integration:tickets"))
    assert desk.done("list").out == ""


# secret


def test_secret_set_says_the_key_and_the_origin(acme, definition, upstream, key_file):
    acme.put(definition)
    result = acme.seal("tickets", "token", "swordfish-swordfish")
    with open(key_file + ".pub", encoding="ascii") as file:
        key_id = file.read().split()[1]
    said = result.out + result.err
    assert key_id in said and upstream.origin in said and "swordfish" not in said


def test_one_final_newline_is_no_part_of_a_secret(acme, definition, worker, upstream):
    acme.put(definition)
    acme.seal("tickets", "token", "with a newline\n")
    assert acme.run("tickets/read", {"id": 1})["status"] == "succeeded"
    assert upstream.only().header("Authorization") == "Bearer with a newline"


def test_a_short_secret_is_taken_with_a_warning(acme, definition):
    acme.put(definition)
    assert acme.seal("tickets", "token", "short").err
    assert acme.redis.hexists(acme.own("secrets:tickets"), "token")


@pytest.mark.parametrize("value", ["", "\n", "two\nlines", "a\r", "tab\tbed", "zero\0", "\x7f", "\x1b[31m"])
def test_a_value_that_is_no_secret_is_refused(acme, definition, value):
    acme.put(definition)
    failed(acme.bellhop("secret", "set", "tickets", "token", stdin=value))
    assert not acme.redis.hexists(acme.own("secrets:tickets"), "token")


def test_a_colon_in_a_username_is_refused(acme, upstream):
    acme.put(integration(upstream.base_url, auth="basic", read=READ))
    failed(acme.bellhop("secret", "set", "tickets", "username", stdin="a:b"))
    acme.seal("tickets", "password", "a:b:c:d:e")


@pytest.mark.parametrize("field", ["password", "key", "Token", ""])
def test_a_field_that_the_method_does_not_have_is_refused(acme, definition, field):
    acme.put(definition)
    result = acme.bellhop("secret", "set", "tickets", field, stdin="swordfish-swordfish")
    assert result.code in (1, 2)
    assert acme.redis.hlen(acme.own("secrets:tickets")) == 0


def test_a_secret_needs_the_public_key_as_a_file(acme, definition):
    acme.put(definition)
    result = acme.bellhop("secret", "set", "tickets", "token", stdin="swordfish-swordfish", seal_with=None)
    assert result.code in (1, 2) and "seal-with" in result.err
    failed(acme.bellhop("secret", "set", "tickets", "token", stdin="swordfish-swordfish", seal_with="/nowhere.pub"))


def test_a_secret_cannot_be_sealed_with_the_ring_itself(acme, definition, key_file):
    acme.put(definition)
    failed(acme.bellhop("secret", "set", "tickets", "token", stdin="swordfish-swordfish", seal_with=key_file))


# call, approve, decline


def test_call_prints_the_reply(desk, upstream):
    upstream.on("/v1/tickets/1", Answer(json={"id": 1}))
    result = desk.done("call", "tickets/read", "--inputs", '{"id": 1}')
    assert "succeeded" in result.out
    reply = desk.done("--json", "call", "tickets/read", "--inputs", '{"id": 1}').json
    assert (reply["status"], reply["output"]) == ("succeeded", {"id": 1})


def test_call_exits_1_where_the_reply_says_failed(desk, upstream):
    upstream.on("/v1/tickets/1", Answer(404, json={"why": "no such ticket"}))
    result = desk.bellhop("call", "tickets/read", "--inputs", '{"id": 1}')
    assert result.code == 1
    assert "upstream_status" in result.out + result.err


def test_call_shows_a_confirmation_and_exits_3(desk, upstream):
    result = desk.bellhop("call", "tickets/create", "--inputs", '{"subject": "fire"}')
    assert result.code == 3
    assert "POST" in result.out and '"subject":"fire"' in result.out.replace("\\", "")
    assert upstream.received() == []


def test_a_confirmation_is_approved_or_declined(desk, upstream):
    def ask():
        result = desk.bellhop("--json", "call", "tickets/create", "--inputs", '{"subject": "fire"}')
        return result.json["confirmation"]["token"]

    token = ask()
    assert "succeeded" in desk.done("approve", token, "--by", "user-7").out
    again = desk.bellhop("approve", token)
    assert again.code == 1 and "confirmation_used" in again.out + again.err
    assert upstream.only().json == {"subject": "fire"}
    assert "user-7" in [entry["by"] for entry in desk.audit()]
    assert "declined" in desk.bellhop("decline", ask()).out
    assert len(upstream.received()) == 1


def test_call_yes_approves(desk, upstream):
    result = desk.done("call", "tickets/create", "--inputs", '{"subject": "fire"}', "--yes")
    assert "succeeded" in result.out
    assert upstream.only().json == {"subject": "fire"}


def test_call_on_the_workflow_queue_asks_nobody(desk, upstream):
    desk.done("call", "tickets/create", "--inputs", '{"subject": "fire"}', "--queue", "workflow")
    assert upstream.only().json == {"subject": "fire"}


def test_call_gives_up_after_its_timeout(desk, upstream):
    held = Held()
    upstream.on("/v1/tickets/1", held)
    result = desk.bellhop("call", "tickets/read", "--inputs", '{"id": 1}', "--timeout", "1")
    held.release()
    assert result.code == 1 and result.err


# status


def test_status_tells_the_queues_and_the_workers(desk):
    out = desk.done("status").out
    for word in ("chat", "workflow", "decisions", "worker", "dead"):
        assert word in out
    assert "workflow" in json.dumps(desk.done("--json", "status").json)


# How it is called.


@pytest.mark.parametrize(
    "arguments",
    [[], ["frobnicate"], ["get"], ["get", "a", "b"], ["put"], ["secret"], ["secret", "frob", "a", "b"], ["list", "--frob"], ["call", "tickets"], ["put", "--if-version", "x", "-"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_usage_is_exit_2(acme, arguments):
    result = acme.bellhop(*arguments, stdin="{}")
    assert result.code == 2, result
    assert result.out == "" and result.err


def test_help_names_every_command():
    result = run("bellhop", ["--help"])
    assert (result.code, result.err) == (0, "")
    for command in ("keygen", "check", "put", "list", "get", "enable", "disable", "remove", "secret", "call", "approve", "decline", "status"):
        assert command in result.out


@pytest.mark.parametrize("name", ["", "a b", "../x", "a{b}"])
def test_an_org_that_is_no_name_is_exit_2(bellhop, name):
    result = bellhop("--org", name, "list")
    assert result.code == 2 and result.err


def test_without_an_org_nothing_is_done(bellhop):
    result = bellhop("list")
    assert result.code == 2 and "org" in result.err


def test_without_redis_one_line_says_where_it_was_looked_for(acme):
    assert "127.0.0.1:1" in failed(acme.bellhop("list", redis_url="redis://127.0.0.1:1/0"))


def test_orgs_do_not_see_each_other(desk, globex):
    assert globex.done("list").out == ""
    failed(globex.bellhop("get", "tickets"))
