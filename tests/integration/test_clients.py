# SPDX-License-Identifier: MIT
"""The clients that the README shows, in each language: what a workflow engine and a chat backend see of each end."""

import json
import os
import re
import threading

import pytest
from support import schemas
from support.example import FOLDER, Example, command, readers, reply_queue
from support.org import REPLY_WAIT, integration
from support.redis_process import free_port
from support.upstream import Answer, Held, Raw
from support.waiting import wait_until
from support.worker_stand_in import StandIn, reply

WORKER = {"rate_limit": "1000/1"}
LANGUAGES = ("python", "node", "c")


@pytest.fixture(scope="module", params=LANGUAGES)
def words(request, tmp_path_factory):
    return command(request.param, str(tmp_path_factory.mktemp("client")))


@pytest.fixture
def example(words, redis_server):
    """`example(org, "workflow", "tickets/read", "id", {…}, …)`"""
    started = []

    def start(org, verb, *arguments, wait_s=20):
        if verb != "result":
            arguments = [f"{org.name}/{arguments[0]}", *arguments[1:]]
        arguments = [word if isinstance(word, str) else json.dumps(word) for word in arguments]
        started.append(Example(words, [verb, *arguments], redis_server.url, org.shard, wait_s))
        return started[-1]

    yield start
    for running in started:
        running.abandon()


def desk(upstream, **actions):
    read = {"method": "GET", "path": "/r/{{n}}"}
    create = {"title": "Create a ticket", "method": "POST", "path": "/c/{{n}}", "body": {"n": "{{n}}"}}
    return integration(upstream.base_url, auth="bearer", read=read, create=create, **actions)


@pytest.fixture
def acme(acme, worker, upstream):
    acme.options["rate_limit"] = WORKER["rate_limit"]
    acme.put(desk(upstream))
    acme.seal("tickets", "token", "a-token-for-the-desk")
    return acme


def test_many_steps_wait_on_one_queue_and_each_gets_its_own_reply(example, acme, upstream):
    steps = []
    for n in range(30):
        upstream.on(f"/v1/r/{n}", Answer(json={"n": n, "price": 19.99, "name": "Zoë"}))
        steps += [f"step-{n}", {"n": n}]
    ends = [f'step-{n}: succeeded {{"n":{n},"price":19.99,"name":"Zoë"}}' for n in range(30)]
    assert example(acme, "workflow", "tickets/read", *steps).lines() == ends


def test_a_step_over_the_limit_waits_as_it_is_told_and_runs_under_its_id(example, acme, upstream):
    limited = {"method": "GET", "path": "/r/{{n}}", "rate_limit": {"calls": 1, "window_s": 1}}
    acme.put(desk(upstream, limited=limited))
    lines = example(acme, "workflow", "tickets/limited", "one", {"n": 1}, "two", {"n": 2}).lines()
    assert lines == ['one: succeeded {"ok":true}', 'two: succeeded {"ok":true}']
    assert "rate_limited" in [entry["code"] for entry in acme.audit()]
    assert (acme.result("one")["status"], acme.result("two")["status"]) == ("succeeded", "succeeded")


def test_what_was_not_sent_is_tried_again_under_its_id(example, acme):
    acme.put(integration(f"http://127.0.0.1:{free_port()}", read={"method": "GET", "path": "/r/{{n}}"}))
    (line,) = example(acme, "workflow", "tickets/read", "a", {"n": 1}).lines()
    assert line.startswith("a: failed connect_failed, sent no: ")
    assert [entry["id"] for entry in acme.audit()] == ["a", "a", "a"]


def test_what_may_have_been_sent_is_tried_again_under_a_new_id(example, acme, upstream):
    upstream.on("/v1/r/1", Raw(then="close"))
    (line,) = example(acme, "workflow", "tickets/read", "a", {"n": 1}).lines()
    assert line.startswith("a: failed connection_lost, sent maybe: ")
    assert [entry["id"] for entry in acme.audit()] == ["a", "a.2", "a.3"]


def test_what_cannot_be_helped_is_not_tried_again(example, acme, upstream):
    upstream.on("/v1/r/1", Answer(404, json={"why": "no such ticket"}))
    lines = example(acme, "workflow", "tickets/read", "a", {"n": 1}, "b", {}).lines()
    assert lines[0].startswith("a: failed upstream_status, sent yes: ")
    assert lines[1].startswith("b: failed invalid_inputs, sent no: ")
    assert len(upstream.received()) == 1


def test_where_the_outcome_is_unknown_a_person_looks_first(example, acme, upstream):
    upstream.on("/v1/c/1", Raw(then="close"))
    (line,) = example(acme, "workflow", "tickets/create", "a", {"n": 1}).lines()
    assert line.startswith("a: look at the upstream first: ")
    assert len(upstream.received()) == 1


def test_a_step_that_was_left_waiting_is_found_later_and_pushing_it_again_is_safe(example, acme, upstream):
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c/1", held)
    waiting = example(acme, "workflow", "tickets/create", "slow", {"n": 1}, wait_s=1)
    held.arrived()
    assert waiting.lines() == ["slow: no reply yet"]
    assert example(acme, "result", acme.name, "slow").lines() == ["slow: no reply yet"]
    held.release()
    wait_until(lambda: acme.result("slow"), "the result")
    assert example(acme, "result", acme.name, "slow").lines() == ['slow: succeeded {"n":1}']
    again = example(acme, "workflow", "tickets/create", "slow", {"n": 1})
    assert again.lines() == ['slow: succeeded {"n":1}']
    assert len(upstream.received()) == 1


@pytest.fixture
def cut_off(example, acme, upstream):
    """A step whose call is held, and whose reader of replies was just cut off."""
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c/1", held)

    def start(wait_s):
        running = example(acme, "workflow", "tickets/create", "a", {"n": 1}, wait_s=wait_s)
        held.arrived()
        wait_until(lambda: readers(acme.redis), "the reader")
        for reader in readers(acme.redis):
            acme.redis.client_kill_filter(_id=reader["id"])
        return running, held

    return start


def test_a_reader_that_was_cut_off_comes_back_for_its_replies(cut_off):
    running, held = cut_off(wait_s=60)
    held.release()
    assert running.lines(timeout=REPLY_WAIT) == ['a: succeeded {"n":1}']


def test_a_reply_that_was_lost_is_found_at_its_result(cut_off, acme, redis_server):
    """It goes to whoever waited first: here to one who throws it away."""
    running, held = cut_off(wait_s=3)
    queue = acme.key("replies:" + reply_queue(acme, "a"))
    taken = []
    thief = threading.Thread(target=lambda: taken.append(acme.redis.brpop(queue, timeout=REPLY_WAIT)))
    thief.start()
    wait_until(lambda: len(readers(acme.redis)) == 2, "the reader behind the thief")
    ages = [int(reader["idle"]) for reader in readers(acme.redis)]
    held.release()
    thief.join()
    assert taken[0], f"the example's reader was first: {ages}"
    assert running.lines() == ['a: succeeded {"n":1}']


QUESTION = 'Create a ticket? POST {}/c/1 {{"n":1}}'


def test_what_a_person_approves_is_sent_as_it_was_shown(example, acme, upstream):
    upstream.on("/v1/c/1", Answer(json={"id": 4711}))
    chat = example(acme, "chat", "tickets/create", "a", {"n": 1})
    assert chat.shown() == QUESTION.format(upstream.base_url)
    assert upstream.received() == []
    chat.answer("yes")
    assert chat.lines() == ['a: succeeded {"id":4711}']
    assert upstream.only("/v1/c/1").body == b'{"n":1}'
    assert acme.result("a.decision")["confirms"] == "a"


def test_what_a_person_declines_is_not_sent(example, acme, upstream):
    chat = example(acme, "chat", "tickets/create", "a", {"n": 1})
    assert chat.shown() == QUESTION.format(upstream.base_url)
    chat.answer("no")
    assert chat.lines() == ["a: declined"]
    assert upstream.received() == []


def test_a_question_that_nobody_answers_expires(example, new_org, start_worker, upstream):
    start_worker(shard="expiring", confirm_ttl=1)
    acme = new_org(shard="expiring")
    acme.put(desk(upstream))
    chat = example(acme, "chat", "tickets/create", "a", {"n": 1})
    assert chat.shown() == QUESTION.format(upstream.base_url)
    wait_until(lambda: chat.process.poll() is not None, "the end of the question")
    assert chat.lines() == ["a: nobody answered"]
    assert upstream.received() == []


def test_a_tool_call_ends_when_nobody_waits_any_more(example, acme, upstream):
    upstream.on("/v1/r/1", Held())
    (line,) = example(acme, "chat", "tickets/read", "a", {"n": 1}, wait_s=1).lines()
    assert line.startswith("a: failed timeout, sent maybe: ")


def test_an_answer_that_comes_second_is_told_so(example, acme, upstream):
    chat = example(acme, "chat", "tickets/create", "a", {"n": 1})
    assert chat.shown() == QUESTION.format(upstream.base_url)
    acme.decline(acme.result("a").token)
    chat.answer("yes")
    (line,) = chat.lines()
    assert line.startswith("a: failed confirmation_used, sent no: ")
    assert upstream.received() == []


def test_a_read_needs_no_person(example, acme):
    assert example(acme, "chat", "tickets/read", "a", {"n": 1}).lines() == ['a: succeeded {"ok":true}']


def test_jobs_and_decisions_are_what_the_schemas_say(example, new_org):
    """A stand-in for the worker holds each message against its schema."""
    org = new_org(shard="stand-in")
    request = {"method": "POST", "url": "https://api.acme.com/c/1", "headers": {}}
    question = {"token": "f" * 32, "expires_at_ms": 2**52, "title": "t", "kind": "write", "request": request}

    def answer(queue, message):
        if queue == "chat":
            return reply(message, "confirmation_pending", "no", confirmation=question)
        return reply(message, output={"was": message["decision"], "by": message["by"]})

    with StandIn(org, answer) as seen:
        chat = example(org, "chat", "tickets/create", "a", {"n": 1})
        assert chat.shown() == "t? POST https://api.acme.com/c/1 "
        chat.answer("yes")
        assert chat.lines() == ['a: succeeded {"was":"approve","by":"user-42"}']
    assert [queue for queue, _ in seen] == ["chat", "decisions"]


def test_what_the_readme_shows_of_a_client_is_in_it():
    with open(os.path.join(schemas.TOP, "README.md"), encoding="utf-8") as file:
        shown = re.search(r"\n\n((?:    .*\n)*    finally:\n.*\n)", file.read())[1]
    with open(os.path.join(FOLDER, "python", "bellhop.py"), encoding="utf-8") as file:
        code = [line.split("#")[0].strip() for line in file]
    lines = [line.split("#")[0].strip() for line in shown.splitlines()]
    assert len(lines) > 5 and [line for line in lines if line not in code] == []
