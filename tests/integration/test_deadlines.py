# SPDX-License-Identifier: MIT
"""deadline_ms: Unix time by Redis's clock; past it nothing more is sent. Contract, section 2."""

import os
import subprocess
from pathlib import Path

import pytest
from support.org import integration
from support.programs import BUILD
from support.upstream import Held
from support.waiting import wait_until

WORKER = {"rate_limit": "1000/60"}
CALLS = {"read": {"method": "GET", "path": "/t"}, "create": {"method": "POST", "path": "/t"}}


def test_a_deadline_that_passes_while_a_job_waits_for_a_worker(start_worker, new_org, upstream, redis_server):
    acme = new_org(shard="waits")
    acme.put(integration(upstream.base_url, **CALLS))
    deadline = redis_server.now_ms() + 50
    late = [acme.push(acme.job("tickets/create", deadline_ms=deadline), queue) for queue in ("workflow", "chat")]
    good = acme.push(acme.job("tickets/create", deadline_ms=deadline + 60_000))
    redis_server.wait_for_clock(deadline)
    start_worker(shard="waits")
    assert [(acme.reply(job).code) for job in late] == ["expired"] * 2
    assert acme.reply(good)["status"] == "succeeded"
    assert len(upstream.received()) == 1


@pytest.mark.parametrize("action, told", [("read", ("timeout", "maybe")), ("create", ("outcome_unknown", "maybe"))])
def test_a_deadline_that_passes_during_the_call_ends_it(worker, acme, upstream, redis_server, action, told):
    acme.put(integration(upstream.base_url, **CALLS))
    upstream.on("/v1/t", Held())
    deadline = redis_server.now_ms() + 400
    reply = acme.run("tickets/" + action, deadline_ms=deadline)
    assert (reply.code, reply["sent"]) == told
    assert deadline - 50 <= redis_server.now_ms() < deadline + 3000
    assert len(upstream.received()) == 1


def test_a_deadline_in_the_far_future_is_no_longer_than_the_timeout(worker, acme, upstream):
    acme.put(integration(upstream.base_url, read={**CALLS["read"], "timeout_ms": 200}))
    upstream.on("/v1/t", Held())
    assert acme.run("tickets/read", deadline_ms=2**63 - 1).code == "timeout"


def test_a_decision_has_its_own_deadline_while_it_waits(start_worker, new_org, upstream, redis_server):
    acme = new_org(shard="decides")
    acme.put(integration(upstream.base_url, **CALLS))
    first = start_worker(shard="decides")
    token = acme.ask("tickets/create").token
    first.stop()
    deadline = redis_server.now_ms() + 50
    decision = acme.push(acme.decision(token, "approve", deadline_ms=deadline), "decisions")
    redis_server.wait_for_clock(deadline)
    start_worker(shard="decides")
    assert acme.reply(decision).code == "expired"
    assert acme.approve(token)["status"] == "succeeded"


CLOCK = Path(__file__).parents[1] / "chaos" / "clock.c"


@pytest.fixture
def wrong_clock(tmp_path, monkeypatch):
    """`wrong_clock(hours)`: programs that are started from here on believe that it is so much later."""

    def make(hours):
        library = tmp_path / "clock.so"
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, CLOCK, "-ldl"], check=True)
        monkeypatch.setenv("CHAOS_CLOCK", str(hours * 3600))
        monkeypatch.setenv("LD_PRELOAD", str(library))

    return make


@pytest.mark.skipif("address" in os.path.basename(BUILD), reason="the sanitizer wants to be the first library")
@pytest.mark.parametrize("hours", [-100, 100])
def test_it_is_redis_that_says_what_time_it_is(start_worker, new_org, upstream, redis_server, wrong_clock, hours):
    acme = new_org(shard=f"clock{hours}")
    acme.put(integration(upstream.base_url, **CALLS))
    wrong_clock(hours)
    worker = start_worker(shard=acme.shard, confirm_ttl=60)
    seen = worker.logged("ready")["time"]
    assert abs(redis_server.now_ms() / 1000 - as_unix(seen)) > 90 * 3600, "the clock is not wrong"
    now = redis_server.now_ms()
    assert acme.run("tickets/create", deadline_ms=now + 20_000)["status"] == "succeeded"
    assert acme.run("tickets/create", deadline_ms=now - 1).code == "expired"
    asked = acme.ask("tickets/create")
    assert abs(asked["confirmation"]["expires_at_ms"] - now - 60_000) < 10_000
    assert acme.approve(asked.token)["status"] == "succeeded"
    held = Held()
    upstream.on("/v1/t", held)
    assert acme.run("tickets/read", deadline_ms=redis_server.now_ms() + 300).code == "timeout"
    wait_until(worker.is_ready, "the worker to be ready")


def as_unix(text):
    return int(subprocess.run(["date", "-u", "-d", text, "+%s"], capture_output=True, check=True).stdout)
