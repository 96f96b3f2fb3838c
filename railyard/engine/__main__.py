"""``python -m railyard.engine``: the commands of the sandbox alone."""

from railyard.engine.commands import application
from railyard.shared.broken_pipe import run

run(application)
