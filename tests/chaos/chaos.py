#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
chaos: workers, Redis, the network and an upstream fail as drawn from a seed, under load; then the history is held against the
contract: one reply for each job, no second send of what may not be repeated, nothing lost, nothing stuck. Everything is
started here, on a temporary folder (TMPDIR) and the loopback interface, and stopped here. Exit 0: as promised.

    make chaos CHAOS='--jobs 200000 --deaths 200 --seed 7 --minutes 10'      BUILD names the folder of the programs
"""

import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]

# pylint: disable=wrong-import-position
from checker import Checker, Problems, share_of_unknown  # noqa: E402
from faults import Faults  # noqa: E402
from jobs import Producer, Windows  # noqa: E402
from watch import Watch  # noqa: E402
from world import World  # noqa: E402


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=30000)
    parser.add_argument("--deaths", type=int, default=40, help="how many workers are killed; about as many other faults come")
    parser.add_argument("--minutes", type=float, default=1, help="over which these are spread")
    parser.add_argument("--seed", type=int, help="repeats the choices of a run, not its timing")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--lease-ms", type=int, default=1500)
    parser.add_argument("--backlog", type=int, default=3000, help="no more jobs than these are unanswered at once")
    parser.add_argument("--slack", type=float, default=0, help="seconds added to the bounds, on a machine that is busy otherwise")
    parser.add_argument("--keep", action="store_true", help="keep the folder of logs and history")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    options.rate = options.jobs / (options.minutes * 60)
    return options


class Chaos:
    def __init__(self, options):
        self.options = options
        self.problems = Problems()
        self.world = World(options, random.Random(f"{options.seed} world"))
        self.producer = Producer(self.world, options, random.Random(f"{options.seed} jobs"))
        self.watch = Watch(self.world, options, self.producer)
        self.faults = Faults(self.world, options, self.watch)
        self.checker = Checker(self.world, self.producer, self.watch, self.problems)
        self.windows = Windows(self.world.client)
        self.said = time.monotonic()

    def turn(self):
        self.faults.step()
        self.world.look_after_leaving()
        moved = False
        if self.world.redis_up:
            self.producer.step()
            moved = self.checker.step()
            self.windows.step()
            self.watch.step()
        if not moved:
            time.sleep(0.002)
        if time.monotonic() - self.said > 30:
            self.said = time.monotonic()
            print(f"  {self.checker.replies} replies, {len(self.producer.open)} open, {self.faults.counts['kill_worker']} deaths, {len(self.problems)} problems", flush=True)

    def run(self):
        until = time.monotonic() + self.options.minutes * 60
        while time.monotonic() < until or self.producer.count < self.options.jobs:
            self.turn()
            if len(self.problems) > 1000 or time.monotonic() > until + self.options.minutes * 60 + 60:
                break
        self.faults.stop()
        while not self.faults.are_over():
            self.turn()
        self.options.jobs = self.producer.count
        self.checker.wait_for_the_end(30 + 4 * self.options.lease_ms / 1000, self.turn)
        for _ in range(50):  # of a reply too many, too
            self.turn()

    def check(self):
        self.checker.check_results()
        self.dead = self.checker.check_dead()
        self.wait_for_the_dead()
        self.world.end_workers()
        self.world.end_upstream()
        self.seen = self.checker.check_history()
        late = [*self.watch.problems, *self.windows.problems(), *self.world.stopped_badly, *self.world.log_complaints()]
        for text in late:
            self.problems.add(text)
        if self.listed() > 0:
            self.problems.add("workers that left are still in the list of workers")

    def listed(self):
        return self.world.client.zcard("bellhop:{chaos}:workers")

    def wait_for_the_dead(self):
        """Whoever was killed last is taken from the list by the living, once the lease ended; an outage adds another lease."""
        until = time.monotonic() + 2 * self.options.lease_ms / 1000 + 2 + self.options.slack
        while self.listed() > len(self.world.slots):
            if time.monotonic() > until:
                self.problems.add("workers that were killed are still in the list of workers")
                return
            self.turn()

    def report(self, seconds):
        producer, checker, watch = self.producer, self.checker, self.watch
        calls, unknown, truly = share_of_unknown(checker, producer, self.seen)
        requests = sum(times for times, _ in self.seen.values())
        print(f"{producer.count} jobs ({producer.twins} pushed twice, {producer.decisions} decisions), {checker.replies} replies, "
              f"{requests} requests in {seconds:.0f} s: {producer.count / seconds:.0f} jobs/s")
        print(f"faults: {', '.join(f'{count} {name}' for name, count in sorted(self.faults.counts.items()))}; "
              f"{self.world.started} workers started, {watch.held_by_dead} jobs held by the killed ones")
        for kind in ("read", "replace", "keyed", "limited", "create", "ask"):
            ends = {name.split()[1]: count for name, count in sorted(checker.ends.items()) if name.startswith(kind + " ")}
            print(f"  {kind}: " + ", ".join(f"{count} {code}" for code, count in ends.items()))
        print(f"outcome_unknown: {unknown} of {calls} calls that may not be repeated ({100 * unknown / max(calls, 1):.2f}%), "
              f"{truly} of them were seen by the upstream")
        print(f"window: {self.windows.total()} calls begun under the limit; dead letters: {self.dead}")
        print(f"a worker's death, until what it held and may not be repeated is answered (lease {self.options.lease_ms / 1000} s): "
              f"{longest(watch.quiet_times)} of the {len(watch.quiet_times)} deaths that no other fault came between; "
              f"{longest(watch.death_times)} of all {len(watch.death_times)}")
        print(f"Redis's return: {longest(watch.return_times)} until the first reply")


def longest(times):
    if not times:
        return "never seen"
    times = sorted(times)
    return f"{times[-1]:.2f} s at most, {times[len(times) // 2]:.2f} s the median"


def main():
    options = read_options()
    print(f"chaos --seed {options.seed} --jobs {options.jobs} --deaths {options.deaths} --minutes {options.minutes} "
          f"--workers {options.workers} --lease-ms {options.lease_ms}", flush=True)
    chaos = Chaos(options)
    keep = True
    began = time.monotonic()
    try:
        chaos.run()
        seconds = time.monotonic() - began
        chaos.check()
        chaos.report(seconds)
        keep = options.keep or len(chaos.problems) > 0
    finally:
        chaos.world.close(keep)
    for kind, count in chaos.problems.kinds.most_common():
        print(f"{count:7} times: {kind}")
    print("as promised" if len(chaos.problems) == 0 else f"{len(chaos.problems)} broken promises; logs and history are in {chaos.world.folder}")
    return 1 if len(chaos.problems) > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
