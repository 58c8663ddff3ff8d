# SPDX-License-Identifier: MIT
"""
A worker as worker/io/scripts/*.lua see one: what the C code sends, written down a second time and in small words.

    shard = Shard(redis_client, clock=True)     keys, scripts, and a clock that only the test moves
    shard.push(Job(id="a"))                     as a producer
    worker = Worker(shard).register()
    [claim] = worker.claim()
    worker.begin(claim)                         'ok 1795000000000000 0'
    worker.done(claim)                          'ok': one settle with a reply
    worker.turn(Begin(...), Done(...), claim=3) all that one call may hold; None where Redis calls the worker dead

A worker that dies is one that the test calls no more; an answer that is lost is one that the test does not look at.
"""

import itertools
import json
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from redis.exceptions import NoScriptError

SCRIPTS = Path(__file__).resolve().parents[2] / os.environ.get("BUILD", "build") / "lua"  # as the build put them together
CLOCK_KEY = "test:clock"
TIME = re.compile(r"(?:redis\.)?call\('TIME'\)")
LEASE_MS = 30000

STORE, REPLY, AUDIT, IDENTITY, BASIS, PENDING, DECLINE, DEAD, UNUSE = 1, 2, 4, 8, 16, 32, 64, 128, 256
QUEUES = ("decisions", "chat", "workflow")
AUDIT_FIELDS = (
    "id", "integration", "action", "version", "status", "code", "sent", "attempts",
    "begun_at_ms", "http_status", "ms", "by",
)  # fmt: skip

worker_names = itertools.count(1)


@dataclass(frozen=True)
class Job:
    """What a worker has read out of a payload, and what it knows of the integration when it acts."""

    id: str = "j1"
    org: str = "acme"
    integration: str = "tickets"
    action: str = "create"
    digest: str = "digest-1"
    reply_to: str = "chat-1"
    repeatable: bool = False
    deadline_ms: int = 0
    version: str = "1"
    limit: int = 10
    window_ms: int = 60000
    secrets: tuple = ()  # (field, tag) each
    token: str = ""  # a decision's
    used: str = '{"decision":"approve","by":"user-42","decision_id":"d1"}'
    note: str = ""  # makes payloads of jobs with one id differ

    @property
    def name(self):
        return f"{self.org}:{self.id}"

    @property
    def payload(self):
        return json.dumps({"v": 1, "id": self.id, "org": self.org, "note": self.note})


@dataclass(frozen=True)
class Claim:
    field: str
    payload: str

    def __getattr__(self, name):
        names = ("token", "queue", "deliveries", "birth", "carry")
        if name not in names:
            raise AttributeError(name)
        return self.field.split(" ")[names.index(name)]

    def envelope(self, deliveries=None, carry=None):
        """As C writes it: the field without its token. A claim that is given back was not delivered."""
        deliveries = int(self.deliveries) if deliveries is None else deliveries
        return f"{self.queue} {deliveries} {self.birth} {carry or self.carry}"


def reply_text(job, status="succeeded", sent="yes", **more):
    head = {"v": 1, "status": status, "sent": sent, "digest": job.digest, "id": job.id}
    return json.dumps({**head, **more}, separators=(",", ":"))


@dataclass
class Begin:
    claim: Claim
    job: Job

    def words(self, shard):
        job = self.job
        keys = [
            shard.result(job),
            shard.window(job),
            shard.integration(job),
            shard.secrets(job),
        ]
        if job.token:
            keys += [shard.confirm(job.org, job.token), shard.pending(job.org)]
        args = [self.claim.field, job.name, self.claim.birth, self.claim.token, job.digest]
        args += [int(job.repeatable), job.deadline_ms, job.version, job.action]
        args += [job.limit, job.window_ms * 1000, job.token, job.used if job.token else ""]
        return keys, args + secret_words(job)


@dataclass
class Done:
    """A settle with a reply. `identity` and `basis` for what was not begun."""

    claim: Claim
    job: Job
    reply: str = ""
    store: bool = True
    push: bool = True
    audit: dict = field(default_factory=dict)
    identity: bool = False
    basis: bool = False
    pending: tuple = ()  # token, expires_at_ms, keep_s, frozen
    decline: bool = False  # of job.token
    dead: str = ""
    unuse: int = 0  # until when job.token is good again

    def flags(self):
        flags = STORE * self.store + AUDIT + IDENTITY * self.identity + BASIS * self.basis
        flags += PENDING * bool(self.pending) + DECLINE * self.decline + DEAD * bool(self.dead)
        flags += UNUSE * bool(self.unuse)
        return flags + REPLY * bool(self.push and self.job.reply_to)

    def words(self, shard):
        job, claim, flags = self.job, self.claim, self.flags()
        keys = [shard.result(job), shard.waiting(job), shard.calls(job.org)]
        if flags & REPLY:
            keys.append(shard.replies(job.reply_to))
        if self.basis:
            keys += [shard.integration(job), shard.secrets(job)]
        if self.pending or self.decline or self.unuse:
            token = self.pending[0] if self.pending else job.token
            keys += [shard.confirm(job.org, token), shard.pending(job.org)]
        reply = self.reply or reply_text(job)
        args = ["done", claim.field, job.name, claim.birth, claim.token, job.digest, flags, reply]
        known = {"id": job.id, "integration": job.integration, "action": job.action}
        audit = {**dict.fromkeys(AUDIT_FIELDS, ""), **known, **self.audit}
        args += [audit[name] for name in AUDIT_FIELDS]
        if self.basis:
            args += [job.version, job.action] + secret_words(job)
        args += list(self.pending)
        if self.decline:
            args += [job.token, job.version, job.used]
        if self.unuse:
            args += [job.token, self.unuse, job.used]
        return keys, args + [self.dead] * bool(self.dead)


@dataclass
class PutBack:
    """'give', 'retry', 'unsent' or 'again'."""

    kind: str
    claim: Claim
    envelope: str
    due_ms: int = 0
    job: Job = None

    def words(self, shard):
        args = [self.kind, self.claim.field, self.envelope]
        if self.kind == "give":
            return [], args
        if self.kind in ("unsent", "again"):
            return [shard.key("delayed")], args + [self.due_ms, self.job.name, self.claim.birth]
        return [shard.key("delayed")], args + [self.due_ms]


@dataclass
class Park:
    claim: Claim
    envelope: str
    lane: str
    queue: str
    first: bool = False

    def words(self, shard):
        keys = [shard.key("parked"), shard.key(f"parked:{self.lane}:{self.queue}")]
        return keys, ["park", self.claim.field, self.envelope, self.lane, int(self.first)]


def secret_words(job):
    return [len(job.secrets)] + [word for secret in job.secrets for word in secret]


@dataclass
class Answer:
    now_us: int
    credits: list
    replies_dropped: int
    dead_dropped: int
    audit_trimmed: int
    audit_lost: int
    not_lists: str  # keys, with a space between
    texts: list  # of the items, in the order in which the test named them
    claims: list


class Shard:
    """The keys of one shard, its scripts, and its clock where a test wants to move it."""

    def __init__(self, client, name="main", clock=False):
        self.redis = client
        self.name = name
        self.has_clock = clock
        self.scripts = {path.stem: self.read(path) for path in SCRIPTS.glob("*.lua")}
        self.shas = {}
        if clock:
            self.set_clock(1_795_000_000_000_000)

    def read(self, path):
        text = path.read_text()
        if self.has_clock:
            text = TIME.sub(f"redis.call('LRANGE', '{CLOCK_KEY}', 0, 1)", text)
        return text

    def call(self, script, keys, args):
        for _ in range(2):
            try:
                return self.redis.evalsha(self.shas.get(script, "0" * 40), len(keys), *keys, *args)
            except NoScriptError:
                self.shas[script] = self.redis.script_load(self.scripts[script])
        raise AssertionError(f"{script} is loaded and not there")

    # the clock

    def set_clock(self, us):
        self.now_us = us
        with self.redis.pipeline() as pipe:
            pipe.delete(CLOCK_KEY)
            pipe.rpush(CLOCK_KEY, us // 1_000_000, us % 1_000_000)
            pipe.execute()

    def pass_ms(self, ms):
        self.pass_us(ms * 1000)

    def pass_us(self, us):
        self.set_clock(self.now_us + us)

    @property
    def now_ms(self):
        return self.now_us // 1000

    # keys

    def key(self, *parts):
        return ":".join((f"bellhop:{{{self.name}}}", *parts))

    def jobs(self, queue):
        return self.key("jobs", queue)

    def replies(self, reply_to):
        return self.key("replies", reply_to)

    def claims(self, worker):
        return self.key("claims", worker)

    def result(self, job):
        return self.key("result", job.org, job.id)

    def waiting(self, job):
        return self.key("waiting", job.org, job.id)

    def calls(self, org):
        return self.key("org", org, "calls")

    def pending(self, org):
        return self.key("org", org, "pending")

    def confirm(self, org, token):
        return self.key("org", org, "confirm", token)

    def integration(self, job):
        return self.key("org", job.org, "integration", job.integration)

    def secrets(self, job):
        return self.key("org", job.org, "secrets", job.integration)

    def window(self, job):
        return self.key("org", job.org, "window", job.integration, job.action)

    # what producers, administrators and consumers do

    def push(self, *jobs, queue="chat"):
        for job in jobs:
            self.redis.lpush(self.jobs(queue), job if isinstance(job, str) else job.payload)

    def define(self, job=Job(), version="1", **fields):
        self.redis.hset(
            self.integration(job), mapping={"version": version, "enabled": "1", **fields}
        )

    def popped(self, reply_to="chat-1"):
        """Replies as a consumer gets them: the oldest first."""
        replies = self.redis.lrange(self.replies(reply_to), 0, -1)
        self.redis.delete(self.replies(reply_to))
        return replies[::-1]

    def dead(self):
        """Dead letters, the oldest first."""
        return [json.loads(entry) for entry in self.redis.lrange(self.key("dead"), 0, -1)][::-1]

    def leftovers(self):
        """What is there only while something is under way."""
        internal = ("claims:", "waiting:", "begun", "retry", "delayed", "dying")
        names = self.redis.keys(self.key("*"))
        return sorted(n for n in names if n[len(self.key("")) :].startswith(internal))


class Worker:
    """One worker process: its names, its count of tokens, its credits."""

    def __init__(self, shard, W=None, weights=(8, 4, 1), **limits):
        self.shard = shard
        self.W = W or f"w{next(worker_names)}"
        self.epoch = 1
        self.next_token = 1
        self.credits = [0, 0, 0]
        self.weights = weights
        self.workflow_room = 1000
        self.limits = {
            "result_ttl": 3600,
            "reply_ttl": 86400,
            "reply_max": 10000,
            "calls_max": 10000,
            "dead_max": 10000,
            "pending_max": 1000,
            "waiting_max": 1000,
            **limits,
        }

    @property
    def member(self):
        return f"{self.W}:{self.epoch}"

    @property
    def claims_key(self):
        return self.shard.claims(self.W)

    def _call(self, script, keys, args):
        answer = self.shard.call(script, [self.shard.key(k) for k in keys], args)
        return None if answer == "dead" else answer

    # life

    def register(self):
        """The first time."""
        answer = self._call("register", ["workers", f"claims:{self.W}"], ["", self.member])
        assert len(answer) == 1
        return self

    def come_back(self, *unanswered):
        """
        After a lost connection: the fields Redis holds, or None where it calls the worker dead. `unanswered` are epochs
        whose registering had no answer.
        """
        old = self.member
        self.epoch = max((self.epoch, *unanswered)) + 1
        args = [old, self.member] + [f"{self.W}:{epoch}" for epoch in unanswered]
        answer = self._call("register", ["workers", f"claims:{self.W}"], args)
        return None if answer is None else answer[1:]

    def renew(self, promote=100, seen=()):
        keys = ["workers", "dying", "retry", "delayed", "taken"]
        keys += [tail + queue for tail in ("jobs:", "ages:") for queue in QUEUES] + ["parked"]
        answer = self._call("renew", keys, [self.member, LEASE_MS, promote, *seen])
        if answer is None:
            return None
        now_us, promoted, due, *ages, parked, expired, lanes = map(int, answer[:9])
        wrong, names = answer[9].split(), answer[10:]
        rest = names[expired:]
        return Renewed(now_us, promoted, due, ages, names[:expired], rest[lanes:], parked, rest[:lanes], wrong)

    def wake(self, *lanes, at_most=100):
        """`lanes` are (name, room, room for workflows). (woken, left of chat, left of workflows) for each, or None."""
        keys = ["workers", "retry", "parked"]
        keys += [f"parked:{name}:{queue}" for name, *_ in lanes for queue in ("chat", "workflow")]
        args = [self.member, at_most] + [word for lane in lanes for word in lane]
        answer = self._call("wake", keys, args)
        return answer and [tuple(answer[at : at + 3]) for at in range(0, len(answer), 3)]

    def park(self, claim, lane="o:acme", queue="workflow", first=False):
        envelope = claim.envelope(int(claim.deliveries) - 1)
        return self.ask(Park(claim, envelope, lane, queue, first))

    def reap(self, W, member="", most=100):
        keys = ["workers", "dying", "retry", f"claims:{W}"]
        return self._call("reap", keys, [self.member, W, member, LEASE_MS, most])

    def take_over(self):
        """What a janitor does: renews, and empties all whose lease has ended. How many claims were put back."""
        seen, moved = self.renew(), 0
        dead = [(m.rsplit(":", 1)[0], m) for m in seen.expired] + [(w, "") for w in seen.dying]
        for W, member in dead:
            left = 1
            while left:
                count, left = self.reap(W, member)
                moved += count
                member = ""
        return moved

    def leave(self):
        keys = ["workers", "dying", f"claims:{self.W}"]
        return self._call("leave", keys, [self.member, self.W])

    # turns

    def turn(self, *items, claim=0, claim_bytes=4 << 20):
        shard, limits = self.shard, self.limits
        begins = [item for item in items if isinstance(item, Begin)]
        settles = [item for item in items if not isinstance(item, Begin)]
        keys = [shard.key("workers"), self.claims_key]
        keys += [shard.key(tail) for tail in ("begun", "retry", "dead")]
        keys += [shard.jobs(queue) for queue in QUEUES] + [shard.key("taken")]
        args = [self.member, self.W, *limits.values(), len(settles), len(begins), claim]
        args += [claim_bytes, self.next_token, *self.credits, *self.weights, self.workflow_room]
        for item in settles + begins:
            item_keys, item_args = item.words(shard)
            keys += item_keys
            args += item_args
        self.next_token += claim  # asked for is used up: the answer may get lost
        answer = shard.call("turn", keys, args)
        if answer == "dead":
            return None
        self.credits = [int(credit) for credit in answer[1:4]]
        words = dict(zip(map(id, settles + begins), answer[9:]))
        rest = answer[9 + len(items) :]
        return Answer(
            int(answer[0]),
            self.credits,
            answer[4],
            answer[5],
            answer[6],
            answer[7],
            answer[8],
            [words[id(item)] for item in items],
            [Claim(*pair) for pair in zip(rest[::2], rest[1::2])],
        )

    def claim(self, count=1, **more):
        return self.turn(claim=count, **more).claims

    def ask(self, item):
        """One item alone: its text, or None where the worker is dead."""
        answer = self.turn(item)
        return answer and answer.texts[0]

    def begin(self, claim, job=None, **changes):
        return self.ask(Begin(claim, replace(job or Job(), **changes)))

    def done(self, claim, job=None, **more):
        return self.ask(Done(claim, job or Job(), **more))

    def give(self, claim):
        return self.ask(PutBack("give", claim, claim.envelope(int(claim.deliveries) - 1)))

    def retry(self, claim, due_ms, carry=None):
        envelope = claim.envelope(int(claim.deliveries) - 1, carry)
        return self.ask(PutBack("retry", claim, envelope, due_ms))

    def unsent(self, claim, due_ms, job=None):
        envelope = claim.envelope(int(claim.deliveries) - 1)
        return self.ask(PutBack("unsent", claim, envelope, due_ms, job or Job()))

    def again(self, claim, due_ms, job=None, carry=None):
        envelope = claim.envelope(int(claim.deliveries) - 1, carry)
        return self.ask(PutBack("again", claim, envelope, due_ms, job or Job()))


@dataclass
class Renewed:
    now_us: int
    promoted: int
    next_due_ms: int
    ages_ms: list  # of the oldest job of each queue; -1: it holds none
    expired: list
    dying: list
    parked: int  # jobs that wait for a slot
    lanes: list  # some of those they wait in
    wrong_keys: list
