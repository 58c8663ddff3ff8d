# SPDX-License-Identifier: MIT
"""What Redis did and the worker did not hear of, heard late, or heard as an error: contract, sections 2, 3 and 10."""

import signal
import socket
import threading

import pytest
from support.org import integration
from support.redis_proxy import RedisProxy
from support.upstream import Answer, Held
from support.waiting import wait_until

LEASE_MS = 2000
WORKER = {"rate_limit": "1000/60", "lease_ms": LEASE_MS}
BEGUN = b"\r\nok 1"  # a begin's `ok 1795000000000000 0`; a settle's is `ok` alone
READ = {"method": "GET", "path": "/r"}
CREATE = {"method": "POST", "path": "/c"}


@pytest.fixture
def redis(new_redis):
    return new_redis()


@pytest.fixture
def proxy(redis):
    running = RedisProxy(redis)
    yield running
    running.stop()


@pytest.fixture
def start_worker(proxy, start_worker):
    """Its workers go before the proxy does."""
    return start_worker


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    org.put(integration(upstream.base_url, read=READ, create=CREATE))
    return org


class Handshake:
    """Takes connections and leaves them in the middle of their TLS handshake: nothing of a request ever leaves."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"https://localhost:{self.listener.getsockname()[1]}"
        self.came = threading.Semaphore(0)
        self.socks = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.socks.append(sock)
            self.came.release()

    def arrived(self):
        assert self.came.acquire(timeout=10)

    def break_off(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() does not
        self.listener.close()
        for sock in self.socks:
            sock.close()


def test_a_duplicate_that_met_a_running_job_never_succeeds_by_itself(start_worker, acme, proxy):
    """The first fails with nothing sent just when the duplicate has heard that it runs."""
    upstream = Handshake()
    acme.put(integration(upstream.base_url, name="slow", create=CREATE))
    worker = start_worker(redis_url=proxy.url, log_level="debug")
    job = acme.push(acme.job("slow/create"))
    upstream.arrived()
    heard = proxy.hold(b"waiting")
    newcomer = acme.push({**job, "reply_to": "newcomer"})
    heard.wait()
    upstream.break_off()
    worker.logged("step", step="settle")  # the first's end goes to Redis with the next turn, before the duplicate's
    heard.release()
    assert acme.reply(job).code == "connect_failed"
    second = acme.reply(newcomer)
    assert (second.code, second["sent"]) == ("connect_failed", "no")


def test_a_settle_whose_answer_was_lost_is_not_done_twice(start_worker, acme, proxy, upstream):
    worker = start_worker(redis_url=proxy.url)
    held = Held(Answer(json={"n": 1}))
    upstream.on("/v1/c", held, Answer(json={"twice": True}))
    job = acme.push(acme.job("tickets/create"))
    held.arrived()
    lost = proxy.hold(b"$2\r\nok\r\n")
    held.release()
    lost.wait().cut()
    assert acme.reply(job)["output"] == {"n": 1}
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert not acme.has_reply(job["reply_to"])
    assert len(upstream.received("/v1/c")) == 1
    worker.stop()


def test_a_begin_whose_answer_was_lost_sends_once(start_worker, acme, proxy, upstream):
    start_worker(redis_url=proxy.url)
    lost = proxy.hold(BEGUN)
    job = acme.push(acme.job("tickets/create"))
    lost.wait().cut()
    assert acme.reply(job)["status"] == "succeeded"
    assert len(upstream.received("/v1/c")) == 1


def test_a_claim_whose_answer_was_lost_is_not_lost(start_worker, acme, proxy, upstream):
    start_worker(redis_url=proxy.url)
    job = acme.job("tickets/create")
    lost = proxy.hold(job["id"].encode())
    acme.push(job)
    lost.wait().cut()
    assert acme.reply(job)["status"] == "succeeded"
    assert len(upstream.received("/v1/c")) == 1


def test_a_worker_that_drains_while_its_claim_is_answered_with_an_error_ends_at_once(start_worker, acme, redis, proxy):
    worker = start_worker(redis_url=proxy.url)
    job = acme.job("tickets/read")
    claim = proxy.hold(job["id"].encode())
    acme.push(job)
    claim.wait()
    worker.ask_to_stop()
    worker.logged("draining")
    before = redis.now_ms()
    claim.release(b"-BUSY Redis is busy running a script.\r\n")
    worker.wait_stopped()
    assert redis.now_ms() - before < 2000
    start_worker()


def test_a_worker_that_drains_while_redis_goes_away_ends_at_once(start_worker, acme, redis, proxy):
    worker = start_worker(redis_url=proxy.url)
    job = acme.job("tickets/read")
    claim = proxy.hold(job["id"].encode())
    acme.push(job)
    claim.wait()
    worker.ask_to_stop()
    worker.logged("draining")
    before = redis.now_ms()
    proxy.listener.close()
    claim.cut()
    worker.wait_stopped()
    assert redis.now_ms() - before < 2000


def test_a_worker_whose_claims_fail_is_not_ready(start_worker, acme, proxy):
    """Its lease is renewed all the while."""
    worker = start_worker(redis_url=proxy.url)
    wait_until(worker.is_ready, "the worker to be ready")
    lines = len(worker.log)
    proxy.spoil(b"*9\r\n$16\r\n", b"-ERR no more of it\r\n")  # a turn that brought nothing
    wait_until(lambda: not worker.is_ready(), "the worker to be not ready", timeout=8)
    assert len(worker.log) - lines < 5
    proxy.spoil(None, None)
    wait_until(worker.is_ready, "the worker to be ready again")
    # Other lines may be opened meanwhile: those that wait for jobs are, when there is first reason to wait.
    assert "bellhop_redis_reconnects_total 0\n" in worker.page("/metrics")[1], "the connection was good all the while"


def test_a_worker_that_stalls_between_begin_and_call_sends_nothing_past_the_deadline(
    start_worker, acme, redis, proxy, upstream
):
    worker = start_worker(redis_url=proxy.url)
    begun = proxy.hold(BEGUN)
    deadline = redis.now_ms() + 500
    job = acme.push(acme.job("tickets/create", deadline_ms=deadline))
    begun.wait()
    worker.process.send_signal(signal.SIGSTOP)
    begun.release()
    redis.wait_for_clock(deadline + 50)
    worker.process.send_signal(signal.SIGCONT)
    reply = acme.reply(job)
    assert (reply.code, reply["sent"]) == ("expired", "no")
    assert not upstream.received("/v1/c")


@pytest.fixture
def handed_over(start_worker, acme, redis, upstream):
    """A call that may be repeated was sent by a worker that stops before it ended: the job, given back. `waiting` is a
    worker that was stopped (SIGSTOP) and goes on as soon as the first one leaves; without one it is left altogether."""

    def run(deadline_in_ms, waiting=None):
        first = start_worker(redis_url=redis.url, drain_ms=100)
        held = Held()
        upstream.on("/v1/r", held, Answer(json={"second": True}))
        job = acme.push(acme.job("tickets/read", deadline_ms=redis.now_ms() + deadline_in_ms))
        held.arrived()
        first.ask_to_stop()
        if waiting:
            waiting.process.send_signal(signal.SIGCONT)
        else:
            first.wait_stopped()
        return job

    return run


def assert_cut_off(reply):
    assert (reply.code, reply["sent"]) == ("connection_lost", "maybe"), reply.text
    assert reply["error"]["retryable"], reply.text


def test_the_deadline_of_a_call_that_may_have_been_sent_passes_before_the_next_delivery(
    start_worker, acme, redis, handed_over
):
    job = handed_over(deadline_in_ms=1000)
    redis.wait_for_clock(job["deadline_ms"])
    start_worker(redis_url=redis.url)
    reply = acme.reply(job)
    assert_cut_off(reply)


def test_the_deadline_of_a_call_that_may_have_been_sent_passes_before_it_is_sent_again(
    start_worker, acme, redis, proxy, handed_over, upstream
):
    second = start_worker(redis_url=proxy.url, lease_ms=30000)
    second.process.send_signal(signal.SIGSTOP)
    begun = proxy.hold(BEGUN)
    job = handed_over(deadline_in_ms=700, waiting=second)  # an answer that takes a second is given up
    begun.wait()
    redis.wait_for_clock(job["deadline_ms"] + 10)
    begun.release()
    reply = acme.reply(job)
    assert_cut_off(reply)
    assert len(upstream.received("/v1/r")) == 1


def test_a_repeat_does_not_wait_for_room_that_comes_after_its_deadline(
    start_worker, acme, redis, handed_over, upstream
):
    acme.put(
        integration(upstream.base_url, read={**READ, "rate_limit": {"calls": 1, "window_s": 60}}, create=CREATE)
    )
    job = handed_over(deadline_in_ms=20000)
    start_worker(redis_url=redis.url)
    reply = acme.reply(job)
    assert_cut_off(reply)
    assert len(upstream.received("/v1/r")) == 1


def test_large_answers_go_to_redis_in_commands_of_bounded_size(start_worker, acme, proxy, upstream):
    start_worker(redis_url=proxy.url)
    count, megabyte = 24, 1000 * 1000
    held = Held(Answer(body=b'"' + b"x" * megabyte + b'"'))
    upstream.on("/v1/r", held)
    jobs = [acme.push(acme.job("tickets/read")) for _ in range(count)]
    held.arrived(count)
    answer = proxy.hold(b"barrier")
    acme.push(acme.job("tickets/read", id="barrier", integration="nothing"))
    answer.wait()
    held.release()
    threading.Event().wait(0.5)  # so that they all wait for the answer
    answer.release()
    for job in jobs:
        assert len(acme.reply(job)["output"]) == megabyte
    assert proxy.longest_command < 8 * megabyte
