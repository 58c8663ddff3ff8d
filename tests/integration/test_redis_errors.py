# SPDX-License-Identifier: MIT
"""Redis is there and refuses: what stops, what comes to its end, what is said, and how soon it goes on. README, Operations."""

import os
import re
import threading

import pytest
from support.org import BY_SCHEMA, integration
from support.redis_process import free_port
from support.redis_troubles import (
    busy_script,
    cannot_save,
    full,
    no_room,
    replica,
    replica_without_master,
    too_few_replicas,
)
from support.upstream import Answer, Held
from support.waiting import wait_until

WORKER = {"rate_limit": "10000/60", "lease_ms": 2000}
BACK_MS = 2000  # how soon after its end a worker works again
REFUSES = "Redis refuses; trying again"
READ = {"method": "GET", "path": "/r"}
CREATE = {"method": "POST", "path": "/c"}
RIGHTS = "~bellhop:* resetchannels -@all +@read +@write +@scripting +@connection +@blocking +info +time"


@pytest.fixture
def redis(new_redis):
    return new_redis()


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    org.put(integration(upstream.base_url, read=READ, create=CREATE))
    return org


def refusals(worker, cause):
    return [line for line in worker.log if line["msg"] == REFUSES and line["cause"] == cause]


def counted(worker, cause):
    return float(re.search(rf'^bellhop_redis_errors_total{{cause="{cause}"}} (\S+)$', worker.page("/metrics")[1], re.M)[1])


def works_again(org, redis, trouble):
    """A job that waits in its queue by now is answered within two seconds; one of a worker that was never lost."""
    ended = redis.now_ms()
    assert org.run("tickets/read")["status"] == "succeeded"
    took = redis.now_ms() - ended
    print(f"back to work after {trouble}: {took} ms")
    assert took < BACK_MS


def cluster_down(redis):
    """It loses the slot of its shard, as where a part of a cluster is gone."""
    slot = redis.client.execute_command("CLUSTER KEYSLOT", "bellhop:{%s}:begun" % redis.shard)
    redis.client.execute_command("CLUSTER DELSLOTS", slot)

    def mend():
        redis.client.execute_command("CLUSTER ADDSLOTS", slot)
        wait_until(lambda: redis.client.cluster("info")["cluster_state"] == "ok", "the slot to be served")

    return mend


def a_right_is_taken(redis):
    redis.client.execute_command("ACL", "SETUSER", "default", "-evalsha")
    return lambda: redis.client.execute_command("ACL", "SETUSER", "default", "+evalsha")


def a_right_of_a_script_is_taken(redis):
    redis.client.execute_command("ACL", "SETUSER", "default", "-zcard")
    return lambda: redis.client.execute_command("ACL", "SETUSER", "default", "+zcard")


def a_key_is_foreign(redis):
    key = "bellhop:{%s}:workers" % redis.shard
    redis.client.rename(key, "aside")
    redis.client.set(key, "foreign")
    return lambda: redis.client.rename("aside", key)


TROUBLES = {
    "READONLY": replica,
    "MASTERDOWN": replica_without_master,
    "MISCONF": cannot_save,
    "NOREPLICAS": too_few_replicas,
    "BUSY": busy_script,
    "NOPERM": a_right_is_taken,
    "WRONGTYPE": a_key_is_foreign,
    "CLUSTERDOWN": cluster_down,
}


def lone_node(new_redis, shard):
    """A node of a cluster that has the slot of this shard."""
    redis = new_redis(cluster_enabled="yes", cluster_port=free_port())
    redis.client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
    wait_until(lambda: redis.client.cluster("info")["cluster_state"] == "ok", "the node to serve")
    return redis


@pytest.mark.parametrize("cause", TROUBLES)
def test_it_refuses_under_way(start_worker, new_redis, new_org, shard, upstream, cause):
    redis = lone_node(new_redis, shard) if cause == "CLUSTERDOWN" else new_redis()
    redis.shard = shard
    acme = new_org("acme", redis=redis)
    acme.put(integration(upstream.base_url, read=READ, create=CREATE))
    worker = start_worker(redis_url=redis.url)
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c", held, Answer(json={"twice": True}))
    running = acme.push(acme.job("tickets/create"))
    held.arrived()
    lines = len(worker.log)
    mend = TROUBLES[cause](redis)
    held.release()
    status, why = wait_until(lambda: [page for page in [worker.page("/readyz")] if page[0] == 503], "it to be not ready")[0]
    assert cause in why
    assert worker.page("/livez")[0] == 200
    threading.Event().wait(0.7)  # in which it tries again and again
    assert len(refusals(worker, cause)) == 1, worker.log[lines:]
    line = refusals(worker, cause)[0]
    assert line["level"] == "error" and line["do"]
    assert len(worker.log) - lines <= 3, worker.log[lines:]
    assert counted(worker, cause) >= 2
    mend()
    works_again(acme, redis, cause)
    assert acme.reply(running)["output"] == {"n": 1}
    assert not acme.has_reply(running["reply_to"])
    assert len(upstream.received("/v1/c")) == 1
    wait_until(worker.is_ready, "the worker to be ready")
    worker.logged("Redis no longer refuses")


def test_a_redis_that_is_full_takes_what_is_there_to_its_end(start_worker, acme, redis, upstream):
    """Producers cannot push, so it stays full until somebody reads; workers are ready and say what is the matter."""
    worker = start_worker(redis_url=redis.url)
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c", held, Answer(json={"twice": True}))
    running = acme.push(acme.job("tickets/create"))
    held.arrived()
    waiting = [acme.job("tickets/read") for _ in range(50)]
    with redis.client.pipeline() as together:
        for job in waiting:
            acme.push_into(together, job)
        together.execute()
        mend = full(redis)
    held.release()
    replies = [acme.reply(job) for job in [running, *waiting]]
    assert {reply["status"] for reply in replies} == {"succeeded"}
    wait_until(lambda: refusals(worker, "OOM"), "a word about it")
    assert worker.is_ready()
    assert counted(worker, "OOM") >= 1
    mend()
    works_again(acme, redis, "OOM")
    assert len(refusals(worker, "OOM")) == 1


def test_a_right_that_only_a_script_misses_costs_no_job(start_worker, acme, redis, upstream):
    """Jobs wait for the right; none is answered as if it were at fault."""
    worker = start_worker(redis_url=redis.url)
    assert acme.run("tickets/read")["status"] == "succeeded"
    mend = a_right_of_a_script_is_taken(redis)
    first = acme.push(acme.job("tickets/create"))
    wait_until(lambda: refusals(worker, "NOPERM"), "a word about it")
    later = acme.push(acme.job("tickets/create"))
    wait_until(lambda: worker.page("/readyz")[0] == 503, "the worker to be not ready")
    threading.Event().wait(0.7)
    assert redis.client.llen(acme.key("jobs:workflow")) == 1  # it takes no more
    assert len(refusals(worker, "NOPERM")) == 1
    mend()
    works_again(acme, redis, "NOPERM in a script")
    assert [acme.reply(job)["status"] for job in (first, later)] == ["succeeded"] * 2
    assert len(upstream.received("/v1/c")) == 2
    assert not acme.dead()
    wait_until(worker.is_ready, "the worker to be ready")


def test_a_wait_that_is_not_allowed_is_replaced_by_a_look_each_second(start_worker, acme, redis):
    redis.client.execute_command("ACL", "SETUSER", "default", "-blmove")
    worker = start_worker(redis_url=redis.url)
    works_again(acme, redis, "a wait that is not allowed")
    wait_until(lambda: refusals(worker, "NOPERM"), "a word about it")
    assert worker.is_ready()
    assert len(refusals(worker, "NOPERM")) == 1


# Passwords and users that change under way.


def test_a_password_that_changes_under_way_is_read_again(start_worker, acme, redis, tmp_path):
    redis.client.config_set("requirepass", "first-password")
    redis.client.execute_command("AUTH", "first-password")
    file = tmp_path / "password"
    file.write_text("first-password\n")
    worker = start_worker(redis_url=redis.url, redis_password_file=file)
    redis.client.config_set("requirepass", "second-password")
    redis.client.client_kill_filter(_type="normal", skipme=True)
    line = worker.logged(REFUSES)
    assert line["cause"] == "WRONGPASS" and "BELLHOP_REDIS_PASSWORD_FILE" in line["do"]
    wait_until(lambda: worker.page("/readyz")[0] == 503, "the worker to be not ready")
    assert worker.process.poll() is None
    file.write_text("second-password\n")
    works_again(acme, redis, "a new password")
    assert "password" not in str([{**one, "do": ""} for one in worker.log if one["msg"] != REFUSES])
    assert len(refusals(worker, "WRONGPASS")) == 1


def test_a_password_that_there_was_not_is_waited_for(start_worker, acme, redis):
    worker = start_worker(redis_url=redis.url)
    redis.client.config_set("requirepass", "all-of-a-sudden")
    redis.client.execute_command("AUTH", "all-of-a-sudden")
    redis.client.client_kill_filter(_type="normal", skipme=True)
    assert worker.logged(REFUSES)["cause"] == "NOAUTH"
    redis.client.config_set("requirepass", "")
    works_again(acme, redis, "NOAUTH")


# At its start: what somebody has to change ends it with one line, what passes is waited for.


def ended_with_one_line(worker):
    assert worker.process.wait(timeout=15) == 2
    worker.reader.join()
    assert len(worker.lines) == 1, worker.lines
    return worker.lines[0]


@pytest.mark.parametrize("right", ["-evalsha", "-script", "-ping", "-set", "-lpush", "-zadd", "-del", "resetkeys ~other:*", "off"])
def test_a_user_who_may_not_do_what_a_worker_does_ends_it_at_its_start(start_worker, redis, right):
    redis.client.execute_command("ACL", "SETUSER", "worker", "on", ">secret-of-a-worker", *RIGHTS.split(), *right.split())
    worker = start_worker(redis_url=f"redis://worker:secret-of-a-worker@127.0.0.1:{redis.port}/0", ready=False)
    line = ended_with_one_line(worker)
    assert {"off": "WRONGPASS", "-script": "SCRIPT LOAD"}.get(right, "NOPERM") in line
    assert "secret-of-a-worker" not in line


def test_the_rights_that_the_manual_names_are_enough(start_worker, acme, redis, upstream):
    redis.client.execute_command("ACL", "SETUSER", "worker", "on", ">secret-of-a-worker", *RIGHTS.split())
    worker = start_worker(redis_url=f"redis://worker:secret-of-a-worker@127.0.0.1:{redis.port}/0")
    upstream.on("/v1/r", Answer(503, headers={"Retry-After": "0"}), Answer(json={"fine": True}))
    assert acme.run("tickets/read")["output"] == {"fine": True}
    token = acme.ask("tickets/create").token
    assert acme.approve(token)["status"] == "succeeded"
    acme.push("no job", refused=BY_SCHEMA)
    wait_until(acme.dead, "a dead letter")
    worker.stop()
    assert not [line for line in worker.log if line["level"] == "error"]
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "README.md"), encoding="utf-8") as readme:
        assert RIGHTS in readme.read()


AT_START = {**TROUBLES, "MAXCLIENTS": no_room}
del AT_START["NOPERM"]
del AT_START["CLUSTERDOWN"]
del AT_START["WRONGTYPE"]  # test_redis_outages


@pytest.mark.parametrize("cause", AT_START)
def test_what_passes_is_waited_for_at_the_start(start_worker, acme, redis, shard, cause):
    redis.shard = shard
    mend = AT_START[cause](redis)
    worker = start_worker(redis_url=redis.url, ready=False)
    wait_until(lambda: refusals(worker, cause), "a word about it")
    assert worker.page("/readyz") == (503, f"Redis refuses: {cause}\n")
    mend()
    works_again(acme, redis, f"{cause} at the start")
    assert worker.is_ready()


def test_a_redis_that_reads_its_data_is_waited_for(start_worker, acme, redis):
    """Under way and at the start; it takes seconds to read what it holds."""
    with redis.client.pipeline(transaction=False) as many:
        for n in range(1000):
            many.set(f"else:{n}", "x" * 100)
        many.execute()
    worker = start_worker(redis_url=redis.url)
    redis.client.save()
    redis.settings.update({"key-load-delay": "1500", "loading-process-events-interval-bytes": "1024"})
    redis.kill()
    redis.launch()
    newcomer = start_worker(redis_url=redis.url, ready=False)
    for one in (worker, newcomer):
        wait_until(lambda one=one: refusals(one, "LOADING"), "a word about it")
        assert one.page("/readyz") == (503, "Redis refuses: LOADING\n")
    wait_until(redis.answers, "the end of it")
    works_again(acme, redis, "LOADING")
    wait_until(worker.is_ready, "the first to be ready")
    wait_until(newcomer.is_ready, "the newcomer to be ready")
    assert len(refusals(worker, "LOADING")) == 1
