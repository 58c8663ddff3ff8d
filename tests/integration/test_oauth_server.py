# SPDX-License-Identifier: MIT
"""Service accounts against an OAuth server that nobody here wrote: npm's oidc-provider. Its `/api` tells whose token it was given."""

import json
import os
import subprocess

import pytest
from support import leaks
from support.npm import needs_npm
from support.org import integration
from support.programs import TOP

pytestmark = needs_npm

WORKER = {"rate_limit": "1000/60"}

SECRET = "s3cret/of+the:client ~%\"*"
WHO = {"method": "GET", "path": "/api"}
CLIENTS = [
    {"client_id": f"desk:{way}", "client_secret": SECRET, "token_endpoint_auth_method": f"client_secret_{way}"} for way in ("basic", "post")
]
KEYS = {
    "RS256": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True, text=True).stdout


@pytest.fixture(scope="module")
def keys():
    return {algorithm: openssl(*arguments) for algorithm, arguments in KEYS.items()}


@pytest.fixture(scope="module")
def oauth(keys):
    """The server's origin."""
    known = {
        f"robot-{algorithm}@desk.example": {"spki": openssl("pkey", "-pubout", stdin=pem), "alg": algorithm, "kid": f"key-of-{algorithm}"}
        for algorithm, pem in keys.items()
    }
    configuration = json.dumps({"clients": CLIENTS, "keys": known})
    program = os.path.join(TOP, "tests", "clients", "oauth", "server.mjs")
    with subprocess.Popen(["node", program, configuration], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        lines = iter(server.stdout.readline, "")
        origin = next((line.strip() for line in lines if line.startswith("http://")), None)
        assert origin, "the OAuth server did not start"
        yield origin
        server.kill()


@pytest.fixture(scope="module")
def tool_options(tool_options, oauth):
    return {**tool_options, "allow_http": oauth}


@pytest.fixture
def desk(worker, acme, oauth):
    """An org, and how its definition and credential are set."""
    leaks.remember(SECRET)

    def ready(credential, **auth):
        acme.put(integration(oauth, auth={"method": "service_account", **auth}, who=WHO))
        acme.seal("tickets", "credential", json.dumps({"token_uri": oauth + "/token", **credential}))
        return acme

    return ready


def key_file(keys, algorithm, **members):
    return {"type": "service_account", "client_email": f"robot-{algorithm}@desk.example", "private_key": keys[algorithm],
            "private_key_id": f"key-of-{algorithm}", **members}  # fmt: skip


def who(org):
    reply = org.run("tickets/who")
    assert reply["status"] == "succeeded", reply.text
    return reply["output"]


@pytest.mark.parametrize(("way", "auth"), [("basic", {}), ("post", {"client_auth": "body"})])
def test_a_client_gets_a_token_and_its_scope(desk, way, auth):
    org = desk({"client_id": f"desk:{way}", "client_secret": SECRET}, scope="tickets:read", **auth)
    assert who(org) == {"client": f"desk:{way}", "scope": "tickets:read", "sub": None}


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_key_file_gets_a_token_for_itself(desk, keys, algorithm):
    assert who(desk(key_file(keys, algorithm)))["sub"] == f"robot-{algorithm}@desk.example"


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_key_file_gets_a_token_for_a_subject(desk, keys, algorithm):
    org = desk(key_file(keys, algorithm), subject="anna@desk.example", scope="tickets:read tickets:write")
    assert who(org) == {"client": "bearers", "scope": "tickets:read tickets:write", "sub": "anna@desk.example"}


def refused(org):
    reply = org.run("tickets/who")
    assert (reply.code, reply["sent"], reply["error"]["retryable"]) == ("auth_failed", "no", False), reply.text
    return reply["error"]["details"]["error"]


def test_a_wrong_secret_is_refused(desk):
    assert refused(desk({"client_id": "desk:basic", "client_secret": "another-secret"})) == "invalid_client"


@pytest.mark.parametrize(
    "spoilt", [{"private_key_id": "another"}, {"client_email": "nobody@desk.example"}, {"private_key": None}], ids=lambda spoilt: next(iter(spoilt))
)
def test_an_assertion_that_is_another_s_is_refused(desk, keys, spoilt):
    if "private_key" in spoilt:
        spoilt = {"private_key": openssl(*KEYS["RS256"])}
    assert refused(desk(key_file(keys, "RS256", **spoilt))) == "invalid_grant"


def test_an_assertion_for_another_audience_is_refused(desk, keys):
    assert refused(desk(key_file(keys, "ES256"), audience="https://elsewhere.example")) == "invalid_grant"


def test_each_assertion_has_an_id_of_its_own(desk, keys):
    """The server takes none twice."""
    for _ in range(2):
        assert who(desk(key_file(keys, "ES256")))["client"] == "bearers"
