# SPDX-License-Identifier: MIT
"""A worker dies, or stalls over its lease, at each step of the pipeline: contract, section 10. The worker is the one of
`make test-programs`, which stops where it is told."""

import json
import os
import signal
import subprocess

import pytest
from support.org import integration
from support.programs import BUILD, TOP
from support.upstream import Answer
from support.waiting import wait_until

LEASE_MS = 600
WORKER = {"rate_limit": "1000/60", "lease_ms": LEASE_MS, "confirm_ttl": 60}
STEPS = ("parse", "load", "render", "confirm", "authorize", "begin", "call", "map", "settle")
PLACES = [(step, how) for step in STEPS for how in ("enters", "leaves")]
NOT_BEGUN = PLACES[: PLACES.index(("begin", "leaves"))]
NOT_SENT = [*NOT_BEGUN, ("begin", "leaves"), ("call", "enters")]
SETTLED = [("settle", "leaves")]


@pytest.fixture(scope="module", autouse=True)
def programs():
    """Built by scripts/test; here for whoever runs this file alone."""
    name = os.path.basename(BUILD)
    sanitizers = ",".join(name.split("-")[1:])
    if not os.path.exists(os.path.join(BUILD, "bellhopd-stops")):
        words = ["make", "-s", "-C", TOP, f"B={name}", "test-programs"] + ([f"SAN={sanitizers}"] if sanitizers else [])
        subprocess.run(words, check=True)


@pytest.fixture
def acme(new_org, shard, request, upstream):
    """On a shard of the test's own: what dies in it meets nobody else's jobs."""
    org = new_org("acme", shard=f"{shard}-{abs(hash(request.node.name))}")
    org.put(
        integration(
            upstream.base_url,
            auth="bearer",
            read={"method": "GET", "path": "/t"},
            create={"method": "POST", "path": "/t", "body": {"a": 1}},
        )
    )
    org.seal("tickets", "token", "a-token-of-the-desk")
    return org


@pytest.fixture
def start(start_worker, acme):
    return lambda **options: start_worker(shard=acme.shard, **options)


@pytest.fixture
def start_doomed(start):
    """A worker to which `how` happens when a job `enters` or `leaves` that step."""

    def make(step, enters_or_leaves, how="kill", **options):
        told = {"BELLHOP_STOP_AT": f"{step} {enters_or_leaves} {how}"}
        return start(program="bellhopd-stops", variables=told, **options)

    return make


def wait_dead(worker):
    assert worker.process.wait(10) == -signal.SIGKILL
    worker.reader.join()


def is_stalled(worker):
    with open(f"/proc/{worker.process.pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def told(reply):
    return reply.code or reply["status"], reply["sent"]


def nothing_is_left(org):
    names = ("jobs:workflow", "jobs:chat", "jobs:decisions", "begun", "retry", "delayed", "dying", "parked")
    for name in names:
        wait_until(lambda name=name: not org.redis.exists(org.key(name)), f"nothing left in {name}")
    wait_until(lambda: not list(org.redis.scan_iter(org.key("claims:*"))), "no claims left")
    assert not [*org.redis.scan_iter(org.key("waiting:*")), *org.redis.scan_iter(org.key("parked:*"))]


def expected(place):
    """Of a call that may not be repeated: what is told, and how often the upstream sees it."""
    if place in NOT_BEGUN or place in SETTLED:
        return ("succeeded", "yes"), 1
    return ("outcome_unknown", "maybe"), 0 if place in NOT_SENT else 1


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_a_worker_that_is_killed_there_leaves_one_reply_and_no_second_send(start, start_doomed, acme, upstream, place):
    doomed = start_doomed(*place)
    job = acme.push(acme.job("tickets/create"))
    wait_dead(doomed)
    start()
    end, seen = expected(place)
    reply = acme.reply(job)
    assert told(reply) == end
    if end[0] == "outcome_unknown":
        assert reply["error"]["details"]["cause"] == "worker_lost"
    assert len(upstream.received()) == seen
    nothing_is_left(acme)
    assert not acme.has_reply(job["reply_to"])


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_what_may_be_repeated_succeeds_wherever_its_worker_is_killed(start, start_doomed, acme, upstream, place):
    doomed = start_doomed(*place)
    job = acme.push(acme.job("tickets/read"))
    wait_dead(doomed)
    start()
    assert told(acme.reply(job)) == ("succeeded", "yes")
    assert len(upstream.received()) == (1 if place in NOT_SENT or place in SETTLED else 2)
    nothing_is_left(acme)
    assert not acme.has_reply(job["reply_to"])


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_a_worker_that_stalls_there_over_its_lease_adds_nothing_when_it_wakes(start, start_doomed, acme, upstream, place):
    doomed = start_doomed(*place, how="stop")
    job = acme.push(acme.job("tickets/create"))
    wait_until(lambda: is_stalled(doomed), "the worker to stall")
    start()
    end, seen = expected(place)
    assert told(acme.reply(job)) == end
    wait_until(lambda: not list(acme.redis.scan_iter(acme.key("claims:*"))), "its claims to be taken over")
    doomed.process.send_signal(signal.SIGCONT)
    wait_until(doomed.is_ready, "the stalled worker to work again")
    assert told(acme.run("tickets/read")) == ("succeeded", "yes")
    assert len(upstream.received()) == seen + 1
    assert not acme.has_reply(job["reply_to"])
    nothing_is_left(acme)


# Decisions.


@pytest.mark.parametrize("place", [("begin", "enters"), ("begin", "leaves"), ("call", "enters"), ("call", "leaves")], ids=" ".join)
def test_a_worker_that_is_killed_between_an_approval_and_its_call(start, start_doomed, acme, upstream, place):
    first = start()
    token = acme.ask("tickets/create").token
    first.stop()
    doomed = start_doomed(*place)
    decision = acme.push(acme.decision(token, "approve"), "decisions")
    wait_dead(doomed)
    start()
    end, seen = expected(place)
    assert told(acme.reply(decision)) == end
    assert acme.approve(token).code == "confirmation_used"
    assert len(upstream.received()) == seen
    nothing_is_left(acme)


# A job that kills whoever touches it.


@pytest.mark.parametrize("place", [("parse", "enters"), ("render", "enters"), ("call", "enters"), ("map", "enters")], ids=" ".join)
def test_a_job_that_crashes_its_worker_each_time_ends_in_dead_with_one_reply(start, start_doomed, acme, upstream, place):
    job = acme.push(acme.job("tickets/read"))
    for _ in range(3):
        wait_dead(start_doomed(*place, ready=False))
    start()
    reply = acme.reply(job)
    assert reply.code in ("internal", "outcome_unknown")
    assert not reply["error"]["retryable"]
    assert reply["sent"] == ("no" if place in NOT_BEGUN else "maybe")
    [entry] = acme.dead()
    assert json.loads(entry["payload"])["id"] == job["id"]
    assert told(acme.run("tickets/read")) == ("succeeded", "yes")
    assert len(upstream.received()) == (1 if place in NOT_SENT else 4)
    nothing_is_left(acme)
    assert not acme.has_reply(job["reply_to"])


def test_the_jobs_beside_one_that_crashes_its_worker_come_to_their_ends(start, start_doomed, acme, upstream):
    """All workers are doomed, and there is always a next one."""
    upstream.on("/v1/t", Answer(json={"fine": True}))
    for _ in range(20):
        acme.push(acme.job("tickets/read", reply_to="all"))
    for _ in range(3):
        wait_dead(start_doomed("map", "leaves", ready=False))
    start()
    replies = [acme.reply("all") for _ in range(20)]
    assert len({reply["id"] for reply in replies}) == 20
    assert {told(reply)[0] for reply in replies} <= {"succeeded", "internal", "outcome_unknown"}
    nothing_is_left(acme)
    assert not acme.has_reply("all")


# Time passes meanwhile.


def test_the_deadline_of_a_delayed_job_passes_while_no_worker_is_there(start, start_doomed, acme, upstream):
    upstream.on("/v1/t", Answer(503, headers={"Retry-After": "1"}), Answer(json={}))
    first = start()
    job = acme.push(acme.job("tickets/read", deadline_ms=1500 + acme.redis.time()[0] * 1000 + 500))
    wait_until(lambda: acme.redis.zcard(acme.key("delayed")) == 1, "the job to be delayed")
    first.kill()

    def is_late():
        seconds, microseconds = acme.redis.time()
        return seconds * 1000 + microseconds // 1000 > job["deadline_ms"]

    wait_until(is_late, "its deadline")
    start()
    reply = acme.reply(job)
    assert told(reply) == ("upstream_status", "yes"), "the error of the attempt that was made"
    assert reply["error"]["details"]["status"] == 503
    assert len(upstream.received()) == 1
    nothing_is_left(acme)
