# SPDX-License-Identifier: MIT
"""The processes of a chaos: Redis with its append-only file, a network, an upstream, workers in their places."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from support.org import integration
from support.programs import BUILD, SANITIZERS, environment, run
from support.redis_process import RedisProcess

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = "-std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror".split()
ORGS = ("acme", "globex")
LIMIT, WINDOW_S = 25, 2
DRAIN_MS = 2700
TOKEN = "a-token-of-the-desk"


def key(rest):
    return "bellhop:{chaos}:" + rest


def compiled(folder, name, *flags):
    path = os.path.join(folder, name)
    subprocess.run(["cc", *FLAGS, *flags, "-o", path, os.path.join(HERE, name + ".c"), "-ldl"], check=True)
    return path


def definition(base_url):
    body = {"n": "{{n}}", "text": "what is sent of {{n}}"}
    inputs = {
        "type": "object", "required": ["n", "plan"],
        "properties": {"n": {"type": "integer"}, "plan": {"type": "string"}},
    }  # fmt: skip

    def action(name, method, **more):
        more = {"body": body, **more} if method != "GET" else more
        path = "/" + name + "/{{n}}/{{plan}}"
        return {"method": method, "path": path, "inputs": inputs, "output": {"n": "$.n"}, "timeout_ms": 10000, **more}

    return integration(
        base_url,
        auth="bearer",
        read=action("read", "GET"),
        replace=action("replace", "PUT"),
        keyed=action("keyed", "POST", idempotency="key"),
        create=action("create", "POST"),
        ask=action("ask", "POST"),
        limited=action("limited", "POST", idempotency="key", rate_limit={"calls": LIMIT, "window_s": WINDOW_S}),
    )


class Process:
    """A bellhopd and the file it logs to."""

    def __init__(self, command, environ, log_path):
        self.log_path = log_path
        self.told_at = None  # when it was asked to go
        with open(log_path, "wb") as log:
            self.popen = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        with open(self.log_path, "rb") as log:
            return log.read()

    def name(self):
        """W, under which its claims are in Redis; None: it never came so far."""
        log = self.log()
        at = log.rfind(b'"msg":"ready"')
        if at < 0:
            return None
        line = log[log.rfind(b"\n", 0, at) + 1 : log.index(b"\n", at)]
        return json.loads(line)["worker"].split(":")[0]

    def complaints(self):
        text = self.log().decode("utf-8", "replace")
        found = SANITIZERS.search(text)
        return [text[found.start() : found.start() + 3000]] if found else []


class World:
    def __init__(self, options, rng):
        self.options, self.rng = options, rng
        self.folder = tempfile.mkdtemp(prefix="bellhop-chaos-")
        self.started = 0
        self.slots, self.leaving, self.gone = [], [], []
        self.stopped_badly = []
        self.helpers = []
        self.sanitized = "address" in os.path.basename(BUILD)
        self.redis = RedisProcess(aof=True)
        self.client = self.redis.client
        self.redis_up = True
        self.history = os.path.join(self.folder, "history")
        self._start_upstream()
        self._start_proxy()
        self.clock = None if self.sanitized else compiled(self.folder, "clock", "-shared", "-fPIC")
        self._define()
        self.slots = [None] * options.workers
        for slot in range(options.workers):
            self.start_worker(slot)

    def _start_upstream(self):
        program = compiled(self.folder, "upstream")
        command = [program, self.history, str(self.options.seed)]
        self.upstream = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.helpers.append(self.upstream)
        self.port = int(self.upstream.stdout.readline())

    def _start_proxy(self):
        program = compiled(self.folder, "proxy")
        command = [program, str(self.redis.port), str(self.options.workers)]
        self.proxy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.helpers.append(self.proxy)
        self.ports = [int(port) for port in self.proxy.stdout.readline().split()]

    def tell_proxy(self, *words):
        self.proxy.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.proxy.stdin.flush()

    def _define(self):
        origin = f"http://127.0.0.1:{self.port}"
        self.ring = os.path.join(self.folder, "ring")
        told = {
            "redis_url": self.redis.unix_url, "shard": "chaos", "allow_http": origin,
            "seal_with": self.ring + ".pub", "rate_limit": "1000000/1",
        }  # fmt: skip
        commands = [(["keygen", self.ring], None, "")]
        for org in ORGS:
            commands.append((["put", "-"], org, json.dumps(definition(origin))))
            commands.append((["secret", "set", "tickets", "token"], org, TOKEN))
        for arguments, org, stdin in commands:
            done = run("bellhop", arguments, {**told, "org": org}, stdin)
            assert done.code == 0, done.err
        self.told = {
            "shard": "chaos", "key_file": self.ring, "allow_http": origin, "allow_nets": f"127.0.0.1/32:{self.port}",
            "rate_limit": "1000000/1", "lease_ms": self.options.lease_ms, "drain_ms": DRAIN_MS, "concurrency": 48,
            "listen": "off", "log_format": "json", "result_ttl": 60, "confirm_ttl": 120, "pending_max": 1000000,
            "reply_max": 10000000, "dead_max": 1000000,
        }  # fmt: skip

    def start_worker(self, slot):
        self.started += 1
        told = environment({**self.told, "redis_url": f"redis://127.0.0.1:{self.ports[slot]}/0"})
        if self.clock and self.rng.random() < 0.2:
            told["LD_PRELOAD"] = self.clock
            told["CHAOS_CLOCK"] = str(self.rng.choice((-3600, 3600)))
        log_path = os.path.join(self.folder, f"worker-{self.started}.log")
        self.slots[slot] = Process([os.path.join(BUILD, "bellhopd")], told, log_path)

    def kill_worker(self, slot):
        """The next one has its place at once."""
        process = self.slots[slot]
        self.check_lives(process)
        process.popen.kill()
        process.popen.wait()
        self.gone.append(process)
        self.start_worker(slot)
        return process

    def ask_to_go(self, slot, and_replace=True):
        process = self.slots[slot]
        self.check_lives(process)
        process.popen.send_signal(signal.SIGCONT)
        process.popen.terminate()
        process.told_at = time.monotonic()
        self.leaving.append(process)
        if and_replace:
            self.start_worker(slot)

    def check_lives(self, process):
        code = process.popen.poll()
        if code is not None:
            self.stopped_badly.append(f"a worker ended by itself with {code}: {process.log_path}")

    def look_after_leaving(self):
        for process in list(self.leaving):
            code = process.popen.poll()
            if code is None and time.monotonic() - process.told_at > DRAIN_MS / 1000 + self.options.slack + 2:
                self.stopped_badly.append(f"a worker was still there after DRAIN_MS: {process.log_path}")
                process.popen.kill()
                code = process.popen.wait()
            if code is not None:
                came_so_far = code != -signal.SIGTERM or process.log()  # else it was asked before it could hear
                if code != 0 and came_so_far:
                    self.stopped_badly.append(f"a worker that was asked to go ended with {code}: {process.log_path}")
                self.leaving.remove(process)
                self.gone.append(process)

    def end_workers(self):
        for slot in range(len(self.slots)):
            self.ask_to_go(slot, and_replace=False)
        self.slots = []
        while self.leaving:
            self.look_after_leaving()
            time.sleep(0.01)

    def end_upstream(self):
        self.upstream.terminate()
        assert self.upstream.wait(30) == 0

    def log_complaints(self):
        return [text for process in self.gone for text in process.complaints()]

    def close(self, keep):
        for process in [*filter(None, self.slots), *self.leaving]:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()
        for helper in self.helpers:
            if helper.poll() is None:
                helper.kill()
                helper.wait()
        if self.redis.process.poll() is None:
            self.redis.resume()
        self.redis.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
