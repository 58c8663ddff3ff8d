# SPDX-License-Identifier: MIT
"""
Fixtures. Real servers, on free ports of the loopback interface.

    redis_server     the session's Redis; `redis_client` is a connection to it, emptied before the test
    new_redis        factory: a Redis of the test's own, that it may kill, hang, start again
    upstream         an HTTP server that keeps what it saw and answers as told; one a module, empty for each test
    other_upstream   a second one
    tls_upstream     factory: `tls_upstream("good")`, "wrong_host", "self_signed"
    worker           a running bellhopd, one a module, on a shard of its own; told what the module's WORKER says
    start_worker     factory: a worker of the test's own on the module's shard; every worker must end well
    keys, tokens     private keys of service accounts, and a token endpoint at `other_upstream`
    acme, globex     organisations with a name of the test's own, so that what other tests left cannot be met
    bellhop          runs the tool: `bellhop("check", "-", stdin=…, redis_url=…)`

BUILD names the folder of the programs (`build`), REDIS_SERVER the server (`redis-server`; `valkey-server`), WRAP a command that runs
each worker (`valgrind`), and PATIENCE what every wait is multiplied with.
"""

import itertools

import pytest
from support.certificates import Certificates
from support.org import Org, heard
from support.programs import Worker, run
from support.redis_process import RedisProcess
from support.tokens import Tokens, openssl
from support.upstream import Upstream

counter = itertools.count(1)
SHOWN = 1000  # characters of a line
LONG = ("deaths", "clients", "retries", "chaos_short", "upstream_failures", "leases", "drain", "scenarios_redis", "redis_errors")


def pytest_collection_modifyitems(items):
    """The files that wait longest come first, so that no worker of xdist begins one when the others are done."""
    items.sort(key=lambda item: item.path.stem.removeprefix("test_") not in LONG)


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows the replies it got and what the workers said last, whatever it compared."""
    if call.when == "setup":
        heard.clear()
    outcome = yield
    report = outcome.get_result()
    setattr(item, "failed_" + call.when, report.failed)
    if report.failed:
        report.sections.append(("the replies it got", "\n".join(text[:SHOWN] for text in heard[-10:]) or "none"))
        for worker in [each for each in item.funcargs.values() if isinstance(each, Worker)]:
            report.sections.append(("the worker's last words", "\n".join(line[:SHOWN] for line in worker.lines[-15:])))


@pytest.fixture(scope="session")
def redis_server():
    server = RedisProcess()
    yield server
    server.close()


@pytest.fixture
def redis_client(redis_server):
    """Empty at the start: not together with `worker`, which lives in the same Redis."""
    redis_server.client.flushall()
    redis_server.client.script_flush()
    return redis_server.client


@pytest.fixture
def new_redis():
    """`new_redis(aof=True, password="…")`"""
    started = []

    def start(**settings):
        started.append(RedisProcess(**settings))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.resume()
        server.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def key_file(tmp_path_factory):
    """A key ring; what seals with it is `key_file + ".pub"`."""
    path = str(tmp_path_factory.mktemp("keys") / "ring")
    made = run("bellhop", ["keygen", path])
    assert made.code == 0, made.err
    return path


@pytest.fixture(scope="module")
def module_upstreams():
    servers = [Upstream(), Upstream()]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def upstream(module_upstreams):
    module_upstreams[0].reset()
    yield module_upstreams[0]
    module_upstreams[0].reset()


@pytest.fixture
def other_upstream(module_upstreams):
    module_upstreams[1].reset()
    yield module_upstreams[1]
    module_upstreams[1].reset()


@pytest.fixture
def tls_upstream(certificates):
    started = []

    def start(kind, name="localhost"):
        started.append(Upstream(tls=certificates.context(kind), name=name))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def shard():
    return f"shard-{next(counter)}"


@pytest.fixture(scope="module")
def tool_options(redis_server, module_upstreams, key_file, shard):
    """What the tool is told in this module, by its environment."""
    return {
        "redis_url": redis_server.unix_url,
        "shard": shard,
        "seal_with": key_file + ".pub",
        "allow_http": ",".join(server.origin for server in module_upstreams),
        "allow_nets": "127.0.0.1/32",
    }


@pytest.fixture(scope="module")
def worker_options(tool_options, key_file):
    """What a worker is told in this module unless a test says otherwise: every port of 127.0.0.1 may be called."""
    options = {name: tool_options[name] for name in ("redis_url", "shard", "allow_http", "allow_nets")}
    return {**options, "key_file": key_file}


@pytest.fixture(scope="module")
def worker(request, worker_options):
    """The module's worker; WORKER in the module adds to its options."""
    with Worker.running(**{**worker_options, **getattr(request.module, "WORKER", {})}) as running:
        yield running


@pytest.fixture
def start_worker(request, worker_options, new_redis):
    """`start_worker(lease_ms=1000)`; `ready=False` does not wait. At the end each is stopped, before a new_redis, and must end well."""
    started = []

    def start(*arguments, ready=True, **options):
        options = {**worker_options, **getattr(request.module, "WORKER", {}), **options}
        started.append(Worker(arguments, **options))
        return started[-1].wait_ready() if ready else started[-1]

    yield start
    try:
        if not getattr(request.node, "failed_call", False):
            for running in started:
                running.stop()
    finally:
        for running in started:
            running.abandon()


@pytest.fixture
def new_org(redis_server, shard, tool_options):
    """`new_org()`, or in another Redis: `new_org(redis=server)`."""

    def make(name="org", redis=None, **options):
        told = {**tool_options, **options}
        if redis:
            told["redis_url"] = redis.unix_url
        client = (redis or redis_server).client
        return Org(f"{name}-{next(counter)}", client, told["shard"], told)

    return make


@pytest.fixture
def acme(new_org):
    return new_org("acme")


@pytest.fixture
def globex(new_org):
    return new_org("globex")


@pytest.fixture
def bellhop(tool_options):
    """Runs the tool as the module's administrator; options override, None leaves one out."""

    def call(*arguments, stdin="", **options):
        return run("bellhop", arguments, {**tool_options, **options}, stdin)

    return call


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Private keys as PEM, with the file of the public one."""
    made = {}
    folder = tmp_path_factory.mktemp("accounts")
    for name, kind in {
        "rsa": ("RSA", "rsa_keygen_bits:2048"), "ec": ("EC", "ec_paramgen_curve:P-256"), "small": ("RSA", "rsa_keygen_bits:1024"),
        "other_curve": ("EC", "ec_paramgen_curve:P-384"),
    }.items():  # fmt: skip
        pem = openssl("genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1])
        public = folder / (name + ".pub")
        public.write_bytes(openssl("pkey", "-pubout", stdin=pem))
        made[name] = (pem.decode(), str(public))
    made["locked"] = (openssl("pkey", "-aes256", "-passout", "pass:x", stdin=made["rsa"][0].encode()).decode(), None)
    return made


@pytest.fixture
def tokens(other_upstream):
    return Tokens(other_upstream)
