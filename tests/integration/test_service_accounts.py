# SPDX-License-Identifier: MIT
"""Service accounts: where their tokens come from and how long they serve. Contract, section 7."""

import base64
import json
import urllib.parse

import pytest
from support.org import integration
from support.tokens import READ, SECRET, account_at, client, key_file, openssl, put, told
from support.upstream import Answer, Held

WORKER = {"rate_limit": "1000/60"}


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def desk(worker, acme, upstream, tokens):
    return account_at(acme, upstream, tokens)


# The two grants, as the token endpoint and the upstream see them.


def test_a_client_asks_with_http_basic_and_its_token_goes_in_authorization(desk, upstream, tokens):
    reply = desk.run("tickets/read")
    assert reply["status"] == "succeeded", reply.text
    assert upstream.only().header("Authorization") == "Bearer token-of-desk-1"
    asked = tokens.asked()[0]
    assert (asked.method, tokens.form(asked)) == ("POST", {"grant_type": "client_credentials"})
    assert asked.header("Content-Type") == "application/x-www-form-urlencoded"
    scheme, basic = asked.header("Authorization").split(" ")
    user, password = base64.b64decode(basic).decode().split(":")
    assert scheme == "Basic" and (urllib.parse.unquote_plus(user), urllib.parse.unquote_plus(password)) == ("desk:client", SECRET)


def test_a_client_asks_in_the_body_where_the_definition_says_so(desk, upstream, tokens):
    put(desk, upstream, {"client_auth": "body", "scope": "tickets:read tickets:write", "audience": "https://desk.example/api"})
    assert desk.run("tickets/read")["status"] == "succeeded"
    asked = tokens.asked()[0]
    assert asked.header("Authorization") is None
    assert tokens.form(asked) == {
        "grant_type": "client_credentials", "client_id": "desk:client", "client_secret": SECRET,
        "scope": "tickets:read tickets:write", "audience": "https://desk.example/api",
    }  # fmt: skip


def verified(keys, name, assertion, folder):
    """Header and claims of an assertion whose signature openssl takes."""
    head, claims, signature = assertion.split(".")
    raw = base64url(signature)
    if name == "ec":
        assert len(raw) == 64
        numbers = "\n".join(f"n{i}=INTEGER:0x{raw[32 * i : 32 * i + 32].hex()}" for i in range(2))
        (folder / "pair.cnf").write_text(f"asn1=SEQUENCE:pair\n[pair]\n{numbers}\n")
        openssl("asn1parse", "-genconf", str(folder / "pair.cnf"), "-noout", "-out", str(folder / "signature"))
    else:
        (folder / "signature").write_bytes(raw)
    said = openssl("dgst", "-sha256", "-verify", keys[name][1], "-signature", str(folder / "signature"), stdin=f"{head}.{claims}".encode())
    assert b"Verified OK" in said
    return json.loads(base64url(head)), json.loads(base64url(claims))


@pytest.mark.parametrize(("name", "algorithm"), [("rsa", "RS256"), ("ec", "ES256")])
def test_a_key_file_asks_with_an_assertion_that_it_signed(desk, upstream, tokens, keys, tmp_path, redis_server, name, algorithm):
    desk.seal("tickets", "credential", key_file(tokens, keys[name][0]))
    before = redis_server.now_ms() // 1000
    reply = desk.run("tickets/read")
    assert reply["status"] == "succeeded", reply.text
    asked = tokens.asked()[0]
    form = tokens.form(asked)
    assert form.keys() == {"grant_type", "assertion"} and form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims = verified(keys, name, form["assertion"], tmp_path)
    assert head == {"alg": algorithm, "typ": "JWT", "kid": "key-7"}
    assert before - 1 <= claims["iat"] <= redis_server.now_ms() // 1000 and claims["exp"] - claims["iat"] == 3600
    assert len(claims.pop("jti")) >= 16
    assert claims == {"iss": "robot@desk.example", "sub": "robot@desk.example", "aud": tokens.uri, "iat": claims["iat"], "exp": claims["exp"]}
    assert asked.header("Authorization") is None


def test_a_definition_names_scope_audience_and_subject(desk, upstream, tokens, keys, tmp_path):
    put(desk, upstream, {"scope": "sheets.read drive", "audience": "https://tokens.example", "subject": "anna@desk.example"})
    desk.seal("tickets", "credential", key_file(tokens, keys["rsa"][0]))
    assert desk.run("tickets/read")["status"] == "succeeded"
    form = tokens.form(tokens.asked()[0])
    _, claims = verified(keys, "rsa", form["assertion"], tmp_path)
    assert (claims["scope"], claims["aud"], claims["sub"]) == ("sheets.read drive", "https://tokens.example", "anna@desk.example")
    assert form["scope"] == "sheets.read drive"


# How long a token serves.


def test_fifty_jobs_at_once_ask_for_one_token(desk, upstream, tokens):
    held = Held(tokens)
    tokens.upstream.on("/v1/token", held)
    jobs = [desk.push(desk.job("tickets/read")) for _ in range(50)]
    held.arrived()
    held.release()
    assert {desk.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert tokens.count == 1
    assert {request.header("Authorization") for request in upstream.received()} == {"Bearer token-of-desk-1"}


def test_a_token_serves_the_next_jobs_too(desk, upstream, tokens):
    for _ in range(3):
        assert desk.run("tickets/read")["status"] == "succeeded"
    assert tokens.count == 1
    assert desk.redis.zcard(desk.own("window:tickets:read")) == 3


def test_a_token_is_renewed_before_it_expires_while_the_old_one_serves(desk, upstream, tokens):
    """Half of its two seconds is over after one."""
    tokens.members = {"expires_in": 2}
    assert desk.run("tickets/read")["status"] == "succeeded"
    held = Held(tokens)
    tokens.upstream.on("/v1/token", held)
    seen = set()
    while not tokens.upstream.received("/v1/token")[1:]:
        assert desk.run("tickets/read")["status"] == "succeeded"
        seen.add(upstream.received()[-1].header("Authorization"))
    assert seen == {"Bearer token-of-desk-1"}
    held.release()
    while upstream.received()[-1].header("Authorization") == "Bearer token-of-desk-1":
        assert desk.run("tickets/read")["status"] == "succeeded"
    assert upstream.received()[-1].header("Authorization") == "Bearer token-of-desk-2"


@pytest.mark.parametrize("expires_in", [0, -5])
def test_a_token_without_a_lifetime_serves_only_who_waits_for_it(desk, upstream, tokens, expires_in):
    tokens.members = {"expires_in": expires_in}
    for _ in range(2):
        assert desk.run("tickets/read")["status"] == "succeeded"
    assert [request.header("Authorization") for request in upstream.received()] == ["Bearer token-of-desk-1", "Bearer token-of-desk-2"]


@pytest.mark.parametrize("members", [{}, {"expires_in": None}, {"expires_in": "3600"}, {"expires_in": 1e300}, {"expires_in": 599.5}])
def test_a_lifetime_may_be_missing_or_be_told_in_digits(desk, tokens, members):
    tokens.members = members
    for _ in range(2):
        assert desk.run("tickets/read")["status"] == "succeeded"
    assert tokens.count == 1


def test_another_secret_and_another_definition_ask_for_another_token(desk, upstream, tokens):
    assert desk.run("tickets/read")["status"] == "succeeded"
    desk.seal("tickets", "credential", client(tokens))
    assert desk.run("tickets/read")["status"] == "succeeded"
    put(desk, upstream, {"scope": "other"})
    assert desk.run("tickets/read")["status"] == "succeeded"
    assert tokens.count == 3


def test_orgs_share_no_token(desk, globex, upstream, tokens):
    put(globex, upstream)
    globex.seal("tickets", "credential", client(tokens))
    for org in (desk, globex):
        assert org.run("tickets/read")["status"] == "succeeded"
    assert [request.header("Authorization") for request in upstream.received()] == ["Bearer token-of-desk-1", "Bearer token-of-desk-2"]


# When the upstream does not take it.


def refuse(upstream, *tokens):
    """401 for these."""

    class Gate:
        def play(self, exchange):
            token = exchange.request.header("Authorization").removeprefix("Bearer ")
            Answer(401 if token in tokens else 200, json={"seen": "no" if token in tokens else "yes"}).play(exchange)

    upstream.on("/v1/t", Gate())


def test_a_read_that_is_answered_with_401_is_repeated_with_a_new_token(desk, upstream, tokens):
    refuse(upstream, "token-of-desk-1")
    reply = desk.run("tickets/read")
    assert reply["status"] == "succeeded" and reply["http"]["attempts"] == 2, reply.text
    assert [request.header("Authorization") for request in upstream.received()] == ["Bearer token-of-desk-1", "Bearer token-of-desk-2"]
    assert desk.redis.zcard(desk.own("window:tickets:read")) == 2


def test_a_write_that_is_answered_with_401_is_not_repeated_and_its_token_is_dropped(desk, upstream, tokens):
    refuse(upstream, "token-of-desk-1")
    reply = desk.run("tickets/create")
    assert told(reply) == ("upstream_status", "yes", False) and reply["http"]["attempts"] == 1
    assert len(upstream.received()) == 1
    assert desk.run("tickets/create")["status"] == "succeeded"
    assert upstream.received()[-1].header("Authorization") == "Bearer token-of-desk-2"


def test_an_upstream_that_takes_no_token_is_asked_twice(desk, upstream, tokens):
    upstream.on("/v1/t", Answer(401, json={"why": "no"}))
    reply = desk.run("tickets/read")
    assert told(reply) == ("upstream_status", "yes", False) and reply["http"]["attempts"] == 2
    assert (len(upstream.received()), tokens.count) == (2, 2)


def test_a_repeat_that_gets_no_token_is_told_as_the_401_that_it_was(desk, upstream, tokens):
    upstream.on("/v1/t", Answer(401, json={"why": "no"}))
    tokens.upstream.on("/v1/token", tokens, Answer(400, json={"error": "invalid_client"}))
    reply = desk.run("tickets/read")
    assert told(reply) == ("upstream_status", "yes", False) and reply["http"]["attempts"] == 1, reply.text


def test_a_bearer_integration_is_not_asked_twice(worker, acme, upstream):
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    acme.seal("tickets", "token", "a-token-of-acme")
    upstream.on("/v1/t", Answer(401))
    assert acme.run("tickets/read")["http"]["attempts"] == 1


def test_a_repeat_at_a_worker_that_still_has_the_old_token_takes_a_new_one(start_worker, new_org, upstream, tokens):
    shard = "shard-of-two"
    org = account_at(new_org(shard=shard), upstream, tokens)
    for _ in range(2):
        start_worker(shard=shard, concurrency=1)
    held = Held()
    upstream.on("/v1/t", held)
    jobs = [org.push(org.job("tickets/read")) for _ in range(2)]
    held.arrived(2)
    held.release()
    assert {org.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert tokens.count == 2
    refuse(upstream, "token-of-desk-1", "token-of-desk-2")
    for _ in range(10):
        reply = org.run("tickets/read")
        assert reply["status"] == "succeeded", reply.text
    assert tokens.count <= 6, "a worker asked more than twice: one token that it had, and one asked for in the moment of a refusal"
