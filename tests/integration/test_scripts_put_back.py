# SPDX-License-Identifier: MIT
"""The settle of scripts/turn/ where a job goes back: at once, later, with its mark or without."""

import json

from scripts_client import Job, PutBack
from scripts_words import begun, claim, failed, is_settled, shard, worker  # noqa: F401


def test_give_puts_a_job_at_the_front_and_keeps_its_count_of_deliveries(shard, worker):
    held = claim(shard, worker)
    shard.push("next")
    assert worker.give(held) == "ok"
    [again] = worker.claim()
    assert (again.payload, again.deliveries, again.birth) == (held.payload, "1", held.birth)


def test_give_keeps_a_mark_so_that_an_unsafe_call_is_not_made_twice(shard, worker):
    worker.give(begun(shard, worker))
    [again] = worker.claim()
    assert worker.begin(again) == "unknown"


def test_a_retry_is_due_at_its_time_and_keeps_mark_birth_and_carry(shard, worker):
    job = Job(repeatable=True)
    held = begun(shard, worker, job)
    assert worker.retry(held, shard.now_ms + 500, carry="1.timeout") == "ok"
    shard.pass_ms(499)
    assert worker.renew().promoted == 0
    assert worker.claim() == []
    shard.pass_ms(1)
    assert worker.renew().promoted == 1
    [again] = worker.claim()
    assert (again.birth, again.deliveries, again.carry) == (held.birth, "1", "1.timeout")
    assert worker.begin(again, job) == f"ok {shard.now_us} 1"


def test_unsent_lets_an_unsafe_call_begin_again(shard, worker):
    held = begun(shard, worker)
    assert worker.unsent(held, shard.now_ms) == "ok"
    worker.renew()
    [again] = worker.claim()
    assert worker.begin(again) == f"ok {shard.now_us} 0"


def test_unsent_of_what_was_never_begun_makes_no_mark(shard, worker):
    assert worker.unsent(claim(shard, worker), shard.now_ms) == "ok"
    assert not shard.redis.exists(shard.key("begun"))


def test_unsent_leaves_the_mark_of_another_job_alone(shard, worker):
    first, second = begun(shard, worker), claim(shard, worker)
    before = shard.redis.hgetall(shard.key("begun"))
    worker.unsent(second, shard.now_ms)
    assert shard.redis.hgetall(shard.key("begun")) == before
    assert worker.done(first) == "ok"


def test_an_attempt_that_ended_is_followed_by_another_that_knows_it(shard, worker):
    job = Job(repeatable=True)
    held = begun(shard, worker, job)
    assert worker.again(held, shard.now_ms, job, carry="1.lost") == "ok"
    worker.renew()
    [second] = worker.claim()
    assert (second.birth, second.deliveries, second.carry) == (held.birth, "1", "1.lost")
    assert worker.begin(second, job) == f"ok {shard.now_us} 2"
    assert worker.done(second, job) == "ok"
    assert is_settled(shard, worker)


def test_an_attempt_that_ended_is_none_that_is_open(shard, worker):
    """Where the next one is refused the job answers for itself, and nobody says that a worker died."""
    job = Job(repeatable=True)
    worker.again(begun(shard, worker, job), shard.now_ms, job)
    worker.renew()
    [second] = worker.claim()
    assert worker.done(second, job, identity=True, reply=failed(job, "yes")) == "ok"
    assert json.loads(shard.redis.get(shard.result(job)))["sent"] == "yes"
    assert is_settled(shard, worker)


def test_a_death_in_the_second_attempt_is_known_though_the_first_ended(shard, worker):
    job = Job(repeatable=True)
    worker.again(begun(shard, worker, job), shard.now_ms, job)
    worker.renew()
    [second] = worker.claim()
    worker.begin(second, job)
    worker.retry(second, shard.now_ms)
    worker.renew()
    [third] = worker.claim()
    assert worker.done(third, job, identity=True) == "ours"
    assert worker.begin(third, job) == f"ok {shard.now_us} 1"


def test_a_second_attempt_of_which_nothing_was_sent_still_knows_the_first(shard, worker):
    job = Job(repeatable=True)
    worker.again(begun(shard, worker, job), shard.now_ms, job)
    worker.renew()
    [second] = worker.claim()
    worker.begin(second, job)
    worker.unsent(second, shard.now_ms, job)
    worker.renew()
    [third] = worker.claim()
    assert worker.begin(third, job) == f"ok {shard.now_us} 2"


def test_put_back_twice_it_is_there_once(shard, worker):
    held = claim(shard, worker)
    envelope = held.envelope(0)
    texts = worker.turn(PutBack("give", held, envelope), PutBack("give", held, envelope)).texts
    assert texts == ["ok", "lost"]
    assert len(worker.claim(5)) == 1
