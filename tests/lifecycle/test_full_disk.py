"""What ``make up`` says and leaves when the disk under the sandbox is full."""

from __future__ import annotations

import resource
import subprocess
import sys

from tests.lifecycle.conftest import LONGEST_S, Checkout

ROOM = 20_000
"""Bytes: the journal of a run outgrows them, and a file may not be longer."""


def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(checkout: Checkout) -> None:
    """No traceback; with room again, the same command goes on."""
    command = [sys.executable, "-m", "railyard.engine", "up", "-s", "staging", "--system", "omega"]

    full = subprocess.run(
        command,
        cwd=checkout.directory,
        env=checkout.environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM)),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )

    assert full.returncode == 1
    assert "Traceback" not in full.stderr + full.stdout
    assert "make room or correct it, and run the command again" in full.stderr
    assert checkout.run("up", "-s", "staging", "--system", "omega").code == 0
    made = checkout.world()
    assert (made["projects"], made["services"]) == (["omega-staging"], ["omega-staging/bot"])
