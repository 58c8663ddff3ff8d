# SPDX-License-Identifier: MIT
"""A person is asked before a write from chat, and what was shown is what is sent: contract, section 8."""

import pytest
import redis
from support.org import BY_SCHEMA, integration
from support.redis_process import free_port
from support.upstream import Answer, Held, Upstream

WORKER = {"rate_limit": "1000/60"}

CREATE = {
    "title": "Create a ticket",
    "method": "POST",
    "path": "/desks/{{desk}}/tickets",
    "query": {"notify": "{{notify}}"},
    "headers": {"X-Note": "from chat: {{subject}}"},
    "body": {"subject": "{{subject}}", "note": "said: {{subject}}", "n": 1.50},
    "inputs": {
        "type": "object",
        "required": ["desk", "subject"],
        "properties": {"desk": {"type": "string"}, "subject": {"type": "string"}, "notify": {"type": "boolean"}},
    },
}
INPUTS = {"desk": "a/b \u00e9", "subject": 'Printer "on" fire {{desk}}', "notify": True}
PATH = "/v1/desks/a%2Fb%20%C3%A9/tickets"


def desk(upstream, auth="bearer", **actions):
    read = {"method": "GET", "path": "/tickets"}
    return integration(upstream.base_url, auth=auth, create=CREATE, read=read, **actions)


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(desk(upstream))
    acme.seal("tickets", "token", "correct-horse-battery")
    upstream.on(PATH, Answer(201, json={"id": 4711}))


@pytest.fixture
def pending(acme):
    """A job that waits for its answer."""
    return acme.ask("tickets/create", INPUTS)


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


# What is shown.


def test_a_write_from_chat_waits_for_a_person(acme, upstream, redis_server):
    reply = acme.ask("tickets/create", INPUTS, meta={"conversation": "c1"})
    assert (reply["status"], reply["sent"], reply["meta"]) == ("confirmation_pending", "no", {"conversation": "c1"})
    confirmation = reply["confirmation"]
    assert set(confirmation) == {"token", "expires_at_ms", "title", "kind", "request"}
    assert (confirmation["title"], confirmation["kind"]) == ("Create a ticket", "write")
    assert abs(confirmation["expires_at_ms"] - redis_server.now_ms() - 3600_000) < 10_000
    assert "http" not in reply
    assert upstream.received() == []


def test_what_was_shown_is_what_is_sent(acme, upstream, pending):
    assert acme.approve(pending.token)["status"] == "succeeded"
    shown, sent = pending.preview, upstream.only()
    assert (shown["method"], shown["url"]) == (sent.method, upstream.origin + sent.target)
    assert shown["body"].encode() == sent.body
    for name, value in shown["headers"].items():
        assert f"\r\n{name}: {value}\r\n".encode() in sent.raw
    by_the_way = {"host", "authorization", "content-length", "accept", "accept-encoding", "user-agent"}
    assert {name.lower() for name, _ in sent.headers} - by_the_way == {name.lower() for name in shown["headers"]}
    assert sent.header("Authorization") == "Bearer correct-horse-battery"
    assert sent.json == {"subject": INPUTS["subject"], "note": "said: " + INPUTS["subject"], "n": 1.5}


def test_tokens_cannot_be_guessed(acme):
    tokens = {acme.ask("tickets/create", INPUTS).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 22 for token in tokens)


@pytest.mark.parametrize(
    "change, queue, asked",
    [
        ({}, "chat", True),
        ({}, "workflow", False),
        ({"requires_confirmation": False}, "chat", False),
        ({"method": "GET"}, "chat", False),
        ({"method": "GET", "requires_confirmation": True}, "chat", True),
        ({"method": "GET", "requires_confirmation": True}, "workflow", False),
        ({"kind": "read"}, "chat", False),
        ({"method": "DELETE"}, "chat", True),
    ],
)
def test_who_is_asked(acme, upstream, change, queue, asked):
    acme.put(integration(upstream.base_url, "who", act={"method": "POST", "path": "/who", **change}))
    status = acme.run("who/act", {}, queue=queue)["status"]
    assert status == ("confirmation_pending" if asked else "succeeded")
    assert len(upstream.received()) == (0 if asked else 1)


# Yes and no.


def test_an_approval_is_answered_as_the_job_would_have_been(acme, upstream, pending):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    decision = acme.decision(pending.token, "approve", meta={"m": 1}, traceparent=trace)
    reply = acme.reply(acme.push(decision, "decisions"))
    assert (reply["status"], reply["sent"], reply["output"]) == ("succeeded", "yes", {"id": 4711})
    assert (reply["id"], reply["confirms"]) == (decision["id"], pending["id"])
    assert (reply["integration"], reply["action"]) == ("tickets", "create")
    assert (reply["meta"], reply["traceparent"]) == ({"m": 1}, trace)
    assert acme.result(pending["id"]).text == pending.text
    assert "user-42" in [entry["by"] for entry in acme.audit()]


def test_a_no_is_no(acme, upstream, pending):
    reply = acme.decline(pending.token)
    assert (reply["status"], reply["sent"], reply["confirms"]) == ("declined", "no", pending["id"])
    used = acme.approve(pending.token)
    assert told(used) == ("confirmation_used", "no", False)
    assert used["error"]["details"] == {"decision": "decline", "by": "user-42", "decision_id": reply["id"]}
    assert upstream.received() == []


def test_an_approval_is_good_once(acme, upstream, pending):
    first = acme.approve(pending.token, by="user-1")
    second = acme.approve(pending.token, by="user-2")
    assert told(second) == ("confirmation_used", "no", False)
    assert second["error"]["details"] == {"decision": "approve", "by": "user-1", "decision_id": first["id"]}
    assert acme.decline(pending.token).code == "confirmation_used"
    assert len(upstream.received()) == 1


def test_the_same_decision_again_gets_the_same_reply(acme, upstream, pending):
    decision = acme.push(acme.decision(pending.token, "approve"), "decisions")
    first = acme.reply(decision)
    again = acme.reply(acme.push({**decision, "reply_to": acme.new_id()}, "decisions"))
    assert again.text == first.text
    assert len(upstream.received()) == 1


def test_a_decision_needs_an_id_of_its_own(acme, upstream, pending):
    assert told(acme.approve(pending.token, id=pending["id"])) == ("id_conflict", "no", False)
    assert acme.result(pending["id"]).text == pending.text
    assert upstream.received() == []
    assert acme.approve(pending.token)["status"] == "succeeded"


def test_the_job_again_gets_the_same_pending_reply(acme, upstream):
    job = acme.push(acme.job("tickets/create", INPUTS), "chat")
    first = acme.reply(job)
    assert acme.reply(acme.push(job, "chat")).text == first.text
    assert acme.approve(first.token)["status"] == "succeeded"
    assert acme.reply(acme.push(job, "chat")).text == first.text
    assert len(upstream.received()) == 1


def test_two_approvals_at_once_send_one_call(start_worker, acme, upstream):
    start_worker()
    for _ in range(10):
        upstream.reset()
        upstream.on(PATH, Answer(201, json={"id": 1}))
        token = acme.ask("tickets/create", INPUTS).token
        decisions = [acme.decision(token, decision) for decision in ["approve"] * 3 + ["decline"]]
        with acme.redis.pipeline() as pipeline:
            for decision in decisions:
                acme.push_into(pipeline, decision, "decisions")
            pipeline.execute()
        replies = [acme.reply(decision) for decision in decisions]
        ends = sorted(reply.code or reply["status"] for reply in replies)
        assert ends[:3] == ["confirmation_used"] * 3
        assert ends[3] in ("succeeded", "declined")
        assert len(upstream.received()) == (1 if ends[3] == "succeeded" else 0)


def test_an_approval_while_the_approved_call_still_runs_comes_too_late(acme, upstream, pending):
    held = Held(Answer(201, json={}))
    upstream.on(PATH, held)
    first = acme.push(acme.decision(pending.token, "approve"), "decisions")
    held.arrived()
    assert acme.approve(pending.token).code == "confirmation_used"
    held.release()
    assert acme.reply(first)["status"] == "succeeded"
    assert len(upstream.received()) == 1


# Whose token it is.


def test_a_token_is_of_no_use_to_another_org(acme, globex, upstream, pending):
    globex.put(desk(upstream))
    assert told(globex.approve(pending.token)) == ("confirmation_unknown", "no", False)
    assert globex.decline(pending.token).code == "confirmation_unknown"
    assert upstream.received() == []
    assert acme.approve(pending.token)["status"] == "succeeded"


@pytest.mark.parametrize("token", ["AAAAAAAAAAAAAAAAAAAAAA", "0" * 32, "x"])
def test_a_token_that_was_never_given_is_unknown(acme, token):
    assert told(acme.approve(token)) == ("confirmation_unknown", "no", False)


@pytest.mark.parametrize("token", ["", "*", "a b", "}x{", "a" * 5000, "\u0000"])
def test_a_token_that_is_none_is_no_decision(acme, token):
    assert acme.approve(token, refused=BY_SCHEMA).code == "invalid_job"


# What voids it.


def changed_title(org, upstream):
    org.put({**desk(upstream), "title": "Another"})


def switched_integration(org, _):
    org.done("disable", "tickets")
    org.done("enable", "tickets")


def switched_other_action(org, _):
    org.done("disable", "tickets/read")


def removed_and_put_again(org, upstream):
    org.done("remove", "tickets")
    org.put(desk(upstream))
    org.seal("tickets", "token", "correct-horse-battery")


@pytest.mark.parametrize("change", [changed_title, switched_integration, switched_other_action, removed_and_put_again])
def test_any_change_voids_it(acme, upstream, pending, change):
    change(acme, upstream)
    assert told(acme.approve(pending.token)) == ("confirmation_void", "no", False)
    assert acme.decline(pending.token).code in (None, "confirmation_void")
    assert upstream.received() == []


def test_what_is_off_or_gone_is_not_sent(acme, upstream, pending):
    acme.done("disable", "tickets/create")
    assert acme.approve(pending.token).code in ("disabled", "confirmation_void")
    acme.done("remove", "tickets")
    assert acme.approve(pending.token).code in ("unknown_integration", "confirmation_void")
    assert upstream.received() == []


def test_a_used_one_is_used_whatever_became_of_the_integration(acme, upstream, pending):
    used = acme.decision(pending.token, "approve")
    acme.reply(acme.push(used, "decisions"))
    acme.done("remove", "tickets")
    again = acme.approve(pending.token)
    assert again.code == "confirmation_used"
    assert again["error"]["details"]["decision_id"] == used["id"]


def test_a_put_of_the_same_voids_nothing(acme, upstream, pending):
    acme.put(desk(upstream))
    assert acme.approve(pending.token)["status"] == "succeeded"


def test_a_new_value_of_the_secret_voids_nothing_and_is_used(acme, upstream, pending):
    acme.seal("tickets", "token", "another-horse-battery")
    assert acme.approve(pending.token)["status"] == "succeeded"
    assert upstream.only().header("Authorization") == "Bearer another-horse-battery"


def test_a_frozen_request_that_somebody_changed_in_redis_is_not_sent(acme, upstream, redis_server):
    upstream.on("/v1/desks/harmless/tickets", Answer())
    harmless = acme.ask("tickets/create", {"desk": "harmless", "subject": "x"})
    harmful = acme.ask("tickets/create", {"desk": "harmful", "subject": "x"})
    raw = redis.Redis(unix_socket_path=redis_server.socket_path)
    records = [next(raw.scan_iter(match=f"*{acme.name}*{reply.token}*")) for reply in (harmless, harmful)]
    one, two = (raw.hgetall(record) for record in records)
    raw.hset(records[0], mapping=two)
    raw.hset(records[1], mapping=one)
    for token in (harmless.token, harmful.token):
        reply = acme.approve(token)
        assert (reply["status"], reply["sent"]) == ("failed", "no")
    assert upstream.received() == []


# What leaves it good.


def test_an_approval_without_the_secret_leaves_it_good(acme, upstream, pending):
    acme.done("secret", "remove", "tickets", "token")
    decision = acme.decision(pending.token, "approve")
    assert told(acme.reply(acme.push(decision, "decisions"))) == ("secret_missing", "no", False)
    acme.seal("tickets", "token", "found-it-again-here")
    assert acme.reply(acme.push(decision, "decisions"))["status"] == "succeeded"
    assert len(upstream.received()) == 1


def test_a_decision_past_its_deadline_leaves_it_good(acme, upstream, redis_server, pending):
    late = acme.approve(pending.token, deadline_ms=redis_server.now_ms() - 1)
    assert told(late) == ("expired", "no", False)
    assert upstream.received() == []
    assert acme.approve(pending.token)["status"] == "succeeded"


def test_the_jobs_own_deadline_does_not_hold_for_the_decision(acme, redis_server):
    deadline = redis_server.now_ms() + 1500
    pending = acme.ask("tickets/create", INPUTS, deadline_ms=deadline)
    token = pending.token
    redis_server.wait_for_clock(deadline)
    assert acme.approve(token)["status"] == "succeeded"


def test_an_approved_call_that_fails_is_told_and_the_token_is_used(acme, upstream, pending):
    upstream.on(PATH, Answer(500, json={"why": "fire"}))
    assert told(acme.approve(pending.token)) == ("upstream_status", "yes", False)
    assert acme.approve(pending.token).code == "confirmation_used"
    assert len(upstream.received()) == 1


def test_an_approved_call_that_never_left_leaves_it_good(acme, upstream):
    """Begun, so that nobody else could send it; not sent, so that it was not used up."""
    port = free_port()
    acme.put(integration(f"http://127.0.0.1:{port}", "far", create={"method": "POST", "path": "/t"}))
    token = acme.ask("far/create").token
    decision = acme.push(acme.decision(token, "approve"), "decisions")
    assert told(acme.reply(decision)) == ("connect_failed", "no", True)
    assert told(acme.reply(acme.push(decision, "decisions"))) == ("connect_failed", "no", True)
    assert told(acme.approve(token)) == ("connect_failed", "no", True)
    late = Upstream(port=port)
    try:
        assert acme.reply(acme.push(decision, "decisions"))["status"] == "succeeded"
        assert len(late.received()) == 1
    finally:
        late.stop()
    used = acme.approve(token)
    assert used.code == "confirmation_used"
    assert used["error"]["details"]["decision_id"] == decision["id"]


def test_an_approved_call_carries_the_first_jobs_idempotency_key(acme, upstream):
    acme.put(desk(upstream, keyed={"method": "POST", "path": "/keyed", "idempotency": "key"}))
    job = acme.job("tickets/keyed", {})
    pending = acme.reply(acme.push(job, "chat"))
    shown = pending.preview["headers"]["Idempotency-Key"]
    acme.approve(pending.token)
    assert upstream.only().header("Idempotency-Key") == shown


def test_what_was_shown_is_not_sent_with_a_credential_that_goes_elsewhere_now(
    start_worker, new_org, upstream, other_upstream
):
    """A definition written past the tool, which kept its version, and a worker that never saw the former one."""
    acme = new_org("acme", shard="moved")
    acme.put(integration(upstream.base_url, create={"method": "POST", "path": "/t"}))
    first = start_worker(shard="moved")
    token = acme.ask("tickets/create").token
    first.stop()
    key = acme.own("integration:tickets")
    moved = acme.redis.hget(key, "definition").replace(upstream.base_url, other_upstream.base_url)
    assert acme.redis.hset(key, "definition", moved) == 0
    start_worker(shard="moved")
    assert acme.approve(token).code == "confirmation_void"
    assert not upstream.received() and not other_upstream.received()
