# SPDX-License-Identifier: MIT
"""How old the oldest job of a queue is, though no job carries a time: renew notes it in passing."""

import random

import pytest
from scripts_client import Job, Shard, Worker

ACCURACY_MS = 1000  # workers renew once a second


@pytest.fixture
def shard(redis_client):
    return Shard(redis_client, clock=True)


@pytest.fixture
def worker(shard):
    return Worker(shard).register()


def push(shard, count=1, queue="chat"):
    shard.push(*[Job(id=f"{queue}-{shard.now_us}-{n}") for n in range(count)], queue=queue)


def chat_age(worker):
    return worker.renew().ages_ms[1]


def notes(shard, queue="chat"):
    return shard.redis.lrange(shard.key("ages", queue), 0, -1)


def test_an_empty_queue_has_no_age_and_leaves_no_notes(shard, worker):
    assert worker.renew().ages_ms == [-1, -1, -1]
    push(shard)
    worker.renew()
    worker.claim()
    assert chat_age(worker) == -1
    assert shard.redis.keys(shard.key("ages", "*")) == []


def test_each_queue_has_its_own_age(shard, worker):
    for queue in ("workflow", "decisions"):
        push(shard, queue=queue)
        worker.renew()
        shard.pass_ms(5000)
    assert worker.renew().ages_ms == [5000, -1, 10000]


def test_the_age_grows_until_the_oldest_is_taken(shard, worker):
    for _ in range(3):
        push(shard)
        worker.renew()
        shard.pass_ms(10000)
    assert chat_age(worker) == 30000
    worker.claim()
    assert chat_age(worker) == 20000
    worker.claim()
    assert chat_age(worker) == 10000
    worker.claim()
    assert chat_age(worker) == -1


def test_what_is_put_back_is_not_taken(shard, worker):
    push(shard, 3)
    worker.renew()
    shard.pass_ms(5000)
    assert len(worker.claim(3, claim_bytes=1)) == 1
    assert shard.redis.hget(shard.key("taken"), "2") == "1"
    assert chat_age(worker) == 5000


def test_the_age_outlives_the_workers(shard, worker):
    push(shard)
    worker.renew()
    worker.leave()
    shard.pass_ms(3600_000)
    assert chat_age(Worker(shard).register()) == 3600_000


def test_many_workers_note_no_more_than_one(shard, worker):
    others = [Worker(shard).register() for _ in range(5)]
    for _ in range(20):
        push(shard)
        for one in [worker, *others]:
            one.renew()
        shard.pass_ms(100)
    assert len(notes(shard)) <= 3


def test_it_is_right_to_a_second_whatever_comes_and_goes(shard, worker):
    rng = random.Random(7)
    waiting = []  # when each was pushed
    for _ in range(400):
        shard.pass_ms(rng.randrange(1, 400))
        for _ in range(rng.choice([0, 0, 1, 5])):
            push(shard)
            waiting.append(shard.now_ms)
        taken = worker.claim(rng.choice([0, 1, 1, 2]))
        del waiting[: len(taken)]
        age = chat_age(worker)
        if not waiting:
            assert age == -1
            continue
        span_ms = shard.now_ms - waiting[0]
        assert 0 <= span_ms - age <= ACCURACY_MS + span_ms / 100 + 400


def test_a_queue_that_nobody_serves_for_a_day_has_few_notes(shard, worker):
    for minute in range(24 * 60):
        push(shard)
        assert chat_age(worker) == minute * 60_000
        shard.pass_ms(60_000)
    assert len(notes(shard)) < 600


def test_who_takes_jobs_out_by_hand_starts_it_anew(shard, worker):
    push(shard, 5)
    worker.renew()
    shard.pass_ms(9000)
    shard.redis.ltrim(shard.jobs("chat"), 0, 1)
    assert chat_age(worker) == 0
    shard.pass_ms(2000)
    assert chat_age(worker) == 2000


@pytest.mark.parametrize("key", ["taken", "jobs:chat", "ages:chat"])
def test_a_key_of_another_type_costs_an_age_and_no_lease(shard, worker, key):
    shard.redis.set(shard.key(key), "foreign")
    push(shard, queue="workflow")
    worker.renew()
    shard.pass_ms(1000)
    seen = worker.renew()
    assert seen.ages_ms[1] == -1 and seen.ages_ms[2] == 1000
    assert shard.redis.zscore(shard.key("workers"), worker.member) == shard.now_ms
    assert len(worker.claim(9)) == 1


def test_notes_that_are_none_are_dropped(shard, worker):
    shard.redis.rpush(shard.key("ages", "chat"), "nonsense", "-1", "")
    push(shard)
    worker.renew()
    assert len(notes(shard)) == 1
