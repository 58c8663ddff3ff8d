# SPDX-License-Identifier: MIT
"""What an operator's Prometheus reads from a worker."""

import re

from support.org import integration
from support.waiting import wait_until

SAMPLE = re.compile(r'^([a-z_:]+)(\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? (-?[0-9.e+]+)$')
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

    def grown():
        after = samples(worker)
        return {name: value - before[name] for name, value in after.items() if value != before[name]}

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
    wait_until(lambda: expected.items() <= grown().items(), "the counters")


def test_what_waits_in_redis_is_shown(worker, acme, redis_server):
    for n in range(3):
        redis_server.client.lpush(f"bellhop:{{{worker.options['shard']}}}:dead", f"letter {n}")
    wait_until(lambda: samples(worker)["bellhop_dead"] == 3, "the depth of dead")
    assert samples(worker)['bellhop_queue_depth{queue="chat"}'] == 0
    assert samples(worker)['bellhop_queue_oldest_seconds{queue="chat"}'] == 0
    assert samples(worker)["bellhop_in_flight"] == 0


def test_no_label_comes_from_outside(worker, acme, upstream):
    acme.put(integration(upstream.base_url, "a-name-to-look-for", read=READ))
    acme.run("a-name-to-look-for/read", {"n": "an-input-to-look-for"})
    text = worker.page("/metrics")[1]
    assert "to-look-for" not in text and acme.name not in text


def test_each_histogram_is_cumulative_and_ends_in_its_count(worker):
    seen = samples(worker)
    for name in ("bellhop_job_duration_seconds", "bellhop_call_duration_seconds"):
        counts = [value for key, value in seen.items() if key.startswith(name + "_bucket")]
        assert counts == sorted(counts) and counts[-1] == seen[name + "_count"]


def test_the_age_of_what_nobody_takes_is_shown(start_worker, redis_server):
    watcher = start_worker(shard="watched", queues="chat:1")
    redis_server.client.lpush("bellhop:{watched}:jobs:workflow", "a")
    wait_until(lambda: samples(watcher)['bellhop_queue_oldest_seconds{queue="workflow"}'] >= 1, "the age of the job")
