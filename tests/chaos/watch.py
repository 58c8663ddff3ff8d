# SPDX-License-Identifier: MIT
"""How long it takes: from a worker's death to the end of what it held, from Redis's return to the first reply."""

import time

from jobs import UNSAFE
from world import key

GRACE_S = 2


class Death:
    def __init__(self, at, name):
        self.at = self.since = at
        self.name = name
        self.held, self.unsafe = set(), set()
        self.taken_over = None
        self.complained = False


class Watch:
    def __init__(self, world, options, producer):
        self.world, self.options, self.producer = world, options, producer
        self.bound = options.lease_ms / 1000 + GRACE_S + options.slack
        self.deaths, self.returned = [], None
        self.last_disturbed = float("-inf")
        self.looked = time.monotonic()
        self.problems = []
        self.death_times, self.over_times, self.return_times = [], [], []
        self.quiet_times = []  # of deaths that nothing else came between
        self.held_by_dead = 0

    def died(self, process):
        """Called when it has just been killed: what does Redis hold for it?"""
        now = time.monotonic()
        self.last_disturbed = now
        death = Death(now, process.name())
        self.deaths.append(death)
        if not death.name or not self.world.redis_up:
            return
        for field, payload in self.world.client.hgetall(key("claims:" + death.name)).items():
            self._add_held(death, field, payload)
        for other in self.deaths[:-1]:  # it is with this one now
            other.unsafe -= death.unsafe
            other.held -= death.held
        self.held_by_dead += len(death.held)

    def _add_held(self, death, field, payload):
        at = payload.find('"id": "')
        if at < 0:
            return
        message_id = payload[at + 7 : payload.index('"', at + 7)]
        number = self.producer.number_of(message_id)
        death.held.add(message_id)
        # The rest may rightly wait: for an upstream, for its next attempt, for room.
        if self.producer.kinds[number] in UNSAFE and "l" not in self.producer.plans[number] and field.endswith(" -"):
            death.unsafe.add(message_id)

    def disturbed(self):
        """Something else than a death: what is awaited may take as long from here on."""
        now = time.monotonic()
        self.last_disturbed = now
        for death in self.deaths:
            death.since = now
        if self.returned:
            self.returned = now

    def redis_returned(self):
        self.disturbed()
        self.returned = time.monotonic()

    def replied(self):
        if self.returned:
            self.return_times.append(time.monotonic() - self.returned)
            if self.return_times[-1] > GRACE_S + self.options.slack:
                self.problems.append(f"{self.return_times[-1]:.2f} s from Redis's return to the first reply")
            self.returned = None

    def step(self):
        now = time.monotonic()
        if now - self.looked < 0.02:
            return
        if now - self.looked > 0.3:  # this machine stalls, ourselves too
            for death in self.deaths:
                death.since += now - self.looked
        self.looked = now
        for death in list(self.deaths):
            self._look_at(death, now)

    def _look_at(self, death, now):
        awaited = self.producer.open
        if not death.taken_over and (not death.name or not self.world.client.exists(key("claims:" + death.name))):
            death.taken_over = now
            self.over_times.append(now - death.at)
        death.unsafe = {one for one in death.unsafe if one in awaited}
        death.held = {one for one in death.held if one in awaited}
        if death.taken_over and not death.unsafe:
            self.death_times.append(now - death.at)
            if death.since == death.at:
                self.quiet_times.append(now - death.at)
            self.deaths.remove(death)
        elif now - death.since > self.bound and not death.complained:
            death.complained = True
            what = f"{len(death.unsafe)} jobs not answered" if death.taken_over else "claims not taken over"
            self.problems.append(f"{now - death.at:.2f} s after a worker's death, {self.bound} s undisturbed: {what}")
