# SPDX-License-Identifier: MIT
"""
What is wrong is said in one order: job, id, deadline, definition, switch, inputs, confirmation, secret, address, limit.

Each test has two faults that are neighbours in it at once, and whatever comes later as well; the first is told.
"""

import pytest
from support.org import BY_SCHEMA, integration

WORKER = {"rate_limit": "1000/60", "pending_max": 1}

ONCE = {"calls": 1, "window_s": 60}
NOWHERE = "https://10.1.2.3"  # an address that is not called
SECRET = "swordfish-swordfish"


def far(org, base_url=NOWHERE, auth="bearer"):
    """An integration without its secret, at an address that is not called."""
    write = {"method": "POST", "path": "/x/{{a}}", "rate_limit": ONCE}
    org.put(integration(base_url, "far", auth, write=write, read={"method": "GET", "path": "/x", "rate_limit": ONCE}))


@pytest.fixture
def past(worker, acme, redis_server):
    """Everything is wrong with the integration; and a deadline that passed."""
    far(acme)
    acme.done("disable", "far")
    return redis_server.now_ms() - 1


@pytest.fixture
def known(acme, past, upstream):
    """An id that was used for something else."""
    acme.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    return acme.run("tickets/read")["id"]


BAD_INPUTS = {"a": "..", "b": 1}


@pytest.mark.parametrize("queue", ["workflow", "chat"])
def test_the_job_before_its_id(acme, past, known, queue):
    assert acme.run("far/write", BAD_INPUTS, queue, BY_SCHEMA, id=known, v=2, deadline_ms=past).code == "invalid_job"


@pytest.mark.parametrize("queue", ["workflow", "chat"])
@pytest.mark.parametrize("action", ["far/write", "far/nothing", "nothing/nothing"])
def test_its_id_before_its_deadline(acme, past, known, queue, action):
    assert acme.run(action, BAD_INPUTS, queue, id=known, deadline_ms=past).code == "id_conflict"


@pytest.mark.parametrize("queue", ["workflow", "chat"])
@pytest.mark.parametrize("action", ["far/write", "far/nothing", "nothing/nothing"])
def test_its_deadline_before_the_definition(acme, past, queue, action):
    assert acme.run(action, BAD_INPUTS, queue, deadline_ms=past).code == "expired"


def test_the_id_before_the_definition(acme, known):
    assert acme.run("nothing/nothing", id=known).code == "id_conflict"


@pytest.mark.parametrize("queue", ["workflow", "chat"])
def test_the_definition_before_the_switch(acme, past, queue):
    assert acme.run("far/nothing", BAD_INPUTS, queue).code == "unknown_action"
    acme.redis.hset(acme.own("integration:far"), "action:write", "{")
    acme.redis.hset(acme.own("integration:far"), "version", acme.redis.incr(acme.own("version")))
    assert acme.run("far/write", BAD_INPUTS, queue).code == "invalid_definition"


@pytest.mark.parametrize("queue", ["workflow", "chat"])
@pytest.mark.parametrize("switch", ["far", "far/write"])
def test_the_switch_before_the_inputs(acme, past, queue, switch):
    acme.done("enable", "far")
    acme.done("disable", switch)
    assert acme.run("far/write", BAD_INPUTS, queue).code == "disabled"


@pytest.mark.parametrize("queue", ["workflow", "chat"])
def test_the_inputs_before_the_confirmation_and_the_secret(acme, past, queue):
    acme.done("enable", "far")
    assert acme.run("far/write", BAD_INPUTS, queue).code == "invalid_inputs"


def test_the_confirmation_before_the_secret(acme, past):
    acme.done("enable", "far")
    token = acme.ask("far/write", {"a": 1}).token
    assert acme.ask("far/write", {"a": 1}).code == "too_many_pending"
    assert acme.ask("far/write", BAD_INPUTS).code == "invalid_inputs"
    acme.done("disable", "far/read")
    assert acme.approve(token).code == "confirmation_void"


def test_the_secret_before_the_address(acme, past):
    acme.done("enable", "far")
    assert acme.run("far/write", {"a": 1}).code == "secret_missing"
    acme.redis.hset(acme.own("secrets:far"), "token", "damaged")
    assert acme.run("far/write", {"a": 1}).code == "secret_unreadable"


def test_the_address_before_the_limit(acme, past, upstream):
    far(acme, upstream.base_url, "none")
    acme.done("enable", "far")
    assert acme.run("far/write", {"a": 1})["status"] == "succeeded"
    assert acme.run("far/write", {"a": 1}).code == "rate_limited"
    far(acme, NOWHERE, "none")
    assert acme.run("far/write", {"a": 1}).code == "blocked_address"
    far(acme, "https://nowhere.onion", "none")
    assert acme.run("far/write", {"a": 1}).code == "dns_failed"


# A decision has the same order, without what it cannot have: definition and inputs are those of its token.


@pytest.fixture
def token(acme, past, upstream):
    far(acme)
    acme.done("enable", "far")
    return acme.ask("far/write", {"a": 1}).token


def test_a_decision_before_its_id(acme, past, known):
    assert acme.approve("nonsense", refused=BY_SCHEMA, id=known, v=2, deadline_ms=past).code == "invalid_job"


def test_a_decisions_id_before_its_deadline(acme, past, known, token):
    assert acme.approve(token, id=known, deadline_ms=past).code == "id_conflict"


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_a_decisions_deadline_before_its_token(acme, past, decision):
    assert acme.decide("0" * 32, decision, deadline_ms=past).code == "expired"


def test_a_decisions_token_before_its_secret(acme, token, globex):
    assert globex.approve(token).code == "confirmation_unknown"
    acme.decline(token)
    acme.done("remove", "far")
    assert acme.approve(token).code == "confirmation_used"


def test_a_decisions_secret_before_its_address(acme, token):
    assert acme.approve(token).code == "secret_missing"
    acme.seal("far", "token", SECRET)
    assert acme.approve(token).code == "blocked_address"


def test_a_decisions_limit_is_last(acme, past, upstream):
    far(acme, upstream.base_url)
    acme.done("enable", "far")
    acme.seal("far", "token", SECRET)
    token = acme.ask("far/write", {"a": 1}).token
    assert acme.run("far/write", {"a": 1})["status"] == "succeeded"
    assert acme.approve(token).code == "rate_limited"
    acme.done("secret", "remove", "far", "token")
    assert acme.approve(token).code == "secret_missing"
