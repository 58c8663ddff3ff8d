# SPDX-License-Identifier: MIT
"""bellhop render: what it shows is what the worker sends, to the byte, but for the credential."""

import json

import pytest
from support.org import integration
from support.terminal import run_on_terminal

WORKER = {"rate_limit": "1000/60"}
OF_THE_CONNECTION = {"Host", "Content-Length", "Accept-Encoding"}
MASK = "********"

INPUTS = {
    "type": "object", "required": ["desk", "subject"],
    "properties": {
        "desk": {"type": "string"}, "subject": {"type": "string", "maxLength": 40},
        "priority": {"type": "integer", "minimum": 1, "maximum": 4, "default": 3},
        "notify": {"type": "boolean"}, "tags": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip

CREATE = {
    "method": "POST", "path": "/desks/{{desk}}/tickets", "query": {"notify": "{{notify}}", "tag": "{{tags}}"},
    "headers": {"X-Subject": "about: {{subject}}"},
    "body": {"subject": "{{subject}}", "priority": "{{priority}}", "note": "from \\{{chat}}: {{subject}}", "tags": "{{tags}}"},
    "inputs": INPUTS,
}  # fmt: skip

DEFINITION = integration("https://api.acme.com/v1", create=CREATE, list={"method": "GET", "path": "/desks/{{desk}}"})
GIVEN = {"desk": "a/b é", "subject": 'Say "fire"\n🔥', "notify": True, "tags": ["x y", "&"]}
# A header is one line.
ONE_LINE = {**GIVEN, "subject": 'Say "fire" 🔥'}

AUTHS = {
    "none": ("none", {}, None),
    "bearer": ("bearer", {"token": "a-token-of-acme"}, ("Authorization", "Bearer a-token-of-acme")),
    "basic": ("basic", {"username": "ada", "password": "a-password"}, ("Authorization", "Basic YWRhOmEtcGFzc3dvcmQ=")),
    "api_key": ({"method": "api_key", "header": "X-Desk-Key"}, {"key": "a-key-of-acme"}, ("X-Desk-Key", "a-key-of-acme")),
}
MASKED = {"none": None, "bearer": "Bearer " + MASK, "basic": "Basic " + MASK, "api_key": MASK}


@pytest.fixture
def definition_file(tmp_path):
    """`definition_file(definition)`: its path."""

    def write(definition):
        path = tmp_path / "definition.json"
        path.write_text(json.dumps(definition))
        return str(path)

    return write


def render(org, action, inputs, *more, **options):
    return org.bellhop("render", action, "--inputs", json.dumps(inputs), *more, **options)


def assert_is_what_is_sent(shown, request, origin, auth):
    assert shown["method"] == request.method
    assert shown["url"] == origin + request.target
    assert shown.get("body", "").encode() == request.body
    _, _, credential = AUTHS[auth]
    masked = [(credential[0], MASKED[auth])] if credential else []
    sent = [(name, value) for name, value in request.headers if name not in OF_THE_CONNECTION]
    assert [pair for pair in sent if pair == credential] == ([credential] if credential else [])
    assert list(shown["headers"].items()) == [masked[0] if pair == credential else pair for pair in sent]


@pytest.mark.parametrize("auth", AUTHS)
def test_every_byte_is_what_the_worker_sends(worker, acme, upstream, auth):
    method, secrets, _ = AUTHS[auth]
    create = {**CREATE, "idempotency": "key", "idempotency_header": "X-Once"}
    acme.put(integration(upstream.base_url, auth=method, headers={"Accept-Language": "en"}, create=create))
    for field, value in secrets.items():
        acme.seal("tickets", field, value)
    shown = render(acme, "tickets/create", ONE_LINE, "--json", "--id", "job-1")
    assert shown.code == 0 and shown.err == "" and upstream.received() == []
    assert acme.run("tickets/create", ONE_LINE, id="job-1")["status"] == "succeeded"
    assert_is_what_is_sent(shown.json, upstream.only(), upstream.origin, auth)


@pytest.mark.parametrize("inputs", [{"desk": "1"}, {"desk": "%2f?#"}])
def test_a_read_is_shown_as_it_is_sent(worker, acme, upstream, inputs):
    read = {"method": "GET", "path": "/desks/{{desk}}?open=1"}
    acme.put(integration(upstream.base_url, get=read))
    shown = render(acme, "tickets/get", inputs, "--json").json
    assert "body" not in shown
    assert acme.run("tickets/get", inputs)["status"] == "succeeded"
    assert_is_what_is_sent(shown, upstream.only(), upstream.origin, "none")


@pytest.mark.parametrize("content_type, body", [
    ("application/x-www-form-urlencoded", {"subject": "{{subject}}", "fixed": "a b"}),
    ("text/plain", "{{subject}} of {{desk}}\n"),
    ("application/vnd.acme+json", '{"subject": {{subject}}, "text": "about {{desk}}"}'),
])  # fmt: skip
def test_every_kind_of_body_is_shown_as_it_is_sent(worker, acme, upstream, content_type, body):
    acme.put(integration(upstream.base_url, create={**CREATE, "path": "/t", "content_type": content_type, "body": body}))
    shown = render(acme, "tickets/create", ONE_LINE, "--json").json
    assert acme.run("tickets/create", ONE_LINE)["status"] == "succeeded"
    assert_is_what_is_sent(shown, upstream.only(), upstream.origin, "none")


def test_it_is_also_what_a_person_is_shown_before_it_is_sent(worker, acme, upstream):
    acme.put(integration(upstream.base_url, create=CREATE))
    preview = acme.ask("tickets/create", ONE_LINE).preview
    assert render(acme, "tickets/create", ONE_LINE, "--json").json == preview


def test_people_read_it_as_http(bellhop, definition_file):
    path = definition_file({**DEFINITION, "auth": {"method": "bearer"}})
    result = bellhop("render", "tickets/create", "--file", path, "--inputs", '{"desk": "1", "subject": "Fire"}')
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "POST https://api.acme.com/v1/desks/1/tickets\n"
        "X-Subject: about: Fire\n"
        "Content-Type: application/json\n"
        "Authorization: Bearer ********\n"
        "\n"
        '{"subject":"Fire","priority":3,"note":"from {{chat}}: Fire"}\n'
    )


def test_with_a_file_it_needs_neither_redis_nor_an_org(bellhop, definition_file):
    path = definition_file(DEFINITION)
    result = bellhop("render", "tickets/list", "--file", path, "--inputs", '{"desk":1}', redis_url="redis://127.0.0.1:1/0")
    assert (result.code, result.out) == (0, "GET https://api.acme.com/v1/desks/1\n")
    result = bellhop("render", "tickets/list", "--file", "-", "--inputs", '{"desk":1}', stdin=json.dumps(DEFINITION))
    assert (result.code, result.out) == (0, "GET https://api.acme.com/v1/desks/1\n")


def test_all_that_is_wrong_with_the_inputs_is_said_with_its_place(bellhop, definition_file):
    path = definition_file(DEFINITION)
    wrong = {"desk": "..", "priority": 9, "colour": "red"}
    result = bellhop("render", "tickets/create", "--file", path, "--inputs", json.dumps(wrong))
    assert (result.code, result.out) == (1, "")
    *problems, last = result.err.splitlines()
    assert sorted(line.split(":")[0] for line in problems) == ["/colour", "/desk", "/priority", "/subject"]
    assert "/priority: 9 is more than 4" in problems
    assert last == "bellhop: invalid_inputs: the inputs of tickets/create have 4 problems"
    result = bellhop("render", "tickets/list", "--file", path, "--inputs", '{"desk":".."}')
    assert result.code == 1 and result.err.startswith("/desk: ") and result.err.endswith("have 1 problem\n")


def test_what_is_wrong_with_the_inputs_is_what_the_worker_says(worker, acme, upstream):
    acme.put(integration(upstream.base_url, create=CREATE))
    wrong = {"desk": 1, "priority": 0, "tags": [1, "a", None]}
    result = render(acme, "tickets/create", wrong, "--json")
    reply = acme.run("tickets/create", wrong)
    assert result.code == 1
    assert result.json["error"] == {key: reply["error"][key] for key in ("code", "details")}


def test_a_key_is_that_of_the_id_and_words_without_one(bellhop, definition_file):
    path = definition_file(integration("https://a.example", pay={"method": "POST", "path": "/", "idempotency": "key"}))

    def shown(*more, **options):
        result = bellhop("render", "tickets/pay", "--file", path, "--json", *more, **options)
        assert result.code == 0, result.err
        return result.json["headers"]["Idempotency-Key"], result.err

    first, _ = shown("--id", "a", org="acme")
    assert len(first) == 32 and shown("--id", "a", org="acme") == (first, "")
    assert shown("--id", "b", org="acme")[0] != first != shown("--id", "a", org="globex")[0]
    value, said = shown()
    assert "job's id" in value and said == "Idempotency-Key is made of the job's id: --id ID shows it\n"
    assert bellhop("render", "tickets/pay", "--file", path, "--id", "a").code == 2


def test_a_definition_with_errors_is_not_rendered_but_told(bellhop, definition_file, acme):
    broken = json.loads(json.dumps(DEFINITION))
    broken["actions"]["create"]["body"] = {"x": "{{colour}}"}
    result = bellhop("render", "tickets/create", "--file", definition_file(broken), "--inputs", "{}")
    assert (result.code, result.out) == (1, "")
    assert "actions.create.body.x: {{colour}} is not a declared input" in result.err
    acme.put(DEFINITION)
    acme.redis.hset(acme.own("integration:tickets"), "action:create", json.dumps(broken["actions"]["create"]))
    result = render(acme, "tickets/create", {})
    assert (result.code, result.out) == (1, "") and "{{colour}} is not a declared input" in result.err


def test_what_is_stored_under_another_name_is_refused_as_the_worker_refuses_it(worker, acme, upstream):
    acme.put(integration(upstream.base_url, get={"method": "GET", "path": "/"}))
    renamed = json.loads(acme.redis.hget(acme.own("integration:tickets"), "definition")) | {"name": "desk"}
    acme.redis.hset(acme.own("integration:tickets"), mapping={"definition": json.dumps(renamed), "version": "99"})
    assert acme.run("tickets/get").code == "invalid_definition"
    for command in (["render", "tickets/get"], ["map", "tickets/get"]):
        result = acme.bellhop(*command)
        assert result.code == 1 and "stored under the name tickets" in result.err
    assert "stored under the name tickets" in acme.bellhop("list").out


def test_what_is_not_there_is_one_line(acme, definition_file):
    acme.put(DEFINITION)
    path = definition_file(DEFINITION)
    for command, words in (
        (["desk/create"], f"org {acme.name} has no integration desk"),
        (["tickets/creat"], "tickets has no action creat; it has create, list"),
        (["desk/create", "--file", path], f"{path} defines tickets, not desk"),
        (["tickets/create", "--file", path + ".none"], f"cannot read {path}.none: No such file"),
    ):
        result = acme.bellhop("render", *command)
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith("bellhop: " + words) and result.err.count("\n") == 1


def test_what_is_switched_off_is_shown_with_a_warning(acme):
    acme.put(DEFINITION)
    acme.done("disable", "tickets/list")
    result = render(acme, "tickets/list", {"desk": "1"})
    assert result.code == 0 and result.err == "warning: tickets/list is disabled\n"
    acme.done("disable", "tickets")
    assert "warning: tickets is disabled\n" in render(acme, "tickets/list", {"desk": "1"}).err


def test_no_input_commands_the_terminal(tool_options, definition_file):
    path = definition_file(integration("https://a.example", say={"method": "POST", "path": "/", "body": "{{a}}"}))
    inputs = json.dumps({"a": "\x9b31m\u202eevil"}, ensure_ascii=False)
    shown = run_on_terminal("bellhop", ["render", "tickets/say", "--file", path, "--inputs", inputs], tool_options).shown
    assert "\\u009b31m\\u202eevil" in shown and "\x9b" not in shown and "\u202e" not in shown
