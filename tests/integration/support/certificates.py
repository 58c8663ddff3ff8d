# SPDX-License-Identifier: MIT
"""Certificates made by openssl for this run: a CA, and servers that are right and wrong in one way each."""

import os
import ssl
import subprocess


class Certificates:
    """`contexts["good"]`: signed for localhost and 127.0.0.1 · `wrong_host` · `self_signed`."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.ca = self.path("ca.pem")
        self._openssl(
            "req", "-x509", *self._new_key("ca"), "-out", self.ca, "-days", "2",
            "-subj", "/CN=Bellhop test CA", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        self._sign("good", "DNS:localhost,IP:127.0.0.1", "2")
        self._sign("wrong_host", "DNS:elsewhere.example", "2")
        self._openssl(
            "req", "-x509", *self._new_key("self_signed"), "-out", self.path("self_signed.pem"),
            "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        )  # fmt: skip

    def path(self, name):
        return os.path.join(self.folder, name)

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
        return context

    def _new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name + ".key")]

    def _sign(self, name, names, days):
        self._openssl("req", *self._new_key(name), "-out", self.path(name + ".csr"), "-subj", "/CN=test server")
        extensions = self.path(name + ".ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self._openssl(
            "x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.ca, "-CAkey", self.path("ca.key"),
            "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", self.path(name + ".pem"),
        )  # fmt: skip

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
