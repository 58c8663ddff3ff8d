# SPDX-License-Identifier: MIT
"""An upstream that fails: what is said of it, and whether it was asked. Contract, sections 3 and 10."""

import re
import socket
import threading
import zlib

import pytest
from support.org import integration
from support.upstream import Answer, Held, Raw
from support.waiting import PATIENCE

WORKER = {"rate_limit": "1000/60"}
SHORT_MS = round(250 * PATIENCE)  # a time limit that passes
OK = b"HTTP/1.1 200 OK\r\n"


def desk(base_url, timeout_ms=10000):
    return integration(
        base_url,
        read={"method": "GET", "path": "/t", "timeout_ms": timeout_ms},
        create={"method": "POST", "path": "/t", "body": {"a": 1}, "timeout_ms": timeout_ms},
        bare={"method": "POST", "path": "/t", "timeout_ms": timeout_ms},
        replace={"method": "PUT", "path": "/t", "body": {"a": 1}, "timeout_ms": timeout_ms},
    )


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(desk(upstream.base_url))


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


# A status.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 422, 501, 505])
def test_a_status_that_will_not_change_is_not_worth_another_try(acme, upstream, status):
    upstream.on("/v1/t", Answer(status, json={"why": "because"}))
    reply = acme.run("tickets/read")
    assert told(reply) == ("upstream_status", "yes", False)
    assert reply["http"]["status"] == reply["error"]["details"]["status"] == status


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_worth_another_try_where_the_call_may_be_repeated(acme, upstream, status):
    upstream.on("/v1/t", Answer(status))
    assert told(acme.run("tickets/read")) == ("upstream_status", "yes", True)
    assert told(acme.run("tickets/create")) == ("upstream_status", "yes", False)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 299])
def test_every_2xx_is_a_success(acme, upstream, status):
    upstream.on("/v1/t", Answer(status, json={"id": 1}))
    reply = acme.run("tickets/create")
    assert (reply["status"], reply["output"], reply["http"]["status"]) == ("succeeded", {"id": 1}, status)


def test_an_early_hint_is_not_the_answer(acme, upstream):
    upstream.on("/v1/t", Raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\n7", "keep"))
    assert acme.run("tickets/read")["output"] == 7


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_not_followed(acme, upstream, other_upstream, status):
    upstream.on("/v1/t", Answer(status, headers={"Location": other_upstream.base_url}))
    for action in ("tickets/read", "tickets/create"):
        assert told(acme.run(action)) == ("redirect_refused", "yes", False)
    assert len(upstream.received()) == 2
    assert other_upstream.received() == []


@pytest.mark.parametrize("challenge", ["Basic realm=a", "Negotiate", "NTLM", "Digest realm=a, nonce=b"])
def test_a_challenge_is_not_taken_up(acme, upstream, challenge):
    upstream.on("/v1/t", Answer(401, headers={"WWW-Authenticate": challenge}))
    assert told(acme.run("tickets/read")) == ("upstream_status", "yes", False)
    assert len(upstream.received()) == 1


def test_a_cookie_is_not_kept(acme, upstream):
    upstream.on("/v1/t", Answer(headers={"Set-Cookie": "a=b; Path=/"}))
    acme.run("tickets/read")
    acme.run("tickets/read")
    assert [request.header("Cookie") for request in upstream.received()] == [None, None]


@pytest.mark.parametrize("action", ["read", "create"])
def test_what_comes_behind_an_answer_is_not_the_next_jobs_answer(acme, upstream, action):
    smuggled = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"smuggled"'
    upstream.on("/v1/t", Raw(OK + b"Content-Length: 2\r\n\r\n{}" + smuggled, "keep"), Answer(json={"mine": True}))
    assert acme.run("tickets/" + action)["output"] == {}
    assert acme.run("tickets/" + action)["output"] == {"mine": True}
    assert len(upstream.received()) == 2


# No answer, or half of one.


def lost(reply, repeatable):
    if repeatable:
        assert told(reply) == ("connection_lost", "maybe", True)
    else:
        assert told(reply) == ("outcome_unknown", "maybe", False)
        assert reply["error"]["details"]["cause"]


BROKEN_OFF = {
    "closed at once": Raw(b"", "close"),
    "reset at once": Raw(b"", "reset"),
    "closed in the status line": Raw(b"HTTP/1.1 20", "close"),
    "closed in the headers": Raw(OK + b"Content-Le", "close"),
    "closed in the body": Raw(OK + b"Content-Length: 100\r\n\r\n{", "close"),
    "reset in the body": Raw(OK + b"Content-Length: 100\r\n\r\n{", "reset"),
    "closed in a chunk": Raw(OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{", "close"),
    "closed before the last chunk": Raw(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "close"),
}


@pytest.mark.parametrize("answer", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_a_connection_that_breaks_off_is_told_as_what_it_is(acme, upstream, answer):
    upstream.on("/v1/t", answer)
    lost(acme.run("tickets/read"), repeatable=True)
    lost(acme.run("tickets/replace"), repeatable=True)
    lost(acme.run("tickets/create"), repeatable=False)
    lost(acme.run("tickets/bare"), repeatable=False)
    assert [request.method for request in upstream.received()].count("POST") == 2


@pytest.mark.parametrize("action", ["create", "bare", "read"])
def test_a_connection_that_dies_under_its_second_call_is_not_asked_twice(acme, upstream, action):
    """A server that closes a kept connection instead of answering: libcurl would send the call again by itself."""
    upstream.on("/v1/t", Answer(json={}), Raw(b"", "close"), Answer(json={"again": True}))
    assert acme.run("tickets/" + action)["status"] == "succeeded"
    reply = acme.run("tickets/" + action)
    first, second, *third = upstream.received()
    assert first.connection == second.connection
    if action == "read":
        assert (reply["output"], reply["http"]["attempts"], len(third)) == ({"again": True}, 2, 1)
    else:
        lost(reply, repeatable=False)
        assert third == []


INVALID = {
    "no HTTP at all": Raw(b"220 mail ESMTP\r\n"),
    "another protocol": Raw(b"\x15\x03\x01\x00\x02\x02\x50"),
    "HTTP/0.9": Raw(b"<html>hello</html>"),
    "a chunk without a length": Raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "an encoding nobody asked for": Raw(OK + b"Content-Encoding: compress\r\nContent-Length: 2\r\n\r\n{}"),
    "a transfer coding nobody asked for": Raw(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "broken gzip": Raw(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n{}{}"),
    "two lengths": Raw(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
    "a length that is none": Raw(OK + b"Content-Length: -2\r\n\r\n{}"),
}


@pytest.mark.parametrize("answer", INVALID.values(), ids=INVALID.keys())
def test_a_broken_answer_is_invalid(acme, upstream, answer):
    upstream.on("/v1/t", answer)
    for action in ("tickets/read", "tickets/create"):
        assert told(acme.run(action)) == ("invalid_response", "yes", False)
    assert len(upstream.received()) == 2


def packed(text, window_bits):
    """Deflate: 31 is gzip, 15 in zlib's wrapping, -15 in none."""
    packer = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    return packer.compress(text) + packer.flush()


def coded(coding, data, in_bytes=False):
    head = OK + b"Content-Encoding: " + coding.encode() + b"\r\n"
    if not in_bytes:
        return Raw(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in data)
    return Raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")


LINES = "".join(f"line {n} of an answer\n" for n in range(3000)).encode()
CODINGS = {"gzip": ("gzip", 31), "x-gzip": ("X-Gzip", 31), "deflate": ("deflate", 15), "deflate without its wrapping": ("deflate", -15)}


@pytest.mark.parametrize("coding, window_bits", CODINGS.values(), ids=CODINGS.keys())
def test_a_compressed_answer_is_told_whole_or_not_at_all(acme, upstream, coding, window_bits):
    whole = packed(LINES, window_bits)
    cuts = [whole[:length] for length in (1, len(whole) // 2, len(whole) - 1)]
    answers = [coded(coding, data, in_bytes) for in_bytes in (False, True) for data in (whole, *cuts, whole + b"{}")]
    upstream.on("/v1/t", *answers)
    for _ in (False, True):
        assert acme.run("tickets/read")["output"] == {"text": LINES.decode()}
        for _ in range(len(cuts) + 1):
            assert told(acme.run("tickets/read")) == ("invalid_response", "yes", False)
    assert len(upstream.received()) == len(answers)


@pytest.mark.parametrize("in_bytes", [False, True], ids=["in one piece", "in bytes"])
def test_gzip_may_have_several_members(acme, upstream, in_bytes):
    upstream.on("/v1/t", coded("gzip", packed(b'{"a":', 31) + packed(b"", 31) + packed(b"1}", 31), in_bytes))
    assert acme.run("tickets/read")["output"] == {"a": 1}


def test_a_compressed_answer_without_a_byte_is_empty(acme, upstream):
    upstream.on("/v1/t", coded("gzip", b""), coded("gzip", packed(b"", 31)))
    assert [acme.run("tickets/read")["output"] for _ in range(2)] == [None, None]


# Too late.


@pytest.mark.parametrize(
    "answer",
    [Held(), Raw(OK, "keep"), Raw(OK + b"Content-Length: 100\r\n\r\n{", "keep")],
    ids=["no answer", "half the head", "half the body"],
)
def test_the_time_limit_is_over_everything_to_the_last_byte(acme, upstream, answer):
    acme.put(desk(upstream.base_url, timeout_ms=SHORT_MS))
    upstream.on("/v1/t", answer)
    assert told(acme.run("tickets/read")) == ("timeout", "maybe", True)
    assert told(acme.run("tickets/replace")) == ("timeout", "maybe", True)
    reply = acme.run("tickets/create")
    assert told(reply) == ("outcome_unknown", "maybe", False)
    assert reply["error"]["details"]["cause"]
    assert reply["http"]["duration_ms"] in range(200, 5000)
    assert [request.method for request in upstream.received()] == ["GET"] * 3 + ["PUT"] * 3 + ["POST"]


def test_why_it_was_too_late_is_said_once(acme, upstream):
    acme.put(desk(upstream.base_url, timeout_ms=SHORT_MS))
    upstream.on("/v1/t", Held())
    for action in ("tickets/read", "tickets/create"):
        message = acme.run(action)["error"]["message"]
        assert message.count("answer came") <= 1 and re.search(r"longer than \d+ ms", message)


class Drip:
    """A body that comes a byte now and then, for ever."""

    def play(self, exchange):
        exchange.send(OK + b"Content-Length: 100000\r\n\r\n")
        never = threading.Event()
        while not never.wait(0.03):
            exchange.send(b"x")


def test_a_byte_now_and_then_does_not_move_the_time_limit(acme, upstream):
    acme.put(desk(upstream.base_url, timeout_ms=SHORT_MS))
    upstream.on("/v1/t", Drip())
    assert told(acme.run("tickets/read")) == ("timeout", "maybe", True)


# Never reached.


def test_a_host_whose_name_is_not_known_was_never_reached(acme):
    """No resolver asks anybody for an .onion name (RFC 7686)."""
    acme.put(desk("http://nowhere.onion"))
    for action in ("tickets/read", "tickets/create"):
        assert told(acme.run(action)) == ("dns_failed", "no", True)


@pytest.fixture
def nobody():
    """An address that refuses connections, and that nobody else gets meanwhile: bound, and not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_port_where_nobody_listens_was_never_reached(acme, nobody):
    acme.put(desk(nobody))
    for action in ("tickets/read", "tickets/create"):
        assert told(acme.run(action)) == ("connect_failed", "no", True)


def test_a_host_that_does_not_take_the_connection_was_never_reached(acme):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        acme.put(desk(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout_ms=SHORT_MS))
        for action in ("tickets/read", "tickets/create"):
            assert told(acme.run(action)) == ("timeout", "no", True)
        for one in waiting:
            one.close()


def test_a_call_that_never_left_may_be_pushed_again_under_its_id(acme, upstream, nobody):
    acme.put(desk(nobody))
    job = acme.job("tickets/create")
    assert acme.reply(acme.push(job)).code == "connect_failed"
    acme.put(desk(upstream.base_url))
    assert acme.reply(acme.push(job))["status"] == "succeeded"


def test_a_call_whose_end_is_not_known_is_never_sent_again_under_its_id(acme, upstream):
    upstream.on("/v1/t", Raw(b"", "reset"), Answer())
    job = acme.job("tickets/create")
    first = acme.reply(acme.push(job))
    assert first.code == "outcome_unknown"
    assert acme.reply(acme.push(job)).text == first.text
    assert len(upstream.received()) == 1
