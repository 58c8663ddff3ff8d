# SPDX-License-Identifier: MIT
"""
The scripts where Redis is out of memory and does not evict. Redis looks at that only until a script's first write, so what is
here already comes to its end: jobs are settled, begun and claimed, leases live on. Only producers are refused.
"""

import pytest
from redis.exceptions import ResponseError
from scripts_client import Begin, Done, Job, PutBack, Shard, Worker, reply_text
from scripts_words import begun, claim, worker  # noqa: F401
from support.redis_process import RedisProcess

HOUR_MS = 3600_000


@pytest.fixture(scope="module")
def server():
    server = RedisProcess(maxmemory_policy="noeviction")
    yield server
    server.close()


@pytest.fixture
def shard(server):
    server.client.config_set("maxmemory", 0)
    server.client.flushall()
    shard = Shard(server.client, clock=True)
    shard.define()
    for script in shard.scripts:
        shard.shas[script] = server.client.script_load(shard.scripts[script])
    yield shard
    server.client.config_set("maxmemory", 0)


def run_out(shard):
    """From here on Redis has no memory."""
    shard.redis.config_set("maxmemory", 1)
    with pytest.raises(ResponseError, match="maxmemory"):
        shard.push("one more")


def test_a_call_that_was_begun_is_answered(shard, worker):
    held = begun(shard, worker)
    run_out(shard)
    assert worker.done(held) == "ok"
    assert shard.popped() == [reply_text(Job())]
    assert shard.redis.get(shard.result(Job())) == reply_text(Job())
    assert shard.redis.xlen(shard.calls("acme")) == 1
    assert not shard.leftovers()


def test_every_other_end_is_reached(shard, worker):
    first = begun(shard, worker, Job(id="first"))
    names = ["same", "pending", "failed", "given", "later", "unsent", "dead"]
    jobs = {name: Job(id="first" if name == "same" else name) for name in names}
    held = {name: claim(shard, worker, job) for name, job in jobs.items()}
    worker.begin(held["unsent"], jobs["unsent"])
    later = shard.now_ms + 1000
    ends = {
        "same": Done(held["same"], jobs["same"], identity=True),
        "pending": Done(
            held["pending"],
            jobs["pending"],
            identity=True,
            basis=True,
            pending=("t1", shard.now_ms + HOUR_MS, 7200, "frozen"),
        ),
        "failed": Done(held["failed"], jobs["failed"], identity=True, basis=True),
        "given": PutBack("give", held["given"], held["given"].envelope(0)),
        "later": PutBack("retry", held["later"], held["later"].envelope(0), later),
        "unsent": PutBack("unsent", held["unsent"], held["unsent"].envelope(0), later, jobs["unsent"]),
        "dead": Done(held["dead"], jobs["dead"], store=False, push=False, dead='"letter"'),
    }
    run_out(shard)
    texts = [worker.ask(end) for end in ends.values()]
    assert texts == ["waiting"] + ["ok"] * 6
    assert worker.done(first, Job(id="first")) == "ok"
    assert shard.redis.exists(shard.confirm("acme", "t1"), shard.pending("acme")) == 2
    assert len(shard.popped()) == 4 and shard.dead() == ["letter"]
    assert not shard.redis.exists(worker.claims_key)


def test_a_no_is_answered(shard, worker):
    pending = ("t1", shard.now_ms + HOUR_MS, 7200, "frozen")
    worker.done(claim(shard, worker), identity=True, basis=True, pending=pending)
    decision = Job(id="d1", token="t1")
    held = claim(shard, worker, decision)
    run_out(shard)
    assert worker.done(held, decision, identity=True, basis=True, decline=True) == "ok"


def test_what_was_pushed_is_claimed_begun_and_answered(shard, worker):
    shard.push(Job())
    run_out(shard)
    [held] = worker.claim()
    assert worker.begin(held).startswith("ok")
    assert worker.done(held) == "ok"
    assert shard.popped() == [reply_text(Job())]


def test_the_limit_is_kept(shard, worker):
    held = [claim(shard, worker, Job(id=f"j{i}")) for i in range(4)]
    run_out(shard)
    texts = worker.turn(*[Begin(c, Job(id=f"j{i}", limit=3)) for i, c in enumerate(held)]).texts
    assert [text.split()[0] for text in texts] == ["ok"] * 3 + ["rate_limited"]


def test_leases_live_on_and_due_jobs_are_promoted(shard, worker):
    worker.retry(claim(shard, worker), shard.now_ms)
    shard.pass_ms(1000)
    run_out(shard)
    assert worker.renew().promoted == 1
    assert shard.redis.zscore(shard.key("workers"), worker.member) == shard.now_ms
    assert len(worker.claim()) == 1


def test_a_dead_worker_s_jobs_are_taken_over(shard, worker):
    other = Worker(shard).register()
    held = claim(shard, other)
    shard.redis.zadd(shard.key("workers"), {other.member: 1})
    run_out(shard)
    assert worker.take_over() == 1
    assert worker.claim()[0].birth == held.birth


def test_workers_come_in_come_back_and_go(shard, worker):
    held = claim(shard, worker)
    run_out(shard)
    assert worker.come_back() == [held.field]
    other = Worker(shard).register()
    worker.leave()
    assert other.renew().dying == [worker.W]
    assert other.take_over() == 1
