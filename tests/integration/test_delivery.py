# SPDX-License-Identifier: MIT
"""Exactly one reply to each job and at most one send of what may not be repeated, whatever dies: contract, section 10."""

import json
import signal

import pytest
from support.org import numbered
from support.upstream import Answer, Held
from support.waiting import wait_until

LEASE_MS = 1000
WORKER = {"rate_limit": "1000/60", "lease_ms": LEASE_MS}


@pytest.fixture
def acme(new_org, upstream):
    org = new_org("acme")
    replace = {"method": "PUT", "path": "/p/{{n}}", "body": {"n": "{{n}}"}}
    org.put(numbered(upstream.base_url, replace=replace))
    return org


def one_reply_each(org, jobs):
    """The reply of each, and none has a second: a barrier job comes after all that is left to do."""
    replies = [org.reply(job) for job in jobs]
    assert [reply["id"] for reply in replies] == [job["id"] for job in jobs]
    org.run("tickets/read", {"n": "barrier"})
    assert not [job for job in jobs if org.has_reply(job["reply_to"])]
    assert org.redis.llen(org.key("jobs:workflow")) == 0
    return replies


def test_a_worker_killed_in_the_middle_of_100_jobs_leaves_each_with_one_reply(start_worker, acme, upstream):
    first = start_worker(concurrency=34, org_slots=34, host_slots=34)
    jobs = [acme.job("tickets/" + ("read", "create")[number % 2], {"n": number}) for number in range(100)]
    held = [Held(Answer(json={"n": number})) for number in range(100)]
    for number in range(20, 100):  # twenty are answered at once, then thirty hang
        upstream.on(f"/v1/r/{number}", held[number], Answer(json={"n": number}))
        upstream.on(f"/v1/c/{number}", held[number], Answer(json={"n": number}))
    for job in jobs:
        acme.push(job)
    upstream.wait_for(45)
    first.kill()
    start_worker()
    for one in held:
        one.release()
    replies = one_reply_each(acme, jobs)

    sent = [request.path for request in upstream.received()]
    for number, reply in enumerate(replies):
        if number % 2:
            assert sent.count(f"/v1/c/{number}") <= 1
            assert reply["status"] == "succeeded" or (reply.code, reply["sent"]) == ("outcome_unknown", "maybe")
            assert sent.count(f"/v1/c/{number}") == 1 or reply.code == "outcome_unknown"
        else:
            assert reply["status"] == "succeeded"
            assert sent.count(f"/v1/r/{number}") in (1, 2)
    unknown = [reply for reply in replies if reply.code == "outcome_unknown"]
    assert len(unknown) >= 10
    assert all(reply["error"]["details"]["cause"] for reply in unknown)
    assert not any(reply["error"]["retryable"] for reply in unknown)


def test_a_call_that_may_be_repeated_is_repeated_by_the_next_worker(start_worker, acme, upstream):
    first = start_worker()
    upstream.on("/v1/r/1", Held(), Answer(json={"second": True}))
    upstream.on("/v1/p/1", Held(), Answer(json={"second": True}))
    jobs = [acme.push(acme.job("tickets/" + name, {"n": 1})) for name in ("read", "replace")]
    upstream.wait_for(2)
    first.kill()
    start_worker()
    assert [reply["output"] for reply in one_reply_each(acme, jobs)] == [{"second": True}] * 2


def test_jobs_wait_in_redis_while_there_is_no_worker(start_worker, acme, upstream):
    jobs = [acme.push(acme.job("tickets/create", {"n": number})) for number in range(50)]
    start_worker()
    assert {reply["status"] for reply in one_reply_each(acme, jobs)} == {"succeeded"}


def test_a_worker_that_stalls_over_its_lease_settles_nothing_twice(start_worker, acme, upstream):
    stalled = start_worker()
    held = [Held(Answer(json={"by": "the first"})) for _ in range(2)]
    upstream.on("/v1/c/1", held[0], Answer(json={"twice": True}))
    upstream.on("/v1/r/1", held[1], Answer(json={"by": "the second"}))
    jobs = [acme.push(acme.job("tickets/" + name, {"n": 1})) for name in ("create", "read")]
    upstream.wait_for(2)
    stalled.process.send_signal(signal.SIGSTOP)
    try:
        start_worker()
        replies = [acme.reply(job) for job in jobs]
    finally:
        for one in held:
            one.release()
        stalled.process.send_signal(signal.SIGCONT)
    assert replies[0].code == "outcome_unknown"
    assert replies[1]["output"] == {"by": "the second"}
    wait_until(stalled.is_ready, "the stalled worker to work again")
    one_reply_each(acme, [])
    assert not any(acme.has_reply(job["reply_to"]) for job in jobs)
    assert len(upstream.received("/v1/c/1")) == 1


def test_a_job_that_kills_each_worker_ends_with_a_reply_and_in_dead(start_worker, acme, upstream):
    acme.redis.delete(acme.key("dead"))
    held = Held()
    upstream.on("/v1/r/1", held)
    job = acme.push(acme.job("tickets/read", {"n": 1}))
    for _ in range(3):
        worker = start_worker()
        held.arrived()
        worker.kill()
    start_worker()
    reply = acme.reply(job)
    assert (reply.code, reply["error"]["retryable"]) in [("internal", False), ("outcome_unknown", False)]
    assert job["id"] in wait_until(acme.dead, "an entry in dead")[0]["payload"]
    assert len(upstream.received("/v1/r/1")) == 3


def test_workers_that_die_one_after_the_other_lose_nothing_and_send_nothing_twice(start_worker, acme, upstream):
    jobs = [acme.job("tickets/create", {"n": number}) for number in range(400)]
    workers = [start_worker(concurrency=10) for _ in range(2)]
    for number, job in enumerate(jobs):
        acme.push(job)
        if number % 100 == 50:
            upstream.wait_for(number // 2)
            workers.append(start_worker(concurrency=10))
            workers.pop(0).kill()
    replies = one_reply_each(acme, jobs)
    sent = [request.path for request in upstream.received()]
    for number, reply in enumerate(replies):
        times = sent.count(f"/v1/c/{number}")
        assert times <= 1
        assert (reply["status"], times) == ("succeeded", 1) or (reply.code, reply["sent"]) == ("outcome_unknown", "maybe")
    assert sum(reply["status"] == "succeeded" for reply in replies) >= 300


# SIGTERM.


def test_sigterm_finishes_what_runs_and_takes_no_more(start_worker, acme, upstream):
    worker = start_worker()
    held = Held(Answer(json={"finished": True}))
    upstream.on("/v1/c/1", held)
    running = acme.push(acme.job("tickets/create", {"n": 1}))
    held.arrived()
    worker.ask_to_stop()
    wait_until(lambda: not worker.is_ready(), "the worker to be not ready")
    later = acme.push(acme.job("tickets/create", {"n": 2}))
    held.release()
    assert acme.reply(running)["output"] == {"finished": True}
    worker.wait_stopped()
    assert not acme.has_reply(later["reply_to"])
    start_worker()
    assert acme.reply(later)["status"] == "succeeded"
    assert len(upstream.received()) == 2


def test_sigterm_ends_an_idle_worker_at_once(start_worker, redis_server):
    worker = start_worker()
    before = redis_server.now_ms()
    worker.ask_to_stop()
    worker.wait_stopped()
    assert redis_server.now_ms() - before < 2000


def test_a_signal_that_comes_while_it_ends_does_not_change_its_end(start_worker):
    for _ in range(10):
        worker = start_worker()
        while worker.process.poll() is None:
            worker.ask_to_stop()
        assert worker.process.returncode == 0


def test_a_call_that_does_not_end_does_not_hold_the_worker_beyond_drain_ms(start_worker, acme, upstream, redis_server):
    worker = start_worker(drain_ms=500)
    calls = {"create": Held(), "read": Held()}
    upstream.on("/v1/c/1", calls["create"], Answer(json={"twice": True}))
    upstream.on("/v1/r/1", calls["read"], Answer(json={"second": True}))
    jobs = [acme.push(acme.job("tickets/" + name, {"n": 1})) for name in calls]
    upstream.wait_for(2)
    before = redis_server.now_ms()
    worker.ask_to_stop()
    worker.wait_stopped()
    assert redis_server.now_ms() - before < 2000
    start_worker()
    created, read = one_reply_each(acme, jobs)
    assert (created.code, created["sent"]) == ("outcome_unknown", "maybe")
    assert read["status"] == "succeeded" or (read["sent"], read["error"]["retryable"]) == ("maybe", True)
    assert len(upstream.received("/v1/c/1")) == 1


def test_many_jobs_under_a_rolling_restart_get_one_reply_each(start_worker, acme, upstream):
    jobs = [acme.job("tickets/create", {"n": number}) for number in range(300)]
    workers = [start_worker(concurrency=20) for _ in range(2)]
    for number, job in enumerate(jobs):
        acme.push(job)
        if number % 100 == 50:
            workers.append(start_worker(concurrency=20))
            workers.pop(0).stop()
    assert {reply["status"] for reply in one_reply_each(acme, jobs)} == {"succeeded"}
    assert len(upstream.received()) == len(jobs) + 1


def test_what_another_worker_left_half_emptied_is_taken_over_at_once(start_worker, acme, upstream):
    """Whoever took a dead worker over may die itself in the middle of it."""
    job = acme.job("tickets/create", {"n": 1})
    payload = json.dumps(job)
    acme.redis.hset(acme.key("claims:dead"), "dead.1 w 1 dead.1 -", payload)
    acme.redis.sadd(acme.key("dying"), "dead")
    start_worker(lease_ms=60000)
    assert acme.reply(job, timeout=5)["status"] == "succeeded"
    assert not acme.redis.exists(acme.key("dying"))
