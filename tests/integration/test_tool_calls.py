# SPDX-License-Identifier: MIT
"""bellhop call, approve, decline: what they push, and what they make of the reply. No worker: a stand-in answers."""

import contextlib
import json
import os
import pwd

import pytest
import redis
from support.terminal import run_on_terminal
from support.worker_stand_in import StandIn, reply

REQUEST = {
    "method": "POST", "url": "https://api.acme.com/v1/desks/1/tickets",
    "headers": {"Content-Type": "application/json", "X-Desk": "1"}, "body": '{"subject":"Printer\non fire"}',
}  # fmt: skip


def pending(message, request=None, token="tok-1", title="Create a ticket"):
    confirmation = {"token": token, "expires_at_ms": 1795000000000, "title": title, "kind": "write"}
    return reply(message, "confirmation_pending", "no", confirmation={**confirmation, "request": request or REQUEST})


def failed(message, code="invalid_inputs", text="desk: is required"):
    return reply(message, "failed", "no", error={"code": code, "message": text, "retryable": False})


def succeeded(_, message):
    return reply(message, output={"ticket": 4711})


def test_a_job_is_pushed_for_chat_with_all_that_a_job_has(acme):
    before = acme.redis.time()[0] * 1000
    with StandIn(acme, succeeded) as seen:
        result = acme.bellhop("call", "tickets/create", "--inputs", '{"desk": 1.50, "a": "\\u00e9"}')
    assert result.code == 0 and result.err == ""
    ((queue, job),) = seen
    assert queue == "chat"
    assert job.keys() == {"v", "id", "org", "integration", "action", "inputs", "reply_to", "deadline_ms"}
    assert (job["v"], job["org"], job["integration"], job["action"]) == (1, acme.name, "tickets", "create")
    assert job["inputs"] == {"desk": 1.5, "a": "é"}
    assert job["reply_to"].startswith("cli-") and job["reply_to"] != job["id"]
    assert before + 60000 <= job["deadline_ms"] < before + 90000


def test_the_reply_is_the_result_as_it_came(acme):
    text = '{"v":1,"status":"succeeded","sent":"yes","digest":"d","output":{"n":19.90}}'
    with StandIn(acme, lambda queue, message: text):
        assert acme.bellhop("call", "tickets/show", "--json").out == text + "\n"


def test_queue_id_and_timeout_are_as_typed(acme):
    before = acme.redis.time()[0] * 1000
    with StandIn(acme, succeeded) as seen:
        acme.done("call", "tickets/show", "--queue", "workflow", "--id", "job-1", "--timeout=5")
    ((queue, job),) = seen
    assert queue == "workflow" and job["id"] == "job-1" and "inputs" not in job
    assert before + 5000 <= job["deadline_ms"] < before + 35000


def test_ids_are_random_and_nothing_is_left_behind(acme):
    with StandIn(acme, succeeded) as seen:
        for _ in range(3):
            acme.done("call", "tickets/show")
    assert len({job["id"] for _, job in seen}) == 3
    assert acme.redis.keys(acme.key("replies:*")) == []


def test_a_failed_reply_is_exit_1_with_its_reason(acme):
    with StandIn(acme, lambda queue, message: failed(message)):
        result = acme.bellhop("call", "tickets/create")
    assert result.code == 1
    assert result.json["status"] == "failed"
    assert result.err == "bellhop: invalid_inputs: desk: is required\n"


def test_a_confirmation_shows_what_would_be_sent_and_exits_3(acme):
    with StandIn(acme, lambda queue, message: pending(message)) as seen:
        result = acme.bellhop("call", "tickets/create")
    assert result.code == 3 and len(seen) == 1
    assert result.json["confirmation"]["token"] == "tok-1"
    lines = [line.strip() for line in result.err.splitlines()]
    for line in (
        "Create a ticket (write)", "POST https://api.acme.com/v1/desks/1/tickets", "Content-Type: application/json",
        "X-Desk: 1", '{"subject":"Printer', 'on fire"}', f"bellhop approve tok-1 --org {acme.name}",
    ):  # fmt: skip
        assert line in lines


def test_no_preview_commands_the_terminal_or_passes_for_ours(acme):
    request = {**REQUEST, "body": "\x1b[2J\u202eevil\nNothing was sent.", "url": "https://a/\x9b31m"}
    with StandIn(acme, lambda queue, message: pending(message, request, title="\x1b]0;owned\x07")):
        result = acme.bellhop("call", "tickets/create")
    for harm in "\x1b\u202e\x9b\x07":
        assert harm not in result.err
    assert "  Nothing was sent." in result.err and "\\u202eevil" in result.err
    with StandIn(acme, lambda queue, message: pending(message, request)):
        options = acme.options | {"org": acme.name}
        shown = run_on_terminal("bellhop", ["call", "tickets/create"], options).shown
    for harm in "\x1b\u202e\x9b\x07":
        assert harm not in shown


def test_what_nobody_sees_is_shown_in_a_preview(acme):
    """As a text for a model can be hidden in one for a person: in joiners, fillers, tags."""
    hidden = "\u00ad\u200b\u200d\u2060\u3164\ufe00\ufeff\U000e0041\U000e01ef"
    request = {**REQUEST, "body": f"pay{hidden}me \u2764\ufe0f \U0001f600"}
    told = "pay" + json.dumps(hidden)[1:-1] + "me \u2764\ufe0f \U0001f600"
    with StandIn(acme, lambda queue, message: pending(message, request)):
        result = acme.bellhop("call", "tickets/create")
    assert told in result.err and json.loads(result.out)["confirmation"]["request"]["body"] == request["body"]
    with StandIn(acme, lambda queue, message: pending(message, request)):
        shown = run_on_terminal("bellhop", ["call", "tickets/create"], acme.options | {"org": acme.name}).shown
    assert not set(hidden) & set(shown)


def test_yes_approves_with_an_id_of_its_own_and_prints_the_last_reply(acme):
    def answer(queue, message):
        return succeeded(queue, message) if queue == "decisions" else pending(message)

    with StandIn(acme, answer) as seen:
        result = acme.bellhop("call", "tickets/create", "--id", "job-1", "--yes")
    assert result.code == 0 and result.json["output"] == {"ticket": 4711}
    assert "POST https://api.acme.com" in result.err
    (_, job), (queue, decision) = seen
    assert queue == "decisions" and decision["decision"] == "approve" and decision["token"] == "tok-1"
    assert decision["id"] != job["id"] and decision["reply_to"] != job["reply_to"]
    assert decision["by"] == pwd.getpwuid(os.getuid()).pw_name


def test_yes_that_fails_is_exit_1(acme):
    def answer(queue, message):
        return failed(message, "timeout", "took too long") if queue == "decisions" else pending(message)

    with StandIn(acme, answer):
        assert acme.bellhop("call", "tickets/create", "--yes").code == 1


@pytest.mark.parametrize("word, status, code", [
    ("approve", "succeeded", 0), ("approve", "failed", 1), ("decline", "declined", 0), ("decline", "failed", 1),
])  # fmt: skip
def test_a_decision_waits_for_its_reply(acme, word, status, code):
    def answer(_, message):
        return failed(message, "confirmation_used", "was used") if status == "failed" else reply(message, status)

    with StandIn(acme, answer) as seen:
        result = acme.bellhop(word, "tok-1", "--by", 'Ada "the" Ö', "--id", "d-1")
    assert result.code == code and result.json["status"] == status
    ((queue, decision),) = seen
    assert queue == "decisions"
    assert decision.keys() == {"v", "id", "org", "token", "decision", "by", "reply_to", "deadline_ms"}
    assert (decision["id"], decision["decision"], decision["by"]) == ("d-1", word, 'Ada "the" Ö')


def test_a_declined_call_is_exit_1(acme):
    with StandIn(acme, lambda queue, message: reply(message, "declined", "no")):
        assert acme.bellhop("call", "tickets/create").code == 1


def test_without_a_worker_it_says_so_and_keeps_nothing(acme):
    acme.redis.delete(acme.key("workers"))
    result = acme.bellhop("call", "tickets/show", "--timeout", "1", "--id", "job-1")
    assert result.code == 1 and result.out == ""
    assert "no reply to job-1 within 1 s: no worker serves this shard" in result.err
    acme.redis.delete(acme.key("jobs:chat"))
    assert acme.redis.keys(acme.key("replies:*")) == []


@pytest.mark.parametrize("text", ["not json", '"text"', "{}", '{"status":"odd"}', '{"status":"confirmation_pending"}'])
def test_a_reply_that_is_none_is_a_failure(acme, text):
    with StandIn(acme, lambda queue, message: text):
        result = acme.bellhop("call", "tickets/show")
    assert result.code == 1 and "Traceback" not in result.err


def test_a_redis_that_goes_while_it_waits_is_one_line(bellhop, new_redis):
    server = new_redis(timeout=0)

    class Here:
        redis = server.client

        @staticmethod
        def key(rest):
            return f"bellhop:{{main}}:{rest}"

    def answer(_, message):
        server.kill()

    # The stand-in's own connection goes too.
    with contextlib.suppress(redis.ConnectionError), StandIn(Here, answer):
        result = bellhop("call", "a/b", org="acme", shard=None, redis_url=server.unix_url)
    assert result.code == 1 and result.err.startswith("bellhop: ")
    assert result.err.count("\n") == 1 and "Redis at unix://" in result.err


def test_large_inputs_and_replies_pass_whole(acme):
    text = "ö" * 20000
    with StandIn(acme, lambda queue, message: reply(message, output=message["inputs"]["text"] * 8)) as seen:
        result = acme.bellhop("call", "tickets/show", "--inputs", json.dumps({"text": text}))
    assert seen[0][1]["inputs"]["text"] == text
    assert result.json["output"] == text * 8
