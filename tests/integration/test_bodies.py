# SPDX-License-Identifier: MIT
"""Bodies other than a JSON tree, to the byte: forms, texts, and JSON given as one text. Contract, section 5."""

import json
from urllib.parse import parse_qsl

import pytest
from support.org import integration

WORKER = {"rate_limit": "1000/60"}

FORM = "application/x-www-form-urlencoded"

# What people and attackers put into inputs.
HOSTILE = [
    'a "quoted" word',
    "back\\slash",
    "{{n}}",
    "\\{{n}}",
    "x&role=admin;role=admin",
    "a=b+c d%26",
    '","admin":true,"x":"',
    "\r\n\r\nGET / HTTP/1.1",
    "é中\U0001f525",
    "\u2028\u0000\u001f",
]


def post(body, **members):
    return {"method": "POST", "path": "/b", "body": body, **members}


def inputs(*required, **properties):
    return {"type": "object", "required": list(required), "properties": properties}


@pytest.fixture(autouse=True)
def echo(worker, acme, upstream):
    optional = inputs("s", s={}, a={"type": "array", "items": {}}, n={"type": "number"})
    acme.put(
        integration(
            upstream.base_url,
            "echo",
            json=post('{"n": {{n}}, "s": "a {{s}}", "a": [{{a}}, 1.50], "role": "user"}', inputs=optional),
            whole=post("{{s}}", content_type="application/vnd.api+json"),
            form=post(
                {"s": "{{s}}", "x y": "<{{n}}>", "a[]": "{{a}}", "role": "user", "fixed": 1.50},
                content_type=FORM,
                inputs=optional,
            ),
            text=post("{{s}} is {{n}}\n", content_type="text/plain; charset=utf-8", inputs=optional),
            alone=post("{{n}}", content_type="text/csv", inputs=inputs(n={})),
        )
    )


def sent(reply, upstream):
    """The one request that came of a job that went well."""
    assert reply["status"] == "succeeded", reply.text
    request = upstream.only()
    assert request.header("Content-Length") == str(len(request.body))
    return request


# JSON given as one text.


def test_one_text_is_filled_as_a_tree(acme, upstream):
    request = sent(acme.run("echo/json", {"n": 19.99, "s": "b", "a": [{"x": None}]}), upstream)
    assert request.body == b'{"n":19.99,"s":"a b","a":[[{"x":null}],1.5],"role":"user"}'
    assert request.header("Content-Type") == "application/json"


@pytest.mark.parametrize("value", [*HOSTILE, 7, True])
def test_no_value_changes_the_shape_of_one_text(acme, upstream, value):
    request = sent(acme.run("echo/json", {"n": 1, "s": value}), upstream)
    text = value if isinstance(value, str) else json.dumps(value)
    assert json.loads(request.body, object_pairs_hook=list) == [
        ("n", 1), ("s", f"a {text}"), ("a", [1.5]), ("role", "user"),
    ]  # fmt: skip


def test_an_absent_optional_input_drops_its_member_of_one_text(acme, upstream):
    assert sent(acme.run("echo/json", {"s": ""}), upstream).body == b'{"s":"a ","a":[1.5],"role":"user"}'


@pytest.mark.parametrize("value", [*HOSTILE, None, 0, [1, {"a": []}], {"{{s}}": 1}])
def test_one_text_may_be_one_placeholder(acme, upstream, value):
    request = sent(acme.run("echo/whole", {"s": value}), upstream)
    assert request.json == value
    assert request.header("Content-Type") == "application/vnd.api+json"


# Forms.


def test_a_form_is_percent_encoded_pairs_in_their_order(acme, upstream):
    request = sent(acme.run("echo/form", {"s": "a b+é&=/~", "n": -0.5, "a": ["x&y", 2, True]}), upstream)
    assert request.body == (
        b"s=a%20b%2B%C3%A9%26%3D%2F~&x%20y=%3C-0.5%3E&a%5B%5D=x%26y&a%5B%5D=2&a%5B%5D=true&role=user&fixed=1.5"
    )
    assert request.header("Content-Type") == FORM


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_one_value_of_a_form(acme, upstream, value):
    request = sent(acme.run("echo/form", {"s": value, "a": [value]}), upstream)
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert pairs == [("s", value), ("a[]", value), ("role", "user"), ("fixed", "1.5")]


def test_an_absent_optional_input_and_an_empty_array_drop_their_pairs(acme, upstream):
    assert sent(acme.run("echo/form", {"s": "", "a": []}), upstream).body == b"s=&role=user&fixed=1.5"


def test_a_form_without_pairs_is_sent_empty(acme, upstream):
    action = post({"a": "{{a}}"}, content_type=FORM, inputs=inputs(a={"type": "string"}))
    acme.put(integration(upstream.base_url, "empty", do=action))
    request = sent(acme.run("empty/do", {}), upstream)
    assert (request.body, request.header("Content-Type")) == (b"", FORM)


# Texts.


@pytest.mark.parametrize("value", [*HOSTILE, ""])
def test_a_text_holds_a_value_as_it_is(acme, upstream, value):
    request = sent(acme.run("echo/text", {"s": value, "n": 1.50}), upstream)
    assert request.body == f"{value} is 1.5\n".encode()
    assert request.header("Content-Type") == "text/plain; charset=utf-8"


def test_an_absent_optional_input_leaves_nothing_in_a_text(acme, upstream):
    assert sent(acme.run("echo/text", {"s": True}), upstream).body == b"true is \n"


@pytest.mark.parametrize("given", [{}, {"n": None}])
def test_a_text_that_is_one_absent_input_is_no_body(acme, upstream, given):
    request = sent(acme.run("echo/alone", given), upstream)
    assert (request.body, request.header("Content-Type")) == (b"", None)


# All of them.


@pytest.mark.parametrize("action", ["form", "text"])
@pytest.mark.parametrize("value", [None, {}, [[]]])
def test_what_has_no_text_is_refused(acme, upstream, action, value):
    reply = acme.run("echo/" + action, {"s": value})
    assert (reply.code, reply["sent"]) == ("invalid_inputs", "no")
    assert [path.split("/")[1] for path in reply.problems] == ["s"]
    assert upstream.received() == []


@pytest.mark.parametrize("action", ["json", "form", "text"])
def test_a_body_over_1_mib_is_refused(acme, upstream, action):
    # In a job of at most 1 MiB: a value that grows by being encoded, or stands there twice.
    acme.put(
        integration(
            upstream.base_url,
            "twice",
            json=post("[{{s}}, {{s}}]"),
            form=post({"s": "{{s}}", "t": "{{s}}"}, content_type=FORM),
            text=post("{{s}}{{s}}", content_type="text/plain"),
        )
    )
    assert acme.run("twice/" + action, {"s": "x" * 520000})["status"] == "succeeded"
    reply = acme.run("twice/" + action, {"s": "x" * 524300})
    assert (reply.code, reply.problems) == ("invalid_inputs", {"": "the inputs would make a body of over 1 MiB"})
    assert len(upstream.received()) == 1


@pytest.mark.parametrize("action", ["json", "form", "text"])
def test_what_a_person_approves_is_what_is_sent(acme, upstream, action):
    hostile = "".join(HOSTILE)
    asked = acme.ask("echo/" + action, {"s": hostile, "n": 1})
    assert upstream.received() == []
    request = sent(acme.approve(asked.token), upstream)
    assert request.body == asked.preview["body"].encode()
    assert request.header("Content-Type") == asked.preview["headers"]["Content-Type"]


def test_the_same_inputs_make_the_same_bytes(acme, upstream):
    for action in ("json", "form", "text"):
        for _ in range(2):
            acme.run("echo/" + action, {"s": "é", "a": [1, 2], "n": 1e2})
    requests = upstream.received()
    assert [first.raw == second.raw for first, second in zip(requests[::2], requests[1::2], strict=True)] == [True] * 3


REFUSED = {
    "text that is no JSON": ({"body": "hello {{a}}"}, "body"),
    "a placeholder as the name of a member": ({"body": "{ {{a}}: 1}"}, "body"),
    "a form that is no object": ({"body": "a=1", "content_type": FORM}, "body"),
    "a form with an object in it": ({"body": {"a": {}}, "content_type": FORM}, "body.a"),
    "a text that is an object": ({"body": {"a": 1}, "content_type": "text/plain"}, "body"),
    "another charset": ({"body": "a", "content_type": "text/plain; charset=latin1"}, "content_type"),
    "another content type": ({"body": "a", "content_type": "application/xml"}, "content_type"),
    "an undeclared input": ({"body": "[{{a}}, {{b}}]", "inputs": inputs(a={})}, "body.1"),
    "an array in a text": ({"body": "{{a}}", "content_type": "text/plain", "inputs": inputs(a={"type": "array"})}, "body"),
}


@pytest.mark.parametrize("members, place", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_body_is_refused_at_save_with_its_place(acme, upstream, members, place):
    definition = integration(upstream.base_url, "bad", do={"method": "POST", "path": "/b", **members})
    result = acme.bellhop("check", "-", stdin=json.dumps(definition))
    assert result.code == 1
    assert [line.split(": ")[0] for line in result.out.splitlines()] == ["actions.do." + place]
    assert acme.bellhop("put", "-", stdin=json.dumps(definition)).code == 1
    assert not acme.redis.exists(acme.own("integration:bad"))
