# SPDX-License-Identifier: MIT
"""bellhop map: a sample response becomes what the worker makes of such an answer."""

import json

import pytest
from support.org import integration
from support.upstream import Answer

LIMIT = 64 * 1024
WORKER = {"rate_limit": "1000/60", "max_response_bytes": LIMIT}
MAPPING = {"ticket": "$.id", "tags": "$.tags[*].name", "price": "$$1"}

SAMPLES = {
    "nothing": b"",
    "json": b' {"id": 18446744073709551616, "tags": [{"name": "a"}, {"n": 1}], "x": 1.50} ',
    "numbers": b"[1.10, 1e2, -0.0, 9007199254740993, 123456789012345678901234567890]",
    "escapes": b'{"id":"\\u00e9\\u2028\\n\\"", "tags": []}',
    "text": "caf\u00e9, 7 \u20ac\n".encode(),
    "two members of a name": b'{"id":1,"id":2}',
    "not utf-8": b'{"id":"\xc3"}',
    "64 deep": b"[" * 64 + b"]" * 64,
    "65 deep": b"[" * 65 + b"]" * 65,
    "as much as may come": b'"' + b"\x7f" * (LIMIT - 2) + b'"',
    "a text that grows": b"\x01" * LIMIT,
    "too much": b"x" * (LIMIT + 1),
}


@pytest.fixture
def mapped(worker, acme, upstream):
    """`mapped(sample, output)`: what the tool makes of it, and the reply of a call that is answered so."""

    def both(sample, output):
        action = {"method": "GET", "path": "/t", **({"output": output} if output is not None else {})}
        acme.put(integration(upstream.base_url, get=action))
        upstream.on("/v1/t", Answer(body=sample))
        reply = acme.run("tickets/get")
        result = acme.bellhop("map", "tickets/get", stdin=sample, max_response_bytes=LIMIT)
        return result, reply

    return both


@pytest.mark.parametrize("output", [None, MAPPING, "$", ["$", "$"]], ids=["whole", "mapped", "as it is", "twice"])
@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_it_is_what_the_worker_makes_of_it(mapped, sample, output):
    result, reply = mapped(sample, output)
    if reply["status"] == "succeeded":
        assert (result.code, result.err) == (0, "")
        assert '"output":' + result.out.rstrip("\n") + ',"http"' in reply.text
    else:
        assert (result.code, result.out) == (1, "")
        assert result.err == f"bellhop: {reply.code}: {reply['error']['message']}\n"


@pytest.fixture
def with_file(bellhop, tmp_path):
    """`with_file(sample, output)`: mapped by a definition in a file, where there is no Redis."""
    path = tmp_path / "definition.json"

    def call(sample, output=None, *more):
        action = {"method": "GET", "path": "/t", **({"output": output} if output is not None else {})}
        path.write_text(json.dumps(integration("https://a.example", get=action)))
        return bellhop("map", "tickets/get", "--file", str(path), *more, stdin=sample, redis_url="redis://127.0.0.1:1/0")

    return call


def test_with_a_file_it_needs_neither_redis_nor_an_org(with_file):
    result = with_file('{"id": 7, "tags": [{"name": "a"}]}', MAPPING)
    assert (result.code, result.out, result.err) == (0, '{"ticket":7,"tags":["a"],"price":"$1"}\n', "")
    assert with_file("").out == "null\n"
    assert with_file("hello").out == '{"text":"hello"}\n'


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("$.a[?@.b = 1]", "expected `,` or `]` at column 10"),
        ("$.a[?length(@.b)]", "a function whose value is compared with nothing at column 6"),
        ("$.größe[01]", "a number with a zero before it at column 9"),
        ("$..", "expected a name, `*` or `[` after `..` at column 4"),
    ],
)
def test_a_wrong_query_is_said_with_its_column(with_file, bellhop, tmp_path, query, place):
    result = with_file("{}", {"found": query})
    assert (result.code, result.out) == (1, "") and place in result.err
    checked = bellhop("check", str(tmp_path / "definition.json"))
    assert checked.code == 1 and "actions.get.output.found: " + place in checked.out


def test_a_sample_that_the_mapping_cannot_read_is_one_line_and_exit_1(with_file):
    result = with_file("<html>", MAPPING)
    assert (result.code, result.out) == (1, "")
    assert result.err == "bellhop: invalid_response: The answer is not JSON, and the action maps JSON: correct its output.\n"


def test_a_sample_is_as_long_as_the_worker_takes_it(with_file):
    assert with_file("x" * 1024 * 1024).code == 0
    result = with_file("x" * (1024 * 1024 + 1))
    assert (result.code, result.out) == (1, "") and result.err.startswith("bellhop: response_too_large: ")
    assert with_file("x" * 200, None, "--max-response-bytes", "200").code == 0
    assert with_file("x" * 201, None, "--max-response-bytes", "200").code == 1


def test_standard_input_is_the_sample_and_nothing_else(bellhop):
    result = bellhop("map", "tickets/get", "--file", "-", stdin="{}")
    assert result.code == 2 and "standard input is the sample" in result.err
