# SPDX-License-Identifier: MIT
"""The worker's log: what is in it, and what becomes of it where nobody reads."""

import json
import os
import socket
import subprocess

import pytest
from support.org import integration
from support.programs import BUILD, environment
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


@pytest.mark.parametrize("kind", ["closed", "broken pipe", "socket that nobody reads"])
def test_a_worker_without_a_log_works(kind, worker_options, acme, upstream):
    acme.put(integration(upstream.base_url, read=READ))
    ours, theirs = os.pipe() if kind != "socket that nobody reads" else [s.detach() for s in socket.socketpair()]
    if kind != "socket that nobody reads":
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
