#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What a job costs Redis: microseconds of its CPU (user and system) for 200-byte jobs, 300-byte replies and 1,000 actions, at 1, 4, 16
and 64 jobs a turn. In each turn n jobs are settled, n begun, n claimed; once the turns alone, once with an LPUSH for each
job and an RPOP for each reply. The commands are written beforehand and sent eight turns ahead of the answers, so that Redis is
never idle: what is measured is Redis at work.

    tests/bench/turn_cost.py [jobs]
"""

import argparse
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from scripts_client import Begin, Claim, Done, Job, Shard, Worker, reply_text  # noqa: E402
from support.redis_process import RedisProcess  # noqa: E402

AUDIT = {
    "version": 1, "status": "succeeded", "sent": "yes", "attempts": 1,
    "begun_at_ms": 1795000000000, "http_status": 200, "ms": 84,
}  # fmt: skip
AHEAD = 8


def encode(*words):
    words = [str(word).encode() for word in words]
    head = b"*%d\r\n" % len(words)
    return head + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Recorder(Shard):
    """Writes calls down instead of making them, and answers what Redis would."""

    def __init__(self, client):
        super().__init__(client)
        self.sha = client.script_load(self.scripts["turn"])
        self.sent = b""

    def call(self, script, keys, args):
        self.sent += encode("EVALSHA", self.sha, len(keys), *keys, *args)
        return [0] * 1000


def make_job(number):
    """Each action is called ten times, then as fast as its window lets it."""
    action = number % 1000
    return Job(
        id=f"3f0c9a7e-{number:08d}",
        org=f"org-{action % 20}",
        action=f"action-{action}",
        digest=f"{number:032d}",
        reply_to=f"chat-{number % 4}",
        secrets=(("token", "0123456789abcdef"),),
        window_ms=1,
        note="x" * 150,
    )


def record(recorder, worker, jobs, size, outside):
    """The commands of each turn, and how many there are."""
    begun, claimed, turns = [], [], []
    for first in range(0, jobs + 2 * size, size):
        made = [make_job(number) for number in range(first, min(first + size, jobs))]
        items = [Done(c, j, reply=reply_text(j, output="y" * 230), audit=AUDIT) for c, j in begun]
        items += [Begin(c, j) for c, j in claimed]
        tokens = [f"{worker.W}.{worker.next_token + i}" for i in range(size)]
        worker.turn(*items, claim=size)
        worker.credits = [0, 0, 0]
        pops = [encode("RPOP", recorder.replies(job.reply_to)) for _, job in begun]
        pushes = [encode("LPUSH", recorder.jobs("chat"), job.payload) for job in made]
        turns.append((b"".join(pushes), recorder.sent, b"".join(pops), len(pushes), len(pops)))
        recorder.sent = b""
        claims = [Claim(f"{t} c 1 {t} -", "") for t in tokens]
        begun, claimed = claimed, list(zip(claims, made))
    if outside:
        return [(push + turn + pop, 1 + pushes + pops) for push, turn, pop, pushes, pops in turns]
    return [(turn, 1) for _, turn, _, _, _ in turns]


class Connection:
    """Sends ahead and counts answers by their first bytes: an error fails, all else only has to come."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb", 1 << 20)

    def skip(self):
        line = self.stream.readline()
        assert line[:1] not in b"-", line
        if line[:1] == b"$" and line != b"$-1\r\n":
            self.stream.read(int(line[1:]) + 2)
        elif line[:1] == b"*" and line != b"*-1\r\n":
            for _ in range(int(line[1:])):
                self.skip()

    def run(self, turns):
        waiting = []
        for commands, answers in turns:
            self.socket.sendall(commands)
            waiting.append(answers)
            if len(waiting) == AHEAD:
                self.skip_many(waiting.pop(0))
        for answers in waiting:
            self.skip_many(answers)

    def skip_many(self, answers):
        for _ in range(answers):
            self.skip()


def cpu_seconds(client):
    info = client.info("cpu")
    return info["used_cpu_user"] + info["used_cpu_sys"]


def define(shard):
    for number in range(20):
        job = make_job(number)
        shard.define(job)
        shard.redis.hset(shard.secrets(job), "token", "s" * 240 + "0123456789abcdef")


def cost(server, jobs, size, outside):
    """The least of three runs: what is more is somebody else's work on this machine."""
    client, costs, turns = server.client, [], None
    for _ in range(3):
        client.flushall()
        shard = Shard(client)
        define(shard)
        worker = Worker(shard, W="0123456789ab").register()
        worker.shard = recorder = Recorder(client)
        turns = turns or record(recorder, worker, jobs, size, outside)
        if not outside:
            payloads = [make_job(number).payload for number in range(jobs)]
            client.lpush(shard.jobs("chat"), *payloads)
        before = cpu_seconds(client)
        Connection(server.socket_path).run(turns)
        costs.append((cpu_seconds(client) - before) / jobs * 1e6)
        results = sum(1 for _ in client.scan_iter(shard.key("result", "*"), count=10000))
        assert results == jobs, f"{results} of {jobs} jobs were settled"
    return min(costs)


def main():
    parser = argparse.ArgumentParser(description="what a job costs Redis, without a worker and without calls")
    parser.add_argument("jobs", type=int, nargs="?", default=20000)
    jobs = parser.parse_args().jobs
    server = RedisProcess()
    try:
        print("jobs a turn   turns alone   with producers and consumers   (microseconds of Redis a job)")
        for size in (1, 4, 16, 64):
            alone, all_in = (cost(server, jobs, size, outside) for outside in (False, True))
            print(f"{size:11d} {alone:13.1f} {all_in:30.1f}")
    finally:
        server.close()


if __name__ == "__main__":
    main()
