# SPDX-License-Identifier: MIT
"""Token endpoints that misbehave, places where none may be, what is no credential, and what nobody gets to see. Contract, section 7."""

import base64
import json
import re
import urllib.parse

import pytest
from support.org import integration
from support.tokens import READ, SECRET, account_at, client, key_file, put, told
from support.upstream import Answer, Held, Raw

WORKER = {"rate_limit": "1000/60"}


@pytest.fixture
def desk(worker, acme, upstream, tokens):
    return account_at(acme, upstream, tokens)


# Token endpoints that misbehave.


def auth_failed(desk, upstream, answer, tokens, retryable, says, details=None):
    tokens.upstream.on("/v1/token", answer)
    reply = desk.run("tickets/read")
    assert told(reply) == ("auth_failed", "no", retryable), reply.text
    assert says in reply["error"]["message"], reply.text
    assert reply["error"].get("details") == details, reply.text
    assert upstream.received() == [] and "http" not in reply
    assert desk.redis.zcard(desk.own("window:tickets:read")) == 0
    return reply


GOOD = {"access_token": "xxxxxxxx", "token_type": "Bearer"}
OAUTH = {"error": "invalid_client", "error_description": "no such\nclient"}


@pytest.mark.parametrize(
    ("answer", "retryable", "says", "details"),
    [
        (Answer(401, json=OAUTH), False, "(status 401, invalid_client: no such client)",
         {"status": 401, "error": "invalid_client", "error_description": "no such client"}),
        (Answer(400, json={"error": "invalid_grant"}), False, "invalid_grant", {"status": 400, "error": "invalid_grant"}),
        (Answer(403, body=b"<h1>No</h1>"), False, "status 403", {"status": 403, "body": "<h1>No</h1>"}),
        (Answer(500, body=b""), True, "status 500", {"status": 500}),
        (Answer(503, json={"error": "temporarily_unavailable"}), True, "try again later",
         {"status": 503, "error": "temporarily_unavailable"}),
        (Answer(302, headers={"Location": "/v1/other"}), False, "redirects are not followed", {"status": 302}),
        (Answer(200, json=OAUTH), False, "(status 200, invalid_client: no such client)",
         {"status": 200, "error": "invalid_client", "error_description": "no such client"}),
        (Answer(body=b"{"), False, "not JSON", {"status": 200}),
        (Answer(body=b'{"access_token":"a","access_token":"b","token_type":"Bearer"}'), False, "not JSON", {"status": 200}),
        (Answer(json=[GOOD]), False, "not a JSON object", {"status": 200}),
        (Answer(json={"token_type": "Bearer"}), False, "no access_token", {"status": 200}),
        (Answer(json={**GOOD, "access_token": ""}), False, "empty", {"status": 200}),
        (Answer(json={**GOOD, "access_token": "a\r\nX-Evil: 1"}), False, "may not stand in a header", {"status": 200}),
        (Answer(json={**GOOD, "access_token": "x" * 8001}), False, "too long", {"status": 200}),
        (Answer(json={**GOOD, "token_type": "mac"}), False, "not Bearer", {"status": 200}),
        (Answer(json={"access_token": "xxxxxxxx"}), False, "not Bearer", {"status": 200}),
        (Answer(json={**GOOD, "expires_in": "soon"}), False, "expires_in is not a number", {"status": 200}),
        (Answer(body=b" " * 20000), False, "larger than 16 KiB", None),
        (Answer(body=b"x" * 1000000, gzip=True), False, "larger than 16 KiB", None),
        (Raw(b"220 mail ESMTP\r\n"), False, "not HTTP", None),
        (Raw(b"", "reset"), True, "did not answer", None),
    ],
)  # fmt: skip
def test_an_endpoint_that_gives_no_token_is_told_with_its_cause(desk, upstream, tokens, answer, retryable, says, details):
    auth_failed(desk, upstream, answer, tokens, retryable, says, details)


PAGE = b"<h1>Out of order</h1>" + b" " * 20000


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize(
    ("status", "retryable", "says"), [(503, True, "status 503"), (404, False, "status 404"), (302, False, "redirects are not followed")]
)
def test_an_error_page_of_any_size_is_told_by_its_status(desk, upstream, tokens, status, retryable, says, gzip):
    details = {"status": status} if status == 302 else {"status": status, "body": PAGE[:1024].decode()}
    answer = Answer(status, body=PAGE, gzip=gzip, headers={"Retry-After": "7"})
    reply = auth_failed(desk, upstream, answer, tokens, retryable, says, details)
    assert reply["error"].get("retry_after_ms") == (7000 if retryable else None)


def test_the_start_of_a_secret_at_the_end_of_a_page_that_is_cut_is_not_told(desk, tokens):
    secret = "".join(f"part{i:04}" for i in range(375))
    desk.seal("tickets", "credential", client(tokens, client_secret=secret))
    tokens.upstream.on("/v1/token", Answer(500, body=secret.encode() * 6))
    reply = desk.run("tickets/read")
    assert told(reply) == ("auth_failed", "no", True)
    assert "part" not in reply.text


def test_an_endpoint_that_says_nothing_ends_with_the_actions_time(desk, upstream, tokens):
    put(desk, upstream, read={**READ, "timeout_ms": 300})
    held = Held()
    auth_failed(desk, upstream, held, tokens, True, "in the time that was left")
    held.release()


def test_a_job_whose_deadline_passes_while_it_waits_for_a_token_has_expired(desk, tokens, redis_server):
    held = Held()
    tokens.upstream.on("/v1/token", held)
    reply = desk.run("tickets/read", deadline_ms=redis_server.now_ms() + 400)
    assert told(reply) == ("expired", "no", False)
    held.release()


def test_an_endpoint_that_asks_to_wait_is_told_so(desk, upstream, tokens):
    reply = auth_failed(desk, upstream, Answer(429, headers={"Retry-After": "7"}, body=b""), tokens, True, "429", {"status": 429})
    assert reply["error"]["retry_after_ms"] == 7000


def test_a_dead_endpoint_is_asked_once_for_many_jobs(desk, tokens):
    tokens.upstream.on("/v1/token", Answer(500))
    jobs = [desk.push(desk.job("tickets/read")) for _ in range(30)]
    assert {desk.reply(job).code for job in jobs} == {"auth_failed"}
    assert len(tokens.asked()) == 1


def test_a_failure_is_forgotten_after_a_moment(desk, tokens):
    tokens.upstream.on("/v1/token", Answer(500), tokens)
    replies = [desk.run("tickets/read")]
    while replies[-1]["status"] == "failed":
        assert replies[-1].code == "auth_failed" and len(replies) < 10000
        replies.append(desk.run("tickets/read"))
    assert len(tokens.asked()) == 2


def test_a_dead_endpoint_of_one_org_holds_up_no_other(desk, globex, upstream, tokens):
    held = Held()
    tokens.upstream.on("/v1/token", held)
    waiting = [desk.push(desk.job("tickets/read")) for _ in range(200)]
    held.arrived()
    globex.put(integration(upstream.base_url, auth="bearer", read=READ))
    globex.seal("tickets", "token", "a-token-of-globex")
    for _ in range(5):
        assert globex.run("tickets/read")["status"] == "succeeded"
    assert not any(desk.has_reply(job["reply_to"]) for job in waiting)
    held.answer = tokens
    held.release()
    assert {desk.reply(job)["status"] for job in waiting} == {"succeeded"}


# Where a token may be asked for.


@pytest.mark.parametrize("uri", ["https://10.1.2.3/token", "https://[::1]/token"])
def test_an_endpoint_at_an_address_that_is_not_public_is_not_asked(desk, upstream, tokens, uri):
    desk.seal("tickets", "credential", client(tokens, token_uri=uri))
    reply = desk.run("tickets/read")
    assert told(reply) == ("blocked_address", "no", False) and "token_uri" in reply["error"]["message"]


def at_tls(desk, tokens, server):
    server.on("/v1/token", tokens)
    desk.seal("tickets", "credential", client(tokens, token_uri=server.base_url + "/token"))
    return desk.run("tickets/read")


def test_an_endpoint_with_a_good_certificate_is_asked(start_worker, new_org, upstream, tokens, tls_upstream, certificates):
    org = account_at(new_org(shard="shard-with-a-ca"), upstream, tokens)
    start_worker(shard="shard-with-a-ca", ca_file=certificates.ca)
    assert at_tls(org, tokens, tls_upstream("good"))["status"] == "succeeded"


@pytest.mark.parametrize("kind", ["wrong_host", "self_signed"])
def test_an_endpoint_with_a_bad_certificate_is_not_asked(desk, tokens, tls_upstream, kind):
    reply = at_tls(desk, tokens, tls_upstream(kind))
    assert told(reply) == ("auth_failed", "no", False) and "certificate or handshake" in reply["error"]["message"]
    assert tokens.count == 0


def test_our_own_redis_is_no_token_endpoint(start_worker, new_org, new_redis, upstream, tokens):
    server = new_redis()
    own = f"http://127.0.0.1:{server.port}"
    allowed = ",".join([upstream.origin, own])
    org = new_org(redis=server, allow_http=allowed)
    start_worker(redis_url=server.url, allow_http=allowed)
    put(org, upstream)
    org.seal("tickets", "credential", client(tokens, token_uri=own + "/token"))
    assert told(org.run("tickets/read")) == ("blocked_address", "no", False)


def test_a_token_uri_in_clear_is_refused_unless_the_operator_allows_it(desk, upstream, start_worker, new_org, tokens, acme):
    refused = desk.bellhop("secret", "set", "tickets", "credential", stdin=client(tokens, token_uri="http://auth.example/token"))
    assert refused.code == 1 and "http://auth.example" in refused.err
    org = new_org(shard="shard-in-clear")
    start_worker(shard="shard-in-clear", allow_http=upstream.origin)
    put(org, upstream)
    org.seal("tickets", "credential", client(tokens))
    reply = org.run("tickets/read")
    assert told(reply) == ("auth_failed", "no", False) and "in clear" in reply["error"]["message"]
    assert tokens.count == 0


def test_a_credential_opens_only_where_it_was_sealed_for(desk, globex, upstream, tokens):
    put(globex, upstream)
    stolen = desk.redis.hget(desk.own("secrets:tickets"), "credential")
    globex.redis.hset(globex.own("secrets:tickets"), "credential", stolen)
    assert told(globex.run("tickets/read")) == ("secret_unreadable", "no", False)
    assert tokens.count == 0


def test_a_credential_does_not_follow_the_base_url_to_another_origin(desk, upstream, tokens):
    assert desk.run("tickets/read")["status"] == "succeeded"
    desk.put(integration(tokens.upstream.base_url, auth={"method": "service_account"}, read=READ))
    assert told(desk.run("tickets/read")) == ("secret_unreadable", "no", False)


# What is not a credential.


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no json", "it is not JSON"),
        ('{"client_id":"a","client_id":"b"}', "it is not JSON"),
        ('["a"]', "not a JSON object"),
        ('{"client_id":"a"}', "neither a key file"),
        ('{"client_id":"a","client_secret":"b"}', "it has no token_uri"),
        ('{"client_id":1,"client_secret":"b","token_uri":"https://a.example/t"}', "its client_id is not a string"),
        ('{"client_id":"a","client_secret":"","token_uri":"https://a.example/t"}', "its client_secret is empty"),
        ('{"client_id":"a","client_secret":"b\\n","token_uri":"https://a.example/t"}', "control character"),
        ('{"client_id":"a","client_secret":"b","token_uri":"https://a.example/t?x"}', "its token_uri"),
        ('{"client_id":"a","client_secret":"b","token_uri":"ftp://a.example/t"}', "its token_uri"),
        ('{"client_email":"a","private_key":"b","token_uri":"https://a.example/t"}', "not PEM"),
        ('{"client_email":"a","private_key":"b","client_secret":"c","token_uri":"https://a.example/t"}', "both"),
    ],
)
def test_what_is_no_credential_is_refused_when_it_is_set(desk, value, says):
    refused = desk.bellhop("secret", "set", "tickets", "credential", stdin=value)
    assert refused.code == 1 and says in refused.err and len(refused.err.splitlines()) == 1, refused.err


def test_a_client_secret_that_is_too_short_to_redact_is_taken_with_a_warning(desk, tokens):
    taken = desk.done("secret", "set", "tickets", "credential", stdin=client(tokens, client_secret="short"))
    assert "warning: a value under 8 bytes is not redacted" in taken.err
    taken = desk.done("secret", "set", "tickets", "credential", stdin=client(tokens))
    assert taken.err == ""


def test_a_client_cannot_act_for_a_subject(desk, upstream, tokens):
    put(desk, upstream, {"subject": "anna@desk.example"})
    assert told(desk.run("tickets/read")) == ("auth_failed", "no", False)
    refused = desk.bellhop("secret", "set", "tickets", "credential", stdin=client(tokens))
    assert refused.code == 1 and "key file" in refused.err


@pytest.mark.parametrize(("name", "says"), [("small", "2048"), ("other_curve", "P-256"), ("locked", "cannot be read"), (None, "cannot be read")])
def test_a_key_that_cannot_sign_is_told_at_its_use(desk, upstream, tokens, keys, name, says):
    pem = keys[name][0] if name else "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    desk.seal("tickets", "credential", key_file(tokens, pem))
    reply = desk.run("tickets/read")
    assert told(reply) == ("auth_failed", "no", False) and says in reply["error"]["message"], reply.text


# Nobody gets to see one.


def test_what_a_token_endpoint_echoes_is_redacted(desk, upstream, tokens):
    basic = base64.b64encode((urllib.parse.quote_plus("desk:client", safe="*") + ":" + urllib.parse.quote_plus(SECRET, safe="*~")).encode())

    class Echo:
        def play(self, exchange):
            sent = exchange.request.header("Authorization")
            assert sent.endswith(basic.decode())
            said = json.dumps({"error": "invalid_client", "error_description": f"{SECRET} {sent}"})
            Answer(401, body=said.encode()).play(exchange)

    tokens.upstream.on("/v1/token", Echo())
    reply = desk.run("tickets/read")
    assert told(reply) == ("auth_failed", "no", False)
    assert reply["error"]["details"]["error_description"] == "[redacted] Basic [redacted]"


def test_an_html_page_that_echoes_the_secret_is_redacted(desk, upstream, tokens):
    put(desk, upstream, {"client_auth": "body"})

    class Echo:
        def play(self, exchange):
            Answer(500, body=b"<pre>" + exchange.request.body + b" " + SECRET.encode() + b"</pre>").play(exchange)

    tokens.upstream.on("/v1/token", Echo())
    reply = desk.run("tickets/read")
    assert told(reply) == ("auth_failed", "no", True)
    assert reply["error"]["details"]["body"].count("[redacted]") == 2, reply.text


def test_an_assertion_that_is_echoed_is_redacted(desk, upstream, tokens, keys):
    desk.seal("tickets", "credential", key_file(tokens, keys["ec"][0]))

    class Echo:
        def play(self, exchange):
            Answer(400, json={"error": "invalid_grant", "error_description": tokens.form(exchange.request)["assertion"]}).play(exchange)

    tokens.upstream.on("/v1/token", Echo())
    assert desk.run("tickets/read")["error"]["details"]["error_description"] == "[redacted]"


def test_a_token_that_the_upstream_echoes_is_redacted(desk, upstream, tokens):
    class Echo:
        def play(self, exchange):
            Answer(json={"saw": exchange.request.header("Authorization"), "and": SECRET}).play(exchange)

    upstream.on("/v1/t", Echo())
    assert desk.run("tickets/read")["output"] == {"saw": "Bearer [redacted]", "and": "[redacted]"}


def test_render_masks_the_token(desk):
    shown = desk.done("render", "tickets/read").out
    assert "Authorization: Bearer ********" in shown


def count(worker, result):
    return int(re.search(rf'^bellhop_token_fetches_total{{result="{result}"}} (\d+)$', worker.page("/metrics")[1], re.MULTILINE)[1])


def test_fetches_are_counted_by_how_they_end_and_logged_with_their_time(desk, worker, tokens):
    before = {result: count(worker, result) for result in ("fetched", "refused", "unavailable")}
    assert desk.run("tickets/read")["status"] == "succeeded"
    for answer in (Answer(400), Answer(503)):
        desk.seal("tickets", "credential", client(tokens))
        tokens.upstream.on("/v1/token", answer)
        assert desk.run("tickets/read").code == "auth_failed"
    assert {result: count(worker, result) - before[result] for result in before} == {"fetched": 1, "refused": 1, "unavailable": 1}
    assert worker.logged("job ended", at_least=3, org=desk.name)["token_ms"] > 0


def test_a_confirmed_write_asks_for_its_token_when_it_is_approved(desk, upstream, tokens):
    put(desk, upstream, create={"method": "POST", "path": "/t"})
    asked = desk.ask("tickets/create")
    assert asked["status"] == "confirmation_pending" and tokens.count == 0
    tokens.upstream.on("/v1/token", Answer(400, json={"error": "invalid_grant"}), tokens)
    assert desk.approve(asked.token).code == "auth_failed"
    approved = desk.approve(asked.token)
    while approved.code == "auth_failed":
        approved = desk.approve(asked.token)
    assert approved["status"] == "succeeded", approved.text
