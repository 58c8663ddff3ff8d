# SPDX-License-Identifier: MIT
"""Where Bellhop does not call, and whom it does not believe: blocked addresses and TLS. Contract, section 3."""

import json

import pytest
from support.org import integration
from support.programs import Worker
from support.upstream import Upstream

WORKER = {"rate_limit": "1000/60"}


def desk(base_url):
    return integration(base_url, read={"method": "GET", "path": "/t"}, create={"method": "POST", "path": "/t"})


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


@pytest.fixture(scope="module")
def strict_worker(worker_options):
    """A worker to which no private network was opened."""
    with Worker.running(**{**worker_options, "shard": "strict", "allow_nets": None}) as running:
        yield running


@pytest.fixture
def strict_acme(strict_worker, new_org):
    return new_org("acme", shard="strict")


BLOCKED = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]",
    "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]", "[2001::1]", "[2001:db8::1]", "[100::1]", "localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", BLOCKED)
def test_an_address_that_is_not_public_is_not_called(strict_acme, upstream, host):
    before = upstream.connections
    result = strict_acme.bellhop("put", "-", stdin=json.dumps(desk(f"http://{host}:{upstream.port}")))
    if result.code == 0:
        assert told(strict_acme.run("tickets/read")) == ("blocked_address", "no", False)
    else:
        assert "base_url" in result.err
    assert upstream.connections == before


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1.", "127%2e0%2e0%2e1", "[::1%25lo]", "user@127.0.0.1", "127.0.0.1\\@a.example", "１２７.0.0.1", "loca\u0131host"],
)  # fmt: skip
def test_a_host_that_parsers_read_differently_is_refused_at_save(acme, host):
    result = acme.bellhop("put", "-", stdin=json.dumps(desk(f"http://{host}/v1")))
    assert result.code == 1
    assert "base_url" in result.err


def test_what_another_writer_put_there_is_judged_again(strict_acme, upstream):
    strict_acme.put(desk("https://api.acme.example/v1"))
    key = strict_acme.own("integration:tickets")
    definition = json.loads(strict_acme.redis.hget(key, "definition"))
    definition["base_url"] = upstream.base_url
    strict_acme.redis.hset(key, "definition", json.dumps(definition))
    strict_acme.redis.hset(key, "version", strict_acme.redis.incr(strict_acme.own("version")))
    assert told(strict_acme.run("tickets/read")) == ("blocked_address", "no", False)
    assert upstream.received() == []


def test_allow_nets_opens_what_it_names(worker, acme, upstream):
    acme.put(desk(upstream.base_url))
    assert acme.run("tickets/read")["status"] == "succeeded"
    acme.put(desk(f"http://localhost:{upstream.port}/v1"))
    assert acme.run("tickets/read")["status"] == "succeeded"
    acme.put(desk(f"http://127.0.0.2:{upstream.port}/v1"))
    assert told(acme.run("tickets/read")) == ("blocked_address", "no", False)


def test_allow_nets_opens_one_port_where_it_names_one(start_worker, acme, upstream, other_upstream, new_org):
    start_worker(shard="one-port", allow_nets=f"10.9.0.0/16,127.0.0.1/32:{upstream.port}")
    org = new_org(shard="one-port")
    org.put(desk(upstream.base_url))
    assert org.run("tickets/read")["status"] == "succeeded"
    org.put(desk(other_upstream.base_url))
    assert told(org.run("tickets/read")) == ("blocked_address", "no", False)
    assert other_upstream.received() == []


def test_ipv6_loopback_may_be_opened(start_worker, new_org):
    try:
        server = Upstream(host="::1", name="[::1]")
    except OSError:
        pytest.skip("no IPv6 here")
    start_worker(shard="six", allow_nets="::1/128")
    org = new_org(shard="six")
    org.put(desk(server.base_url))
    assert org.run("tickets/read")["status"] == "succeeded"
    assert server.only().header("Host") == f"[::1]:{server.port}"
    server.stop()


def test_bellhops_own_redis_and_listener_are_never_called(start_worker, new_org, redis_server):
    worker = start_worker(shard="own", redis_url=redis_server.url)
    org = new_org(shard="own")
    for address in (f"127.0.0.1:{redis_server.port}", worker.address):
        org.put(desk(f"http://{address}"))
        assert told(org.run("tickets/create")) == ("blocked_address", "no", False)


# TLS.


@pytest.fixture(scope="module")
def tls_worker(worker_options, certificates):
    with Worker.running(**{**worker_options, "shard": "tls", "ca_file": certificates.ca}) as running:
        yield running


@pytest.fixture
def tls_acme(tls_worker, new_org):
    return new_org("acme", shard="tls")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_server_whose_certificate_fits_is_called_with_the_credential(tls_acme, tls_upstream, name):
    server = tls_upstream("good", name=name)
    tls_acme.put(integration(server.base_url, auth="bearer", read={"method": "GET", "path": "/t"}))
    tls_acme.seal("tickets", "token", "over-tls-only-please")
    for _ in range(2):
        assert tls_acme.run("tickets/read")["status"] == "succeeded"
    first, second = server.received()
    assert first.header("Authorization") == "Bearer over-tls-only-please"
    assert first.connection == second.connection


@pytest.mark.parametrize("kind", ["wrong_host", "self_signed"])
def test_a_server_whose_certificate_does_not_fit_gets_no_byte(tls_acme, tls_upstream, kind):
    server = tls_upstream(kind)
    tls_acme.put(integration(server.base_url, auth="bearer", read={"method": "GET", "path": "/t"}, create={"method": "POST", "path": "/t"}))
    tls_acme.seal("tickets", "token", "not-for-strangers")
    for action in ("tickets/read", "tickets/create"):
        assert told(tls_acme.run(action)) == ("tls_failed", "no", False)
    assert server.received() == []


def test_without_ca_file_only_the_systems_authorities_count(worker, acme, tls_upstream):
    server = tls_upstream("good")
    acme.put(desk(server.base_url))
    assert told(acme.run("tickets/read")) == ("tls_failed", "no", False)
    assert server.received() == []


def test_a_server_that_speaks_no_tls_gets_no_request(tls_acme, upstream):
    tls_acme.put(desk(f"https://localhost:{upstream.port}"))
    for action in ("tickets/read", "tickets/create"):
        assert told(tls_acme.run(action)) == ("tls_failed", "no", False)
    assert upstream.received() == []


def test_a_tls_server_that_is_called_in_clear_gets_nothing_of_use(acme, worker, tls_upstream):
    server = tls_upstream("good")
    acme.put(desk(f"http://localhost:{server.port}"))
    assert acme.run("tickets/read")["status"] == "failed"
    assert server.received() == []


def test_a_proxy_of_the_environment_is_not_used(start_worker, new_org, upstream, other_upstream, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, other_upstream.origin)
    start_worker(shard="proxy")
    org = new_org(shard="proxy")
    org.put(desk(upstream.base_url))
    assert org.run("tickets/read")["status"] == "succeeded"
    assert other_upstream.received() == []
