"""Tables of records that know which of their rows have changed, so that a write stores only those.

Owns the noting of changes. A record notes when a field is set. A list or a JSON object in a field must be replaced as a
whole: a change inside it is not noted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

V = TypeVar("V")


class Changes:
    """Keys of the rows that were set, in order, and of those that were removed, since both were last taken."""

    def __init__(self) -> None:
        self.set: dict[str, None] = {}
        self.removed: dict[str, None] = {}

    def __deepcopy__(self, memo: object) -> Changes:
        """Return itself: a copy of a record belongs to no other table."""
        return self


class Record(BaseModel):
    """A row; fields change in place."""

    model_config = ConfigDict(extra="forbid")
    _changes: Changes | None = PrivateAttr(None)
    _key: str = PrivateAttr("")

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field, and note it."""
        super().__setattr__(name, value)
        if name[0] != "_" and self._changes is not None:
            self._changes.set[self._key] = None

    def __eq__(self, other: object) -> bool:
        """Compare by content, wherever the records are kept."""
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  (it changes)

    def belongs_to(self, changes: Changes | None, key: str) -> None:
        """Note changes of the record there from now on; None: nowhere."""
        self._changes, self._key = changes, key

    def stored(self) -> str:
        """Return the JSON text of its row."""
        return self.model_dump_json()


class Table(dict[str, V], Generic[V]):
    """A mapping by id. ``record`` is the class of its values; without one they are JSON values."""

    def __init__(self, record: type[V] | None = None, values: Mapping[str, V] | None = None) -> None:
        super().__init__()
        self._record = record
        self.changes = Changes()
        self.update(values or {})

    def __setitem__(self, key: str, value: V) -> None:
        """Set a row, and note it."""
        if isinstance(value, Record):
            value.belongs_to(self.changes, key)
        super().__setitem__(key, value)
        self.changes.set[key] = None

    def __delitem__(self, key: str) -> None:
        """Remove a row, and note it; a record that is set later is no row of this table."""
        if isinstance(value := self[key], Record):
            value.belongs_to(None, "")
        super().__delitem__(key)
        self.changes.set.pop(key, None)
        self.changes.removed[key] = None

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove a row and return it; ``default`` where there is none."""
        if key not in self:
            return default
        value = self[key]
        del self[key]
        return value

    def setdefault(self, key: str, default: V) -> V:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a row; where there is none, add ``default``."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, values: Mapping[str, V]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Set several rows."""
        for key, value in values.items():
            self[key] = value

    def clear(self) -> None:
        """Remove every row."""
        for key in list(self):
            del self[key]

    def rows(self, keys: Iterable[str] | None = None) -> dict[str, str]:
        """Return the JSON texts of these rows, or of all."""
        selected = self if keys is None else keys
        return {
            key: value.stored() if isinstance(value := self[key], Record) else json.dumps(value) for key in selected
        }

    def load(self, rows: Mapping[str, str]) -> None:
        """Take the rows that ``rows`` returned, without noting them. Raises ``ValueError`` for an invalid record."""
        super().clear()
        for key, text in rows.items():
            self[key] = self._read(text)
        self.changes.set.clear()
        self.changes.removed.clear()

    def take_changes(self) -> tuple[list[str], dict[str, str]]:
        """Return the keys of removed rows and the texts of changed ones, and begin to note anew."""
        removed, changed = list(self.changes.removed), self.rows(self.changes.set)
        self.changes.set.clear()
        self.changes.removed.clear()
        return removed, changed

    def _read(self, text: str) -> Any:
        if self._record is not None and issubclass(self._record, Record):
            return self._record.model_validate_json(text)
        return json.loads(text)
