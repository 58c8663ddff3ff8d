# SPDX-License-Identifier: MIT
"""Never more than so many calls in any window, however many workers: contract, section 9."""

import json

import pytest
from support.org import integration
from support.upstream import Answer, Raw
from support.waiting import wait_until

WINDOW_MS = 1000


def desk(upstream, **changes):
    return integration(
        upstream.base_url,
        read={"method": "GET", "path": "/t", **changes},
        other={"method": "GET", "path": "/o"},
        write={"method": "POST", "path": "/w", "body": {"a": "{{a}}"}, "inputs": {"type": "object", "properties": {"a": {"type": "string"}}}},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(desk(upstream))


def statuses(org, action, count):
    return [org.run(action)["status"] for _ in range(count)]


def test_ten_pass_and_the_eleventh_is_told_when_to_come_again(acme, upstream):
    assert statuses(acme, "tickets/read", 10) == ["succeeded"] * 10
    reply = acme.run("tickets/read")
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("rate_limited", "no", True)
    assert reply["error"]["details"] == {"limit": 10, "window_ms": 60000}
    assert reply["error"]["retry_after_ms"] in range(45000, 60001)
    assert len(upstream.received()) == 10


def test_each_action_of_each_org_has_a_window_of_its_own(acme, globex, upstream):
    globex.put(desk(upstream))
    statuses(acme, "tickets/read", 10)
    assert acme.run("tickets/read").code == "rate_limited"
    assert statuses(acme, "tickets/other", 10) == ["succeeded"] * 10
    assert statuses(globex, "tickets/read", 10) == ["succeeded"] * 10


def test_what_was_refused_does_not_count(acme):
    for _ in range(15):
        assert acme.run("tickets/write", {"a": 7}).code == "invalid_inputs"
    acme.done("disable", "tickets/write")
    for _ in range(15):
        assert acme.run("tickets/write").code == "disabled"
    acme.done("enable", "tickets/write")
    assert statuses(acme, "tickets/write", 10) == ["succeeded"] * 10
    assert acme.run("tickets/write").code == "rate_limited"


def test_every_call_counts_whatever_came_of_it(acme, upstream):
    upstream.on("/v1/w", Answer(404), Answer(500), Raw(b"", "reset"), Answer(302))
    assert statuses(acme, "tickets/write", 10) == ["failed"] * 10
    assert acme.run("tickets/write").code == "rate_limited"
    assert len(upstream.received()) == 10


def test_a_duplicate_is_no_call(acme):
    job = acme.job("tickets/read")
    for _ in range(15):
        acme.reply(acme.push(job))
    assert statuses(acme, "tickets/read", 9) == ["succeeded"] * 9
    assert acme.run("tickets/read").code == "rate_limited"


def test_a_refused_job_may_be_pushed_again_under_its_id_once_its_time_came(acme, upstream, start_worker, redis_server, new_org):
    start_worker(shard="short", rate_limit="2/1")
    org = new_org(shard="short")
    org.put(desk(upstream))
    statuses(org, "tickets/read", 2)
    job = org.job("tickets/read")
    refused = org.reply(org.push(job))
    assert refused.code == "rate_limited"
    assert refused["error"]["retry_after_ms"] in range(1, 1001)
    redis_server.wait_for_clock(redis_server.now_ms() + refused["error"]["retry_after_ms"])
    assert org.reply(org.push(job))["status"] == "succeeded"


def test_an_admin_may_ask_for_less(acme, upstream):
    acme.put(desk(upstream, rate_limit={"calls": 3, "window_s": 120}))
    assert statuses(acme, "tickets/read", 3) == ["succeeded"] * 3
    reply = acme.run("tickets/read")
    assert reply["error"]["details"] == {"limit": 3, "window_ms": 120000}
    assert reply["error"]["retry_after_ms"] in range(100000, 120001)


@pytest.mark.parametrize("limit", [{"calls": 11, "window_s": 60}, {"calls": 10, "window_s": 59}, {"calls": 0, "window_s": 60}])
def test_an_admin_may_not_ask_for_more(acme, upstream, limit):
    result = acme.bellhop("put", "-", stdin=json.dumps(desk(upstream, rate_limit=limit)))
    assert result.code == 1
    assert "actions.read.rate_limit" in result.err


def test_a_change_of_the_definition_does_not_empty_the_window(acme, upstream):
    statuses(acme, "tickets/read", 10)
    acme.put({**desk(upstream), "title": "New"})
    assert acme.run("tickets/read").code == "rate_limited"
    acme.done("remove", "tickets")
    acme.put(desk(upstream))
    assert acme.run("tickets/read").code == "rate_limited"


def test_two_workers_at_once_let_exactly_the_limit_in(start_worker, acme, upstream):
    start_worker()
    jobs = [acme.job("tickets/read") for _ in range(100)]
    with acme.redis.pipeline() as pipeline:
        for job in jobs:
            acme.push_into(pipeline, job)
        pipeline.execute()
    replies = [acme.reply(job) for job in jobs]
    assert sorted(reply.code or "in" for reply in replies) == ["in"] * 10 + ["rate_limited"] * 90
    assert len(upstream.received()) == 10


def test_in_no_window_are_there_more_than_the_limit(start_worker, upstream, new_org):
    """Two workers, pressed for three windows; judged by when each call was begun, by Redis's clock."""
    limit = 5
    for _ in range(2):
        start_worker(shard="pressed", rate_limit=f"{limit}/1", calls_max=1000000)  # what is refused is logged too
    org = new_org(shard="pressed", rate_limit=f"{limit}/1")
    org.put(desk(upstream))
    done = 0
    while done < 4 * limit:
        jobs = [org.push(org.job("tickets/read", reply_to="all")) for _ in range(8)]
        done += sum(org.reply("all")["status"] == "succeeded" for _ in jobs)
    begun = sorted(int(entry["begun_at_ms"]) for entry in org.audit() if entry["status"] == "succeeded")
    assert len(begun) == len(upstream.received()) == done
    gaps = [later - earlier for earlier, later in zip(begun, begun[limit:])]
    assert min(gaps) >= WINDOW_MS - 1  # a millisecond for rounding
    assert max(gaps) < WINDOW_MS + 500  # and the room is used


def test_fifty_workers_never_begin_more_than_the_limit_in_any_window(start_worker, upstream, new_org, redis_server):
    """The window is seen twice: by the times of its members in Redis, and by the calls that the upstream got."""
    limit, workers, jobs = 10, 50, 600
    for _ in range(workers):
        start_worker(shard="fifty", rate_limit=f"{limit}/1", calls_max=1000000, log_level="warning", ready=False)
    org = new_org(shard="fifty", rate_limit=f"{limit}/1")
    org.put(desk(upstream))
    wait_until(lambda: org.redis.zcard(org.key("workers")) == workers, "all of them", timeout=60)
    replies = []
    for _ in range(jobs // workers):
        with org.redis.pipeline() as pipeline:
            for _ in range(workers):
                org.push_into(pipeline, org.job("tickets/read", reply_to="all"))
            pipeline.execute()
        replies += [org.reply("all") for _ in range(workers)]
        pushed_at_ms = redis_server.now_ms()
        redis_server.wait_for_clock(pushed_at_ms + WINDOW_MS // 3)
    done = [reply for reply in replies if reply["status"] == "succeeded"]
    assert {reply.code for reply in replies if reply not in done} == {"rate_limited"}
    begun = sorted(int(entry["begun_at_ms"]) for entry in org.audit() if entry["status"] == "succeeded")
    assert len(begun) == len(done) == len(upstream.received())
    assert len(begun) >= 3 * limit
    assert min(later - earlier for earlier, later in zip(begun, begun[limit:])) >= WINDOW_MS - 1  # rounding
