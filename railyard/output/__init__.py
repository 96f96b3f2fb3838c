"""Shows what the embedded engine does: to people with rich, to programs as one JSON document.

Owns form only. What is shown comes from ``sandbox.engine.events``; nothing here asks an API, and no secret passes.
"""

from railyard.output.json_report import JsonReport
from railyard.output.lines import write
from railyard.output.report import BothReports, Report
from railyard.output.stack_outputs import output_lines
from railyard.output.text_report import TextReport

__all__ = ["BothReports", "JsonReport", "Report", "TextReport", "output_lines", "write"]
