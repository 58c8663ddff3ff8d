# SPDX-License-Identifier: MIT
"""docker-compose.yml without Docker: what it promises, and each command in it run as it stands there."""

import os
import re
import socket
import stat
import subprocess

import pytest
import yaml
from support.programs import BUILD, TOP, run
from support.waiting import wait_until

with open(os.path.join(TOP, "docker-compose.yml"), encoding="utf-8") as file:
    COMPOSE = yaml.safe_load(file)
SERVICES = COMPOSE["services"]
DEMO = os.path.join(TOP, "scripts", "demo.d")
WORKERS = ("worker", "demo-worker")


def in_a_shell(command, **environment):
    """The end of a command whose programs are ours."""
    path = BUILD + os.pathsep + os.environ["PATH"]
    done = subprocess.run(command, env={"PATH": path, **environment}, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_root_or_can_become_it(name):
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0 and int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"} & service.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_reached_from_outside(name):
    assert not {"ports", "expose", "container_name"} & SERVICES[name].keys()
    assert SERVICES[name].get("network_mode") in (None, "none")


def test_redis_has_no_way_out():
    assert SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_what_down_removes_is_all_there_is():
    for kind in ("volumes", "networks"):
        assert not any((thing or {}).get("external") for thing in COMPOSE[kind].values())
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        assert set(service.get("networks", [])) <= COMPOSE["networks"].keys()


def test_only_what_makes_the_ring_may_write_where_it_is():
    writers = {name for name, service in SERVICES.items() if "keys:/etc/bellhop" in service.get("volumes", [])}
    assert writers == {"keys"}
    assert SERVICES["keys"]["network_mode"] == "none"
    owner = {SERVICES[name]["user"] for name in ("keys", *WORKERS)}
    assert len(owner) == 1
    assert SERVICES["bellhop"]["user"] not in owner
    assert SERVICES["demo"]["user"] not in owner


def test_a_worker_waits_for_redis_and_ring_and_is_given_time_to_finish():
    for name in WORKERS:
        assert SERVICES[name]["depends_on"]["redis"] == {"condition": "service_healthy"}
        assert SERVICES[name]["depends_on"]["keys"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["stop_grace_period"] == "30s"
        assert "BELLHOP_DRAIN_MS" not in SERVICES[name]["environment"]


def test_every_setting_is_one_that_the_program_knows():
    asked = {"bellhop": "bellhop", "demo": "bellhop", **{name: "bellhopd" for name in WORKERS}}
    for name, program in asked.items():
        known = run(program, ["--help"]).out
        for variable in SERVICES[name]["environment"]:
            if variable.startswith("BELLHOP_"):
                assert "--" + variable[len("BELLHOP_") :].lower().replace("_", "-") in known, variable


def redis_settings():
    words = SERVICES["redis"]["command"]
    assert words[0] == "redis-server"
    return {name.lstrip("-"): value for name, value in zip(words[1::2], words[2::2], strict=True)}


def test_redis_keeps_what_it_was_told_when_it_is_killed(new_redis):
    settings = redis_settings()
    assert settings.pop("dir") == "/data"
    assert settings.pop("appendonly") == "yes"
    redis = new_redis(aof=True, **{name.replace("-", "_"): value for name, value in settings.items()})
    assert redis.client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    redis.client.lpush("jobs", "one")
    redis.kill()
    redis.start()
    assert redis.client.lrange("jobs", 0, -1) == ["one"]


def test_the_ring_is_made_once(tmp_path):
    command = [word.replace("/etc/bellhop", str(tmp_path)) for word in SERVICES["keys"]["command"]]
    assert in_a_shell(command)[0] == 0
    ring, public = tmp_path / "ring", tmp_path / "ring.pub"
    first = ring.read_bytes(), public.read_bytes()
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644
    assert in_a_shell(command) == (0, "")
    assert (ring.read_bytes(), public.read_bytes()) == first


def test_a_ring_without_its_public_half_is_never_replaced(tmp_path):
    command = [word.replace("/etc/bellhop", str(tmp_path)) for word in SERVICES["keys"]["command"]]
    assert in_a_shell(command)[0] == 0
    ring = (tmp_path / "ring").read_bytes()
    (tmp_path / "ring.pub").unlink()
    code, said = in_a_shell(command)
    assert code == 1 and "--rotate" in said
    assert (tmp_path / "ring").read_bytes() == ring


def health_check(name, port):
    """What Docker runs: `$$` is how the file writes `$`."""
    kind, *command = SERVICES[name]["healthcheck"]["test"]
    assert kind == "CMD"
    listen = SERVICES[name]["environment"]["BELLHOP_LISTEN"].rpartition(":")[2]
    assert any(listen in word for word in command)
    return in_a_shell([word.replace("$$", "$").replace(listen, str(port)) for word in command])[0]


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_is_healthy_as_long_as_it_takes_jobs(name, start_worker, new_redis):
    redis = new_redis()
    worker = start_worker(redis_url=redis.url)
    port = worker.address.rpartition(":")[2]
    wait_until(worker.is_ready, "the worker")
    assert health_check(name, port) == 0
    redis.kill()
    wait_until(lambda: not worker.is_ready(), "the worker to miss Redis")
    assert health_check(name, port) != 0
    redis.start()
    wait_until(worker.is_ready, "the worker")
    assert health_check(name, port) == 0
    worker.stop()
    assert health_check(name, port) != 0


def test_redis_is_healthy_as_long_as_it_answers(new_redis):
    kind, command = SERVICES["redis"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    redis = new_redis()
    here = command.replace("redis-cli", f"redis-cli -p {redis.port}")
    assert in_a_shell(["sh", "-c", here])[0] == 0
    redis.kill()
    assert in_a_shell(["sh", "-c", here])[0] != 0


@pytest.fixture
def desk(tmp_path):
    """The demo's ticket desk, started by its own script; gives its origin."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = open(os.path.join(DEMO, "desk"), encoding="utf-8").read()
    assert "0.0.0.0:8080" in script and "/demo/" in script
    script = script.replace("0.0.0.0:8080", f"127.0.0.1:{port}").replace("/demo/", f"{tmp_path}/")
    process = subprocess.Popen(["sh", "-c", script, os.path.join(DEMO, "desk")])
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_the_demo_shows_a_job_from_its_definition_to_its_reply(desk, tmp_path, key_file, start_worker, redis_server):
    shard = "compose-demo"
    start_worker(shard=shard, allow_http=desk)
    told = {**SERVICES["demo"]["environment"], "BELLHOP_REDIS_URL": redis_server.unix_url, "BELLHOP_SHARD": shard}
    told.update(BELLHOP_SEAL_WITH=key_file + ".pub", BELLHOP_ALLOW_HTTP=desk, DEMO_API=desk, DEMO_FOLDER=str(tmp_path))
    code, said = in_a_shell(["sh", os.path.join(DEMO, "in_containers")], **told)
    assert code == 0, said
    assert said.count('"status":"succeeded"') == 2, said
    assert "Printer on fire" in said
    assert "What the ticket desk saw:\nPOST /v1/desks/it/tickets 201\nGET /v1/desks/it/tickets 200\n" in said
    assert (tmp_path / "token").read_text(encoding="ascii") not in said


def test_the_desk_has_the_name_that_the_demo_calls():
    origin = SERVICES["demo"]["environment"]["DEMO_API"]
    assert re.fullmatch(r"http://[a-z]+\.[a-z]+:8080", origin)
    (network,) = SERVICES["demo-api"]["networks"]
    assert SERVICES["demo-api"]["networks"][network]["aliases"] == [origin.split("/")[2].split(":")[0]]
    assert network in SERVICES["demo-worker"]["networks"]
    assert origin in SERVICES["demo-worker"]["command"][-1]


def dockerfile_targets():
    """{target: its last USER}"""
    users, name = {}, None
    with open(os.path.join(TOP, "worker", "Dockerfile"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["FROM"]:
                name = words[-1]
                users[name] = users.get(words[1])
            elif words[:1] == ["USER"]:
                users[name] = words[1]
    return users


def test_an_image_is_not_root_where_compose_does_not_say_so():
    users = dockerfile_targets()
    for service in SERVICES.values():
        assert int(users[service["build"]["target"]].split(":")[0]) > 0
