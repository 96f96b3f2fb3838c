"""``python -m operations``: the ``railyard`` command line."""

from operations.application import application

application(prog_name="railyard")
