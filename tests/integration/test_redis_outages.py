# SPDX-License-Identifier: MIT
"""Redis goes and comes, hangs, forgets, refuses: the worker says so, and works again. Contract, sections 10 and 11."""

import threading

import pytest
from support.org import integration
from support.redis_troubles import busy_script, no_room, too_few_replicas
from support.upstream import Answer, Held
from support.waiting import wait_until

WORKER = {"rate_limit": "1000/60", "lease_ms": 2000}
BACK_MS = 2000  # how soon after Redis's return a worker works again


@pytest.fixture
def redis(new_redis):
    return new_redis(aof=True)


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    org.put(
        integration(
            upstream.base_url, read={"method": "GET", "path": "/r"}, create={"method": "POST", "path": "/c"}
        )
    )
    return org


def works_again(org, redis, back_at_ms, action="tickets/read"):
    assert org.run(action)["status"] == "succeeded"
    assert redis.now_ms() - back_at_ms < BACK_MS


def not_ready(worker):
    wait_until(lambda: worker.page("/readyz")[0] == 503, "the worker to be not ready")
    assert worker.page("/livez")[0] == 200


def complains(worker, since=0):
    wait_until(
        lambda: [line for line in worker.log[since:] if line["level"] in ("warning", "error") and "redis" in str(line).lower()],
        "a line about Redis in the log",
    )


def test_redis_is_down_at_start(start_worker, acme, redis):
    redis.kill()
    worker = start_worker(redis_url=redis.url, ready=False)
    not_ready(worker)
    complains(worker)
    redis.start()
    back = redis.now_ms()
    works_again(acme, redis, back)
    assert worker.is_ready()


@pytest.mark.parametrize("by", ["url", "unix_url"])
def test_redis_is_restarted_under_an_idle_worker(start_worker, acme, redis, by):
    worker = start_worker(redis_url=getattr(redis, by))
    assert acme.run("tickets/read")["status"] == "succeeded"
    before = len(worker.log)
    redis.kill()
    not_ready(worker)
    complains(worker, before)
    redis.start()
    back = redis.now_ms()
    works_again(acme, redis, back)
    wait_until(worker.is_ready, "the worker to be ready")


def test_a_call_that_runs_while_redis_is_restarted_is_answered_once(start_worker, acme, redis, upstream):
    worker = start_worker(redis_url=redis.url)
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c", held, Answer(json={"twice": True}))
    job = acme.push(acme.job("tickets/create"))
    held.arrived()
    redis.kill()
    held.release()
    not_ready(worker)
    redis.start()
    reply = acme.reply(job)
    assert reply["status"] == "succeeded" and reply["output"] == {"n": 1}
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert not acme.has_reply(job["reply_to"])
    assert len(upstream.received("/v1/c")) == 1


def test_redis_hangs_without_a_reset(start_worker, acme, redis):
    worker = start_worker(redis_url=redis.url)
    assert acme.run("tickets/read")["status"] == "succeeded"
    before = len(worker.log)
    redis.pause()
    not_ready(worker)
    complains(worker, before)
    redis.resume()
    back = redis.now_ms()
    works_again(acme, redis, back)
    wait_until(worker.is_ready, "the worker to be ready")


def test_a_call_that_runs_while_redis_hangs_is_answered_once(start_worker, acme, redis, upstream):
    worker = start_worker(redis_url=redis.url)
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c", held, Answer(json={"twice": True}))
    job = acme.push(acme.job("tickets/create"))
    held.arrived()
    redis.pause()
    held.release()
    not_ready(worker)
    redis.resume()
    reply = acme.reply(job)
    assert reply["status"] == "succeeded" or reply.code == "outcome_unknown"
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert not acme.has_reply(job["reply_to"])
    assert len(upstream.received("/v1/c")) == 1


@pytest.mark.parametrize("command", [("client_kill_filter", {"_type": "normal"}), ("script_flush", {}), ("flushall", {})])
def test_redis_forgets(start_worker, acme, redis, upstream, command):
    """Connections, scripts, or everything."""
    name, arguments = command
    worker = start_worker(redis_url=redis.url)
    definition = acme.done("get", "tickets").out
    assert acme.run("tickets/read")["status"] == "succeeded"
    getattr(redis.client, name)(**arguments)
    acme.done("put", "-", stdin=definition)
    back = redis.now_ms()
    works_again(acme, redis, back)
    works_again(acme, redis, redis.now_ms(), "tickets/create")
    wait_until(worker.is_ready, "the worker to be ready")


def test_a_call_that_runs_while_redis_is_full_is_answered_once(start_worker, acme, redis, upstream):
    worker = start_worker(redis_url=redis.url)
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c", held, Answer(json={"twice": True}))
    job = acme.push(acme.job("tickets/create"))
    held.arrived()
    lines = len(worker.log)
    redis.client.config_set("maxmemory", 1)
    held.release()
    wait_until(lambda: acme.has_reply(job["reply_to"]) or worker.log[lines:], "a reply or a word about it")
    redis.client.config_set("maxmemory", 0)
    assert acme.reply(job)["output"] == {"n": 1}
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert not acme.has_reply(job["reply_to"])
    assert len(upstream.received("/v1/c")) == 1


def test_a_redis_that_may_evict_is_warned_of_loudly(start_worker, new_redis):
    redis = new_redis(maxmemory="100mb", maxmemory_policy="allkeys-lru")
    worker = start_worker(redis_url=redis.url)
    wait_until(
        lambda: [line for line in worker.log if line["level"] in ("warning", "error") and "noeviction" in str(line)],
        "a word about it",
    )


def test_a_redis_that_may_not_evict_is_no_cause_for_a_word(start_worker, acme, redis):
    worker = start_worker(redis_url=redis.url)
    acme.run("tickets/read")
    assert not any("noeviction" in str(line) for line in worker.log)


# Passwords.


@pytest.fixture
def locked(new_redis):
    return new_redis(password="open-sesame-now")


def ended_with_usage(worker):
    assert worker.process.wait(timeout=15) == 2
    worker.reader.join()
    assert len(worker.lines) == 1, worker.lines
    return worker.lines[0]


@pytest.mark.parametrize("user", ["", ":wrong-password@"])
def test_a_wrong_password_is_one_line_and_exit_2(start_worker, locked, user):
    worker = start_worker(redis_url=f"redis://{user}127.0.0.1:{locked.port}/0", ready=False)
    line = ended_with_usage(worker)
    assert "password" in line.lower()
    assert "wrong-password" not in line


def test_a_password_in_the_url_opens(start_worker, locked):
    start_worker(redis_url=f"redis://:open-sesame-now@127.0.0.1:{locked.port}/0")


def test_a_password_file_opens_and_wins_over_the_url(start_worker, locked, tmp_path):
    (tmp_path / "password").write_text("open-sesame-now\n")
    worker = start_worker(
        redis_url=f"redis://:wrong-password@127.0.0.1:{locked.port}/0", redis_password_file=tmp_path / "password"
    )
    assert "sesame" not in "\n".join(worker.lines)


def test_another_database_is_used_where_the_url_says_so(start_worker, acme, redis):
    worker = start_worker(redis_url=f"redis://127.0.0.1:{redis.port}/3")
    job = acme.job("nothing/read")
    redis.client.execute_command("SELECT", 3)
    try:
        acme.push(job)
        assert acme.reply(job).code == "unknown_integration"
    finally:
        redis.client.execute_command("SELECT", 0)
    worker.stop()


# A Redis that will not have it now.


@pytest.mark.parametrize("trouble", [busy_script, no_room])
def test_a_redis_that_is_busy_when_a_worker_starts_is_waited_for(start_worker, acme, redis, trouble):
    mend = trouble(redis)
    worker = start_worker(redis_url=redis.url, ready=False)
    complains(worker)
    mend()
    works_again(acme, redis, redis.now_ms())
    assert worker.is_ready()


def a_key_of_ours_is_foreign(redis):
    key = "bellhop:{%s}:workers"
    redis.client.set(key % redis.shard, "foreign")
    return lambda: redis.client.delete(key % redis.shard)


@pytest.mark.parametrize("trouble", [too_few_replicas, a_key_of_ours_is_foreign])
def test_a_redis_that_takes_no_writes_is_not_pestered(start_worker, acme, redis, shard, trouble):
    redis.shard = shard
    mend = trouble(redis)
    worker = start_worker(redis_url=redis.url, ready=False)
    complains(worker)

    def seen():
        info = redis.client.info("stats")
        return info["total_commands_processed"], len(worker.log)

    before = seen()
    threading.Event().wait(1)
    after = seen()
    assert after[0] - before[0] < 50
    assert after[1] - before[1] < 3
    mend()
    works_again(acme, redis, redis.now_ms())
    assert worker.is_ready()


# Names.


def test_redis_is_found_by_its_name(start_worker, acme, redis):
    start_worker(redis_url=f"redis://localhost:{redis.port}/0")
    assert acme.run("tickets/read")["status"] == "succeeded"


def test_a_name_that_there_is_not_is_waited_for(start_worker):
    worker = start_worker(redis_url="redis://not..a-name/0", ready=False)
    assert "not..a-name" in worker.logged("Redis is away; trying again")["reason"]
    not_ready(worker)


def test_a_worker_that_must_go_without_redis_says_what_it_leaves(start_worker, acme, redis, upstream):
    worker = start_worker(redis_url=redis.url, drain_ms=600)
    held = Held()
    upstream.on("/v1/c", held)
    job = acme.push(acme.job("tickets/create"))
    held.arrived()
    redis.kill()
    not_ready(worker)
    held.release()
    worker.ask_to_stop()
    worker.wait_stopped()
    left = worker.logged("left over")
    assert (left["id"], left["step"], left["waiting_for"]) == (job["id"], "settle", "Redis to take its end")
    redis.start()
