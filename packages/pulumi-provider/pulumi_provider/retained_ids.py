"""The ids that the state is going to hold after this run, so that no delete takes away one of them.

Owns that memory, and nothing else. Some resources are looked up by their place, and not by an id: the one volume of a
service, its instance. The replacement of such a resource (``--replace``, ``replaceOnChanges``), or its new name in the
program, can have the same id as the old one, which the engine deletes afterwards.
"""

from __future__ import annotations


class RetainedIds:
    """The ids and URNs that calls of Check, Diff, Create and Update have named in one run."""

    def __init__(self) -> None:
        self._checked_urns: set[str] = set()
        self._created_ids: set[tuple[str, str]] = set()
        self._staying: dict[str, str] = {}
        self._compared: dict[str, str] = {}

    def note_check(self, urn: str) -> None:
        """Note that the program has this resource: its inputs were checked."""
        self._checked_urns.add(urn)

    def note_create(self, urn: str, token: str, id: str) -> None:
        """Note that a create gave this id; what else had that name does not stay."""
        self._created_ids.add((token, id))
        self._staying.pop(urn, None)

    def note_diff(self, urn: str, id: str, *, same: bool) -> None:
        """Note that a resource has this id, and keeps it if nothing differs.

        That counts only for what the program has: a refresh compares everything, also what the same run deletes next.
        Something that differs may be replaced, whatever the answer was: ``replaceOnChanges`` is the engine's to know.
        """
        self._compared[urn] = id
        if not same:
            self._staying.pop(urn, None)
        elif urn in self._checked_urns:
            self._staying[urn] = id

    def id_compared(self, urn: str) -> str:
        """Return the id that the engine knew of a resource before this run; empty if nothing was compared."""
        return self._compared.get(urn, "")

    def note_update(self, urn: str, id: str) -> None:
        """Note that a resource is changed in place, or was to be: it keeps this id."""
        self._staying[urn] = id

    def holds(self, urn: str, token: str, id: str) -> bool:
        """Tell whether a resource that is to be deleted is also one that stays.

        A resource that stays is told by its own name alone: two of other types, such as two sets of variables, may
        share one id, and either can go. The same name twice is what an interrupted replacement leaves.
        """
        return (token, id) in self._created_ids or self._staying.get(urn) == id
