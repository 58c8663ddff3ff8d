# SPDX-License-Identifier: MIT
"""Slots are shared: one org's or one host's jobs leave room for all others, and those over it wait in their order."""

import json
import time

import pytest
from support.org import integration
from support.upstream import Answer, Held
from support.waiting import wait_until

LEASE_MS = 500
WORKER = {"rate_limit": "100000/60", "lease_ms": LEASE_MS}
LIMIT = {"rate_limit": "100000/60"}


@pytest.fixture
def server(new_redis):
    return new_redis()


@pytest.fixture
def pool(start_worker, server):
    """`pool(concurrency=40, org_slots=10)`: a worker in the test's own Redis."""
    return lambda **options: start_worker(redis_url=server.unix_url, **options)


@pytest.fixture
def desks(new_org, server):
    """`desks("acme", upstream)`: an org whose tickets are at that upstream."""

    def make(name, upstream):
        org = new_org(name, redis=server, **LIMIT)
        org.put(integration(upstream.base_url, read={"method": "GET", "path": "/{{n}}", "inputs": N}))
        return org

    return make


N = {"type": "object", "required": ["n"], "properties": {"n": {"type": ["integer", "string"]}}}


def push(org, count, queue="workflow", first=0, **members):
    return [org.push(org.job("tickets/read", {"n": n}, **members), queue) for n in range(first, first + count)]


def parked(org):
    return sum(int(count) for count in org.redis.hvals(org.key("parked")))


def hold(upstream, count):
    held = Held(Answer(json={"held": True}))
    for n in range(count):
        upstream.on(f"/v1/{n}", held)
    return held


def crowd(org, upstream, count, running):
    """Pushes so many jobs, whose calls are held: so many of them run, and the rest waits."""
    held = hold(upstream, count)
    jobs = push(org, count)
    upstream.wait_for(running)
    wait_until(lambda: parked(org) == count - running, "all but the share (less what is kept for chat) to wait")
    return held, jobs


def paths(upstream):
    return [request.path for request in upstream.received()]


def all_done(org, jobs):
    for job in jobs:
        assert org.reply(job)["status"] == "succeeded"
    for key in ("parked", "begun", "retry"):
        assert not org.redis.exists(org.key(key)), key
    assert not org.redis.keys(org.key("parked:*"))


def test_an_org_has_its_share_of_the_slots_and_the_rest_waits(pool, desks, upstream, other_upstream):
    pool(concurrency=60, org_slots=20)
    acme, globex = desks("acme", upstream), desks("globex", other_upstream)
    held, jobs = crowd(acme, upstream, 100, running=18)
    assert globex.run("tickets/read", {"n": 1})["status"] == "succeeded"
    assert len(upstream.received()) == 18
    held.release()
    all_done(acme, jobs)
    assert len(upstream.received()) == 100


def test_those_that_wait_run_in_the_order_in_which_they_came(pool, desks, upstream):
    pool(concurrency=20, org_slots=1)
    acme = desks("acme", upstream)
    jobs = push(acme, 40)
    all_done(acme, jobs)
    assert paths(upstream) == [f"/v1/{n}" for n in range(40)]


def test_who_comes_later_does_not_pass_those_that_wait(pool, desks, upstream):
    pool(concurrency=20, org_slots=1)
    acme = desks("acme", upstream)
    held, jobs = crowd(acme, upstream, 5, running=1)
    jobs += push(acme, 5, first=5)
    held.release()
    all_done(acme, jobs)
    assert paths(upstream) == [f"/v1/{n}" for n in range(10)]


def test_a_tenth_of_the_slots_is_kept_for_chat(pool, desks, upstream, other_upstream):
    """Two orgs hold all that workflows may have; a person of a third is served."""
    pool(concurrency=20, org_slots=10, host_slots=20)
    orgs = [desks(name, upstream) for name in ("acme", "globex")]
    person = desks("initech", other_upstream)
    held = hold(upstream, 30)
    jobs = [(org, job) for org in orgs for job in push(org, 30)]
    upstream.wait_for(18)
    assert person.run("tickets/read", {"n": 1}, queue="chat")["status"] == "succeeded"
    late = person.push(person.job("tickets/read", {"n": 2}))
    assert person.run("tickets/read", {"n": 3}, queue="chat")["status"] == "succeeded"
    assert not person.has_reply(late["reply_to"]), "a workflow of whatever org has to wait"
    held.release()
    for org, job in jobs:
        assert org.reply(job)["status"] == "succeeded"
    assert person.reply(late)["status"] == "succeeded"


def test_a_person_does_not_wait_behind_the_workflows_of_the_same_org(pool, desks, upstream):
    pool(concurrency=40, org_slots=10)
    acme = desks("acme", upstream)
    held, jobs = crowd(acme, upstream, 50, running=9)
    assert acme.run("tickets/read", {"n": 77}, queue="chat")["status"] == "succeeded"
    held.release()
    all_done(acme, jobs)


def test_people_are_woken_before_workflows(pool, desks, upstream):
    pool(concurrency=20, org_slots=1)
    acme = desks("acme", upstream)
    held, jobs = crowd(acme, upstream, 5, running=1)
    jobs += push(acme, 2, queue="chat", first=5)
    wait_until(lambda: parked(acme) == 6, "the others to wait")
    held.release()
    all_done(acme, jobs)
    assert paths(upstream) == [f"/v1/{n}" for n in (0, 5, 6, 1, 2, 3, 4)]


def test_a_host_has_its_share_whoever_calls_it(pool, desks, upstream, other_upstream):
    pool(concurrency=40, org_slots=20, host_slots=10)
    acme, globex = desks("acme", upstream), desks("globex", upstream)
    initech = desks("initech", other_upstream)
    held = hold(upstream, 15)
    jobs = [(org, job) for org in (acme, globex) for job in push(org, 15)]
    upstream.wait_for(9)
    wait_until(lambda: parked(acme) == 21, "the others to wait")
    assert initech.run("tickets/read", {"n": 1})["status"] == "succeeded"
    acme.put(integration(other_upstream.base_url, name="other", read={"method": "GET", "path": "/x"}))
    assert acme.run("other/read")["status"] == "succeeded", "the org itself is not full"
    assert len(upstream.received()) == 9
    held.release()
    for org, job in jobs:
        assert org.reply(job)["status"] == "succeeded"


def test_jobs_that_wait_survive_the_worker_that_made_them_wait(pool, desks, upstream):
    first = pool(concurrency=20, org_slots=2)
    acme = desks("acme", upstream)
    held = hold(upstream, 2)
    jobs = push(acme, 20)
    upstream.wait_for(2)
    wait_until(lambda: parked(acme) == 18, "the others to wait")
    first.kill()
    upstream.on("/v1/0", Answer())
    upstream.on("/v1/1", Answer())
    pool(concurrency=20, org_slots=2)
    all_done(acme, jobs)
    held.release()


def test_jobs_that_wait_are_found_though_none_of_their_org_runs(pool, desks, upstream):
    """Who would have woken them died after the last one ended."""
    acme = desks("acme", upstream)
    job = acme.job("tickets/read", {"n": 1})
    acme.redis.lpush(acme.key("parked:o:" + acme.name + ":workflow"), f"w 0 dead.1 -\n{json.dumps(job)}")
    acme.redis.hset(acme.key("parked"), "o:" + acme.name, 1)
    pool()
    all_done(acme, [job])


def test_another_worker_with_room_takes_some_of_them(pool, desks, upstream):
    pool(concurrency=20, org_slots=2)
    acme = desks("acme", upstream)
    held, jobs = crowd(acme, upstream, 10, running=2)
    pool(concurrency=20, org_slots=2)
    upstream.wait_for(4)
    held.release()
    all_done(acme, jobs)


def test_nobody_polls_while_they_wait(pool, desks, upstream):
    pool(concurrency=20, org_slots=2)
    acme = desks("acme", upstream)
    held, jobs = crowd(acme, upstream, 10, running=2)

    def calls():
        return acme.redis.info("commandstats")["cmdstat_evalsha"]["calls"]

    before = calls()
    deadline = time.monotonic() + 1
    wait_until(lambda: time.monotonic() > deadline, "a second to pass")
    assert calls() - before < 30
    held.release()
    all_done(acme, jobs)


def test_a_deadline_that_passes_while_it_waits(pool, desks, upstream):
    pool(concurrency=20, org_slots=1)
    acme = desks("acme", upstream)
    held = hold(upstream, 1)
    (first,) = push(acme, 1)
    held.arrived()
    (late,) = push(acme, 1, first=5, deadline_ms=int(time.time() * 1000) + 300)
    wait_until(lambda: parked(acme) == 1, "it to wait")
    wait_until(lambda: time.time() * 1000 > late["deadline_ms"], "the deadline to pass")
    held.release()
    assert acme.reply(first)["status"] == "succeeded"
    reply = acme.reply(late)
    assert (reply.code, reply["sent"]) == ("expired", "no")
    assert "/v1/5" not in paths(upstream)


def test_a_flood_to_a_host_that_says_nothing_leaves_others_alone(pool, desks, upstream, other_upstream):
    """Thousands of one org, and each answer of another's takes what it takes when nothing else runs."""
    pool()
    acme, globex = desks("acme", upstream), desks("globex", other_upstream)
    upstream.on("/v1/flood", Held())
    pipeline = acme.redis.pipeline()
    for _ in range(5000):
        acme.push_into(pipeline, acme.job("tickets/read", {"n": "flood"}, reply_to=None))
    pipeline.execute()
    wait_until(lambda: parked(acme) == 5000 - 225, "the flood to be put aside", timeout=20)
    begun = time.monotonic()
    for n in range(50):
        assert globex.run("tickets/read", {"n": n})["status"] == "succeeded"
    assert time.monotonic() - begun < 5
    assert parked(acme) == 5000 - 225
    globex.redis.flushall()  # the flood is not waited for


def test_where_jobs_end_quickly_those_over_the_share_do_not_go_back_to_redis(pool, desks, upstream):
    worker = pool(concurrency=60, org_slots=10)
    acme = desks("acme", upstream)
    jobs = push(acme, 50)
    all_done(acme, jobs)
    assert "bellhop_put_back_total 0\n" in worker.page("/metrics")[1]
    assert sorted(paths(upstream)) == sorted(f"/v1/{n}" for n in range(50))


def test_those_that_wait_in_a_worker_that_is_told_to_stop_are_given_back(pool, desks, upstream):
    first = pool(concurrency=20, org_slots=1)
    acme = desks("acme", upstream)
    held = hold(upstream, 1)
    jobs = push(acme, 10)
    held.arrived()
    wait_until(lambda: not acme.redis.llen(acme.key("jobs:workflow")), "all to be claimed")
    first.ask_to_stop()
    pool(concurrency=20, org_slots=1)
    held.release()
    all_done(acme, jobs)
    assert sorted(paths(upstream)) == sorted(f"/v1/{n}" for n in range(10))
