# SPDX-License-Identifier: MIT
"""bellhop check as a linter: what it warns of, samples of an answer, and what is stored."""

import json

import pytest
from support.org import integration

BASE = "https://api.acme.com/v1"
READ = {"method": "GET", "path": "/tickets/{{id}}"}
WRITE = {"method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}"}}


@pytest.fixture
def check(bellhop):
    """What it says, a line each, of a definition that is put together from these."""

    def run(*arguments, base_url=BASE, code=0, allow_nets=None, **actions):
        text = json.dumps(integration(base_url, auth="bearer", **actions))
        result = bellhop("check", "-", *arguments, stdin=text, allow_nets=allow_nets)
        assert result.code == code, result.err + result.out
        return result.out.splitlines()

    return run


@pytest.mark.parametrize("action, line", [
    ({**WRITE, "requires_confirmation": False},
     "actions.act.requires_confirmation: warning: is false for a write: a chat changes things without asking a person"),
    ({**WRITE, "kind": "read"},
     "actions.act.kind: warning: is read although the method is POST: it is sent without a confirmation, and may be sent twice"),
    ({**READ, "inputs": {"required": ["id"], "properties": {"id": {}, "more": {}}}},
     "actions.act.inputs.properties.more: warning: is used by no placeholder"),
    ({**READ, "inputs": {"properties": {"id": {}}}},
     "actions.act.path: warning: {{id}} is optional, and without it there is no path"),
    ({**READ, "inputs": {"required": ["id"], "properties": {"id": {"type": "integer", "default": "x"}}}},
     "actions.act.inputs.properties.id.default: warning: does not fit its own schema, so it is not filled in: "
     "is a string, but must be an integer"),
    ({**READ, "content_type": "text/plain"}, "actions.act.content_type: warning: is not sent, for there is no body"),
])  # fmt: skip
def test_what_may_be_meant_is_a_warning_with_its_place(check, action, line):
    assert check(act=action) == [line]
    assert check("--strict", code=1, act=action) == [line.replace("warning: ", "")]


@pytest.mark.parametrize("action, line", [
    ({**READ, "inputs": {"properties": {}}}, "actions.act.path: {{id}} is not a declared input"),
    ({**READ, "kind": "write", "headers": {"Host": "x"}}, "actions.act.headers.Host: is a header that Bellhop sets itself"),
    ({**WRITE, "method": "DELETE", "kind": "read"}, "actions.act.kind: is read, but DELETE is a write"),
    ({**READ, "inputs": {"required": ["id"], "properties": {"id": {"anyOf": []}}}},
     "actions.act.inputs.properties.id.anyOf: is no keyword that Bellhop checks"),
])  # fmt: skip
def test_what_cannot_be_meant_is_an_error_with_its_place(check, action, line):
    assert check(code=1, act=action) == [line]


def test_a_credential_over_http_is_an_error(check):
    (line,) = check(base_url="http://api.acme.com", code=1, act=READ)
    assert line.startswith("base_url: sends the credential in clear: use https://")


# Names of tools.


def test_a_name_that_is_too_long_for_a_tool_is_told_with_the_one_it_gets(check, acme):
    long = "a" * 60
    (line,) = check(**{long: READ, "b": READ})
    assert line.startswith(f"actions.{long}: warning: is the tool tickets__aaa")
    assert line.endswith(": a tool's name has 64 characters at most")
    acme.put(integration(BASE, **{long: READ}))
    names = [tool["name"] for tool in acme.done("tools", "--json").json["tools"]]
    assert names == [line.split("the tool ")[1].split(" ")[0]]


def test_two_actions_with_one_tool_name_are_both_told(check):
    lines = check(**{"get.one": READ, "get_one": READ, "two": READ})
    assert len(lines) == 2 and all(": another action would have the same name" in line for line in lines)
    assert {line.split(": ")[0] for line in lines} == {'actions."get.one"', "actions.get_one"}


def test_warnings_are_told_beside_errors(check):
    lines = check(code=1, **{"a" * 60: READ, "bad": {"method": "GET"}}, base_url="https://10.0.0.1")
    assert [line.split(": ")[1] for line in lines] == ["is required", "warning", "warning"]


# Where the base URL leads.


@pytest.mark.parametrize("host, shown", [
    ("10.1.2.3", "10.1.2.3"), ("127.0.0.1:8443", "127.0.0.1"), ("localhost", "127.0.0.1"), ("169.254.169.254", "169.254.169.254"),
    ("[::1]", "::1"), ("[fd00::1]:8443", "fd00::1"),
])  # fmt: skip
def test_an_address_that_workers_do_not_call_is_a_warning(check, host, shown):
    (line,) = check(base_url=f"https://{host}/v1", act=READ)
    assert line == f"base_url: warning: leads to {shown}, which is no public address: workers call it only where ALLOW_NETS names it"


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "api.acme.com"])
def test_a_public_address_and_a_name_are_none(check, host):
    assert check(base_url=f"https://{host}", act=READ) == []


def test_what_the_operator_allows_is_no_warning(check):
    nets = "10.1.0.0/16,127.0.0.1/32:8443"
    assert check(base_url="https://10.1.2.3", act=READ, allow_nets=nets) == []
    assert check(base_url="https://127.0.0.1:8443", act=READ, allow_nets=nets) == []
    assert len(check(base_url="https://127.0.0.1:8444", act=READ, allow_nets=nets)) == 1


def test_networks_that_are_none_are_a_misuse(bellhop):
    result = bellhop("check", "-", stdin=json.dumps(integration(BASE, act=READ)), allow_nets="10.0.0.0/99")
    assert result.code == 2 and result.err.startswith("bellhop: ALLOW_NETS: `10.0.0.0/99`: ")


def test_a_name_is_looked_up_where_that_is_asked_for(check):
    # A name that no server may know (RFC 6761).
    (line,) = check("--resolve", base_url="https://bellhop.invalid", act=READ)
    assert line.startswith("base_url: warning: has a host that was not found here: ")


def test_put_tells_it_too(acme):
    text = json.dumps(integration("https://10.1.2.3", **{"a" * 60: READ}))
    result = acme.bellhop("put", "-", "--strict", stdin=text)
    assert result.code == 1 and "2 errors: nothing was changed" in result.err
    lines = acme.done("put", "-", stdin=text).err.splitlines()
    assert [line.split(": ")[1] for line in lines[:2]] == ["warning", "warning"]


# Samples.

OUTPUT = {"id": "$.id", "tags": "$.tags[*].name", "rows": ["$.rows[0].n", "$$.no"], "say": "x"}
SAMPLE = {"id": None, "tags": [{"name": "a"}], "rows": [{"n": 1}]}


@pytest.fixture
def sampled(check, tmp_path):
    def run(sample, *arguments, **settings):
        path = tmp_path / "sample"
        path.write_text(sample if isinstance(sample, str) else json.dumps(sample))
        settings = settings if "act" in settings else {"act": {**READ, "output": OUTPUT}, **settings}
        return check("--sample", str(path), *arguments, **settings)

    return run


def test_a_sample_that_fits_is_no_problem(sampled):
    assert sampled(SAMPLE) == []


def test_each_query_that_finds_nothing_in_the_sample_is_a_warning(sampled):
    nothing = "warning: finds nothing in the sample: the output has"
    assert sampled({"data": SAMPLE}) == [
        f"actions.act.output.id: {nothing} null here",
        f"actions.act.output.tags: {nothing} an empty array here",
        f"actions.act.output.rows.0: {nothing} null here",
    ]
    assert len(sampled({**SAMPLE, "tags": []}, "--strict", code=1)) == 1


def test_a_sample_that_cannot_be_mapped_is_an_error(sampled, check, tmp_path):
    (line,) = sampled("<html>", code=1)
    assert line.startswith("actions.act.output: cannot map the sample: invalid_response: The answer is not JSON")
    (line,) = sampled("x" * (1024 * 1024 + 1), code=1)
    assert "larger than the 1048576 bytes" in line
    assert sampled("<html>", act=READ) == []
    path = tmp_path / "page"
    path.write_text("<html>")
    (line,) = check("--sample", str(path), code=1, **{"get.one": {**READ, "output": OUTPUT}})
    assert line.startswith('actions."get.one".output: cannot map the sample: ')


def test_the_action_is_named_where_more_than_one_maps(bellhop, tmp_path):
    (tmp_path / "sample").write_text(json.dumps({"n": 1}))
    one, two = {**READ, "output": "$.n"}, {**READ, "output": "$.wrong"}

    def run(*arguments, **actions):
        text = json.dumps(integration(BASE, **actions))
        return bellhop("check", "-", "--sample", str(tmp_path / "sample"), *arguments, stdin=text)

    result = run(one=one, two=two)
    assert result.code == 2 and result.err.endswith("--action takes one of one, two\n")
    assert run("--action", "one", one=one, two=two).out == ""
    assert run("--action", "two", one=one, two=two).out.startswith("actions.two.output: warning: finds nothing")
    assert run("--action", "three", one=one).code == 2
    assert run(plain=READ, two=two).out.startswith("actions.two.output: warning: finds nothing")


def test_what_cannot_be_read_is_said(bellhop, tmp_path):
    text = json.dumps(integration(BASE, act=READ))
    result = bellhop("check", "-", "--sample", str(tmp_path / "none"), stdin=text)
    assert result.code == 1 and "No such file" in result.err
    assert bellhop("check", "-", "--sample", "-", stdin=text).code == 2
    assert bellhop("check", "-", "--action", "act", stdin=text).code == 2


# What is stored.


def test_what_is_stored_is_checked_as_the_worker_reads_it(acme, tmp_path):
    acme.put(integration(BASE, auth="bearer", show={**READ, "output": "$.id"}))
    result = acme.done("check", "--stored", "tickets")
    assert (result.out, result.err) == ("", "tickets: no errors\n")
    (tmp_path / "sample").write_text("{}")
    assert "finds nothing" in acme.done("check", "--stored", "tickets", "--sample", str(tmp_path / "sample")).out
    acme.redis.hset(acme.own("integration:tickets"), "action:bad", '{"method":"GET"}')
    result = acme.bellhop("check", "--stored", "tickets")
    assert result.code == 1 and result.out == "actions.bad.path: is required\n"
    result = acme.bellhop("check", "--stored", "none")
    assert result.code == 1 and "none" in result.err


def test_one_definition_is_checked(acme, bellhop):
    assert bellhop("check").code == 2
    assert acme.bellhop("check", "a.json", "--stored", "tickets").code == 2
    assert bellhop("check", "--file", "-", stdin=json.dumps(integration(BASE, act=READ))).code == 0
