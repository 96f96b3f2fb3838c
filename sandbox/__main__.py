"""``python -m sandbox``: the commands behind the Makefile."""

from sandbox.commands import application

application()
