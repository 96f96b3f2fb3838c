"""``python -m operations``: the ``railyard`` command line."""

from functools import partial

from operations.application import application
from sandbox.pipes import run

run(partial(application, prog_name="railyard"))
