# SPDX-License-Identifier: MIT
"""A worker that may open fewer files than it was told to make calls: it makes fewer at once, and stays within reach."""

import pytest
from support.org import integration
from support.upstream import Answer, Held

FILES = 60
JOBS = 120
WORKER = {"rate_limit": "10000/1", "concurrency": 200, "org_slots": 200, "host_slots": 200}
FEW_FILES = ("sh", "-c", f'ulimit -n {FILES} && exec "$0" "$@"')


@pytest.fixture
def worker(start_worker):
    return start_worker(wrapper=FEW_FILES)


def desk(upstream):
    create = {"method": "POST", "path": "/t/{{n}}", "body": {"n": "{{n}}"}}
    return integration(upstream.base_url, read={"method": "GET", "path": "/t/{{n}}"}, create=create)


def push_together(jobs_of):
    for org, jobs in jobs_of:
        with org.redis.pipeline() as pipeline:
            for job in jobs:
                org.push_into(pipeline, job)
            pipeline.execute()


def test_calls_beyond_its_open_files_wait_for_their_turn(worker, acme, upstream):
    acme.put(desk(upstream))
    held = Held(Answer(json={}))
    upstream.on("/v1/t/first", held)
    warning = worker.logged("too few files may be opened for CONCURRENCY: it is lowered")
    assert warning["open_files"] == FILES and warning["asked"] == 200
    first = [acme.job("tickets/create", {"n": "first"}) for _ in range(JOBS)]
    push_together([(acme, first)])
    at_once = warning["concurrency"] - warning["concurrency"] // 10  # some are kept for chat
    held.arrived(at_once)
    assert worker.page("/livez")[0] == 200
    assert len(upstream.received()) == at_once
    held.release()
    assert [acme.reply(job)["status"] for job in first] == ["succeeded"] * JOBS
    assert len(upstream.received()) == JOBS
    assert worker.is_ready()


def test_connections_that_are_kept_for_many_orgs_leave_files_for_others(worker, new_org, upstream):
    """Each org first has a connection or two, then as many as there may be calls, one org after the other."""
    orgs = [new_org("many") for _ in range(12)]
    for org in orgs:
        org.put(desk(upstream))
        assert org.run("tickets/create", {"n": "one"})["status"] == "succeeded"
    for org in orgs:
        held = Held(Answer(json={}))
        upstream.on(f"/v1/t/{org.name}", held)
        jobs = [org.job("tickets/create", {"n": org.name}) for _ in range(10)]
        push_together([(org, jobs)])
        held.arrived(10)
        held.release()
        assert [org.reply(job)["status"] for job in jobs] == ["succeeded"] * 10
        assert worker.is_ready()
