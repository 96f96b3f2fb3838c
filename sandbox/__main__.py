"""``python -m sandbox``: the commands behind the Makefile."""

from sandbox.commands import application
from sandbox.pipes import run

run(application)
