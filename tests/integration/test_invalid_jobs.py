# SPDX-License-Identifier: MIT
"""What is no job: refused to whoever asked where that can be read, kept as dead where not. Contract, section 2."""

import json

import pytest
from support.org import BY_SCHEMA, BY_WORKER, integration
from support.waiting import wait_until


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.redis.delete(acme.key("dead"))
    acme.put(integration(upstream.base_url, read={"method": "GET", "path": "/tickets"}))


def dead_entry(acme):
    return wait_until(acme.dead, "an entry in dead")[0]


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


WRONG_MEMBERS = {
    "an unknown member": {"priority": 1},
    "a member that names a queue": {"queue": "workflow"},
    "a decision's member": {"token": "a"},
    "v 2": {"v": 2},
    "v as text": {"v": "1"},
    "v true": {"v": True},
    "v null": {"v": None},
    "inputs that are an array": {"inputs": []},
    "inputs that are a text": {"inputs": "{}"},
    "integration that is a number": {"integration": 7},
    "action that is an object": {"action": {}},
    "an action that is no name": {"action": "a/b"},
    "an integration that is no name": {"integration": "../tickets"},
    "an empty action": {"action": ""},
    "an integration of 129 letters": {"integration": "a" * 129},
    "deadline_ms as text": {"deadline_ms": "1795000000000"},
    "deadline_ms with a fraction": {"deadline_ms": 1.5},
    "a traceparent that is a number": {"traceparent": 1},
    "inputs nested over 32 deep": {"inputs": {"a": nested(32)}},
}


@pytest.mark.parametrize("change", WRONG_MEMBERS.values(), ids=WRONG_MEMBERS.keys())
def test_a_wrong_member_is_refused_to_whoever_asked(acme, upstream, change):
    job = acme.job("tickets/read", {}, meta={"conversation": "c1"})
    # A schema cannot count how deep something is nested.
    refused = BY_WORKER if change == WRONG_MEMBERS["inputs nested over 32 deep"] else BY_SCHEMA
    acme.push(json.dumps({**job, **change}), refused=refused)
    reply = acme.reply(job)
    assert reply.code == "invalid_job"
    assert (reply["sent"], reply["error"]["retryable"]) == ("no", False)
    assert (reply["id"], reply["org"], reply["meta"]) == (job["id"], acme.name, {"conversation": "c1"})
    assert reply["error"]["message"]
    assert upstream.received() == []


@pytest.mark.parametrize("member", ["v", "id", "org", "integration", "action"])
def test_a_missing_member_is_named(acme, member):
    job = acme.job("tickets/read", {})
    del job[member]
    reply = acme.reply(acme.push(job, refused=BY_SCHEMA))
    assert reply.code == "invalid_job"
    assert f"{member}" in reply["error"]["message"]


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a:b", "a}b", "a/b", "é", "a\n", "a\0b", "a" * 129, 7, None, ["a"]])
@pytest.mark.parametrize("member", ["id", "org"])
def test_what_is_no_name_never_becomes_part_of_a_key(acme, member, name):
    job = {**acme.job("tickets/read", {}), member: name}
    acme.push(json.dumps(job), refused=BY_SCHEMA)
    reply = acme.reply(job)
    assert reply.code == "invalid_job"
    assert member not in reply
    for key in acme.redis.scan_iter(match=acme.key("result:*")):
        assert key.count(":") == 4


def test_a_name_of_128_letters_is_a_name(acme):
    assert acme.run("tickets/read", {}, id="a" * 128)["status"] == "succeeded"


BROKEN_TEXTS = {
    "a member twice": '{"v":1,%s,"action":"read"}',
    "a lone surrogate": '{"v":1,%s,"inputs":{"a":"\\ud800"}}',
    "a number beyond a double": '{"v":1,%s,"inputs":{"a":1e400}}',
    "a trailing comma": '{"v":1,%s,}',
    "a comment": '{"v":1,%s/**/}',
    "a leading zero": '{"v":1,%s,"deadline_ms":01}',
    "a second value": '{"v":1,%s} {}',
    "a control character in a text": '{"v":1,%s,"meta":"a\tb"}',
    "single quotes": "{'v':1,%s}",
    "NaN": '{"v":1,%s,"meta":NaN}',
    "a byte order mark": '\ufeff{"v":1,%s}',
}


@pytest.mark.parametrize("template", BROKEN_TEXTS.values(), ids=BROKEN_TEXTS.keys())
def test_what_is_not_json_to_the_letter_is_refused(acme, upstream, template):
    """Answered where reply_to stood before the fault, else kept as dead; never run."""
    job = acme.job("tickets/read")
    members = json.dumps(job)[1:-1].split(", ", 1)[1]
    acme.push((template % members).encode(), refused=BY_SCHEMA)

    def end():
        return acme.has_reply(job["reply_to"]) or acme.dead()

    wait_until(end, "a reply or a dead entry")
    if acme.has_reply(job["reply_to"]):
        assert acme.reply(job).code == "invalid_job"
    assert upstream.received() == []


UNREADABLE = {
    "nothing": b"",
    "blanks": b"  ",
    "no JSON": b"hello",
    "half a job": b'{"v":1,',
    "an array": b"[]",
    "a text": b'"job"',
    "a number": b"17",
    "null": b"null",
    "no reply_to": b'{"v":1}',
    "bytes that are not UTF-8": b'{"v":1,"id":"\xff\xfe"}',
    "zeros": b"\0\0\0\0",
    "a million brackets": b"[" * 1000000,
}


@pytest.mark.parametrize("payload", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_nobody_can_be_told_about_is_kept_as_dead(acme, redis_server, payload):
    acme.push(payload, refused=BY_SCHEMA)
    entry = dead_entry(acme)
    assert set(entry) >= {"payload", "reason", "time_ms"}
    assert abs(entry["time_ms"] - redis_server.now_ms()) < 15000
    assert entry["reason"]
    if payload.isascii() and payload != b"\0\0\0\0":
        assert entry["payload"] == payload[:65536].decode()
    assert acme.run("tickets/read")["status"] == "succeeded"


@pytest.mark.parametrize("reply_to", ["a b", "", "-x", "a" * 129, 7, {"a": 1}, None])
def test_a_reply_to_that_is_no_name_makes_it_dead(acme, reply_to):
    job = {**acme.job("tickets/read"), "reply_to": reply_to}
    acme.push(json.dumps(job), refused=BY_SCHEMA)
    assert json.loads(dead_entry(acme)["payload"]) == job


def test_a_job_over_max_job_bytes_is_refused_by_its_size_alone(acme, upstream):
    job = acme.job("tickets/read")
    head = {"reply_to": job["reply_to"], **job}
    acme.push(json.dumps({**head, "inputs": {"a": "x" * (1024 * 1024)}}), refused=BY_WORKER)
    reply = acme.reply(job)
    assert reply.code == "invalid_job"
    assert upstream.received() == []


def test_a_job_of_max_job_bytes_runs(acme):
    job = acme.job("tickets/read")
    text = json.dumps(job)
    acme.push(text[:-1] + " " * (1024 * 1024 - len(text)) + "}")
    assert acme.reply(job)["status"] == "succeeded"


def test_meta_of_4_kib_is_taken_and_one_more_byte_is_not(acme):
    assert acme.run("tickets/read", meta="m" * 4094)["status"] == "succeeded"
    assert acme.run("tickets/read", meta="m" * 4095, refused=BY_WORKER).code == "invalid_job"


def test_an_invalid_job_does_not_overwrite_the_result_of_its_id(acme):
    job = acme.job("tickets/read", {})
    first = acme.reply(acme.push(job))
    assert acme.reply(acme.push({**job, "v": 2}, refused=BY_SCHEMA)).code == "invalid_job"
    assert acme.result(job["id"]).text == first.text


def test_a_job_on_the_decisions_queue_is_none(acme, upstream):
    assert acme.reply(acme.push(acme.job("tickets/read"), "decisions", BY_SCHEMA)).code == "invalid_job"
    assert upstream.received() == []


def test_a_decision_on_a_jobs_queue_is_none(acme):
    decision = acme.decision("a" * 32, "approve")
    assert acme.reply(acme.push(decision, "chat", BY_SCHEMA)).code == "invalid_job"
    assert acme.reply(acme.push(decision, "workflow", BY_SCHEMA)).code == "invalid_job"


WRONG_DECISIONS = {
    "neither yes nor no": {"decision": "maybe"},
    "no decision": {"decision": None},
    "a token that is no text": {"token": 7},
    "an unknown member": {"force": True},
    "a job's member": {"inputs": {}},
    "v 2": {"v": 2},
}


@pytest.mark.parametrize("change", WRONG_DECISIONS.values(), ids=WRONG_DECISIONS.keys())
def test_a_wrong_decision_is_refused(acme, change):
    decision = {**acme.decision("a" * 32, "approve"), **change}
    decision = {name: value for name, value in decision.items() if value is not None}
    assert acme.reply(acme.push(decision, "decisions", BY_SCHEMA)).code == "invalid_job"
