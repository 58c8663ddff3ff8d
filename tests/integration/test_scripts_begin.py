# SPDX-License-Identifier: MIT
"""The begin of scripts/turn/: the one moment at which a call may be let out."""

from dataclasses import replace

import pytest
from scripts_client import Begin, Job, Worker, reply_text
from scripts_words import claim, shard, worker  # noqa: F401

SECOND_US = 1_000_000


def claims(shard, worker, count):
    shard.push(*[Job()] * count)
    return worker.claim(count)


def jobs(count, **fields):
    return [Job(id=f"j{i}", **fields) for i in range(count)]


def begun(shard):
    return shard.redis.hkeys(shard.key("begun"))


def redelivered(shard, worker, dead_one):
    """What `dead_one` had taken, in the hands of `worker` after the lease of the first has ended."""
    shard.redis.zadd(shard.key("workers"), {dead_one.member: shard.now_ms - 30001})
    assert worker.take_over() >= 1
    [claimed] = worker.claim()
    return claimed


# Leave to begin


def test_a_free_id_begins_with_the_time_of_redis(shard, worker):
    mine = claim(shard, worker)
    assert worker.begin(mine) == f"ok {shard.now_us} 0"
    assert begun(shard) == ["acme:j1"]
    assert shard.redis.zrange(shard.window(Job()), 0, -1, withscores=True) == [
        (mine.token, shard.now_us)
    ]


def test_the_mark_has_no_time_limit_and_the_window_outlives_its_length_by_little(shard, worker):
    worker.begin(claim(shard, worker))
    assert shard.redis.ttl(shard.key("begun")) == -1
    assert 60000 < shard.redis.pttl(shard.window(Job())) <= 61000


def test_asked_again_it_gives_the_same_answer_and_takes_no_second_place(shard, worker):
    mine = claim(shard, worker)
    first = worker.begin(mine)
    shard.pass_us(SECOND_US)
    assert worker.begin(mine) == first
    assert shard.redis.zcard(shard.window(Job())) == 1


def test_asked_again_after_more_than_a_second_it_begins_anew_with_a_new_time(shard, worker):
    mine = claim(shard, worker)
    worker.begin(mine)
    shard.pass_us(SECOND_US + 1)
    assert worker.begin(mine) == f"ok {shard.now_us} 0"
    assert shard.redis.zrange(shard.window(Job()), 0, -1, withscores=True) == [
        (mine.token, shard.now_us)
    ]


def test_beginning_anew_may_be_refused_and_then_leaves_its_old_place_free(shard, worker):
    mine, others = claim(shard, worker), jobs(3, limit=2)
    job = replace(others[0], limit=2)
    worker.begin(mine, job)
    shard.pass_us(SECOND_US + 1)
    for other, held in zip(others[1:], claims(shard, worker, 2)):
        worker.begin(held, replace(other, limit=3))
    assert worker.begin(mine, job) == "wait_room 60000 unsent"
    assert shard.redis.zcard(shard.window(job)) == 2
    assert worker.done(mine, job, identity=True) == "ok"
    assert "acme:j0" not in begun(shard)


def test_asked_again_for_a_claim_that_is_settled_it_is_lost(shard, worker):
    mine = claim(shard, worker)
    worker.begin(mine)
    shard.redis.hdel(worker.claims_key, mine.field)
    assert worker.begin(mine) == "lost"


# The window


def test_a_window_lets_in_as_many_as_its_limit_and_no_more(shard, worker):
    answers = [
        worker.begin(held, job).split()[0]
        for held, job in zip(claims(shard, worker, 15), jobs(15, limit=10))
    ]
    assert answers == ["ok"] * 10 + ["rate_limited"] * 5


def test_the_limit_holds_within_one_turn(shard, worker):
    items = [Begin(held, job) for held, job in zip(claims(shard, worker, 30), jobs(30, limit=7))]
    texts = worker.turn(*items).texts
    assert [text.split()[0] for text in texts].count("ok") == 7
    assert shard.redis.zcard(shard.window(Job())) == 7


def test_what_is_refused_leaves_no_mark_and_takes_no_place(shard, worker):
    first, second = claims(shard, worker, 2)
    worker.begin(first, Job(id="a", limit=1))
    assert worker.begin(second, Job(id="b", limit=1)) == "rate_limited 60000"
    assert begun(shard) == ["acme:a"]
    assert shard.redis.zcard(shard.window(Job())) == 1


def test_a_place_is_free_again_after_exactly_the_window(shard, worker):
    first, second = claims(shard, worker, 2)
    worker.begin(first, Job(id="a", limit=1))
    shard.pass_us(60 * SECOND_US - 1)
    assert worker.begin(second, Job(id="b", limit=1)) == "rate_limited 1"
    shard.pass_us(1)
    assert worker.begin(second, Job(id="b", limit=1)).startswith("ok")


@pytest.mark.parametrize("gaps_ms", [[0, 0, 0], [100, 250, 4000], [0.001, 59000, 7]])
def test_the_wait_it_names_is_the_shortest_that_helps(shard, worker, gaps_ms):
    held = claims(shard, worker, 4)
    for job, mine, gap in zip(jobs(3, limit=3), held, gaps_ms):
        assert worker.begin(mine, job).startswith("ok")
        shard.pass_us(int(gap * 1000))
    job = Job(id="late", limit=3)
    word, wait_ms = worker.begin(held[3], job).split()
    assert word == "rate_limited"
    shard.pass_ms(int(wait_ms) - 1)
    if int(wait_ms) > 1:
        assert worker.begin(held[3], job).startswith("rate_limited")
    shard.pass_ms(1)
    assert worker.begin(held[3], job).startswith("ok")


def test_the_wait_is_right_where_the_limit_was_lowered(shard, worker):
    held = claims(shard, worker, 6)
    for job, mine in zip(jobs(5, limit=5), held):
        worker.begin(mine, job)
        shard.pass_ms(1000)
    # Five calls of the last 5 s; with a limit of 2, four of them have to pass: the fourth was made 2 s ago.
    assert worker.begin(held[5], Job(id="late", limit=2)) == "rate_limited 58000"
    shard.pass_ms(58000)
    assert worker.begin(held[5], Job(id="late", limit=2)).startswith("ok")


def test_each_action_of_each_org_has_its_own_window(shard, worker):
    held = claims(shard, worker, 4)
    shard.define(Job(org="globex"))
    shard.define(Job(integration="wiki"))
    for mine, job in zip(
        held,
        [
            Job(id="a", limit=1),
            Job(id="b", limit=1, action="close"),
            Job(id="c", limit=1, org="globex"),
            Job(id="d", limit=1, integration="wiki"),
        ],
    ):
        assert worker.begin(mine, job).startswith("ok")


def test_a_full_window_is_trimmed_by_a_thousand_entries_at_most(shard, worker):
    window, mine = shard.window(Job()), claim(shard, worker)
    old = shard.now_us - 61 * SECOND_US
    shard.redis.zadd(window, {f"old-{i}": old + i for i in range(2500)})
    assert worker.begin(mine).startswith("ok")
    assert shard.redis.zcard(window) == 1501
    assert shard.redis.zscore(window, "old-999") is None
    assert shard.redis.zscore(window, "old-1000") is not None


def test_what_is_in_the_window_is_never_trimmed(shard, worker):
    window, held = shard.window(Job()), claims(shard, worker, 2)
    edge = shard.now_us - 60 * SECOND_US
    shard.redis.zadd(window, {"out": edge, "in": edge + 1, "ahead": shard.now_us + 5})
    assert worker.begin(held[0], Job(id="a", limit=2)) == "rate_limited 1"
    assert set(shard.redis.zrange(window, 0, -1)) == {"in", "ahead"}
    assert worker.begin(held[1], Job(id="b", limit=3)).startswith("ok")


def test_a_window_of_ten_stays_small_in_memory(shard, worker):
    for job, held in zip(jobs(10), claims(shard, worker, 10)):
        worker.begin(held, job)
    assert shard.redis.object("encoding", shard.window(Job())) == "listpack"


# What changed since the worker looked


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2"},
        {"enabled": "0"},
        {"disabled:create": "1"},
        {"enabled": "0", "version": "2"},
    ],
)
def test_another_version_or_switch_is_told_before_anything_is_marked(shard, worker, change):
    mine = claim(shard, worker)
    shard.redis.hset(shard.integration(Job()), mapping=change)
    assert worker.begin(mine) == "changed"
    assert not begun(shard) and not shard.redis.exists(shard.window(Job()))


def test_a_removed_integration_is_a_change(shard, worker):
    mine = claim(shard, worker)
    shard.redis.delete(shard.integration(Job()))
    assert worker.begin(mine) == "changed"


def test_the_switch_of_another_action_is_none(shard, worker):
    shard.redis.hset(shard.integration(Job()), "disabled:close", "1")
    assert worker.begin(claim(shard, worker)).startswith("ok")


SECRETS = (("username", "aaaaaaaaaaaaaaaa"), ("password", "bbbbbbbbbbbbbbbb"))


def seal(shard, **fields):
    shard.redis.hset(shard.secrets(Job()), mapping=fields)


def test_secrets_that_are_as_the_worker_saw_them_let_it_begin(shard, worker):
    seal(shard, username="bh1.k.xxaaaaaaaaaaaaaaaa", password="bbbbbbbbbbbbbbbb")
    assert worker.begin(claim(shard, worker), secrets=SECRETS).startswith("ok")


@pytest.mark.parametrize("password", ["bh1.k.xxcbbbbbbbbbbbbbbb", "", None])
def test_a_secret_that_changed_or_went_is_a_change(shard, worker, password):
    seal(shard, username="bh1.k.xxaaaaaaaaaaaaaaaa")
    if password is not None:
        seal(shard, password=password)
    assert worker.begin(claim(shard, worker), secrets=SECRETS) == "changed"


def test_a_secret_that_was_set_since_is_a_change(shard, worker):
    unset = (("token", ""),)
    first, second = claims(shard, worker, 2)
    assert worker.begin(first, secrets=unset).startswith("ok")
    seal(shard, token="bh1.k.xxaaaaaaaaaaaaaaaa")
    assert worker.begin(second, id="j2", secrets=unset) == "changed"


def test_any_text_may_be_a_version(shard, worker):
    for number, version in enumerate(["", "7", "a b  c", "-", "1 1 1 1 1 1 1"]):
        job = Job(id=f"v{number}", version=version)
        shard.define(job, version=version)
        mine = claim(shard, worker, job)
        first = worker.begin(mine, job)
        assert first.startswith("ok")
        assert worker.begin(mine, job) == first
        assert worker.done(mine, job) == "ok"


# Deadlines


def test_a_deadline_that_passed_is_expired_and_marks_nothing(shard, worker):
    mine = claim(shard, worker)
    assert worker.begin(mine, deadline_ms=shard.now_ms) == "expired"
    assert not begun(shard)
    assert worker.begin(mine, deadline_ms=shard.now_ms + 1).startswith("ok")


# Who has the id


def test_other_content_under_an_id_that_runs_is_a_conflict(shard, worker):
    first, second = claims(shard, worker, 2)
    worker.begin(first)
    assert worker.begin(second, digest="digest-2") == "conflict"


def test_the_same_content_under_an_id_that_runs_is_waiting(shard, worker):
    first, second = claims(shard, worker, 2)
    worker.begin(first)
    assert worker.begin(second) == "waiting"
    assert len(begun(shard)) == 1


def test_two_begins_of_one_id_in_one_turn_let_one_call_out(shard, worker):
    first, second = claims(shard, worker, 2)
    texts = worker.turn(Begin(first, Job()), Begin(second, Job())).texts
    assert texts[0].startswith("ok") and texts[1] == "waiting"


def test_one_id_of_two_orgs_is_two_ids(shard, worker):
    shard.define(Job(org="globex"))
    first, second = claims(shard, worker, 2)
    assert worker.begin(first).startswith("ok")
    assert worker.begin(second, org="globex", digest="digest-2").startswith("ok")


@pytest.mark.parametrize(
    "status, sent",
    [
        ("succeeded", "yes"),
        ("failed", "yes"),
        ("failed", "maybe"),
        ("confirmation_pending", "no"),
        ("declined", "no"),
    ],
)
def test_an_id_that_was_answered_is_a_duplicate_or_a_conflict(shard, worker, status, sent):
    shard.redis.set(shard.result(Job()), reply_text(Job(), status, sent))
    mine = claim(shard, worker)
    assert worker.begin(mine) == "duplicate"
    assert worker.begin(mine, digest="digest-2") == "conflict"
    assert not begun(shard)


@pytest.mark.parametrize("digest", ["digest-1", "digest-2"])
def test_what_failed_with_nothing_sent_does_not_occupy_its_id(shard, worker, digest):
    shard.redis.set(shard.result(Job()), reply_text(Job(), "failed", "no"))
    assert worker.begin(claim(shard, worker), digest=digest).startswith("ok")


def test_a_result_that_is_not_ours_does_not_occupy_an_id(shard, worker):
    shard.redis.rpush(shard.result(Job()), "somebody's list")
    assert worker.begin(claim(shard, worker)).startswith("ok")


# Deliveries after the first


def test_an_unsafe_call_that_a_dead_worker_began_is_unknown_to_the_next(shard, worker):
    other = Worker(shard).register()
    mine = claim(shard, other)
    other.begin(mine)
    again = redelivered(shard, worker, other)
    assert (again.deliveries, again.birth) == ("2", mine.birth)
    assert worker.begin(again) == "unknown"
    assert shard.redis.zcard(shard.window(Job())) == 1


def test_a_repeatable_call_that_a_dead_worker_began_is_begun_again(shard, worker):
    other = Worker(shard).register()
    job = Job(repeatable=True)
    other.begin(claim(shard, other), job)
    again = redelivered(shard, worker, other)
    shard.pass_ms(5)
    assert worker.begin(again, job) == f"ok {shard.now_us} 1"
    assert shard.redis.zcard(shard.window(job)) == 2
    shard.pass_ms(1)
    assert worker.begin(again, job) == f"ok {shard.now_us - 1000} 1"
    assert shard.redis.zcard(shard.window(job)) == 2


def test_a_repeat_that_began_too_long_ago_begins_anew_and_still_knows_of_the_first(shard, worker):
    other = Worker(shard).register()
    job = Job(repeatable=True)
    other.begin(claim(shard, other), job)
    again = redelivered(shard, worker, other)
    worker.begin(again, job)
    shard.pass_ms(2000)
    assert worker.begin(again, job) == f"ok {shard.now_us} 1"
    assert shard.redis.zcard(shard.window(job)) == 2


def test_a_job_that_died_before_it_was_begun_begins_as_the_first_time(shard, worker):
    other = Worker(shard).register()
    claim(shard, other)
    again = redelivered(shard, worker, other)
    assert worker.begin(again) == f"ok {shard.now_us} 0"


def repeat(shard, worker, job):
    """A second delivery of a repeatable job that had been begun."""
    other = Worker(shard).register()
    assert other.begin(claim(shard, other), job).startswith("ok")
    return redelivered(shard, worker, other)


def test_a_repeat_is_over_once_the_definition_changed(shard, worker):
    job = Job(repeatable=True)
    again = repeat(shard, worker, job)
    shard.define(version="2")
    assert worker.begin(again, job) == "changed"  # the worker has to look again
    assert worker.begin(again, replace(job, version="2")) == "over"


def test_a_repeat_by_a_worker_that_knows_an_older_version_looks_again(shard, worker):
    job = Job(repeatable=True)
    again = repeat(shard, worker, job)
    assert worker.begin(again, replace(job, version="0")) == "changed"


def test_a_repeat_is_over_past_its_deadline(shard, worker):
    job = Job(repeatable=True)
    again = repeat(shard, worker, job)
    assert worker.begin(again, job, deadline_ms=shard.now_ms) == "over"


def test_a_repeat_is_over_where_the_action_was_switched_off(shard, worker):
    job = Job(repeatable=True)
    again = repeat(shard, worker, job)
    shard.redis.hset(shard.integration(job), "enabled", "0")
    assert worker.begin(again, job) == "over"


def test_a_repeat_waits_for_room_and_keeps_its_mark(shard, worker):
    job = Job(repeatable=True, limit=1)
    again = repeat(shard, worker, job)
    assert worker.begin(again, job) == "wait_room 60000 ours"
    assert begun(shard) == ["acme:j1"]
    assert worker.retry(again, shard.now_ms + 60000) == "ok"
    shard.pass_ms(60000)
    worker.renew()
    [third] = worker.claim()
    assert worker.begin(third, job) == f"ok {shard.now_us} 1"


def ended(shard, worker, job):
    """A further delivery of a job whose attempt ended."""
    held = claim(shard, worker)
    assert worker.begin(held, job).startswith("ok")
    assert worker.again(held, shard.now_ms, job) == "ok"
    worker.renew()
    [again] = worker.claim()
    return again


def test_a_job_whose_attempt_ended_waits_for_room(shard, worker):
    job = Job(repeatable=True, limit=1)
    assert worker.begin(ended(shard, worker, job), job) == "wait_room 60000 ended"


def test_a_job_whose_attempt_ended_answers_for_itself_where_there_is_no_further_one(shard, worker):
    job = Job(repeatable=True)
    again = ended(shard, worker, job)
    assert worker.begin(again, job, deadline_ms=shard.now_ms) == "ended"
    shard.redis.hset(shard.integration(job), "enabled", "0")
    assert worker.begin(again, job) == "ended"
    shard.redis.hset(shard.integration(job), "enabled", "1")
    shard.define(version="2")
    assert worker.begin(again, job) == "changed"  # the worker has to look again
    assert worker.begin(again, replace(job, version="2")) == "ended"


def test_an_attempt_begun_too_long_ago_leaves_what_the_one_before_it_came_to(shard, worker):
    job = Job(repeatable=True, limit=2)
    again = ended(shard, worker, job)
    assert worker.begin(again, job).endswith(" 2")
    shard.pass_us(SECOND_US + 1)
    assert worker.begin(again, job) == f"ok {shard.now_us} 2"
    assert shard.redis.zcard(shard.window(job)) == 2


def test_a_job_of_which_nothing_was_sent_begins_as_the_first_time_and_counts_again(shard, worker):
    mine = claim(shard, worker)
    worker.begin(mine)
    assert worker.unsent(mine, shard.now_ms + 100) == "ok"
    shard.pass_ms(100)
    assert worker.renew().promoted == 1
    [again] = worker.claim()
    assert worker.begin(again) == f"ok {shard.now_us} 0"
    assert shard.redis.zcard(shard.window(Job())) == 2


def test_a_job_of_which_nothing_was_sent_keeps_its_id_while_it_waits(shard, worker):
    mine, same, other = claims(shard, worker, 3)
    worker.begin(mine)
    worker.unsent(mine, shard.now_ms + 100)
    assert worker.begin(same) == "waiting"
    assert worker.begin(other, digest="digest-2") == "conflict"


def test_a_repeat_of_which_nothing_was_sent_still_knows_of_the_first(shard, worker):
    job = Job(repeatable=True)
    again = repeat(shard, worker, job)
    worker.begin(again, job)
    worker.unsent(again, shard.now_ms, job)
    worker.renew()
    [third] = worker.claim()
    assert worker.begin(third, replace(job, repeatable=False)) == "unknown"
    assert worker.begin(third, job) == f"ok {shard.now_us} 1"
