# SPDX-License-Identifier: MIT
"""bellhop status: what is in Redis, counted."""

from support.waiting import wait_until


def test_an_empty_shard_is_all_zeros(bellhop):
    assert bellhop("status", "--json", shard="empty").json == {
        "queues": [
            {"name": "decisions", "depth": 0, "oldest_ms": None},
            {"name": "chat", "depth": 0, "oldest_ms": None},
            {"name": "workflow", "depth": 0, "oldest_ms": None},
        ],
        "workers": [], "in_flight": 0, "put_back": 0, "delayed": 0, "next_due_ms": None, "dead": 0,
    }  # fmt: skip


def fill(client, shard):
    def key(rest):
        return f"bellhop:{{{shard}}}:{rest}"

    now_ms = client.time()[0] * 1000
    client.lpush(key("jobs:chat"), "a", "b", "c")
    client.lpush(key("jobs:decisions"), "d")
    client.zadd(key("workers"), {"aaa:3": now_ms - 65000, "bbb:1": now_ms + 60000})
    client.hset(key("claims:aaa"), mapping={"1 0 1 1": "p", "2 0 1 2": "q"})
    client.hset(key("claims:ccc"), "3 0 1 3", "r")
    client.sadd(key("dying"), "ccc")
    client.lpush(key("retry"), "x")
    client.zadd(key("delayed"), {"y": now_ms + 600000, "z": now_ms + 900000})
    client.lpush(key("dead"), "{}", "{}", "{}", "{}")


def test_everything_is_counted(bellhop, redis_server):
    fill(redis_server.client, "full")
    state = bellhop("status", "--json", shard="full").json
    assert [queue["depth"] for queue in state["queues"]] == [1, 3, 0]
    by_name = {worker["name"]: worker for worker in state["workers"]}
    assert by_name.keys() == {"aaa", "bbb", "ccc"}
    assert by_name["aaa"]["in_flight"] == 2 and 64000 <= by_name["aaa"]["last_seen_ms"] < 90000
    assert by_name["bbb"] == {"name": "bbb", "last_seen_ms": 0, "in_flight": 0}
    assert by_name["ccc"] == {"name": "ccc", "last_seen_ms": None, "in_flight": 1}
    assert (state["in_flight"], state["put_back"], state["delayed"], state["dead"]) == (3, 1, 2, 4)
    assert 570000 < state["next_due_ms"] <= 601000


def test_people_read_a_table(bellhop, redis_server):
    fill(redis_server.client, "table")
    out = bellhop("status", shard="table").out
    rows = [line.split() for line in out.splitlines()]
    assert ["chat", "3", "0.0", "s"] in rows and ["decisions", "1", "0.0", "s"] in rows and ["workflow", "0", "-"] in rows
    assert ["ccc", "lease", "ended", "1"] in rows
    assert ["dead", "4"] in rows
    assert ["none"] in [line.split() for line in bellhop("status", shard="nobody").out.splitlines()]


def test_status_needs_no_org(bellhop):
    assert bellhop("status", org=None, shard="empty").code == 0


def test_the_age_of_a_queues_oldest_job_is_shown(bellhop, redis_server, start_worker):
    shard = "ages"
    start_worker(shard=shard, queues="chat:1")

    def oldest(queue):
        told = bellhop("status", "--json", shard=shard).json["queues"]
        return {row["name"]: row["oldest_ms"] for row in told}[queue]

    begin_ms = redis_server.now_ms()
    redis_server.client.lpush(f"bellhop:{{{shard}}}:jobs:workflow", "a")
    wait_until(lambda: (oldest("workflow") or 0) >= 1500, "the age of a job that nobody takes")
    assert oldest("workflow") <= redis_server.now_ms() - begin_ms
    assert oldest("chat") is None
    row = [line.split() for line in bellhop("status", shard=shard).out.splitlines() if line.startswith("workflow")]
    assert row[0][1] == "1" and float(row[0][2]) >= 1.5 and row[0][3] == "s"


def test_without_a_worker_that_saw_it_come_no_age_is_told(bellhop, redis_server):
    fill(redis_server.client, "unseen")
    redis_server.client.delete("bellhop:{unseen}:workers")
    assert [row["oldest_ms"] for row in bellhop("status", "--json", shard="unseen").json["queues"]] == [None] * 3
