# SPDX-License-Identifier: MIT
"""The list of the dead: how an entry gets there, and what must hold where a retry of one is refused."""

import json

from . import schemas
from .org import integration
from .waiting import wait_until


def define_desk(org, upstream):
    """`read` may be repeated, `create` may not."""
    read, create = {"method": "GET", "path": "/r/{{n}}"}, {"method": "POST", "path": "/c/{{n}}"}
    org.put(integration(upstream.base_url, read=read, create=create))


def wait_for_dead(org, count=1):
    wait_until(lambda: len(org.dead()) >= count, "an entry in dead")
    assert len(org.dead()) == count
    return org.dead()


def exhaust(org, job, queue="workflow"):
    """As if three workers had died over the job: the next delivery is the fourth."""
    schemas.check("decision" if queue == "decisions" else "job", job)
    letter = {"decisions": "d", "chat": "c", "workflow": "w"}[queue]
    org.redis.lpush(org.key("retry"), f"{letter} 3 {job['id']}.0 -\n{json.dumps(job)}")
    return job


def bury(org, payload, reason="workflow: The test says so.", time_ms=1795000000000):
    """An entry as a worker writes it, of what no worker was given."""
    payload = payload if isinstance(payload, str) else json.dumps(payload)
    org.redis.lpush(org.key("dead"), json.dumps({"payload": payload, "reason": reason, "time_ms": time_ms}))


def retry(org, *arguments):
    return org.bellhop("dead", "retry", *arguments)


def assert_refused(org, result, words, entries=1):
    """One line, nothing pushed, nothing lost."""
    assert (result.code, result.out) == (1, ""), result
    assert words in result.err and result.err.count("\n") == 1, result.err
    assert org.redis.llen(org.key("dead")) == entries
    for queue in ("decisions", "chat", "workflow"):
        assert org.redis.llen(org.key("jobs:" + queue)) == 0
