"""What ``make up`` says and leaves when the disk under the sandbox is full."""

from __future__ import annotations

import subprocess
import sys

from tests.forked import unmeasured
from tests.lifecycle.conftest import LONGEST_S, Checkout

ROOM = 20_000
"""Bytes: the journal of a run outgrows them, and a file may not be longer."""

LIMITED = f"""
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({ROOM}, {ROOM}))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Run Python with that limit.

`preexec_fn` would fork this process, and a copied gRPC thread can abort the child before the program starts.
"""


def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(checkout: Checkout) -> None:
    """No traceback; with room again, the same command goes on."""
    command = [sys.executable, "-c", LIMITED, "-m", "railyard.engine", "up", "-s", "staging", "--system", "omega"]

    full = subprocess.run(
        command,
        cwd=checkout.directory,
        env=unmeasured(checkout.environment),  # coverage's own file would find no room
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
