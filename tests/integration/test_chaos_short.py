# SPDX-License-Identifier: MIT
"""
Everything dies at once, for some seconds: each job still gets exactly one reply, and what may not be repeated is sent at
most once. Contract, section 10. CHAOS_SEED repeats the choices of a run (not its timing); CHAOS_SECONDS makes it longer,
CHAOS_RATE (jobs a second, about) harder.
"""

import os
import random
import signal
import threading
import time
from collections import Counter

import pytest
from support.org import Reply, integration
from support.upstream import Answer, Raw
from support.waiting import wait_until

SECONDS = float(os.environ.get("CHAOS_SECONDS", "8"))
RATE = float(os.environ.get("CHAOS_RATE", "70"))
LEASE_MS = 1000
WORKER = {
    "rate_limit": "100000/60", "lease_ms": LEASE_MS, "drain_ms": 1500, "concurrency": 40,
}  # fmt: skip
WORKERS = 3
UNSAFE = ("create", "ask")
ENDS = {"succeeded", "upstream_status", "connection_lost", "outcome_unknown", "invalid_response", "internal", "timeout"}


@pytest.fixture
def redis(new_redis):
    return new_redis(aof=True)


@pytest.fixture
def start_worker(redis, start_worker):
    return lambda: start_worker(redis_url=redis.url)


@pytest.fixture
def acme(new_org, redis, upstream):
    org = new_org("acme", redis=redis)
    body = {"n": "{{n}}"}
    org.put(
        integration(
            upstream.base_url,
            auth="bearer",
            read={"method": "GET", "path": "/read/{{n}}"},
            replace={"method": "PUT", "path": "/replace/{{n}}", "body": body},
            keyed={"method": "POST", "path": "/keyed/{{n}}", "body": body, "idempotency": "key"},
            create={"method": "POST", "path": "/create/{{n}}", "body": body},
            ask={"method": "POST", "path": "/ask/{{n}}", "body": body},
        )
    )
    org.seal("tickets", "token", "a-token-of-the-desk")
    return org


class Slow:
    """Answers after a while."""

    def __init__(self, seconds):
        self.seconds = seconds

    def play(self, exchange):
        time.sleep(self.seconds)
        Answer(json={"slow": True}).play(exchange)


def some_answer(rng):
    return rng.choices(
        [
            Answer(json={"ok": True}),
            Slow(rng.uniform(0.01, 0.6)),
            Answer(500, json={"error": "fire"}),
            Answer(json={"ok": True}, close=True),
            Raw(b"", "reset"),
            Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "close"),
        ],
        weights=[8, 8, 1, 1, 1, 1],
    )[0]


class Producer:
    """Pushes jobs all the while, some of them twice, and approves what asks for it; Redis is not hurt meanwhile."""

    def __init__(self, acme, upstream, rng, redis_is_well):
        self.acme, self.upstream, self.rng, self.redis_is_well = acme, upstream, rng, redis_is_well
        self.jobs, self.asked, self.twins = [], [], []
        self.stop = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def push(self):
        number, action = len(self.jobs), self.rng.choice(("read", "replace", "keyed", "create", "ask"))
        self.upstream.on(f"/v1/{action}/{number}", some_answer(self.rng))
        job = self.acme.job("tickets/" + action, {"n": number})
        self.jobs.append(job)
        self.acme.push(job, "chat" if action == "ask" else "workflow")
        if action == "ask":
            self.asked.append(job)
        elif self.rng.random() < 0.1:
            twin = {**job, "reply_to": "twin-" + job["reply_to"]}
            self.twins.append(twin)
            self.acme.push(twin)

    def unanswered(self):
        return [job for job in self.asked if "decision" not in job]

    def approve(self):
        """Whatever has its confirmation by now."""
        for job in self.unanswered():
            text = self.acme.redis.lindex(self.acme.key("replies:" + job["reply_to"]), 0)
            if text:
                job["decision"] = self.acme.push(self.acme.decision(Reply(text).token, "approve"), "decisions")

    def _run(self):
        try:
            while not self.stop.wait(self.rng.uniform(0, 2 / RATE)):
                with self.redis_is_well:
                    self.push()
                    self.approve()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def end(self):
        self.stop.set()
        self.thread.join()
        if self.failure:
            raise self.failure


class Chaos:
    def __init__(self, redis, start_worker, rng):
        self.redis, self.start_worker, self.rng = redis, start_worker, rng
        self.redis_is_well = threading.Lock()
        self.workers = [start_worker() for _ in range(WORKERS)]

    def a_worker(self):
        for worker in self.workers:
            assert worker.process.poll() is None, "\n".join(worker.lines[-30:])
        return self.rng.choice(self.workers)

    def replace(self, worker):
        self.workers[self.workers.index(worker)] = self.start_worker()

    def kill_worker(self):
        worker = self.a_worker()
        worker.kill()
        self.replace(worker)

    def stop_worker(self):
        """Under load; the next one is there before it has gone."""
        worker = self.a_worker()
        worker.ask_to_stop()
        self.replace(worker)
        worker.wait_stopped()

    def stall_worker(self):
        worker = self.a_worker()
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.1, 1.6 * LEASE_MS / 1000))
        worker.process.send_signal(signal.SIGCONT)

    def restart_redis(self):
        with self.redis_is_well:
            self.redis.kill()
            time.sleep(self.rng.uniform(0, 0.5))
            self.redis.start()

    def stall_redis(self):
        with self.redis_is_well:
            self.redis.pause()
            time.sleep(self.rng.uniform(0.05, 1.3))
            self.redis.resume()

    def forget_scripts(self):
        with self.redis_is_well:
            self.redis.client.script_flush()

    def cut_connections(self):
        for _ in range(self.rng.randint(1, 8)):
            with self.redis_is_well:
                self.redis.client.client_kill_filter(_type="normal")
            time.sleep(self.rng.uniform(0, 0.1))

    def run(self, seconds):
        until = time.monotonic() + seconds
        acts = [self.kill_worker, self.stop_worker, self.stall_worker, self.restart_redis, self.stall_redis]
        acts += [self.forget_scripts, self.cut_connections]
        while time.monotonic() < until:
            act = self.rng.choice(acts)
            print(f"{until - time.monotonic():6.2f} s left: {act.__name__}")
            act()
            time.sleep(self.rng.uniform(0, 0.3))


def replies_of(acme, message):
    return [Reply(text) for text in acme.redis.lrange(acme.key("replies:" + message["reply_to"]), 0, -1)]


def outcome(reply):
    return reply.code or reply["status"]


def check_call(reply, sent, unsafe):
    """What a reply says of a call, held against what the upstream saw of it."""
    assert outcome(reply) in ENDS, reply.text
    assert (sent == 0) <= (reply["sent"] != "yes"), f"{sent} requests: {reply.text}"
    assert (sent > 0) <= (reply["sent"] != "no"), f"{sent} requests: {reply.text}"
    assert not unsafe or sent <= 1, f"{sent} requests: {reply.text}"


def test_each_job_has_one_reply_and_each_unsafe_call_is_made_once_at_most(start_worker, acme, redis, upstream):
    seed = os.environ.get("CHAOS_SEED") or str(random.SystemRandom().randrange(10**6))
    print(f"CHAOS_SEED={seed}")
    chaos = Chaos(redis, start_worker, random.Random(seed))
    producer = Producer(acme, upstream, random.Random(seed + " jobs"), chaos.redis_is_well)
    try:
        chaos.run(SECONDS)
    finally:
        producer.end()

    def awaited():
        producer.approve()
        messages = [*producer.jobs, *producer.twins]
        messages += [job["decision"] for job in producer.asked if "decision" in job]
        return [one for one in messages if not replies_of(acme, one)] + producer.unanswered()

    wait_until(lambda: not awaited(), "a reply to each job", timeout=15)
    for kind in ("begun", "retry", "delayed", "dying"):
        wait_until(lambda kind=kind: not redis.client.exists(acme.key(kind)), f"nothing left in {kind}")
    for worker in chaos.workers:
        worker.stop()

    ends = Counter()
    for number, job in enumerate(producer.jobs):
        sent = len(upstream.received(f"/v1/{job['action']}/{number}"))
        [reply] = replies_of(acme, job)
        assert reply["id"] == job["id"]
        if job["action"] == "ask":
            assert outcome(reply) == "confirmation_pending"
            [reply] = replies_of(acme, job["decision"])
            assert reply["confirms"] == job["id"]
        check_call(reply, sent, job["action"] in UNSAFE)
        ends[f"{job['action']}: {outcome(reply)}"] += 1
        for twin in (twin for twin in producer.twins if twin["id"] == job["id"]):
            assert [one.text for one in replies_of(acme, twin)] == [reply.text]
    print(dict(sorted(ends.items())))
    assert len(producer.jobs) > 15 * SECONDS
    for pattern in ("claims:*", "waiting:*", "begun", "retry"):
        assert not list(redis.client.scan_iter(acme.key(pattern)))
