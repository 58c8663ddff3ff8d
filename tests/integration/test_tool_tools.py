# SPDX-License-Identifier: MIT
"""bellhop tools: an org's enabled actions, as a model is given them."""

import json
import re

import pytest
from support.org import integration
from support.terminal import run_on_terminal

FITS = re.compile(r"[A-Za-z0-9_-]{1,64}")
GET = {"method": "GET", "path": "/"}
INPUTS = {
    "type": "object", "required": ["subject"],
    "properties": {"subject": {"type": "string", "maxLength": 200, "description": "One line"}, "big": {"const": 18446744073709551615}},
}  # fmt: skip
CREATE = {
    "method": "POST", "path": "/t", "title": "Create a ticket", "description": "Opens a ticket in the desk's inbox.",
    "body": {"subject": "{{subject}}", "big": "{{big}}"}, "inputs": INPUTS,
    "output": {"ticket": "$.id", "tags": "$.tags[*].name", "by": "desk", "price": "$$1", "all": {"raw": ["$", 7, None]}},
}  # fmt: skip


def desk(**actions):
    return integration("https://a.example", title="Ticket desk", **(actions or {"create": CREATE, "list": GET}))


def tools(org, *arguments):
    result = org.done("tools", "--json", *arguments)
    assert result.json.keys() == {"tools"}
    return result.json["tools"]


def test_mcp_is_told_all_that_is_known(acme):
    acme.put(desk())
    create, listing = tools(acme)
    assert create == {
        "name": "tickets__create", "title": "Create a ticket",
        "description": "Opens a ticket in the desk's inbox. (Ticket desk)",
        "inputSchema": {**INPUTS, "additionalProperties": False},
        "outputSchema": {
            "type": "object", "required": ["ticket", "tags", "by", "price", "all"], "additionalProperties": False,
            "properties": {
                "ticket": {}, "tags": {"type": "array"}, "by": {"const": "desk"}, "price": {"const": "$1"},
                "all": {
                    "type": "object", "required": ["raw"], "additionalProperties": False,
                    "properties": {"raw": {
                        "type": "array", "minItems": 3, "maxItems": 3, "prefixItems": [{}, {"const": 7}, {"const": None}],
                    }},
                },
            },
        },
        "annotations": {
            "title": "Create a ticket", "readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True,
        },
        "_meta": {"bellhop/integration": "tickets", "bellhop/action": "create"},
    }  # fmt: skip
    assert listing["description"] == "list (Ticket desk)" and "outputSchema" not in listing
    assert listing["inputSchema"] == {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    assert tools(acme, "--format", "mcp") == [create, listing]


def test_openai_and_anthropic_are_told_what_they_take(acme):
    acme.put(desk(create=CREATE))
    schema = {**INPUTS, "additionalProperties": False}
    description = "Create a ticket: Opens a ticket in the desk's inbox. (Ticket desk)"
    function = {"name": "tickets__create", "description": description, "parameters": schema}
    assert tools(acme, "--format", "openai") == [{"type": "function", "function": function}]
    tool = {"name": "tickets__create", "description": description, "input_schema": schema}
    assert tools(acme, "--format=anthropic") == [tool]


def test_names_say_whose_each_is(acme):
    acme.put(desk())
    assert tools(acme, "--format", "names") == [
        {"name": "tickets__create", "integration": "tickets", "action": "create"},
        {"name": "tickets__list", "integration": "tickets", "action": "list"},
    ]


@pytest.mark.parametrize("method, more, hints", [
    ("GET", {}, (True, False, True)),
    ("POST", {"kind": "read"}, (True, False, True)),
    ("POST", {}, (False, True, False)),
    ("POST", {"idempotency": "key"}, (False, True, False)),
    ("POST", {"idempotency": "idempotent"}, (False, True, True)),
    ("PUT", {}, (False, True, True)),
    ("PATCH", {}, (False, True, False)),
    ("DELETE", {}, (False, True, True)),
])  # fmt: skip
def test_hints_promise_no_more_than_is_known(acme, method, more, hints):
    acme.put(desk(act={"method": method, "path": "/", **more}))
    (tool,) = tools(acme)
    assert tuple(tool["annotations"][name + "Hint"] for name in ("readOnly", "destructive", "idempotent")) == hints
    assert tool["annotations"]["openWorldHint"] is True


def test_an_input_schema_is_one_of_an_object_and_says_what_else_is_taken(acme):
    def schema_of(inputs):
        acme.put(desk(act={"method": "GET", "path": "/", "inputs": inputs}))
        return tools(acme)[0]["inputSchema"]

    assert schema_of({}) == {"type": "object", "additionalProperties": False}
    assert schema_of({"type": ["object", "null"]}) == {"type": "object", "additionalProperties": False}
    assert schema_of({"additionalProperties": True}) == {"type": "object", "additionalProperties": True}
    acme.put(desk(act={"method": "GET", "path": "/{{b}}/{{a.x}}"}))
    schema = tools(acme)[0]["inputSchema"]
    assert schema["properties"] == {"a": {}, "b": {}} and sorted(schema["required"]) == ["a", "b"]


@pytest.mark.parametrize("output", ["$", "$.id", ["$.id"], "text", 7, None])
def test_an_output_that_is_no_object_has_no_schema(acme, output):
    acme.put(desk(act={**GET, "output": output}))
    assert "outputSchema" not in tools(acme)[0]


def test_numbers_keep_their_digits(acme):
    acme.put(desk(create=CREATE))
    assert "18446744073709551615" in acme.done("tools", "--json").out


def test_only_what_is_enabled_is_a_tool(acme):
    acme.put(desk())
    acme.put(integration("https://b.example", name="crm", find=GET))
    acme.done("disable", "tickets/list")
    assert [tool["name"] for tool in tools(acme)] == ["crm__find", "tickets__create"]
    acme.done("disable", "tickets")
    assert [tool["name"] for tool in tools(acme)] == ["crm__find"]
    acme.done("disable", "crm/find")
    result = acme.done("tools", "--json")
    assert result.json == {"tools": []} and result.err == f"org {acme.name} has no enabled actions\n"


def test_what_the_worker_refuses_is_left_out_and_said(acme):
    acme.put(desk())
    acme.put(integration("https://b.example", name="crm", find=GET))
    acme.redis.hset(acme.own("integration:crm"), "definition", "{}")
    result = acme.done("tools", "--json")
    assert [tool["name"] for tool in result.json["tools"]] == ["tickets__create", "tickets__list"]
    assert result.err.startswith("warning: crm is left out, for the worker refuses it: ")


def test_other_orgs_tools_are_not_ours(acme, globex):
    globex.put(desk())
    assert tools(acme) == []


# Names.


def names(org):
    named = {(tool["integration"], tool["action"]): tool["name"] for tool in tools(org, "--format", "names")}
    assert len(set(named.values())) == len(named)
    assert all(FITS.fullmatch(name) for name in named.values())
    return named


def test_a_dot_becomes_an_underscore(acme):
    acme.put(integration("https://a.example", name="api.v2", **{"get.one": GET}))
    assert names(acme) == {("api.v2", "get.one"): "api_v2__get_one"}


def test_a_long_name_ends_in_a_hash_and_is_said(acme):
    long, longer = "a" * 40, "b" * 128
    acme.put(integration("https://a.example", name=long, **{"c" * 22: GET, "c" * 23: GET, longer: GET, longer[1:] + "x": GET}))
    named = names(acme)
    assert named[long, "c" * 22] == f"{long}__{'c' * 22}"
    assert re.fullmatch(rf"{long}__c{{13}}_[0-9a-f]{{8}}", named[long, "c" * 23])
    result = acme.bellhop("tools")
    assert result.err.count("a tool's name has 64 characters at most") == 3
    assert f"{long}/{longer} is named {named[long, longer]}: " in result.err


def test_two_actions_never_have_one_name(acme):
    acme.put(integration("https://a.example", name="a", **{"b__c": GET, "d": GET}))
    acme.put(integration("https://a.example", name="a__b", c=GET))
    acme.put(integration("https://a.example", name="x.y", z=GET))
    acme.put(integration("https://a.example", name="x_y", **{"z": GET, "z.z": GET, "z_z": GET}))
    named = names(acme)
    assert named["a", "d"] == "a__d"
    assert all(re.fullmatch(r"a__b__c_[0-9a-f]{8}", named[pair]) for pair in (("a", "b__c"), ("a__b", "c")))
    assert named["x.y", "z"] != named["x_y", "z"] and named["x_y", "z.z"] != named["x_y", "z_z"]
    assert acme.bellhop("tools").err.count("another action would have the same name") == 6
    # The same for as long as the names are, whatever else there is.
    acme.put(integration("https://a.example", name="other", get=GET))
    assert {pair: name for pair, name in names(acme).items() if pair in named} == named


# Limits of providers.


def test_a_long_description_is_cut_for_openai_alone(acme):
    acme.put(desk(act={**GET, "description": "ö" * 1000}))
    result = acme.done("tools", "--json", "--format", "openai")
    description = result.json["tools"][0]["function"]["description"]
    assert description == "ö" * 512
    assert "the description of tickets/act is cut at 1024 bytes" in result.err
    for other in ("mcp", "anthropic"):
        result = acme.done("tools", "--json", "--format", other)
        assert "ö" * 1000 in result.json["tools"][0]["description"] and result.err == ""


def test_an_input_whose_name_anthropic_refuses_is_told(acme):
    inputs = {"properties": {"größe": {}, "b" * 65: {}, "fine.-_1": {}}}
    acme.put(desk(act={**GET, "inputs": inputs}))
    assert acme.done("tools", "--format", "anthropic").err.count("has a name that the API refuses") == 2
    assert acme.done("tools", "--format", "mcp").err == ""


def test_formats_are_those_that_help_lists(acme):
    result = acme.bellhop("tools", "--format", "yaml")
    assert result.code == 2 and "mcp, openai, anthropic or names" in result.err
    for name in ("mcp", "openai", "anthropic", "names"):
        assert name in acme.done("tools", "--help").out


def test_a_person_reads_it_indented(acme):
    acme.put(desk())
    shown = run_on_terminal("bellhop", ["tools"], {**acme.options, "org": acme.name}).shown
    assert '\n      "name": "tickets__create",\n' in shown
    assert json.loads(shown) == acme.done("tools").json
