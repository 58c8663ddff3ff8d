# SPDX-License-Identifier: MIT
"""The stories' Redis is one of their own (tests/scenarios/fakes/redis*.c). Here it is held against a real one."""

import os
import subprocess

from support.programs import BUILD

STORIES = os.path.join(BUILD, "tests", "scenarios", "scenarios")


def test_a_real_redis_answers_every_command_of_the_stories_as_the_fake_one_does(new_redis):
    assert os.path.exists(STORIES), f"{STORIES} is not built: make scenarios"
    ran = subprocess.run(
        [STORIES],
        env={**os.environ, "BELLHOP_STORY_REDIS": new_redis().socket_path, "BELLHOP_STORY_EVERY": "41"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    assert ran.stdout.count("[       OK ]") > 60
