# SPDX-License-Identifier: MIT
"""Confirmations in scripts/turn/: a token is used once, by a call that is begun or by a no."""

import json
from dataclasses import replace

import pytest
from scripts_client import Begin, Done, Job, Worker, reply_text
from scripts_words import shard, worker  # noqa: F401

TTL_MS = 3600_000
USED = '{"decision":"approve","by":"user-42","decision_id":"d1"}'
DECISION = Job(id="d1", token="t1", digest="digest-d1", used=USED, reply_to="chat-2")


def claim(shard, worker, job=DECISION, queue="decisions"):
    shard.push(job, queue=queue)
    [claimed] = worker.claim()
    return claimed


def pending(shard, token="t1"):
    return (token, shard.now_ms + TTL_MS, 7200, "the frozen request")


def ask(shard, worker, job=Job(), token="t1"):
    """A chat job that needs a person: the text of its settle."""
    reply = reply_text(job, "confirmation_pending", "no", confirmation={"token": token})
    return worker.done(
        claim(shard, worker, job, "chat"),
        job,
        reply=reply,
        identity=True,
        basis=True,
        pending=pending(shard, token),
    )


def decline(worker, held, job=DECISION):
    reply = reply_text(job, "declined", "no")
    return worker.done(held, job, reply=reply, identity=True, basis=True, decline=True)


def used(shard, token="t1"):
    return shard.redis.hget(shard.confirm("acme", token), "used")


# Asking


def test_a_pending_job_is_answered_and_its_request_kept(shard, worker):
    assert ask(shard, worker) == "ok"
    [reply] = shard.popped()
    assert json.loads(reply)["status"] == "confirmation_pending"
    assert shard.redis.get(shard.result(Job())) == reply
    assert shard.redis.hgetall(shard.confirm("acme", "t1")) == {
        "version": "1",
        "expires": str(shard.now_ms + TTL_MS),
        "frozen": "the frozen request",
    }
    assert 7190 < shard.redis.ttl(shard.confirm("acme", "t1")) <= 7200
    assert 7190 < shard.redis.ttl(shard.pending("acme")) <= 7200
    assert not shard.leftovers()


def test_a_pending_job_does_not_count_as_a_call(shard, worker):
    ask(shard, worker)
    assert not shard.redis.exists(shard.window(Job()))


def test_a_pending_job_pushed_again_gets_the_same_reply(shard, worker):
    ask(shard, worker)
    assert ask(shard, worker, token="t2") == "duplicate"
    first, second = shard.popped()
    assert first == second
    assert not shard.redis.exists(shard.confirm("acme", "t2"))


def test_what_was_shown_is_of_the_version_that_is_in_force(shard, worker):
    shard.define(version="2")
    assert ask(shard, worker) == "changed"
    assert not shard.popped() and not shard.redis.exists(shard.confirm("acme", "t1"))
    assert len(shard.redis.hkeys(worker.claims_key)) == 1


def test_an_org_has_so_many_confirmations_waiting_and_no_more(shard):
    worker = Worker(shard, pending_max=2).register()
    for number in range(2):
        assert ask(shard, worker, Job(id=f"p{number}"), f"t{number}") == "ok"
    assert ask(shard, worker, Job(id="p2"), "t2") == "too_many_pending"
    assert len(shard.popped()) == 2
    globex = Job(id="p2", org="globex")
    shard.define(globex)
    assert ask(shard, worker, globex, "t3") == "ok"


def test_expired_and_used_confirmations_make_room(shard):
    worker = Worker(shard, pending_max=2).register()
    ask(shard, worker, Job(id="p0"), "t1")
    shard.pass_ms(1000)
    ask(shard, worker, Job(id="p1"), "t2")
    shard.pass_ms(TTL_MS - 1000)
    assert ask(shard, worker, Job(id="p2"), "t3") == "ok"  # the first has just expired
    held = claim(shard, worker)
    assert decline(worker, held, replace(DECISION, token="t2")) == "ok"
    assert ask(shard, worker, Job(id="p3"), "t4") == "ok"
    assert ask(shard, worker, Job(id="p4"), "t5") == "too_many_pending"


# Yes


def test_a_yes_begins_the_call_and_uses_the_token_up(shard, worker):
    ask(shard, worker)
    assert worker.begin(claim(shard, worker), DECISION).startswith("ok")
    assert used(shard) == USED
    assert shard.redis.zcard(shard.pending("acme")) == 0
    assert shard.redis.zcard(shard.window(DECISION)) == 1


def test_a_second_yes_hears_who_used_the_token(shard, worker):
    ask(shard, worker)
    worker.begin(claim(shard, worker), DECISION)
    late = replace(DECISION, id="d2", digest="digest-d2", used="other")
    assert worker.begin(claim(shard, worker, late), late) == f"confirmation_used {USED}"


def test_two_decisions_in_one_turn_make_one_call(shard, worker):
    ask(shard, worker)
    late = replace(DECISION, id="d2", digest="digest-d2", used="other")
    first, second = claim(shard, worker), claim(shard, worker, late)
    texts = worker.turn(Begin(first, DECISION), Begin(second, late)).texts
    assert texts[0].startswith("ok") and texts[1] == f"confirmation_used {USED}"


def test_a_no_in_the_same_turn_as_a_yes_wins_because_settles_come_first(shard, worker):
    ask(shard, worker)
    no = replace(DECISION, id="d2", digest="digest-d2", used="the no")
    yes_claim, no_claim = claim(shard, worker), claim(shard, worker, no)
    no_end = Done(no_claim, no, identity=True, basis=True, decline=True)
    texts = worker.turn(Begin(yes_claim, DECISION), no_end).texts
    assert texts == ["confirmation_used the no", "ok"]


def test_an_unknown_token_begins_nothing(shard, worker):
    held = claim(shard, worker)
    assert worker.begin(held, DECISION) == "confirmation_unknown"
    ask(shard, worker)
    other_org = replace(DECISION, org="globex")
    shard.define(other_org)
    assert worker.begin(held, other_org) == "confirmation_unknown"


def test_a_token_expires_at_its_time(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    shard.pass_ms(TTL_MS)
    assert worker.begin(held, DECISION) == "confirmation_expired"
    shard.pass_ms(-1)
    assert worker.begin(held, DECISION).startswith("ok")


def test_a_used_token_is_used_also_when_it_has_expired(shard, worker):
    ask(shard, worker)
    worker.begin(claim(shard, worker), DECISION)
    shard.pass_ms(TTL_MS)
    late = replace(DECISION, id="d2", digest="digest-d2", used="other")
    assert worker.begin(claim(shard, worker, late), late) == f"confirmation_used {USED}"


def test_any_change_of_the_integration_voids_the_token(shard, worker):
    ask(shard, worker)
    shard.define(version="2")
    held = claim(shard, worker)
    assert worker.begin(held, replace(DECISION, version="2")) == "confirmation_void"
    assert worker.begin(held, DECISION) == "confirmation_void"
    assert used(shard) is None


def test_a_removed_integration_voids_the_token(shard, worker):
    ask(shard, worker)
    shard.redis.delete(shard.integration(DECISION))
    assert worker.begin(claim(shard, worker), DECISION) == "confirmation_void"


def test_a_new_value_of_a_secret_does_not_void_the_token(shard, worker):
    ask(shard, worker)
    shard.redis.hset(shard.secrets(DECISION), "token", "x" * 16)
    held = claim(shard, worker)
    assert worker.begin(held, replace(DECISION, secrets=(("token", "y" * 16),))) == "changed"
    assert worker.begin(held, replace(DECISION, secrets=(("token", "x" * 16),))).startswith("ok")


@pytest.mark.parametrize("refusal", ["rate_limited", "expired", "changed"])
def test_a_yes_that_is_refused_leaves_the_token_good(shard, worker, refusal):
    ask(shard, worker)
    held, job = claim(shard, worker), DECISION
    if refusal == "rate_limited":
        other = replace(Job(id="other"), limit=1)
        worker.begin(claim(shard, worker, other), other)
        job = replace(job, limit=1)
    elif refusal == "expired":
        job = replace(job, deadline_ms=shard.now_ms)
    else:
        job = replace(job, secrets=(("token", "y" * 16),))
    assert worker.begin(held, job).split()[0] == refusal
    assert used(shard) is None
    assert shard.redis.zcard(shard.pending("acme")) == 1
    assert worker.begin(held, DECISION).startswith("ok")


def test_a_yes_asked_again_after_a_lost_answer_is_the_same_yes(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    first = worker.begin(held, DECISION)
    assert worker.begin(held, DECISION) == first


def test_a_yes_that_begins_anew_after_a_second_still_holds_its_token(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    shard.pass_ms(1500)
    assert worker.begin(held, DECISION) == f"ok {shard.now_us} 0"
    assert used(shard) == USED


def test_a_yes_that_begins_anew_and_is_refused_gives_its_token_back(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    shard.pass_ms(1500)
    other = Job(id="other", limit=5)
    worker.begin(claim(shard, worker, other, "chat"), other)
    assert worker.begin(held, DECISION, limit=1) == "wait_room 60000 unsent"
    assert used(shard) is None
    reply = reply_text(DECISION, "failed", "no")
    assert worker.done(held, DECISION, reply=reply, identity=True) == "ok"
    again = claim(shard, worker)
    shard.pass_ms(60000)
    assert worker.begin(again, DECISION).startswith("ok")


def test_a_token_given_back_is_not_spent_twice(shard, worker):
    """The first decision lost its place and waits; a second takes the token; the first must not go out as well."""
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    shard.pass_ms(1500)
    assert worker.begin(held, DECISION, secrets=(("token", "y" * 16),)) == "changed"
    second = replace(DECISION, id="d2", digest="digest-d2", used="other")
    assert worker.begin(claim(shard, worker, second), second).startswith("ok")
    assert worker.begin(held, DECISION) == "confirmation_used other"


def test_a_yes_of_which_nothing_was_sent_may_try_again_with_its_token(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    worker.unsent(held, shard.now_ms + 10, DECISION)
    shard.pass_ms(TTL_MS)  # let in before it expired
    worker.renew()
    [again] = worker.claim()
    assert worker.begin(again, DECISION) == f"ok {shard.now_us} 0"


def test_a_yes_of_which_nothing_was_sent_is_void_once_the_integration_changed(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    worker.unsent(held, shard.now_ms, DECISION)
    shard.define(version="2")
    worker.renew()
    [again] = worker.claim()
    assert worker.begin(again, replace(DECISION, version="2")) == "confirmation_void"


def never_left(worker, held, job=DECISION, until=0):
    """A begun call that could not connect: its end, with the token given back."""
    return worker.done(held, job, reply=reply_text(job, "failed", "no"), unuse=until)


def test_a_yes_whose_call_never_left_did_not_use_its_token(shard, worker):
    ask(shard, worker)
    until = shard.now_ms + TTL_MS
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    assert shard.redis.zscore(shard.pending("acme"), "t1") is None
    assert never_left(worker, held, until=until) == "ok"
    assert used(shard) is None
    assert shard.redis.zscore(shard.pending("acme"), "t1") == until
    other = replace(DECISION, id="d2", digest="digest-d2", used="other")
    assert worker.begin(claim(shard, worker, other), other).startswith("ok")
    assert worker.begin(claim(shard, worker), DECISION) == "confirmation_used other"


def test_a_token_given_back_is_listed_no_longer_than_it_is_good(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    shard.redis.delete(shard.pending("acme"))
    never_left(worker, held, until=shard.now_ms + 5000)
    assert 0 < shard.redis.pttl(shard.pending("acme")) <= 5000


def test_only_the_claim_that_began_it_gives_a_token_back(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    assert worker.done(held, DECISION) == "ok"
    assert never_left(worker, held, until=shard.now_ms + TTL_MS) == "lost"
    assert used(shard) == USED


def test_a_token_that_another_decision_used_is_not_given_back(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    shard.redis.hset(shard.confirm("acme", "t1"), "used", "another's")
    assert never_left(worker, held, until=shard.now_ms + TTL_MS) == "ok"
    assert used(shard) == "another's"


def test_a_token_is_not_given_back_where_an_earlier_delivery_may_have_sent(shard, worker):
    ask(shard, worker)
    other, job = Worker(shard).register(), replace(DECISION, repeatable=True)
    other.begin(claim(shard, other, job), job)
    shard.redis.zadd(shard.key("workers"), {other.member: 1})
    worker.take_over()
    [again] = worker.claim()
    assert worker.begin(again, job).endswith(" 1")
    assert never_left(worker, again, job, until=shard.now_ms + TTL_MS) == "ok"
    assert used(shard) == USED


def test_a_yes_whose_result_is_forgotten_does_not_make_a_second_call(shard, worker):
    ask(shard, worker)
    held = claim(shard, worker)
    worker.begin(held, DECISION)
    worker.done(held, DECISION)
    shard.redis.delete(shard.result(DECISION))
    assert worker.begin(claim(shard, worker), DECISION) == f"confirmation_used {USED}"


def test_a_yes_that_a_dead_worker_began_is_unknown_to_the_next(shard, worker):
    ask(shard, worker)
    other = Worker(shard).register()
    other.begin(claim(shard, other), DECISION)
    shard.redis.zadd(shard.key("workers"), {other.member: 1})
    worker.take_over()
    [again] = worker.claim()
    assert worker.begin(again, DECISION) == "unknown"


def test_a_repeatable_yes_that_a_dead_worker_began_is_begun_again_with_its_token(shard, worker):
    ask(shard, worker)
    job = replace(DECISION, repeatable=True)
    other = Worker(shard).register()
    other.begin(claim(shard, other), job)
    shard.redis.zadd(shard.key("workers"), {other.member: 1})
    worker.take_over()
    [again] = worker.claim()
    assert worker.begin(again, job) == f"ok {shard.now_us} 1"
    shard.pass_ms(1500)
    assert worker.begin(again, job) == f"ok {shard.now_us} 1"
    late = replace(DECISION, id="d2", digest="digest-d2", used="other")
    assert worker.begin(claim(shard, worker, late), late) == f"confirmation_used {USED}"


# No


def test_a_no_is_an_end_and_uses_the_token_up(shard, worker):
    ask(shard, worker)
    assert decline(worker, claim(shard, worker)) == "ok"
    [reply] = shard.popped("chat-2")
    assert json.loads(reply)["status"] == "declined"
    assert used(shard) == USED
    assert shard.redis.zcard(shard.pending("acme")) == 0
    assert not shard.leftovers()


def test_a_no_after_a_yes_hears_who_used_the_token(shard, worker):
    ask(shard, worker)
    worker.begin(claim(shard, worker), DECISION)
    no = replace(DECISION, id="d2", digest="digest-d2", used="the no")
    assert decline(worker, claim(shard, worker, no), no) == f"confirmation_used {USED}"
    assert not shard.popped("chat-2")


def test_a_no_to_a_token_that_is_unknown_expired_or_void_says_so(shard, worker):
    held = claim(shard, worker)
    assert decline(worker, held) == "confirmation_unknown"
    ask(shard, worker)
    shard.pass_ms(TTL_MS)
    assert decline(worker, held) == "confirmation_expired"
    shard.pass_ms(-1)
    shard.define(version="2")
    assert decline(worker, held, replace(DECISION, version="2")) == "confirmation_void"
    assert used(shard) is None and not shard.popped("chat-2")


def test_a_no_pushed_again_gets_the_same_reply(shard, worker):
    ask(shard, worker)
    decline(worker, claim(shard, worker))
    assert decline(worker, claim(shard, worker)) == "duplicate"
    first, second = shard.popped("chat-2")
    assert first == second
