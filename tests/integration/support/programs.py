# SPDX-License-Identifier: MIT
"""The two programs, run as a person runs them."""

import fcntl
import json
import os
import re
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import HTTPError

from . import leaks, schemas
from .waiting import PATIENCE

TOP = schemas.TOP
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
WRAP = os.environ.get("WRAP", "").split()  # a command that runs the worker, such as valgrind
SANITIZERS = re.compile(r"Sanitizer|runtime error:|^BUG ", re.MULTILINE)


def environment(options):
    """Ours without any BELLHOP_ of the caller's, with `options` as BELLHOP_OPTION; an option that is None is left out."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BELLHOP_")}
    told = {"BELLHOP_" + name.upper(): str(value) for name, value in options.items() if value is not None}
    return {**plain, "ASAN_OPTIONS": "detect_leaks=1", **told}


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def run(program, arguments, options=None, stdin="", timeout=30):
    """Runs one of the programs to its end. `options` become its environment."""
    done = subprocess.run(
        [os.path.join(BUILD, program), *arguments],
        env=environment(options or {}),
        input=stdin if isinstance(stdin, bytes) else stdin.encode(),
        capture_output=True,
        timeout=timeout * PATIENCE,
        check=False,
    )
    result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert not SANITIZERS.search(result.err), result.err
    assert done.returncode >= 0, f"{program} died of signal {-done.returncode}: {result.err}"
    if program == "bellhop" and result.code == 0:
        _check_definition(arguments, stdin)
    return result


def _check_definition(arguments, stdin):
    """What the tool takes as a definition is one by the schema too."""
    words = [word for word in arguments if not word.startswith("--")]
    if words[:2] in (["check", "-"], ["put", "-"]):
        schemas.check("definition", stdin)


class Worker:
    """A running bellhopd. `log` is what it logged, an object a line."""

    def __init__(self, arguments=(), program="bellhopd", variables=None, wrapper=(), **options):
        self.options = {"listen": "127.0.0.1:0", "log_format": "json", **options}
        self.drain_ms = int(self.options.get("drain_ms", 25000))
        self.lines = []
        self.news = threading.Condition()
        self.ended = False
        self.reading = threading.Event()
        self.reading.set()
        self.process = subprocess.Popen(
            [*WRAP, *wrapper, os.path.join(BUILD, program), *arguments],
            env={**environment(self.options), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.reading.wait()
            with self.news:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def leave_log_unread(self):
        """From now on nobody reads the log, and the pipe takes a page of it; until `read_log()`."""
        self.reading.clear()
        fcntl.fcntl(self.process.stderr, fcntl.F_SETPIPE_SZ, 4096)

    def read_log(self):
        self.reading.set()

    @property
    def log(self):
        with self.news:
            return [json.loads(line) for line in self.lines]

    def logged(self, msg=None, at_least=1, timeout=15, **members):
        """Waits for a line with that `msg` and these members, the `at_least`-th of them, and gives it."""

        def look():
            lines = [line for line in self.log if msg in (None, line["msg"])]
            lines = [line for line in lines if members.items() <= line.items()]
            return lines[at_least - 1 : at_least]

        with self.news:
            self.news.wait_for(lambda: look() or self.ended, timeout=timeout * PATIENCE)
            found = look()
            assert found, f"no {msg or members} in the log:\n" + "\n".join(self.lines)
            return found[0]

    def wait_ready(self, timeout=15):
        self.logged("ready", timeout=timeout)
        return self

    @property
    def address(self):
        return self.logged("listening")["address"]

    def page(self, path):
        """(status, text) of one of the operator's pages."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5 * PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            return answer.code, answer.read().decode()

    def is_ready(self):
        return self.page("/readyz")[0] == 200

    def kill(self):
        """As the kernel's out-of-memory killer does it."""
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def ask_to_stop(self):
        self.process.terminate()

    def wait_stopped(self):
        """The end, as it must be: in time, with 0, sanitizers silent, each line of the log JSON, no secret in any."""
        try:
            code = self.process.wait(timeout=self.drain_ms / 1000 + 5 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("still there after DRAIN_MS:\n" + "\n".join(self.lines[-20:])) from None
        self.reader.join()
        text = "\n".join(self.lines)
        assert code == 0, f"exit {code}:\n{text[-4000:]}"
        assert not SANITIZERS.search(text), text
        for line in self.lines if self.options["log_format"] == "json" else ():
            assert {"time", "level", "msg"} <= json.loads(line).keys(), line
        leaks.assert_none(text, "the log")

    def stop(self):
        if self.process.poll() is None:
            self.ask_to_stop()
            self.wait_stopped()

    @classmethod
    @contextmanager
    def running(cls, **options):
        """`with Worker.running(shard="tls") as worker:` it is ready, and must end well."""
        worker = cls(**options)
        try:
            worker.wait_ready()
            yield worker
            worker.stop()
        finally:
            worker.abandon()

    def abandon(self):
        """For a test that failed already."""
        if self.process.poll() is None:
            self.kill()
