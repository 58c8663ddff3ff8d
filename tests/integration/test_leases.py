# SPDX-License-Identifier: MIT
"""Leases: what a living worker holds stays its own however long Redis was away, and what nobody holds is found. Contract, section 10."""

import json
import threading

import pytest
from support.org import numbered
from support.redis_proxy import RedisProxy
from support.redis_troubles import busy_script, cannot_save
from support.upstream import Answer, Held
from support.waiting import wait_until

LEASE_MS = 500
WORKER = {"rate_limit": "10000/60", "lease_ms": LEASE_MS}
TOOK_OVER = "took over from a worker whose lease ended"


@pytest.fixture
def redis(new_redis):
    return new_redis(aof=True)


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    org.put(numbered(upstream.base_url))
    return org


def all_succeed_once(acme, upstream, jobs):
    for number, job in enumerate(jobs):
        reply = acme.reply(job)
        assert reply["status"] == "succeeded", reply.text
        assert reply["output"] == {"first": number}
    assert acme.run("tickets/read", {"n": "barrier"})["status"] == "succeeded"
    assert not [job for job in jobs if acme.has_reply(job["reply_to"])]
    assert len(upstream.received()) == len(jobs) + 1


# An outage that is longer than a lease. Each worker holds a call that may be repeated and one that may not.


def killed(redis):
    redis.kill()
    return redis.start


def hung(redis):
    redis.pause()
    return redis.resume


@pytest.mark.parametrize("outage", [killed, hung, cannot_save, busy_script])
def test_nothing_is_taken_from_a_worker_that_lived_through_an_outage(start_worker, acme, redis, upstream, outage):
    workers, jobs, held = [], [], []
    for n in range(4):
        held.append(Held(Answer(json={"first": n})))
        path = ("r", "c")[n % 2]
        upstream.on(f"/v1/{path}/{n}", held[n], Answer(json={"second": n}))
        if n % 2 == 0:
            workers.append(start_worker(redis_url=redis.url, concurrency=2))
        jobs.append(acme.push(acme.job("tickets/" + {"r": "read", "c": "create"}[path], {"n": n})))
        held[n].arrived()
    mend = outage(redis)
    threading.Event().wait(LEASE_MS / 1000 * 3)  # what the test is about: longer than any lease
    for one in held[:2]:
        one.release()  # the one's results come while Redis is away, the other's only much later
    mend()
    all_succeed_once_after(acme, upstream, jobs, held, redis)
    assert not [line for worker in workers for line in worker.log if line["msg"] == TOOK_OVER]


def all_succeed_once_after(acme, upstream, jobs, held, redis):
    until = redis.now_ms() + 2 * LEASE_MS
    redis.wait_for_clock(until)
    for one in held[2:]:
        one.release()
    all_succeed_once(acme, upstream, jobs)


def test_a_result_whose_lease_ended_meanwhile_is_not_written_a_second_time(start_worker, acme, redis, upstream):
    """The network of one worker is cut for longer than its lease; the other one took its jobs over."""
    proxy = RedisProxy(redis)
    try:
        cut_off = start_worker(redis_url=proxy.url)
        held = [Held(Answer(json={"first": n})) for n in range(2)]
        upstream.on("/v1/r/0", held[0], Answer(json={"second": 0}))
        upstream.on("/v1/c/1", held[1], Answer(json={"second": 1}))
        jobs = [acme.push(acme.job("tickets/read", {"n": 0})), acme.push(acme.job("tickets/create", {"n": 1}))]
        upstream.wait_for(2)
        proxy.close_door()
        start_worker(redis_url=redis.url)
        read, created = [acme.reply(job) for job in jobs]
        assert read["output"] == {"second": 0}
        assert (created.code, created["error"]["details"]["cause"]) == ("outcome_unknown", "worker_lost")
        for one in held:
            one.release()
        proxy.open_door()
        cut_off.logged("Redis no longer knows this worker; its jobs are others' now")
        wait_until(cut_off.is_ready, "the worker to work again")
        assert acme.run("tickets/read", {"n": "barrier"})["status"] == "succeeded"
        assert not [job for job in jobs if acme.has_reply(job["reply_to"])]
        assert [acme.result(job["id"]).text for job in jobs] == [read.text, created.text]
        assert len(upstream.received("/v1/c/1")) == 1
        cut_off.stop()
    finally:
        proxy.stop()


# What nobody holds.


def test_claims_of_a_worker_that_is_in_no_list_are_found(start_worker, acme, redis):
    """As after a restore that brought back a part."""
    jobs = [acme.job("tickets/create", {"n": n}) for n in range(70)]
    for n, job in enumerate(jobs):
        acme.redis.hset(acme.key(f"claims:orphan{n % 3}"), f"orphan{n % 3}.{n} w 1 orphan{n % 3}.{n} -", json.dumps(job))
    start_worker(redis_url=redis.url)
    assert {acme.reply(job, timeout=5)["status"] for job in jobs} == {"succeeded"}
    assert not acme.redis.keys(acme.key("claims:orphan*"))
    wait_until(lambda: not acme.redis.exists(acme.key("dying")), "nobody to be left in dying")


def test_claims_in_no_list_are_found_among_many_keys(start_worker, acme, redis):
    with acme.redis.pipeline(transaction=False) as many:
        for n in range(5000):
            many.set(f"else:{n}", "")
        many.execute()
    start_worker(redis_url=redis.url)
    job = acme.job("tickets/create", {"n": 1})
    acme.redis.hset(acme.key("claims:orphan"), "orphan.1 w 1 orphan.1 -", json.dumps(job))
    assert acme.reply(job)["status"] == "succeeded"


def test_what_a_worker_held_when_the_list_of_workers_was_lost_comes_to_its_end(start_worker, acme, redis, upstream):
    start_worker(redis_url=redis.url)
    held = [Held(Answer(json={"first": n})) for n in range(2)]
    upstream.on("/v1/r/0", held[0], Answer(json={"second": 0}))
    upstream.on("/v1/c/1", held[1], Answer(json={"second": 1}))
    jobs = [acme.push(acme.job("tickets/read", {"n": 0})), acme.push(acme.job("tickets/create", {"n": 1}))]
    upstream.wait_for(2)
    acme.redis.delete(acme.key("workers"))
    read, created = [acme.reply(job, timeout=5) for job in jobs]
    assert read["output"] == {"second": 0}
    assert (created.code, created["sent"]) == ("outcome_unknown", "maybe")
    for one in held:
        one.release()
    assert acme.run("tickets/read", {"n": "barrier"})["status"] == "succeeded"
    assert not [job for job in jobs if acme.has_reply(job["reply_to"])]
    assert len(upstream.received("/v1/c/1")) == 1


def test_living_workers_are_never_taken_for_lost(start_worker, acme, redis, upstream):
    workers = [start_worker(redis_url=redis.url, concurrency=1) for _ in range(3)]
    held = Held(Answer(json={"first": 0}))
    upstream.on("/v1/c/0", held)
    jobs = [acme.push(acme.job("tickets/create", {"n": 0})) for _ in range(3)]
    held.arrived(3)
    redis.wait_for_clock(redis.now_ms() + 3 * LEASE_MS)
    held.release()
    assert [acme.reply(job)["status"] for job in jobs] == ["succeeded"] * 3
    assert not [line for worker in workers for line in worker.log if line["msg"] == TOOK_OVER]


def test_what_stands_in_a_dead_workers_claims_and_is_none_holds_nobody_up(start_worker, acme, redis):
    job = acme.job("tickets/create", {"n": 1})
    acme.redis.hset(acme.key("claims:odd"), "no-claim-at-all", "x")
    acme.redis.set(acme.key("claims:foreign"), "x")
    acme.redis.hset(acme.key("claims:dead"), "dead.1 w 1 dead.1 -", json.dumps(job))
    acme.redis.sadd(acme.key("dying"), "odd", "foreign", "dead")
    worker = start_worker(redis_url=redis.url)
    assert acme.reply(job, timeout=5)["status"] == "succeeded"
    wait_until(lambda: not acme.redis.exists(acme.key("dying")), "nobody to be left in dying")
    wait_until(acme.dead, "the entry that was none in dead")
    wait_until(worker.is_ready, "the worker to be ready")


# Two janitors, and jobs that are due.


def test_two_workers_that_take_over_from_a_third_send_each_call_once(start_worker, acme, redis, upstream):
    jobs = [acme.job("tickets/create", {"n": n}) for n in range(400)]
    for n, job in enumerate(jobs):
        acme.redis.hset(acme.key("claims:dead"), f"dead.{n} w 1 dead.{n} -", json.dumps(job))
    acme.redis.zadd(acme.key("workers"), {"dead:1": 1})
    for _ in range(2):
        start_worker(redis_url=redis.url)
    assert {acme.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert sorted(request.path for request in upstream.received()) == sorted(f"/v1/c/{n}" for n in range(400))


def test_a_job_that_is_due_later_is_run_in_time_though_who_put_it_off_is_dead(start_worker, acme, redis, upstream):
    first = start_worker(redis_url=redis.url)
    upstream.on("/v1/r/1", Answer(503, headers={"Retry-After": "1"}), Answer(json={"in": "time"}))
    job = acme.push(acme.job("tickets/read", {"n": 1}))
    wait_until(lambda: redis.client.zcard(acme.key("delayed")), "the job to be put off")
    first.kill()
    ((_, due_ms),) = redis.client.zrange(acme.key("delayed"), 0, -1, withscores=True)
    start_worker(redis_url=redis.url, lease_ms=60000)
    assert acme.reply(job)["output"] == {"in": "time"}
    assert 0 <= redis.now_ms() - due_ms < 500
    print(f"a job of a dead worker, after it was due: {redis.now_ms() - due_ms:.0f} ms")


def test_the_jobs_of_a_worker_that_died_are_answered_a_lease_later(start_worker, acme, redis, upstream):
    dies = start_worker(redis_url=redis.url)
    upstream.on("/v1/r/0", Held(), Answer(json={"second": True}))
    upstream.on("/v1/r/1", Held(), Answer(json={"second": True}))
    jobs = [acme.push(acme.job("tickets/read", {"n": n})) for n in range(2)]
    upstream.wait_for(2)
    start_worker(redis_url=redis.url)
    redis.wait_for_clock(redis.now_ms() + LEASE_MS)  # one that came when the other died would wait for a lease of its own
    died_ms = redis.now_ms()
    dies.kill()
    for job in jobs:
        acme.reply(job)
    took_ms = redis.now_ms() - died_ms
    print(f"from a worker's death to its jobs' answers, with leases of {LEASE_MS} ms: {took_ms} ms")
    assert took_ms < LEASE_MS + 2000
