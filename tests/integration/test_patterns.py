# SPDX-License-Identifier: MIT
"""The keyword `pattern`: ECMA-262 as far as pcre2 goes, under a limit. Contract, section 4."""

import json
import time

import pytest
from support.org import integration

ENDLESS = "^(a+)+$"


def action(**patterns):
    properties = {name: {"type": "string", "pattern": pattern} for name, pattern in patterns.items()}
    body = {name: "{{" + name + "}}" for name in patterns}
    return {"method": "POST", "path": "/b", "body": body, "inputs": {"type": "object", "properties": properties}}


@pytest.fixture
def desk(worker, acme, upstream):
    plain = action(code="^[A-Z]{2}-\\d+$", word="b")
    acme.put(integration(upstream.base_url, plain=plain, endless=action(code=ENDLESS)))
    return acme


def test_what_matches_is_sent(desk, upstream):
    assert desk.run("tickets/plain", {"code": "AB-12", "word": "abc"})["status"] == "succeeded"
    assert upstream.only().json == {"code": "AB-12", "word": "abc"}


@pytest.mark.parametrize("code", ["", "ab-12", "AB-12 ", "xAB-12", "AB-12\n", "AB-\u0661", "AB-12\n\n"])
def test_what_does_not_match_is_told_with_its_place_and_not_sent(desk, upstream, code):
    reply = desk.run("tickets/plain", {"code": code, "word": "a"})
    assert (reply.code, reply["sent"]) == ("invalid_inputs", "no")
    assert reply.problems == {
        "/code": "does not match the pattern ^[A-Z]{2}-\\d+$",
        "/word": "does not match the pattern b",
    }
    assert upstream.received() == []


def test_a_search_without_end_ends(desk, upstream):
    begin = time.monotonic()
    for tail in ("!", "b" * 100000):
        reply = desk.run("tickets/endless", {"code": "a" * 50 + tail})
        assert reply.code == "invalid_inputs"
        assert reply.problems == {"/code": f"takes too much work to hold against the pattern {ENDLESS}: give a shorter text"}
    assert time.monotonic() - begin < 10
    assert desk.run("tickets/endless", {"code": "a" * 1000})["status"] == "succeeded"


BAD = {
    "(a": "is no pattern: missing closing parenthesis",
    "^a\\Z": "has \\Z at character 3, which is no escape of ECMA-262",
    "a++": "has ++ at character 2, which repeats a repeat",
    "(?<=a*)b": "is no pattern: ",  # how pcre2 goes on depends on its version
}


@pytest.mark.parametrize("pattern, problem", BAD.items(), ids=BAD.keys())
def test_what_is_no_pattern_is_refused_at_save_with_its_place(acme, bellhop, pattern, problem):
    definition = json.dumps(integration("https://api.acme.com", do=action(code=pattern)))
    result = bellhop("check", "-", stdin=definition)
    assert result.code == 1 and result.out.count("\n") == 1
    assert result.out.startswith(f"actions.do.inputs.properties.code.pattern: {problem}")
    assert acme.bellhop("put", "-", stdin=definition).code == 1
    assert not acme.redis.exists(acme.own("integration:tickets"))


def test_a_default_that_does_not_match_its_pattern_is_a_warning(bellhop):
    bad = action(code="^a$")
    bad["inputs"]["properties"]["code"]["default"] = "b"
    result = bellhop("check", "-", stdin=json.dumps(integration("https://api.acme.com", do=bad)))
    assert result.code == 0
    assert "warning: does not fit its own schema, so it is not filled in: does not match the pattern ^a$" in result.out
