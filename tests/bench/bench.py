#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench: what a job costs, measured with real servers: redis-server, nginx, bellhopd.

Prints jobs a second, microseconds of worker CPU and of Redis CPU a job, the time of one job on an idle worker
and on one that holds calls to a host that never answers, and the worker's memory after warm-up and at the end. Everything is started here, on a temporary folder, and stopped here.
"""
import argparse
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import redis

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
HELD = 100
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


class Servers:
    """redis-server, nginx and bellhopd, for the length of a with statement."""

    def __init__(self, concurrency):
        self.folder = tempfile.TemporaryDirectory(prefix="bellhop-bench-")
        self.path = pathlib.Path(self.folder.name)
        self.path.chmod(0o755)
        self.concurrency = concurrency
        self.children = []

    def start(self, *words, **options):
        child = subprocess.Popen(words, **options)
        self.children.append(child)
        return child

    def start_redis(self):
        path = self.path / "redis.sock"
        self.redis_child = self.start("redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no",
                                      "--dir", str(self.path), stdout=subprocess.DEVNULL)
        self.url = f"unix://{path}?db=0"
        self.redis = redis.Redis(unix_socket_path=str(path))
        wait_for(lambda: path.exists() and self.redis.ping(), "redis-server")

    def start_nginx(self):
        self.port = free_port()
        answer = json.dumps({"id": 4711, "name": "A name", "items": [{"n": n, "text": "some text"} for n in range(12)]})
        (self.path / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {self.path}/nginx.pid; error_log {self.path}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {self.path}; proxy_temp_path {self.path}; fastcgi_temp_path {self.path};
  uwsgi_temp_path {self.path}; scgi_temp_path {self.path};
  server {{ listen 127.0.0.1:{self.port}; default_type application/json; location / {{ return 200 '{answer}'; }} }}
}}
""")
        self.start("nginx", "-c", str(self.path / "nginx.conf"), "-p", str(self.path), stderr=subprocess.DEVNULL)
        wait_for(lambda: socket.create_connection(("127.0.0.1", self.port), 0.2).close() or True, "nginx")

    def start_silence(self):
        """A host that takes every connection and answers nothing."""
        self.silence = socket.create_server(("127.0.0.1", 0), backlog=HELD)

    def start_worker(self):
        key = self.path / "ring"
        bellhop = [str(BUILD / "bellhop"), "--redis-url", self.url, "--org", "acme"]
        environment = dict(os.environ, BELLHOP_ALLOW_HTTP=f"http://127.0.0.1:{self.port}", BELLHOP_RATE_LIMIT="1000000/1",
                           BELLHOP_SEAL_WITH=f"{key}.pub")
        silent_port = self.silence.getsockname()[1]
        silent = self.path / "silent.json"
        silent.write_text(json.dumps({
            "name": "silent", "base_url": f"http://127.0.0.1:{silent_port}", "auth": {"method": "none"},
            "actions": {"read": {"method": "GET", "path": "/things/{{id}}"}}}))
        definition = self.path / "bench.json"
        definition.write_text(json.dumps({
            "name": "bench", "base_url": f"http://127.0.0.1:{self.port}", "auth": {"method": "bearer"},
            "actions": {"read": {"method": "GET", "path": "/things/{{id}}", "output": {"id": "$.id", "name": "$.name"}},
                        "write": {"method": "POST", "path": "/things", "requires_confirmation": False,
                                  "body": {"subject": "{{subject}}", "n": "{{n}}"}}}}))
        for words, given in ((["keygen", str(key)], None), (["put", str(definition)], None), (["put", str(silent)], None),
                             (["secret", "set", "bench", "token"], b"a-secret-of-thirty-two-characters")):
            subprocess.run(bellhop + words, input=given, env=environment, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        self.worker = self.start(str(BUILD / "bellhopd"), "--redis-url", self.url, "--key-file", str(key),
                                 "--listen", "off", "--log-level", "warning", *(["--concurrency", str(self.concurrency)] if self.concurrency else []),
                                 "--allow-nets", f"127.0.0.1/32:{self.port},127.0.0.1/32:{silent_port}", env=environment)
        wait_for(lambda: self.redis.zcard("bellhop:{main}:workers") == 1, "bellhopd")

    def __enter__(self):
        self.start_redis()
        self.start_nginx()
        self.start_silence()
        self.start_worker()
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.folder.cleanup()


def wait_for(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (OSError, redis.RedisError):
            pass
        if time.monotonic() > end:
            sys.exit(f"{what} did not come up within {seconds} s")
        time.sleep(0.01)


def job(number, kind, integration="bench"):
    inputs = {"id": str(number)} if kind == "read" else {"subject": "Printer on fire", "n": number}
    return json.dumps({"v": 1, "id": f"{kind}-{number}", "org": "acme", "integration": integration, "action": kind, "inputs": inputs,
                       "reply_to": "bench"})


def run(servers, first, count, kind):
    """Pushes `count` jobs, takes their replies; returns seconds, worker CPU and Redis CPU."""
    connection, queue, replies = servers.redis, "bellhop:{main}:jobs:workflow", "bellhop:{main}:replies:bench"
    payloads = [job(first + n, kind) for n in range(count)]
    before = time.monotonic(), cpu_seconds(servers.worker.pid), cpu_seconds(servers.redis_child.pid)
    for start in range(0, count, 1000):
        connection.lpush(queue, *payloads[start:start + 1000])
    got = 0
    while got < count:
        taken = connection.rpop(replies, 1000)
        if not taken:
            taken = [connection.brpop(replies, 10)[1]]
        for reply in taken:
            if b'"status":"succeeded"' not in reply[:40]:
                sys.exit(f"a job failed: {reply.decode()}")
        got += len(taken)
    after = time.monotonic(), cpu_seconds(servers.worker.pid), cpu_seconds(servers.redis_child.pid)
    return [b - a for a, b in zip(before, after)]


def one_by_one(servers, first, rounds):
    times = []
    for number in range(rounds):
        start = time.monotonic()
        servers.redis.lpush("bellhop:{main}:jobs:workflow", job(first + number, "read"))
        servers.redis.brpop("bellhop:{main}:replies:bench", 10)
        times.append((time.monotonic() - start) * 1000)
    times.sort()
    return f"{times[len(times) // 2]:.2f} ms a job (median of {len(times)}), {times[-1]:.2f} ms the slowest"


def hold_calls(servers):
    servers.redis.lpush("bellhop:{main}:jobs:workflow", *[job(n, "read", "silent") for n in range(20_000_000, 20_000_000 + HELD)])
    wait_for(lambda: servers.redis.hlen("bellhop:{main}:begun") == HELD, "held calls")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=20000)
    parser.add_argument("--concurrency", type=int, help="the worker's, else its own default")
    arguments = parser.parse_args()
    with Servers(arguments.concurrency) as servers:
        run(servers, 0, 5000, "read")
        warm = rss_kib(servers.worker.pid)
        for kind in ("read", "write"):
            wall, worker, server = run(servers, 1_000_000, arguments.jobs, kind)
            print(f"{kind:5}  {arguments.jobs / wall:8.0f} jobs/s   worker {worker / arguments.jobs * 1e6:5.1f} us CPU a job   "
                  f"redis {server / arguments.jobs * 1e6:5.1f} us CPU a job")
        print(f"idle   {one_by_one(servers, 10_000_000, 200)}")
        hold_calls(servers)
        print(f"beside {HELD} silent calls: {one_by_one(servers, 11_000_000, 200)}")
        print(f"memory {warm} KiB after warm-up, {rss_kib(servers.worker.pid)} KiB at the end")


if __name__ == "__main__":
    main()
