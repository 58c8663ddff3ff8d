# SPDX-License-Identifier: MIT
"""The examples of tests/clients, each run as the program that it is."""

import json
import os
import subprocess

from . import leaks, schemas
from .programs import SANITIZERS
from .waiting import wait_until

FOLDER = os.path.join(schemas.TOP, "tests", "clients")
DEBIAN_S_NODE_MODULES = "/usr/share/nodejs"


def compile_c(folder):
    """As its head says it is compiled, and so that nothing wrong in it passes."""
    program = os.path.join(folder, "example")
    libraries = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "hiredis", "jansson"], capture_output=True, text=True, check=True
    ).stdout.split()
    sources = [os.path.join(FOLDER, "c", name) for name in ("example.c", "bellhop_client.c")]
    options = ["-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    done = subprocess.run(
        [os.environ.get("CC", "cc"), *options, "-o", program, *sources, *libraries, "-pthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [program]


def command(language, folder):
    if language == "c":
        return compile_c(folder)
    if language == "python":
        return ["/usr/bin/python3", "-B", os.path.join(FOLDER, "python", "example.py")]
    return ["node", os.path.join(FOLDER, "node", "example.js")]


class Example:
    """A running example. `lines()` waits for its end and gives what it printed."""

    def __init__(self, words, arguments, redis_url, shard, wait_s):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("BELLHOP_")}
        told = {"BELLHOP_REDIS_URL": redis_url, "BELLHOP_SHARD": shard, "WAIT_S": str(wait_s)}
        self.process = subprocess.Popen(
            [*words, *arguments],
            env={**plain, **told, "NODE_PATH": DEBIAN_S_NODE_MODULES},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def shown(self):
        """The next line: what a person is asked."""
        return self.process.stdout.readline().rstrip("\n")

    def answer(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def lines(self, timeout=30):
        out, err = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0 and not SANITIZERS.search(err), f"exit {self.process.returncode}: {err}"
        leaks.assert_none(out + err, "what an example printed")
        return out.splitlines()

    def abandon(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def readers(redis):
    """Connections that wait in a BRPOP."""
    return [client for client in redis.client_list() if client["cmd"] == "brpop"]


def reply_queue(org, job_id):
    """The name that a job which runs at this moment wants its reply under; the job is one by the schema."""

    def look():
        for key in org.redis.scan_iter(match=org.key("claims:*")):
            for payload in org.redis.hvals(key):
                if json.loads(payload)["id"] == job_id:
                    return payload
        return None

    payload = wait_until(look, "the claim of " + job_id)
    schemas.check("job", payload)
    return json.loads(payload)["reply_to"]
