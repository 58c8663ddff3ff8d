# SPDX-License-Identifier: MIT
"""The tool and the worker together, as a newcomer meets them."""

import json

import pytest
from support.org import integration
from support.upstream import Answer, Held


@pytest.fixture
def desk(worker, acme, upstream):
    read = {"method": "GET", "path": "/tickets/{{id}}"}
    create = {"title": "Create a ticket", "method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}"}}
    acme.put(integration(upstream.base_url, auth="bearer", read=read, create=create))
    acme.seal("tickets", "token", "a-token-for-the-desk")
    upstream.on("/v1/tickets/1", Answer(json={"id": 1}))
    return acme


FIRE = ["--inputs", '{"subject": "fire"}']


def test_call_prints_the_reply(desk):
    assert "succeeded" in desk.done("call", "tickets/read", "--inputs", '{"id": 1}').out
    reply = desk.done("--json", "call", "tickets/read", "--inputs", '{"id": 1}').json
    assert (reply["status"], reply["output"]) == ("succeeded", {"id": 1})


def test_call_exits_1_where_the_reply_says_failed(desk, upstream):
    upstream.on("/v1/tickets/1", Answer(404, json={"why": "no such ticket"}))
    result = desk.bellhop("call", "tickets/read", "--inputs", '{"id": 1}')
    assert result.code == 1
    assert "upstream_status" in result.out + result.err


def test_call_shows_a_confirmation_and_exits_3(desk, upstream):
    result = desk.bellhop("call", "tickets/create", *FIRE)
    assert result.code == 3
    assert "POST" in result.out and "fire" in result.out
    assert upstream.received() == []


def test_a_confirmation_is_approved_once_or_declined(desk, upstream):
    def ask():
        return desk.bellhop("--json", "call", "tickets/create", *FIRE).json["confirmation"]["token"]

    token = ask()
    assert "succeeded" in desk.done("approve", token, "--by", "user-7").out
    again = desk.bellhop("approve", token)
    assert again.code == 1 and "confirmation_used" in again.out + again.err
    assert upstream.only().json == {"subject": "fire"}
    assert "user-7" in [entry["by"] for entry in desk.audit()]
    assert "declined" in desk.bellhop("decline", ask()).out
    assert len(upstream.received()) == 1


def test_call_yes_approves(desk, upstream):
    assert "succeeded" in desk.done("call", "tickets/create", *FIRE, "--yes").out
    assert upstream.only().json == {"subject": "fire"}


def test_call_on_the_workflow_queue_asks_nobody(desk, upstream):
    desk.done("call", "tickets/create", *FIRE, "--queue", "workflow")
    assert upstream.only().json == {"subject": "fire"}


def test_call_gives_up_after_its_timeout(desk, upstream):
    held = Held()
    upstream.on("/v1/tickets/1", held)
    result = desk.bellhop("call", "tickets/read", "--inputs", '{"id": 1}', "--timeout", "1")
    held.release()
    assert result.code == 1 and result.err


def test_status_tells_the_queues_and_the_worker(desk):
    text = desk.done("status").out.lower()
    for word in ("chat", "workflow", "decisions", "worker", "dead"):
        assert word in text


NOT_UNDERSTOOD = {
    "a JSONPath function that there is none of": {"output": {"a": "$.tags[?first(@.x) == 1]"}},
    "an index that is no integer": {"output": {"a": "$.tags[1.5]"}},
    "a keyword that no issue brings": {"inputs": {"type": "object", "properties": {"id": {"oneOf": []}}}},
    "a $ref": {"inputs": {"type": "object", "properties": {"id": {"$ref": "#"}}}},
}


@pytest.mark.parametrize("change", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD.keys())
def test_what_is_not_understood_is_refused_at_save_in_a_sentence(acme, upstream, change):
    action = {"method": "GET", "path": "/tickets", **change}
    result = acme.bellhop("put", "-", stdin=json.dumps(integration(upstream.base_url, read=action)))
    assert result.code == 1
    assert "actions.read." in result.out + result.err
    assert not acme.redis.exists(acme.own("integration:tickets"))
