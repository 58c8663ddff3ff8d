# SPDX-License-Identifier: MIT
"""What arrives together, at two workers: duplicates of a job, and decisions about one token. Contract, sections 2 and 8."""

import itertools
import socket

import pytest
from support.org import integration
from support.upstream import Answer, Held
from support.waiting import wait_until

WORKER = {"rate_limit": "10000/60"}
PATH = "/v1/t"


def desk(upstream, **more):
    return integration(
        upstream.base_url, create={"method": "POST", "path": "/t", **more}, read={"method": "GET", "path": "/t"}
    )


@pytest.fixture(scope="module")
def second(worker, worker_options):
    """A second worker beside the module's."""
    with type(worker).running(**{**worker_options, **WORKER}) as running:
        yield running


@pytest.fixture(autouse=True)
def a_desk(worker, second, acme, upstream):
    acme.put(desk(upstream))


def push_together(org, messages, queue):
    """So that both workers may have their part of them at the same time."""
    with org.redis.pipeline() as pipeline:
        for message in messages:
            org.push_into(pipeline, message, queue)
        pipeline.execute()
    return messages


# Duplicates.


@pytest.fixture
def running(acme, upstream):
    """A job whose call is under way, and what ends it."""
    held = Held(Answer(201, json={"id": 4711}))
    upstream.on(PATH, held)
    job = acme.push(acme.job("tickets/create"))
    held.arrived()
    yield job, held
    held.release()


def barrier(org):
    """Behind it, what was pushed before it was taken in."""
    assert org.run("tickets/read", id="barrier-" + org.new_id(), reply_to="b-" + org.new_id(), deadline_ms=1).code == "expired"


def test_a_duplicate_for_the_same_queue_is_a_second_reply_there(acme, upstream, running):
    job, held = running
    acme.push(job)
    wait_until(lambda: acme.redis.exists(acme.key(f"waiting:{acme.name}:{job['id']}")), "the duplicate to wait")
    held.release()
    assert acme.reply(job).text == acme.reply(job).text
    assert not acme.has_reply(job["reply_to"])
    assert len(upstream.received()) == 1


def test_a_duplicate_that_names_no_queue_is_no_reply_anywhere(acme, upstream, running):
    job, held = running
    acme.push({name: value for name, value in job.items() if name != "reply_to"})
    barrier(acme)
    held.release()
    reply = acme.reply(job)
    assert reply["status"] == "succeeded" and acme.result(job["id"]).text == reply.text
    assert not acme.has_reply(job["reply_to"])
    assert len(upstream.received()) == 1


def test_a_duplicate_of_one_that_named_no_queue_gets_its_reply(acme, upstream):
    held = Held(Answer(201, json={"id": 4711}))
    upstream.on(PATH, held)
    job = acme.push(acme.job("tickets/create", reply_to=None))
    held.arrived()
    newcomer = acme.push({**job, "reply_to": "n-" + job["id"]})
    barrier(acme)
    held.release()
    assert acme.reply(newcomer)["output"] == {"id": 4711}
    assert len(upstream.received()) == 1


def test_the_other_queue_is_other_content_at_once(acme, upstream, running):
    job, held = running
    other = acme.push({**job, "reply_to": "chat-" + job["id"]}, "chat")
    assert acme.reply(other).code == "id_conflict"
    held.release()
    assert acme.reply(job)["status"] == "succeeded"
    assert len(upstream.received()) == 1


def test_duplicates_of_one_that_never_left_are_told_so_and_the_id_is_free(acme, upstream):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        acme.put(integration(f"http://127.0.0.1:{deaf.getsockname()[1]}", create={"method": "POST", "path": "/t", "timeout_ms": 700}))
        job = acme.push(acme.job("tickets/create"))
        wait_until(lambda: acme.redis.hexists(acme.key("begun"), f"{acme.name}:{job['id']}"), "the call to begin")
        newcomers = [acme.push({**job, "reply_to": f"n{n}-{job['id']}"}) for n in range(3)]
        replies = [acme.reply(one) for one in [job, *newcomers]]
        for one in waiting:
            one.close()
    assert {(reply.code, reply["sent"]) for reply in replies} == {("timeout", "no")}
    assert len({reply.text for reply in replies}) == 1
    acme.put(desk(upstream))
    assert acme.reply(acme.push(job))["status"] == "succeeded"


def test_duplicates_of_one_that_must_be_asked_about_get_one_token(acme, upstream):
    for _ in range(10):
        job = acme.job("tickets/create")
        jobs = push_together(acme, [{**job, "reply_to": f"{n}-{job['id']}"} for n in range(6)], "chat")
        replies = [acme.reply(one) for one in jobs]
        assert len({reply.token for reply in replies}) == 1
        assert len({reply.text for reply in replies}) == 1
    assert upstream.received() == []


def test_a_hundred_at_once_are_one_call(acme, upstream):
    job = acme.job("tickets/create")
    jobs = push_together(acme, [{**job, "reply_to": f"{n}-{job['id']}"} for n in range(100)], "workflow")
    assert len({acme.reply(one).text for one in jobs}) == 1
    assert len(upstream.received()) == 1
    assert not any(acme.has_reply(one["reply_to"]) for one in jobs)


def test_more_duplicates_than_may_wait_come_again_and_get_the_reply(acme, upstream, worker, second, running):
    job, held = running
    reply_to = "many-" + job["id"]
    for start in range(0, 1200, 100):
        push_together(acme, [{**job, "reply_to": reply_to}] * 100, "workflow")
    wait_until(lambda: acme.redis.zcard(acme.key("delayed")) == 200, "those over it to be put off")
    assert acme.redis.hlen(acme.key(f"waiting:{acme.name}:{job['id']}")) == 1000
    pages = worker.page("/metrics")[1] + second.page("/metrics")[1]
    counts = [int(line.split()[1]) for line in pages.splitlines() if line.startswith("bellhop_waiting_full_total ")]
    assert sum(counts) >= 200
    said = [line for running in (worker, second) for line in running.log if "duplicates of one job wait" in line["msg"]]
    assert 1 <= len(said) <= 4
    held.release()
    first = acme.reply(job)
    wait_until(lambda: acme.redis.llen(acme.key("replies:" + reply_to)) == 1200, "a reply for each")
    assert set(acme.redis.lrange(acme.key("replies:" + reply_to), 0, -1)) == {first.text}
    assert len(upstream.received()) == 1


# Decisions.


PAIRS = list(itertools.product(["approve", "decline"], repeat=2))


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_of_two_decisions_at_once_one_holds(acme, upstream, pair):
    for _ in range(8):
        before = len(upstream.received())
        token = acme.ask("tickets/create").token
        decisions = push_together(acme, [acme.decision(token, decision) for decision in pair], "decisions")
        replies = [acme.reply(decision) for decision in decisions]
        ends = [reply.code or reply["status"] for reply in replies]
        assert ends.count("confirmation_used") == 1, ends
        lost = ends.index("confirmation_used")
        assert ends[1 - lost] == {"approve": "succeeded", "decline": "declined"}[pair[1 - lost]]
        details = replies[lost]["error"]["details"]
        assert (details["decision"], details["decision_id"]) == (pair[1 - lost], decisions[1 - lost]["id"])
        assert len(upstream.received()) - before == (ends[1 - lost] == "succeeded")


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_of_two_decisions_under_one_id_at_once_one_holds(acme, upstream, pair):
    for _ in range(8):
        before = len(upstream.received())
        token, decision_id = acme.ask("tickets/create").token, acme.new_id()
        decisions = [acme.decision(token, decision, id=decision_id) for decision in pair]
        replies = [acme.reply(decision) for decision in push_together(acme, decisions, "decisions")]
        ends = [reply.code or reply["status"] for reply in replies]
        if pair[0] == pair[1]:
            assert replies[0].text == replies[1].text
        else:
            assert "id_conflict" in ends or "confirmation_used" in ends, ends
        held = [end for end in ends if end in ("succeeded", "declined")]
        assert len(set(held)) == 1, ends
        assert len(upstream.received()) - before == ("succeeded" in held)


def test_a_yes_may_come_before_the_pending_reply_is_read(acme, upstream):
    job = acme.push(acme.job("tickets/create"), "chat")
    wait_until(lambda: acme.result(job["id"]), "the pending reply")
    assert acme.approve(acme.result(job["id"]).token)["status"] == "succeeded"
    assert acme.reply(job)["status"] == "confirmation_pending"


def test_a_yes_over_the_limit_is_good_once_there_is_room(acme, upstream, redis_server):
    # The operator's window is wider than a test may wait: room comes by the window's own entry going.
    acme.put(desk(upstream, rate_limit={"calls": 1, "window_s": 60}))
    token = acme.ask("tickets/create").token
    assert acme.run("tickets/create")["status"] == "succeeded"
    decision = acme.push(acme.decision(token, "approve"), "decisions")
    limited = acme.reply(decision)
    assert limited.code == "rate_limited" and limited["error"]["retry_after_ms"] > 50_000
    acme.redis.delete(acme.own("window:tickets:create"))
    assert acme.reply(acme.push(decision, "decisions"))["status"] == "succeeded"
    assert acme.approve(token).code == "confirmation_used"
    assert len(upstream.received()) == 2
