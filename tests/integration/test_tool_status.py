# SPDX-License-Identifier: MIT
"""bellhop status: what is in Redis, counted."""


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
    assert ["chat", "3", "-"] in rows and ["decisions", "1", "-"] in rows
    assert ["ccc", "lease", "ended", "1"] in rows
    assert ["dead", "4"] in rows
    assert ["none"] in [line.split() for line in bellhop("status", shard="nobody").out.splitlines()]


def test_status_needs_no_org(bellhop):
    assert bellhop("status", org=None, shard="empty").code == 0
