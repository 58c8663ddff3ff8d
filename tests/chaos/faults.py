# SPDX-License-Identifier: MIT
"""What goes wrong, and when: drawn from the seed. Whatever begins here also ends here."""

import heapq
import itertools
import random
import signal
import time
from collections import Counter

OTHERS = {
    "stall_worker": 10, "kill_redis": 4, "stall_redis": 3, "cut": 6, "cut_by_reset": 6, "silence": 6, "lose_answers": 8,
    "forget_scripts": 5, "kill_clients": 5, "reset_upstream": 6, "stop_worker": 6, "roll": 1,
}  # fmt: skip


class Faults:
    """`deaths` kills of workers and as many other faults, anywhere in the time of the run."""

    def __init__(self, world, options, watch):
        self.world, self.options, self.watch = world, options, watch
        self.lease = options.lease_ms / 1000
        self.begins, self.ends, self.order = [], [], itertools.count()
        self.counts = Counter()
        rng, seconds, slots = random.Random(f"{options.seed} faults"), options.minutes * 60, len(world.slots)
        others = rng.choices(list(OTHERS), weights=list(OTHERS.values()), k=options.deaths)
        for name in ["kill_worker"] * options.deaths + others:
            at, slot, part = time.monotonic() + rng.uniform(0, seconds), rng.randrange(slots), rng.random()
            heapq.heappush(self.begins, (at, next(self.order), name, slot, part))

    def at(self, seconds, act):
        heapq.heappush(self.ends, (time.monotonic() + seconds, next(self.order), act))

    def step(self):
        while self.ends and self.ends[0][0] <= time.monotonic():
            heapq.heappop(self.ends)[2]()
        while self.begins and self.begins[0][0] <= time.monotonic():
            _, _, name, slot, part = heapq.heappop(self.begins)
            if self.world.redis_up or not name.endswith(("redis", "scripts", "clients")):
                self.counts[name] += 1
                if name != "kill_worker":
                    self.watch.disturbed()
                getattr(self, name)(slot, part)

    def stop(self):
        """No new ones; those that last come to their ends."""
        self.begins = []

    def are_over(self):
        return not self.begins and not self.ends

    def kill_worker(self, slot, _):
        self.watch.died(self.world.kill_worker(slot))

    def stall_worker(self, slot, part):
        process = self.world.slots[slot]
        process.popen.send_signal(signal.SIGSTOP)

        def resume():
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGCONT)
            self.watch.disturbed()

        self.at((0.2 + 1.6 * part) * self.lease, resume)

    def kill_redis(self, _, part):
        self.world.redis_up = False
        self.world.redis.kill()

        def start():
            self.world.redis.start()
            self.world.redis_up = True
            self.watch.redis_returned()

        self.at(part, start)

    def stall_redis(self, _, part):
        self.world.redis_up = False
        self.world.redis.pause()

        def resume():
            self.world.redis.resume()
            self.world.redis_up = True
            self.watch.redis_returned()

        self.at((0.05 + 1.5 * part) * self.lease, resume)

    def cut(self, slot, _):
        self.world.tell_proxy("cut", slot, 0)

    def cut_by_reset(self, slot, _):
        self.world.tell_proxy("cut", slot, 1)

    def silence(self, slot, part):
        self._for_a_while("hold", slot, int((0.1 + 1.9 * part) * self.lease * 1000))

    def lose_answers(self, slot, part):
        self._for_a_while("drop", slot, 2 + int(300 * part))

    def _for_a_while(self, how, slot, ms):
        self.world.tell_proxy(how, slot, ms)
        self.at(ms / 1000, self.watch.disturbed)

    def forget_scripts(self, *_):
        self.world.client.script_flush()

    def kill_clients(self, *_):
        self.world.client.client_kill_filter(_type="normal", skipme=True)

    def reset_upstream(self, *_):
        self.world.upstream.send_signal(signal.SIGUSR1)

    def stop_worker(self, slot, _):
        self.world.ask_to_go(slot)

    def roll(self, _, part):
        for slot in range(len(self.world.slots)):
            self.at(slot * (0.1 + 0.4 * part), lambda slot=slot: self.world.ask_to_go(slot))
