# SPDX-License-Identifier: MIT
"""The scripts where a key is of another type than theirs: what needs it stops, nothing else does, and nothing is lost."""

import json
from dataclasses import replace

import pytest
from scripts_client import Done, Job, PutBack, Worker, reply_text
from scripts_words import begun, claim, is_settled, shard, worker  # noqa: F401


def test_a_reply_queue_that_is_no_list_keeps_the_result_and_buries_the_payload(shard, worker):
    shard.redis.set(shard.replies("chat-1"), "somebody's string")
    held = begun(shard, worker)
    assert worker.done(held) == "ok"
    assert shard.redis.get(shard.result(Job())) == reply_text(Job())
    [letter] = shard.dead()
    assert letter["payload"] == held.payload
    assert "reply queue" in letter["reason"] and letter["time_ms"] == shard.now_ms
    assert shard.redis.get(shard.replies("chat-1")) == "somebody's string"
    assert is_settled(shard, worker)


def test_the_other_replies_of_that_turn_are_pushed(shard, worker):
    shard.redis.set(shard.replies("bad"), "somebody's string")
    bad, good = Job(id="a", reply_to="bad"), Job(id="b", reply_to="good")
    first, second = begun(shard, worker, bad), begun(shard, worker, good)
    assert worker.turn(Done(first, bad), Done(second, good)).texts == ["ok", "ok"]
    assert shard.popped("good") == [reply_text(good)]


@pytest.mark.parametrize("word", ["duplicate", "waiting"])
def test_a_duplicate_whose_queue_is_no_list_is_buried_with_its_payload(shard, worker, word):
    if word == "duplicate":
        shard.redis.set(shard.result(Job()), reply_text(Job()))
    else:
        begun(shard, worker)
    shard.redis.set(shard.replies("bad"), "somebody's string")
    held = claim(shard, worker, Job(note="the newcomer"))
    assert worker.done(held, Job(reply_to="bad"), identity=True) == word
    assert [letter["payload"] for letter in shard.dead()] == [held.payload]
    assert not shard.redis.exists(shard.waiting(Job()))


def test_a_buried_payload_is_cut_at_64_kib_between_characters(shard, worker):
    shard.redis.set(shard.replies("chat-1"), "somebody's string")
    text = "a" + "é" * 40000
    shard.push(text)
    [held] = worker.claim()
    worker.begin(held)
    worker.done(held)
    [letter] = shard.dead()
    assert 65530 <= len(letter["payload"].encode()) <= 65536
    assert text.startswith(letter["payload"])


def test_a_dead_list_of_the_wrong_type_is_counted_as_dropped(shard, worker):
    shard.redis.set(shard.key("dead"), "somebody's string")
    held = claim(shard, worker)
    answer = worker.turn(Done(held, Job(), store=False, dead="x"))
    assert answer.texts == ["ok"] and answer.dead_dropped == 1


def test_an_audit_log_of_the_wrong_type_does_not_hold_up_the_reply(shard, worker):
    shard.redis.set(shard.calls("acme"), "somebody's string")
    answer = worker.turn(Done(begun(shard, worker), Job()))
    assert answer.texts == ["ok"]
    assert (answer.audit_lost, answer.audit_trimmed) == (1, 0)
    assert shard.popped() == [reply_text(Job())]


def test_what_falls_out_of_an_audit_log_is_counted(shard):
    worker = Worker(shard, calls_max=100).register()
    held = [begun(shard, worker, Job(id=f"j{i}", limit=900)) for i in range(300)]
    ends = [Done(c, Job(id=f"j{i}"), push=False) for i, c in enumerate(held)]
    trimmed = sum(worker.turn(*ends[i : i + 50]).audit_trimmed for i in range(0, 300, 50))
    assert trimmed > 0
    assert trimmed == 300 - shard.redis.xlen(shard.calls("acme"))


@pytest.mark.parametrize("tail", ["jobs:chat", "retry"])
def test_a_list_of_jobs_that_is_none_is_named_and_the_others_are_served(shard, worker, tail):
    shard.redis.set(shard.key(tail), "foreign")
    shard.push("a job", queue="workflow")
    answer = worker.turn(claim=5)
    assert answer.not_lists == shard.key(tail)
    assert [c.payload for c in answer.claims] == ["a job"]
    shard.redis.delete(shard.key(tail))
    assert worker.turn(claim=5).not_lists == ""


BROKEN = {
    "begun": lambda shard: shard.key("begun"),
    "pending": lambda shard: shard.pending("acme"),
    "integration": lambda shard: shard.integration(Job()),
    "secrets": lambda shard: shard.secrets(Job()),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_key_of_the_wrong_type_stops_its_item_alone_and_before_any_change(shard, worker, what):
    job = Job(secrets=(("token", ""),))
    pending = ("t1", shard.now_ms + 1000, 60, "frozen")
    held, fine = claim(shard, worker, job), claim(shard, worker, Job(id="fine"))
    key = BROKEN[what](shard)
    shard.redis.delete(key)
    shard.redis.lpush(key, "somebody's list")
    before = shard.redis.hgetall(worker.claims_key)
    item = Done(held, job, identity=True, basis=True, pending=pending)
    answer = worker.turn(item, PutBack("give", fine, fine.envelope(0)))
    assert answer.texts[0].startswith("error WRONGTYPE")
    assert answer.texts[1] == "ok"
    assert shard.redis.hget(worker.claims_key, held.field) == before[held.field]
    assert not shard.popped() and not shard.redis.exists(shard.result(job))
    shard.redis.delete(key)
    shard.define()
    assert worker.ask(item) == "ok"


LISTS = [("give", "retry"), ("retry", "delayed"), ("unsent", "delayed"), ("again", "delayed")]


@pytest.mark.parametrize("kind, key", LISTS)
def test_what_cannot_be_put_back_stays_claimed(shard, worker, kind, key):
    held = claim(shard, worker)
    shard.redis.set(shard.key(key), "somebody's string")
    item = PutBack(kind, held, held.envelope(0), shard.now_ms, Job())
    assert worker.ask(item).startswith("error WRONGTYPE")
    assert shard.redis.hexists(worker.claims_key, held.field)
    shard.redis.delete(shard.key(key))
    assert worker.ask(item) == "ok"


def test_a_begin_whose_window_is_broken_marks_nothing_and_lets_the_next_begin(shard, worker):
    held, other = claim(shard, worker), claim(shard, worker)
    shard.redis.set(shard.window(Job()), "somebody's string")
    assert worker.begin(held).startswith("error WRONGTYPE")
    assert not shard.redis.exists(shard.key("begun"))
    assert worker.begin(other, Job(id="b", action="close")).startswith("ok")


def test_waiters_of_the_wrong_type_do_not_hold_up_the_reply(shard, worker):
    first = begun(shard, worker)
    worker.done(claim(shard, worker), identity=True)
    shard.redis.delete(shard.waiting(Job()))
    shard.redis.set(shard.waiting(Job()), "somebody's string")
    assert worker.done(first) == "ok"
    assert shard.popped() == [reply_text(Job())]


def test_a_duplicate_that_cannot_wait_keeps_its_claim(shard, worker):
    begun(shard, worker)
    shard.redis.set(shard.waiting(Job()), "somebody's string")
    held = claim(shard, worker)
    assert worker.done(held, identity=True).startswith("error WRONGTYPE")
    assert shard.redis.hexists(worker.claims_key, held.field)


def test_digests_and_names_may_hold_what_patterns_make_of_letters(shard, worker):
    job = Job(id="a.b-c", org="x.y", digest="%d.*-[a]", action="a-b.c")
    shard.define(job)
    first = begun(shard, worker, job)
    assert worker.begin(first, job).startswith("ok")
    assert worker.done(claim(shard, worker, job), replace(job), identity=True) == "waiting"
    worker.done(first, job)
    assert len(shard.popped()) == 2 and json.loads(shard.redis.get(shard.result(job)))
