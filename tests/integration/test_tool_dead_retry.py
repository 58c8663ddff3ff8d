# SPDX-License-Identifier: MIT
"""bellhop dead retry: entries that real workers made, which workers get again."""

import json
import uuid

import pytest
from support.dead import assert_refused, bury, define_desk, exhaust, retry, wait_for_dead
from support.org import BY_SCHEMA
from support.upstream import Answer, Held
from support.waiting import wait_until

WORKER = {"rate_limit": "1000/60"}


@pytest.fixture
def acme(new_org, upstream):
    org = new_org("acme")
    org.redis.delete(org.key("dead"))
    define_desk(org, upstream)
    return org


def test_what_a_worker_buried_is_listed_the_oldest_first(worker, acme):
    before = acme.redis.time()[0] * 1000
    acme.push("hello", refused=BY_SCHEMA)
    wait_for_dead(acme)
    job = exhaust(acme, acme.job("tickets/read", {"n": 1}), "chat")
    acme.reply(job)
    wait_for_dead(acme, 2)
    first, second = acme.done("dead", "list", "--json").json["dead"]
    assert (first["n"], first["queue"], first["payload"]) == (1, "workflow", "hello")
    assert (first["org"], first["id"], first["cut"]) == (None, None, False)
    assert first["reason"].startswith("workflow: This is no job: ")
    assert (second["n"], second["queue"], second["org"], second["id"]) == (2, "chat", acme.name, job["id"])
    assert json.loads(second["payload"]) == job
    assert before <= first["time_ms"] <= second["time_ms"] < before + 60000
    lines = acme.done("dead", "list").out.splitlines()
    assert lines[0].split()[0] == "1" and lines[0].endswith("  workflow")
    assert lines[1].strip() == first["reason"] and lines[2].strip() == "hello"
    assert lines[3].split()[0] == "2" and lines[3].endswith(f"  chat {acme.name} {job['id']} tickets/read")
    assert lines[4].strip() == second["reason"]


def test_it_needs_no_org(worker, acme, bellhop):
    acme.push("hello", refused=BY_SCHEMA)
    wait_for_dead(acme)
    assert len(bellhop("dead", "list", "--json", org=None).json["dead"]) == 1


def test_a_job_that_was_never_begun_runs_and_its_reply_comes(worker, acme, upstream):
    job = exhaust(acme, acme.job("tickets/create", {"n": 1}))
    assert acme.reply(job).code == "internal"
    (entry,) = wait_for_dead(acme)
    assert entry["reason"].startswith("workflow: The job was delivered 3 times")
    result = retry(acme, "1", "--json")
    assert result.json == {"n": 1, "retried": True, "queue": "workflow", "org": acme.name, "id": job["id"]}
    assert acme.reply(job)["status"] == "succeeded"
    assert acme.dead() == [] and len(upstream.received("/v1/c/1")) == 1


def test_a_job_of_chat_is_asked_about_again(worker, acme, upstream):
    job = exhaust(acme, acme.job("tickets/create", {"n": 1}), "chat")
    acme.reply(job)
    wait_for_dead(acme)
    assert_refused(acme, retry(acme, "1", "--queue", "workflow"), "entry 1 came from chat and can go back there only")
    assert retry(acme, "1").out == f"1: back on chat, {acme.name} {job['id']}\n"
    assert acme.reply(job)["status"] == "confirmation_pending"
    assert upstream.received() == []


def test_what_is_no_job_goes_back_and_is_buried_again(worker, acme):
    acme.push("hello", refused=BY_SCHEMA)
    (before,) = wait_for_dead(acme)
    result = retry(acme, "1")
    assert result.code == 0 and "warning: this is no job" in result.err
    wait_until(lambda: acme.dead() and acme.dead()[0]["time_ms"] > before["time_ms"], "the job to be buried again")
    assert acme.dead()[0]["payload"] == "hello" and len(acme.dead()) == 1


def test_what_runs_right_now_is_refused(worker, acme, upstream):
    held = Held()
    upstream.on("/v1/r/1", held)
    job = acme.push(acme.job("tickets/read", {"n": 1}))
    held.arrived()
    bury(acme, job)
    assert_refused(acme, retry(acme, "1"), f"{job['id']} of org {acme.name} is under way")
    held.release()
    assert acme.reply(job)["status"] == "succeeded"


def test_what_was_answered_is_refused(worker, acme):
    job = acme.job("tickets/read", {"n": 1})
    assert acme.reply(acme.push(job))["status"] == "succeeded"
    bury(acme, job)
    assert_refused(acme, retry(acme, "1"), f"{job['id']} of org {acme.name} was answered already (succeeded)")
    bury(acme, {**job, "inputs": {"n": 2}})
    assert_refused(acme, retry(acme, "2"), "was used for another job since", 2)


def test_a_failed_job_of_which_nothing_was_sent_does_not_keep_its_id(worker, acme):
    job = acme.job("tickets/read", {})
    assert acme.reply(acme.push(job)).code == "invalid_inputs"
    bury(acme, job)
    assert retry(acme, "1").code == 0
    assert acme.reply(job).code == "invalid_inputs"


def test_what_a_script_buried_needs_a_queue_and_was_answered(worker, acme):
    reply_to = "taken-" + acme.new_id()
    acme.redis.set(acme.key("replies:" + reply_to), "somebody's")
    job = acme.push(acme.job("tickets/create", {"n": 1}, reply_to=reply_to))
    (entry,) = wait_for_dead(acme)
    assert "reply queue is not a list" in entry["reason"]
    result = retry(acme, "1")
    assert result.code == 2 and "--queue decisions, chat or workflow" in result.err
    assert_refused(acme, retry(acme, "1", "--queue", "workflow"), "was answered already (succeeded)")
    assert retry(acme, "1", "--queue", "jobs").code == 2
    assert acme.done("dead", "list", "--json").json["dead"][0]["id"] == job["id"]


def test_a_decision_goes_back_to_decisions(worker, acme, upstream):
    token = acme.ask("tickets/create", {"n": 1}).token
    decision = exhaust(acme, acme.decision(token, "approve"), "decisions")
    assert acme.reply(decision).code == "internal"
    wait_for_dead(acme)
    assert retry(acme, "1").out == f"1: back on decisions, {acme.name} {decision['id']}\n"
    assert acme.reply(decision)["status"] == "succeeded"
    assert len(upstream.received("/v1/c/1")) == 1


def test_a_payload_that_was_cut_or_was_no_utf8_is_refused(worker, acme):
    job = acme.job("tickets/read", {"n": "x" * 70000}, reply_to=None)
    acme.push(json.dumps({**job, "unknown": 1}), refused=BY_SCHEMA)
    wait_for_dead(acme)
    assert acme.done("dead", "list", "--json").json["dead"][0]["cut"] is True
    assert_refused(acme, retry(acme, "1"), "was cut at 64 KiB")
    acme.push(json.dumps({**job, "inputs": {"n": "?"}}).encode().replace(b"?", b"\xff"), refused=BY_SCHEMA)
    wait_for_dead(acme, 2)
    assert_refused(acme, retry(acme, "2"), "bytes that were not UTF-8", 2)


def test_what_a_script_buried_of_no_utf8_is_refused(worker, acme):
    reply_to = "taken-" + acme.new_id()
    acme.redis.set(acme.key("replies:" + reply_to), "somebody's")
    text = json.dumps(acme.job("tickets/read", {"n": "?"}, reply_to=reply_to))
    reply_first = text.replace('"reply_to"', '"was"').replace('{', f'{{"reply_to": "{reply_to}", ', 1)
    acme.push(reply_first.encode().replace(b"?", b"\xff"), refused=BY_SCHEMA)
    (entry,) = wait_for_dead(acme)
    assert "reply queue is not a list" in entry["reason"] and "\ufffd" in entry["payload"]
    assert_refused(acme, retry(acme, "1", "--queue", "workflow"), "bytes that were not UTF-8")


def kill_in_the_middle(org, start_worker, upstream, job, path):
    """A worker dies in the middle of the call, and its claim comes back as if for the fourth time."""
    held = Held()
    upstream.on(path, held)
    dying = start_worker(shard=org.shard, lease_ms=60000)
    org.push(job)
    held.arrived()
    dying.kill()
    upstream.reset()
    (claims,) = [key for key in org.redis.scan_iter(match=org.key("claims:*")) if job["id"] in str(org.redis.hvals(key))]
    ((field, payload),) = org.redis.hgetall(claims).items()
    _, queue, _, birth, carry = field.split(" ")
    org.redis.delete(claims)
    org.redis.lpush(org.key("retry"), f"{queue} 3 {birth} {carry}\n{payload}")
    start_worker(shard=org.shard)


@pytest.fixture
def alone(new_org, upstream):
    """On a shard of its own, where only the workers are that the test starts."""
    org = new_org("acme", shard="dead-" + uuid.uuid4().hex)
    define_desk(org, upstream)
    return org


@pytest.fixture
def begun(start_worker, alone, upstream):
    """`begun(action, path)`: the job of an entry that a worker buried because its call was begun."""

    def make(action, path):
        job = alone.job(action, {"n": 7})
        kill_in_the_middle(alone, start_worker, upstream, job, path)
        assert alone.reply(job).code == "outcome_unknown"
        assert len(wait_for_dead(alone)) == 1
        return job

    return make


def test_what_began_and_may_not_be_repeated_is_refused_for_ever(begun, alone, upstream):
    job = begun("tickets/create", "/v1/c/7")
    words = f"{job['id']} of org {alone.name} was begun and may not be repeated"
    assert_refused(alone, retry(alone, "1"), words)
    # Its result is gone after RESULT_TTL; the entry's own reason tells.
    alone.redis.delete(alone.key(f"result:{alone.name}:{job['id']}"))
    assert_refused(alone, retry(alone, "1"), words)
    # And where that tells nothing, the audit log.
    alone.redis.delete(alone.key("dead"))
    bury(alone, job)
    assert_refused(alone, retry(alone, "1"), words)
    alone.redis.delete(alone.own("calls"))
    assert retry(alone, "1").code == 0
    assert upstream.wait_for(1, "/v1/c/7")


def test_what_began_and_may_be_repeated_runs(begun, alone, upstream):
    job = begun("tickets/read", "/v1/r/7")
    upstream.on("/v1/r/7", Answer(json={"second": True}))
    assert retry(alone, "1").code == 0
    reply = alone.reply(job)
    assert (reply["status"], reply["output"]) == ("succeeded", {"second": True})
    assert alone.result(job["id"])["status"] == "succeeded" and alone.dead() == []
