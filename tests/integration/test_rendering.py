# SPDX-License-Identifier: MIT
"""What of the inputs arrives at the upstream, to the byte: contract, section 5."""

import json
from decimal import Decimal

import pytest
from support.org import integration

WORKER = {"rate_limit": "1000/60"}

# What people and attackers put into inputs.
HOSTILE = [
    'a "quoted" word',
    "back\\slash",
    "{{subject}}",
    "\\{{subject}}",
    "{{",
    "\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1",
    "../../admin",
    "%2e%2e%2f",
    "a?b=c&d#e",
    "</script>",
    "\u00e9\u4e2d\U0001f525",
    "\u2028\u0000\u001f",
    "',\"admin\":true,\"x\":\"",
]


def text_input(**more):
    return {"type": "object", "properties": {"a": {"type": "string"}, **more}}


@pytest.fixture(autouse=True)
def echo(worker, acme, upstream):
    anything = {"type": "object", "required": ["a"], "properties": {"a": {}}}
    optional = text_input(b={"type": "array", "items": {}}, n={"type": "number"}, t={"type": "boolean"})
    acme.put(
        integration(
            upstream.base_url,
            "echo",
            path={"method": "GET", "path": "/p/{{a}}", "inputs": anything},
            dot={"method": "GET", "path": "/p/.{{a}}", "inputs": anything},
            infix={"method": "GET", "path": "/p/x-{{a}}.json", "inputs": anything},
            search={
                "method": "GET",
                "path": "/s?kind=open&q={{a}}",
                "query": {"b": "{{b}}", "n": "{{n}}", "t": "{{t}}", "x y": "1 {{n}}"},
                "inputs": {**optional, "required": ["a", "n"]},
            },
            query={"method": "GET", "path": "/q", "query": {"a": "{{a}}", "b": "{{b}}"}, "inputs": optional},
            header={"method": "GET", "path": "/h", "headers": {"X-A": "{{a}}", "x-note": "action's"}, "inputs": optional},
            body={"method": "POST", "path": "/b", "body": {"whole": "{{a}}"}, "inputs": anything},
            inside={"method": "POST", "path": "/b", "body": {"in": "say: {{a}}!"}, "inputs": anything},
            drop={
                "method": "POST",
                "path": "/b",
                "body": {"m": "{{a}}", "list": ["{{a}}", "x", {"deep": "{{b}}"}], "fixed": [1.50, True, None, {}]},
                "inputs": optional,
            },
            headers={"X-Note": "definition's", "Accept-Language": "en"},
        )
    )


def refused(reply, upstream, place="/a"):
    assert reply.code == "invalid_inputs", reply.text
    assert reply["sent"] == "no"
    assert place in reply.problems
    assert upstream.received() == []


# The path.


@pytest.mark.parametrize(
    "value, segment",
    [
        ("a/b", "a%2Fb"),
        ("a b+c", "a%20b%2Bc"),
        ("\u00fc", "%C3%BC"),
        ("\U0001f525", "%F0%9F%94%A5"),
        ("a?b#c&d=e", "a%3Fb%23c%26d%3De"),
        ("%2e%2e", "%252e%252e"),
        ("a\\b", "a%5Cb"),
        ("{{a}}", "%7B%7Ba%7D%7D"),
        ("'\"<>;:@!$(),*[]^`|", "%27%22%3C%3E%3B%3A%40%21%24%28%29%2C%2A%5B%5D%5E%60%7C"),
        ("AZaz09-._~", "AZaz09-._~"),
        ("..a", "..a"),
        ("a..b", "a..b"),
        ("...", "..."),
        (42, "42"),
        (-7, "-7"),
        (19.99, "19.99"),
        (True, "true"),
        (12345678901234567890, "12345678901234567890"),
    ],
)
def test_a_path_value_is_one_segment(acme, upstream, value, segment):
    assert acme.run("echo/path", {"a": value})["status"] == "succeeded"
    assert upstream.only().target == "/v1/p/" + segment


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "../x", "x/..", "x/./y", "..\\x", "x\\..\\y", "\r\n", "a\0", "a\x1fb", "\x7f", "\x80", "\x9f", "a\tb", None, [], {}, ["a"], {"a": 1}],
)  # fmt: skip
def test_what_may_not_stand_in_a_path_is_refused(acme, upstream, value):
    refused(acme.run("echo/path", {"a": value}), upstream)


@pytest.mark.parametrize("value", [".", "./x", ".\\x"])
def test_a_dot_segment_that_the_template_completes_is_refused(acme, upstream, value):
    refused(acme.run("echo/dot", {"a": value}), upstream)


def test_text_of_the_template_stays_around_a_value(acme, upstream):
    acme.run("echo/infix", {"a": "b/c"})
    assert upstream.only().target == "/v1/p/x-b%2Fc.json"


def test_a_path_over_8_kib_is_refused(acme, upstream):
    refused(acme.run("echo/path", {"a": "x" * 8200}), upstream, "")
    refused(acme.run("echo/query", {"a": "x" * 8200}), upstream, "")


# The query.


def test_a_query_in_the_path_goes_before_the_others(acme, upstream):
    acme.run("echo/search", {"a": "a&b=c d+\u00e9", "b": ["x", 1, True], "n": 1.25, "t": False})
    assert upstream.only().query == (
        "kind=open&q=a%26b%3Dc%20d%2B%C3%A9&b=x&b=1&b=true&n=1.25&t=false&x%20y=1%201.25"
    )


def test_an_absent_optional_input_drops_its_pair_and_an_empty_array_too(acme, upstream):
    acme.run("echo/search", {"a": "", "b": [], "n": 0})
    assert upstream.only().query == "kind=open&q=&n=0&x%20y=1%200"


def test_without_a_pair_there_is_no_question_mark(acme, upstream):
    acme.run("echo/query", {})
    assert upstream.only().target == "/v1/q"


@pytest.mark.parametrize("value", [[None], [[1]], [{}], None])
def test_what_has_no_text_may_not_stand_in_a_query(acme, upstream, value):
    reply = acme.run("echo/query", {"b": value})
    assert reply.code == "invalid_inputs"
    assert upstream.received() == []


# Headers.


@pytest.mark.parametrize("value", ["plain", "tab\there", "caf\u00e9 \U0001f525", "a: b; c=\"d\"", "{{a}}"])
def test_a_header_carries_its_value_as_utf_8(acme, upstream, value):
    acme.run("echo/header", {"a": value})
    assert f"\r\nX-A: {value}\r\n".encode() in upstream.only().raw


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x01b", "a\x7fb", "a\u0085b"])
def test_a_control_character_in_a_header_is_refused(acme, upstream, value):
    refused(acme.run("echo/header", {"a": value}), upstream)


def test_an_absent_optional_input_drops_its_header(acme, upstream):
    acme.run("echo/header", {})
    assert upstream.only().header("X-A") is None


def test_an_actions_header_replaces_the_definitions_in_any_case(acme, upstream):
    acme.run("echo/header", {"a": "b"})
    assert upstream.only().header("X-Note") == "action's"
    assert upstream.only().header("Accept-Language") == "en"


def test_a_header_over_8_kib_is_refused(acme, upstream):
    refused(acme.run("echo/header", {"a": "x" * 8200}), upstream)


# JSON bodies.


@pytest.mark.parametrize("value", [*HOSTILE, "", 0, -1, True, False, None, [], {}, [1, [2, {"x": None}]], {"a": {"b": "{{a}}"}}])
def test_a_whole_placeholder_is_the_input_with_its_own_type(acme, upstream, value):
    assert acme.run("echo/body", {"a": value})["status"] == "succeeded"
    assert upstream.only().json == {"whole": value}
    assert json.loads(upstream.only().body, object_pairs_hook=list) == [("whole", json.loads(json.dumps(value), object_pairs_hook=list))]


@pytest.mark.parametrize("value", HOSTILE)
def test_inside_a_longer_text_a_value_is_text_and_nothing_else(acme, upstream, value):
    acme.run("echo/inside", {"a": value})
    assert upstream.only().json == {"in": f"say: {value}!"}


@pytest.mark.parametrize("value, text", [(7, "7"), (True, "true"), (19.99, "19.99"), (-0.5, "-0.5")])
def test_inside_a_longer_text_a_scalar_has_its_text(acme, upstream, value, text):
    acme.run("echo/inside", {"a": value})
    assert upstream.only().json == {"in": f"say: {text}!"}


@pytest.mark.parametrize("value", [[], {}, [1]])
def test_inside_a_longer_text_only_scalars_may_stand(acme, upstream, value):
    refused(acme.run("echo/inside", {"a": value}), upstream)


def test_an_absent_optional_input_drops_its_member_and_its_element(acme, upstream):
    acme.run("echo/drop", {})
    assert upstream.only().json == {"list": ["x", {}], "fixed": [1.5, True, None, {}]}


def test_an_input_that_is_there_fills_them(acme, upstream):
    acme.run("echo/drop", {"a": "A", "b": [0]})
    assert upstream.only().json == {"m": "A", "list": ["A", "x", {"deep": [0]}], "fixed": [1.5, True, None, {}]}


@pytest.mark.parametrize(
    "number",
    ["9007199254740993", "18446744073709551615", "-9223372036854775808", "19.99", "0.1", "1e2", "-0", "1.10", "123456789.123456789", "5e-324"],
)  # fmt: skip
def test_a_number_keeps_its_value(acme, upstream, number):
    job = acme.job("echo/body", {"a": "HERE"})
    acme.push(json.dumps(job).replace('"HERE"', number))
    assert acme.reply(job)["status"] == "succeeded"
    sent = json.loads(upstream.only().body, parse_float=Decimal, parse_int=Decimal)["whole"]
    exact = "." not in number and "e" not in number
    assert sent == Decimal(number) if exact else float(sent) == float(number)


def test_an_integer_beyond_64_bits_goes_as_its_digits(acme, upstream):
    acme.run("echo/body", {"a": [18446744073709551616, -9223372036854775809]})
    assert upstream.only().json == {"whole": ["18446744073709551616", "-9223372036854775809"]}


def test_a_body_over_1_mib_is_refused(acme, upstream):
    twice = {"method": "POST", "path": "/b", "body": {"x": "{{a}}", "y": "{{a}}"}}
    acme.put(integration(upstream.base_url, "twice", post=twice))
    assert acme.run("twice/post", {"a": "x" * 500000})["status"] == "succeeded"
    assert acme.run("twice/post", {"a": "x" * 530000}).code == "invalid_inputs"
    assert len(upstream.received()) == 1


# The whole request.


def test_a_get_is_as_plain_as_can_be(acme, upstream):
    acme.run("echo/query", {"a": "x"})
    request = upstream.only()
    assert request.raw.startswith(b"GET /v1/q?a=x HTTP/1.1\r\n")
    assert request.header("Host") == f"127.0.0.1:{upstream.port}"
    for name in ("Content-Length", "Content-Type", "Authorization", "Cookie", "Expect", "Transfer-Encoding"):
        assert request.header(name) is None


def test_a_post_says_its_length_and_type(acme, upstream):
    acme.run("echo/body", {"a": "x" * 100000})
    request = upstream.only()
    assert request.header("Content-Type") == "application/json"
    assert request.header("Content-Length") == str(len(request.body)) == str(len('{"whole":""}') + 100000)
    assert request.header("Expect") is None
    assert request.header("Transfer-Encoding") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_goes_with_a_body_and_without(acme, upstream, method):
    acme.put(
        integration(
            upstream.base_url,
            "any",
            bare={"method": method, "path": "/bare"},
            full={"method": method, "path": "/full", "body": {"n": 1}, "content_type": "application/vnd.acme+json"},
        )
    )
    assert acme.run("any/bare", {})["status"] == "succeeded"
    assert acme.run("any/full", {})["status"] == "succeeded"
    bare, full = upstream.received()
    assert (bare.method, bare.body, bare.header("Content-Type")) == (method, b"", None)
    assert (full.method, full.body, full.header("Content-Type")) == (method, b'{"n":1}', "application/vnd.acme+json")


def test_the_same_inputs_make_the_same_bytes(acme, upstream):
    for _ in range(3):
        acme.run("echo/drop", {"a": "\u00e9", "b": [1, {"z": 1, "a": 2}]})
    assert len({request.raw for request in upstream.received()}) == 1


def test_dotted_placeholders_blanks_and_a_literal_brace(acme, upstream):
    schema = {
        "type": "object",
        "required": ["customer"],
        "properties": {
            "customer": {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}, "fax": {"type": "string"}}},
            "items": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        },
    }  # fmt: skip
    body = {"mail": "{{ customer.email }}", "fax": "{{customer.fax}}", "first": "{{items.0.id}}", "second": "{{items.1.id}}", "raw": "\\{{x}}", "{{customer}}": 1}
    acme.put(integration(upstream.base_url, "dots", post={"method": "POST", "path": "/b", "body": body, "inputs": schema}))
    acme.run("dots/post", {"customer": {"email": "a@b"}, "items": [{"id": 7}]})
    assert upstream.only().json == {"mail": "a@b", "first": 7, "raw": "{{x}}", "{{customer}}": 1}


def test_a_base_url_with_a_slash_at_its_end_joins_well(acme, upstream):
    acme.put(integration(upstream.base_url + "/", "slash", get={"method": "GET", "path": "/a"}))
    acme.put(integration(upstream.origin, "root", get={"method": "GET", "path": "/a"}))
    acme.run("slash/get", {})
    acme.run("root/get", {})
    assert [request.target for request in upstream.received()] == ["/v1/a", "/a"]


def test_a_key_for_idempotency_is_the_same_for_one_job_and_another_for_the_next(acme, upstream):
    keyed = {"method": "POST", "path": "/b", "idempotency": "key"}
    acme.put(
        integration(
            upstream.base_url, "keyed", one=keyed, two={**keyed, "idempotency_header": "X-Request-Key"}
        )
    )
    acme.run("keyed/one", {})
    acme.run("keyed/one", {})
    acme.run("keyed/two", {})
    first, second, named = upstream.received()
    assert first.header("Idempotency-Key") and second.header("Idempotency-Key")
    assert first.header("Idempotency-Key") != second.header("Idempotency-Key")
    assert named.header("X-Request-Key") and named.header("Idempotency-Key") is None
