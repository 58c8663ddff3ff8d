# SPDX-License-Identifier: MIT
"""How long a confirmation is good, how many may wait, and what counts as a call: contract, sections 8 and 9."""

import pytest
from support.org import integration
from support.waiting import wait_until

TTL = 2
WORKER = {"confirm_ttl": TTL, "pending_max": 2, "rate_limit": "1/60"}


@pytest.fixture(autouse=True)
def a_ticket_desk(worker, acme, upstream):
    acme.put(
        integration(
            upstream.base_url,
            create={"method": "POST", "path": "/t", "body": {"subject": "{{subject}}"}},
            other={"method": "POST", "path": "/o"},
        )
    )


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


def test_after_its_time_it_is_expired_and_later_unknown(acme, upstream, redis_server):
    pending = acme.ask("tickets/create", {"subject": "x"})
    expires = pending["confirmation"]["expires_at_ms"]
    redis_server.wait_for_clock(expires)
    assert told(acme.approve(pending.token)) == ("confirmation_expired", "no", False)
    assert acme.decline(pending.token).code == "confirmation_expired"
    redis_server.wait_for_clock(expires + TTL * 1000 + 100)
    wait_until(lambda: acme.approve(pending.token).code == "confirmation_unknown", "the token to be forgotten")
    assert upstream.received() == []


def test_only_so_many_may_wait(acme, globex, upstream):
    first = acme.ask("tickets/create", {"subject": "1"})
    acme.ask("tickets/create", {"subject": "2"})
    refused = acme.job("tickets/other", {})
    assert told(acme.reply(acme.push(refused, "chat"))) == ("too_many_pending", "no", True)
    acme.decline(first.token)
    assert acme.reply(acme.push(refused, "chat"))["status"] == "confirmation_pending"
    assert acme.ask("tickets/other", {}).code == "too_many_pending"
    globex.put(integration(upstream.base_url, other={"method": "POST", "path": "/o"}))
    assert globex.ask("tickets/other", {})["status"] == "confirmation_pending"


def test_what_expired_no_longer_waits(acme, redis_server):
    last = [acme.ask("tickets/create", {"subject": "x"}) for _ in range(2)][-1]
    redis_server.wait_for_clock(last["confirmation"]["expires_at_ms"])
    assert acme.ask("tickets/create", {"subject": "x"})["status"] == "confirmation_pending"


def test_a_waiting_one_is_no_call_and_an_approval_over_the_limit_leaves_it_good(acme, upstream):
    one = acme.ask("tickets/create", {"subject": "1"})
    two = acme.ask("tickets/create", {"subject": "2"})
    assert acme.approve(one.token)["status"] == "succeeded"
    decision = acme.decision(two.token, "approve")
    limited = acme.reply(acme.push(decision, "decisions"))
    assert told(limited) == ("rate_limited", "no", True)
    assert limited["error"]["details"] == {"limit": 1, "window_ms": 60000}
    assert limited["error"]["retry_after_ms"] in range(1, 60001)
    assert acme.decline(two.token)["status"] == "declined"
    assert len(upstream.received()) == 1
