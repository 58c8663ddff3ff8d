# SPDX-License-Identifier: MIT
"""bellhop check, put, list, get, enable, disable, remove: definitions in Redis, and what is said of them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.org import integration
from support.terminal import run_on_terminal

BASE = "https://api.acme.com/v1"
READ = {"method": "GET", "path": "/tickets/{{id}}"}
WRITE = {"method": "POST", "path": "/tickets", "body": {"subject": "{{subject}}", "n": 1.50}}


def tickets(base_url=BASE, auth="bearer", **actions):
    return integration(base_url, auth=auth, **(actions or {"show": READ, "create": WRITE}))


def stored(org, name="tickets"):
    return org.redis.hgetall(org.own("integration:" + name))


def counter(org):
    return int(org.redis.get(org.own("version")) or 0)


# check


def test_a_good_definition_has_no_errors(bellhop):
    result = bellhop("check", "-", stdin=json.dumps(tickets()))
    assert (result.code, result.out) == (0, "")


def test_every_problem_is_a_line_with_its_place(bellhop):
    bad = tickets(show={"method": "FETCH", "path": "/a/{{b}}"}) | {"wat": 1}
    result = bellhop("check", "-", stdin=json.dumps(bad))
    assert result.code == 1
    places = [line.split(": ")[0] for line in result.out.splitlines()]
    assert "wat" in places and "actions.show.method" in places
    assert result.err.count("\n") == 1 and result.err.startswith("bellhop: ")


def test_what_is_more_than_can_be_listed_is_counted(bellhop):
    bad = tickets(**{f"a{n}": {"method": "FETCH", "path": "/"} for n in range(80)})
    result = bellhop("check", "-", stdin=json.dumps(bad))
    assert result.out.splitlines()[-1] == "and 16 more" and "80 errors" in result.err


def test_problems_as_json(bellhop):
    result = bellhop("check", "-", "--json", stdin="{}")
    assert result.code == 1
    assert result.json["errors"] == len(result.json["problems"]) >= 4
    assert result.json["problems"][0].keys() == {"place", "problem", "warning"}
    assert bellhop("check", "-", "--json", stdin=json.dumps(tickets())).json == {"errors": 0, "problems": []}


WARNED = {"show": {**READ, "inputs": {"properties": {"id": {}, "unused": {}}, "required": ["id"]}}}


def test_warnings_alone_refuse_nothing_unless_they_are_taken_for_errors(bellhop):
    text = json.dumps(tickets(**WARNED))
    result = bellhop("check", "-", stdin=text)
    line = "actions.show.inputs.properties.unused: {}is used by no placeholder\n"
    assert (result.code, result.out, result.err) == (0, line.format("warning: "), "-: no errors\n")
    result = bellhop("check", "--strict", "-", stdin=text)
    assert (result.code, result.out, result.err) == (1, line.format(""), "bellhop: - has 1 error\n")
    assert bellhop("check", "--strict", "-", "--json", stdin=text).json["errors"] == 1
    assert bellhop("check", "--strict", "-", stdin=json.dumps(tickets())).code == 0


def test_put_takes_warnings_for_errors_where_it_is_told_so(acme):
    text = json.dumps(tickets(**WARNED))
    result = acme.bellhop("put", "-", "--strict", stdin=text)
    assert result.code == 1 and "1 error: nothing was changed" in result.err and stored(acme) == {}
    assert "warning: is used by no placeholder" in acme.done("put", "-", stdin=text).err
    assert acme.done("put", "--strict", "-", stdin=json.dumps(tickets())).code == 0


def test_what_is_not_json_has_line_and_column(bellhop):
    result = bellhop("check", "-", stdin='{"name": "ünï",\n  "a" 1}')
    assert result.code == 1
    assert result.out.startswith("line 2, column 7: is not JSON: ")
    assert bellhop("check", "-", stdin="").code == 1
    assert bellhop("check", "-", stdin='{"name": 1, "name": 2}').code == 1


def test_a_file_is_read_and_one_that_is_not_there_is_named(bellhop, tmp_path):
    path = tmp_path / "tickets.json"
    assert f"{path}: No such file" in bellhop("check", str(path)).err
    path.write_text(json.dumps(tickets()))
    assert bellhop("check", str(path)).code == 0
    assert bellhop("check", str(tmp_path)).code == 1


def test_a_definition_of_more_than_a_mebibyte_is_refused(bellhop):
    text = json.dumps(tickets())
    assert bellhop("check", "-", stdin=text + " " * (1024 * 1024 - len(text))).code == 0
    result = bellhop("check", "-", stdin=text + " " * (1024 * 1024 - len(text) + 1))
    assert result.code == 1 and "1 MiB" in result.out


def test_the_operators_rules_hold_in_the_tool_too(bellhop):
    plain = json.dumps(tickets("http://api.acme.com"))
    assert bellhop("check", "-", stdin=plain, allow_http=None).code == 1
    assert bellhop("check", "-", stdin=plain, allow_http="http://api.acme.com").code == 0
    fast = json.dumps(tickets(show=READ | {"rate_limit": {"calls": 100, "window_s": 60}}))
    assert bellhop("check", "-", stdin=fast).code == 1
    assert bellhop("check", "-", stdin=fast, rate_limit="100/60").code == 0


# put


def test_put_keeps_definition_and_actions_apart(acme):
    result = acme.put(tickets())
    assert result.out == "tickets: version 1\n"
    hash_ = stored(acme)
    assert hash_.keys() == {"definition", "action:show", "action:create", "version", "enabled"}
    assert json.loads(hash_["definition"]) == {k: v for k, v in tickets().items() if k != "actions"}
    assert json.loads(hash_["action:show"]) == READ
    assert hash_["action:create"] == '{"method":"POST","path":"/tickets","body":{"subject":"{{subject}}","n":1.5}}'
    assert (hash_["version"], hash_["enabled"]) == ("1", "1")
    assert acme.redis.smembers(acme.own("integrations")) == {"tickets"}
    assert acme.redis.sismember(acme.key("orgs"), acme.name)


def test_numbers_are_kept_as_they_were_written(acme):
    text = json.dumps(tickets()).replace("1.5", "1.500e0")
    acme.done("put", "-", stdin=text)
    assert '"n":1.500e0' in stored(acme)["action:create"]
    assert '"n": 1.500e0' in acme.done("get", "tickets").out


def test_each_change_takes_a_version_and_identical_content_none(acme):
    acme.put(tickets())
    result = acme.done("put", "-", stdin=json.dumps(tickets(), indent=8))
    assert result.out == "tickets: version 1\n" and "nothing was changed" in result.err
    assert counter(acme) == 1
    assert acme.put(tickets(show=READ)).out == "tickets: version 2\n"
    assert acme.put(integration(BASE, "other", show=READ)).out == "other: version 3\n"


def test_what_get_prints_is_what_put_takes(acme):
    odd = tickets() | {"description": 'Ö é \u2028 "quoted" \\ \n', "title": "x\u009b"}
    acme.done("put", "-", stdin=json.dumps(odd))
    got = acme.done("get", "tickets").out
    assert json.loads(got) == odd
    assert "nothing was changed" in acme.done("put", "-", stdin=got).err


def test_actions_that_went_are_named_and_their_switches_go_too(acme):
    acme.put(tickets())
    acme.done("disable", "tickets/create")
    acme.done("disable", "tickets/show")
    result = acme.put(tickets(show=READ))
    assert "the action create went" in result.err
    assert stored(acme).keys() == {"definition", "action:show", "disabled:show", "version", "enabled"}
    acme.put(tickets())
    assert "disabled:create" not in stored(acme)


def test_put_keeps_the_switches(acme):
    acme.put(tickets())
    acme.done("disable", "tickets")
    acme.done("disable", "tickets/show")
    result = acme.put(tickets(show=READ, create=WRITE | {"title": "New"}))
    assert "tickets is disabled" in result.err
    assert stored(acme)["enabled"] == "0" and stored(acme)["disabled:show"] == "1"


def test_put_as_json(acme):
    first = acme.done("put", "-", "--json", stdin=json.dumps(tickets())).json
    assert first == {"integration": "tickets", "version": 1, "change": "created", "removed_actions": []}
    again = acme.done("put", "-", "--json", stdin=json.dumps(tickets())).json
    assert again["change"] == "unchanged" and again["version"] == 1
    less = acme.done("put", "-", "--json", stdin=json.dumps(tickets(show=READ))).json
    assert less == {"integration": "tickets", "version": 2, "change": "replaced", "removed_actions": ["create"]}


def test_put_only_over_the_version_that_was_seen(acme):
    text = json.dumps(tickets())
    assert acme.bellhop("put", "-", "--if-version", "1", stdin=text).code == 1
    assert acme.bellhop("put", "-", "--if-version", "0", stdin=text).code == 0
    result = acme.bellhop("put", "-", "--if-version", "0", stdin=text)
    assert result.code == 1 and result.out == "" and "has version 1" in result.err
    assert acme.bellhop("put", "-", "--if-version=1", stdin=json.dumps(tickets(show=READ))).code == 0
    assert acme.bellhop("put", "-", "--if-version", "1", stdin=text).code == 1
    assert stored(acme)["version"] == "2"


def test_a_definition_with_errors_changes_nothing(acme):
    acme.put(tickets())
    before = stored(acme)
    result = acme.bellhop("put", "-", stdin=json.dumps(tickets() | {"wat": 1}))
    assert result.code == 1 and result.out == ""
    assert result.err.startswith("wat: ")
    assert stored(acme) == before and counter(acme) == 1


def test_puts_at_once_each_have_a_version_of_their_own(acme):
    def put(n):
        return acme.done("put", "-", "--json", stdin=json.dumps(tickets(show=READ | {"title": f"{n}"}))).json

    with ThreadPoolExecutor(4) as pool:
        versions = [result["version"] for result in pool.map(put, range(12))]
    assert sorted(versions) == list(range(1, 13))
    assert stored(acme)["version"] == "12" == str(counter(acme))


def test_of_puts_over_the_same_version_one_wins(acme):
    def put(n):
        text = json.dumps(tickets(show=READ | {"title": f"{n}"}))
        return acme.bellhop("put", "-", "--if-version", "0", stdin=text).code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(put, range(8)))
    assert sorted(codes) == [0] + [1] * 7
    assert counter(acme) == 1


def test_orgs_do_not_see_each_other(acme, globex):
    acme.put(tickets())
    assert "no integrations" in globex.done("list").err
    assert globex.bellhop("get", "tickets").code == 1
    assert globex.bellhop("remove", "tickets").code == 1
    assert stored(acme)


def test_a_key_of_another_type_is_told_and_nothing_changed(acme):
    acme.redis.set(acme.own("integration:tickets"), "x")
    result = acme.bellhop("put", "-", stdin=json.dumps(tickets()))
    assert result.code == 1 and "holds a string" in result.err
    assert counter(acme) == 0


# switches


def test_switches_take_versions_and_say_what_is_so_already(acme):
    acme.put(tickets())
    assert acme.done("disable", "tickets/show").out == "tickets/show: disabled, version 2\n"
    assert stored(acme)["disabled:show"] == "1"
    result = acme.done("disable", "tickets/show")
    assert result.out == "tickets/show: disabled, version 2\n" and "already" in result.err
    assert acme.done("disable", "tickets").out == "tickets: disabled, version 3\n"
    assert stored(acme)["enabled"] == "0"
    result = acme.done("enable", "tickets/show")
    assert "tickets as a whole is disabled" in result.err
    assert "disabled:show" not in stored(acme)
    assert acme.done("enable", "tickets", "--json").json == {
        "integration": "tickets", "enabled": True, "version": 5, "changed": True,
    }  # fmt: skip
    assert counter(acme) == 5 and stored(acme)["version"] == "5"


def test_what_is_not_there_cannot_be_switched(acme):
    assert acme.bellhop("enable", "tickets").code == 1
    acme.put(tickets())
    result = acme.bellhop("disable", "tickets/wat")
    assert result.code == 1 and "has no action wat" in result.err
    assert counter(acme) == 1


# remove


def test_removing_an_integration_takes_its_secrets_and_its_name(acme):
    acme.put(tickets())
    acme.put(integration(BASE, "other", show=READ))
    acme.seal("tickets", "token", "sk-live-0123456789")
    result = acme.done("remove", "tickets", "--json").json
    assert result == {"integration": "tickets", "removed": True, "version": 3, "secrets_removed": 1}
    assert acme.redis.keys(acme.own("*tickets*")) == []
    assert acme.redis.smembers(acme.own("integrations")) == {"other"}
    assert acme.redis.sismember(acme.key("orgs"), acme.name)
    assert acme.bellhop("remove", "tickets").code == 1
    assert acme.done("remove", "other").out == "other: removed\n"
    assert not acme.redis.sismember(acme.key("orgs"), acme.name)


def test_versions_grow_over_a_removal(acme):
    acme.put(tickets())
    acme.done("remove", "tickets")
    assert acme.put(tickets()).out == "tickets: version 3\n"


def test_removing_an_action_keeps_the_others(acme):
    acme.put(tickets())
    acme.done("disable", "tickets/show")
    assert acme.done("remove", "tickets/show").out == "tickets/show: removed\n"
    assert stored(acme).keys() == {"definition", "action:create", "version", "enabled"}
    assert stored(acme)["version"] == "3"
    assert acme.bellhop("remove", "tickets/show").code == 1


def test_the_last_action_is_not_removed(acme):
    acme.put(tickets(show=READ))
    result = acme.bellhop("remove", "tickets/show")
    assert result.code == 1 and "bellhop remove tickets" in result.err
    assert "action:show" in stored(acme)


# list and get


def test_list_shows_what_can_be_called(acme):
    acme.put(tickets())
    acme.put(integration(BASE, "another", auth="none", show=READ))
    acme.done("disable", "tickets/show")
    lines = acme.done("list").out.splitlines()
    assert lines[0] == f"another  version 2, enabled, auth none, {BASE}"
    assert lines[2] == f"tickets  version 3, enabled, auth bearer (token not set), {BASE}"
    assert lines[3] == "  tickets/create  POST /tickets, asks a person in chat"
    assert lines[4] == "  tickets/show  GET /tickets/{{id}}, DISABLED"


def test_list_as_json(acme):
    assert acme.done("list", "--json").json == {"integrations": []}
    acme.put(tickets())
    acme.done("disable", "tickets")
    (entry,) = acme.done("list", "--json").json["integrations"]
    assert (entry["name"], entry["version"], entry["enabled"], entry["auth"]) == ("tickets", 2, False, "bearer")
    assert entry["base_url"] == BASE and entry["secrets"] == []
    assert [action["name"] for action in entry["actions"]] == ["create", "show"]
    assert entry["actions"][0]["requires_confirmation"] is True


def test_get_says_the_rest_on_standard_error(acme):
    acme.put(tickets())
    acme.done("disable", "tickets/show")
    result = acme.done("get", "tickets")
    assert json.loads(result.out) == tickets()
    assert result.err.splitlines() == [
        "version 2, enabled", "the action show is disabled", "the secret `token` is not set",
    ]  # fmt: skip
    acme.seal("tickets", "token", "sk-live-0123456789")
    assert "the secret `token` is set" in acme.done("get", "tickets").err


def test_get_as_json_is_one_object_of_all(acme):
    acme.put(tickets())
    acme.seal("tickets", "token", "sk-live-0123456789")
    acme.done("disable", "tickets/show")
    assert acme.done("get", "tickets", "--json").json == {
        "org": acme.name, "name": "tickets", "version": 2, "enabled": True, "disabled_actions": ["show"],
        "secrets": ["token"], "definition": tickets(),
    }  # fmt: skip


@pytest.mark.parametrize("field, text", [
    ("definition", "{"), ("definition", "[]"), ("action:show", '{}},"wat":{'), ("action:show", ""),
])  # fmt: skip
def test_what_was_written_past_the_tool_may_be_damaged(acme, field, text):
    acme.put(tickets())
    acme.redis.hset(acme.own("integration:tickets"), field, text)
    result = acme.bellhop("get", "tickets")
    assert result.code == 1 and "damaged" in result.err
    assert "REFUSED" in acme.done("list").out
    assert acme.done("list", "--json").json["integrations"][0]["problems"]
    assert acme.put(tickets()).code == 0


def test_a_definition_that_the_worker_refuses_is_shown_all_the_same(acme):
    acme.put(tickets())
    acme.redis.hset(acme.own("integration:tickets"), "action:show", '{"method":"FETCH","path":"/"}')
    result = acme.done("get", "tickets")
    assert json.loads(result.out)["actions"]["show"]["method"] == "FETCH"
    assert "warning: the worker refuses tickets" in result.err


def test_nothing_that_was_defined_commands_a_terminal(acme):
    odd = tickets() | {"title": "\x1b]0;owned\x07", "description": "\u202e\x9b31m"}
    acme.done("put", "-", stdin=json.dumps(odd))
    shown = run_on_terminal("bellhop", ["get", "tickets"], acme.options | {"org": acme.name}).shown
    for harm in "\x1b\x07\u202e\x9b":
        assert harm not in shown
    assert "\\u001b]0;owned" in shown and "\\u202e\\u009b31m" in shown


def test_after_two_dashes_everything_is_the_name_of_a_file(bellhop):
    assert "cannot read --json: No such file" in bellhop("check", "--", "--json").err
