# SPDX-License-Identifier: MIT
"""What becomes of jobs that wait for a token when their worker stops, dies or loses Redis meanwhile. Contract, sections 7 and 10."""

import pytest
from support.org import integration
from support.tokens import READ, account_at, client, told
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


def test_more_accounts_at_once_than_an_org_may_ask_for_wait_their_turn(start_worker, new_org, redis, upstream, tokens):
    start_worker(redis_url=redis.url)
    desk = new_org("desk", redis=redis)
    for n in range(40):
        desk.put(integration(upstream.base_url, name=f"desk-{n}", auth={"method": "service_account"}, read=READ))
        desk.seal(f"desk-{n}", "credential", client(tokens))
    held = Held(tokens)
    tokens.upstream.on("/v1/token", held)
    jobs = [desk.push(desk.job(f"desk-{n}/read")) for n in range(40)]
    held.arrived(32)
    assert not any(desk.has_reply(job["reply_to"]) for job in jobs)
    held.release()
    assert {desk.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert tokens.count == 40


def test_a_job_that_does_not_get_its_turn_to_ask_is_told_in_its_time(start_worker, new_org, redis, upstream, tokens):
    start_worker(redis_url=redis.url)
    desk = new_org("desk", redis=redis)
    for n in range(33):
        read = {**READ, "timeout_ms": 300 if n == 32 else 5000}
        desk.put(integration(upstream.base_url, name=f"desk-{n}", auth={"method": "service_account"}, read=read))
        desk.seal(f"desk-{n}", "credential", client(tokens))
    held = Held(tokens)
    tokens.upstream.on("/v1/token", held)
    jobs = [desk.push(desk.job(f"desk-{n}/read")) for n in range(32)]
    held.arrived(32)
    assert told(desk.run("desk-32/read")) == ("auth_failed", "no", True)
    assert told(desk.run("desk-32/read", deadline_ms=redis.now_ms() + 150)) == ("expired", "no", False)
    held.release()
    assert {desk.reply(job)["status"] for job in jobs} == {"succeeded"}
