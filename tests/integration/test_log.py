# SPDX-License-Identifier: MIT
"""The worker's log: what is in it, and what becomes of it where nobody reads."""

import json
import os
import re
import socket
import subprocess

import pytest
from support.org import integration
from support.programs import BUILD, environment
from support.upstream import Answer
from support.waiting import wait_until

READ = {"method": "GET", "path": "/t"}
WORKER = {"rate_limit": "1000/1"}


def lost_lines(worker):
    text = worker.page("/metrics")[1]
    return int(text.split("\nbellhop_log_lines_dropped_total ", 1)[1].split("\n", 1)[0])


def said(worker):
    return sum(line["lines"] for line in worker.log if line["msg"] == "lines of this log were lost")


def run_many(org, count):
    jobs = [org.push(org.job("tickets/read")) for _ in range(count)]
    return [org.reply(job)["status"] for job in jobs]


def test_a_log_that_nobody_reads_holds_up_no_job(start_worker, acme, upstream):
    acme.put(integration(upstream.base_url, read=READ))
    worker = start_worker()
    address = worker.address
    worker.leave_log_unread()
    try:
        assert run_many(acme, 200) == ["succeeded"] * 200
        assert worker.page("/livez")[0] == 200 and worker.address == address
        lost = wait_until(lambda: lost_lines(worker), "a lost line to be counted")
        assert lost > 100
    finally:
        worker.read_log()
    # Said as soon as there is room, without another job's help.
    wait_until(lambda: said(worker) == lost_lines(worker) >= lost, "every lost line to be said")
    # What was not lost is whole, and lines are written again.
    job = acme.push(acme.job("tickets/read"))
    assert acme.reply(job)["status"] == "succeeded"
    assert worker.logged("job ended", id=job["id"])


def test_a_jobs_end_is_one_line_that_says_all_but_what_was_in_it(worker, acme, upstream):
    action = {"method": "GET", "path": "/t", "query": {"q": "{{q}}"}, "headers": {"X-Extra": "extra-to-look-for"}}
    acme.put(integration(upstream.base_url, auth="bearer", read=action))
    acme.seal("tickets", "token", "secret-to-look-for")
    upstream.on("/v1/t", Answer(404, json={"body": "body-to-look-for"}))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    job = acme.job("tickets/read", {"q": "input-to-look-for"}, traceparent=f"00-{trace}-00f067aa0ba902b7-01", meta="meta-to-look-for")
    reply = acme.reply(acme.push(job))
    ended = worker.logged("job ended", id=job["id"])
    expected = {
        "level": "info", "org": acme.name, "integration": "tickets", "action": "read", "queue": "workflow", "status": "failed",
        "code": "upstream_status", "sent": "yes", "attempts": 1, "deliveries": 1, "http_status": 404,
        "version": reply["definition_version"], "trace_id": trace, "worker": worker.logged("ready")["worker"],
    }
    assert expected.items() <= ended.items()
    assert 0 < ended["connect_ms"] <= ended["upstream_ms"] <= ended["total_ms"]
    assert "to-look-for" not in "\n".join(worker.lines)
    assert len([line for line in worker.log if line.get("id") == job["id"]]) == 1


def test_the_line_of_a_call_that_failed_says_what_was_wrong_with_it(worker, acme):
    acme.put(integration("http://127.0.0.1:1/v1", read=READ))
    job = acme.push(acme.job("tickets/read"))
    assert acme.reply(job).code == "connect_failed"
    ended = worker.logged("job ended", id=job["id"])
    assert "Connection refused" in ended["http_problem"] and ended["sent"] == "no"
    assert "http_status" not in ended and "connect_ms" not in ended


def test_the_line_of_a_decision_names_the_job_it_confirms(worker, acme, upstream):
    acme.put(integration(upstream.base_url, write={"method": "POST", "path": "/t", "body": {}}))
    job = acme.push(acme.job("tickets/write"), "chat")
    token = acme.reply(job).token
    decision = acme.push(acme.decision(token, "approve"), "decisions")
    assert acme.reply(decision)["status"] == "succeeded"
    assert worker.logged("job ended", id=job["id"], queue="chat")["status"] == "confirmation_pending"
    assert worker.logged("job ended", id=decision["id"], queue="decisions")["confirms"] == job["id"]
    assert token not in "\n".join(worker.lines)


def test_a_duplicate_has_a_line_of_its_own(worker, acme, upstream):
    acme.put(integration(upstream.base_url, read=READ))
    job = acme.job("tickets/read")
    for _ in range(2):
        assert acme.reply(acme.push(job))["status"] == "succeeded"
    assert worker.logged("job was a duplicate", id=job["id"])["reply"] == "the first one's"


def test_text_is_for_people(start_worker, new_org, upstream):
    org = new_org(shard="in-text")
    org.put(integration(upstream.base_url, read=READ))
    worker = start_worker(shard=org.shard, log_format="text", ready=False)
    job = org.push(org.job("tickets/read"))
    assert org.reply(job)["status"] == "succeeded"
    wait_until(lambda: any("job ended" in line for line in worker.lines), "the line of the job's end")
    line = next(line for line in worker.lines if "job ended" in line)
    start = rf"\d{{4}}-\d\d-\d\dT[0-9:.]+Z info    job ended id={job['id']} org={org.name} integration=tickets action=read queue=workflow "
    assert re.match(start + r"status=succeeded sent=yes attempts=1 deliveries=1 http_status=200 version=\d+ ", line), line


@pytest.mark.parametrize("kind", ["closed", "broken pipe", "socket that nobody reads", "full disk"])
def test_a_worker_without_a_log_works(kind, worker_options, acme, upstream):
    acme.put(integration(upstream.base_url, read=READ))
    if kind == "socket that nobody reads":
        _, theirs = [end.detach() for end in socket.socketpair()]
    elif kind == "full disk":
        theirs = os.open("/dev/full", os.O_WRONLY)
    else:
        ours, theirs = os.pipe()
        os.close(ours)
    closing = "2>&-" if kind == "closed" else ""
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$0" {closing}', os.path.join(BUILD, "bellhopd")],
        env=environment({**worker_options, **WORKER, "listen": "off", "log_level": "debug"}),
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    try:
        assert run_many(acme, 300) == ["succeeded"] * 300
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
