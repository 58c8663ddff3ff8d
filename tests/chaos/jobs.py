# SPDX-License-Identifier: MIT
"""The producers of a chaos: an engine that pushes jobs, some of them twice, and people who decide, some of them twice."""

import heapq
import json
import random
import time
from array import array

from world import LIMIT, ORGS, WINDOW_S, key

KINDS = ("read", "replace", "keyed", "create", "ask", "limited")
WEIGHTS = (20, 15, 15, 36, 10, 4)
UNSAFE = {KINDS.index("create"), KINDS.index("ask")}
ASK, LIMITED = KINDS.index("ask"), KINDS.index("limited")
# What the upstream does: see upstream.c.
ACTS, ACT_WEIGHTS = "osleqnuxrdhck", (50, 25, 1, 3, 2, 2, 1, 0.5, 2, 2, 1.5, 3, 5)
REPLIES = "chaos"
BATCH = 200


class Producer:
    """`open_`: message id -> how many replies it is still owed."""

    def __init__(self, world, options, rng):
        self.world, self.options, self.rng = world, options, rng
        self.client = world.client
        self.prefix = f"{options.seed}-"
        self.open = {}
        self.kinds, self.orgs = bytearray(), bytearray()
        self.pushed_at = array("d")
        self.plans = []
        self.later, self.tie = [], 0
        self.began = time.monotonic()
        self.twins = self.decisions = 0

    @property
    def count(self):
        return len(self.kinds)

    def number_of(self, message_id):
        """Of a job or of a decision about it."""
        return int(message_id[len(self.prefix) :].split("-")[0])

    def step(self):
        """Pushes what is due; less where the workers are behind."""
        messages = {"workflow": [], "chat": [], "decisions": []}
        due = int((time.monotonic() - self.began) * self.options.rate) + 1
        room = self.options.backlog - len(self.open)
        for _ in range(min(due, self.options.jobs, self.count + min(room, BATCH)) - self.count):
            self._add_job(messages)
        while self.later and self.later[0][0] <= time.monotonic():
            heapq.heappop(self.later)[2](messages)
        self._push(messages)

    def is_done(self):
        return self.count >= self.options.jobs and not self.later

    def _push(self, messages):
        for queue, texts in messages.items():
            if texts:
                self.client.lpush(key("jobs:" + queue), *texts)

    def _owe(self, message_id, replies=1):
        self.open[message_id] = self.open.get(message_id, 0) + replies

    def _at(self, seconds, act):
        self.tie += 1
        heapq.heappush(self.later, (time.monotonic() + seconds, self.tie, act))

    def _add_job(self, messages):
        number, rng = self.count, self.rng
        kind, org = rng.choices(range(len(KINDS)), WEIGHTS)[0], rng.randrange(len(ORGS))
        plan = "".join(rng.choices(ACTS, ACT_WEIGHTS, k=rng.randint(1, 3)))
        job_id = self.prefix + str(number)
        job = {
            "v": 1, "id": job_id, "org": ORGS[org], "integration": "tickets", "action": KINDS[kind],
            "inputs": {"n": number, "plan": plan}, "reply_to": REPLIES,
        }  # fmt: skip
        if rng.random() < 0.05:
            job["deadline_ms"] = int(time.time() * 1000 + rng.uniform(20, 3000))
        self.kinds.append(kind)
        self.orgs.append(org)
        self.pushed_at.append(time.monotonic())
        self.plans.append(plan)
        text, queue = json.dumps(job), "chat" if kind == ASK else "workflow"
        messages[queue].append(text)
        self._owe(job_id)
        if rng.random() < 0.08:
            self.twins += 1
            if rng.random() < 0.7:
                messages[queue].append(text)
                self._owe(job_id)
            else:
                self._at(rng.uniform(0, 4), lambda later: (later[queue].append(text), self._owe(job_id)))

    def confirmation(self, number, token):
        """What a person says to it: yes, no, yes and yes, yes and no, a little later, nothing."""
        rng = random.Random(f"{self.options.seed} {number}")  # replies come in no order
        said = rng.choices([("approve",), ("decline",), ("approve",) * 2, ("approve", "decline"), ()], [60, 12, 18, 6, 4])[0]
        texts = []
        for which, word in enumerate(said):
            decision_id = f"{self.prefix}{number}-{which}"
            texts.append(
                json.dumps({
                    "v": 1, "id": decision_id, "org": ORGS[self.orgs[number]], "token": token, "decision": word,
                    "by": f"person-{which}", "reply_to": REPLIES,
                })
            )  # fmt: skip
            self._owe(decision_id)
        self.decisions += len(texts)
        self._at(rng.choice((0, 0, rng.uniform(0, 2))), lambda later: later["decisions"].extend(texts))
        return len(texts)


class Windows:
    """Looks at the windows of the action that has a limit, often enough to see each call that was begun."""

    def __init__(self, client):
        self.client = client
        self.keys = [key(f"org:{org}:window:tickets:limited") for org in ORGS]
        self.begun = {name: {} for name in self.keys}
        self.looked = 0

    def step(self):
        if time.monotonic() - self.looked < WINDOW_S / 8:
            return
        self.looked = time.monotonic()
        for name in self.keys:
            now_us = time.time() * 1e6
            there = dict(self.client.zrange(name, 0, -1, withscores=True))
            begun = self.begun[name]
            # What was taken back, because it was not sent in time, leaves early; what is old leaves when there is need.
            for member in [one for one, at in begun.items() if at > now_us - WINDOW_S * 0.9e6 and one not in there]:
                del begun[member]
            begun.update(there)

    def problems(self):
        for name, begun in self.begun.items():
            times = sorted(begun.values())
            for first, over in zip(times, times[LIMIT:]):
                if over - first < WINDOW_S * 1e6:
                    yield f"{LIMIT + 1} calls begun within {(over - first) / 1e6:.6f} s in {name}"

    def total(self):
        return sum(map(len, self.begun.values()))
