"""``python -m railyard.rehearsal``: walk the road and print it. Exit code 1 when a step does not end as it must."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from railyard.rehearsal.project_copy import ProjectCopy
from railyard.rehearsal.rehearsal import Rehearsal, UnexpectedError
from railyard.rehearsal.report import Report
from railyard.shared.broken_pipe import run


def main() -> int:
    """Rehearse in a folder that is gone afterwards."""
    width = None if sys.stdout.isatty() else 120
    report = Report(Console(highlight=False, soft_wrap=True, width=width))
    try:
        with tempfile.TemporaryDirectory(prefix="railyard-demo-") as folder, ProjectCopy(Path(folder)).open() as place:
            Rehearsal(place, report).walk()
    except UnexpectedError as error:
        report.failed(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        report.table()
    return 0


if __name__ == "__main__":
    run(lambda: sys.exit(main()))
