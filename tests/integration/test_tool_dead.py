# SPDX-License-Identifier: MIT
"""bellhop dead: the list of what could not be run or answered, where no worker moves it."""

import json
import subprocess

import pytest
from support.dead import assert_refused, bury, define_desk, retry
from support.programs import BUILD, environment


@pytest.fixture
def acme(new_org, upstream):
    org = new_org("acme")
    for key in ("dead", "jobs:workflow"):
        org.redis.delete(org.key(key))
    define_desk(org, upstream)
    return org


def test_where_nothing_is_dead_it_says_so(acme):
    result = acme.done("dead", "list")
    assert (result.out, result.err) == ("", "nothing is dead\n")
    assert acme.done("dead", "list", "--json").json == {"dead": []}


def test_a_long_list_is_numbered_through(acme):
    for n in range(1, 131):
        bury(acme, f"payload {n}")
    listed = acme.done("dead", "list", "--json").json["dead"]
    assert [(entry["n"], entry["payload"]) for entry in listed] == [(n, f"payload {n}") for n in range(1, 131)]
    assert len(acme.done("dead", "list").out.splitlines()) == 130 * 3


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"payload": 1, "reason": "x"}', '{"reason": "x", "time_ms": 1}'])
def test_what_is_no_entry_is_listed_and_can_only_be_dropped(acme, text):
    acme.redis.lpush(acme.key("dead"), text)
    (entry,) = acme.done("dead", "list", "--json").json["dead"]
    assert (entry["payload"], entry["reason"], entry["time_ms"], entry["queue"]) == (text, None, None, None)
    assert "not an entry that a worker wrote" in acme.done("dead", "list").out
    assert_refused(acme, retry(acme, "1", "--queue", "workflow"), "entry 1 is none that a worker wrote")
    acme.done("dead", "drop", "1")
    assert acme.dead() == []


def test_a_payload_cannot_pass_for_another_entry(acme):
    bury(acme, "x\n   2  2026-01-01T00:00:00Z  workflow\n\x1b[2J", reason="workflow: a\nb")
    lines = acme.done("dead", "list").out.splitlines()
    assert len(lines) == 3 and "\x1b" not in lines[2]


def test_the_entry_that_was_named_is_dropped_and_shown(acme):
    jobs = [acme.job("tickets/read", {"n": n}) for n in range(3)]
    for job in jobs:
        bury(acme, job)
    dropped = acme.done("dead", "drop", "2", "--json").json
    assert (dropped["n"], json.loads(dropped["payload"])) == (2, jobs[1])
    assert acme.done("dead", "drop", "1").out == f"1: dropped, workflow {acme.name} {jobs[0]['id']} tickets/read\n"
    assert [json.loads(entry["payload"]) for entry in acme.dead()] == [jobs[2]]


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_an_entry_that_is_not_there_is_one_line(acme, command):
    bury(acme, "x")
    assert_refused(acme, acme.bellhop("dead", command, "2"), "there is no entry 2")


def test_an_id_deep_in_a_long_audit_log_is_found(acme):
    job = acme.job("tickets/create", {"n": 1})
    pipeline = acme.redis.pipeline()
    pipeline.xadd(acme.own("calls"), {"id": job["id"], "action": "create", "sent": "maybe"})
    for n in range(2500):
        pipeline.xadd(acme.own("calls"), {"id": f"other-{n}", "sent": "yes"})
    pipeline.execute()
    bury(acme, job)
    assert_refused(acme, retry(acme, "1"), "was begun and may not be repeated")
    other = acme.job("tickets/create", {"n": 1})
    bury(acme, other)
    assert retry(acme, "2").code == 0
    acme.redis.delete(acme.key("jobs:workflow"))


def test_what_could_only_expire_is_refused(acme):
    job = acme.job("tickets/read", {"n": 1}, deadline_ms=acme.redis.time()[0] * 1000 - 1)
    bury(acme, job)
    assert_refused(acme, retry(acme, "1"), "the deadline of entry 1 has passed")


@pytest.mark.parametrize("length, cut", [(65531, False), (65532, True), (65536, True), (70000, True)])
def test_what_may_have_been_cut_is_taken_for_cut(acme, length, cut):
    bury(acme, "x" * length)
    assert acme.done("dead", "list", "--json").json["dead"][0]["cut"] is cut


def test_of_many_who_try_one_entry_one_does(acme):
    for n in range(3):
        bury(acme, acme.job("tickets/read", {"n": n}))
    command = [f"{BUILD}/bellhop", "dead", "retry", "1"]
    running = [
        subprocess.Popen(command, env=environment(acme.options), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    codes = [process.communicate(timeout=30) and process.returncode for process in running]
    pushed = acme.redis.lrange(acme.key("jobs:workflow"), 0, -1)
    acme.redis.delete(acme.key("jobs:workflow"))
    assert codes.count(0) == len(pushed) == len(set(pushed)) == 3 - len(acme.dead())
    assert set(codes) <= {0, 1}


def test_keys_that_something_else_wrote_are_left_alone(acme):
    bury(acme, acme.job("tickets/read", {"n": 1}))
    acme.redis.set(acme.key("jobs:workflow"), "x")
    result = retry(acme, "1")
    assert result.code == 1 and "holds a string where Bellhop keeps a list" in result.err
    assert len(acme.dead()) == 1
    acme.redis.delete(acme.key("jobs:workflow"))


def test_a_full_redis_loses_no_entry(new_redis, new_org):
    server = new_redis()
    acme = new_org(redis=server)
    bury(acme, acme.job("tickets/read", {"n": 1}))
    server.client.config_set("maxmemory", 1)
    assert_refused(acme, retry(acme, "1"), "out of memory")
    assert acme.done("dead", "drop", "1").code == 0 and acme.dead() == []
