# SPDX-License-Identifier: MIT
"""Tools for models, held against the official MCP SDK: its client lists them from a server of ours, and calls them."""

import json
import os
import re
import subprocess

import pytest
from support.example import FOLDER
from support.npm import needs_npm
from support.org import integration
from support.programs import BUILD, environment
from support.upstream import Answer
from support.waiting import PATIENCE

pytestmark = needs_npm

CREATE = {
    "title": "Create a ticket", "description": "Opens a ticket in the desk's inbox.", "method": "POST", "path": "/tickets",
    "body": {"subject": "{{subject}}", "priority": "{{priority}}"}, "output": {"ticket": "$.id", "tags": "$.tags[*].name", "by": "desk"},
    "inputs": {"type": "object", "required": ["subject"], "properties": {
        "subject": {"type": "string", "maxLength": 20, "description": "One line"},
        "priority": {"type": "integer", "minimum": 1, "maximum": 4, "default": 3}}},
}  # fmt: skip
SHOW = {"method": "GET", "path": "/tickets/{{id}}", "output": {"id": "$.id", "state": "$.state"}}
RAW = {"method": "GET", "path": "/raw"}


@pytest.fixture
def acme(acme, worker, upstream):
    acme.put(integration(upstream.base_url, title="Ticket desk", create=CREATE, show=SHOW, **{"raw.text": RAW}))
    return acme


@pytest.fixture
def mcp(acme):
    """What the SDK's client prints of `mcp((tool, inputs), …)`."""

    def run(*calls, answer=None):
        told = environment({**acme.options, "shard": acme.shard, "org": acme.name})
        told["BELLHOP"] = os.path.join(BUILD, "bellhop")
        if answer:
            told["ANSWER"] = answer
        words = [word for name, inputs in calls for word in (name, json.dumps(inputs))]
        done = subprocess.run(
            ["node", os.path.join(FOLDER, "mcp", "client.mjs"), *words], env=told, capture_output=True, text=True,
            timeout=60 * PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return json.loads(done.stdout)

    return run


def said(result):
    return json.loads(result["content"][0]["text"])


def test_the_official_client_takes_every_tool_as_it_is_printed(acme, mcp):
    tools = mcp()["tools"]
    assert tools == acme.done("tools", "--json", "--format", "mcp").json["tools"]
    assert {tool["name"] for tool in tools} == {"tickets__create", "tickets__raw_text", "tickets__show"}
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", tool["name"]) for tool in tools)


def test_what_a_tool_gives_fits_its_output_schema(mcp, upstream):
    upstream.on("/v1/tickets/7", Answer(json={"id": 18446744073709551615, "state": None, "more": 1}))
    shown, raw = mcp(("tickets__show", {"id": "7"}), ("tickets__raw_text", {}))["results"]
    assert shown["structuredContent"] == {"id": "18446744073709551615", "state": None} == said(shown)
    assert "isError" not in shown and raw["structuredContent"] == {"ok": True}
    assert [request.target for request in upstream.requests] == ["/v1/tickets/7", "/v1/raw"]


def test_a_model_can_repair_its_call_from_the_answer_alone(mcp, upstream):
    wrong = {"subject": "Printer on fire, third floor", "priority": "high", "urgent": True}
    (refused,) = mcp(("tickets__create", wrong))["results"]
    assert refused["isError"] and said(refused)["code"] == "invalid_inputs" and said(refused)["sent"] == "no"
    assert {problem["path"]: problem["problem"] for problem in said(refused)["details"]} == {
        "/subject": "is 28 characters long, but must be at most 20",
        "/priority": "is a string, but must be an integer",
        "/urgent": "is not an input of this action; it takes subject, priority",
    }
    assert upstream.requests == []


def test_a_write_waits_for_a_person_and_no_token_reaches_the_model(mcp, upstream):
    upstream.on("/v1/tickets", Answer(status=201, json={"id": 1, "tags": [{"name": "a"}]}))
    call = ("tickets__create", {"subject": "Printer"})
    (waits,) = mcp(call)["results"]
    assert waits == {"isError": True, "content": [{"type": "text", "text": "A person has to approve this call first."}]}
    declined = mcp(call, answer="decline")
    assert declined["results"][0]["content"][0]["text"] == "A person declined this call." and upstream.requests == []
    approved = mcp(call, answer="accept")
    assert approved["results"][0]["structuredContent"] == {"ticket": 1, "tags": ["a"], "by": "desk"}
    (question,) = approved["asked"]
    assert question.startswith("Create a ticket\n\nPOST http://") and question.endswith('{"subject":"Printer","priority":3}')
    assert len(upstream.requests) == 1


def test_an_unknown_tool_is_no_call(mcp):
    (unknown,) = mcp(("tickets__close", {}))["results"]
    assert "there is no tool tickets__close" in json.dumps(unknown)
