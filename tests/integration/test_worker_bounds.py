# SPDX-License-Identifier: MIT
"""What an operator's options bound, and what is counted and said of what falls out. Contract, sections 1 and 11."""

import json
import re
import uuid

import pytest
from support.org import BY_SCHEMA, BY_WORKER, integration
from support.upstream import Answer, Held
from support.waiting import wait_until

WORKER = {"rate_limit": "10000/60"}
READ = {"method": "GET", "path": "/t"}


@pytest.fixture
def alone(start_worker, new_org, upstream):
    """`org, worker = alone(option=…)`: on a shard of their own."""

    def make(**options):
        shard = "bounds-" + uuid.uuid4().hex
        org = new_org("acme", shard=shard)
        org.put(integration(upstream.base_url, read=READ, create={"method": "POST", "path": "/t"}))
        return org, start_worker(shard=shard, **options)

    return make


def counter(worker, name):
    return int(re.search(rf"^bellhop_{name} (\d+)$", worker.page("/metrics")[1], re.MULTILINE)[1])


# Lists.


def test_what_falls_out_of_a_reply_queue_is_counted_and_said(alone):
    org, worker = alone(reply_max=2)
    for _ in range(7):
        org.push(org.job("tickets/read", reply_to="unread"))
    wait_until(lambda: counter(worker, "replies_dropped_total") == 5, "five replies to fall out")
    assert worker.logged("a list was at its maximum and its oldest entries fell out")["replies"] >= 1
    assert org.redis.llen(org.key("replies:unread")) == 2


def test_what_falls_out_of_dead_is_counted_and_said(alone):
    org, worker = alone(dead_max=3)
    for number in range(10):
        org.push(f"no job {number}", refused=BY_SCHEMA)
    wait_until(lambda: counter(worker, "dead_letters_dropped_total") == 7, "seven entries to fall out")
    assert worker.logged("a list was at its maximum and its oldest entries fell out")["dead"] >= 1
    assert [entry["payload"] for entry in org.dead()] == [f"no job {number}" for number in (9, 8, 7)]


def test_what_falls_out_of_an_audit_log_is_counted_and_said_once(alone):
    org, worker = alone(calls_max=100)
    for _ in range(3):
        jobs = [org.push(org.job("tickets/read")) for _ in range(150)]
        assert {org.reply(job)["status"] for job in jobs} == {"succeeded"}
    wait_until(lambda: counter(worker, "audit_trimmed_total") == 450 - len(org.audit()), "all to be counted")
    assert 100 <= len(org.audit()) < 350  # Redis trims whole nodes
    assert sum("audit log is at its maximum" in line["msg"] for line in worker.log) == 1


def test_a_confirmation_over_the_most_that_may_wait_is_counted(alone):
    org, worker = alone(pending_max=2)
    codes = [org.ask("tickets/create").code for _ in range(4)]
    assert codes == [None, None, "too_many_pending", "too_many_pending"]
    wait_until(lambda: 'bellhop_errors_total{code="too_many_pending"} 2' in worker.page("/metrics")[1], "the count")


# Times.


def test_after_result_ttl_an_id_is_free(alone, upstream):
    org, _ = alone(result_ttl=1)
    job = org.job("tickets/create")
    assert org.reply(org.push(job)).text == org.result(job["id"]).text
    wait_until(lambda: org.result(job["id"]) is None, "the result to be forgotten")
    assert org.reply(org.push({**job, "inputs": {}}))["status"] == "succeeded"
    assert len(upstream.received()) == 2


def test_after_reply_ttl_a_queue_that_nobody_reads_is_gone(alone):
    org, _ = alone(reply_ttl=1)
    job = org.push(org.job("tickets/read"))
    wait_until(lambda: org.has_reply(job["reply_to"]), "the reply")
    wait_until(lambda: not org.has_reply(job["reply_to"]), "the queue to expire")
    assert org.result(job["id"])["status"] == "succeeded"


# Sizes and numbers.


def test_max_job_bytes_is_the_longest_job(alone):
    org, _ = alone(max_job_bytes=400)
    job = json.dumps(org.job("tickets/read", reply_to="sized"))
    org.push(job + " " * (400 - len(job)))
    assert org.reply("sized")["status"] == "succeeded"
    org.push(job + " " * (401 - len(job)), refused=BY_WORKER)
    refused = org.reply("sized")
    assert refused.code == "invalid_job" and "401 bytes" in refused["error"]["message"]


def test_no_more_jobs_than_concurrency_are_in_flight(alone, upstream):
    org, worker = alone(concurrency=3)
    held = Held()
    upstream.on("/v1/t", held)
    jobs = [org.push(org.job("tickets/read")) for _ in range(10)]
    held.arrived(3)
    # Renewals of the lease come with a claim where there is room: two of them pass, and nothing more is taken.
    wait_until(lambda: "bellhop_in_flight_jobs 3" in worker.page("/metrics")[1], "three in flight")
    assert org.redis.llen(org.key("jobs:workflow")) == 7
    assert len(upstream.received()) == 3
    held.release()
    assert {org.reply(job)["status"] for job in jobs} == {"succeeded"}


def test_queues_are_served_by_their_weights_and_none_starves(start_worker, new_org, upstream):
    shard = "bounds-" + uuid.uuid4().hex
    org = new_org("acme", shard=shard)
    org.put(integration(upstream.base_url, read={"method": "GET", "path": "/{{q}}"}))
    for queue in ("chat", "workflow"):
        with org.redis.pipeline() as pipeline:
            for _ in range(200):
                org.push_into(pipeline, org.job("tickets/read", {"q": queue}, reply_to=queue), queue)
            pipeline.execute()
    start_worker(shard=shard, queues="decisions:1,chat:3,workflow:1", concurrency=1)
    asked = [request.path[4:] for request in upstream.wait_for(80)][:80]
    assert asked.count("chat") in range(55, 66) and asked.count("workflow") in range(15, 26)
    assert "workflow" in asked[:5]


# Who may be called, and how.


def test_a_credential_goes_in_clear_only_where_the_operator_allows_it(alone, upstream, other_upstream):
    org, _ = alone(allow_http=other_upstream.origin)
    for name, server in (("one", upstream), ("two", other_upstream)):
        org.put(integration(server.base_url, name, "bearer", read=READ))
        org.seal(name, "token", "a-token-in-the-clear")
    assert org.run("one/read").code == "invalid_definition"
    assert org.run("two/read")["status"] == "succeeded"
    assert upstream.received() == []


def test_log_level_says_how_much(alone):
    counts = {}
    for level in ("debug", "info", "warning"):
        org, worker = alone(log_level=level, ready=level != "warning")
        assert org.run("tickets/read")["status"] == "succeeded"
        worker.stop()
        counts[level] = {line["level"] for line in worker.log}
    assert counts["debug"] >= {"debug", "info"}
    assert "debug" not in counts["info"] and "info" in counts["info"]
    assert counts["warning"] <= {"warning", "error"}
