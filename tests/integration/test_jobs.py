# SPDX-License-Identifier: MIT
"""What a producer pushes and a consumer gets: contract, sections 2 and 3."""

import json

import pytest
from support.org import integration
from support.upstream import Answer

WORKER = {"rate_limit": "1000/60"}


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(
        integration(
            upstream.base_url,
            read={"method": "GET", "path": "/tickets/{{id}}"},
            list={"method": "GET", "path": "/tickets"},
            create={"method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}"}},
        )
    )
    upstream.on("/v1/tickets/1", Answer(json={"id": 1, "subject": "Printer on fire"}))
    upstream.on("/v1/tickets", Answer(201, json={"id": 4711}))


def test_a_reply_says_what_was_done_for_whom(acme):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    job = acme.job("tickets/create", {"subject": "x"}, traceparent=trace, meta={"conversation": "c1"})
    reply = acme.reply(acme.push(job))
    http = reply.pop("http")
    digest = reply.pop("digest")
    version = int(acme.redis.hget(acme.own("integration:tickets"), "version"))
    assert dict(reply) == {
        "v": 1,
        "status": "succeeded",
        "sent": "yes",
        "id": job["id"],
        "org": acme.name,
        "integration": "tickets",
        "action": "create",
        "output": {"id": 4711},
        "definition_version": version,
        "traceparent": trace,
        "meta": {"conversation": "c1"},
    }
    assert http.pop("duration_ms") in range(0, 15000)
    assert http == {"status": 201, "attempts": 1}
    assert digest


def test_meta_comes_back_untouched(acme):
    meta = '{"b": [1.50, 12345678901234567890123, {}], "a": "\\u00e9\\/", "": null}'
    job = acme.job("tickets/read", {"id": 1})
    acme.push(json.dumps(job)[:-1] + ', "meta": ' + meta + "}")
    assert meta in acme.reply(job).text


def test_meta_may_be_any_json(acme):
    assert acme.run("tickets/read", {"id": 1}, meta="c1")["meta"] == "c1"
    assert acme.run("tickets/read", {"id": 1}, meta=[None])["meta"] == [None]


def test_a_job_without_inputs_has_none(acme, upstream):
    assert acme.run("tickets/list")["status"] == "succeeded"
    assert upstream.only().target == "/v1/tickets"


def test_a_job_without_reply_to_only_writes_its_result(acme, upstream):
    job = acme.push(acme.job("tickets/create", {"subject": "x"}, reply_to=None))
    after = acme.run("tickets/read", {"id": 1})
    assert after["status"] == "succeeded"
    upstream.wait_for(2)
    duplicate = acme.reply(acme.push({**job, "reply_to": acme.new_id()}))
    assert acme.result(job["id"]).text == duplicate.text


def test_a_result_is_the_reply_and_is_kept_for_result_ttl(acme):
    job = acme.push(acme.job("tickets/read", {"id": 1}))
    assert acme.reply(job).text == acme.result(job["id"]).text
    assert acme.redis.ttl(acme.key(f"result:{acme.name}:{job['id']}")) in range(3590, 3601)


def test_a_reply_queue_expires_after_reply_ttl(acme):
    reply_to = acme.new_id()
    acme.run("tickets/read", {"id": 1}, reply_to=reply_to)
    last = acme.push(acme.job("tickets/read", {"id": 1}, reply_to=reply_to))
    acme.redis.blmove(acme.key("replies:" + reply_to), acme.key("replies:seen-" + reply_to), 15)
    acme.push({**last, "meta": "again"})
    acme.push({**last, "reply_to": "barrier-" + reply_to})
    acme.reply("barrier-" + reply_to)
    assert acme.redis.ttl(acme.key("replies:" + reply_to)) in range(86390, 86401)


def test_replies_come_in_the_order_in_which_they_were_pushed(acme):
    reply_to = acme.new_id()
    ids = [acme.run("tickets/read", {"id": 1}, reply_to=reply_to)["id"] for _ in range(5)]
    assert len(set(ids)) == 5


# The id.


def test_pushed_again_a_job_is_not_run_again_and_its_reply_goes_to_the_newcomer(acme, upstream):
    job = acme.job("tickets/create", {"subject": "once"})
    first = acme.reply(acme.push(job))
    again = acme.reply(acme.push({**job, "reply_to": "newcomer-" + job["id"]}))
    assert again.text == first.text
    assert len(upstream.received()) == 1
    assert not acme.has_reply(job["reply_to"])


def test_the_content_is_compared_as_json_values(acme, upstream):
    job = acme.job("tickets/create", {"subject": "caf\u00e9"}, meta=1)
    first = acme.reply(acme.push(job))
    reordered = dict(reversed({**job, "meta": 2, "traceparent": "00-x"}.items()))
    acme.push(json.dumps(reordered, indent=4, ensure_ascii=False).encode())
    assert acme.reply(job).text == first.text
    assert len(upstream.received()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"subject": "other"}},
        {"inputs": {"subject": ["once"]}},
        {"action": "read", "inputs": {"id": 1}},
        {"integration": "elsewhere"},
    ],
    ids=lambda change: "+".join(change),
)
def test_the_same_id_with_other_content_is_a_conflict(acme, upstream, change):
    job = acme.job("tickets/create", {"subject": "once"})
    first = acme.reply(acme.push(job))
    refused = acme.reply(acme.push({**job, **change}))
    assert refused.code == "id_conflict"
    assert (refused["sent"], refused["error"]["retryable"]) == ("no", False)
    assert acme.result(job["id"]).text == first.text
    assert len(upstream.received()) == 1


def test_the_queue_is_part_of_the_content(acme):
    job = acme.job("tickets/read", {"id": 1})
    assert acme.reply(acme.push(job, "workflow"))["status"] == "succeeded"
    assert acme.reply(acme.push(job, "chat")).code == "id_conflict"


def test_the_same_content_has_the_same_digest(acme):
    one, two = (acme.run("tickets/read", {"id": 1}) for _ in range(2))
    assert one["digest"] == two["digest"]
    assert acme.run("tickets/read", {"id": 2})["digest"] != one["digest"]


def test_an_id_is_known_in_its_own_org_only(acme, globex, upstream):
    globex.put(integration(upstream.base_url, create={"method": "POST", "path": "/tickets", "body": {}}))
    job = acme.job("tickets/create", {"subject": "x"})
    acme.reply(acme.push(job))
    theirs = globex.reply(globex.push({**job, "org": globex.name, "inputs": {}}))
    assert theirs["status"] == "succeeded"
    assert len(upstream.received()) == 2


def test_a_failure_that_was_not_sent_does_not_occupy_its_id(acme, upstream):
    job = acme.job("desk/read")
    assert acme.reply(acme.push(job)).code == "unknown_integration"
    acme.put(integration(upstream.base_url, "desk", read={"method": "GET", "path": "/desk"}))
    assert acme.reply(acme.push(job))["status"] == "succeeded"
    assert acme.result(job["id"])["status"] == "succeeded"


def test_a_failure_that_was_not_sent_leaves_its_id_to_other_content_too(acme):
    job = acme.job("tickets/read", {"id": ""})
    assert acme.reply(acme.push(job)).code == "invalid_inputs"
    assert acme.reply(acme.push({**job, "inputs": {"id": 1}}))["status"] == "succeeded"


def test_a_failure_that_was_sent_occupies_its_id(acme, upstream):
    upstream.on("/v1/tickets", Answer(422, json={"error": "no subject"}))
    job = acme.job("tickets/create", {"subject": ""})
    first = acme.reply(acme.push(job))
    assert (first.code, first["sent"]) == ("upstream_status", "yes")
    assert acme.reply(acme.push(job)).text == first.text
    assert len(upstream.received()) == 1


# The deadline.


def test_past_its_deadline_a_job_is_not_sent(acme, upstream, redis_server):
    reply = acme.run("tickets/read", {"id": 1}, deadline_ms=redis_server.now_ms() - 1)
    assert reply.code == "expired"
    assert (reply["sent"], reply["error"]["retryable"]) == ("no", False)
    assert upstream.received() == []


def test_a_deadline_to_come_changes_nothing(acme, redis_server):
    assert acme.run("tickets/read", {"id": 1}, deadline_ms=redis_server.now_ms() + 60000)["status"] == "succeeded"


# What is kept.


def test_the_audit_log_has_one_entry_for_each_finished_job_and_no_inputs(acme):
    job = acme.job("tickets/create", {"subject": "confidential words"})
    acme.reply(acme.push(job))
    acme.run("tickets/read", {"id": ""})
    done, refused = acme.audit()
    assert (done["id"], done["action"], done["status"], done["sent"]) == (job["id"], "create", "succeeded", "yes")
    assert (done["attempts"], done["http_status"]) == ("1", "201")
    assert int(done["version"]) > 0 and int(done["begun_at_ms"]) > 0 and int(done["ms"]) >= 0
    assert (refused["status"], refused["code"], refused["sent"]) == ("failed", "invalid_inputs", "no")
    assert "confidential" not in str(acme.audit())


def test_a_reply_queue_of_another_type_costs_the_push_only(acme):
    reply_to = "taken-" + acme.new_id()
    acme.redis.set(acme.key("replies:" + reply_to), "somebody's")
    job = acme.push(acme.job("tickets/create", {"subject": "x"}, reply_to=reply_to))
    again = acme.reply(acme.push({**job, "reply_to": acme.new_id()}))
    assert again["status"] == "succeeded"
    assert acme.result(job["id"]).text == again.text
    assert job["id"] in [json.loads(entry["payload"]).get("id") for entry in acme.dead()]
    assert acme.redis.get(acme.key("replies:" + reply_to)) == "somebody's"
