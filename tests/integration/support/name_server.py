# SPDX-License-Identifier: MIT
"""A name server (RFC 1035, A records over UDP) that says nothing at all of the names it was not told."""

import os
import socket
import struct
import threading


class NameServer:
    """Listens on a loopback address of its own, port 53: `resolv.conf` has no place for a port. `told` is name -> addresses."""

    def __init__(self, told):
        self.told = told
        self.asked = []
        self.over = threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.1)
        self.address = self._bind()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _bind(self):
        problem = None
        for _ in range(100):
            address = "127.53." + ".".join(str(part % 254 + 1) for part in os.urandom(2))
            try:
                self.socket.bind((address, 53))
                return address
            except OSError as error:
                problem = error
        raise problem

    def _serve(self):
        while not self.over.is_set():
            try:
                query, peer = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            name, end = _read_name(query)
            (kind,) = struct.unpack("!H", query[end : end + 2])
            self.asked.append(name)
            if name in self.told:
                self.socket.sendto(self._answer(query, end + 4, self.told[name] if kind == 1 else []), peer)

    @staticmethod
    def _answer(query, end, addresses):
        head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
        rows = [b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(address) for address in addresses]
        return head + query[12:end] + b"".join(rows)

    def wrapper(self, folder):
        """What runs a program so that this is its name server."""
        path = os.path.join(folder, "resolv.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"nameserver {self.address}\n")
        inside = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "sh", "-c", inside, path]

    def stop(self):
        self.over.set()
        self.thread.join()
        self.socket.close()


def _read_name(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii").lower())
        at += 1 + query[at]
    return ".".join(labels), at + 1
