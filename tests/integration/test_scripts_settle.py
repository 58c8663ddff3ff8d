# SPDX-License-Identifier: MIT
"""The settle of scripts/turn/: an end of a claim, exactly once, and what it leaves behind."""

import pytest
from scripts_client import AUDIT_FIELDS, Done, Job, Worker, reply_text
from scripts_words import begun, claim, failed, is_settled, shard, worker  # noqa: F401

# Done: the usual end


def test_a_reply_is_pushed_and_kept_and_nothing_else_is_left(shard, worker):
    held = begun(shard, worker)
    reply = reply_text(Job(), output={"ticket": 4711})
    assert worker.done(held, reply=reply) == "ok"
    assert shard.popped() == [reply]
    assert shard.redis.get(shard.result(Job())) == reply
    assert is_settled(shard, worker)


def test_result_and_reply_queue_expire_as_they_were_told(shard):
    worker = Worker(shard, result_ttl=50, reply_ttl=70).register()
    worker.done(begun(shard, worker))
    assert 45 < shard.redis.ttl(shard.result(Job())) <= 50
    assert 65 < shard.redis.ttl(shard.replies("chat-1")) <= 70


def test_a_push_renews_the_life_of_a_reply_queue(shard, worker):
    shard.redis.lpush(shard.replies("chat-1"), "old")
    shard.redis.expire(shard.replies("chat-1"), 5)
    worker.done(begun(shard, worker))
    assert shard.redis.ttl(shard.replies("chat-1")) > 86000


def test_without_reply_to_only_the_result_is_written(shard, worker):
    job = Job(reply_to="")
    assert worker.done(begun(shard, worker, job), job) == "ok"
    assert shard.redis.exists(shard.result(job))
    assert not shard.redis.keys(shard.replies("*"))


@pytest.mark.parametrize("reply", ["x", "{}\0\r\n", '{"v":1,"é":"\\u0000"}', "r" * 1_000_000])
def test_a_reply_is_opaque(shard, worker, reply):
    worker.done(begun(shard, worker), reply=reply)
    assert shard.popped() == [reply]


def test_the_audit_entry_has_each_field_in_its_place(shard, worker):
    told = {name: f"<{name}>" for name in AUDIT_FIELDS}
    worker.done(begun(shard, worker), audit=told)
    [(_, entry)] = shard.redis.xrange(shard.calls("acme"))
    assert entry == told
    assert list(entry) == list(AUDIT_FIELDS)


def test_the_audit_log_has_a_maximum(shard):
    worker = Worker(shard, calls_max=200).register()
    for held in [begun(shard, worker, Job(id=f"j{i}", limit=900)) for i in range(600)]:
        worker.done(held, Job(id=held.token))
    assert 200 <= shard.redis.xlen(shard.calls("acme")) < 400


def test_a_thing_that_is_no_job_is_answered_without_touching_a_result(shard, worker):
    """invalid_job and id_conflict: no result, no question who has the id."""
    shard.redis.set(shard.result(Job()), reply_text(Job()))
    held, other = claim(shard, worker), Job(digest="digest-2")
    assert worker.done(held, other, reply=failed(other), store=False) == "ok"
    assert shard.popped() == [failed(other)]
    assert shard.redis.get(shard.result(Job())) == reply_text(Job())


def test_a_conflict_does_not_end_the_job_that_has_the_id(shard, worker):
    first = begun(shard, worker)
    second = claim(shard, worker)
    other = Job(digest="digest-2")
    assert worker.done(second, other, identity=True) == "conflict"
    assert worker.done(second, other, reply=failed(other), store=False) == "ok"
    assert worker.done(first) == "ok"
    assert shard.popped() == [failed(other), reply_text(Job())]
    assert is_settled(shard, worker)


def test_a_dead_letter_goes_with_its_reply_or_alone(shard, worker):
    held = claim(shard, worker)
    assert worker.done(held, store=False, reply=failed(), dead='{"payload":"a"}') == "ok"
    held = claim(shard, worker)
    assert worker.done(held, store=False, push=False, dead='{"payload":"b"}') == "ok"
    assert shard.dead() == [{"payload": "a"}, {"payload": "b"}]
    assert shard.popped() == [failed()]


def test_dead_has_a_maximum_and_what_falls_out_is_counted(shard):
    worker = Worker(shard, dead_max=3).register()
    held = [claim(shard, worker, Job(id=f"j{i}")) for i in range(5)]
    letters = [Done(c, Job(), push=False, store=False, dead=f'"{i}"') for i, c in enumerate(held)]
    answer = worker.turn(*letters)
    assert answer.texts == ["ok"] * 5
    assert answer.dead_dropped == 2
    assert shard.dead() == ["2", "3", "4"]


# Done: once


def test_settled_again_after_a_lost_answer_it_is_lost_and_no_second_reply(shard, worker):
    held = begun(shard, worker)
    worker.done(held)
    assert worker.done(held) == "lost"
    assert len(shard.popped()) == 1
    assert shard.redis.xlen(shard.calls("acme")) == 1


def test_two_settles_of_one_claim_in_one_turn_make_one_reply(shard, worker):
    held = begun(shard, worker)
    answer = worker.turn(Done(held, Job()), Done(held, Job(), reply="second"))
    assert answer.texts == ["ok", "lost"]
    assert shard.popped() == [reply_text(Job())]


@pytest.mark.parametrize("identity", [False, True])
def test_a_claim_of_somebody_else_cannot_be_settled(shard, worker, identity):
    held = begun(shard, worker)
    other = Worker(shard).register()
    assert other.done(held, identity=identity) == "lost"
    assert other.give(held) == other.retry(held, 0) == other.unsent(held, 0) == "lost"
    assert not shard.popped()
    assert worker.done(held) == "ok"


# Replies of many jobs


def test_replies_of_one_turn_come_out_in_order(shard, worker):
    held = [begun(shard, worker, Job(id=f"j{i}")) for i in range(5)]
    worker.turn(*[Done(c, Job(id=f"j{i}"), reply=str(i)) for i, c in enumerate(held)])
    assert shard.popped() == ["0", "1", "2", "3", "4"]


def test_replies_go_to_the_queue_that_each_job_named(shard, worker):
    held = [begun(shard, worker, Job(id=f"j{i}")) for i in range(6)]
    worker.turn(
        *[Done(c, Job(id=f"j{i}", reply_to=f"q{i % 2}"), reply=str(i)) for i, c in enumerate(held)]
    )
    assert shard.popped("q0") == ["0", "2", "4"]
    assert shard.popped("q1") == ["1", "3", "5"]


def test_a_reply_queue_keeps_the_newest_and_counts_what_fell_out(shard):
    worker = Worker(shard, reply_max=3).register()
    shard.redis.lpush(shard.replies("chat-1"), "a", "b")
    held = [begun(shard, worker, Job(id=f"j{i}")) for i in range(4)]
    answer = worker.turn(*[Done(c, Job(id=f"j{i}"), reply=str(i)) for i, c in enumerate(held)])
    assert answer.replies_dropped == 3
    assert shard.popped() == ["1", "2", "3"]
    answer = worker.turn(Done(begun(shard, worker, Job(id="last")), Job(id="last")))
    assert answer.replies_dropped == 0


def test_more_replies_than_a_command_can_take_are_pushed_in_order(shard, worker):
    shard.push(*[Job(id=f"j{i}") for i in range(2500)])
    held = worker.claim(2500)
    worker.turn(
        *[
            Done(c, Job(id=f"j{i}"), reply=str(i), store=False, audit={"id": i})
            for i, c in enumerate(held)
        ]
    )
    assert shard.popped() == [str(i) for i in range(2500)]


# Done: what was not begun


def test_an_end_that_was_not_begun_writes_its_result_where_the_id_is_free(shard, worker):
    held = claim(shard, worker)
    assert worker.done(held, reply=failed(), identity=True) == "ok"
    assert shard.redis.get(shard.result(Job())) == failed()
    assert shard.popped() == [failed()]
    assert is_settled(shard, worker)


def test_a_newer_failure_with_nothing_sent_replaces_an_older_one(shard, worker):
    shard.redis.set(shard.result(Job()), failed(error="old"))
    assert worker.done(claim(shard, worker), reply=failed(), identity=True) == "ok"
    assert shard.redis.get(shard.result(Job())) == failed()


@pytest.mark.parametrize(
    "known",
    [
        reply_text(Job(), output=1),
        failed(sent="maybe"),
        failed(sent="yes"),
        reply_text(Job(), "confirmation_pending", "no"),
        reply_text(Job(), "declined", "no"),
    ],
)
def test_a_duplicate_gets_the_known_reply_as_it_was(shard, worker, known):
    shard.redis.set(shard.result(Job()), known)
    newcomer = Job(reply_to="chat-9")
    held = claim(shard, worker)
    assert worker.done(held, newcomer, reply=failed(), identity=True) == "duplicate"
    assert shard.popped("chat-9") == [known]
    assert shard.redis.get(shard.result(Job())) == known
    assert not shard.redis.exists(shard.calls("acme"))
    assert is_settled(shard, worker)


def test_a_duplicate_without_reply_to_just_ends(shard, worker):
    shard.redis.set(shard.result(Job()), reply_text(Job()))
    held = claim(shard, worker)
    assert worker.done(held, Job(reply_to=""), identity=True) == "duplicate"
    assert is_settled(shard, worker)


def test_other_content_under_an_answered_id_is_a_conflict_and_keeps_the_claim(shard, worker):
    shard.redis.set(shard.result(Job()), reply_text(Job()))
    held = claim(shard, worker)
    assert worker.done(held, Job(digest="digest-2"), identity=True) == "conflict"
    assert shard.redis.hexists(worker.claims_key, held.field)
    assert not shard.popped()


@pytest.mark.parametrize("who, word", [(0, "mine"), (1, "ours")])
def test_a_call_that_was_begun_after_all_is_told_to_the_one_that_thought_not(
    shard, worker, who, word
):
    held = begun(shard, worker)
    if who == 1:
        other = Worker(shard).register()
        shard.redis.zadd(shard.key("workers"), {worker.member: 1})
        other.take_over()
        worker = other
        [held] = worker.claim()
    assert worker.done(held, reply=failed(), identity=True) == word
    assert shard.redis.hexists(worker.claims_key, held.field)
    assert not shard.popped()


def test_a_failure_of_the_definition_is_checked_against_the_one_in_force(shard, worker):
    held = claim(shard, worker)
    shard.define(version="2")
    assert worker.done(held, reply=failed(), identity=True, basis=True) == "changed"
    job = Job(version="2")
    assert worker.done(held, job, reply=failed(), identity=True, basis=True) == "ok"


def test_a_missing_secret_is_checked_against_what_is_set_now(shard, worker):
    held, job = claim(shard, worker), Job(secrets=(("token", ""),))
    shard.redis.hset(shard.secrets(job), "token", "sealed")
    assert worker.done(held, job, reply=failed(), identity=True, basis=True) == "changed"


def test_disabled_is_no_change_to_one_that_answers_disabled(shard, worker):
    shard.define(enabled="0")
    held = claim(shard, worker)
    assert worker.done(held, reply=failed(), identity=True, basis=True) == "ok"


def test_one_that_does_not_ask_who_has_the_id_still_writes_over_nobody(shard, worker):
    first = begun(shard, worker)
    late = claim(shard, worker)
    assert worker.done(late, reply=failed()) == "ok"
    assert not shard.redis.exists(shard.result(Job()))
    assert worker.done(first) == "ok"
    another = claim(shard, worker)
    assert worker.done(another, reply=failed()) == "ok"
    assert shard.redis.get(shard.result(Job())) == reply_text(Job())
    assert shard.popped() == [failed(), reply_text(Job()), failed()]


# Waiting for the first


def test_a_duplicate_of_a_running_job_waits_and_gets_its_reply(shard, worker):
    first = begun(shard, worker)
    newcomer = Job(reply_to="chat-2")
    assert worker.done(claim(shard, worker), newcomer, identity=True) == "waiting"
    assert not shard.popped("chat-2")
    worker.done(first)
    assert shard.popped("chat-1") == shard.popped("chat-2") == [reply_text(Job())]
    assert is_settled(shard, worker)


def test_waiters_of_one_queue_get_a_reply_each_and_once(shard, worker):
    first = begun(shard, worker)
    for _ in range(3):
        assert worker.done(claim(shard, worker), identity=True) == "waiting"
    worker.done(first)
    assert worker.done(first) == "lost"
    assert shard.popped() == [reply_text(Job())] * 4
    worker.done(claim(shard, worker), identity=True)
    assert len(shard.popped()) == 1


def test_no_more_wait_than_may_and_the_next_keeps_its_claim(shard):
    worker = Worker(shard, waiting_max=2).register()
    first = begun(shard, worker)
    for _ in range(2):
        assert worker.done(claim(shard, worker), identity=True) == "waiting"
    late = claim(shard, worker)
    assert worker.done(late, identity=True) == "full"
    silent = claim(shard, worker)
    assert worker.done(silent, Job(reply_to=""), identity=True) == "waiting"
    assert worker.retry(late, shard.now_ms) == "ok"
    worker.done(first)
    worker.renew()
    [again] = worker.claim()
    assert worker.done(again, identity=True) == "duplicate"
    assert shard.popped() == [reply_text(Job())] * 4
    assert is_settled(shard, worker)


def test_a_waiter_asked_again_after_a_lost_answer_waits_once(shard, worker):
    first, second = begun(shard, worker), claim(shard, worker)
    assert worker.done(second, identity=True) == "waiting"
    assert worker.done(second, identity=True) == "lost"
    worker.done(first)
    assert len(shard.popped()) == 2


def test_a_waiter_gets_a_failure_too(shard, worker):
    first, newcomer = begun(shard, worker), Job(reply_to="chat-2")
    worker.done(claim(shard, worker), newcomer, identity=True)
    worker.done(first, reply=failed(sent="maybe"))
    assert shard.popped("chat-2") == [failed(sent="maybe")]


def test_a_waiter_without_reply_to_just_ends(shard, worker):
    first = begun(shard, worker)
    assert worker.done(claim(shard, worker), Job(reply_to=""), identity=True) == "waiting"
    worker.done(first)
    assert is_settled(shard, worker)


def test_waiters_outlive_the_worker_of_the_first(shard, worker):
    other = Worker(shard).register()
    job = Job(repeatable=True)
    begun(shard, other, job)
    worker.done(claim(shard, worker), Job(reply_to="chat-2"), identity=True)
    shard.redis.zadd(shard.key("workers"), {other.member: 1})
    worker.take_over()
    [again] = worker.claim()
    assert worker.begin(again, job).endswith(" 1")
    worker.done(again, job)
    assert shard.popped("chat-2") == [reply_text(Job())]
    assert is_settled(shard, worker)


@pytest.mark.parametrize("identity", [False, True])
def test_waiters_are_answered_where_the_first_ends_with_nothing_sent(shard, worker, identity):
    first = begun(shard, worker)
    worker.done(claim(shard, worker), Job(reply_to="chat-2"), identity=True)
    worker.unsent(first, shard.now_ms)
    worker.done(claim(shard, worker), Job(reply_to="chat-3"), identity=True)
    worker.renew()
    [again] = worker.claim()
    assert worker.done(again, reply=failed(), identity=identity) == "ok"
    for queue in ("chat-1", "chat-2", "chat-3"):
        assert shard.popped(queue) == [failed()]
    assert is_settled(shard, worker)
