# SPDX-License-Identifier: MIT
"""A token endpoint, and the credentials of service accounts that ask it."""

import json
import subprocess
import urllib.parse

from . import leaks
from .org import integration
from .upstream import Answer

SECRET = "s3cret/of+the:client %é~"
READ = {"method": "GET", "path": "/t", "timeout_ms": 5000}
WRITE = {"method": "POST", "path": "/t", "requires_confirmation": False}


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


class Tokens:
    """A token endpoint: tells `token-1`, `token-2` and so on."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.count = 0
        self.members = {"expires_in": 3600}
        upstream.on("/v1/token", self)

    @property
    def uri(self):
        return self.upstream.base_url + "/token"

    def play(self, exchange):
        self.count += 1
        token = f"token-of-desk-{self.count}"
        leaks.remember(token)
        Answer(json={"access_token": token, "token_type": "Bearer", **self.members}).play(exchange)

    def asked(self):
        return self.upstream.received("/v1/token")

    def form(self, request):
        return dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))


def client(tokens, **members):
    return json.dumps({"client_id": "desk:client", "client_secret": SECRET, "token_uri": tokens.uri, **members})


def key_file(tokens, pem, **members):
    return json.dumps({"type": "service_account", "project_id": "desk", "private_key_id": "key-7", "private_key": pem,
                       "client_email": "robot@desk.example", "client_id": "1034", "token_uri": tokens.uri, **members}, indent=2)  # fmt: skip


def put(org, upstream, auth=None, **actions):
    org.put(integration(upstream.base_url, auth={"method": "service_account", **(auth or {})},
                        **(actions or {"read": READ, "create": WRITE})))  # fmt: skip


def told(reply):
    return reply.code, reply["sent"], reply["error"]["retryable"]


def account_at(org, upstream, tokens):
    """The org, with a service account that asks there."""
    leaks.remember(SECRET)
    put(org, upstream)
    org.seal("tickets", "credential", client(tokens))
    return org
