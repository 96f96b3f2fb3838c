"""``python -m railyard.rehearsal``: walk the road and print it. Exit code 1 when a step does not end as it must."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from railyard.rehearsal.project_copy import ProjectCopy
from railyard.rehearsal.rehearsal import Rehearsal, UnexpectedError
from railyard.rehearsal.report import Report, page, pictures
from railyard.shared.broken_pipe import run
from railyard.shared.console import shown
from railyard.shared.project import sandbox_directory


def main() -> int:
    """Rehearse in a folder that is gone afterwards."""
    width = None if sys.stdout.isatty() else 120
    console = Console(highlight=False, soft_wrap=True, width=width, record=True)
    report = Report(console)
    drawn: list[str] = []
    try:
        with (
            tempfile.TemporaryDirectory(prefix="railyard-demo-") as folder,
            ProjectCopy(Path(folder)).open() as project,
        ):
            Rehearsal(project, report).walk()
            drawn = pictures(project)
    except UnexpectedError as error:
        report.failed(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        report.table()
        if report.steps:
            file = sandbox_directory() / "demo.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page(console, drawn), encoding="utf-8")
            console.print(f"The same as a page, with pictures: {shown(file)}")
    return 0


if __name__ == "__main__":
    run(lambda: sys.exit(main()))
