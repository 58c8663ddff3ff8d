# SPDX-License-Identifier: MIT
"""Names are looked up at a real name server: one that is silent holds up those who asked for its names, and nobody else."""

import subprocess
from urllib.parse import urlsplit

import pytest
from support.name_server import NameServer
from support.org import integration
from support.upstream import Answer
from support.waiting import wait_until

SILENT = 120
LIMIT = {"rate_limit": "100000/60"}


@pytest.fixture
def names(tmp_path):
    """The name server of `place()`'s workers."""
    server = NameServer({"good.example.test": ["127.0.0.1"], "mixed.example.test": ["127.0.0.1", "10.0.0.1"]})
    probe = subprocess.run([*server.wrapper(tmp_path), "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"this machine lets nobody give a process its own resolv.conf: {probe.stderr.strip()}")
    yield server
    server.stop()


@pytest.fixture
def place(names, new_redis, start_worker, new_org, tmp_path):
    """`place("acme", "good.example.test", upstream)`: an org whose tickets are at that name."""
    redis = new_redis()
    start_worker(redis_url=redis.unix_url, wrapper=names.wrapper(tmp_path), **LIMIT)

    def make(org_name, host, upstream, **action):
        org = new_org(org_name, redis=redis, **LIMIT)
        port = urlsplit(upstream.base_url).port
        read = {"method": "GET", "path": "/{{n}}", "inputs": N, **action}
        org.put(integration(f"http://{host}:{port}/v1", read=read))
        return org

    return make


N = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def test_a_name_is_looked_up_at_the_name_server(place, names, upstream):
    acme = place("acme", "good.example.test", upstream)
    upstream.on("/v1/1", Answer(json={"found": True}))
    assert acme.run("tickets/read", {"n": 1})["output"] == {"found": True}
    assert "good.example.test" in names.asked
    assert upstream.only().header("Host") == f"good.example.test:{urlsplit(upstream.base_url).port}"


def test_one_address_of_several_that_may_not_be_called_refuses_the_call(place, upstream):
    acme = place("acme", "mixed.example.test", upstream)
    reply = acme.run("tickets/read", {"n": 1})
    assert (reply["error"]["code"], reply["sent"]) == ("blocked_address", "no")
    assert not upstream.received()


def test_a_silent_name_server_holds_up_nobody_else(place, names, upstream, other_upstream):
    acme = place("acme", "silent.example.test", upstream, timeout_ms=1000)
    globex = place("globex", "good.example.test", other_upstream)
    initech = place("initech", "127.0.0.1", other_upstream)
    held = [acme.push(acme.job("tickets/read", {"n": n})) for n in range(SILENT)]
    wait_until(lambda: "silent.example.test" in names.asked, "the silent name to be asked for")
    for n in range(20):
        for org in (globex, initech):
            assert org.run("tickets/read", {"n": n})["status"] == "succeeded"
    assert not any(acme.result(job) for job in held), "the others' calls ended while this one's name was still asked for"
    for job in held:
        reply = acme.reply(job)
        assert (reply["status"], reply["sent"], reply["error"]["code"]) == ("failed", "no", "dns_failed"), reply
    assert not upstream.received()
