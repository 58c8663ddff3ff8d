# SPDX-License-Identifier: MIT
"""bellhopd as an operator meets it: options, pages, log. Contract, section 11."""

import json
import os
import re
import socket

import pytest
from support.org import integration
from support.programs import TOP, run

with open(os.path.join(TOP, "common", "options_table.c"), encoding="utf-8") as file:
    OPTIONS = re.findall(r'\{"([a-z-]+)", \.programs = (?:BOTH|OPTIONS_WORKER)', file.read())
FLAGS = ["reseal"]  # for the command line alone


def test_help_lists_every_option_with_its_default():
    result = run("bellhopd", ["--help"])
    assert (result.code, result.err) == (0, "")
    assert len(OPTIONS) >= 24
    for option in OPTIONS:
        assert f"  --{option} " in result.out
        assert (f" BELLHOP_{option.upper().replace('-', '_')}" in result.out) == (option not in FLAGS)
    for default in ("redis://127.0.0.1:6379/0", "main", "decisions:8,chat:4,workflow:1", "10/60", "127.0.0.1:9464", "30000", "25000", "86400"):
        assert default in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 120


def test_it_tells_its_version_whatever_else_it_is_told():
    result = run("bellhopd", ["--version"], {"shard": "no shard"})
    assert (result.code, result.out, result.err) == (0, "bellhopd 0.1.0\n", "")


BAD = [
    ("redis-url", "nonsense"),
    ("redis-url", "http://127.0.0.1:6379"),
    ("redis-url", "redis://127.0.0.1:99999"),
    ("redis-url", "redis://127.0.0.1:6379/x"),
    ("redis-url", "rediss://127.0.0.1:6379"),
    ("redis-url", "redis+sentinel://a:26379,b:26379/main"),
    ("redis-password-file", "/nowhere/at/all"),
    ("shard", "a b"),
    ("shard", "}x{"),
    ("shard", ""),
    ("key-file", "/nowhere/at/all"),
    ("key-file", "/dev/null"),
    ("queues", "chat"),
    ("queues", "mail:1"),
    ("queues", "chat:-1"),
    ("queues", "chat:1,chat:2"),
    ("concurrency", "0"),
    ("concurrency", "-5"),
    ("concurrency", "many"),
    ("concurrency", "10k"),
    ("concurrency", "99999999999999999999"),
    ("rate-limit", "10"),
    ("rate-limit", "10/0"),
    ("rate-limit", "0/60"),
    ("rate-limit", "10/60/60"),
    ("allow-nets", "10.0.0.0/33"),
    ("allow-nets", "10.0.0.1/8:http"),
    ("allow-nets", "example.com"),
    ("allow-http", "example.com"),
    ("allow-http", "http://example.com/path"),
    ("ca-file", "/nowhere/at/all"),
    ("listen", "9464"),
    ("listen", "127.0.0.1:99999"),
    ("lease-ms", "0"),
    ("drain-ms", "soon"),
    ("result-ttl", "0"),
    ("reply-max", "-1"),
    ("max-job-bytes", "1 MiB"),
    ("max-response-bytes", "0"),
    ("log-level", "loud"),
    ("log-format", "xml"),
]


def one_line(result):
    assert result.code == 2, result
    assert result.out == ""
    lines = result.err.splitlines()
    assert len(lines) == 1, result.err
    assert lines[0].startswith("bellhopd: ")
    return lines[0].lower()


@pytest.mark.parametrize("option, value", BAD, ids=lambda text: text or "empty")
def test_a_bad_value_is_one_line_that_names_the_option_and_exit_2(option, value):
    name = option.replace("-", "[-_ ]")
    assert re.search(name, one_line(run("bellhopd", [f"--{option}={value}"])))
    if value:  # an empty variable is as good as none
        assert re.search(name, one_line(run("bellhopd", [], {option.replace("-", "_"): value})))


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    ring = str(tmp_path / "ring")
    assert run("bellhop", ["keygen", ring]).code == 0
    os.chmod(ring, 0o640)
    line = one_line(run("bellhopd", ["--key-file", ring]))
    assert ring in line and "chmod" in line


@pytest.mark.parametrize("arguments", [["--frobnicate"], ["--frobnicate=1"], ["start"], ["--shard"], ["-x"]])
def test_what_is_no_option_is_named(arguments):
    assert arguments[-1].split("=", maxsplit=1)[0] in one_line(run("bellhopd", arguments))


def test_a_port_that_is_taken_is_one_line(redis_server, key_file):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = one_line(run("bellhopd", [], {"redis_url": redis_server.url, "listen": address}))
        assert address in line


def test_the_command_line_wins_over_the_environment(start_worker, new_org, upstream):
    worker = start_worker("--shard", "from-arguments", "--rate-limit=1/60", shard="from-environment", rate_limit="9/60")
    org = new_org(shard="from-arguments")
    org.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    assert org.run("tickets/read")["status"] == "succeeded"
    assert org.run("tickets/read").code == "rate_limited"
    worker.stop()


def test_the_pages_for_operators(worker):
    assert worker.page("/livez")[0] == 200
    assert worker.page("/readyz")[0] == 200
    assert worker.page("/nothing")[0] == 404
    assert worker.page("/readyz?x=1")[0] in (200, 404)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"\x16\x03\x01\x00\r\n\r\n",
        b"GET /livez\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10000 + b"\r\n",
        b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["POST", "TLS", "no version", "many headers", "a long path"],
)
def test_a_strange_request_harms_nobody(worker, request_bytes):
    host, port = worker.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        try:
            sock.sendall(request_bytes)
            sock.shutdown(socket.SHUT_WR)
            answer = sock.recv(4096)
        except ConnectionError:
            answer = b""
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert worker.page("/livez")[0] == 200


def test_connections_that_say_nothing_do_not_keep_operators_out(worker):
    host, port = worker.address.split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        assert worker.page("/livez")[0] == 200
    finally:
        for sock in silent:
            sock.close()


def test_listen_may_be_off(start_worker):
    worker = start_worker(listen="off")
    assert not [line for line in worker.log if line["msg"] == "listening"]


def test_the_log_is_json_a_line_with_time_level_and_msg(start_worker):
    worker = start_worker()
    ready = worker.logged("ready")
    assert ready["level"] == "info"
    assert ready["time"].endswith("Z") and "T" in ready["time"]
    worker.stop()
    assert [json.loads(line)["msg"] for line in worker.lines][-1]


def test_log_level_error_keeps_a_healthy_worker_silent(start_worker):
    worker = start_worker(log_level="error", ready=False, listen="off")
    worker.ask_to_stop()
    assert worker.process.wait(timeout=10) in (0, -15)
    worker.reader.join()
    assert worker.lines == []


def test_two_workers_share_the_queues(start_worker, new_org, upstream):
    for _ in range(2):
        start_worker(shard="shared", rate_limit="1000/60")
    org = new_org(shard="shared")
    org.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    jobs = [org.push(org.job("tickets/read")) for _ in range(100)]
    assert {org.reply(job)["status"] for job in jobs} == {"succeeded"}


@pytest.mark.parametrize("queue, runs", [("chat", True), ("workflow", False)])
def test_a_worker_takes_from_the_queues_it_was_given(start_worker, new_org, upstream, queue, runs):
    start_worker(shard="queues-" + queue, queues="decisions:1,chat:1")
    org = new_org(shard="queues-" + queue)
    org.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    job = org.push(org.job("tickets/read"), queue)
    for _ in range(3):
        assert org.ask("tickets/read")["status"] == "succeeded"
    if runs:  # its call may take longer than those of jobs that came after it
        assert org.reply(job)["status"] == "succeeded"
    else:
        assert not org.has_reply(job["reply_to"])
