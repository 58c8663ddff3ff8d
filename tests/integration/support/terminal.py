# SPDX-License-Identifier: MIT
"""A program run on a terminal: what it shows there, and what is typed."""

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from dataclasses import dataclass

from .programs import BUILD, environment


@dataclass
class Session:
    code: int
    shown: str
    echo_at_end: bool


def _wait_for(master, shown, text, deadline):
    while text.encode() not in shown:
        left = deadline - time.monotonic()
        assert left > 0, f"waited for {text!r}, got {bytes(shown)!r}"
        if not select.select([master], [], [], left)[0]:
            continue
        try:
            shown += os.read(master, 65536)
        except OSError:  # the program closed its end
            raise AssertionError(f"{text!r} never came: {bytes(shown)!r}") from None


def _drain(master, shown, deadline):
    while time.monotonic() < deadline:
        try:
            got = os.read(master, 65536)
        except OSError:
            return
        if not got:
            return
        shown += got
    raise AssertionError(f"the program does not end: {bytes(shown)!r}")


def run_on_terminal(program, arguments, options=None, prompt=None, typed="", meanwhile=None, timeout=30):
    """Standard input, output and error are one terminal. `typed` is typed once `prompt` is shown, after
    `meanwhile()` has been called."""
    master, slave = pty.openpty()
    deadline = time.monotonic() + timeout
    process = subprocess.Popen(
        [os.path.join(BUILD, program), *arguments],
        env=environment(options or {}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
    )
    shown = bytearray()
    try:
        if prompt:
            _wait_for(master, shown, prompt, deadline)
            if meanwhile:
                meanwhile()
            os.write(master, typed.encode())
        code = process.wait(timeout)
        echo = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(slave)
    _drain(master, shown, deadline)
    os.close(master)
    return Session(code, shown.decode("utf-8", "replace").replace("\r\n", "\n"), echo)
