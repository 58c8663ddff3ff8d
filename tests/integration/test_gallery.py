# SPDX-License-Identifier: MIT
"""
The gallery: definitions of well-known APIs, each tried with inputs and with an answer of the shape that its API gives.

`scripts/gallery/NAME.json` is what an admin starts from. `tests/gallery/NAME.json` has for it the places of the `warnings` it has,
and `cases`: `action`, `inputs`; the request as `url` behind the base URL, `body` (JSON, or the text of another kind) and `headers`
besides those that every case has; the `status` and `answer` of the API (a text is one as it is); the `output`, and the members of
it that find nothing in that answer (`unfound`).
"""

import json
import os
import subprocess

import pytest
from jsonschema import Draft202012Validator
from support import schemas
from support.upstream import Answer

DEFINITIONS = os.path.join(schemas.TOP, "scripts", "gallery")
CASES = os.path.join(schemas.TOP, "tests", "gallery")
NAMES = sorted(name.removesuffix(".json") for name in os.listdir(DEFINITIONS))
SECRETS = {
    "basic": {"username": "somebody@example.org/token", "password": "a-password-for-it"},
    "bearer": {"token": "a-token-for-it"},
    "api_key": {"key": "a-key-for-it"},
    "none": {},
}
WORKER = {"rate_limit": "10/60"}


@pytest.fixture(scope="module")
def private_key():
    words = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def secrets_of(other_upstream, private_key):
    """What an admin would seal, by field. Tokens of service accounts come from another server of ours."""
    other_upstream.on("/token", Answer(json={"access_token": "a-token-for-it", "token_type": "Bearer", "expires_in": 3600}))

    def make(auth):
        if auth["method"] != "service_account":
            return SECRETS[auth["method"]]
        uri = {"token_uri": other_upstream.origin + "/token"}
        if "client_auth" in auth:
            return {"credential": json.dumps({"client_id": "the-client", "client_secret": "a-secret-for-it", **uri})}
        return {"credential": json.dumps({"client_email": "desk@example.com", "private_key": private_key, **uri})}

    return make


def load(folder, name):
    with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def definition(name):
    return load(DEFINITIONS, name)


def file_of(name):
    return os.path.join(DEFINITIONS, name + ".json")


def all_cases():
    for name in NAMES:
        for number, case in enumerate(load(CASES, name)["cases"]):
            yield pytest.param(name, case, id=f"{name}-{case['action']}-{number}")


def text_of(answer):
    return answer if isinstance(answer, str) else json.dumps(answer)


def sent(case, body):
    """The body as the case has it."""
    return json.loads(body) if body is not None and not isinstance(case.get("body"), str) else body


def test_each_definition_has_cases_for_each_action_and_a_row_in_the_readme():
    assert len(NAMES) >= 12 and NAMES == sorted(name.removesuffix(".json") for name in os.listdir(CASES))
    for name in NAMES:
        assert {case["action"] for case in load(CASES, name)["cases"]} == set(definition(name)["actions"]), name
    with open(os.path.join(schemas.TOP, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    assert [name for name in NAMES if f"| [{name}](scripts/gallery/{name}.json) |" not in readme] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_has_no_problem_but_those_that_are_meant(bellhop, name):
    schemas.check("definition", definition(name))
    result = bellhop("check", file_of(name), "--json")
    assert result.code == 0
    places = [problem["place"] for problem in result.json["problems"]]
    assert places == load(CASES, name).get("warnings", [])
    assert bellhop("check", file_of(name), "--strict").code == (1 if places else 0)
    for action in definition(name)["actions"].values():
        assert action["title"]


@pytest.mark.parametrize("name, case", all_cases())
def test_inputs_make_the_request_that_the_api_takes(bellhop, name, case):
    whole = definition(name)
    action = whole["actions"][case["action"]]
    words = [f"{name}/{case['action']}", "--file", file_of(name), "--inputs", json.dumps(case["inputs"])]
    request = bellhop("render", *words, "--json").json
    assert request["method"] == action["method"]
    assert request["url"] == whole["base_url"] + case["url"]
    assert sent(case, request.get("body")) == case.get("body")
    headers = {**whole.get("headers", {}), **case.get("headers", {})}
    assert {key: request["headers"].get(key) for key in headers} == headers


@pytest.mark.parametrize("name, case", all_cases())
def test_the_answer_of_the_api_is_mapped(bellhop, tmp_path, name, case):
    target = f"{name}/{case['action']}"
    answer = text_of(case["answer"])
    assert bellhop("map", target, "--file", file_of(name), "--json", stdin=answer).json == case["output"]
    (tmp_path / "answer").write_text(answer)
    words = ["--sample", str(tmp_path / "answer"), "--action", case["action"], "--json"]
    problems = bellhop("check", file_of(name), *words).json["problems"]
    nothing = [problem["place"] for problem in problems if "finds nothing" in problem["problem"]]
    assert nothing == [f"actions.{case['action']}.output.{member}" for member in case.get("unfound", [])]


def at_home(name, upstream):
    """The definition, with its API here."""
    whole = definition(name)
    _, _, host_and_path = whole["base_url"].partition("://")
    path = host_and_path.partition("/")[2]
    return {**whole, "base_url": f"{upstream.origin}/{path}".rstrip("/")}


@pytest.mark.parametrize("name, case", all_cases())
def test_a_worker_sends_it_and_hands_on_the_output(acme, worker, upstream, secrets_of, name, case):
    whole = at_home(name, upstream)
    acme.put(whole)
    for field, value in secrets_of(whole["auth"]).items():
        acme.seal(name, field, value)
    path = (whole["base_url"] + case["url"]).removeprefix(upstream.origin).partition("?")[0]
    answer = text_of(case["answer"]).encode()
    upstream.on(path, Answer(status=case.get("status", 200), body=answer, headers={"Content-Type": "application/json"}))
    reply = acme.run(f"{name}/{case['action']}", case["inputs"])
    assert (reply["status"], reply.get("output")) == ("succeeded", case["output"]), reply.text
    request = upstream.only()
    assert upstream.origin + request.target == whole["base_url"] + case["url"]
    assert sent(case, request.body.decode() or None) == case.get("body")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_gets_tools_whose_schemas_fit_the_cases(acme, name):
    acme.put(definition(name))
    tools = {tool["_meta"]["bellhop/action"]: tool for tool in acme.done("tools", "--json").json["tools"]}
    for case in load(CASES, name)["cases"]:
        tool = tools[case["action"]]
        Draft202012Validator.check_schema(tool["inputSchema"])
        Draft202012Validator(tool["inputSchema"]).validate(case["inputs"])
        if "outputSchema" in tool:
            Draft202012Validator.check_schema(tool["outputSchema"])
            Draft202012Validator(tool["outputSchema"]).validate(case["output"])
