# SPDX-License-Identifier: MIT
"""A call that failed in passing is made again: which, how often, when, and what is said. Contract, section 10."""

import datetime
import email.utils
import json
import time

import pytest
from support.org import integration
from support.redis_process import free_port
from support.upstream import Answer, Held, Raw, Upstream
from support.waiting import wait_until

WORKER = {"rate_limit": "1000/60"}
GONE = Raw(b"", "close")
FINE = Answer(json={"fine": True})


def desk(base_url, timeout_ms=5000, limit=None, **more):
    actions = {
        "read": {"method": "GET"},
        "replace": {"method": "PUT", "body": {"a": "{{a}}"}},
        "keyed": {"method": "POST", "body": {"a": "{{a}}"}, "idempotency": "key"},
        "create": {"method": "POST", "body": {"a": "{{a}}"}},
    }
    for action in actions.values():
        action.update({"path": "/t", "timeout_ms": timeout_ms, **more})
        if limit:
            action["rate_limit"] = limit
    return integration(base_url, **actions)


REPEATABLE = ["read", "replace", "keyed"]
INPUTS = {"read": None, "replace": {"a": 1}, "keyed": {"a": 1}, "create": {"a": 1}}


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(desk(upstream.base_url))


def run(acme, action, **members):
    return acme.run("tickets/" + action, INPUTS[action], **members)


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


def delayed(acme):
    return acme.redis.zcard(acme.key("delayed"))


# Which, and how often.


@pytest.mark.parametrize("action", REPEATABLE)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_passes_is_tried_again(acme, upstream, action, status):
    upstream.on("/v1/t", Answer(status), FINE)
    reply = run(acme, action)
    assert (reply["status"], reply["sent"], reply["output"]) == ("succeeded", "yes", {"fine": True})
    assert (reply["http"]["status"], reply["http"]["attempts"]) == (200, 2)


@pytest.mark.parametrize("action", REPEATABLE)
def test_a_lost_connection_is_tried_again(acme, upstream, action):
    upstream.on("/v1/t", GONE, GONE, FINE)
    reply = run(acme, action)
    assert (reply["status"], reply["sent"], reply["http"]["attempts"]) == ("succeeded", "yes", 3)


def test_a_timeout_is_tried_again(acme, upstream):
    acme.put(desk(upstream.base_url, timeout_ms=200))
    upstream.on("/v1/t", Held(), FINE)
    reply = run(acme, "read")
    assert (reply["status"], reply["http"]["attempts"]) == ("succeeded", 2)


def test_three_attempts_are_all(acme, upstream):
    upstream.on("/v1/t", Answer(503), Answer(503), Answer(500, json={"why": "tired"}), FINE)
    job = acme.push(acme.job("tickets/read"))
    reply = acme.reply(job)
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["error"]["details"] == {"status": 500, "body": '{"why":"tired"}'}
    assert (reply["http"]["status"], reply["http"]["attempts"]) == (500, 3)
    assert len(upstream.received()) == 3
    entry = [entry for entry in acme.audit() if entry["id"] == job["id"]]
    assert [(one["attempts"], one["sent"], one["http_status"]) for one in entry] == [("3", "yes", "500")]
    assert acme.redis.hlen(acme.key("begun")) == 0


@pytest.mark.parametrize("answer", [Answer(503), Answer(429), GONE], ids=["503", "429", "gone"])
def test_a_call_that_may_not_be_repeated_is_made_once(acme, upstream, answer):
    upstream.on("/v1/t", answer, FINE)
    reply = run(acme, "create")
    assert reply.code in ("upstream_status", "outcome_unknown")
    assert reply["http"]["attempts"] == 1
    assert delayed(acme) == 0
    upstream.only()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501, 302])
def test_a_status_that_will_not_change_is_no_reason_to_try_again(acme, upstream, status):
    upstream.on("/v1/t", Answer(status), FINE)
    assert run(acme, "read")["http"]["attempts"] == 1
    upstream.only()


@pytest.mark.parametrize("action", [*REPEATABLE, "create"])
def test_a_connection_that_was_not_made_is_tried_again_in_every_class(acme, action):
    acme.put(desk(f"http://127.0.0.1:{free_port()}"))
    reply = run(acme, action)
    assert told(reply) == ("connect_failed", "no", True)
    assert reply["http"]["attempts"] == 3
    assert acme.redis.zcard(acme.own(f"window:tickets:{action}")) == 3, "each attempt counts in the window"
    assert acme.redis.hlen(acme.key("begun")) == 0


@pytest.fixture
def new_upstream():
    """`new_upstream(port)`: one that comes up when the test wants it."""
    started = []

    def start(port):
        started.append(Upstream(port=port))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def test_an_unsafe_call_reaches_an_upstream_that_comes_up_meanwhile(acme, new_upstream):
    port = free_port()
    acme.put(desk(f"http://127.0.0.1:{port}/v1"))
    job = acme.push(acme.job("tickets/create", {"a": 1}))
    wait_until(lambda: delayed(acme), "the first attempt to fail")
    upstream = new_upstream(port)
    reply = acme.reply(job)
    assert (reply["status"], reply["sent"]) == ("succeeded", "yes")
    assert reply["http"]["attempts"] in (2, 3)
    upstream.only()


def test_a_name_that_is_not_known_is_looked_up_again(acme):
    acme.put(desk("http://nowhere.onion"))
    begun = time.monotonic()
    reply = run(acme, "create")
    assert told(reply) == ("dns_failed", "no", True)
    assert "http" not in reply, "no call was begun"
    assert time.monotonic() - begun < 5


# The same bytes, the same key.


def test_every_attempt_carries_the_same_bytes_and_the_same_key(acme, upstream):
    upstream.on("/v1/t", Answer(503), GONE, FINE)
    assert run(acme, "keyed")["status"] == "succeeded"
    first, second, third = upstream.received()
    assert first.raw == second.raw == third.raw
    assert first.header("Idempotency-Key")


def test_the_key_of_a_decisions_call_is_the_first_jobs_on_every_attempt(acme, upstream):
    upstream.on("/v1/t", Answer(503), FINE)
    asked = acme.ask("tickets/keyed", {"a": 1})
    shown = asked.preview["headers"]["Idempotency-Key"]
    reply = acme.approve(asked.token)
    assert (reply["status"], reply["http"]["attempts"], reply["confirms"]) == ("succeeded", 2, asked["id"])
    assert [request.header("Idempotency-Key") for request in upstream.received()] == [shown, shown]


# When.


class Timed(Answer):
    """An answer that notes when it was asked for."""

    def play(self, exchange):
        self.times.append(time.monotonic())
        super().play(exchange)


def timed(answer, times):
    answer = Timed(**vars(answer))
    answer.times = times
    return answer


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_an_upstream_says_when_to_come_again(acme, upstream, form):
    times = []
    value = "2"
    if form == "date":
        when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        value = email.utils.format_datetime(when, usegmt=True)
    upstream.on("/v1/t", timed(Answer(429, headers={"Retry-After": value}), times), timed(FINE, times))
    assert run(acme, "read")["status"] == "succeeded"
    assert times[1] - times[0] >= (2 if form == "seconds" else 1.5)
    assert times[1] - times[0] < 5


@pytest.mark.parametrize("ahead_h", [-1, 1])
def test_a_date_is_read_by_the_clock_of_who_wrote_it(acme, upstream, ahead_h):
    """Its `Date` says what time it is there; our own clock or theirs may be wrong by hours."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=ahead_h)
    when = now + datetime.timedelta(seconds=2)
    times = []
    headers = {
        "Retry-After": email.utils.format_datetime(when, usegmt=True),
        "Date": email.utils.format_datetime(now, usegmt=True),
    }
    upstream.on("/v1/t", timed(Answer(429, headers=headers), times), timed(FINE, times))
    assert run(acme, "read")["status"] == "succeeded"
    assert 2 <= times[1] - times[0] < 5


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", "", "1 2", "0x10", "\u00b2"])
def test_garbage_in_retry_after_is_ignored(acme, upstream, value):
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": value}), FINE)
    begun = time.monotonic()
    reply = run(acme, "read")
    assert (reply["status"], reply["http"]["attempts"]) == ("succeeded", 2)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("value", ["61", "1000000000", "99999999999999999999", "Fri, 31 Dec 2038 23:59:59 GMT"])
def test_an_upstream_that_wants_us_away_for_longer_is_not_asked_again(acme, upstream, value):
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": value}), FINE)
    reply = run(acme, "read")
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["http"]["attempts"] == 1
    assert reply["error"]["retry_after_ms"] > 60000
    upstream.only()


def test_the_deadline_ends_the_attempts(acme, upstream):
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": "5"}), FINE)
    deadline = int(time.time() * 1000) + 3000
    begun = time.monotonic()
    reply = run(acme, "read", deadline_ms=deadline)
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["error"]["retry_after_ms"] == 5000
    assert time.monotonic() - begun < 2, "what cannot come is not waited for"
    upstream.only()


def test_a_job_that_waits_holds_no_slot(acme, upstream, start_worker, new_redis, new_org):
    server = new_redis()
    start_worker(concurrency=1, redis_url=server.unix_url)
    org = new_org("slots", redis=server)
    org.put(desk(upstream.base_url))
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": "2"}), FINE)
    first = org.push(org.job("tickets/read"))
    wait_until(lambda: delayed(org) == 1, "the first attempt to be over")
    assert org.run("tickets/replace", {"a": 1})["status"] == "succeeded"
    assert not org.has_reply(first["reply_to"])
    assert org.reply(first)["http"]["attempts"] == 2


# The window.


def test_a_job_that_was_let_in_waits_for_room(acme, upstream, start_worker, new_redis, new_org):
    server = new_redis()
    start_worker(rate_limit="2/3", redis_url=server.unix_url)
    org = new_org("room", redis=server, rate_limit="2/3")
    org.put(desk(upstream.base_url, limit={"calls": 2, "window_s": 3}))
    times = []
    upstream.on("/v1/t", timed(Answer(503), times), Answer(503), timed(FINE, times))
    job = org.push(org.job("tickets/read"))
    upstream.wait_for(2)
    assert org.run("tickets/read").code == "rate_limited"
    reply = org.reply(job)
    assert (reply["status"], reply["http"]["attempts"]) == ("succeeded", 3)
    assert times[1] - times[0] >= 2.9


def test_a_full_window_never_hides_the_attempt_that_was_made(acme, upstream, start_worker, new_redis, new_org):
    server = new_redis()
    start_worker(rate_limit="1/60", redis_url=server.unix_url)
    org = new_org("full", redis=server)
    org.put(desk(upstream.base_url, limit={"calls": 1, "window_s": 60}))
    upstream.on("/v1/t", Answer(503, json={"why": "tired"}), FINE)
    deadline = int(time.time() * 1000) + 5000
    reply = org.run("tickets/read", deadline_ms=deadline)
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["error"]["details"] == {"status": 503, "body": '{"why":"tired"}'}
    assert reply["http"]["attempts"] == 1


# What refuses the next attempt never hides the last one.


def change(org, upstream):
    org.put(desk(upstream.base_url, headers={"X-New": "1"}))


REFUSALS = {
    "changed": change,
    "removed": lambda org, upstream: org.done("remove", "tickets"),
    "switched off": lambda org, upstream: org.done("disable", "tickets"),
    "action off": lambda org, upstream: org.done("disable", "tickets/read"),
    "broken": lambda org, upstream: (
        org.redis.hset(org.own("integration:tickets"), "action:read", "{"),
        org.redis.hset(org.own("integration:tickets"), "version", org.redis.incr(org.own("version"))),
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_of_the_next_attempt_does_not_hide_the_last(acme, upstream, what):
    upstream.on("/v1/t", Answer(503, json={"why": "tired"}, headers={"Retry-After": "1"}), FINE)
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: delayed(acme) == 1, "the first attempt to be over")
    version = int(acme.redis.hget(acme.own("integration:tickets"), "version"))
    REFUSALS[what](acme, upstream)
    reply = acme.reply(job)
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["error"]["details"] == {"status": 503, "body": '{"why":"tired"}'}
    assert (reply["http"]["status"], reply["http"]["attempts"]) == (503, 1)
    assert reply["definition_version"] == version, "of the attempt that it tells of"
    (entry,) = [entry for entry in acme.audit() if entry["id"] == job["id"]]
    assert (entry["version"], entry["attempts"]) == (str(version), "1")
    assert acme.redis.hlen(acme.key("begun")) == 0
    upstream.only()


def test_a_definition_that_went_back_ends_the_attempts(acme, upstream):
    """Versions only grow; where somebody wrote an older one by hand, the job still comes to its end."""
    upstream.on("/v1/t", Answer(503, json={"why": "tired"}, headers={"Retry-After": "1"}), FINE)
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: delayed(acme) == 1, "the first attempt to be over")
    acme.redis.hset(acme.own("integration:tickets"), "version", "0")
    assert told(acme.reply(job)) == ("upstream_status", "yes", True)
    upstream.only()


def carried_of(acme, upstream):
    """What a job of which one attempt failed carries; the job itself is taken away."""
    upstream.on("/v1/t", Answer(503, json={"why": "tired"}, headers={"Retry-After": "9"}), FINE)
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: delayed(acme) == 1, "the first attempt to be over")
    (entry,) = acme.redis.zrange(acme.key("delayed"), 0, -1)
    acme.redis.delete(acme.key("delayed"))
    envelope, _ = entry.split("\n", 1)
    _, _, birth, carry = envelope.split(" ")
    return job, birth, carry


def test_what_is_dead_says_why_also_where_an_attempt_was_made(acme, upstream):
    job, birth, carry = carried_of(acme, upstream)
    acme.redis.lpush(acme.key("retry"), f"w 3 {birth} {carry}\n{json.dumps(job)}")
    reply = acme.reply(job)
    assert told(reply) == ("upstream_status", "yes", True)
    (entry,) = [entry for entry in acme.dead() if job["id"] in entry["payload"]]
    assert "delivered 3 times" in entry["reason"]
    upstream.only()


def test_a_job_that_can_no_longer_be_read_tells_of_its_attempt(acme, upstream):
    """As after a restart with a smaller MAX_JOB_BYTES."""
    job, birth, carry = carried_of(acme, upstream)
    acme.redis.lpush(acme.key("retry"), f"w 0 {birth} {carry}\n{json.dumps({**job, 'v': 2})}")
    reply = acme.reply(job)
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["http"]["attempts"] == 1
    assert acme.result(job["id"]) is None, "the id is not known to be this content's"
    assert acme.redis.hlen(acme.key("begun")) == 0
    upstream.only()


def test_a_decision_that_expired_tells_nothing_of_who_used_its_token(acme, upstream):
    asked = acme.ask("tickets/create", {"a": 1})
    assert acme.approve(asked.token)["status"] == "succeeded"
    late = acme.decision(asked.token, "approve", deadline_ms=1)
    acme.redis.lpush(acme.key("retry"), f"d 1 ffff.1 -\n{json.dumps(late)}")
    waker = acme.push(acme.job("tickets/replace", {"a": 1}))
    reply = acme.reply(late)
    assert told(reply) == ("expired", "no", False)
    assert "details" not in reply["error"]
    assert acme.reply(waker)["status"] == "succeeded"


def test_a_job_that_cannot_be_put_back_tells_how_its_attempt_ended(upstream, start_worker, new_redis, new_org):
    server = new_redis()
    start_worker(redis_url=server.unix_url)
    org = new_org("wrong", redis=server)
    org.put(desk(upstream.base_url))
    org.redis.lpush(org.key("delayed"), "this is no zset")
    upstream.on("/v1/t", Answer(503, json={"why": "tired"}), FINE)
    job = org.push(org.job("tickets/read"))
    reply = org.reply(job)
    assert told(reply) == ("upstream_status", "yes", True)
    assert reply["error"]["details"] == {"status": 503, "body": '{"why":"tired"}'}
    assert (reply["http"]["status"], reply["http"]["attempts"]) == (503, 1)
    (entry,) = org.dead()
    assert "under a key" in entry["reason"]


def test_a_later_failure_does_not_hide_that_the_upstream_was_asked(acme, new_upstream):
    port = free_port()
    upstream = new_upstream(port)
    acme.put(desk(upstream.base_url))
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": "1"}, close=True))
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: delayed(acme) == 1, "the first attempt to be over")
    upstream.stop()
    reply = acme.reply(job)
    assert told(reply) == ("connect_failed", "yes", True)
    assert reply["http"]["attempts"] == 3


# Together with others.


def test_a_duplicate_that_comes_between_two_attempts_gets_the_first_ones_reply(acme, upstream):
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": "1"}), FINE)
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: delayed(acme) == 1, "the first attempt to be over")
    again = acme.push({**job, "reply_to": "r-" + acme.new_id()})
    first, second = acme.reply(job), acme.reply(again)
    assert first.text == second.text
    assert first["http"]["attempts"] == 2
    assert len(upstream.received()) == 2


def test_another_worker_makes_the_next_attempt(upstream, start_worker, new_redis, new_org):
    server = new_redis()
    first = start_worker(redis_url=server.unix_url)
    org = new_org("two", redis=server)
    org.put(desk(upstream.base_url))
    upstream.on("/v1/t", Answer(503, json={"why": "tired"}, headers={"Retry-After": "1"}), GONE, FINE)
    job = org.push(org.job("tickets/read"))
    wait_until(lambda: delayed(org) == 1, "the first attempt to be over")
    first.stop()
    start_worker(redis_url=server.unix_url)
    reply = org.reply(job)
    assert (reply["status"], reply["http"]["attempts"]) == ("succeeded", 3)


def test_a_worker_that_dies_in_an_attempt_is_no_attempt_lost(upstream, start_worker, new_redis, new_org):
    server = new_redis()
    first = start_worker(redis_url=server.unix_url, lease_ms=500)
    org = new_org("dies", redis=server)
    org.put(desk(upstream.base_url))
    held = Held()
    upstream.on("/v1/t", Answer(503), held, Answer(500), FINE)
    job = org.push(org.job("tickets/read"))
    held.arrived()
    first.kill()
    start_worker(redis_url=server.unix_url, lease_ms=500)
    reply = org.reply(job)
    assert (reply["status"], reply["sent"], reply["http"]["attempts"]) == ("succeeded", "yes", 3)
    assert len(upstream.received()) == 4


def test_what_an_upstream_echoes_is_redacted_in_what_a_job_carries(acme, upstream):
    acme.put(integration(upstream.base_url, auth="bearer", read={"method": "GET", "path": "/t"}))
    acme.seal("tickets", "token", "tok-en-Zx81-very-secret")
    upstream.on("/v1/t", Answer(503, json={"you": "tok-en-Zx81-very-secret"}, headers={"Retry-After": "1"}))
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: delayed(acme) == 1, "the first attempt to be over")
    (entry,) = acme.redis.zrange(acme.key("delayed"), 0, -1)
    assert "very-secret" not in entry
    acme.done("disable", "tickets")
    reply = acme.reply(job)
    assert "very-secret" not in reply.text
    assert json.loads(reply["error"]["details"]["body"])["you"] != ""


@pytest.mark.parametrize("word", ["1,zz", "1,1,2,1,-1,503,1,1,7,nothing_known,YQ,YQ", "9" * 50, ",", "1,1,1,1,-1,503,1,1,7,timeout,%,"])
def test_a_job_whose_attempts_cannot_be_read_is_answered_and_not_tried(acme, upstream, word):
    """What carries them is Bellhop's own; whoever wrote it, nothing is sent on the strength of it."""
    job = acme.job("tickets/read")
    acme.redis.lpush(acme.key("retry"), f"w 0 ffff.1 {word}\n{json.dumps(job)}")
    waker = acme.push(acme.job("tickets/replace", {"a": 1}))
    reply = acme.reply(job)
    assert told(reply) == ("internal", "maybe", False)
    assert acme.reply(waker)["status"] == "succeeded"
    assert [request.method for request in upstream.received()] == ["PUT"]
