"""Reading a document that a command of ours has written, in another job or by another person.

Owns the limit of its size and how a file is refused that is no such document.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from railway_api.counting import count
from railyard.shared.console import OperationError, shown

DocumentT = TypeVar("DocumentT", bound=BaseModel)


def read_document(file: Path, kind: type[DocumentT], *, command: str, option: str, limit: int) -> DocumentT:
    """Return the document in ``file``, which ``command`` writes with ``option``; raises ``OperationError``.

    A file of more than ``limit`` bytes is not read.
    """
    try:
        if file.stat().st_size > limit:
            raise OperationError(f"{shown(file)} is larger than {limit:,} bytes: that is no document of `{command}`")
        return kind.model_validate_json(file.read_bytes())
    except OSError:
        raise OperationError(f"{shown(file)} cannot be read: make it with `{command} {option}`") from None
    except ValidationError as error:
        raise OperationError(
            f"{shown(file)} is no document of `{command}` ({count(error.error_count(), 'problem')})"
        ) from None
