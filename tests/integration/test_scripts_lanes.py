# SPDX-License-Identifier: MIT
"""Jobs that wait for a slot of their org or host: parked by turn, woken by wake, named by renew."""

import pytest
from scripts_client import Job, Park, Shard, Worker

LANE = "o:acme"


@pytest.fixture
def shard(redis_client):
    return Shard(redis_client, clock=True)


@pytest.fixture
def worker(shard):
    return Worker(shard).register()


def claim(shard, worker, job, queue="workflow"):
    shard.push(job, queue=queue)
    [claimed] = worker.claim()
    return claimed


def park(shard, worker, *ids, queue="workflow", first=False):
    for id in ids:
        assert worker.park(claim(shard, worker, Job(id=id), queue), LANE, queue, first) == "ok"


def claimed_ids(worker, count=10):
    return [claimed.payload for claimed in worker.claim(count)]


def payloads(*ids):
    return [Job(id=id).payload for id in ids]


def test_a_job_that_is_parked_is_claimed_by_nobody_until_it_is_woken(shard, worker):
    park(shard, worker, "a", "b")
    assert worker.claim(5) == []
    assert shard.redis.hgetall(shard.key("parked")) == {LANE: "2"}
    assert worker.wake((LANE, 1, 1)) == [(1, 0, 1)]
    assert claimed_ids(worker) == payloads("a")
    assert worker.wake((LANE, 5, 5)) == [(1, 0, 0)]
    assert claimed_ids(worker) == payloads("b")
    assert not shard.redis.exists(shard.key("parked"))


def test_nothing_is_woken_where_it_could_not_be_kept(shard, worker):
    park(shard, worker, "a")
    shard.redis.set(shard.key("retry"), "foreign")
    assert worker.wake((LANE, 1, 1)) == [(0, 0, 1)]
    shard.redis.delete(shard.key("retry"))
    assert worker.wake((LANE, 1, 1)) == [(1, 0, 0)]
    assert claimed_ids(worker) == payloads("a")


def test_it_was_not_delivered_in_vain(shard, worker):
    first = claim(shard, worker, Job())
    worker.park(first, LANE)
    worker.wake((LANE, 1, 1))
    [again] = worker.claim()
    assert (again.birth, again.deliveries) == (first.birth, "1")


def test_chat_goes_before_workflows_and_each_in_its_order(shard, worker):
    park(shard, worker, "w1", "w2")
    park(shard, worker, "c1", "c2", queue="chat")
    assert worker.wake((LANE, 3, 3)) == [(3, 0, 1)]
    assert claimed_ids(worker) == payloads("c1", "c2", "w1")


def test_what_is_kept_for_chat_wakes_no_workflow(shard, worker):
    park(shard, worker, "w1")
    park(shard, worker, "c1", queue="chat")
    assert worker.wake((LANE, 5, 0)) == [(1, 0, 1)]
    assert claimed_ids(worker) == payloads("c1")


def test_one_that_was_woken_for_nothing_is_the_next_again(shard, worker):
    park(shard, worker, "a", "b")
    worker.wake((LANE, 1, 1))
    [woken] = worker.claim()
    assert worker.park(woken, LANE, first=True) == "ok"
    worker.wake((LANE, 2, 2))
    assert claimed_ids(worker) == payloads("a", "b")


def test_no_more_are_woken_than_there_is_room_for_in_all(shard, worker):
    park(shard, worker, "a", "b")
    other = claim(shard, worker, Job(id="c"))
    worker.park(other, "h:api.acme.com:443")
    assert worker.wake((LANE, 5, 5), ("h:api.acme.com:443", 5, 5), at_most=2) == [(2, 0, 0), (0, 0, 1)]


def test_a_claim_that_is_not_ours_any_more_is_not_parked(shard, worker):
    held = claim(shard, worker, Job())
    shard.redis.hdel(worker.claims_key, held.field)
    assert worker.park(held) == "lost"
    assert not shard.redis.exists(shard.key("parked"))


def test_a_worker_that_is_not_known_wakes_nobody(shard, worker):
    park(shard, worker, "a")
    assert Worker(shard).wake((LANE, 1, 1)) is None
    assert shard.redis.hgetall(shard.key("parked")) == {LANE: "1"}


def test_a_renewal_names_the_lanes_that_wait(shard, worker):
    park(shard, worker, "a", "b")
    seen = worker.renew()
    assert (seen.parked, seen.lanes) == (2, [LANE])
    worker.wake((LANE, 2, 2))
    seen = worker.renew()
    assert (seen.parked, seen.lanes) == (0, [])


@pytest.mark.parametrize("broken", ["parked", f"parked:{LANE}:workflow"])
def test_what_cannot_be_parked_stays_claimed(shard, worker, broken):
    held = claim(shard, worker, Job())
    shard.redis.set(shard.key(broken), "somebody's string")
    assert worker.ask(Park(held, held.envelope(0), LANE, "workflow")).startswith("error")
    assert shard.redis.hexists(worker.claims_key, held.field)
    assert worker.renew() is not None


def test_a_worker_takes_no_more_workflows_than_it_has_room_for(shard, worker):
    for id in ("w1", "w2", "w3"):
        shard.push(Job(id=id), queue="workflow")
    shard.push(Job(id="c1"))
    worker.workflow_room = 1
    assert sorted(claimed_ids(worker)) == sorted(payloads("c1", "w1"))
    worker.workflow_room = 0
    shard.push(Job(id="c2"))
    assert claimed_ids(worker) == payloads("c2")
