# SPDX-License-Identifier: MIT
"""What a definition, its switches and a job's inputs have to do with each other: contract, sections 3 and 4."""

import json

import pytest
from support.org import BY_SCHEMA, integration
from support.upstream import Answer

WORKER = {"rate_limit": "1000/60"}

CREATE = {
    "method": "POST",
    "path": "/desks/{{desk}}/tickets",
    "body": {"subject": "{{subject}}", "priority": "{{priority}}", "tags": "{{tags}}"},
    "inputs": {
        "type": "object",
        "required": ["desk", "subject"],
        "properties": {
            "desk": {"type": "string", "enum": ["sales", "it"]},
            "subject": {"type": "string", "minLength": 2, "maxLength": 5},
            "priority": {"type": "integer", "minimum": 1, "maximum": 4, "default": 3},
            "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
            "customer": {
                "type": "object",
                "required": ["email"],
                "properties": {"email": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
}


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(integration(upstream.base_url, create=CREATE, list={"method": "GET", "path": "/tickets"}))


GOOD = {"desk": "it", "subject": "fire"}


def test_a_default_stands_in_for_an_absent_input(acme, upstream):
    assert acme.run("tickets/create", GOOD)["status"] == "succeeded"
    assert upstream.only().body == b'{"subject":"fire","priority":3}'


BAD_INPUTS = {
    "a wrong type": ({"subject": 7}, "/subject"),
    "a fraction for an integer": ({"priority": 1.5}, "/priority"),
    "null for a text": ({"subject": None}, "/subject"),
    "under the minimum": ({"priority": 0}, "/priority"),
    "over the maximum": ({"priority": 5}, "/priority"),
    "too short": ({"subject": "x"}, "/subject"),
    "too long": ({"subject": "abcdef"}, "/subject"),
    "not in the enum": ({"desk": "IT"}, "/desk"),
    "too many items": ({"tags": ["a", "b", "c"]}, "/tags"),
    "a wrong item": ({"tags": ["a", 7]}, "/tags/1"),
    "an input that is not declared": ({"urgent": True}, "/urgent"),
    "a missing member": ({"customer": {}}, "/customer/email"),
    "an unknown member": ({"customer": {"email": "a", "vip": True}}, "/customer/vip"),
}


@pytest.mark.parametrize("change, place", BAD_INPUTS.values(), ids=BAD_INPUTS.keys())
def test_inputs_that_break_the_schema_are_refused_with_their_place(acme, upstream, change, place):
    reply = acme.run("tickets/create", {**GOOD, **change})
    assert reply.code == "invalid_inputs"
    assert (reply["sent"], reply["error"]["retryable"]) == ("no", False)
    assert list(reply.problems) == [place]
    assert all(reply.problems.values())
    assert upstream.received() == []


def test_a_length_is_counted_in_characters(acme):
    assert acme.run("tickets/create", {**GOOD, "subject": "\U0001f525\u00e9\u00e9\u00e9\u00e9"})["status"] == "succeeded"


def test_an_integer_may_be_written_with_a_fraction_of_zero(acme, upstream):
    job = acme.job("tickets/create", GOOD)
    acme.push(json.dumps(job).replace('"subject":', '"priority": 2.0, "subject":'))
    assert acme.reply(job)["status"] == "succeeded"
    assert upstream.only().json["priority"] == 2


def test_all_problems_are_told_at_once(acme):
    reply = acme.run("tickets/create", {"subject": 7, "priority": 9, "urgent": True})
    assert set(reply.problems) == {"/desk", "/subject", "/priority", "/urgent"}


def test_without_inputs_each_placeholder_is_required_and_no_other_input_is_taken(acme, upstream):
    acme.put(integration(upstream.base_url, "free", get={"method": "GET", "path": "/{{a}}", "query": {"b": "{{b}}"}}))
    assert set(acme.run("free/get", {"a": 1, "c": 2}).problems) == {"/b", "/c"}
    assert acme.run("free/get", {"a": 1, "b": True})["status"] == "succeeded"


# Who is there.


@pytest.mark.parametrize(
    "action, code",
    [("nothing/create", "unknown_integration"), ("tickets/nothing", "unknown_action")],
)
def test_what_is_not_defined_cannot_be_called(acme, action, code):
    reply = acme.run(action, {})
    assert reply.code == code
    assert (reply["sent"], reply["error"]["retryable"]) == ("no", False)
    assert reply["error"]["message"]


def test_an_integration_belongs_to_its_org_alone(acme, globex):
    assert globex.run("tickets/list").code == "unknown_integration"


def test_a_disabled_integration_is_not_called_until_it_is_enabled(acme, upstream):
    acme.done("disable", "tickets")
    reply = acme.run("tickets/list")
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("disabled", "no", False)
    acme.done("enable", "tickets")
    assert acme.run("tickets/list")["status"] == "succeeded"
    assert len(upstream.received()) == 1


@pytest.mark.parametrize("value", ["0", "", "false", "true", "01"])
def test_a_switch_that_is_not_on_is_off(acme, upstream, value):
    """Written past `bellhop`; met by a worker that knew the integration before, and by one that reads it anew."""
    key = acme.own("integration:tickets")
    assert acme.run("tickets/list")["status"] == "succeeded"
    acme.redis.hset(key, "enabled", value)
    assert acme.run("tickets/list").code == "disabled"
    acme.redis.hset(key, "version", acme.redis.incr(acme.own("version")))
    assert acme.run("tickets/list").code == "disabled"
    assert "DISABLED" in acme.done("list").out
    acme.done("enable", "tickets")
    assert acme.run("tickets/list")["status"] == "succeeded"
    assert len(upstream.received()) == 2


def test_a_disabled_action_leaves_the_others_on(acme):
    acme.done("disable", "tickets/list")
    assert acme.run("tickets/list").code == "disabled"
    assert acme.run("tickets/create", GOOD)["status"] == "succeeded"
    acme.done("enable", "tickets/list")
    assert acme.run("tickets/list")["status"] == "succeeded"


def test_put_keeps_the_switches(acme, upstream):
    acme.done("disable", "tickets/list")
    acme.put(integration(upstream.base_url, title="New", list={"method": "GET", "path": "/tickets"}))
    assert acme.run("tickets/list").code == "disabled"


def test_a_removed_integration_is_gone(acme):
    acme.done("remove", "tickets")
    assert acme.run("tickets/list").code == "unknown_integration"


def test_a_removed_action_is_gone(acme):
    acme.done("remove", "tickets/list")
    assert acme.run("tickets/list").code == "unknown_action"
    assert acme.run("tickets/create", GOOD)["status"] == "succeeded"


def test_a_change_holds_for_the_next_job(acme, upstream):
    before = acme.run("tickets/list")["definition_version"]
    for number in range(5):
        acme.put(integration(upstream.base_url, list={"method": "GET", "path": f"/tickets/{number}"}))
        reply = acme.run("tickets/list")
        assert reply["definition_version"] == before + number + 1
        assert upstream.received()[-1].target == f"/v1/tickets/{number}"


def test_a_put_of_identical_content_is_no_change(acme, upstream):
    before = acme.run("tickets/list")["definition_version"]
    acme.put(integration(upstream.base_url, list={"method": "GET", "path": "/tickets"}, create=CREATE))
    assert acme.run("tickets/list")["definition_version"] == before


def test_a_version_only_grows_also_over_a_removal(acme, upstream):
    before = acme.run("tickets/list")["definition_version"]
    acme.done("remove", "tickets")
    acme.put(integration(upstream.base_url, list={"method": "GET", "path": "/tickets"}))
    assert acme.run("tickets/list")["definition_version"] > before


# What somebody wrote past the tool.


BROKEN_ACTIONS = {
    "no JSON": "{",
    "no object": "[]",
    "an unknown member": '{"method":"GET","path":"/tickets","retries":9}',
    "a way out of the base URL": '{"method":"GET","path":"/../admin"}',
    "a header that Bellhop owns": '{"method":"GET","path":"/tickets","headers":{"Host":"internal"}}',
    "a header with a line break": '{"method":"GET","path":"/tickets","headers":{"A":"b\\r\\nC: d"}}',
    "a wider limit than the operator's": '{"method":"GET","path":"/tickets","rate_limit":{"calls":100000,"window_s":1}}',
    "a placeholder that names no input": '{"method":"GET","path":"/{{a}}","inputs":{"type":"object"}}',
}


@pytest.mark.parametrize("text", BROKEN_ACTIONS.values(), ids=BROKEN_ACTIONS.keys())
def test_a_definition_written_past_the_tool_is_checked_as_strictly(acme, upstream, text):
    key = acme.own("integration:tickets")
    acme.redis.hset(key, "action:list", text)
    acme.redis.hset(key, "version", acme.redis.incr(acme.own("version")))
    reply = acme.run("tickets/list")
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("invalid_definition", "no", False)
    assert upstream.received() == []


# What is said first: job, id, deadline, definition, switch, inputs, confirmation, secret, address, limit.


def test_what_is_wrong_is_said_in_its_order(acme, redis_server, upstream):
    past = redis_server.now_ms() - 1
    write = {"method": "POST", "path": "/x/{{a}}", "rate_limit": {"calls": 1, "window_s": 60}}
    elsewhere = "https://10.1.2.3"
    acme.put(integration(elsewhere, "far", "bearer", write=write))

    job = acme.job("far/write", {"a": 1})
    assert acme.reply(acme.push(job)).code == "secret_missing"
    acme.seal("far", "token", "swordfish-swordfish")
    assert acme.reply(acme.push(job)).code == "blocked_address"
    acme.done("secret", "remove", "far", "token")
    assert acme.ask("far/write", {"a": 1})["status"] == "confirmation_pending"
    assert acme.ask("far/write", {"a": ".."}).code == "invalid_inputs"
    acme.done("disable", "far/write")
    assert acme.ask("far/write", {"a": ".."}).code == "disabled"
    assert acme.ask("far/nothing", {"a": ".."}).code == "unknown_action"
    assert acme.ask("far/nothing", deadline_ms=past).code == "expired"
    known = acme.job("tickets/list")
    assert acme.reply(acme.push(known))["status"] == "succeeded"
    assert acme.reply(acme.push({**known, "action": "x", "deadline_ms": past})).code == "id_conflict"
    assert acme.reply(acme.push({**known, "action": "x", "v": 2}, refused=BY_SCHEMA)).code == "invalid_job"


def test_the_address_is_judged_before_the_limit(acme, upstream):
    limit = {"calls": 1, "window_s": 60}
    acme.put(integration(upstream.base_url, "one", get={"method": "GET", "path": "/x", "rate_limit": limit}))
    assert acme.run("one/get")["status"] == "succeeded"
    assert acme.run("one/get").code == "rate_limited"
    acme.put(integration("http://10.1.2.3", "one", get={"method": "GET", "path": "/x", "rate_limit": limit}))
    assert acme.run("one/get").code == "blocked_address"


def test_what_the_upstream_said_no_to_is_told_with_what_it_said(acme, upstream):
    upstream.on("/v1/tickets", Answer(404, json={"error": "no such desk"}))
    reply = acme.run("tickets/list")
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("upstream_status", "yes", False)
    assert reply["error"]["details"]["status"] == reply["http"]["status"] == 404
    assert "no such desk" in json.dumps(reply["error"]["details"]["body"])
