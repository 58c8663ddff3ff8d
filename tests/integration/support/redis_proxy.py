# SPDX-License-Identifier: MIT
"""A man between a worker and its Redis, who may hold an answer back, put another in its place, or cut the line."""

import socket
import threading
import time

from .waiting import PATIENCE

WAIT = 10 * PATIENCE


def read_command(read_line, read_bytes):
    """The bytes of the next whole command; empty at the end."""
    parts = [read_line()]
    for _ in range(int(parts[0][1:] or 0)):
        length = read_line()
        parts += [length, read_bytes(int(length[1:]) + 2)]
    return b"".join(parts)


def read_answer(read_line, read_bytes):
    """The bytes of the next whole answer; empty at the end."""
    raw = read_line()
    kind, number = raw[:1], raw[1:].strip()
    if kind == b"$" and int(number) >= 0:
        raw += read_bytes(int(number) + 2)
    elif kind == b"*":
        raw += b"".join(read_answer(read_line, read_bytes) for _ in range(int(number)))
    return raw


class NarrowReader:
    """Reads what comes no faster than so many bytes a second."""

    STEP = 0.01  # seconds

    def __init__(self, sock, rate):
        self.sock, self.rate = sock, rate
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

    def recv(self):
        began = time.monotonic()
        data = self.sock.recv(int(self.rate * self.STEP))
        time.sleep(max(0, began + len(data) / self.rate - time.monotonic()))
        return data


class Line:
    """One connection of the worker's, and what goes with it to Redis."""

    def __init__(self, proxy, near):
        self.proxy, self.near = proxy, near
        self.far = socket.create_connection(("127.0.0.1", proxy.redis_port))
        threading.Thread(target=self._up, daemon=True).start()
        threading.Thread(target=self._down, daemon=True).start()

    def cut(self):
        for sock in (self.near, self.far):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _up(self):
        if self.proxy.bytes_a_second:
            self._up_narrow(NarrowReader(self.near, self.proxy.bytes_a_second))
            return
        source = self.near.makefile("rb")
        try:
            while True:
                command = read_command(source.readline, source.read)
                if not command:
                    break
                self.proxy.saw(command)
                self.far.sendall(command)
        except (OSError, ValueError):
            pass
        self.cut()

    def _up_narrow(self, source):
        try:
            while data := source.recv():
                self.far.sendall(data)
        except OSError:
            pass
        self.cut()

    def _down(self):
        source = self.far.makefile("rb")
        try:
            while True:
                answer = read_answer(source.readline, source.read)
                if not answer:
                    break
                answer = self.proxy.pass_on(answer)
                if answer is None:
                    break
                self.near.sendall(answer)
        except (OSError, ValueError):
            pass
        self.cut()


class Rule:
    """For the first answer that holds `text`; `arrived` is set when it came."""

    def __init__(self, text):
        self.text = text
        self.arrived = threading.Event()
        self.released = threading.Event()
        self.instead = None  # what goes on in its place
        self.line_is_cut = False

    def wait(self):
        assert self.arrived.wait(WAIT), f"no answer held {self.text}"
        return self

    def release(self, instead=None):
        self.instead = instead
        self.released.set()

    def cut(self):
        """The answer is lost, with its connection."""
        self.line_is_cut = True
        self.released.set()


class RedisProxy:
    """`url` is what the worker is told. Everything passes until a rule says otherwise; no faster than so many bytes a second."""

    def __init__(self, redis, bytes_a_second=None):
        self.bytes_a_second = bytes_a_second
        self.redis_port = redis.port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.lock = threading.Lock()
        self.rules, self.lines = [], []
        self.connections = 0
        self.longest_command = 0
        self.spoiled = None
        self.door_is_closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
            if self.door_is_closed:
                near.close()
                continue
            try:
                line = Line(self, near)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.lines.append(line)

    def saw(self, command):
        with self.lock:
            self.longest_command = max(self.longest_command, len(command))

    def hold(self, text):
        """The next answer that holds `text` is held until the rule's release() or cut()."""
        rule = Rule(text)
        with self.lock:
            self.rules.append(rule)
        return rule

    def spoil(self, text, instead):
        """From now on every answer that holds `text` is another; until spoil(None, None)."""
        with self.lock:
            self.spoiled = text and (text, instead)

    def pass_on(self, answer):
        with self.lock:
            if self.spoiled and self.spoiled[0] in answer:
                return self.spoiled[1]
            rule = next((rule for rule in self.rules if rule.text in answer), None)
            if rule:
                self.rules.remove(rule)
        if not rule:
            return answer
        rule.arrived.set()
        rule.released.wait(WAIT)
        if rule.line_is_cut:
            return None
        return answer if rule.instead is None else rule.instead

    def close_door(self):
        """Cuts all, and whoever comes is sent away until open_door()."""
        self.door_is_closed = True
        self.cut_all()

    def open_door(self):
        self.door_is_closed = False

    def cut_all(self):
        with self.lock:
            lines, self.lines = self.lines, []
        for line in lines:
            line.cut()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            rules = self.rules
            self.rules = []
        for rule in rules:
            rule.cut()
        self.cut_all()
