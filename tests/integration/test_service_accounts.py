# SPDX-License-Identifier: MIT
"""Service accounts: where their tokens come from, how long they serve, and what is told where there is none. Contract, section 7."""

import base64
import json
import subprocess
import urllib.parse

import pytest
from support import leaks
from support.org import integration
from support.upstream import Answer, Held, Raw

WORKER = {"rate_limit": "1000/60"}

SECRET = "s3cret/of+the:client %é~"
READ = {"method": "GET", "path": "/t", "timeout_ms": 5000}
WRITE = {"method": "POST", "path": "/t", "requires_confirmation": False}


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Private keys as PEM, with the file of the public one."""
    made = {}
    folder = tmp_path_factory.mktemp("accounts")
    for name, kind in {
        "rsa": ("RSA", "rsa_keygen_bits:2048"), "ec": ("EC", "ec_paramgen_curve:P-256"), "small": ("RSA", "rsa_keygen_bits:1024"),
        "other_curve": ("EC", "ec_paramgen_curve:P-384"),
    }.items():  # fmt: skip
        pem = openssl("genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1])
        public = folder / (name + ".pub")
        public.write_bytes(openssl("pkey", "-pubout", stdin=pem))
        made[name] = (pem.decode(), str(public))
    made["locked"] = (openssl("pkey", "-aes256", "-passout", "pass:x", stdin=made["rsa"][0].encode()).decode(), None)
    return made


class Tokens:
    """A token endpoint: tells `token-1`, `token-2` and so on."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.count = 0
        self.members = {"expires_in": 3600}
        upstream.on("/v1/token", self)

    @property
    def uri(self):
        return self.upstream.base_url + "/token"

    def play(self, exchange):
        self.count += 1
        token = f"token-of-desk-{self.count}"
        leaks.remember(token)
        Answer(json={"access_token": token, "token_type": "Bearer", **self.members}).play(exchange)

    def asked(self):
        return self.upstream.received("/v1/token")

    def form(self, request):
        return dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))


@pytest.fixture
def tokens(other_upstream):
    return Tokens(other_upstream)


def client(tokens, **members):
    return json.dumps({"client_id": "desk:client", "client_secret": SECRET, "token_uri": tokens.uri, **members})


def key_file(tokens, pem, **members):
    return json.dumps({"type": "service_account", "project_id": "desk", "private_key_id": "key-7", "private_key": pem,
                       "client_email": "robot@desk.example", "client_id": "1034", "token_uri": tokens.uri, **members}, indent=2)  # fmt: skip


def put(org, upstream, auth=None, **actions):
    org.put(integration(upstream.base_url, auth={"method": "service_account", **(auth or {})},
                        **(actions or {"read": READ, "create": WRITE})))  # fmt: skip


@pytest.fixture
def desk(worker, acme, upstream, tokens):
    leaks.remember(SECRET)
    put(acme, upstream)
    acme.seal("tickets", "credential", client(tokens))
    return acme


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


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


def test_the_audit_log_and_the_metrics_tell_no_secret(desk, worker, tokens):
    desk.run("tickets/read")
    tokens.upstream.on("/v1/token", Answer(500))
    text = worker.metrics_text() if hasattr(worker, "metrics_text") else ""
    for entry in desk.redis.xrange(desk.own("calls")):
        leaks.assert_none(json.dumps(entry[1]), "the audit log")
    leaks.assert_none(text, "the metrics")


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
