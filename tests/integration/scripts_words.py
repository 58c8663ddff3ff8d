# SPDX-License-Identifier: MIT
"""
What most tests of the scripts begin with. `from scripts_words import claim, shard, worker`: of these the fixtures are shard, a shard with
the org's definition on a clock that the test moves, and worker, one that registered in it.
"""

import pytest
from scripts_client import Job, Shard, Worker, reply_text


@pytest.fixture
def shard(redis_client):
    shard = Shard(redis_client, clock=True)
    shard.define()
    return shard


@pytest.fixture
def worker(shard):
    return Worker(shard).register()


def claim(shard, worker, job=Job()):
    shard.push(job)
    [claimed] = worker.claim()
    return claimed


def begun(shard, worker, job=Job()):
    """A claim whose call has begun."""
    claimed = claim(shard, worker, job)
    assert worker.begin(claimed, job).startswith("ok")
    return claimed


def failed(job=Job(), sent="no", **more):
    return reply_text(job, "failed", sent, **more)


def is_settled(shard, worker):
    return not shard.redis.exists(worker.claims_key) and not shard.leftovers()
