"""``python -m railyard.engine``: the commands behind the Makefile."""

from railyard.engine.commands import application
from railyard.shared.broken_pipe import run

run(application)
