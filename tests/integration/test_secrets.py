# SPDX-License-Identifier: MIT
"""Secrets: where they open, and that nobody gets to see one. Contract, section 7."""

import base64
import json
import urllib.parse

import pytest
import redis
from support import leaks
from support.org import integration
from support.programs import run
from support.upstream import Answer

WORKER = {"rate_limit": "1000/60", "log_level": "debug"}

TOKEN = 'sw0rd"fish/va+lue\\?=&~%'
READ = {"method": "GET", "path": "/t"}


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


UNREADABLE = ("secret_unreadable", "no", False)


@pytest.fixture
def desk(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="bearer", read=READ, create={"method": "POST", "path": "/t"}))
    acme.seal("tickets", "token", TOKEN)
    return acme


def sealed(org, name, field):
    return org.redis.hget(org.own("secrets:" + name), field)


# Each method, as the upstream sees it.


def test_a_bearer_token_goes_in_authorization(desk, upstream):
    assert desk.run("tickets/read")["status"] == "succeeded"
    assert upstream.only().header("Authorization") == "Bearer " + TOKEN


def test_an_api_key_goes_in_the_header_that_the_definition_names(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth={"method": "api_key", "header": "X-Desk-Key"}, read=READ))
    acme.seal("tickets", "key", TOKEN)
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert upstream.only().header("X-Desk-Key") == TOKEN
    assert upstream.only().header("Authorization") is None


def test_basic_is_user_and_password_in_base64(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="basic", read=READ))
    acme.seal("tickets", "username", "desk-user-né")
    assert told(acme.run("tickets/read")) == ("secret_missing", "no", False)
    acme.seal("tickets", "password", "pass:with:colons")
    assert acme.run("tickets/read")["status"] == "succeeded"
    expected = base64.b64encode("desk-user-né:pass:with:colons".encode()).decode()
    assert upstream.only().header("Authorization") == "Basic " + expected


def test_a_long_and_wide_token_arrives_whole(desk, upstream):
    wide = "t\u00f6ken-" + "x" * 4000
    desk.seal("tickets", "token", wide)
    assert desk.run("tickets/read")["status"] == "succeeded"
    assert upstream.only().header("Authorization") == "Bearer " + wide


# When there is none.


def test_without_its_secret_nothing_is_sent(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    assert told(acme.run("tickets/read")) == ("secret_missing", "no", False)
    assert upstream.received() == []


def test_a_removed_secret_is_missing(desk, upstream):
    desk.done("secret", "remove", "tickets", "token")
    assert told(desk.run("tickets/read")) == ("secret_missing", "no", False)
    assert upstream.received() == []


def test_a_new_value_holds_for_the_next_call(desk, upstream):
    desk.run("tickets/read")
    desk.seal("tickets", "token", "the second value")
    desk.run("tickets/read")
    assert [one.header("Authorization") for one in upstream.received()] == ["Bearer " + TOKEN, "Bearer the second value"]


# A secret opens only for what it was sealed for.


def test_copied_to_another_org_it_does_not_open(desk, globex, upstream):
    globex.put(integration(upstream.base_url, auth="bearer", read=READ))
    globex.redis.hset(globex.own("secrets:tickets"), "token", sealed(desk, "tickets", "token"))
    assert told(globex.run("tickets/read")) == UNREADABLE
    assert upstream.received() == []


def test_copied_to_another_integration_it_does_not_open(desk, upstream):
    desk.put(integration(upstream.base_url, "other", auth="bearer", read=READ))
    desk.redis.hset(desk.own("secrets:other"), "token", sealed(desk, "tickets", "token"))
    assert told(desk.run("other/read")) == UNREADABLE
    assert upstream.received() == []


def test_copied_to_another_field_it_does_not_open(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="basic", read=READ))
    acme.seal("tickets", "username", "the-username")
    acme.seal("tickets", "password", "the-password")
    acme.redis.hset(acme.own("secrets:tickets"), "username", sealed(acme, "tickets", "password"))
    assert told(acme.run("tickets/read")) == UNREADABLE
    assert upstream.received() == []


def test_after_the_origin_changed_it_does_not_open(desk, upstream, other_upstream):
    desk.put(integration(other_upstream.base_url, auth="bearer", read=READ))
    assert told(desk.run("tickets/read")) == UNREADABLE
    assert other_upstream.received() == []
    desk.put(integration(upstream.base_url, auth="bearer", read=READ))
    assert desk.run("tickets/read")["status"] == "succeeded"


def test_after_the_path_alone_changed_it_still_opens(desk, upstream):
    desk.put(integration(upstream.origin + "/v2/deeper", auth="bearer", read=READ))
    assert desk.run("tickets/read")["status"] == "succeeded"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "plain-text-token",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text[:40] + ("A" if text[40] != "A" else "B") + text[41:],
        lambda text: text.replace("bh1.", "bh2."),
        lambda text: "bh1." + "0" * 16 + "." + text.rsplit(".", maxsplit=1)[-1],
        lambda text: text * 2,
        lambda text: "bh1..",
    ],
    ids=["empty", "never sealed", "cut", "longer", "one letter changed", "a later form", "an unknown key", "twice", "only dots"],
)
def test_a_damaged_secret_does_not_open(desk, upstream, damage):
    desk.redis.hset(desk.own("secrets:tickets"), "token", damage(sealed(desk, "tickets", "token")))
    assert told(desk.run("tickets/read")) == UNREADABLE
    assert upstream.received() == []


def test_sealed_to_a_key_that_is_not_in_the_ring_it_does_not_open(desk, upstream, tmp_path):
    other = str(tmp_path / "other")
    assert run("bellhop", ["keygen", other]).code == 0
    sealing = desk.bellhop("secret", "set", "tickets", "token", stdin="for another ring", seal_with=other + ".pub")
    assert sealing.code == 0, sealing.err
    assert told(desk.run("tickets/read")) == UNREADABLE
    assert upstream.received() == []


def test_a_worker_without_a_ring_opens_none_and_still_runs_what_needs_none(start_worker, new_org, upstream, desk):
    start_worker(shard="ringless", key_file=None)
    org = new_org(shard="ringless")
    org.put(integration(upstream.base_url, "open", read=READ))
    org.put(integration(upstream.base_url, auth="bearer", read=READ))
    org.seal("tickets", "token", "for a ring that is not there")
    assert org.run("open/read")["status"] == "succeeded"
    assert told(org.run("tickets/read")) == UNREADABLE


def test_a_rotated_ring_opens_what_was_sealed_before_and_after(start_worker, new_org, upstream, tmp_path):
    ring = str(tmp_path / "ring")
    assert run("bellhop", ["keygen", ring]).code == 0
    org = new_org(shard="rotating", seal_with=ring + ".pub")
    for name in ("old", "new"):
        org.put(integration(upstream.base_url, name, auth="bearer", read=READ))
    org.seal("old", "token", "sealed before")
    assert run("bellhop", ["keygen", "--rotate", ring]).code == 0
    org.seal("new", "token", "sealed after")
    assert sealed(org, "old", "token").split(".")[1] != sealed(org, "new", "token").split(".")[1]
    start_worker(shard="rotating", key_file=ring)
    assert org.run("old/read")["status"] == "succeeded"
    assert org.run("new/read")["status"] == "succeeded"
    assert [one.header("Authorization") for one in upstream.received()] == ["Bearer sealed before", "Bearer sealed after"]


# Nobody gets to see one. Each reply that the tests pop, and each log, is searched for every secret in every form.

FORMS = leaks.forms_of(TOKEN)
FORMS["percent-encoded in lower case"] = urllib.parse.quote(TOKEN, safe="").replace("%2F", "%2f").replace("%5C", "%5c")
FORMS["the Authorization value"] = "Bearer " + TOKEN


def held_back(reply, form):
    """The answer that carried it came through, without it."""
    assert form not in reply.text
    assert json.dumps(form)[1:-1] not in reply.text
    assert "before" in reply.text and "after" in reply.text and "redacted" in reply.text


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_an_upstream_echoes_is_redacted(desk, upstream, form):
    echo = {"text": f"before {form} after"}
    text = f"before {form} after".encode()
    for answer in (
        Answer(json=echo),
        Answer(json=[{"deep": [echo]}]),
        Answer(json={f"before {form} after": 1}),
        Answer(body=text),
        Answer(json=echo, gzip=True),
        Answer(403, json=echo),
        Answer(422, body=text),
    ):
        upstream.on("/v1/t", answer)
        held_back(desk.run("tickets/read"), form)
    held_back(desk.run("tickets/create"), form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_is_cut_off_does_not_end_in_a_part_of_it(start_worker, new_org, upstream, form):
    limit = 1500
    start_worker(shard="cut", max_response_bytes=limit)
    acme = new_org("acme", shard="cut")
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    acme.seal("tickets", "token", TOKEN)
    for shown in (len(form) - 1, len(form) // 2, 8):
        said = b"before " + b"." * (limit - 7 - shown) + form.encode() + b" after" * 1000
        upstream.on("/v1/t", Answer(422, body=said))
        body = acme.run("tickets/read")["error"]["details"]["body"]
        assert body.startswith("before ....") and form[:8] not in body


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "a", "ab", "Authorization: Bearer "])
def test_what_was_encoded_together_with_other_text_is_redacted(desk, upstream, encode, before):
    """As a server does that shows a whole request in base64."""
    for behind in ("", "\n", "\r\n", "\r\nAccept: */*"):
        dump = encode((before + TOKEN + behind).encode()).decode()
        # What no other text has in its encoding: characters that are made of the token's bits alone.
        start = -(-len(before) * 8 // 6)
        own = dump[start : (len(before) + len(TOKEN)) * 8 // 6]
        upstream.on("/v1/t", Answer(json={"dump": f"before {dump} after"}), Answer(403, body=f"before {dump} after".encode()))
        for _ in range(2):
            held_back(desk.run("tickets/read"), own)


def test_a_basic_credential_is_redacted_as_it_was_sent(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="basic", read=READ))
    acme.seal("tickets", "username", "a-user-of-the-desk")
    acme.seal("tickets", "password", "a-password-of-the-desk")
    pair = base64.b64encode(b"a-user-of-the-desk:a-password-of-the-desk").decode()
    for echo in (pair, "Basic " + pair, "a-password-of-the-desk"):
        upstream.on("/v1/t", Answer(json={"echo": f"before {echo} after"}))
        held_back(acme.run("tickets/read"), echo)


def test_a_mapped_output_is_redacted_too(desk, upstream):
    desk.put(integration(upstream.base_url, auth="bearer", read={**READ, "output": {"got": "$.echo"}}))
    upstream.on("/v1/t", Answer(json={"echo": f"before {TOKEN} after"}))
    held_back(desk.run("tickets/read"), TOKEN)


def test_a_secret_written_with_escapes_is_found(desk, upstream):
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
    upstream.on("/v1/t", Answer(body=b'{"echo":"before ' + escaped.encode() + b' after"}'))
    reply = desk.run("tickets/read")
    assert reply["output"]["echo"] != f"before {TOKEN} after"
    held_back(reply, TOKEN)


def test_a_secret_of_digits_is_found_in_a_number(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    acme.seal("tickets", "token", "8675309867530986")
    upstream.on("/v1/t", Answer(body=b'{"n":8675309867530986,"before":"after"}'))
    held_back(acme.run("tickets/read"), "8675309867530986")


def test_what_is_no_secret_stays(desk, upstream):
    upstream.on("/v1/t", Answer(json={"text": TOKEN[:-1], "n": 12345678}))
    assert desk.run("tickets/read")["output"] == {"text": TOKEN[:-1], "n": 12345678}


def everything_in_redis(server):
    client = redis.Redis(unix_socket_path=server.socket_path)
    readers = {
        "string": client.get,
        "list": lambda key: client.lrange(key, 0, -1),
        "hash": client.hgetall,
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1),
        "stream": client.xrange,
    }
    return "\n".join(f"{key} {readers[client.type(key).decode()](key)}" for key in client.scan_iter())


def test_nothing_in_redis_holds_one(desk, upstream, redis_server):
    upstream.on("/v1/t", Answer(json={"echo": TOKEN}))
    desk.run("tickets/read")
    desk.ask("tickets/create")
    upstream.on("/v1/t", Answer(500, json={"echo": TOKEN}))
    desk.run("tickets/create")
    leaks.assert_none(everything_in_redis(redis_server), "Redis")


def test_a_preview_does_not_show_it(desk):
    assert "authorization" not in json.dumps(desk.ask("tickets/create").preview).lower()


def test_the_tool_does_not_show_it(desk):
    for arguments in (["get", "tickets"], ["--json", "get", "tickets"], ["list"], ["status"]):
        result = desk.done(*arguments)
        leaks.assert_none(result.out + result.err, "bellhop " + " ".join(arguments))
