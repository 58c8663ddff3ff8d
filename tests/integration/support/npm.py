# SPDX-License-Identifier: MIT
"""What the tests take from npm (tests/package.json) is there, or the tests that need it are skipped."""

import os

import pytest

from .programs import TOP

INSTALLED = os.path.join(TOP, "tests", "node_modules", ".installed")
needs_npm = pytest.mark.skipif(not os.path.exists(INSTALLED), reason="tests/node_modules is not there (scripts/setup test installs it)")
