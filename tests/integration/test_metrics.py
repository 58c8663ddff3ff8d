# SPDX-License-Identifier: MIT
"""What an operator's Prometheus reads from a worker."""

import os
import re
import subprocess

from support.org import BY_SCHEMA, integration
from support.programs import TOP
from support.upstream import Answer, Held, Raw
from support.waiting import wait_until

SAMPLE = re.compile(r'^([a-z_:]+)(\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? (-?[0-9.e+]+)$')
ROW = re.compile(r"^\| `((?:bellhop|process)_[a-z_]+)` \|", re.MULTILINE)
READ = {"method": "GET", "path": "/t/{{n}}", "rate_limit": {"calls": 1, "window_s": 60}}


def samples(worker):
    status, text = worker.page("/metrics")
    assert status == 200
    seen = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"^# (HELP|TYPE) [a-z_:]+ \S", line), line
            continue
        match = SAMPLE.match(line)
        assert match, line
        name = match[1] + (match[2] or "")
        assert name not in seen, f"{name} stands twice"
        seen[name] = float(match[3])
    return seen


def test_what_jobs_ended_in_is_counted(worker, acme, upstream):
    acme.put(integration(upstream.base_url, read=READ))
    before = samples(worker)
    assert acme.run("tickets/read", {"n": 1})["status"] == "succeeded"
    assert acme.run("tickets/read", {"n": 2}).code == "rate_limited"
    assert acme.run("nothing/read", {"n": 2}).code == "unknown_integration"

    expected = {
        'bellhop_jobs_total{queue="workflow",status="succeeded"}': 1,
        'bellhop_jobs_total{queue="workflow",status="failed"}': 2,
        'bellhop_errors_total{code="rate_limited"}': 1,
        'bellhop_errors_total{code="unknown_integration"}': 1,
        'bellhop_calls_total{class="2xx"}': 1,
        "bellhop_rate_limited_total": 1,
        "bellhop_claims_total": 3,
        "bellhop_job_duration_seconds_count": 3,
        "bellhop_call_duration_seconds_count": 1,
    }
    wait_until(lambda: expected.items() <= grown(worker, before).items(), "the counters")


def test_what_waits_in_redis_is_shown(worker, acme, redis_server):
    for n in range(3):
        redis_server.client.lpush(f"bellhop:{{{worker.options['shard']}}}:dead", f"letter {n}")
    wait_until(lambda: samples(worker)["bellhop_dead_letters"] == 3, "the depth of dead")
    assert samples(worker)['bellhop_queue_jobs{queue="chat"}'] == 0
    assert samples(worker)['bellhop_queue_oldest_seconds{queue="chat"}'] == 0
    assert samples(worker)["bellhop_in_flight_jobs"] == 0


def test_no_label_comes_from_outside(worker, acme, upstream):
    acme.put(integration(upstream.base_url, "a-name-to-look-for", read=READ))
    acme.run("a-name-to-look-for/read", {"n": "an-input-to-look-for"})
    text = worker.page("/metrics")[1]
    assert "to-look-for" not in text and acme.name not in text


def test_each_histogram_is_cumulative_and_ends_in_its_count(worker):
    seen = samples(worker)
    waits = [f'bellhop_queue_wait_estimate_seconds%s{{queue="{queue}"%s}}' for queue in ("decisions", "chat", "workflow")]
    for name in ("bellhop_job_duration_seconds%s{%s}", "bellhop_call_duration_seconds%s{%s}", *waits):
        start = name.replace("%s}", "").replace("%s", "_bucket")
        bounds = [key for key in seen if key.startswith(start)]
        counts = [seen[key] for key in bounds]
        assert counts == sorted(counts) and counts[-1] == seen[(name % ("_count", "")).replace("{}", "")]
        seconds = [float(re.search(r'le="([0-9.]+)"', key)[1]) for key in bounds[:-1]]
        assert seconds == sorted(seconds) and seconds[0] <= 0.001 and seconds[-1] == 120


def test_the_age_of_what_nobody_takes_is_shown(start_worker, redis_server):
    watcher = start_worker(shard="watched", queues="chat:1")
    redis_server.client.lpush("bellhop:{watched}:jobs:workflow", "a")
    wait_until(lambda: samples(watcher)['bellhop_queue_oldest_seconds{queue="workflow"}'] >= 1, "the age of the job")


def grown(worker, before):
    return {name: value - before[name] for name, value in samples(worker).items()}


def test_how_long_a_job_waited_is_seen(start_worker, new_org, upstream):
    acme = new_org(shard="waits")
    acme.put(integration(upstream.base_url, read=READ, other={"method": "GET", "path": "/other"}))
    worker = start_worker(shard=acme.shard, concurrency=1)
    acme.run("tickets/other")  # from here on it knows that the queue was empty
    before = samples(worker)
    held = Held()
    upstream.on("/v1/t/1", held)
    first = acme.push(acme.job("tickets/read", {"n": 1}))
    held.arrived()
    second = acme.push(acme.job("tickets/other"))
    wait_until(lambda: samples(worker)['bellhop_queue_oldest_seconds{queue="workflow"}'] >= 1, "the second job to grow old")
    held.release()
    assert acme.reply(first)["status"] == acme.reply(second)["status"] == "succeeded"
    assert worker.logged("job ended", id=first["id"])["wait_ms"] < 1000
    assert 1000 <= worker.logged("job ended", id=second["id"])["wait_ms"] < 15000
    seen = grown(worker, before)
    assert seen['bellhop_queue_wait_estimate_seconds_count{queue="workflow"}'] == 2
    assert seen['bellhop_queue_wait_estimate_seconds_bucket{queue="workflow",le="0.5"}'] == 1
    assert 1 <= seen['bellhop_queue_wait_estimate_seconds_sum{queue="workflow"}'] < 16


def test_an_idle_worker_knows_that_a_job_did_not_wait(start_worker, new_org, upstream):
    acme = new_org(shard="idles")
    acme.put(integration(upstream.base_url, read={"method": "GET", "path": "/t"}))
    worker = start_worker(shard=acme.shard)
    acme.run("tickets/read")
    for _ in range(5):
        job = acme.push(acme.job("tickets/read"))
        assert acme.reply(job)["status"] == "succeeded"
        assert 0 <= worker.logged("job ended", id=job["id"])["wait_ms"] < 250


def every_kind_of_job(org, upstream):
    """Each queue, each status, many codes, each class of answers."""
    upstream.on("/v1/500", Answer(500))
    upstream.on("/v1/404", Answer(404))
    upstream.on("/v1/302", Answer(302))
    upstream.on("/v1/lost", Raw(then="reset"))
    action = {"method": "GET", "path": "/{{status}}"}
    write = {"method": "POST", "path": "/t", "body": {}}
    org.put(integration(upstream.base_url, read=action, write=write, again=write))
    statuses = [org.run("tickets/read", {"status": status})["status"] for status in ("200", "404", "302", "500")]
    statuses += [org.run("tickets/read")["status"], org.run("none/read")["status"]]
    statuses += [org.run("tickets/read", {"status": "lost"})["status"]]
    statuses += [org.approve(org.ask("tickets/write").token)["status"]]
    statuses += [org.decline(org.ask("tickets/again").token)["status"]]
    job = org.job("tickets/write")
    statuses += [org.reply(org.push(job))["status"] for _ in range(2)]
    org.push("no job at all", refused=BY_SCHEMA)
    return statuses


def test_promtool_finds_nothing_to_say(start_worker, new_org, upstream):
    org = new_org(shard="all-kinds", rate_limit="100/1")
    worker = start_worker(shard=org.shard, rate_limit="100/1")
    failed, good = ["failed"] * 6, ["succeeded"] * 2
    assert every_kind_of_job(org, upstream) == ["succeeded", *failed, "succeeded", "declined", *good]
    wait_until(lambda: org.dead(), "what is no job to be a dead letter")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=worker.page("/metrics")[1], capture_output=True, text=True, timeout=30, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def described(text):
    """name -> (type, help)"""
    found = {}
    for name, said in re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE):
        found[name] = (re.search(rf"^# TYPE {name} (\w+)$", text, re.MULTILINE)[1], said)
    return found


def labels_of(text, name):
    found = re.search(rf"^{name}(?:_bucket)?\{{(.*)\}} ", text, re.MULTILINE)
    return [label for label in re.findall(r'(\w+)="', found[1] if found else "") if label != "le"]


def test_the_readme_has_every_metric_and_no_other(worker):
    text = worker.page("/metrics")[1]
    rows = []
    for name, (kind, said) in described(text).items():
        rows.append(f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels_of(text, name))} | {said} |")
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        readme = [line for line in file.read().splitlines() if ROW.match(line)]
    assert readme == rows, "README's table should be:\n" + "\n".join(rows)


def test_the_alerts_are_rules_about_metrics_that_there_are(worker):
    path = os.path.join(TOP, "scripts", "alerts.yml")
    checked = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with open(path, encoding="utf-8") as file:
        rules = file.read()
    text = worker.page("/metrics")[1]
    named = set(re.findall(r"\bbellhop_[a-z_]+", rules))
    assert named and named <= set(described(text))
    codes = set(re.findall(r'code="(\w+)"', rules))
    assert codes and all(f'bellhop_errors_total{{code="{code}"}}' in text for code in codes)


def test_a_draining_worker_is_alive_but_not_ready(start_worker, new_org, upstream):
    acme = new_org(shard="drains")
    acme.put(integration(upstream.base_url, read=READ))
    worker = start_worker(shard=acme.shard)
    wait_until(lambda: samples(worker)["bellhop_ready"] == 1, "the worker to be ready")
    held = Held()
    upstream.on("/v1/t/7", held)
    job = acme.push(acme.job("tickets/read", {"n": 7}))
    held.arrived()
    worker.ask_to_stop()
    worker.logged("draining")
    assert worker.page("/readyz") == (503, "draining\n")
    assert worker.page("/livez")[0] == 200
    assert samples(worker)["bellhop_ready"] == 0 and samples(worker)["bellhop_in_flight_jobs"] == 1
    held.release()
    assert acme.reply(job)["status"] == "succeeded"


def test_what_prometheus_expects_of_a_process_is_there(worker):
    seen = samples(worker)
    assert seen["process_cpu_seconds_total"] > 0
    assert 1e6 < seen["process_resident_memory_bytes"] <= seen["process_virtual_memory_bytes"]
    assert 3 < seen["process_open_fds"] < seen["process_max_fds"]
    with open(f"/proc/{worker.process.pid}/stat", encoding="utf-8") as file:
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    with open("/proc/stat", encoding="utf-8") as file:
        boot = int(re.search(r"^btime (\d+)$", file.read(), re.MULTILINE)[1])
    assert abs(seen["process_start_time_seconds"] - boot - ticks / os.sysconf("SC_CLK_TCK")) <= 2
