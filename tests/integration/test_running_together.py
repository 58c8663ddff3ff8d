# SPDX-License-Identifier: MIT
"""Jobs that meet: duplicates of one that still runs, orgs beside each other, full lists."""

import pytest
from support.org import BY_SCHEMA, integration
from support.upstream import Answer, Held

WORKER = {"rate_limit": "1000/60"}


def desk(upstream):
    return integration(
        upstream.base_url,
        read={"method": "GET", "path": "/tickets"},
        create={"method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}"}},
    )


@pytest.fixture
def held(worker, acme, upstream):
    acme.put(desk(upstream))
    answer = Held(Answer(201, json={"id": 4711}))
    upstream.on("/v1/tickets", answer)
    yield answer
    answer.release()


def test_duplicates_of_a_job_that_still_runs_get_its_reply(acme, upstream, held):
    job = acme.push(acme.job("tickets/create", {"subject": "once"}))
    held.arrived()
    newcomers = [acme.push({**job, "reply_to": "newcomer-" + acme.new_id()}) for _ in range(3)]
    acme.push({**job, "reply_to": "barrier", "inputs": {}})
    acme.reply("barrier")
    held.release()
    first = acme.reply(job)
    assert first["output"] == {"id": 4711}
    assert [acme.reply(newcomer).text for newcomer in newcomers] == [first.text] * 3
    assert len(upstream.received()) == 1
    assert not any(acme.has_reply(one["reply_to"]) for one in [job, *newcomers])


def test_a_duplicate_gets_the_first_ones_reply_whatever_it_is(acme, upstream, held):
    held.answer = Answer(500, json={"error": "fire"})
    job = acme.push(acme.job("tickets/create", {"subject": "once"}))
    held.arrived()
    newcomer = acme.push({**job, "reply_to": "newcomer-" + acme.new_id()})
    held.release()
    first = acme.reply(job)
    assert first.code == "upstream_status"
    assert acme.reply(newcomer).text == first.text
    assert len(upstream.received()) == 1


def test_other_content_under_the_id_of_a_job_that_still_runs_is_a_conflict_at_once(acme, upstream, held):
    job = acme.push(acme.job("tickets/create", {"subject": "once"}))
    held.arrived()
    other = acme.push({**job, "inputs": {"subject": "other"}, "reply_to": "other-" + job["id"]})
    assert acme.reply(other).code == "id_conflict"
    held.release()
    assert acme.reply(job)["status"] == "succeeded"
    assert len(upstream.received()) == 1


def test_an_org_whose_upstream_hangs_does_not_hold_up_another(acme, globex, upstream, other_upstream, held):
    globex.put(desk(other_upstream))
    for number in range(40):
        acme.push(acme.job("tickets/create", {"subject": str(number)}))
    held.arrived()
    assert globex.run("tickets/read")["status"] == "succeeded"
    held.release()
    upstream.wait_for(40)


def test_connections_are_used_again_and_never_shared_between_orgs(worker, acme, globex, upstream):
    for org in (acme, globex):
        org.put(desk(upstream))
    for _ in range(3):
        acme.run("tickets/read")
        globex.run("tickets/read")
    connections = [request.connection for request in upstream.received()]
    assert len(set(connections[0::2])) == 1
    assert len(set(connections[1::2])) == 1
    assert connections[0] != connections[1]


def test_a_full_reply_queue_loses_its_oldest(start_worker, new_org, upstream):
    start_worker(shard="full", reply_max=3)
    acme = new_org(shard="full")
    acme.put(desk(upstream))
    ids = []
    for number in range(5):
        job = acme.job("tickets/read", reply_to="nobody-reads-" + acme.name)
        acme.push(job)
        acme.reply(acme.push({**job, "reply_to": f"barrier-{acme.name}-{number}"}))
        ids.append(job["id"])
    replies = [acme.reply("nobody-reads-" + acme.name) for _ in range(3)]
    assert [reply["id"] for reply in replies] == ids[2:]
    assert not acme.has_reply("nobody-reads-" + acme.name)


def test_every_list_has_an_end(start_worker, new_org, upstream):
    start_worker(shard="bounded", dead_max=3, calls_max=10, result_ttl=100, reply_ttl=200)
    acme = new_org(shard="bounded")
    acme.put(desk(upstream))
    for number in range(5):
        acme.push(f"no job {number}", refused=BY_SCHEMA)
    jobs = [acme.push(acme.job("tickets/read")) for _ in range(300)]
    assert {acme.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert len(acme.dead()) == 3
    assert len(acme.audit()) < 250  # Redis trims whole nodes
    acme.run("tickets/read", reply_to="kept")
    job = acme.push(acme.job("tickets/read", reply_to="kept"))
    acme.reply(acme.push({**job, "reply_to": "barrier"}))
    assert acme.redis.ttl(acme.key("replies:kept")) in range(190, 201)
    assert acme.redis.ttl(acme.key(f"result:{acme.name}:{job['id']}")) in range(90, 101)


def test_every_queue_is_served_though_one_is_flooded(worker, acme, upstream):
    acme.put(desk(upstream))
    flood = [acme.push(acme.job("tickets/read"), "chat") for _ in range(200)]
    assert acme.run("tickets/read", queue="workflow")["status"] == "succeeded"
    assert {acme.reply(job)["status"] for job in flood} == {"succeeded"}


def test_a_queue_that_nobody_reads_is_a_line_a_second(start_worker, new_org, upstream):
    worker = start_worker(shard="unread", reply_max=2)
    acme = new_org(shard="unread")
    acme.put(desk(upstream))
    for _ in range(300):
        acme.push(acme.job("tickets/read", reply_to="unread"))
    acme.run("tickets/read")
    worker.stop()
    lines = [line for line in worker.log if "fell out" in line["msg"]]
    assert 1 <= len(lines) <= 5
    assert sum(line["replies"] for line in lines) == 298
