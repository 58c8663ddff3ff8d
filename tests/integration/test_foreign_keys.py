# SPDX-License-Identifier: MIT
"""What stands in Redis under an org's name is not trusted: keys of a wrong type harm nobody else, and nothing is lost."""

import uuid

import pytest
from support.org import integration
from support.waiting import wait_until

WORKER = {"rate_limit": "1000/60"}
READ = {"method": "GET", "path": "/t"}
CREATE = {"method": "POST", "path": "/t"}

FOREIGN = [
    "org:{org}:integration:tickets",
    "org:{org}:secrets:tickets",
    "org:{org}:window:tickets:read",
    "org:{org}:window:tickets:create",
    "org:{org}:calls",
    "org:{org}:version",
    "org:{org}:integrations",
    "result:{org}:the-job",
]


def make_foreign(org, key):
    """A list where there was none of it: no key of Bellhop's under an org's name is one."""
    key = org.key(key.format(org=org.name))
    org.redis.delete(key)
    org.redis.rpush(key, "foreign")


@pytest.fixture
def own_shard():
    """One for each test: what goes wrong in one is not met by the next."""
    return "foreign-" + uuid.uuid4().hex


@pytest.fixture
def worker(start_worker, own_shard):
    return start_worker(shard=own_shard)


@pytest.fixture
def desks(worker, new_org, upstream, own_shard):
    """Two orgs, of which the first meets the foreign key and the second must not notice."""
    orgs = new_org("acme", shard=own_shard), new_org("globex", shard=own_shard)
    for org in orgs:
        org.put(integration(upstream.base_url, auth="bearer", read=READ, create=CREATE))
        org.seal("tickets", "token", "a-token-of-the-desk")
        assert org.run("tickets/read")["status"] == "succeeded"
    return orgs


@pytest.mark.parametrize("key", FOREIGN)
@pytest.mark.parametrize("action, queue", [("tickets/read", "workflow"), ("tickets/create", "chat")])
def test_a_key_of_another_type_is_the_orgs_own_trouble(worker, desks, key, action, queue):
    acme, globex = desks
    make_foreign(acme, key)
    lines = len(worker.log)
    job = acme.push(acme.job(action, id="the-job"), queue)
    assert globex.run("tickets/read")["status"] == "succeeded"
    assert globex.ask("tickets/create")["status"] == "confirmation_pending"
    assert acme.reply(job)["status"] in ("succeeded", "failed", "confirmation_pending")
    assert len(worker.log) - lines < 20


@pytest.mark.parametrize("key", FOREIGN)
def test_a_decision_meets_a_key_of_another_type(desks, key, upstream):
    acme, globex = desks
    token = acme.ask("tickets/create").token
    seen = len(upstream.received())
    make_foreign(acme, key)
    decision = acme.push(acme.decision(token, "approve", id="the-job"), "decisions")
    assert globex.run("tickets/read")["status"] == "succeeded"
    reply = acme.reply(decision)
    assert (reply["status"] == "succeeded") == (len(upstream.received()) == seen + 2)


def test_a_reply_queue_of_another_type_is_the_consumers_own_trouble(desks):
    acme, globex = desks
    acme.redis.set(acme.key("replies:foreign"), "x")
    for _ in range(3):
        acme.push(acme.job("tickets/read", reply_to="foreign"))
        assert globex.run("tickets/read")["status"] == "succeeded"
    wait_until(lambda: len(acme.dead()) >= 3, "the replies that could not be pushed in dead")
