# SPDX-License-Identifier: MIT
"""What becomes of jobs that wait for a token when their worker stops, dies or loses Redis meanwhile. Contract, sections 7 and 10."""

import pytest
from support.tokens import account_at
from support.upstream import Answer, Held

WORKER = {"rate_limit": "1000/60", "lease_ms": 1000}
JOBS = 20


@pytest.fixture
def redis(new_redis):
    return new_redis()


@pytest.fixture
def desk(new_org, redis, upstream, tokens):
    return account_at(new_org("desk", redis=redis), upstream, tokens)


def hold(desk, tokens):
    """Jobs that wait for a token which does not come."""
    held = Held()
    tokens.upstream.on("/v1/token", held, tokens)
    jobs = [desk.push(desk.job("tickets/read")) for _ in range(JOBS)]
    held.arrived()
    return jobs, held


def all_succeed_once(desk, upstream, jobs):
    assert {desk.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert not any(desk.has_reply(job["reply_to"]) for job in jobs)
    assert len(upstream.received()) == JOBS


def test_a_worker_that_stops_gives_back_what_waits_for_a_token(start_worker, desk, redis, upstream, tokens):
    worker = start_worker(redis_url=redis.url)
    jobs, held = hold(desk, tokens)
    worker.ask_to_stop()
    worker.wait_stopped()
    start_worker(redis_url=redis.url)
    all_succeed_once(desk, upstream, jobs)
    held.release()


def test_what_waits_for_a_token_outlives_its_worker(start_worker, desk, redis, upstream, tokens):
    worker = start_worker(redis_url=redis.url)
    jobs, held = hold(desk, tokens)
    worker.kill()
    start_worker(redis_url=redis.url)
    all_succeed_once(desk, upstream, jobs)
    held.release()


@pytest.mark.parametrize("answer", ["token", "refusal"])
def test_a_fetch_whose_jobs_are_others_by_now_ends_without_them(start_worker, desk, redis, upstream, tokens, answer):
    worker = start_worker(redis_url=redis.url)
    jobs, held = hold(desk, tokens)
    redis.client.delete("bellhop:{%s}:workers" % desk.shard)
    worker.logged("Redis no longer knows this worker; its jobs are others' now")
    held.answer = tokens if answer == "token" else Answer(500)
    held.release()
    replies = [desk.reply(job) for job in jobs]
    if answer == "token":
        assert {reply["status"] for reply in replies} == {"succeeded"} and len(upstream.received()) == JOBS
    else:
        assert {reply.get("status") for reply in replies} <= {"succeeded", "failed"}
    assert not any(desk.has_reply(job["reply_to"]) for job in jobs)


def test_the_end_of_redis_while_a_token_is_fetched_loses_no_job(start_worker, desk, redis, upstream, tokens):
    start_worker(redis_url=redis.url)
    jobs, held = hold(desk, tokens)
    redis.client.client_kill_filter(_type="normal", skipme=True)
    held.answer = tokens
    held.release()
    all_succeed_once(desk, upstream, jobs)
