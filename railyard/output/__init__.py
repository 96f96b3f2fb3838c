"""Shows what either engine does: to people with rich, to programs as one JSON document.

Owns form only. What is shown comes from ``pulumi_operations.events``; nothing here asks an API, and no secret passes.
"""

from railyard.output.json_report import JsonReport
from railyard.output.report import BothReports, Report
from railyard.output.stack_outputs import OutputsReport
from railyard.output.text_report import TextReport

__all__ = ["BothReports", "JsonReport", "OutputsReport", "Report", "TextReport"]
