# SPDX-License-Identifier: MIT
"""How a worker ends: SIGTERM at every moment that is a bad one. Contract, section 10; README, Operations."""

import signal
import socket
import time

import pytest
from support.org import numbered
from support.redis_proxy import RedisProxy
from support.redis_troubles import busy_script, cannot_save
from support.upstream import Answer, Held
from support.waiting import wait_until

LEASE_MS = 1000
WORKER = {"rate_limit": "100000/60", "lease_ms": LEASE_MS}
LEFT = "stopped before all was settled; others take over"


@pytest.fixture
def redis(new_redis):
    return new_redis()


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    keyed = {"method": "POST", "path": "/k/{{n}}", "body": {"n": "{{n}}"}, "idempotency": "key"}
    org.put(numbered(upstream.base_url, keyed=keyed))
    return org


def ends_within(worker, ms):
    """By SIGTERM, which was sent."""
    began = time.monotonic()
    worker.wait_stopped()
    assert (time.monotonic() - began) * 1000 < ms


def hold(acme, upstream, *actions, answer=None):
    """A call of each, which the upstream holds: (job, Held)."""
    paths = {"read": "r", "keyed": "k", "create": "c"}
    pairs = []
    for n, action in enumerate(actions):
        held = Held(Answer(json={"first": n}))
        upstream.on(f"/v1/{paths[action]}/{n}", held, Answer(json={"second": n}))
        pairs.append((acme.push(acme.job("tickets/" + action, {"n": n})), held))
        held.arrived()
    return pairs


# The end of the drain.


def test_what_is_cut_off_is_answered_or_goes_back_by_its_class(start_worker, acme, redis, upstream):
    worker = start_worker(redis_url=redis.url, drain_ms=400, lease_ms=60000)
    (read, _), (keyed, _), (created, _) = hold(acme, upstream, "read", "keyed", "create")
    worker.ask_to_stop()
    reply = acme.reply(created)
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("outcome_unknown", "maybe", False)
    assert reply["error"]["details"]["cause"] == "worker_stopped"
    ends_within(worker, 1000)
    assert not redis.client.keys(acme.key("claims:*")) and not redis.client.exists(acme.key("workers"))
    start_worker(redis_url=redis.url)
    assert [acme.reply(job)["output"] for job in (read, keyed)] == [{"second": 0}, {"second": 1}]
    assert len(upstream.received("/v1/c/2")) == 1


def test_a_job_that_waits_for_its_next_attempt_stays_there(start_worker, acme, redis, upstream):
    worker = start_worker(redis_url=redis.url)
    upstream.on("/v1/r/1", Answer(503, headers={"Retry-After": "1"}), Answer(json={"fine": True}))
    job = acme.push(acme.job("tickets/read", {"n": 1}))
    (entry,) = wait_until(lambda: redis.client.zrange(acme.key("delayed"), 0, -1), "the job to be put off")
    worker.ask_to_stop()
    ends_within(worker, 1000)
    assert redis.client.zrange(acme.key("delayed"), 0, -1) == [entry]
    start_worker(redis_url=redis.url)
    reply = acme.reply(job)
    assert (reply["output"], reply["http"]["attempts"]) == ({"fine": True}, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_leaves_at_once(start_worker, acme, redis, upstream, number):
    worker = start_worker(redis_url=redis.url)
    (read, _), (created, _) = hold(acme, upstream, "read", "create")
    worker.process.send_signal(number)
    worker.logged("draining")
    worker.process.send_signal(number)
    ends_within(worker, 500)
    assert worker.logged(LEFT)["jobs"] == 2
    start_worker(redis_url=redis.url)
    assert acme.reply(read)["output"] == {"second": 0}
    reply = acme.reply(created)
    assert (reply.code, reply["error"]["details"]["cause"]) == ("outcome_unknown", "worker_lost")
    assert len(upstream.received("/v1/c/1")) == 1


# Thousands.


def test_thousands_in_flight_come_to_their_end(start_worker, acme, redis, upstream):
    """Half of them wait for Redis to begin, the rest for their upstream."""
    count = 2000
    worker = start_worker(
        redis_url=redis.url, concurrency=count, org_slots=count, host_slots=count, drain_ms=3000, lease_ms=60000
    )
    held = Held(Answer(json={}))
    paths = ("r", "c")
    for n in range(2):
        upstream.on(f"/v1/{paths[n]}/0", held, Answer(json={"second": True}))
    jobs = [acme.job("tickets/" + ("read", "create")[n % 2], {"n": 0 if n < 200 else 1}) for n in range(count)]
    for n in range(2):
        upstream.on(f"/v1/{paths[n]}/1", Answer(json={"quick": True}))
    with redis.client.pipeline(transaction=False) as many:
        for job in jobs:
            acme.push_into(many, job)
        many.execute()
    upstream.wait_for(100)
    worker.ask_to_stop()
    ends_within(worker, 3000)
    start_worker(redis_url=redis.url)
    replies = [acme.reply(job) for job in jobs]
    assert {reply.code for reply in replies} <= {None, "outcome_unknown"}
    unknown = sum(reply.code == "outcome_unknown" for reply in replies)
    assert unknown <= 100
    created = [request for request in upstream.received() if request.method == "POST"]
    assert len(created) <= count / 2
    assert not redis.client.hlen(acme.key("begun"))


# While Redis is not there, or refuses.


@pytest.mark.parametrize("redis_comes_back", [True, False])
def test_a_drain_while_redis_is_away_ends_in_time(start_worker, acme, redis, upstream, redis_comes_back):
    proxy = RedisProxy(redis)
    worker = start_worker(redis_url=proxy.url, drain_ms=1500)
    ((job, held),) = hold(acme, upstream, "create")
    proxy.close_door()
    wait_until(lambda: not worker.is_ready(), "the worker to be not ready")
    worker.ask_to_stop()
    worker.logged("draining")
    held.release()
    if redis_comes_back:
        proxy.open_door()
        assert acme.reply(job)["output"] == {"first": 0}
        ends_within(worker, 1000)
        assert not [line for line in worker.log if line["msg"] == LEFT]
    else:
        ends_within(worker, 1500)
        assert worker.logged(LEFT)["jobs"] == 1
        start_worker(redis_url=redis.url)
        assert acme.reply(job).code == "outcome_unknown"
    assert len(upstream.received("/v1/c/0")) == 1
    proxy.stop()


@pytest.mark.parametrize("trouble", [busy_script, cannot_save])
@pytest.mark.parametrize("with_a_job", [False, True])
def test_a_drain_while_redis_refuses_ends_in_time(start_worker, acme, redis, upstream, trouble, with_a_job):
    worker = start_worker(redis_url=redis.url, drain_ms=2000)
    pairs = hold(acme, upstream, "create") if with_a_job else []
    mend = trouble(redis)
    wait_until(lambda: not worker.is_ready(), "the worker to be not ready")
    worker.ask_to_stop()
    for _, held in pairs:
        held.release()
    ends_within(worker, 2000)
    assert bool([line for line in worker.log if line["msg"] == LEFT]) == with_a_job
    mend()
    start_worker(redis_url=redis.url)
    for job, _ in pairs:
        assert acme.reply(job).code == "outcome_unknown"
        assert len(upstream.received("/v1/c/0")) == 1


def test_a_drain_while_nobody_answers_for_redis_ends_at_once(start_worker):
    """Before it was registered: a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        worker = start_worker(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", ready=False)
        silent.accept()[0].close()
        connection, _ = silent.accept()
        worker.ask_to_stop()
        ends_within(worker, 500)
        connection.close()


def test_a_drain_while_it_registers_ends_at_once_and_leaves_no_job(start_worker, acme, redis):
    proxy = RedisProxy(redis)
    job = acme.push(acme.job("tickets/read", {"n": 1}))
    registered = proxy.hold(b"*1\r\n$16\r\n")  # its first answer: the time, and no claims
    worker = start_worker(redis_url=proxy.url, ready=False)
    registered.wait()
    worker.ask_to_stop()
    ends_within(worker, 500)
    registered.cut()
    proxy.stop()
    assert redis.client.llen(acme.key("jobs:workflow")) == 1
    start_worker(redis_url=redis.url)
    assert acme.reply(job)["status"] == "succeeded"
    wait_until(lambda: redis.client.zcard(acme.key("workers")) == 1, "its name to be gone")
