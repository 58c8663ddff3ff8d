# SPDX-License-Identifier: MIT
"""A real HTTP/1.1 server that keeps every request as the bytes that came, and answers as it was told."""

import gzip
import json
import socket
import struct
import threading
from dataclasses import dataclass, field

from .waiting import PATIENCE

WAIT = 15 * PATIENCE  # seconds until a test that waits for a request gives up


@dataclass
class Request:
    """One request. `raw` is all of it; `target` is what stood in its first line."""

    raw: bytes
    method: str
    target: str
    headers: list
    body: bytes
    connection: int

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    @property
    def query(self):
        return self.target.split("?", 1)[1] if "?" in self.target else None

    def header(self, name):
        """The value of a header that is there once at most."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Answer:
    """A whole answer. `json` or `body`; gzip packs the body; `close` ends the connection after it."""

    status: int = 200
    json: object = None
    body: bytes = None
    headers: dict = field(default_factory=dict)
    gzip: bool = False
    close: bool = False

    def play(self, exchange):
        headers = dict(self.headers)
        body = self.body
        if body is None:
            body = b"" if self.status == 204 else json.dumps({} if self.json is None else self.json).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.gzip:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        if self.status != 204:
            headers.setdefault("Content-Length", str(len(body)))
        if self.close:
            headers["Connection"] = "close"
        head = f"HTTP/1.1 {self.status} Said by the test\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        exchange.send(head.encode("latin-1") + b"\r\n" + body)
        if self.close:
            exchange.close()


@dataclass
class Raw:
    """Bytes as they are; then the connection stays (`keep`), ends (`close`) or is torn down (`reset`)."""

    data: bytes = b""
    then: str = "close"

    def play(self, exchange):
        exchange.send(self.data)
        if self.then == "close":
            exchange.close()
        elif self.then == "reset":
            exchange.reset()


class Held:
    """Answers only once `release()` is called; `arrived()` waits for the first request."""

    def __init__(self, answer=None):
        self.answer = answer or Answer(json={"held": True})
        self._arrived = threading.Semaphore(0)
        self._released = threading.Event()

    def arrived(self, count=1):
        for _ in range(count):
            assert self._arrived.acquire(timeout=WAIT), "the request never came"

    def release(self):
        self._released.set()

    def play(self, exchange):
        self._arrived.release()
        exchange.until(self._released)
        self.answer.play(exchange)


class Gone(Exception):
    """The peer left, or the test is over."""


class Exchange:
    """One request on one connection, as an answer sees it."""

    def __init__(self, upstream, sock, request):
        self.upstream, self.sock, self.request = upstream, sock, request

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        raise Gone

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def until(self, event):
        """Waits for the test, or for the end of the test."""
        while not event.wait(0.02):
            if self.upstream.is_over(self.sock):
                raise Gone


class Upstream:
    """`on(path, answers…)`: in turn, the last one again and again. Unscripted: 200 and `{"ok": true}`."""

    def __init__(self, tls=None, host="127.0.0.1", name=None, port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, port), family=family, backlog=256)
        self.port = self.listener.getsockname()[1]
        self.tls = tls
        self.origin = f"{'https' if tls else 'http'}://{name or host}:{self.port}"
        self.base_url = self.origin + "/v1"
        self.news = threading.Condition()
        self.open = set()
        self.reset()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    # What a test says and asks.

    def reset(self):
        """Forgets all; whatever still runs ends."""
        with self.news:
            self.requests, self.scripts = [], {}
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self.open = set()
            self.news.notify_all()

    def on(self, path, *answers):
        """`path` is the path as it stands in the request's first line, without its query."""
        with self.news:
            self.scripts[path] = list(answers)

    def received(self, path=None):
        with self.news:
            return [request for request in self.requests if path in (None, request.path)]

    def wait_for(self, count=1, path=None):
        """The requests, once there are that many."""
        with self.news:
            came = self.news.wait_for(lambda: len(self.received(path)) >= count, timeout=WAIT)
            assert came, f"{len(self.received(path))} of {count} requests came"
            return self.received(path)

    def only(self, path=None):
        """The one request that came."""
        requests = self.received(path)
        assert len(requests) == 1, [request.raw for request in requests]
        return requests[0]

    def is_over(self, sock):
        with self.news:
            return sock not in self.open

    def stop(self):
        """Stops listening, and ends what is open."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() does not
        except OSError:
            pass
        self.listener.close()
        self.reset()

    # What a connection does.

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.news:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._connection, args=(sock, number), daemon=True).start()

    def _connection(self, sock, number):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with self.news:
                self.open.add(sock)
            self._serve(sock, number)
        except (OSError, Gone):
            pass
        finally:
            with self.news:
                self.open.discard(sock)
            sock.close()

    def _serve(self, sock, number):
        buffered = b""
        while True:
            request, buffered = read_request(sock, buffered, number)
            if not request:
                return
            with self.news:
                self.requests.append(request)
                answers = self.scripts.get(request.path) or [Answer(json={"ok": True})]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                self.news.notify_all()
            answer.play(Exchange(self, sock, request))


def read_request(sock, data, connection):
    """The next whole request and what came after it; None at the end of the connection."""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None, b""
        data += more
        if not data[:1].isupper():  # a TLS handshake, or worse
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return None, b""
    head, rest = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    length = sum(int(value) for name, value in headers if name.lower() == "content-length")
    while len(rest) < length:
        more = sock.recv(65536)
        if not more:
            return None, b""
        rest += more
    body = rest[:length]
    raw = head + b"\r\n\r\n" + body
    return Request(raw, method, target, headers, body, connection), rest[length:]
