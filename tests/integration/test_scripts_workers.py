# SPDX-License-Identifier: MIT
"""A worker's life in Redis: register, renew, reap, leave, and the fence that keeps out what comes too late."""

import os
import re

import pytest
from scripts_client import LEASE_MS, Claim, Done, Job, Worker, reply_text
from scripts_words import claim, shard, worker  # noqa: F401
from support.programs import TOP


def members(shard):
    return set(shard.redis.zrange(shard.key("workers"), 0, -1))


# Register


def test_a_worker_makes_itself_known_with_the_time_of_redis(shard, worker):
    assert shard.redis.zrange(shard.key("workers"), 0, -1, withscores=True) == [
        (f"{worker.W}:1", shard.now_ms)
    ]


def test_one_that_comes_back_hears_of_its_claims_also_of_those_it_never_got(shard, worker):
    held = claim(shard, worker)
    shard.push("lost")
    worker.claim()  # the answer is lost
    fields = worker.come_back()
    assert set(fields) == set(shard.redis.hkeys(worker.claims_key))
    assert len(fields) == 2 and held.field in fields
    assert members(shard) == {f"{worker.W}:2"}


def test_one_that_comes_back_settles_what_it_had_begun(shard, worker):
    held = claim(shard, worker)
    worker.begin(held)
    worker.come_back()
    assert worker.done(held) == "ok"


def test_one_whose_lease_was_taken_is_dead_and_stays_out(shard, worker):
    held = claim(shard, worker)
    other = Worker(shard).register()
    shard.pass_ms(LEASE_MS + 1)
    other.come_back()
    other.take_over()
    assert worker.come_back() is None
    assert members(shard) == {other.member}
    assert worker.done(held) is None


def test_one_whose_registering_had_no_answer_registers_again_and_keeps_its_claims(shard, worker):
    held = claim(shard, worker)
    worker.come_back()  # epoch 2: the script ran, the answer was lost
    worker.epoch = 1
    assert worker.come_back(2) == [held.field]
    assert members(shard) == {f"{worker.W}:3"}
    assert worker.done(held) == "ok"


def test_one_whose_registering_never_arrived_registers_again_and_keeps_its_claims(shard, worker):
    held = claim(shard, worker)
    assert worker.come_back(2) == [held.field]
    assert members(shard) == {f"{worker.W}:3"}
    late = Worker(shard, worker.W)
    late.epoch = 1
    assert late.come_back() is None  # the lost one arrives after all
    assert members(shard) == {f"{worker.W}:3"}


# The fence


def test_a_worker_nobody_knows_is_dead_and_changes_nothing(shard):
    shard.push("a")
    stranger = Worker(shard)
    assert stranger.turn(claim=1) is None
    assert stranger.renew() is None
    assert stranger.reap("somebody") is None
    assert stranger.leave() == "ok"
    assert shard.redis.llen(shard.jobs("chat")) == 1
    assert not members(shard)


def test_a_late_command_of_the_old_connection_is_kept_out(shard, worker):
    held = claim(shard, worker)
    old = Worker(shard, worker.W)
    worker.come_back()
    assert old.done(held) is None
    assert old.begin(held) is None
    assert old.renew() is None
    shard.push("b")
    assert old.turn(claim=1) is None
    assert not shard.popped() and not shard.redis.exists(shard.key("begun"))
    assert len(shard.redis.hkeys(worker.claims_key)) == 1


def test_an_ended_lease_alone_takes_nothing_away(shard, worker):
    """The claim decides, not the clock: nobody took it, so the result is good."""
    held = claim(shard, worker)
    worker.begin(held)
    shard.pass_ms(10 * LEASE_MS)
    assert worker.done(held) == "ok"


# Renew


def test_renewing_moves_the_lease_and_names_those_whose_lease_has_ended(shard, worker):
    other = Worker(shard).register()
    shard.pass_ms(LEASE_MS)
    assert worker.renew().expired == []  # the other's ends now
    shard.pass_ms(1)
    assert worker.renew().expired == [other.member]
    assert other.renew().expired == []
    assert shard.redis.zscore(shard.key("workers"), other.member) == shard.now_ms


def test_due_jobs_are_promoted_the_earliest_first(shard, worker):
    for name, due in (("late", 300), ("early", 100), ("middle", 200), ("future", 9000)):
        worker.retry(claim(shard, worker, Job(id=name)), shard.now_ms + due)
    shard.pass_ms(1000)
    seen = worker.renew()
    assert seen.promoted == 3
    assert seen.next_due_ms == shard.now_ms + 8000
    names = [c.payload for c in worker.claim(9)]
    assert [Job(id=n).payload for n in ("early", "middle", "late")] == names


def test_what_is_promoted_stands_behind_what_was_given_back(shard, worker):
    worker.retry(claim(shard, worker, Job(id="due")), shard.now_ms)
    worker.give(claim(shard, worker, Job(id="given")))
    worker.renew()
    assert [c.payload for c in worker.claim(9)] == [Job(id="given").payload, Job(id="due").payload]


def test_no_more_are_promoted_than_was_asked_for(shard, worker):
    for number in range(5):
        worker.retry(claim(shard, worker, Job(id=str(number))), shard.now_ms + number)
    shard.pass_ms(100)
    seen = worker.renew(promote=3)
    assert seen.promoted == 3 and seen.next_due_ms == shard.now_ms - 97
    assert worker.renew(promote=3).promoted == 2
    assert worker.renew().next_due_ms == -1


def test_two_workers_promote_a_job_once(shard, worker):
    worker.retry(claim(shard, worker), shard.now_ms)
    other = Worker(shard).register()
    assert [worker.renew().promoted, other.renew().promoted] == [1, 0]
    assert len(worker.claim(5)) == 1


# Reap


def die(shard, *workers):
    """Their leases end; everybody else goes on."""
    for worker in workers:
        shard.redis.zadd(shard.key("workers"), {worker.member: shard.now_ms - LEASE_MS - 1})


def test_what_a_dead_worker_held_is_taken_over_with_its_count_of_deliveries(shard, worker):
    other = Worker(shard).register()
    job = claim(shard, other)
    die(shard, other)
    assert worker.take_over() == 1
    [again] = worker.claim()
    assert (again.payload, again.deliveries, again.birth) == (job.payload, "2", job.birth)
    die(shard, worker)
    third = Worker(shard).register()
    third.take_over()
    assert third.claim()[0].deliveries == "3"


def test_a_reaped_worker_s_settle_is_refused(shard, worker):
    other = Worker(shard).register()
    held = claim(shard, other)
    other.begin(held)
    die(shard, other)
    worker.take_over()
    assert other.done(held) is None
    assert not shard.popped()


def test_a_worker_that_still_renews_is_not_reaped(shard, worker):
    other = Worker(shard).register()
    held = claim(shard, other)
    die(shard, other)
    named = worker.renew().expired
    other.renew()  # just in time
    assert named == [other.member]
    assert worker.reap(other.W, other.member) == [0, 0]
    assert other.done(held) == "ok"


def test_a_worker_that_came_back_is_not_reaped_by_its_old_name(shard, worker):
    other = Worker(shard).register()
    held = claim(shard, other)
    old = other.member
    die(shard, other)
    other.come_back()
    assert worker.reap(other.W, old) == [0, 0]
    assert worker.reap(other.W) == [0, 0]
    assert other.done(held) == "ok"


def test_so_many_claims_a_call_until_none_is_left(shard, worker):
    other = Worker(shard).register()
    shard.push(*[f"job-{i}" for i in range(25)])
    other.claim(25)
    die(shard, other)
    assert worker.reap(other.W, other.member, most=10) == [10, 15]
    assert worker.renew().dying == [other.W]
    assert worker.reap(other.W, most=10) == [10, 5]
    assert worker.reap(other.W, most=10) == [5, 0]
    assert worker.renew().dying == []
    assert {c.payload for c in worker.claim(30)} == {f"job-{i}" for i in range(25)}


def test_what_is_taken_over_comes_back_the_oldest_first(shard, worker):
    other = Worker(shard).register()
    names = [f"job-{i}" for i in range(120)]
    shard.push(*names)
    for count in (1, 9, 60, 50):
        other.claim(count)
    die(shard, other)
    assert worker.reap(other.W, other.member, most=50) == [50, 70]
    taken = [c.payload for c in worker.claim(20)]
    while worker.reap(other.W, "", 50)[1]:
        pass
    taken += [c.payload for c in worker.claim(64) + worker.claim(64)]
    assert taken == names


def test_what_was_given_back_comes_before_what_is_taken_over(shard, worker):
    other = Worker(shard).register()
    shard.push("older", "newer")
    other.claim(1)
    [held] = worker.claim()
    worker.give(held)
    die(shard, other)
    worker.reap(other.W, other.member)
    assert [c.payload for c in worker.claim(2)] == ["newer", "older"]


def test_two_reapers_hand_out_nothing_twice(shard, worker):
    dead, second = Worker(shard).register(), Worker(shard).register()
    shard.push(*[f"job-{i}" for i in range(40)])
    dead.claim(40)
    die(shard, dead)
    seen = [worker.renew().expired, second.renew().expired]
    assert seen == [[dead.member]] * 2
    moved = worker.reap(dead.W, dead.member, 7)[0] + second.reap(dead.W, dead.member, 7)[0]
    while shard.redis.exists(dead.claims_key):
        moved += second.reap(dead.W, "", 7)[0] + worker.reap(dead.W, "", 7)[0]
    assert moved == 40
    taken = [c.payload for c in worker.claim(30) + second.claim(30)]
    assert len(taken) == len(set(taken)) == 40


def test_a_reaper_that_dies_half_way_leaves_the_rest_to_the_next(shard, worker):
    dead, reaper = Worker(shard).register(), Worker(shard).register()
    shard.push(*[f"job-{i}" for i in range(10)])
    dead.claim(10)
    die(shard, dead)
    reaper.reap(dead.W, dead.member, 3)
    die(shard, reaper)
    assert worker.take_over() == 7
    assert len(worker.claim(20)) == 10


def test_a_dead_worker_that_held_nothing_leaves_nothing(shard, worker):
    other = Worker(shard).register()
    die(shard, other)
    assert worker.take_over() == 0
    assert members(shard) == {worker.member}
    assert not shard.leftovers()


# Rights


def test_a_first_registration_tries_every_command_of_every_script():
    commands = set()
    for folder, _, names in os.walk(os.path.join(TOP, "worker", "io", "scripts")):
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as text:
                commands |= set(re.findall(r"call\('([A-Z]+)'", text.read()))
    with open(os.path.join(TOP, "worker", "io", "scripts", "register.lua"), encoding="utf-8") as text:
        register = text.read()
    tried = set(re.findall(r"\b([A-Z]+) = \{", register.replace("local TRIED", ""))) | {"DEL", "ZADD", "ZREM", "TIME"}
    assert commands <= tried


def test_a_first_registration_changes_nothing_but_the_list_of_workers(shard):
    before = set(shard.redis.keys("*"))
    other = Worker(shard).register()
    assert set(shard.redis.keys("*")) - before == {shard.key("workers")}
    assert members(shard) == {other.member}
    assert shard.redis.ttl(shard.key("workers")) == -1


# What is in no list, or of another type


def test_claims_of_a_worker_in_no_list_become_a_dead_ones(shard, worker):
    lost, other = Worker(shard).register(), Worker(shard).register()
    job = claim(shard, lost)
    held = claim(shard, other)
    shard.redis.zrem(shard.key("workers"), lost.member)
    assert worker.renew().dying == []
    assert worker.renew(seen=[worker.W, other.W, lost.W]).dying == [lost.W]
    assert worker.take_over() == 1
    assert worker.claim()[0].payload == job.payload
    assert other.done(held) == "ok"


@pytest.mark.parametrize("key", ["dying", "delayed"])
def test_a_key_of_another_type_is_named_and_the_lease_renewed_all_the_same(shard, worker, key):
    shard.redis.set(shard.key(key), "foreign")
    shard.redis.zadd(shard.key("workers"), {worker.member: 1})
    seen = worker.renew()
    assert (seen.wrong_keys, seen.promoted, seen.dying) == ([shard.key(key)], 0, [])
    assert shard.redis.zscore(shard.key("workers"), worker.member) > 1


def test_what_is_due_waits_where_the_list_it_goes_to_is_none(shard, worker):
    held = claim(shard, worker)
    worker.retry(held, 1)
    shard.redis.set(shard.key("retry"), "foreign")
    assert worker.renew().promoted == 0
    shard.redis.delete(shard.key("retry"))
    assert worker.renew().promoted == 1


def test_nothing_is_taken_where_it_could_not_be_kept(shard, worker):
    shard.push("a", "b")
    shard.redis.set(worker.claims_key, "foreign")
    answer = worker.turn(claim=2)
    assert (answer.claims, shard.redis.llen(shard.jobs("chat"))) == ([], 2)
    shard.redis.delete(worker.claims_key)
    assert [c.payload for c in worker.claim(2)] == ["a", "b"]


def test_a_dead_workers_claims_of_another_type_are_none(shard, worker):
    shard.redis.sadd(shard.key("dying"), "odd")
    shard.redis.set(shard.claims("odd"), "foreign")
    assert worker.reap("odd") == [0, 0]
    assert worker.renew().dying == []


# Leave


def test_one_that_leaves_is_gone_at_once(shard, worker):
    worker.leave()
    assert not members(shard)
    assert worker.turn(claim=1) is None


def test_what_it_could_not_give_back_is_taken_over_without_waiting_for_the_lease(shard, worker):
    other = Worker(shard).register()
    held = claim(shard, other)
    other.leave()
    assert worker.renew().dying == [other.W]
    assert worker.take_over() == 1
    assert worker.claim()[0].payload == held.payload


def test_leaving_by_an_old_name_changes_nothing(shard, worker):
    old = Worker(shard, worker.W)
    held = claim(shard, worker)
    worker.come_back()
    assert old.leave() == "ok"
    assert worker.renew().dying == []
    assert worker.done(held) == "ok"


# A death at each step

STEPS = ["claim", "begin", "settle", "waiting", "give", "retry", "unsent", "again"]


def go(shard, worker, step, job):
    """As far as that step, and no further."""
    held = claim(shard, worker, job)
    if step == "claim" or step == "give" and worker.give(held):
        return
    if step == "waiting":
        first = Worker(shard).register()
        assert first.begin(claim(shard, first, job), job).startswith("ok")
        assert worker.done(held, job, identity=True) == "waiting"
        die(shard, first)
        return
    assert worker.begin(held, job).startswith("ok")
    if step == "settle":
        worker.done(held, job)
    elif step == "retry":
        worker.retry(held, shard.now_ms + 10)
    elif step == "unsent":
        worker.unsent(held, shard.now_ms + 10, job)
    elif step == "again":
        worker.again(held, shard.now_ms + 10, job)


@pytest.mark.parametrize("repeatable", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_any_step_loses_nothing_and_answers_once(shard, worker, step, repeatable):
    other, job = Worker(shard).register(), Job(repeatable=repeatable)
    go(shard, other, step, job)
    pushes = 2 if step == "waiting" else 1
    die(shard, other)
    shard.pass_ms(20)
    worker.take_over()
    for held in worker.claim(10):
        answer = worker.begin(held, job)
        sent_before = step in ("begin", "waiting", "retry")
        refusal = {"again": "ended"}.get(step, "unknown" if sent_before else "ok")
        assert answer.split()[0] == ("ok" if repeatable else refusal)
        earlier = "2" if step == "again" else "1" if sent_before else "0"
        assert answer.startswith("ok") is False or answer.endswith(earlier)
        assert worker.done(held, job) == "ok"
    assert shard.popped() == [reply_text(job)] * pushes
    assert not shard.leftovers()
    assert members(shard) == {worker.member}


@pytest.mark.parametrize("step", STEPS)
def test_a_lost_answer_at_any_step_loses_nothing_and_answers_once(shard, worker, step):
    """The script ran and the worker does not know: it comes back, gives back what it does not know, asks again."""
    job = Job(repeatable=True)
    if step == "waiting":
        first = begin_elsewhere(shard, job)
    shard.push(job)
    if step == "claim":
        worker.claim()  # lost
        back(worker, known=[])
    [held] = worker.claim()
    if step == "waiting":
        worker.done(held, job, identity=True)  # lost
        back(worker, known=[held])
        assert worker.done(held, job, identity=True) == "lost"
        first()
        assert shard.popped() == [reply_text(job)] * 2
        assert not shard.leftovers()
        return
    begun = worker.begin(held, job)
    if step == "begin":
        back(worker, known=[held])
        assert worker.begin(held, job) == begun
    puts = {"give": worker.give, "retry": lambda c: worker.retry(c, shard.now_ms)}
    puts["unsent"] = lambda c: worker.unsent(c, shard.now_ms, job)
    puts["again"] = lambda c: worker.again(c, shard.now_ms, job)
    if step in puts:
        puts[step](held)  # lost
        back(worker, known=[held])
        assert puts[step](held) == "lost"
        worker.renew()
        [held] = worker.claim()
        assert worker.begin(held, job).startswith("ok")
    worker.done(held, job)
    if step == "settle":
        back(worker, known=[held])
        assert worker.done(held, job) == "lost"
    assert shard.popped() == [reply_text(job)]
    assert not shard.leftovers()


def back(worker, known):
    """Comes back and gives back what it was never told of."""
    fields = worker.come_back()
    ours = {claim.field for claim in known}
    for field, payload in worker.shard.redis.hgetall(worker.claims_key).items():
        if field not in ours:
            assert field in fields
            worker.give(Claim(field, payload))


def begin_elsewhere(shard, job):
    """Another worker begins the job; what is returned settles it."""
    first = Worker(shard).register()
    held = claim(shard, first, job)
    assert first.begin(held, job).startswith("ok")
    return lambda: first.turn(Done(held, job))
