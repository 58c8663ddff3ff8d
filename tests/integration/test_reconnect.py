# SPDX-License-Identifier: MIT
"""Connections to Redis that are lost come back with pauses: bounded, each worker's its own, and without a flood of lines."""

import socket
import threading
import time

import pytest
from support.org import integration
from support.redis_proxy import RedisProxy
from support.upstream import Answer
from support.waiting import wait_until

WORKERS = 12
SECONDS = 1.5
CONNECTIONS = 5  # of a worker: its own, and one for each list that it waits for
PER_SECOND = 8  # of one of them: pauses grow to 0.2 to 0.4 s


class Refuser:
    """Takes each connection, closes it, and notes when it came."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"
        self.came = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                self.listener.accept()[0].close()
            except OSError:
                return
            self.came.append(time.monotonic())

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def refuser():
    running = Refuser()
    yield running
    running.stop()


def test_many_workers_come_back_spread_out_and_say_it_once(start_worker, refuser):
    workers = [start_worker(redis_url=refuser.url, ready=False, listen="off") for _ in range(WORKERS)]
    wait_until(lambda: all(worker.lines for worker in workers), "all to have said that it is away")
    start = time.monotonic()
    threading.Event().wait(SECONDS)
    came = [at for at in refuser.came if at >= start]
    assert len(came) <= WORKERS * CONNECTIONS * PER_SECOND * SECONDS
    assert len(came) >= WORKERS * CONNECTIONS  # and they do try
    moments = {}
    for at in came:
        moments[int(at * 100)] = moments.get(int(at * 100), 0) + 1
    assert max(moments.values()) < WORKERS * CONNECTIONS / 2, moments  # within 10 ms
    assert [sum("Redis is away" in line for line in worker.lines) for worker in workers] == [1] * WORKERS


def test_a_long_result_on_a_narrow_line_is_not_given_up_half_way(new_redis, new_org, start_worker, upstream):
    server = new_redis()
    proxy = RedisProxy(server, bytes_a_second=3 << 20)
    worker = start_worker(redis_url=proxy.url, max_response_bytes=8 << 20)
    acme = new_org("acme", redis=server)
    acme.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    text = "long " * (1 << 20)
    upstream.on("/v1/t", Answer(body=text.encode()))
    assert acme.run("tickets/read")["output"] == {"text": text}
    assert [line["msg"] for line in worker.log if line["level"] != "info"] == []
    upstream.only()
    worker.stop()
    proxy.stop()
