# SPDX-License-Identifier: MIT
"""The claim of scripts/turn/: jobs out of the queues into a worker's hands."""

import pytest
import redis
from scripts_client import QUEUES, Begin, Done, Job, PutBack, Shard, Worker


@pytest.fixture
def shard(redis_client):
    return Shard(redis_client, clock=True)


@pytest.fixture
def worker(shard):
    return Worker(shard).register()


def payloads(claims):
    return [claim.payload for claim in claims]


def test_a_claim_with_nothing_there_is_an_empty_answer(shard, worker):
    answer = worker.turn(claim=10)
    assert answer.claims == []
    assert answer.now_us == shard.now_us
    assert not shard.redis.exists(worker.claims_key)


def test_jobs_come_in_the_order_in_which_they_were_pushed(shard, worker):
    shard.push(*(f"job-{i}" for i in range(30)))
    assert payloads(worker.claim(20)) == [f"job-{i}" for i in range(20)]
    assert payloads(worker.claim(20)) == [f"job-{i}" for i in range(20, 30)]


def test_a_claim_takes_no_more_than_was_asked_for(shard, worker):
    shard.push("a", "b", "c")
    assert payloads(worker.claim(2)) == ["a", "b"]
    assert shard.redis.llen(shard.jobs("chat")) == 1
    assert worker.turn(claim=0).claims == []


def test_a_field_names_the_claim_its_queue_and_its_first_delivery(shard, worker):
    for queue in QUEUES:
        shard.push("from " + queue, queue=queue)
    letters = {claim.payload: claim.queue for claim in worker.claim(3)}
    assert letters == {"from decisions": "d", "from chat": "c", "from workflow": "w"}

    shard.push("x")
    [claim] = worker.claim()
    assert claim.field == f"{worker.W}.4 c 1 {worker.W}.4 -"
    assert claim.birth == claim.token


def test_what_was_claimed_is_in_redis_until_it_is_settled(shard, worker):
    shard.push("a", "b")
    claims = worker.claim(2)
    assert shard.redis.hgetall(worker.claims_key) == {c.field: c.payload for c in claims}
    assert shard.redis.llen(shard.jobs("chat")) == 0


def test_tokens_of_two_claims_differ_even_where_the_first_answer_was_lost(shard, worker):
    shard.push("a", "b")
    worker.claim(1)
    worker.claim(1)
    fields = shard.redis.hkeys(worker.claims_key)
    assert len({field.split()[0] for field in fields}) == 2


@pytest.mark.parametrize("payload", ["", "\n", "a b c\n\nd", "\0\r\n%d%s", "ü" * 70, "{" * 5000])
def test_a_payload_is_opaque(shard, worker, payload):
    shard.push(payload)
    [claim] = worker.claim()
    assert claim.payload == payload
    worker.give(claim)
    [again] = worker.claim()
    assert again.payload == payload


def test_bytes_that_are_no_text_come_through_unchanged(shard, worker, redis_server):
    raw = redis.Redis(unix_socket_path=redis_server.socket_path)
    payload = bytes(range(256))
    raw.lpush(shard.jobs("chat"), payload)
    raw_shard = Shard(raw, clock=True)
    args = [worker.member, worker.W, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1000, 1, 0, 0, 0, 8, 4, 1, 1000]
    keys = [shard.key(t) for t in ("workers", f"claims:{worker.W}", "begun", "retry", "dead")]
    keys += [shard.jobs(queue) for queue in QUEUES]
    assert raw_shard.call("turn", keys, args)[10] == payload


def test_the_queues_share_by_their_weights(shard, worker):
    for queue in QUEUES:
        shard.push(*["x"] * 3000, queue=queue)
    taken = {"d": 0, "c": 0, "w": 0}
    for _ in range(130):
        for claim in worker.claim(20):
            taken[claim.queue] += 1
    assert sum(taken.values()) == 2600
    assert abs(taken["d"] - 1600) <= 8
    assert abs(taken["c"] - 800) <= 8
    assert abs(taken["w"] - 200) <= 8


def test_the_weights_hold_for_claims_of_one_job(shard, worker):
    for queue in QUEUES:
        shard.push(*["x"] * 1000, queue=queue)
    taken = [worker.claim()[0].queue for _ in range(1300)]
    assert taken.count("d") == 800 and taken.count("c") == 400 and taken.count("w") == 100


def test_no_queue_waits_longer_than_one_round_of_the_weights(shard, worker):
    for queue in QUEUES:
        shard.push(*["x"] * 500, queue=queue)
    taken = [worker.claim()[0].queue for _ in range(390)]
    for start in range(0, len(taken) - 13):
        assert set(taken[start : start + 13]) == {"d", "c", "w"}


def test_an_empty_queue_gives_its_share_to_the_others(shard, worker):
    shard.push(*["x"] * 100, queue="workflow")
    assert len(worker.claim(50)) == 50
    shard.push(*["x"] * 1000, queue="decisions")
    taken = [claim.queue for claim in worker.claim(45)]
    assert taken.count("w") == 5  # nothing was saved up while it was alone


def test_a_queue_of_weight_zero_is_not_taken_from(shard):
    worker = Worker(shard, weights=(0, 4, 0)).register()
    for queue in QUEUES:
        shard.push("x", queue=queue)
    assert [claim.queue for claim in worker.claim(10)] == ["c"]


def test_what_was_put_back_comes_before_everything_else(shard, worker):
    shard.push("a", "b", queue="workflow")
    [a] = worker.claim()
    for queue in QUEUES:
        shard.push("new", queue=queue)
    worker.give(a)
    assert worker.claim(2)[0].payload == "a"


def test_what_was_put_back_keeps_queue_birth_and_carry_and_counts_the_delivery(shard, worker):
    shard.push("a", queue="workflow")
    [first] = worker.claim()
    assert worker.ask(PutBack("give", first, first.envelope(carry="2.maybe"))) == "ok"
    [second] = worker.claim()
    assert (second.queue, second.deliveries, second.birth) == ("w", "2", first.token)
    assert second.carry == "2.maybe"
    assert second.token != first.token


def test_a_claim_stops_at_its_bound_of_bytes(shard, worker):
    shard.push(*[str(i) * 1000 for i in range(9)])
    assert len(worker.claim(9, claim_bytes=2500)) == 3  # the one that goes over it is the last
    assert payloads(worker.claim(9, claim_bytes=1)) == ["3" * 1000]
    assert worker.claim(9, claim_bytes=0) == []
    assert payloads(worker.claim(9)) == [str(i) * 1000 for i in range(4, 9)]


def test_the_bound_of_bytes_holds_for_what_was_put_back_and_keeps_its_order(shard, worker):
    shard.push(*[str(i) * 1000 for i in range(6)])
    claims = worker.claim(6)
    worker.turn(*[PutBack("give", c, c.envelope(0)) for c in reversed(claims)])
    shard.push("new")
    assert payloads(worker.claim(9, claim_bytes=1500)) == ["0" * 1000, "1" * 1000]
    assert payloads(worker.claim(9))[:2] == ["2" * 1000, "3" * 1000]


def test_no_queue_starves_where_bytes_and_not_jobs_bound_the_claim(shard, worker):
    for queue in QUEUES:
        shard.push(*["x" * 1000] * 400, queue=queue)
    taken = [claim.queue for _ in range(130) for claim in worker.claim(64, claim_bytes=3500)]
    assert len(taken) == 520
    assert abs(taken.count("d") - 320) <= 3
    assert abs(taken.count("c") - 160) <= 3
    assert abs(taken.count("w") - 40) <= 3


def test_settles_begins_and_a_claim_go_in_one_call(shard, worker):
    shard.define()
    a, b = Job(id="a"), Job(id="b")
    shard.push(a, b)
    first, second = worker.claim(2)
    assert worker.begin(first, a).startswith("ok")
    shard.push("c")
    answer = worker.turn(Begin(second, b), Done(first, a), claim=5)
    assert answer.texts[0].startswith("ok ") and answer.texts[1] == "ok"
    assert payloads(answer.claims) == ["c"]


def test_an_entry_of_retry_that_is_none_is_a_dead_letter(shard, worker):
    shard.redis.rpush(shard.key("retry"), "not an envelope")
    shard.push("a")
    assert payloads(worker.claim(5)) == ["a"]
    [letter] = shard.dead()
    assert letter["payload"] == "not an envelope"
    assert letter["time_ms"] == shard.now_ms


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_that_is_no_list_does_not_hold_up_the_others(shard, worker, queue):
    shard.define()
    for name in QUEUES:
        shard.push("from " + name, queue=name)
    claims = {claim.payload: claim for claim in worker.claim(3)}
    shard.redis.set(shard.jobs(queue), "a producer's mistake")
    other = next(name for name in QUEUES if name != queue)
    shard.push("x", queue=other)
    answer = worker.turn(Done(claims["from " + queue], Job()), claim=5)
    assert answer.texts == ["ok"]
    assert payloads(answer.claims) == ["x"]
