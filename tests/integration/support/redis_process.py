# SPDX-License-Identifier: MIT
"""A private redis-server, which a test may kill, stop for a while, and start again. REDIS_SERVER names another program."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .waiting import wait_until

PROGRAM = os.environ.get("REDIS_SERVER", "redis-server")


# Below what the kernel gives to whoever asks for any port: a server that dies finds its own free when it comes back.
PORTS = range(12000, 32000)
START_TRIES = 5


def free_port():
    """A port that nobody has, taken by chance: other runs of the tests look for theirs at the same time."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class RedisProcess:
    """`url` is what a program is told, `client` is a connection of the test's own, over the unix socket."""

    def __init__(self, aof=False, password=None, **settings):
        self.folder = tempfile.mkdtemp(prefix="bellhop-redis-")
        self.socket_path = os.path.join(self.folder, "redis.sock")
        self.port = free_port()
        self.password = password
        self.settings = {
            "save": "",
            "appendonly": "yes" if aof else "no",
            "appendfsync": "always" if aof else "no",
            **{name.replace("_", "-"): str(value) for name, value in settings.items()},
        }
        if password:
            self.settings["requirepass"] = password
        self.process = None
        self.client = redis.Redis(
            unix_socket_path=self.socket_path,
            password=password,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),  # newer clients wait for seconds where a server is down
        )
        self.start_first()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def unix_url(self):
        return f"unix://{self.socket_path}?db=0"

    def start_first(self):
        """Somebody may have taken the port since it was looked at."""
        for tries_left in reversed(range(START_TRIES)):
            try:
                return self.start()
            except AssertionError as error:
                if "Address already in use" not in str(error) or not tries_left:
                    raise
                self.port = free_port()

    def start(self):
        self.launch()
        wait_until(self.answers, f"{PROGRAM} in {self.folder}")

    def launch(self):
        """Starts it, and does not wait until it answers."""
        command = [PROGRAM, "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--unixsocket", self.socket_path, "--dir", self.folder, "--daemonize", "no"]
        for name, value in self.settings.items():
            command += ["--" + name, value]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
                raise AssertionError(f"{PROGRAM} ended:\n" + log.read())
        try:
            return self.client.ping()
        except redis.exceptions.ConnectionError:  # not there yet, or reading its AOF
            return False

    def kill(self):
        """Dies at once, as with a machine's power."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.client.connection_pool.disconnect()

    def pause(self):
        """Hangs: connections stay open and nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def now_ms(self):
        seconds, microseconds = self.client.time()
        return seconds * 1000 + microseconds // 1000

    def wait_for_clock(self, at_ms, timeout=15):
        """Until Redis's clock, the one that counts, is past `at_ms`."""
        wait_until(lambda: self.now_ms() > at_ms, "Redis's clock", timeout)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
