# SPDX-License-Identifier: MIT
"""
A pool of workers on a bad day, told step by step by a seed: they claim, begin, call, settle, die, stall over their lease, lose
answers and come back, while duplicates, conflicts and decisions are pushed and definitions change. Then the day ends well,
and what must always hold is held against what was seen:

    each push got one reply, of its own content
    a call that may not be repeated was sent once at most, and whatever was sent is not called unsent
    a confirmation let out one decision's call at most
    no window held more than its limit by Redis's clock
    nothing is left over

BELLHOP_SIM_SEED runs one again, BELLHOP_SIM_TICKS makes it long (default 12000, some 15 s).
"""

import json
import os
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import pytest
from scripts_client import LEASE_MS, Begin, Claim, Done, Job, PutBack, Shard, Worker, reply_text

TICKS = int(os.environ.get("BELLHOP_SIM_TICKS", "12000"))
SEED = int(os.environ.get("BELLHOP_SIM_SEED", random.SystemRandom().randrange(1_000_000)))
ORGS, ACTIONS, WORKERS = 3, 10, 5
FRESH_US = 1_000_000
ENDED = ("ok", "lost", "duplicate", "waiting")


@dataclass
class Held:
    """A job in a worker's hands: what it wants of Redis next, or the call that is under way."""

    claim: Claim
    job: Job
    kind: str
    want: object = None
    begun_us: int = 0
    earlier: bool = False
    outcome: str = ""
    ends_us: int = 0  # of the call, or of a pause before it

    @property
    def attempts(self):
        return 0 if self.claim.carry == "-" else int(self.claim.carry.split(".")[0])

    @property
    def maybe_sent(self):
        return self.earlier or self.claim.carry.endswith(".maybe")

    def fail(self, sent, begun=False, **more):
        """A refusal never hides an attempt that may have been sent: the job carries it."""
        carried = sent == "no" and self.claim.carry.endswith(".maybe")
        reply = reply_text(self.job, "failed", "maybe" if carried else sent)
        basis = not begun and not carried
        self.want = Done(self.claim, self.job, reply, identity=not begun, basis=basis, **more)

    def put_back(self, kind, due_ms=0, carry=None):
        envelope = self.claim.envelope(int(self.claim.deliveries) - 1, carry)
        self.want = PutBack(kind, self.claim, envelope, due_ms, self.job)


class Process:
    """One bellhopd: what it holds is gone when it dies."""

    def __init__(self, world):
        self.world = world
        self.worker = Worker(world.shard).register()
        self.held = {}
        self.gifts = []  # claims it was never told of, on their way back
        self.connected = True
        self.unanswered = []
        self.stalled_until_ms = 0

    # what a claimed job wants

    def take(self, claim):
        told = json.loads(claim.payload)
        kind = told.pop("kind")
        job = Job(**told)
        version, enabled = self.world.shard.redis.hmget(
            self.world.shard.integration(job), "version", "enabled"
        )
        held = Held(claim, replace(job, version=version), kind)
        self.held[claim.field] = held
        if int(claim.deliveries) > 3:
            held.fail("no", dead='"too many deliveries"')
        elif kind == "killer":
            self.world.bury(self)
        elif kind == "early" or enabled == "0":
            held.fail("no")
        elif kind == "ask":
            self.ask_a_person(held)
        elif kind == "decline":
            reply = reply_text(held.job, "declined", "no")
            held.want = Done(claim, held.job, reply, identity=True, basis=True, decline=True)
        else:
            held.want = Begin(claim, held.job)

    def ask_a_person(self, held):
        token = self.world.new_token()
        reply = reply_text(held.job, "confirmation_pending", "no", token=token)
        pending = (token, self.world.shard.now_ms + 3600_000, 7200, "frozen")
        held.want = Done(
            held.claim, held.job, reply, identity=True, basis=True, pending=pending
        )

    # what the scripts said

    def hear_begin(self, held, text):
        word, *rest = text.split()
        if word == "ok":
            held.begun_us, held.earlier = int(rest[0]), rest[1] == "1"
            held.want = None
            held.ends_us = self.world.shard.now_us
            if self.world.chance(0.05):
                held.ends_us += self.world.random.randrange(3_000_000)
        elif word == "changed":
            held.put_back("give")
        elif word == "wait_room":
            held.put_back("retry", self.world.shard.now_ms + int(rest[0]), held.claim.carry)
        elif word in ("unknown", "over", "ended"):
            held.fail("maybe", begun=True)
        elif word == "lost":
            del self.held[held.claim.field]
        else:  # settle asks again who has the id, and hears it
            held.fail("no")

    def hear_settle(self, held, text):
        word = text.split()[0]
        if word in ENDED:
            del self.held[held.claim.field]
        elif word == "changed":
            held.put_back("give")
        elif word in ("ours", "mine"):
            held.fail("maybe", begun=True)
        elif word == "conflict":
            reply = reply_text(held.job, "failed", "no")
            held.want = Done(held.claim, held.job, reply, store=False)
        else:
            assert word.startswith("confirmation_") or word == "too_many_pending", text
            held.fail("no")

    # the call

    def send(self, held):
        now_us = self.world.shard.now_us
        if now_us - held.begun_us > FRESH_US:
            again = Begin(held.claim, held.job)
            held.begun_us = 0
            if self.world.chance(0.5):
                held.want = again
            else:
                held.put_back("give" if held.earlier else "unsent", now_us // 1000)
            return
        held.outcome = self.world.pick(succeeded=70, refused=10, cut=10, unreached=10)
        held.ends_us = now_us + self.world.random.randrange(500_000)
        if held.outcome != "unreached":
            self.world.sent(held.job)

    def end_call(self, held):
        outcome, job = held.outcome, held.job
        due_ms = self.world.shard.now_ms + self.world.random.randrange(4000)
        may_repeat = job.repeatable and held.attempts < 2 and self.world.chance(0.7)
        if outcome == "succeeded":
            held.want = Done(held.claim, job)
        elif outcome == "refused":
            held.fail("yes", begun=True)
        elif (outcome == "cut" or held.maybe_sent) and may_repeat:
            held.put_back("again", due_ms, f"{held.attempts + 1}.maybe")
        elif outcome == "cut" or held.maybe_sent:
            held.fail("maybe", begun=True)
        elif held.attempts < 2 and self.world.chance(0.7):
            held.put_back("unsent", due_ms, f"{held.attempts + 1}.no")
        else:
            held.fail("no", begun=True)

    def work(self):
        for held in list(self.held.values()):
            if held.want is None and held.ends_us <= self.world.shard.now_us:
                if held.outcome:
                    self.end_call(held)
                else:
                    self.send(held)

    # a turn, and what may happen to it

    def turn(self, fate):
        wants = [held for held in self.held.values() if held.want]
        gifts = [PutBack("give", c, c.envelope(int(c.deliveries) - 1)) for c in self.gifts]
        items = [held.want for held in wants] + gifts
        room = max(0, 12 - len(self.held))
        if fate == "late":
            self.world.late.append(self.copy_of_call(items))
            self.connected = False
            return
        answer = self.worker.turn(*items, claim=self.world.random.randrange(room + 1))
        if answer is None:
            self.start_anew()
            return
        self.world.saw(items, answer.texts)
        if fate == "lost":
            self.connected = False
            return
        self.gifts = []
        for held, item, text in zip(wants, items, answer.texts):
            if isinstance(item, Begin):
                self.hear_begin(held, text)
            else:
                self.hear_settle(held, text)
        for claim in answer.claims:
            self.take(claim)

    def copy_of_call(self, items):
        """The same turn by the same member, to be made when it is long past."""
        copy = Worker(self.world.shard, self.worker.W)
        copy.epoch, copy.next_token = self.worker.epoch, 900_000
        return copy, items

    def start_anew(self):
        self.held, self.gifts, self.unanswered = {}, [], []
        self.worker = Worker(self.world.shard).register()
        self.connected = True

    def reconnect(self, lost):
        known = self.worker.epoch
        fields = self.worker.come_back(*self.unanswered)
        if fields is None:
            self.start_anew()
        elif lost:
            self.unanswered.append(self.worker.epoch)
            self.worker.epoch = known
        else:
            self.connected, self.unanswered = True, []
            self.gifts = [Claim(field, "") for field in fields if field not in self.held]

    def look_after_others(self):
        seen = self.worker.renew(promote=20)
        if seen is None:
            self.start_anew()
            return
        dead = [(m.rsplit(":", 1)[0], m) for m in seen.expired] + [(w, "") for w in seen.dying]
        for W, member in dead:
            if self.worker.reap(W, member, most=3) is None:
                return


class World:
    """Producers, people, the clock, and an observer to whom no answer is lost."""

    def __init__(self, shard, seed):
        self.shard = shard
        self.random = random.Random(seed)
        self.pushes = {}  # reply_to -> digest
        self.ids = []
        self.tokens = []
        self.late = []
        self.counts = Counter()
        self.calls = Counter()  # (org, id) -> sent
        self.unsafe = set()
        self.users = defaultdict(set)  # token -> decisions whose call was sent
        self.begun = defaultdict(dict)  # window key, limit, length -> token -> when
        self.versions = Counter()
        for number in range(ORGS):
            self.change(f"org{number}", "1")
        self.processes = [Process(self) for _ in range(WORKERS)]

    def chance(self, share):
        return self.random.random() < share

    def pick(self, **weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def change(self, org, enabled):
        self.versions[org] += 1
        self.shard.define(Job(org=org), version=str(self.versions[org]), enabled=enabled)

    # producers

    def push(self):
        if self.tokens and self.chance(0.2):
            self.push_decision()
        elif self.ids and self.chance(0.25):
            spec = dict(self.random.choice(self.ids[-60:]))
            if self.chance(0.15):
                spec["digest"] += "-other"
            self.push_spec(spec)
        else:
            self.push_spec(self.new_spec())

    def new_spec(self):
        action = self.random.randrange(ACTIONS)
        deadline = self.shard.now_ms + self.random.randrange(120_000) if self.chance(0.1) else 0
        spec = {
            "kind": self.pick(call=80, early=8, ask=11.8, killer=0.2),
            "id": f"j{len(self.ids)}",
            "org": f"org{self.random.randrange(ORGS)}",
            "action": f"a{action}",
            "digest": f"digest-{len(self.ids)}",
            "repeatable": action % 2 == 1,
            "limit": 5 + 10 * (action // 2),
            "window_ms": 60_000,
            "deadline_ms": deadline,
        }
        self.ids.append(spec)
        return spec

    def push_decision(self):
        token, asked = self.random.choice(self.tokens[-20:])
        kind = self.pick(approve=3, decline=1)
        by = self.random.randrange(3)
        spec = {**asked, "kind": kind, "id": f"d-{token}-{by}", "token": token, "deadline_ms": 0}
        spec.update(digest=f"digest-{token}-{by}-{kind}", used=f"{kind} by {by}")
        self.push_spec(spec, "decisions")

    def push_spec(self, spec, queue=None):
        reply_to = f"r{len(self.pushes)}"
        self.pushes[reply_to] = spec["digest"]
        payload = json.dumps({**spec, "reply_to": reply_to})
        self.shard.push(payload, queue=queue or self.pick(chat=1, workflow=1))
        if not spec["repeatable"]:
            self.unsafe.add((spec["org"], spec["id"]))

    def new_token(self):
        self.counts["tokens"] += 1
        return f"t{self.counts['tokens']}"

    # the observer

    def sent(self, job):
        self.calls[job.org, job.id] += 1
        if job.token:
            self.users[job.token].add(job.id)

    def saw(self, items, texts):
        for item, text in zip(items, texts):
            word = text.split()[0]
            self.counts[word] += 1
            assert word != "error", text
            if isinstance(item, Begin):
                job, token = item.job, item.claim.token
                times = self.begun[self.shard.window(job), job.limit, job.window_ms * 1000]
                if word == "ok":
                    times[token] = int(text.split()[1])
                elif word != "lost":
                    times.pop(token, None)  # it was taken back and not begun anew
            elif isinstance(item, Done) and item.pending and word == "ok":
                spec = {name: getattr(item.job, name) for name in ("org", "action", "repeatable")}
                spec.update(limit=item.job.limit, window_ms=item.job.window_ms)
                self.tokens.append((item.pending[0], spec))

    # what happens

    def bury(self, process):
        """The process is gone with all it held; another one is started."""
        self.counts["deaths"] += 1
        if process in self.processes:
            self.processes[self.processes.index(process)] = Process(self)

    def tick(self, calm=False):
        self.shard.pass_us(self.random.randrange(100_000))
        process = self.random.choice(self.processes)
        if calm:
            process.stalled_until_ms = 0
        if process.stalled_until_ms > self.shard.now_ms:
            return
        fate = "fine" if calm else self.pick(fine=940, lost=25, late=10, stall=5, die=10, leave=3)
        if fate == "die":
            self.bury(process)
        elif fate == "leave":
            process.worker.leave()
            self.bury(process)
        elif fate == "stall":
            self.counts["stalls"] += 1
            process.stalled_until_ms = self.shard.now_ms + LEASE_MS + self.random.randrange(LEASE_MS)
        elif not process.connected:
            process.reconnect(lost=fate == "lost")
        else:
            self.counts[fate] += 1
            process.work()
            process.turn(fate)
            if self.chance(0.1) and process.connected:
                process.look_after_others()

    def bad_day(self):
        for _ in range(TICKS):
            for _ in range(self.random.choice((0, 1, 1, 2))):
                self.push()
            if self.chance(0.01):
                org = f"org{self.random.randrange(ORGS)}"
                self.change(org, self.pick(**{"1": 5, "0": 1}))
            if self.late and self.chance(0.05):
                self.come_late()
            self.tick()

    def come_late(self):
        """A turn of a connection that was given up arrives after all: before its worker is back, or after."""
        copy, items = self.late.pop(self.random.randrange(len(self.late)))
        answer = copy.turn(*items)
        if answer is None:
            self.counts["fenced"] += 1
        else:
            self.saw(items, answer.texts)

    def evening(self):
        for org in self.versions:
            self.change(org, "1")
        for _ in range(200):
            for _ in range(100):
                self.tick(calm=True)
            if not self.depth() and not self.shard.leftovers():
                return
        pytest.fail(f"left over: {self.shard.leftovers()}, in the queues: {self.depth()}")

    def depth(self):
        keys = [self.shard.jobs(queue) for queue in ("decisions", "chat", "workflow")]
        return sum(self.shard.redis.llen(key) for key in keys)


def check_replies(world):
    for reply_to, digest in world.pushes.items():
        replies = [json.loads(reply) for reply in world.shard.popped(reply_to)]
        assert len(replies) == 1, (reply_to, replies)
        assert replies[0]["digest"] == digest, (reply_to, replies)


def check_calls(world):
    for (org, id), count in world.calls.items():
        if (org, id) in world.unsafe:
            assert count == 1, (org, id, count)
        result = json.loads(world.shard.redis.get(world.shard.result(Job(org=org, id=id))))
        assert result["sent"] in ("yes", "maybe"), result
    for token, decisions in world.users.items():
        assert len(decisions) == 1, (token, decisions)


def check_windows(world):
    for (window, limit, length_us), times in world.begun.items():
        times = sorted(times.values())
        for first, over in zip(times, times[limit:]):
            assert over - first >= length_us, (window, limit, first, over)


def check_nothing_is_left(world):
    assert world.shard.leftovers() == []
    members = {process.worker.member for process in world.processes}
    assert set(world.shard.redis.zrange(world.shard.key("workers"), 0, -1)) >= members


def test_a_bad_day(redis_client):
    print(f"BELLHOP_SIM_SEED={SEED}")
    world = World(Shard(redis_client, clock=True), SEED)
    world.bad_day()
    world.evening()
    check_replies(world)
    check_calls(world)
    check_windows(world)
    check_nothing_is_left(world)
    print(len(world.pushes), "pushes,", sum(world.calls.values()), "calls,", dict(world.counts))
    if TICKS < 4000:
        return  # too short a day to have seen it all
    for seen in ("ok", "waiting", "duplicate", "conflict", "rate_limited", "lost", "fenced"):
        assert world.counts[seen] > 0, f"nobody saw {seen}: {world.counts}"
