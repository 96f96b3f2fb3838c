"""``python -m live``: try the doubtful points."""

from live.application import application

application(prog_name="live")
