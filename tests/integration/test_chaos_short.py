# SPDX-License-Identifier: MIT
"""
A short `make chaos`: workers, Redis and the network fail as drawn from a seed, and the history is held against the contract,
section 10. What it finds is in its output, the seed too; CHAOS holds other options for it.
"""

import os
import subprocess
import sys

from support.programs import TOP

# Other tests run at the same time: what is bounded in time gets more of it.
SHORT = "--jobs 7000 --deaths 14 --minutes 0.33 --workers 3 --lease-ms 2500 --slack 10"


def test_whatever_dies_each_job_has_one_reply_and_no_unsafe_call_is_made_twice():
    words = (os.environ.get("CHAOS") or SHORT).split()
    done = subprocess.run(
        [sys.executable, os.path.join(TOP, "tests", "chaos", "chaos.py"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("as promised\n"), done.stdout
