# SPDX-License-Identifier: MIT
"""Holds the history of a chaos against what is promised: contract, section 10."""

import json
import re
import time
from collections import Counter, deque

from jobs import ASK, KINDS, REPLIES, UNSAFE
from world import ORGS, key

SENTS = ("no", "maybe", "yes")
BROKEN = set("rdhck")
CODES = {
    "succeeded", "upstream_status", "connection_lost", "outcome_unknown", "timeout", "connect_failed", "expired", "internal",
    "rate_limited", "invalid_response", "confirmation_used", "declined",
}  # fmt: skip
SHOWN = 5  # of each kind


class Problems:
    """What was found: the first few of each kind are said at once, the rest is counted."""

    def __init__(self):
        self.kinds = Counter()

    def add(self, text):
        kind = re.sub(r"[0-9.]+", "N", text.split(": ")[0])
        kind = re.sub(r" \(.*?\)", "", kind)
        self.kinds[kind] += 1
        if self.kinds[kind] <= SHOWN:
            print("WRONG: " + text, flush=True)

    def __len__(self):
        return self.kinds.total()


class Checker:
    def __init__(self, world, producer, watch, problems):
        self.world, self.producer, self.watch, self.problems = world, producer, watch, problems
        self.client = world.client
        self.sent = bytearray()  # of all replies about a job, the strongest
        self.ends = Counter()
        self.first = {}  # id -> (hash, status, sent, code) of its first reply
        self.unknown = {}  # number -> cause
        self.given_up = {}  # id -> reply, of those that only too many deliveries can end like this
        self.replies = 0
        self.last = deque(maxlen=500)

    def step(self):
        """Takes the replies that are there; whether there were some."""
        texts = self.client.rpop(key("replies:" + REPLIES), 500) or []
        for text in texts:
            self.take(text)
        if texts:
            self.watch.replied()
        return bool(texts)

    def take(self, text):
        self.replies += 1
        reply = json.loads(text)
        open_ = self.producer.open
        owed = open_.get(reply["id"], 0)
        if owed == 0:
            self.problems.add(f"a reply too many: {text}")
            return
        if owed == 1:
            del open_[reply["id"]]
        else:
            open_[reply["id"]] = owed - 1
        number = self.producer.number_of(reply["id"])
        if number >= len(self.sent):
            self.sent.extend(bytes(self.producer.count - len(self.sent)))
        self.judge(reply, text, number)

    def judge(self, reply, text, number):
        kind = KINDS[self.producer.kinds[number]]
        code = reply["error"]["code"] if reply["status"] == "failed" else reply["status"]
        is_new = self.is_new(reply, text, code)
        if not is_new:
            return
        sent = SENTS.index(reply["sent"])
        self.sent[number] = max(self.sent[number], sent)
        self.ends[f"{kind} {code}"] += 1
        if code == "confirmation_pending":
            if kind != "ask" or "confirms" in reply:
                self.problems.add(f"nobody is asked here: {text}")
            self.producer.confirmation(number, reply["confirmation"]["token"])
            return
        if code not in CODES:
            self.problems.add(f"not an end of this: {text}")
        if kind == "ask" and "confirms" in reply and reply["confirms"] != self.producer.prefix + str(number):
            self.problems.add(f"confirms another job: {text}")
        if code == "succeeded" and reply["output"] != {"n": number}:
            self.problems.add(f"another job's output: {text}")
        if reply.get("http", {}).get("attempts", 0) > 3:
            self.problems.add(f"more than three attempts: {text}")
        if code == "internal":
            self.given_up[reply["id"]] = text
        if code == "outcome_unknown":
            self.note_unknown(reply, text, number)
        self.last.append((number, reply["id"], text))

    def is_new(self, reply, text, code):
        """A second reply under an id is the first one, but where that one left the id free."""
        seen = self.first.get(reply["id"])
        if seen is None or (seen[1] == "failed" and seen[2] == "no"):
            self.first[reply["id"]] = (hash(text), reply["status"], reply["sent"], code)
            return True
        if seen[0] != hash(text):
            self.problems.add(f"a duplicate has another reply than the first: {text}")
        return False

    def note_unknown(self, reply, text, number):
        cause = reply["error"].get("details", {}).get("cause", "?")
        self.unknown[number] = cause
        if self.producer.kinds[number] not in UNSAFE:
            self.given_up[reply["id"]] = text
        if cause == "worker_lost" and self.watch.last_disturbed < self.producer.pushed_at[number]:
            self.problems.add(f"no worker was lost: {text}")

    def read_history(self):
        """number -> (how often the upstream saw it, what it did the first time)"""
        seen, hashes = {}, {}
        with open(self.world.history, encoding="ascii") as history:
            for line in history:
                number, _, what, act = line.split()
                number = int(number)
                times, first = seen.get(number, (0, act))
                seen[number] = (times + 1, first)
                if hashes.setdefault(number, what) != what:
                    self.problems.add(f"job {number} was repeated with other bytes or another key")
        return seen

    def check_history(self):
        seen = self.read_history()
        for number in range(self.producer.count):
            times, act = seen.get(number, (0, ""))
            kind = self.producer.kinds[number]
            what = f"job {number} ({KINDS[kind]}, plan {self.producer.plans[number]})"
            sent = SENTS[self.sent[number]] if number < len(self.sent) else "no"
            if kind in UNSAFE and times > 1:
                self.problems.add(f"{what} may not be repeated and was seen {times} times")
            if sent == "no" and times > 0:
                self.problems.add(f"{what} was seen {times} times, and its reply says it was not sent")
            if sent == "yes" and times == 0:
                self.problems.add(f"{what} was never seen, and its reply says it was sent")
            if self.unknown.get(number) == "connection_lost" and times and act not in BROKEN:
                self.problems.add(f"{what} was answered, and its reply says the connection was lost")
        self.check_decisions()
        return seen

    def check_decisions(self):
        """Of those who said yes or no to the same, one at most was heard; not all came too late."""
        heard, said = Counter(), Counter()
        for message_id, (_, status, sent, code) in self.first.items():
            number, *decision = message_id[len(self.producer.prefix) :].split("-")
            if decision:
                said[number] += 1
                heard[number] += status == "declined" or sent != "no"
                said[number, "used"] += code == "confirmation_used"
        for number, count in heard.items():
            if count > 1:
                self.problems.add(f"{count} decisions about job {number} were heard")
            if said[number] == said[number, "used"]:
                self.problems.add(f"every decision about job {number} came too late")

    def check_results(self):
        """What is kept for who lost a reply is that reply."""
        for number, message_id, text in self.last:
            kept = self.client.get(key(f"result:{ORGS[self.producer.orgs[number]]}:{message_id}"))
            if kept is not None and kept != text and self.first[message_id][0] == hash(text):
                self.problems.add(f"result: is another than the reply: {kept} and {text}")

    def leftovers(self):
        """What is still there of what should be gone."""
        names = [key(name) for name in ("jobs:chat", "jobs:workflow", "jobs:decisions", "begun", "retry", "delayed", "dying", "parked")]
        left = [name for name in names if self.client.exists(name)]
        for pattern in ("claims:*", "waiting:*", "parked:*"):
            left += list(self.client.scan_iter(key(pattern), count=10000))
        return left

    def check_dead(self):
        entries = [json.loads(entry) for entry in self.client.lrange(key("dead"), 0, -1)]
        buried = {json.loads(entry["payload"])["id"] for entry in entries}
        for message_id in buried - self.first.keys():
            self.problems.add(f"dead and not answered: {message_id}")
        for message_id in self.given_up.keys() - buried:
            self.problems.add(f"given up and not in dead: {self.given_up[message_id]}")
        return len(entries)

    def wait_for_the_end(self, seconds, turn):
        """Until all is answered and nothing is left; `turn` is what goes on meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            turn()
            if not self.producer.open and not self.producer.later and not self.leftovers():
                return
        for message_id in list(self.producer.open):
            self.problems.add(f"no reply: {message_id} ({KINDS[self.producer.kinds[self.producer.number_of(message_id)]]})")
        for name in self.leftovers():
            self.problems.add(f"left over: {name}")


def share_of_unknown(checker, producer, seen):
    """(calls that may not be repeated, of these outcome_unknown, of these truly sent)"""
    calls = sum(
        1 for number, kind in enumerate(producer.kinds)
        if kind in UNSAFE and (kind != ASK or number in seen or number in checker.unknown)
    )  # fmt: skip
    return calls, len(checker.unknown), sum(1 for number in checker.unknown if number in seen)
