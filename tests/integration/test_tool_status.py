# SPDX-License-Identifier: MIT
"""bellhop status: what is in Redis, counted."""

import re

from support.programs import run
from support.sealing import Seal
from support.waiting import wait_until


def test_an_empty_shard_is_all_zeros(bellhop):
    assert bellhop("status", "--json", shard="empty").json == {
        "queues": [
            {"name": "decisions", "depth": 0, "oldest_ms": None},
            {"name": "chat", "depth": 0, "oldest_ms": None},
            {"name": "workflow", "depth": 0, "oldest_ms": None},
        ],
        "workers": [], "in_flight": 0, "put_back": 0, "delayed": 0, "next_due_ms": None, "dead": 0,
        "secrets": {"keys": [], "other": 0},
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


# Secrets, by the key that they are sealed with.


def seal_many(org, seal, names, field="token"):
    org.redis.sadd(org.key("orgs"), org.name)
    for name in names:
        org.redis.sadd(org.own("integrations"), name)
        org.redis.hset(org.own("secrets:" + name), field, seal(org.name, name, field, "https://api.acme.com", "a value"))


def make_seals(tmp_path, count):
    files = [str(tmp_path / f"ring-{n}") for n in range(count)]
    for file in files:
        assert run("bellhop", ["keygen", file]).code == 0
    return [Seal(file + ".pub") for file in files], [file + ".pub" for file in files]


def test_secrets_are_counted_by_their_key(bellhop, new_org, tmp_path):
    shard = "sealed"
    acme, globex = new_org("acme", shard=shard), new_org("globex", shard=shard)
    (old, new), (old_file, new_file) = make_seals(tmp_path, 2)
    seal_many(acme, old, [f"i-{n}" for n in range(230)])
    seal_many(globex, new, ["a", "b"], field="username")
    seal_many(globex, old, ["a"], field="password")
    globex.redis.hset(globex.own("secrets:b"), mapping={"password": "never sealed", "credential": ""})
    globex.redis.sadd(globex.own("integrations"), "none", "no name", "other")
    globex.redis.set(globex.own("secrets:other"), "no hash")

    def told(**options):
        secrets = bellhop("status", "--json", shard=shard, **options).json["secrets"]
        return {row["key_id"]: (row["secrets"], row["seal_with"]) for row in secrets["keys"]}, secrets["other"]

    assert told(seal_with=None) == ({old.key_id: (231, None), new.key_id: (2, None)}, 2)
    assert told(seal_with=new_file) == ({old.key_id: (231, False), new.key_id: (2, True)}, 2)
    lines = bellhop("status", shard=shard, seal_with=old_file).out.splitlines()
    rows = [line.split(maxsplit=2) for line in lines[lines.index("secrets sealed with key") + 1 :]]
    assert [row for row in rows if row[0] == old.key_id] == [[old.key_id, "231"]]
    assert [row for row in rows if row[0] == new.key_id] == [[new.key_id, "2", "not the one to seal with"]]
    assert rows[-1] == ["other", "texts", "2"]


def test_texts_of_ever_other_keys_do_not_fill_the_screen(bellhop, new_org):
    acme = new_org("acme", shard="claims")
    seal_many(acme, lambda *_: "", [])
    for n in range(100):
        acme.redis.sadd(acme.own("integrations"), f"i-{n}")
        acme.redis.hset(acme.own(f"secrets:i-{n}"), "token", f"bh1.{n:016x}.AAAA")
    secrets = bellhop("status", "--json", shard="claims").json["secrets"]
    assert len(secrets["keys"]) == 32 and secrets["other"] == 68
    assert len(re.findall(r"^[0-9a-f]{16} ", bellhop("status", shard="claims").out, re.MULTILINE)) == 32


def test_who_may_not_see_secrets_sees_the_rest(bellhop, new_redis, new_org, tmp_path):
    server = new_redis()
    acme = new_org("acme", redis=server, shard="hidden")
    (seal,), _ = make_seals(tmp_path, 1)
    seal_many(acme, seal, ["tickets"])
    server.client.execute_command(
        "ACL", "SETUSER", "looker", "on", ">pass", "~bellhop:{hidden}:org*:integrations", "~bellhop:{hidden}:orgs", "~bellhop:{hidden}:jobs:*",
        "~bellhop:{hidden}:workers", "~bellhop:{hidden}:d*", "~bellhop:{hidden}:retry", "+@all",
    )  # fmt: skip
    for url, seen in ((f"redis://looker:pass@127.0.0.1:{server.port}/0", False), (server.unix_url, True)):
        told = bellhop("status", "--json", shard="hidden", redis_url=url)
        assert told.code == 0 and (told.json["secrets"] is not None) == seen
    assert "not to be seen" in bellhop("status", shard="hidden", redis_url=f"redis://looker:pass@127.0.0.1:{server.port}/0").out


def test_a_public_key_that_cannot_be_read_is_a_warning(bellhop):
    result = bellhop("status", shard="empty", seal_with="/nowhere/at/all.pub")
    assert result.code == 0 and "dead" in result.out
    assert "/nowhere/at/all.pub" in result.err and len(result.err.splitlines()) == 1
