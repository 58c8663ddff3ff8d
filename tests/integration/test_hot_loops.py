# SPDX-License-Identifier: MIT
"""What cannot be done is not tried as fast as the machine can: whatever stands in Redis, and however Redis answers."""

import re
import threading
import time
import uuid

import pytest
from redis.exceptions import RedisError
from support.org import integration
from support.redis_proxy import RedisProxy
from support.waiting import wait_until

WORKER = {"rate_limit": "1000/60"}
READ = {"method": "GET", "path": "/t"}
CREATE = {"method": "POST", "path": "/t"}
BUSY = 150  # commands a second that no idle or waiting worker comes near


@pytest.fixture
def redis(new_redis):
    return new_redis()


@pytest.fixture
def start_worker(redis, start_worker):
    return lambda **options: start_worker(**{"redis_url": redis.url, **options})


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    org.put(integration(upstream.base_url, auth="bearer", read=READ, create=CREATE))
    org.seal("tickets", "token", "a-token-of-the-desk")
    return org


def commands_a_second(redis):
    """Those of scripts count too."""

    def now():
        return redis.client.info("stats")["total_commands_processed"]

    before, start = now(), time.monotonic()
    threading.Event().wait(0.5)
    return (now() - before) / (time.monotonic() - start)


def counter(worker, name):
    return float(re.search(rf"^bellhop_{name} (\S+)$", worker.page("/metrics")[1], re.MULTILINE)[1])


def test_a_mark_list_of_another_type_is_waited_out(start_worker, acme, redis):
    start_worker()
    redis.client.set(acme.key("begun"), "foreign")
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: redis.client.zcard(acme.key("delayed")), "the job to be put off")
    assert commands_a_second(redis) < BUSY
    redis.client.delete(acme.key("begun"))
    assert acme.reply(job)["status"] in ("succeeded", "failed")


def test_a_job_that_cannot_even_be_put_off_is_kept_and_waits(start_worker, acme, redis):
    start_worker()
    for key in ("begun", "delayed"):
        redis.client.set(acme.key(key), "foreign")
    job = acme.push(acme.job("tickets/read"))
    wait_until(lambda: not redis.client.llen(acme.key("jobs:workflow")), "the job to be taken")
    assert commands_a_second(redis) < BUSY
    redis.client.delete(acme.key("begun"), acme.key("delayed"))
    assert acme.reply(job)["status"] in ("succeeded", "failed")


@pytest.mark.parametrize("key", ["jobs:chat", "jobs:decisions", "retry"])
def test_a_list_of_jobs_that_is_none_is_said_now_and_then_and_counted(start_worker, acme, redis, key):
    worker = start_worker()
    redis.client.set(acme.key(key), "foreign")
    for _ in range(20):
        assert acme.run("tickets/read")["status"] == "succeeded"
    complaint = "what should be a list of jobs is none: nothing is taken from it"
    assert worker.logged(complaint)["keys"] == acme.key(key)
    assert sum(line["msg"] == complaint for line in worker.log) == 1
    assert commands_a_second(redis) < BUSY
    assert counter(worker, "not_a_list_total") > 0


def test_an_audit_log_that_is_no_stream_is_said_now_and_then_and_counted(start_worker, acme):
    worker = start_worker()
    acme.redis.set(acme.own("calls"), "foreign")
    for _ in range(20):
        assert acme.run("tickets/read")["status"] == "succeeded"
    complaint = "an org's audit log is no stream: entries are not written"
    worker.logged(complaint)
    assert sum(line["msg"] == complaint for line in worker.log) == 1
    wait_until(lambda: counter(worker, "audit_lost_total") == 20, "all of them to be counted")


# What stands under an org's name, written past the tool.


def set_fields(acme, fields):
    acme.redis.hset(acme.own("integration:tickets"), mapping=fields)


def no_version(acme):
    acme.redis.hdel(acme.own("integration:tickets"), "version")


SPOILED = [
    (lambda acme: set_fields(acme, {"version": b"7\x00"}), "invalid_definition"),
    (lambda acme: set_fields(acme, {"version": "7" * 60}), "invalid_definition"),
    (lambda acme: set_fields(acme, {"version": "-1"}), "invalid_definition"),
    (no_version, "invalid_definition"),
    (lambda acme: set_fields(acme, {f"disabled:x{n}": "1" for n in range(600)}), None),
    (lambda acme: set_fields(acme, {f"disabled:{n}": "1" for n in (*range(600), "read", "create")}), "disabled"),
    (lambda acme: set_fields(acme, {"disabled:read\x00": "1", "disabled:create\x00": "1"}), None),
    (lambda acme: acme.redis.hset(acme.own("secrets:tickets"), "token", b"a\x00b"), "secret_unreadable"),
    (lambda acme: acme.redis.hset(acme.own("secrets:tickets"), "token", "x" * 200000), "secret_unreadable"),
    (lambda acme: acme.redis.hset(acme.own("secrets:tickets"), "token", ""), "secret_unreadable"),
]


@pytest.mark.parametrize("spoil, code", SPOILED)
def test_what_was_written_past_the_tool_ends_in_one_reply(start_worker, acme, redis, spoil, code):
    start_worker()
    assert acme.run("tickets/read")["status"] == "succeeded"
    spoil(acme)
    for _ in range(2):
        assert acme.run("tickets/read").code == code
    if code != "secret_unreadable":
        assert acme.run("tickets/create", queue="chat").code == code
    assert commands_a_second(redis) < BUSY


def test_a_definition_without_a_version_is_never_an_old_one(start_worker, acme):
    start_worker()
    no_version(acme)
    assert acme.run("tickets/read").code == "invalid_definition"
    acme.done("put", "-", stdin=acme.done("get", "tickets").out.replace("/t", "/other"))
    assert acme.run("tickets/read")["status"] == "succeeded"


@pytest.mark.parametrize("queue", ["workflow", "chat"])
def test_an_integration_of_another_type_is_no_valid_definition(start_worker, acme, queue):
    start_worker()
    acme.redis.delete(acme.own("integration:tickets"))
    acme.redis.rpush(acme.own("integration:tickets"), "foreign")
    assert acme.run("tickets/create", queue=queue).code == "invalid_definition"
    acme.redis.delete(acme.own("integration:tickets"))
    assert acme.run("tickets/create", queue=queue).code == "unknown_integration"


def test_a_confirmation_of_another_type_is_unknown(start_worker, acme):
    start_worker()
    token = acme.ask("tickets/create").token
    key = acme.own("confirm:" + token)
    assert acme.redis.delete(key) == 1
    acme.redis.rpush(key, "foreign")
    assert acme.approve(token).code == "confirmation_unknown"


def test_a_queue_that_cannot_be_looked_into_does_not_wake_its_worker_all_the_time(start_worker, acme, redis):
    """As where an ACL allows to wait for a list, and not to ask for its length."""
    start_worker()
    redis.client.execute_command("ACL", "SETUSER", "default", "-llen")
    try:
        job = acme.push(acme.job("tickets/read"))
        assert commands_a_second(redis) < 1000
    finally:
        redis.client.execute_command("ACL", "SETUSER", "default", "+llen")
    assert acme.reply(job)["status"] == "succeeded"
