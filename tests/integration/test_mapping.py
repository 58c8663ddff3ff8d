# SPDX-License-Identifier: MIT
"""How a response becomes an output: contract, section 6."""

import json

import pytest
from support.org import integration
from support.upstream import Answer, Raw

LIMIT = 64 * 1024
WORKER = {"rate_limit": "1000/60", "max_response_bytes": LIMIT}

TICKET = {
    "id": 4711,
    "links": {"self": "https://desk/4711", "odd name": 1},
    "tags": [{"name": "fire"}, {"name": "printer"}, {"colour": "red"}],
    "none": None,
}


@pytest.fixture
def read(worker, acme, upstream):
    """`read(answer, output)`: the reply of a call that is answered so and mapped so."""

    def call(answer, output=...):
        action = {"method": "GET", "path": "/t"}
        if output is not ...:
            action["output"] = output
        acme.put(integration(upstream.base_url, get=action))
        upstream.on("/v1/t", answer)
        return acme.run("tickets/get")

    return call


def output_text(reply):
    """The output as it was written, digits and all."""
    assert reply["status"] == "succeeded", reply.text
    start = reply.text.index('"output":') + len('"output":')
    _, end = json.JSONDecoder().raw_decode(reply.text, start)
    return reply.text[start:end]


def test_without_a_mapping_the_whole_response_is_the_output(read):
    assert read(Answer(json=TICKET))["output"] == TICKET


@pytest.mark.parametrize(
    "query, value",
    [
        ("$", TICKET),
        ("$.id", 4711),
        ("$.links.self", "https://desk/4711"),
        ("$['links']['odd name']", 1),
        ('$["links"]["odd name"]', 1),
        ("$.tags[0].name", "fire"),
        ("$.tags[-1].colour", "red"),
        ("$.tags[9]", None),
        ("$.nothing.at.all", None),
        ("$.none", None),
        ("$.id.name", None),
        ("$.tags[*].name", ["fire", "printer"]),
        ("$.tags[*]", TICKET["tags"]),
        ("$.nothing[*]", []),
        ("$.links.*", ["https://desk/4711", 1]),
        ("$$.id", "$.id"),
        ("a $.id", "a $.id"),
        ("", ""),
    ],
)
def test_a_query_takes_its_value_out_of_the_response(read, query, value):
    assert read(Answer(json=TICKET), {"value": query})["output"] == {"value": value}


def test_a_mapping_may_be_any_json(read):
    mapping = ["$.id", {"deep": [{"$.id": "$.tags[*].name"}]}, 7, True, None, 1.5]
    assert read(Answer(json=TICKET), mapping)["output"] == [4711, {"deep": [{"$.id": ["fire", "printer"]}]}, 7, True, None, 1.5]
    assert read(Answer(json=TICKET), "$.id")["output"] == 4711
    assert read(Answer(json=TICKET), {})["output"] == {}


NUMBERS = [
    ("9007199254740993", "9007199254740993"),
    ("18446744073709551615", "18446744073709551615"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("18446744073709551616", '"18446744073709551616"'),
    ("-9223372036854775809", '"-9223372036854775809"'),
    ("123456789012345678901234567890", '"123456789012345678901234567890"'),
    ("19.99", "19.99"),
    ("0.1", "0.1"),
    ("-0.30000000000000004", "-0.30000000000000004"),
]


@pytest.mark.parametrize("said, told", NUMBERS)
@pytest.mark.parametrize("mapping", [..., {"n": "$.n"}], ids=["whole", "mapped"])
def test_numbers_stay_exact(read, said, told, mapping):
    reply = read(Answer(body=b'{"n":' + said.encode() + b"}"), mapping)
    assert output_text(reply).replace(" ", "") == '{"n":' + told + "}"


@pytest.mark.parametrize("said", ["1.10", "1e2", "1E+2", "100.0", "1.7976931348623157e308", "5e-324", "-0.0", "0.000001"])
def test_other_numbers_keep_their_value(read, said):
    told = output_text(read(Answer(body=b"[" + said.encode() + b"]")))
    assert float(json.loads(told)[0]) == float(said)
    assert len(told) - 2 <= len(said)


# What is no JSON, and what is none at all.


@pytest.mark.parametrize("mapping", [..., {"id": "$.id"}], ids=["whole", "mapped"])
def test_204_and_an_empty_body_are_null(read, mapping):
    nothing = {"id": None} if mapping is not ... else None
    assert read(Answer(204), mapping)["output"] in (None, nothing)
    assert read(Answer(body=b""), mapping)["output"] in (None, nothing)


def test_204_without_a_mapping_is_null(read):
    reply = read(Answer(204))
    assert (reply["status"], reply["output"], reply["http"]["status"]) == ("succeeded", None, 204)


@pytest.mark.parametrize(
    "text",
    ["hello", "<html>caf\u00e9</html>", '{"a":1,"a":2}', '{"a":1e400}', "{'a':1}", "[1,]", '"\\ud800"', '{"a":1} x'],
)
def test_a_text_that_is_not_json_comes_as_text(read, text):
    answer = Answer(body=text.encode(), headers={"Content-Type": "application/json"})
    assert read(answer)["output"] == {"text": text}


def test_what_parses_is_json_whatever_its_content_type(read):
    assert read(Answer(body=b' {"a": 1}\n', headers={"Content-Type": "text/html"}))["output"] == {"a": 1}
    assert read(Answer(body=b"7"))["output"] == 7


def test_where_a_mapping_needs_json_a_text_is_an_invalid_response(read):
    reply = read(Answer(body=b"<html>"), {"id": "$.id"})
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("invalid_response", "yes", False)


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"a":"\xc3"}', b'"\xed\xa0\x80"', b"\xc0\xaf"])
def test_what_is_not_utf_8_is_an_invalid_response(read, body):
    reply = read(Answer(body=body))
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("invalid_response", "yes", False)


def test_64_deep_is_taken_and_over_64_is_an_invalid_response(read):
    assert read(Answer(body=b"[" * 64 + b"]" * 64))["status"] == "succeeded"
    assert read(Answer(body=b"[" * 65 + b"]" * 65)).code == "invalid_response"
    assert read(Answer(body=b"[" * 30000 + b"]" * 30000)).code == "invalid_response"


def test_hostile_texts_of_an_upstream_stay_texts(read):
    hostile = {"a\"b": "\r\n\u0000\u2028\U0001f525", "status": "failed", "{{x}}": "$.id", "": []}
    assert read(Answer(json=hostile))["output"] == hostile


# How much.


def test_a_gzipped_answer_is_unpacked(read):
    assert read(Answer(json=TICKET, gzip=True))["output"] == TICKET


def test_an_answer_of_the_limit_is_taken(read):
    assert len(read(Answer(body=b'"' + b"x" * (LIMIT - 2) + b'"'))["output"]) == LIMIT - 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"x" * (LIMIT + 1)),
        Answer(body=b" " * (50 * 1024 * 1024), gzip=True),
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4000\r\n%b\r\n" % (b"x" * 0x4000) * 5),
        Raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LIMIT + 1)),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * (LIMIT + 1), "keep"),
        Raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10000 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Raw(b"HTTP/1.1 200 OK\r\n" + b"X-Much: %b\r\n" % (b"x" * 1000) * 400 + b"Content-Length: 0\r\n\r\n"),
    ],
    ids=["a byte more", "a gzip bomb", "chunks without end", "no length", "a vast length", "hints", "headers"],
)
def test_an_answer_over_the_limit_is_refused(read, answer):
    reply = read(answer)
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("response_too_large", "yes", False)


def test_a_mapping_that_multiplies_the_response_fails(read):
    reply = read(Answer(body=b'"' + b"x" * 40000 + b'"'), {"a": "$", "b": "$"})
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("mapping_failed", "yes", False)


DESK = {
    "inbox": {"tickets": [{"id": 1, "prio": 3, "tags": ["fire"]}, {"id": 18446744073709551615, "prio": 1.0, "tags": []}]},
    "closed": {"tickets": [{"id": 3, "prio": 1, "who": {"mail": "a@x.example"}}]},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$..tickets[?@.prio == 1].id", "[18446744073709551615,3]"),
        ("$..tickets[-1:].id", "[18446744073709551615,3]"),
        ("$['closed', 'inbox'].tickets[0].id", "[3,1]"),
        ("$..[?@.tags[?@ == 'fire'] || search(@.who.mail, '@x\\\\.')].id", "[1,3]"),
        ("$.*[?count(@[*]) < 2][0].prio", "[1]"),
        ("$..[?length(@.tags) == 0].prio", "[1.0]"),
        ("$..[?match(@, $.closed.tickets[0].who.mail)]", '["a@x.example"]'),
        ("$..nothing", "[]"),
    ],
)
def test_any_query_of_the_rfc_may_stand_in_a_mapping(read, query, expected):
    assert output_text(read(Answer(json=DESK), {"found": query})) == '{"found":%s}' % expected


def test_a_mapping_with_more_work_than_its_bound_fails(read):
    many = json.dumps([[i] for i in range(5000)]).encode()
    for query in ("$[?$..x]", "$..*[?count($..*) == 0]", "$..[?search('%s', '(a*)*\\\\p{Nd}')]" % ("a" * 4000)):
        reply = read(Answer(body=many), {"found": query})
        assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("mapping_failed", "yes", False)
        assert "more work" in reply["error"]["message"]


def test_what_an_upstream_says_in_an_error_is_told_from_its_start(read):
    reply = read(Answer(400, body=b"no: " + b"x" * 60000))
    assert reply.code == "upstream_status"
    assert reply["error"]["details"]["body"].startswith("no: xxx")
    assert len(reply.text) < 20000


LONG = b"no: " + b"x" * (2 * LIMIT)


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize(
    "answer",
    [
        {"body": LONG},
        {"body": LONG, "gzip": True},
        {"json": {"why": "no: " + "x" * (2 * LIMIT)}},
        {"body": b"no: \xff\xfe\x00"},
        {"body": b'{"why": "no: '},
        {"body": b'"no: \xc3"'},
        {"body": b"[" * 200 + b"no: "},
    ],
    ids=["over the limit", "over it unpacked", "JSON over it", "no UTF-8", "half a JSON", "a broken string", "too deep"],
)
def test_an_error_is_told_by_its_status_whatever_its_body(read, status, answer):
    reply = read(Answer(status, **answer), {"mapped": "$.id"})
    assert (reply.code, reply["sent"]) == ("upstream_status", "yes")
    assert (reply["error"]["details"]["status"], reply["http"]["status"]) == (status, status)
    assert "no: " in reply["error"]["details"]["body"]
    assert len(reply.text) < 20000


def test_an_endless_error_is_cut_and_told(read):
    endless = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"400\r\n" + b"y" * 1024 + b"\r\n") * 200
    reply = read(Raw(endless, "keep"))
    assert (reply.code, reply["error"]["retryable"]) == ("upstream_status", True)
    assert reply["error"]["details"]["body"] == "y" * 2048


def test_a_redirect_with_a_large_body_is_a_redirect(read):
    assert read(Answer(302, body=LONG, headers={"Location": "/elsewhere"})).code == "redirect_refused"


def test_after_every_refusal_the_next_call_is_well(read):
    read(Answer(body=b"x" * (LIMIT + 1)))
    assert read(Answer(json=TICKET))["output"] == TICKET


def test_an_answer_that_masking_makes_longer_than_the_limit_is_still_json(start_worker, new_org, upstream):
    start_worker(shard="masked", max_response_bytes=1000)
    acme = new_org(shard="masked")
    acme.put(integration(upstream.base_url, auth="bearer", read={"method": "GET", "path": "/t", "output": {"all": "$"}}))
    acme.seal("tickets", "token", "8-bytes!")
    upstream.on("/v1/t", Answer(body=json.dumps(["8-bytes!"] * 88, separators=(",", ":")).encode()))
    assert acme.run("tickets/read")["output"] == {"all": ["[redacted]"] * 88}


def test_a_large_answer_that_grows_by_its_escapes_is_handed_on(start_worker, new_org, upstream):
    start_worker(shard="escaped", max_response_bytes=8 << 20)
    acme = new_org(shard="escaped")
    acme.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    upstream.on("/v1/t", Answer(body=b"\x01" * (6 << 20)))
    assert acme.run("tickets/read")["output"] == {"text": "\x01" * (6 << 20)}
