# SPDX-License-Identifier: MIT
"""bellhop keygen, secret set, secret remove."""

import json
import os
import re
import stat
import subprocess

import pytest
from support.org import integration
from support.programs import BUILD, environment
from support.terminal import run_on_terminal

VALUE = "sk-live-0123456789"
BASIC = {"method": "basic"}
SEALED = re.compile(r"^bh1\.([0-9a-f]{16})\.[A-Za-z0-9_-]+$")


def tickets(auth="bearer", base_url="https://api.acme.com/v1", **members):
    return integration(base_url, auth=auth, show={"method": "GET", "path": "/a"}, **members)


def sealed(org, field="token"):
    return org.redis.hget(org.own("secrets:tickets"), field)


@pytest.fixture
def key_id(key_file):
    with open(key_file + ".pub", encoding="ascii") as public:
        return public.read().split()[1]


# keygen


def test_keygen_makes_a_ring_for_its_owner_alone(bellhop, tmp_path):
    ring = tmp_path / "ring"
    result = bellhop("keygen", str(ring))
    assert result.code == 0
    word, key_id, _ = (tmp_path / "ring.pub").read_text().split()
    assert word == "bellhop-public-1"
    assert result.out == f"{ring}.pub: key {key_id}\n"
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert f"bellhop-secret-1 {key_id} " in ring.read_text()


def test_keygen_never_overwrites(bellhop, tmp_path):
    ring = tmp_path / "ring"
    ring.write_text("mine")
    assert bellhop("keygen", str(ring)).code == 1
    assert ring.read_text() == "mine" and os.listdir(tmp_path) == ["ring"]


def test_keygen_rotate_adds_a_key(bellhop, tmp_path):
    ring = str(tmp_path / "ring")
    first = bellhop("keygen", ring, "--json").json
    second = bellhop("keygen", "--rotate", ring, "--json").json
    assert first["key_file"] == ring and first["seal_with"] == ring + ".pub"
    ids = re.findall(r"^bellhop-secret-1 (\S+)", (tmp_path / "ring").read_text(), re.MULTILINE)
    assert ids == [first["key_id"], second["key_id"]]
    assert second["key_id"] in (tmp_path / "ring.pub").read_text()
    assert bellhop("keygen", "--rotate", ring + ".none").code == 1


def test_no_secret_half_is_printed(bellhop, tmp_path):
    ring = tmp_path / "ring"
    results = [bellhop("keygen", str(ring)), bellhop("keygen", "--rotate", str(ring))]
    for secret in re.findall(r"^bellhop-secret-1 \S+ (\S+)", ring.read_text(), re.MULTILINE):
        for result in results:
            assert secret not in result.out + result.err


# secret set


def test_a_secret_is_sealed_and_its_key_and_origin_are_told(acme, key_id):
    acme.put(tickets())
    result = acme.seal("tickets", "token", VALUE)
    assert result.out == f"tickets token: sealed with key {key_id} for https://api.acme.com\n"
    assert SEALED.match(sealed(acme))[1] == key_id
    assert VALUE not in sealed(acme)
    again = acme.done("secret", "set", "tickets", "token", "--json", stdin=VALUE).json
    assert again == {"integration": "tickets", "field": "token", "key_id": key_id, "origin": "https://api.acme.com"}


def test_a_new_value_takes_no_version(acme):
    acme.put(tickets())
    acme.seal("tickets", "token", VALUE)
    assert acme.done("get", "tickets", "--json").json["version"] == 1


def test_one_newline_at_the_end_is_not_part_of_the_value(acme):
    acme.put(tickets())
    assert acme.bellhop("secret", "set", "tickets", "token", stdin=VALUE + "\n").code == 0
    assert acme.bellhop("secret", "set", "tickets", "token", stdin=VALUE + "\n\n").code == 1
    assert acme.bellhop("secret", "set", "tickets", "token", stdin=VALUE + "\r\n").code == 1


@pytest.mark.parametrize("value", ["", "\n", "a\x00b", "two\nlines", "tab\there", "********", "•••", "[redacted]"])
def test_what_is_no_secret_is_refused(acme, value):
    acme.put(tickets())
    result = acme.bellhop("secret", "set", "tickets", "token", stdin=value)
    assert result.code == 1 and result.out == "" and result.err.startswith("bellhop: token is not taken: ")
    assert sealed(acme) is None


def test_a_secret_has_64_kib_at_most(acme):
    acme.put(tickets())
    assert acme.bellhop("secret", "set", "tickets", "token", stdin="x" * 65536 + "\n").code == 0
    result = acme.bellhop("secret", "set", "tickets", "token", stdin="x" * 65537)
    assert result.code == 1 and "64 KiB" in result.err
    assert acme.bellhop("secret", "set", "tickets", "token", stdin="x" * 300000).code == 1


def test_a_value_that_cannot_be_read_is_one_line(acme, tmp_path):
    acme.put(tickets())
    folder = os.open(tmp_path, os.O_RDONLY)
    told = [os.path.join(BUILD, "bellhop"), "secret", "set", "tickets", "token"]
    options = environment(acme.options | {"org": acme.name})
    done = subprocess.run(told, stdin=folder, env=options, capture_output=True, text=True, timeout=30, check=False)
    os.close(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "bellhop: cannot read the value from standard input: Is a directory\n"
    assert sealed(acme) is None


def test_a_username_holds_no_colon_and_a_password_may(acme):
    acme.put(tickets(auth=BASIC))
    assert acme.bellhop("secret", "set", "tickets", "username", stdin="a:b").code == 1
    assert acme.bellhop("secret", "set", "tickets", "username", stdin="someone-long").code == 0
    assert acme.bellhop("secret", "set", "tickets", "password", stdin="a:b:c:d:e").code == 0
    assert sealed(acme, "username") and sealed(acme, "password")


def test_a_short_value_is_taken_with_a_warning(acme):
    acme.put(tickets())
    result = acme.bellhop("secret", "set", "tickets", "token", stdin="1234567")
    assert result.code == 0 and "warning: a value under 8 bytes" in result.err
    assert "warning" not in acme.bellhop("secret", "set", "tickets", "token", stdin="12345678").err


def test_a_space_at_an_end_is_told(acme):
    acme.put(tickets())
    assert "space" in acme.bellhop("secret", "set", "tickets", "token", stdin="0123456789 ").err


def test_the_field_must_be_one_of_the_auth_method(acme):
    assert acme.bellhop("secret", "set", "tickets", "token", stdin=VALUE).code == 1
    acme.put(tickets())
    result = acme.bellhop("secret", "set", "tickets", "password", stdin=VALUE)
    assert result.code == 1 and "bearer, which has token" in result.err
    acme.put(tickets(auth="none"))
    assert "has no auth" in acme.bellhop("secret", "set", "tickets", "token", stdin=VALUE).err
    assert sealed(acme) is None


def test_the_key_comes_from_a_file_alone(acme, key_file, tmp_path):
    acme.put(tickets())
    arguments = ("secret", "set", "tickets", "token")
    result = acme.bellhop(*arguments, stdin=VALUE, seal_with=None)
    assert result.code == 2 and "--seal-with" in result.err
    assert acme.bellhop(*arguments, stdin=VALUE, seal_with=tmp_path / "none.pub").code == 2
    result = acme.bellhop(*arguments, stdin=VALUE, seal_with=key_file)
    assert result.code == 2 and ".pub" in result.err
    damaged = tmp_path / "damaged.pub"
    with open(key_file + ".pub", encoding="ascii") as public:
        damaged.write_text(public.read()[::-1])
    assert acme.bellhop(*arguments, stdin=VALUE, seal_with=damaged).code == 2
    assert sealed(acme) is None
    assert acme.bellhop(*arguments, "--seal-with", key_file + ".pub", stdin=VALUE, seal_with=None).code == 0


def test_a_definition_that_is_refused_has_no_origin_to_seal_for(acme):
    acme.put(tickets())
    acme.redis.hset(acme.own("integration:tickets"), "definition", '{"name":"tickets"}')
    result = acme.bellhop("secret", "set", "tickets", "token", stdin=VALUE)
    assert result.code == 1 and "put a right one" in result.err


def test_a_changed_origin_is_warned_of(acme):
    acme.put(tickets())
    assert "the secret `token` is not set" in acme.put(tickets(title="New")).err
    acme.seal("tickets", "token", VALUE)
    assert acme.put(tickets(base_url="https://api.acme.com/v2")).err == "tickets was replaced\n"
    result = acme.put(tickets(base_url="https://api.acme.com:8443/v2"))
    assert "warning: the secret `token` was sealed for another origin than https://api.acme.com:8443" in result.err


def test_a_terminal_shows_the_question_and_not_the_answer(acme):
    acme.put(tickets())
    session = run_on_terminal(
        "bellhop", ["secret", "set", "tickets", "token"], acme.options | {"org": acme.name},
        prompt="token of tickets (not shown): ", typed=VALUE + "\n",
    )  # fmt: skip
    assert session.code == 0 and VALUE not in session.shown
    assert "sealed with key" in session.shown
    assert session.echo_at_end and sealed(acme)


def test_a_secret_is_sealed_for_the_origin_there_is_when_it_is_stored(acme):
    acme.put(tickets())
    session = run_on_terminal(
        "bellhop", ["secret", "set", "tickets", "token"], acme.options | {"org": acme.name},
        prompt="(not shown): ", typed=VALUE + "\n",
        meanwhile=lambda: acme.put(tickets(base_url="https://api.moved.com")),
    )  # fmt: skip
    assert session.code == 0 and "for https://api.moved.com\n" in session.shown
    assert session.shown.count("not shown") == 1


def test_an_integration_that_goes_while_the_secret_is_typed_gets_none(acme):
    acme.put(tickets())
    session = run_on_terminal(
        "bellhop", ["secret", "set", "tickets", "token"], acme.options | {"org": acme.name},
        prompt="(not shown): ", typed=VALUE + "\n", meanwhile=lambda: acme.done("remove", "tickets"),
    )  # fmt: skip
    assert session.code == 1 and "has no integration tickets" in session.shown
    assert sealed(acme) is None


def test_a_prompt_that_is_broken_off_gives_the_terminal_back(acme):
    acme.put(tickets())
    session = run_on_terminal(
        "bellhop", ["secret", "set", "tickets", "token"], acme.options | {"org": acme.name},
        prompt="(not shown): ", typed="half a sec\x03",
    )  # fmt: skip
    assert session.code == -2 and session.echo_at_end
    assert "half" not in session.shown and sealed(acme) is None


# secret remove


def test_a_secret_is_removed_by_name(acme):
    acme.put(tickets())
    acme.seal("tickets", "token", VALUE)
    assert acme.done("secret", "remove", "tickets", "token").out == "tickets token: removed\n"
    assert sealed(acme) is None
    result = acme.bellhop("secret", "remove", "tickets", "token")
    assert result.code == 1 and 'no secret "token" set' in result.err


def test_no_command_shows_what_is_sealed(acme):
    acme.put(tickets())
    acme.seal("tickets", "token", VALUE)
    for arguments in (["get", "tickets"], ["get", "tickets", "--json"], ["list"], ["list", "--json"], ["status"]):
        result = acme.done(*arguments)
        assert sealed(acme) not in result.out + result.err
        assert json.dumps(VALUE) not in result.out
