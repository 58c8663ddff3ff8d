# SPDX-License-Identifier: MIT
"""
A node of a Redis Cluster that owns nothing but its shard's slot, and a whole story: every command of every script, each on a key
that was named beforehand. The one exception are the reply queues of waiting duplicates: their names are data, of the same slot.
"""

import re
from dataclasses import replace

import pytest
from redis.exceptions import ResponseError
from scripts_client import SCRIPTS, Done, Job, PutBack, Shard, Worker
from support.redis_process import RedisProcess, free_port
from support.waiting import wait_until

COMMAND = re.compile(r"p?call\('([A-Z]+)'")
OF_REGISTER = COMMAND.findall((SCRIPTS / "register.lua").read_text())
HOUR_MS = 3600_000


@pytest.fixture(scope="module")
def node():
    server = RedisProcess(
        cluster_enabled="yes",
        cluster_require_full_coverage="no",
        cluster_port=free_port(),
    )
    client = server.client
    slot = client.execute_command("CLUSTER KEYSLOT", "bellhop:{main}:begun")
    client.execute_command("CLUSTER ADDSLOTS", slot)
    wait_until(lambda: has_slot(client), "the slot to be this node's")
    yield server
    server.close()


def has_slot(client):
    try:
        return client.get("bellhop:{main}:x") is None
    except ResponseError:  # CLUSTERDOWN, CLUSTER is still being told
        return False


class Watched(Shard):
    """Compares what each script touches with the keys it was given."""

    def __init__(self, client, monitor):
        super().__init__(client)
        self.monitor = monitor
        self.stored = set()  # names that a script reads out of a key
        self.seen = set()
        self.now_ms_asked = client.time()[0] * 1000

    @property
    def now_ms(self):
        return self.now_ms_asked

    def call(self, script, keys, args):
        answer = super().call(script, keys, args)
        self.redis.echo("the script is over")
        while True:
            line = self.monitor.next_command()
            if line["command"].startswith("ECHO"):
                return answer
            if line["client_type"] == "lua":
                command, key = (line["command"] + " -").split(" ")[:2]
                if script != "register" or command in OF_REGISTER:  # which also tries all that others use
                    self.seen.add(command)
                assert command == "TIME" or key in keys or key in self.stored, line["command"]


def story(shard, worker):
    """Each kind of end once and each refusal that takes a command of its own."""
    limits = {"reply_max": 2, "dead_max": 1, "pending_max": 5}
    other = Worker(shard, **limits).register()
    shard.define()
    shard.redis.hset(shard.secrets(Job()), "token", "x" * 16)

    def claim(by, job=Job()):
        shard.push(job)
        [claimed] = by.claim()
        return claimed

    # A call, its duplicate that waits, its duplicate that is late, three replies in a queue of two.
    job = Job(secrets=(("token", "x" * 16),), limit=1)
    first = claim(other, job)
    assert other.begin(first, job).startswith("ok")
    assert other.begin(first, job).startswith("ok")
    shard.stored.add(shard.replies("chat-2"))
    for reply_to in ("chat-2", "chat-2"):
        waiter = claim(other, job)
        assert other.done(waiter, replace(job, reply_to=reply_to), identity=True) == "waiting"
    assert other.done(first, job) == "ok"
    late = claim(other, job)
    assert other.done(late, replace(job, reply_to="chat-2"), identity=True) == "duplicate"
    limited = claim(other, job)
    assert other.begin(limited, replace(job, id="j2")).startswith("rate_limited")
    shard.redis.zadd(shard.window(job), {"long ago": 1})
    assert other.begin(limited, replace(job, id="j2")).startswith("rate_limited")
    assert other.done(limited, replace(job, id="j2"), identity=True, basis=True) == "ok"

    # Begun anew, nothing sent, due later, put back, a dead letter too many.
    slow = Job(id="slow")
    held = claim(other, slow)
    other.begin(held, slow)
    mark = shard.redis.hget(shard.key("begun"), slow.name)
    at = mark.split()[4]
    shard.redis.hset(shard.key("begun"), slow.name, mark.replace(at, str(int(at) - 2_000_000)))
    assert other.begin(held, slow).startswith("ok")
    assert other.unsent(held, 1, slow) == "ok"
    assert other.renew().promoted == 1
    [held] = other.claim()
    assert other.begin(held, slow).startswith("ok")
    assert other.give(held) == "ok"
    shard.redis.rpush(shard.key("retry"), "none")
    [held] = other.claim()
    assert other.done(held, slow, dead='"letter"') == "ok"

    # A queue that is looked at while jobs wait, are taken, come, and when there is none.
    waiting = Job(id="waits")
    for _ in range(2):
        shard.push(waiting)
        assert other.renew().ages_ms[1] >= 0
        [held] = other.claim()
        shard.push(waiting)
        other.renew()
        [last] = other.claim()
        for one in (held, last):
            assert other.done(one, waiting, identity=True) in ("ok", "duplicate")
    assert other.renew().ages_ms == [-1, -1, -1]

    # Big jobs: what the bound of bytes leaves goes back, to its queue and to what was put back.
    shard.push("x" * 1000, "y" * 1000)
    [one] = other.claim(2, claim_bytes=10)
    [two] = other.claim(2)
    other.turn(*[PutBack("give", c, c.envelope(0)) for c in (one, two)])
    [one] = other.claim(2, claim_bytes=10)
    [two] = other.claim(2)
    assert other.retry(one, 1) == other.retry(two, 1) == "ok"

    # A confirmation: a yes, a no.
    for number in range(2):
        asked = Job(id=f"p{number}")
        pending = (f"t{number}", shard.now_ms + HOUR_MS, 7200, "frozen")
        held = claim(other, asked)
        assert other.done(held, asked, identity=True, basis=True, pending=pending) == "ok"
    yes, no = Job(id="d0", token="t0"), Job(id="d1", token="t1")
    held = claim(other, yes)
    assert other.begin(held, yes).startswith("ok")
    assert other.done(claim(other, no), no, identity=True, basis=True, decline=True) == "ok"

    # A yes whose call never left, after its org's list of tokens was forgotten.
    other.give(held)
    [held] = other.claim()
    shard.redis.hset(shard.key("begun"), yes.name, f"{held.birth} 0 {held.token} {yes.digest} 1 0 1")
    shard.redis.delete(shard.pending("acme"))
    assert other.done(held, yes, unuse=shard.now_ms + HOUR_MS) == "ok"
    held = claim(other, yes)

    # A life: back, dead, taken over one claim at a time, gone.
    assert other.come_back(7) == [held.field]
    claim(other)
    shard.redis.zadd(shard.key("workers"), {other.member: 1})
    seen = worker.renew()
    assert (seen.promoted, seen.expired) == (2, [other.member])
    assert worker.reap(other.W, other.member, 1) == [1, 1]
    assert worker.reap(other.W, "", 1) == [1, 0]
    assert len(worker.claim(9)) == 4
    assert worker.leave() == "ok"


def test_every_command_of_the_scripts_stays_on_keys_that_were_named(node):
    node.client.flushall()
    with node.client.monitor() as monitor:
        shard = Watched(node.client, monitor)
        story(shard, Worker(shard).register())
    named = set()
    for path in SCRIPTS.glob("*.lua"):
        named |= set(COMMAND.findall(path.read_text()))
    assert shard.seen == named


def test_a_key_of_another_slot_would_have_failed(node):
    with pytest.raises(ResponseError):
        node.client.eval("return redis.call('GET', 'bellhop:{other}:x')", 1, "bellhop:{main}:x")
