"""``python -m railyard.contract``: try the doubtful points."""

from functools import partial

from railyard.contract.application import application
from railyard.shared.broken_pipe import run

run(partial(application, prog_name="live"))
