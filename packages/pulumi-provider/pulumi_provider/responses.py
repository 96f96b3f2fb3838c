"""Answers of the protocol that take more than one line to write: refused inputs, and what differs.

Owns their form alone. What is wrong and what differs is found in ``checking`` and ``diffs``.

Check failures carry an empty ``property``: the engine prints the value of the property that is named there, and with it
secrets. The path is in the reason instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .checking import CheckResult
from .declaration import Resource
from .diffs import Difference, Kind, top_level
from .naming import snake_case
from .protocol import provider_pb2

_KINDS: Final = {
    (Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def refusal(checked: CheckResult) -> provider_pb2.CheckResponse | None:
    """Return the answer to inputs that are refused; None when they are not."""
    if not checked.problems:
        return None
    reasons = [f"{problem.path}: {problem.reason}" if problem.path else problem.reason for problem in checked.problems]
    return provider_pb2.CheckResponse(
        failures=[provider_pb2.CheckFailure(property="", reason=reason) for reason in reasons]
    )


def diff_response(resource: Resource[Any, Any], differences: Mapping[str, Difference]) -> provider_pb2.DiffResponse:
    """Return the answer to a diff."""
    replaces = sorted({top_level(path) for path, difference in differences.items() if difference.replaces})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if differences else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({top_level(path) for path in differences}),
        replaces=replaces,
        deleteBeforeReplace=bool(replaces)
        and resource.delete_before_replace
        and resource.identity.isdisjoint(map(snake_case, replaces)),
        hasDetailedDiff=True,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=_KINDS[difference.kind, difference.replaces], inputDiff=True)
            for path, difference in differences.items()
        },
    )
