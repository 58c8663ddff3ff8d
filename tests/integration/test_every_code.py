# SPDX-License-Identifier: MIT
"""
Every error code of the contract's section 3, provoked through the real programs.

The codes are read from include/bellhop/error.h: one that is added there and has no case here fails. A case says what the contract
promises of `sent` and `retryable`, and which words its sentence needs so that a reader knows what to change.
"""

import json
import os
import re
import socket
import uuid
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from support.org import BY_SCHEMA, integration
from support.programs import TOP
from support.redis_process import free_port
from support.redis_proxy import RedisProxy
from support.upstream import Answer, Held, Raw

WORKER = {"rate_limit": "1000/60", "max_response_bytes": 8192}

SENT = {"SENT_NO": "no", "SENT_MAYBE": "maybe", "SENT_YES": "yes"}
ROW = re.compile(r'X\([A-Z_]+, "([a-z_]+)", (SENT_[A-Z]+), (true|false)\)')
CASES = []


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


CODES = {code: (SENT[sent], retryable == "true") for code, sent, retryable in ROW.findall(text_of("include/bellhop/error.h"))}


@dataclass
class Case:
    code: str
    sent: str
    retryable: bool
    says: str  # what the sentence must hold
    provoke: object


def case(code, says, sent=None, retryable=None):
    """`sent` and `retryable` where they are not the code's own."""

    def add(provoke):
        own_sent, own_retryable = CODES[code]
        retry = own_retryable if retryable is None else retryable
        CASES.append(Case(code, sent or own_sent, retry, says, provoke))
        return provoke

    return add


READ = {"method": "GET", "path": "/t"}
WRITE = {"method": "POST", "path": "/t"}
SOON = 250  # ms


@pytest.fixture
def world(worker, acme, globex, upstream, start_worker, new_org, tls_upstream, redis_server, new_redis):
    """Two orgs with a ticket desk each, and what it takes to spoil something."""
    for org in (acme, globex):
        org.put(integration(upstream.base_url, read=READ, create=WRITE, take={**READ, "path": "/t/{{id}}"}))

    def elsewhere(**options):
        """An org on a shard of its own, with a worker of its own."""
        shard = "shard-" + uuid.uuid4().hex
        org = new_org("initech", shard=shard)
        org.put(integration(upstream.base_url, read=READ, create=WRITE))
        return org, start_worker(shard=shard, **options)

    return SimpleNamespace(
        acme=acme, globex=globex, upstream=upstream, start_worker=start_worker, new_org=new_org, elsewhere=elsewhere,
        tls_upstream=tls_upstream, redis=redis_server, new_redis=new_redis,
    )  # fmt: skip


def far(world, base_url, timeout_ms=10000, action="read"):
    """The reply of a call of another place."""
    actions = {"read": {**READ, "timeout_ms": timeout_ms}, "create": {**WRITE, "timeout_ms": timeout_ms}}
    world.acme.put(integration(base_url, "far", **actions))
    return world.acme.run("far/" + action)


# Section 2.


@case("invalid_job", "needs the member `action`")
def a_job_without_an_action(world):
    job = world.acme.job("tickets/read")
    del job["action"]
    return world.acme.reply(world.acme.push(job, refused=BY_SCHEMA))


@case("id_conflict", "take a new one")
def an_id_that_was_used_for_other_content(world):
    first = world.acme.run("tickets/read")
    return world.acme.run("tickets/create", id=first["id"])


@case("expired", "give it a later one")
def a_job_past_its_deadline(world):
    return world.acme.run("tickets/read", deadline_ms=world.redis.now_ms() - 1)


# The definition.


@case("unknown_integration", "no integration nothing in the org .*: check its name")
def an_integration_that_is_not_there(world):
    return world.acme.run("nothing/read")


@case("unknown_action", "tickets has no action nothing: it has ")
def an_action_that_is_not_there(world):
    return world.acme.run("tickets/nothing")


@case("disabled", "action is switched off: an administrator may enable it")
def an_action_that_is_off(world):
    world.acme.done("disable", "tickets/read")
    return world.acme.run("tickets/read")


@case("disabled", "integration is switched off: an administrator may enable it")
def an_integration_that_is_off(world):
    world.acme.done("disable", "tickets")
    return world.acme.run("tickets/read")


@case("invalid_definition", "definition has to be corrected: .*headers.*Host")
def a_definition_that_was_written_past_the_tool(world):
    world.acme.redis.hset(
        world.acme.own("integration:tickets"),
        mapping={
            "action:read": '{"method":"GET","path":"/t","headers":{"Host":"internal"}}',
            "version": world.acme.redis.incr(world.acme.own("version")),
        },
    )
    return world.acme.run("tickets/read")


# Inputs, limits.


@case("invalid_inputs", "Correct the inputs: /other: is not an input of this action; it takes id; /id: is required")
def inputs_that_are_missing_and_too_many(world):
    reply = world.acme.run("tickets/take", {"other": 1})
    assert {detail["path"] for detail in reply["error"]["details"]} == {"/id", "/other"}
    assert all(set(detail) == {"path", "problem"} and detail["problem"] for detail in reply["error"]["details"])
    return reply


@case("rate_limited", r"1 times in 60 s: try again in \d+ ms")
def a_call_over_the_limit(world):
    limited = {**READ, "rate_limit": {"calls": 1, "window_s": 60}}
    world.acme.put(integration(world.upstream.base_url, "limited", read=limited))
    assert world.acme.run("limited/read")["status"] == "succeeded"
    reply = world.acme.run("limited/read")
    assert reply["error"]["details"] == {"limit": 1, "window_ms": 60000}
    assert reply["error"]["retry_after_ms"] in range(1, 60001)
    return reply


@case("too_many_pending", "has 1 confirmations waiting, the most it may have: decide some first")
def a_confirmation_too_many(world):
    org, _ = world.elsewhere(pending_max=1)
    assert org.ask("tickets/create")["status"] == "confirmation_pending"
    return org.ask("tickets/create")


# Confirmations.


@case("confirmation_unknown", "ask for a new one")
def a_token_of_another_org(world):
    return world.globex.approve(world.acme.ask("tickets/create").token)


@case("confirmation_expired", "ask for a new one")
def a_token_whose_time_is_over(world):
    org, _ = world.elsewhere(confirm_ttl=1)
    asked = org.ask("tickets/create")
    world.redis.wait_for_clock(asked["confirmation"]["expires_at_ms"])
    return org.approve(asked.token)


@case("confirmation_used", "ask for a new one")
def a_token_that_was_declined(world):
    token = world.acme.ask("tickets/create").token
    no = world.acme.decline(token, by="user-7")
    reply = world.acme.approve(token)
    assert reply["error"]["details"] == {"decision": "decline", "by": "user-7", "decision_id": no["id"]}
    return reply


@case("confirmation_void", "was changed after this was shown: ask for a new one")
def a_token_of_what_was_changed(world):
    token = world.acme.ask("tickets/create").token
    world.acme.done("disable", "tickets/read")
    return world.acme.approve(token)


# Secrets, addresses.


@case("secret_missing", "secret token .* is not set: an administrator can set it")
def a_secret_that_is_not_set(world):
    world.acme.put(integration(world.upstream.base_url, "sealed", "bearer", read=READ))
    return world.acme.run("sealed/read")


@case("secret_unreadable", "secret token cannot be opened .*: set it again")
def a_secret_of_another_org(world):
    for org in (world.acme, world.globex):
        org.put(integration(world.upstream.base_url, "sealed", "bearer", read=READ))
    world.globex.seal("sealed", "token", "a-token-of-globex")
    stolen = world.globex.redis.hget(world.globex.own("secrets:sealed"), "token")
    world.acme.redis.hset(world.acme.own("secrets:sealed"), "token", stolen)
    return world.acme.run("sealed/read")


def without_a_token(world, *answers, **members):
    """The reply where the token endpoint answers so."""
    world.upstream.on("/v1/token", *answers)
    world.acme.put(integration(world.upstream.base_url, "account", "service_account", read=READ))
    credential = {"client_id": "desk", "client_secret": "secret-of-the-desk", "token_uri": world.upstream.base_url + "/token", **members}
    world.acme.seal("account", "credential", json.dumps(credential))
    return world.acme.run("account/read")


@case("auth_failed", "status 401, invalid_client.*: correct the credential, or the `auth` of the definition")
def a_token_endpoint_that_refuses(world):
    reply = without_a_token(world, Answer(401, json={"error": "invalid_client"}))
    assert reply["error"]["details"] == {"status": 401, "error": "invalid_client"}
    return reply


@case("auth_failed", "did not answer .*: try again later, or correct its token_uri", retryable=True)
def a_token_endpoint_that_is_not_there(world):
    origin = f"https://127.0.0.1:{free_port()}"
    return without_a_token(world, token_uri=origin + "/token")


@case("auth_failed", "status 503.*: try again later", retryable=True)
def a_token_endpoint_that_says_not_now(world):
    return without_a_token(world, Answer(503))


@case("blocked_address", "token_uri .* set another credential, or let the operator allow")
def a_token_endpoint_at_an_address_that_is_not_public(world):
    return without_a_token(world, token_uri="https://10.1.2.3/token")


@case("blocked_address", "correct its base_url, or let the operator allow")
def an_address_that_is_not_public(world):
    return far(world, "http://10.1.2.3")


@case("dns_failed", r"nowhere\.onion.*: try again later, or correct the integration's base_url")
def a_name_that_nobody_knows(world):
    return far(world, "http://nowhere.onion")


@case("connect_failed", "not reached .*: try again later, or correct the integration's base_url")
def a_port_where_nobody_listens(world):
    return far(world, f"http://127.0.0.1:{free_port()}")


@case("tls_failed", "refused .*: mend it there, or correct the integration's base_url")
def a_certificate_that_nobody_signed(world):
    return far(world, world.tls_upstream("self_signed").base_url)


# Calls that end badly.


@case("timeout", "within .* ms.*: try again later")
def a_connection_that_is_not_taken(world):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        reply = far(world, f"http://127.0.0.1:{deaf.getsockname()[1]}", SOON, "create")
        for one in waiting:
            one.close()
    return reply


@case("timeout", "longer than .* ms.*: try again", sent="maybe")
def an_answer_that_takes_too_long(world):
    world.upstream.on("/v1/t", Held())
    return far(world, world.upstream.base_url, SOON)


@case("connection_lost", "closed before an answer came.*: try again")
def a_connection_that_breaks_off(world):
    world.upstream.on("/v1/t", Raw(b"", "reset"))
    return world.acme.run("tickets/read")


@case("outcome_unknown", "longer than .* ms.*: look at the upstream before you repeat it")
def a_write_that_takes_too_long(world):
    world.upstream.on("/v1/t", Held())
    return caused_by("timeout", far(world, world.upstream.base_url, SOON, "create"))


@case("outcome_unknown", "look at the upstream before you repeat it")
def a_write_whose_connection_breaks_off(world):
    world.upstream.on("/v1/t", Raw(b"HTTP/1.1 20", "close"))
    return caused_by("connection_lost", world.acme.run("tickets/create"))


@case("outcome_unknown", "the worker that made it died .*: look at the upstream before you repeat it")
def a_write_whose_worker_dies(world):
    org, worker = world.elsewhere(lease_ms=300)
    job, held = begin_held_write(world, org)
    worker.kill()
    world.start_worker(shard=org.shard, lease_ms=300)
    held.release()
    return caused_by("worker_lost", org.reply(job))


@case("outcome_unknown", "cut off when the worker stopped.*: look at the upstream before you repeat it")
def a_write_whose_worker_must_stop(world):
    org, worker = world.elsewhere(drain_ms=2100)
    job, _ = begin_held_write(world, org)
    worker.stop()
    return caused_by("worker_stopped", org.reply(job))


def begin_held_write(world, org):
    held = Held()
    world.upstream.on("/v1/t", held)
    job = org.push(org.job("tickets/create"))
    held.arrived()
    return job, held


def caused_by(cause, reply):
    assert reply["error"]["details"] == {"cause": cause}
    return reply


# Answers.


@case("upstream_status", "status 404: `details`")
def an_answer_that_says_no(world):
    world.upstream.on("/v1/t", Answer(404, json={"why": "no such desk"}))
    reply = world.acme.run("tickets/read")
    assert reply["error"]["details"] == {"status": 404, "body": '{"why":"no such desk"}'}
    return reply


@case("upstream_status", "status 503: `details`", retryable=True)
def an_answer_that_says_not_now(world):
    world.upstream.on("/v1/t", Answer(503, body=b"later", headers={"Retry-After": "120"}))
    reply = world.acme.run("tickets/read")
    assert reply["error"]["details"] == {"status": 503, "body": "later"}
    assert reply["error"]["retry_after_ms"] == 120_000
    return reply


@case("upstream_status", "status 503: `details`", retryable=False)
def a_write_that_is_told_not_now(world):
    world.upstream.on("/v1/t", Answer(503, body=b"later"))
    return world.acme.run("tickets/create")


@case("redirect_refused", "redirects are not followed: let base_url and path say where it leads")
def an_answer_that_leads_elsewhere(world):
    world.upstream.on("/v1/t", Answer(302, headers={"Location": "/elsewhere"}))
    return world.acme.run("tickets/read")


@case("response_too_large", "larger than 8192 bytes: ask the upstream for less")
def an_answer_that_is_too_large(world):
    world.upstream.on("/v1/t", Answer(body=b"x" * 8193))
    return world.acme.run("tickets/read")


@case("invalid_response", "not UTF-8")
def an_answer_that_is_no_text(world):
    world.upstream.on("/v1/t", Answer(body=b"\xff\xfe"))
    return world.acme.run("tickets/read")


@case("invalid_response", "not valid HTTP")
def an_answer_that_is_no_http(world):
    world.upstream.on("/v1/t", Raw(b"220 mail ESMTP\r\n"))
    return world.acme.run("tickets/read")


@case("invalid_response", "not JSON, and the action maps JSON: correct its output")
def an_answer_that_cannot_be_mapped(world):
    world.acme.put(integration(world.upstream.base_url, read={**READ, "output": {"id": "$.id"}}))
    world.upstream.on("/v1/t", Answer(body=b"hello"))
    return world.acme.run("tickets/read")


@case("mapping_failed", "over 8192 bytes: map less of it")
def an_answer_that_the_mapping_multiplies(world):
    world.acme.put(integration(world.upstream.base_url, read={**READ, "output": {"a": "$", "b": "$"}}))
    world.upstream.on("/v1/t", Answer(json="x" * 8000))
    return world.acme.run("tickets/read")


# Defects. A job that kills each of its workers, before and after its call was begun; and a key that is not what it should be.


def run_after_deaths(world, deaths, action, queue="workflow", spoil=None):
    """The job's reply, and its org, after so many workers died with it in hand before they could begin."""
    redis = world.new_redis()
    org = world.new_org("initech", redis=redis)
    org.put(integration(world.upstream.base_url, read=READ, create=WRITE))
    if spoil:
        org.redis.set(org.own(spoil), "foreign")
    proxy = RedisProxy(redis)
    job = org.job(action)
    try:
        for delivery in range(deaths):
            taken = proxy.hold(f" {queue[0]} {delivery + 1} ".encode())  # in the claim's name
            worker = world.start_worker(redis_url=proxy.url, lease_ms=300)
            if delivery == 0:
                org.push(job, queue)
            taken.wait()
            worker.kill()
            taken.cut()
    finally:
        proxy.stop()
    world.start_worker(redis_url=redis.unix_url, lease_ms=300)
    reply = org.reply(job)
    assert world.upstream.received() == []
    assert job["id"] in org.dead()[0]["payload"]
    return reply


@case("internal", "delivered 3 times .*: do not push it again, tell Bellhop's operator")
def a_job_that_kills_each_worker(world):
    return run_after_deaths(world, 3, "tickets/read")


@case("internal", "tell Bellhop's operator")
def a_window_that_is_none(world):
    world.acme.redis.set(world.acme.own("window:tickets:read"), "foreign")
    return world.acme.run("tickets/read")


@case("internal", "tell Bellhop's operator", sent="maybe")
def a_list_of_tokens_that_is_none_and_a_worker_that_died(world):
    """Nobody can be sure any more what the one that died had done."""
    return run_after_deaths(world, 1, "tickets/create", "chat", spoil="pending")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.provoke.__name__)
def test_every_code_is_told_as_the_contract_has_it(world, case):
    reply = case.provoke(world)
    assert reply.code == case.code, reply.text
    assert list(reply)[:4] == ["v", "status", "sent", "digest"]
    error = reply["error"]
    assert (reply["sent"], error["retryable"]) == (case.sent, case.retryable), reply.text
    assert {"code", "message", "retryable"} <= set(error) <= {"code", "message", "retryable", "retry_after_ms", "details"}
    message = error["message"]
    assert re.fullmatch(r"[A-Z][^\n]*\.", message) and not re.search(r"[.!?]\s+[A-Z]", message), f"not one sentence: {message}"
    assert re.search(case.says, message), message


def test_every_code_has_a_case():
    assert len(CODES) >= 30
    assert {case.code for case in CASES} == set(CODES), "each code of error.h has a case here that provokes it"


def test_the_readme_says_of_each_code_what_is_so():
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| ([a-z, ]+) \| ([^|]+) \|", text_of("README.md"), re.MULTILINE)
    told = {code: (sent, retryable) for codes, sent, retryable in rows for code in re.findall(r"[a-z_]+", codes)}
    assert set(told) & set(CODES) == set(CODES), "each code of error.h is in README's table"
    for code in set(CODES):
        seen = {case.sent for case in CASES if case.code == code}
        assert set(told[code][0].split(", ")) == seen, code
        retryable = {case.retryable for case in CASES if case.code == code}
        assert retryable == {"no": {False}, "yes": {True}}.get(told[code][1], {True, False}), code
