"""``python -m railyard.engine``: the commands behind the Makefile."""

from railyard.engine.commands import application
from railyard.pipes import run

run(application)
