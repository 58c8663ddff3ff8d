# SPDX-License-Identifier: MIT
"""Waiting for what can only be looked at: with a deadline, and with a sentence for when it never comes."""

import os
import time

# What every wait is multiplied with: above 1 where the programs are slowed down on purpose.
PATIENCE = float(os.environ.get("PATIENCE", "1"))


def wait_until(condition, what, timeout=10):
    """Looks until `condition()` is true and returns what it gave; fails saying what was waited for."""
    timeout *= PATIENCE
    deadline = time.monotonic() + timeout
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(0.003)
