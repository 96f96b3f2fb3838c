"""Shows what the embedded engine does: to people with rich, to programs as one JSON document.

Owns form only. What is shown comes from ``sandbox.engine.events``; nothing here asks an API, and no secret passes.
"""

from railyard.output.json_report import JsonReport
from railyard.output.lines import write
from railyard.output.outputs import output_lines
from railyard.output.people import PeopleReport
from railyard.output.report import Report

__all__ = ["JsonReport", "PeopleReport", "Report", "output_lines", "write"]
