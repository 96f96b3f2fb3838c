"""The end of a command whose reader has gone, as in ``… | head``: quietly, with the exit code that shells know for it.

Owns the two streams of a process. The signal of a broken pipe stays ignored, as Python has it: a connection to a
simulated or a real API that breaks is no reason to end.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

from typing_extensions import Buffer, override

READER_GONE: Final = 141
"""128 and SIGPIPE, the signal that ends other programs here."""


class _Stream(io.FileIO):
    @override
    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            # What else is said, while everything under way is put in order, goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise SystemExit(READER_GONE) from None


def run(command: Callable[[], object]) -> None:
    """Run a command line to its end."""
    sys.stdout, sys.stderr = _ended_by_its_reader(sys.stdout), _ended_by_its_reader(sys.stderr)
    try:
        command()
    finally:
        if sys.stdout:
            sys.stdout.flush()


def _ended_by_its_reader(stream: TextIO | None) -> Any:
    if not isinstance(stream, io.TextIOWrapper):  # none where it was closed
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
