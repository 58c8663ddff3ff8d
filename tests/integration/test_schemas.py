# SPDX-License-Identifier: MIT
"""The JSON Schemas are a reference that holds: against the code, the README, and what `bellhop check` says.

Besides, every message of this suite is held against them: see support/schemas.py and support/org.py.
"""

import json
import os
import re
import subprocess

import pytest
from jsonschema import Draft202012Validator
from support import schemas
from support.org import integration

README = os.path.join(schemas.TOP, "README.md")


def text_of(*path):
    with open(os.path.join(schemas.TOP, *path), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_each_schema_is_one(kind):
    Draft202012Validator.check_schema(schemas.load(kind))


def undescribed(schema, place=""):
    """Members whose schema says neither what they are for nor where that is said."""
    if isinstance(schema, list):
        return [found for item in schema for found in undescribed(item, place)]
    if not isinstance(schema, dict):
        return []
    found = []
    if "type" in schema:  # a description of something, not a further condition on it
        for name, member in schema.get("properties", {}).items():
            if isinstance(member, dict) and not {"description", "$ref", "enum"} & member.keys():
                found.append(f"{place}{name}")
    for name, below in schema.items():
        found += undescribed(below, f"{place}{name}.")
    return found


@pytest.mark.parametrize("kind", ["job", "decision", "dead"])
def test_each_member_of_a_message_is_described(kind):
    assert undescribed(schemas.load(kind)) == []


def test_the_codes_of_a_reply_are_those_of_the_code():
    """One table in the code, one list in the schema, and each code has its conditions."""
    schema = schemas.load("reply")
    codes = re.findall(r'X\([A-Z_]+, "([a-z_]+)", SENT_', text_of("include", "bellhop", "error.h"))
    assert len(codes) > 20
    assert schema["$defs"]["error"]["properties"]["code"]["enum"] == codes, "the codes of $defs/error are those of error.h, in its order"
    conditions = [condition["if"]["properties"].get("error") for condition in schema["allOf"]]
    said = [condition["properties"]["code"] for condition in conditions if condition]
    spoken_of = {code for words in said for code in words.get("enum", [words.get("const")])}
    assert spoken_of == set(codes), "under allOf, each code has a condition that says its sent and retryable"


def rows_of_codes():
    return re.findall(r'X\([A-Z_]+, "([a-z_]+)", SENT_([A-Z]+), (true|false)\)', text_of("include", "bellhop", "error.h"))


DETAILS = {
    "invalid_inputs": [{"path": "n", "problem": "is required"}],
    "rate_limited": {"limit": 10, "window_ms": 60000},
    "confirmation_used": {"decision": "approve", "by": "user-42", "decision_id": "d-1"},
    "outcome_unknown": {"cause": "timeout"},
    "upstream_status": {"status": 404, "body": "no"},
    "redirect_refused": {"status": 302},
}


def failed(code, sent, retryable):
    error = {"code": code, "message": "It is so.", "retryable": retryable}
    if code in DETAILS:
        error["details"] = DETAILS[code]
    if code == "rate_limited":
        error["retry_after_ms"] = 100
    return {"v": 1, "status": "failed", "sent": sent, "digest": "d", "id": "a", "org": "acme", "error": error}


@pytest.mark.parametrize("code,sent,retryable", rows_of_codes())
def test_each_row_of_the_code_s_table_is_a_reply(code, sent, retryable):
    reply = failed(code, sent.lower(), retryable == "true")
    schemas.check("reply", reply)
    if code in DETAILS:
        del reply["error"]["details"]
        assert schemas.problem("reply", reply)


SUCCEEDED = {
    "v": 1, "status": "succeeded", "sent": "yes", "digest": "d", "id": "a", "org": "acme", "integration": "tickets",
    "action": "create", "output": None, "http": {"status": 204, "attempts": 1, "duration_ms": 3}, "definition_version": 1,
}  # fmt: skip

WRONG_REPLIES = {
    "succeeded without an output": {name: value for name, value in SUCCEEDED.items() if name != "output"},
    "succeeded and nothing was sent": {**SUCCEEDED, "sent": "no"},
    "succeeded with an error": {**SUCCEEDED, "error": failed("internal", "no", False)["error"]},
    "succeeded with a confirmation": {**SUCCEEDED, "confirmation": {}},
    "a status that is none": {**SUCCEEDED, "status": "done"},
    "failed without an error": {**SUCCEEDED, "status": "failed"},
    "pending without a confirmation": {**failed("internal", "no", False), "status": "confirmation_pending"},
    "declined of no job": {**SUCCEEDED, "status": "declined", "sent": "no"},
    "a code that is none": failed("oops", "no", False),
    "limited and yet sent": failed("rate_limited", "yes", True),
    "limited and not retryable": failed("rate_limited", "no", False),
    "unknown and retryable": failed("outcome_unknown", "maybe", True),
    "an answer that was never asked for": failed("upstream_status", "no", True),
    "details of another code": {**failed("redirect_refused", "yes", False), "error": {
        **failed("redirect_refused", "yes", False)["error"], "details": {"limit": 10}}},
}  # fmt: skip


@pytest.mark.parametrize("reply", WRONG_REPLIES.values(), ids=WRONG_REPLIES.keys())
def test_what_is_no_reply_is_refused(reply):
    schemas.check("reply", SUCCEEDED)
    assert schemas.problem("reply", reply)


def test_a_reply_may_get_new_members():
    Draft202012Validator(schemas.load("reply")).validate({**SUCCEEDED, "since_2030": True})


def examples(text):
    """(kind, text) of each message and definition in a text; lines may be broken for the eye."""
    text = re.sub(r"\n\s+", " ", text)
    for match in re.finditer(r'\{"(v|name)":', text):
        value, end = json.JSONDecoder().raw_decode(text, match.start())
        if "actions" in value:
            kind = "definition"
        elif "status" in value:
            kind = "reply"
        else:
            kind = "decision" if "decision" in value else "job"
        yield kind, text[match.start() : end]


def test_each_example_of_the_readme_is_what_it_shows():
    found = list(examples(text_of("README.md")))
    assert {"job", "decision", "reply"} <= {kind for kind, _ in found}
    for kind, text in found:
        schemas.check(kind, text)


def test_the_demo_s_definition_is_one():
    schemas.check("definition", text_of("scripts", "demo.d", "tickets.json"))


def test_make_install_installs_them(tmp_path):
    told = ["make", f"DESTDIR={tmp_path}", "PREFIX=/usr", "--dry-run", "install"]
    shown = subprocess.run(told, cwd=schemas.TOP, capture_output=True, text=True, check=True).stdout
    line = next(line for line in shown.splitlines() if "schema.json" in line)
    subprocess.run(line, shell=True, cwd=schemas.TOP, check=True)
    for kind in schemas.KINDS:
        with open(tmp_path / f"usr/share/bellhop/schemas/{kind}.schema.json", encoding="utf-8") as file:
            assert json.load(file) == schemas.load(kind)


@pytest.mark.parametrize("file, where", [("definition.c", []), ("action.c", ["$defs", "action"])])
def test_each_member_of_a_definition_that_the_code_reads_is_in_the_schema_and_in_the_readme(file, where):
    read = re.findall(r'\{\.name = "(\w+)"(?!, \.refusal)', text_of("common", file))
    schema = schemas.load("definition")
    for name in where:
        schema = schema[name]
    assert len(read) >= 7 and set(schema["properties"]) == set(read)
    readme = text_of("README.md")
    table = re.search(r"^\| member \| meaning \|\n((?:\|.*\n)+)", readme, re.MULTILINE)[1]
    assert set(read) <= set(re.findall(r"`(\w+)`", table)), "README's table of a definition's members has each"


# Definitions: what the schema refuses the tool refuses; what only the tool can know it refuses alone.

READ = {"method": "GET", "path": "/tickets/{{id}}"}
WRITE = {"method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}"}}
URL = "https://api.acme.com/v1"


def of(action=None, **members):
    return integration(URL, act=action or READ, **members)


def bare(**changes):
    definition = {**of(), **changes}
    return {name: value for name, value in definition.items() if value is not None}


GOOD = {
    "the least": of(),
    "no action": bare(actions={}),
    "an API key in Authorization": of(auth={"method": "api_key", "header": "Authorization"}),
    "words for people": of({**READ, "title": "t", "description": "d"}, title="t", description="d"),
    "an IPv6 host": bare(base_url="https://[2001:db8::1]:8443/v1/"),
    "a form": of({**WRITE, "content_type": "application/x-www-form-urlencoded", "body": {"a": "{{a}}", "n": 1, "b": True}}),
    "a text": of({**WRITE, "content_type": "Text/Plain; charset=utf-8", "body": "hello {{name}}"}),
    "a text type that is JSON": of({**WRITE, "content_type": "text/x+json", "body": [1]}),
    "JSON of a kind": of({**WRITE, "content_type": "application/vnd.acme+json", "body": ["{{a}}"]}),
    "JSON as one text": of({**WRITE, "body": '{"n": {{count}}}'}),
    "a body that is false": of({**WRITE, "body": False}),
    "a key": of({**WRITE, "idempotency": "key", "idempotency_header": "X-Once"}),
    "limits": of({**READ, "timeout_ms": 120000, "rate_limit": {"calls": 10, "window_s": 60}}),
    "headers with a tab": of({**READ, "headers": {"X-A": "a\tb", "accept": "*/*"}}, headers={"Accept": "a"}),
    "every keyword": of({**READ, "inputs": {
        "type": ["object"], "required": ["id"], "additionalProperties": {"type": "string"}, "title": "t", "$comment": "c",
        "properties": {
            "id": {"type": ["integer", "null"], "minimum": 1, "exclusiveMaximum": 9.5, "multipleOf": 0.5, "default": 1,
                   "examples": [1], "deprecated": False, "readOnly": False, "writeOnly": True, "format": "f"},
            "tags": {"items": {"enum": ["a", 1, None]}, "minItems": 0, "maxItems": 3, "const": ["a"]},
            "any": True, "none": False,
            "name": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"}}}}),
    "an output of every type": of({**READ, "output": {"a": ["$.b", 1, None, True, "$$"]}}),
}  # fmt: skip

BAD = {
    "an unknown member": bare(colour="red"),
    "a switch": bare(enabled=True),
    "no name": bare(name=None),
    "no auth": bare(auth=None),
    "a name that is none": bare(name="a b"),
    "a name with a newline": bare(name="tickets\n"),
    "an action's name that is none": bare(actions={"a/b": READ}),
    "a title that is a number": bare(title=1),
    "a URL of another kind": bare(base_url="ftp://api.acme.com"),
    "a URL with a query": bare(base_url=URL + "?a=1"),
    "a URL with a fragment": bare(base_url=URL + "#a"),
    "a URL with a user": bare(base_url="https://me@api.acme.com"),
    "a URL with a backslash": bare(base_url="https://api.acme.com\\v1"),
    "a URL that is not ASCII": bare(base_url="https://ünï.acme.com"),
    "a URL with dots": bare(base_url="https://api.acme.com/a/../b"),
    "a URL with encoded dots": bare(base_url="https://api.acme.com/a/%2e%2E"),
    "a method of auth that is none": bare(auth={"method": "digest"}),
    "an API key without a header": bare(auth={"method": "api_key"}),
    "an API key in Bellhop's header": bare(auth={"method": "api_key", "header": "hOST"}),
    "a header that is no API key's": bare(auth={"method": "bearer", "header": "X-Key"}),
    "a scope that is no service account's": bare(auth={"method": "bearer", "scope": "a"}),
    "a header's name that is none": of(headers={"X A": "a"}),
    "an empty header": of(headers={"X-A": " \t"}),
    "a header with a newline": of(headers={"X-A": "a\nb"}),
    "a header that is a number": of(headers={"X-A": 1}),
    "101 headers": of(headers={f"X-{n}": "a" for n in range(101)}),
    "257 actions": bare(actions={f"a{n}": READ for n in range(257)}),
    "an action without a path": of({"method": "GET"}),
    "an action with an unknown member": of({**READ, "retries": 3}),
    "a method that is none": of({**READ, "method": "HEAD"}),
    "a body with GET": of({**READ, "body": {}}),
    "a body that is null": of({**WRITE, "body": None}),
    "a form that is a text": of({**WRITE, "content_type": "application/x-www-form-urlencoded", "body": "a=1"}),
    "a form of objects": of({**WRITE, "content_type": "application/x-www-form-urlencoded", "body": {"a": {}}}),
    "a text that is an object": of({**WRITE, "content_type": "text/plain", "body": {}}),
    "XML": of({**WRITE, "content_type": "application/xml", "body": "<a/>"}),
    "a query of arrays": of({**READ, "query": {"a": [1]}}),
    "a DELETE that reads": of({"method": "DELETE", "path": "/a", "kind": "read"}),
    "a kind that is none": of({**READ, "kind": "delete"}),
    "a confirmation that is a text": of({**READ, "requires_confirmation": "yes"}),
    "an idempotency header without a key": of({**WRITE, "idempotency_header": "X-Once"}),
    "Bellhop's header as a key": of({**WRITE, "idempotency": "key", "idempotency_header": "Cookie"}),
    "a timeout of 0": of({**READ, "timeout_ms": 0}),
    "a timeout over two minutes": of({**READ, "timeout_ms": 120001}),
    "a limit without a window": of({**READ, "rate_limit": {"calls": 1}}),
    "a keyword that is not checked": of({**READ, "inputs": {"properties": {"id": {"anyOf": []}}}}),
    "inputs that are no object": of({**READ, "inputs": {"type": "string", "properties": {"id": {}}}}),
    "inputs that are a boolean": of({**READ, "inputs": True}),
    "a type that is none": of({**READ, "inputs": {"properties": {"id": {"type": "text"}}}}),
    "no type": of({**READ, "inputs": {"properties": {"id": {"type": []}}}}),
    "a length below 0": of({**READ, "inputs": {"properties": {"id": {"minLength": -1}}}}),
    "a multiple of 0": of({**READ, "inputs": {"properties": {"id": {"multipleOf": 0}}}}),
    **{f"the header {name}": of({**READ, "headers": {name: "a"}}) for name in (
        "Host", "content-length", "CONTENT-TYPE", "Content-Encoding", "Accept-Encoding", "Transfer-Encoding", "te", "Trailer",
        "Connection", "Keep-Alive", "Upgrade", "Expect", "proxy-anything", "Authorization", "Cookie", "X-HTTP-Method",
        "x-http-method-override", "X-Method-Override")},
}  # fmt: skip

ONLY_THE_TOOL_KNOWS = {
    "a credential in clear": bare(base_url="http://api.acme.com", auth={"method": "bearer"}),
    "a host of one label": bare(base_url="https://intranet"),
    "a placeholder that is not declared": of({**READ, "inputs": {"properties": {}}}),
    "a header twice in different case": of(headers={"X-A": "a", "x-a": "b"}),
    "the header of the credential": of(auth={"method": "api_key", "header": "X-Key"}, headers={"x-key": "a"}),
    "more calls than are allowed": of({**READ, "rate_limit": {"calls": 11, "window_s": 60}}),
    "a pattern that is none": of({**READ, "inputs": {"properties": {"id": {"pattern": "("}}}}),
    "a query that is none": of({**READ, "output": "$.["}),
    "dots in a path": of({**READ, "path": "/a/../{{id}}"}),
}  # fmt: skip


@pytest.mark.parametrize("definition", GOOD.values(), ids=GOOD.keys())
def test_a_good_definition_is_good_to_both(bellhop, definition):
    result = bellhop("check", "-", stdin=json.dumps(definition))
    assert result.code == 0, result.out
    schemas.check("definition", definition)


@pytest.mark.parametrize("definition", BAD.values(), ids=BAD.keys())
def test_what_the_schema_refuses_the_tool_refuses(bellhop, definition):
    assert schemas.problem("definition", definition)
    assert bellhop("check", "-", stdin=json.dumps(definition)).code == 1


@pytest.mark.parametrize("definition", ONLY_THE_TOOL_KNOWS.values(), ids=ONLY_THE_TOOL_KNOWS.keys())
def test_what_a_schema_cannot_know_the_tool_refuses(bellhop, definition):
    schemas.check("definition", definition)
    assert bellhop("check", "-", stdin=json.dumps(definition)).code == 1
