# SPDX-License-Identifier: MIT
"""The settle of scripts/turn/: an end of a claim, exactly once, and what it leaves behind."""

import json
from dataclasses import replace

import pytest
from scripts_client import AUDIT_FIELDS, Done, Job, PutBack, Shard, Worker, reply_text


@pytest.fixture
def shard(redis_client):
    shard = Shard(redis_client, clock=True)
    shard.define()
    return shard


@pytest.fixture
def worker(shard):
    return Worker(shard).register()


def claim(shard, worker, job=Job()):
    shard.push(job)
    [claimed] = worker.claim()
    return claimed


def begun(shard, worker, job=Job()):
    """A claim whose call has begun."""
    claimed = claim(shard, worker, job)
    assert worker.begin(claimed, job).startswith("ok")
    return claimed


def failed(job=Job(), sent="no", **more):
    return reply_text(job, "failed", sent, **more)


def is_settled(shard, worker):
    return not shard.redis.exists(worker.claims_key) and not shard.leftovers()


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


# Put back


def test_give_puts_a_job_at_the_front_and_keeps_its_count_of_deliveries(shard, worker):
    held = claim(shard, worker)
    shard.push("next")
    assert worker.give(held) == "ok"
    [again] = worker.claim()
    assert (again.payload, again.deliveries, again.birth) == (held.payload, "1", held.birth)


def test_give_keeps_a_mark_so_that_an_unsafe_call_is_not_made_twice(shard, worker):
    worker.give(begun(shard, worker))
    [again] = worker.claim()
    assert worker.begin(again) == "unknown"


def test_a_retry_is_due_at_its_time_and_keeps_mark_birth_and_carry(shard, worker):
    job = Job(repeatable=True)
    held = begun(shard, worker, job)
    assert worker.retry(held, shard.now_ms + 500, carry="1.timeout") == "ok"
    shard.pass_ms(499)
    assert worker.renew().promoted == 0
    assert worker.claim() == []
    shard.pass_ms(1)
    assert worker.renew().promoted == 1
    [again] = worker.claim()
    assert (again.birth, again.deliveries, again.carry) == (held.birth, "1", "1.timeout")
    assert worker.begin(again, job) == f"ok {shard.now_us} 1"


def test_unsent_lets_an_unsafe_call_begin_again(shard, worker):
    held = begun(shard, worker)
    assert worker.unsent(held, shard.now_ms) == "ok"
    worker.renew()
    [again] = worker.claim()
    assert worker.begin(again) == f"ok {shard.now_us} 0"


def test_unsent_of_what_was_never_begun_makes_no_mark(shard, worker):
    assert worker.unsent(claim(shard, worker), shard.now_ms) == "ok"
    assert not shard.redis.exists(shard.key("begun"))


def test_unsent_leaves_the_mark_of_another_job_alone(shard, worker):
    first, second = begun(shard, worker), claim(shard, worker)
    before = shard.redis.hgetall(shard.key("begun"))
    worker.unsent(second, shard.now_ms)
    assert shard.redis.hgetall(shard.key("begun")) == before
    assert worker.done(first) == "ok"


def test_an_attempt_that_ended_is_followed_by_another_that_knows_it(shard, worker):
    job = Job(repeatable=True)
    held = begun(shard, worker, job)
    assert worker.again(held, shard.now_ms, job, carry="1.lost") == "ok"
    worker.renew()
    [second] = worker.claim()
    assert (second.birth, second.deliveries, second.carry) == (held.birth, "1", "1.lost")
    assert worker.begin(second, job) == f"ok {shard.now_us} 2"
    assert worker.done(second, job) == "ok"
    assert is_settled(shard, worker)


def test_an_attempt_that_ended_is_none_that_is_open(shard, worker):
    """Where the next one is refused the job answers for itself, and nobody says that a worker died."""
    job = Job(repeatable=True)
    worker.again(begun(shard, worker, job), shard.now_ms, job)
    worker.renew()
    [second] = worker.claim()
    assert worker.done(second, job, identity=True, reply=failed(job, "yes")) == "ok"
    assert json.loads(shard.redis.get(shard.result(job)))["sent"] == "yes"
    assert is_settled(shard, worker)


def test_a_death_in_the_second_attempt_is_known_though_the_first_ended(shard, worker):
    job = Job(repeatable=True)
    worker.again(begun(shard, worker, job), shard.now_ms, job)
    worker.renew()
    [second] = worker.claim()
    worker.begin(second, job)
    worker.retry(second, shard.now_ms)
    worker.renew()
    [third] = worker.claim()
    assert worker.done(third, job, identity=True) == "ours"
    assert worker.begin(third, job) == f"ok {shard.now_us} 1"


def test_a_second_attempt_of_which_nothing_was_sent_still_knows_the_first(shard, worker):
    job = Job(repeatable=True)
    worker.again(begun(shard, worker, job), shard.now_ms, job)
    worker.renew()
    [second] = worker.claim()
    worker.begin(second, job)
    worker.unsent(second, shard.now_ms, job)
    worker.renew()
    [third] = worker.claim()
    assert worker.begin(third, job) == f"ok {shard.now_us} 2"


def test_put_back_twice_it_is_there_once(shard, worker):
    held = claim(shard, worker)
    envelope = held.envelope(0)
    texts = worker.turn(PutBack("give", held, envelope), PutBack("give", held, envelope)).texts
    assert texts == ["ok", "lost"]
    assert len(worker.claim(5)) == 1


# Keys of the wrong type


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
