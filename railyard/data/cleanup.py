"""The removal of what a block made, at its end and whatever happens; its failure never hides that of the block."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from railyard.shared.console import OperationError


@contextmanager
def cleaned_up(clean: Callable[[], object]) -> Generator[None]:
    """Call ``clean`` when the block ends; when both fail, raise ``OperationError`` with the messages of both."""
    with cleaned_up_after_failure(clean):
        yield
    clean()


@contextmanager
def cleaned_up_after_failure(clean: Callable[[], object]) -> Generator[None]:
    """Call ``clean`` when the block fails; when both fail, raise ``OperationError`` with the messages of both."""
    try:
        yield
    except BaseException as error:  # a Ctrl-C too
        try:
            clean()
        except OperationError as failure:
            raise OperationError(f"{str(error) or 'interrupted'}\n{failure}") from None
        raise
