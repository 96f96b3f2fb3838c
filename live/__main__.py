"""``python -m live``: try the doubtful points."""

from functools import partial

from live.application import application
from sandbox.pipes import run

run(partial(application, prog_name="live"))
